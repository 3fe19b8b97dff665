"""Photos that people sent and videos that were made: where they lie, here and at Telegram."""

from collections.abc import Collection, Sequence
from typing import Literal

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy import insert as insert_into

from bot.jobs.lifecycle import OPEN
from bot.models import Video
from storage.codec import load_ids
from storage.database import Connection
from storage.schema import drafts, jobs, media


def insert(
    tx: Connection,
    user_id: int,
    kind: Literal["photo", "video"],
    file: Video,
    now: float,
    update_id: int | None = None,
) -> int:
    """Remember a file, its path relative to DATA_DIR, and return its id.

    ``update_id`` names the update that brought it.
    """
    media_id: int = tx.execute(
        insert_into(media)
        .values(
            user_id=user_id,
            kind=kind,
            path=file.path,
            file_id=file.file_id,
            width=file.width,
            height=file.height,
            seconds=file.seconds,
            bytes=file.bytes,
            created_at=now,
            update_id=update_id,
        )
        .returning(media.c.id)
    ).scalar_one()
    return media_id


def get(tx: Connection, media_id: int) -> Video | None:
    """Return what is known of a file; a photo lasts 0 seconds."""
    row = tx.execute(select(media).where(media.c.id == media_id)).one_or_none()
    if row is None:
        return None
    return Video(row.path, row.width, row.height, row.seconds, row.bytes, row.file_id)


def brought_by(tx: Connection, update_id: int) -> int | None:
    """Return the id of the file that an update brought, if it is known already."""
    return tx.execute(select(media.c.id).where(media.c.update_id == update_id)).scalar_one_or_none()


def kept(tx: Connection, ids: Sequence[int]) -> tuple[int, ...]:
    """Return those of ``ids``, in their order, whose files still exist."""
    rows = tx.execute(select(media.c.id).where(media.c.id.in_(ids), media.c.path.is_not(None)))
    found = set(rows.scalars())
    return tuple(media_id for media_id in ids if media_id in found)


def photo_paths(tx: Connection) -> frozenset[str]:
    """Return the paths of all photos that are kept."""
    query = select(media.c.path).where(media.c.kind == "photo", media.c.path.is_not(None))
    return frozenset(tx.execute(query).scalars())


def paths(tx: Connection, ids: Sequence[int]) -> list[str]:
    """Return the paths, in the order of ``ids``, of those files that still exist."""
    rows = tx.execute(select(media.c.id, media.c.path).where(media.c.id.in_(ids)))
    found = {row.id: row.path for row in rows}
    return [path for path in map(found.get, ids) if path is not None]


def set_file_id(tx: Connection, job_id: int, file_id: str) -> None:
    """Remember under what id Telegram has the video of a job."""
    tx.execute(update(media).where(_of_job(job_id)).values(file_id=file_id))


def forget_file(tx: Connection, job_id: int) -> None:
    """Note that the file of a job's video is deleted."""
    tx.execute(update(media).where(_of_job(job_id)).values(path=None))


def forget_files(tx: Connection, ids: Collection[int]) -> None:
    """Note that files are deleted."""
    tx.execute(update(media).where(media.c.id.in_(ids)).values(path=None))


def deletable(tx: Connection, before: float) -> dict[int, str]:
    """Return ids and paths of files that nothing needs any more.

    Videos go once Telegram has them, all else made at or before ``before``; never the video of an
    open job, nor the photos of one or of a draft.
    """
    delivered = (media.c.kind == "video") & media.c.file_id.is_not(None)
    rows = tx.execute(
        select(media.c.id, media.c.path).where(
            media.c.path.is_not(None), or_(delivered, media.c.created_at <= before)
        )
    ).all()
    needed = _needed(tx) if rows else set()  # mostly there is none, and many jobs may wait
    return {row.id: row.path for row in rows if row.id not in needed}


def _needed(tx: Connection) -> set[int]:
    """Return the ids that drafts and open jobs refer to."""
    open_jobs = jobs.c.state.in_(OPEN)
    lists = [
        *tx.execute(select(drafts.c.photos)).scalars(),
        *tx.execute(select(jobs.c.photos).where(open_jobs)).scalars(),
    ]
    results = select(jobs.c.media_id).where(open_jobs, jobs.c.media_id.is_not(None))
    photos = {media_id for photos in lists for media_id in load_ids(photos)}
    return photos | set(tx.execute(results).scalars())


def _of_job(job_id: int) -> ColumnElement[bool]:
    return media.c.id == select(jobs.c.media_id).where(jobs.c.id == job_id).scalar_subquery()
