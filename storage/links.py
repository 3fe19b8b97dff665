"""Own addresses of files: who has one's token may have the file, for a while."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, or_, select

from bot.jobs.lifecycle import OPEN
from storage.database import Connection
from storage.schema import jobs, links

PHOTO = "photo"
RESULT = "result"


@dataclass(frozen=True, slots=True)
class Link:
    """A file that is shared; ``path`` is relative to DATA_DIR."""

    job_ref: str
    path: str


def add(tx: Connection, token_hash: str, kind: str, link: Link, expires_at: float) -> None:
    """Share a file of a job until ``expires_at``."""
    values = {"job_ref": link.job_ref, "path": link.path, "expires_at": expires_at}
    tx.execute(insert(links).values(token_hash=token_hash, kind=kind, **values))


def find(tx: Connection, token_hash: str, kind: str, now: float) -> Link | None:
    """Return what a token gives; the photos of a job only until the job has ended."""
    query = (
        select(links.c.job_ref, links.c.path)
        .join(jobs, jobs.c.ref == links.c.job_ref)
        .where(
            links.c.token_hash == token_hash,
            links.c.kind == kind,
            links.c.expires_at > now,
            or_(links.c.kind != PHOTO, jobs.c.state.in_(OPEN)),
        )
    )
    row = tx.execute(query).one_or_none()
    return None if row is None else Link(row.job_ref, row.path)


def purge(tx: Connection, now: float) -> int:
    """Delete what has expired; return how many."""
    return tx.execute(delete(links).where(links.c.expires_at <= now)).rowcount
