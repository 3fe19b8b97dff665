"""Albums as far as they have come: each part is committed when it arrives."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, or_, select, update

from bot.models import Album, AlbumPart, Picture
from storage.database import Connection
from storage.schema import album_parts, albums


def arrive(
    tx: Connection, part: AlbumPart, user_id: int, now: float, quiet: float, longest: float
) -> AlbumPart:
    """Store a part and wait ``quiet`` seconds for the next one, ``longest`` for all of them.

    A part that comes after the album was closed opens it again. A part that is known already is
    returned as it is stored, and nothing changes.
    """
    known = tx.execute(
        select(album_parts).where(album_parts.c.update_id == part.update_id)
    ).one_or_none()
    if known is not None:
        return _part(known)
    _open(tx, part, user_id, now)
    _insert(tx, part)
    _wait(tx, part, now, quiet, longest)
    return part


def settle(tx: Connection, part: AlbumPart) -> None:
    """Keep what looking at a part has shown."""
    tx.execute(
        update(album_parts)
        .where(album_parts.c.update_id == part.update_id)
        .values(media_id=part.media_id, problem=part.problem)
    )


def complete(tx: Connection, chat_id: int, group_id: str, now: float) -> Album | None:
    """Return an album that is open and waits for no more parts."""
    row = tx.execute(select(albums).where(_is(chat_id, group_id), _is_due(now))).one_or_none()
    return _album(tx, row) if row else None


def due(tx: Connection, now: float) -> list[Album]:
    """Return all open albums that wait for no more parts, the oldest first."""
    rows = tx.execute(select(albums).where(_is_due(now)).order_by(albums.c.opened_at)).all()
    return [_album(tx, row) for row in rows]


def wait_again(tx: Connection, now: float, quiet: float) -> None:
    """Begin every wait anew: what came while nobody listened is still to be fetched."""
    tx.execute(update(albums).where(albums.c.open).values(opened_at=now, due_at=now + quiet))


def close(tx: Connection, album: Album, taken: Collection[int]) -> None:
    """Nothing is left to do for an album as it was read; ``taken``: update ids of its parts.

    One that got another part since then stays open.
    """
    tx.execute(
        update(albums)
        .where(_is(album.chat_id, album.group_id), albums.c.due_at == album.due_at)
        .values(open=False)
    )
    tx.execute(update(album_parts).where(album_parts.c.update_id.in_(taken)).values(taken=True))


def purge(tx: Connection, before: float) -> None:
    """Delete the albums that were opened before the epoch second ``before``, with their parts."""
    tx.execute(delete(albums).where(albums.c.opened_at < before))


def forget(tx: Connection, user_id: int) -> None:
    """Delete a person's albums with their parts."""
    tx.execute(delete(albums).where(albums.c.user_id == user_id))


def _open(tx: Connection, part: AlbumPart, user_id: int, now: float) -> None:
    place = _is(part.chat_id, part.group_id)
    is_open = tx.execute(select(albums.c.open).where(place)).scalar_one_or_none()
    if is_open is None:
        tx.execute(
            insert(albums).values(
                chat_id=part.chat_id,
                group_id=part.group_id,
                user_id=user_id,
                update_id=part.update_id,
                opened_at=now,
                due_at=now,
                open=True,
            )
        )
    elif not is_open:
        values = {"update_id": part.update_id, "opened_at": now, "open": True}
        tx.execute(update(albums).where(place).values(values))


def _insert(tx: Connection, part: AlbumPart) -> None:
    tx.execute(
        insert(album_parts).values(
            update_id=part.update_id,
            chat_id=part.chat_id,
            group_id=part.group_id,
            message_id=part.message_id,
            file_id=part.picture and part.picture.file_id,
            bytes=part.picture and part.picture.bytes,
            caption=part.caption,
            problem=part.problem,
            taken=False,
        )
    )


def _wait(tx: Connection, part: AlbumPart, now: float, quiet: float, longest: float) -> None:
    place = _is(part.chat_id, part.group_id)
    opened_at = tx.execute(select(albums.c.opened_at).where(place)).scalar_one()
    due_at = min(now + quiet, opened_at + longest)
    tx.execute(update(albums).where(place).values(due_at=due_at))


def _is(chat_id: int, group_id: str) -> ColumnElement[bool]:
    return (albums.c.chat_id == chat_id) & (albums.c.group_id == group_id)


def _is_due(now: float) -> ColumnElement[bool]:
    # A clock that was set back must not keep an album open until it has caught up.
    return albums.c.open & or_(albums.c.due_at <= now, albums.c.opened_at > now)


def _album(tx: Connection, row: Row[Any]) -> Album:
    parts = tx.execute(
        select(album_parts)
        .where(album_parts.c.chat_id == row.chat_id, album_parts.c.group_id == row.group_id)
        .order_by(album_parts.c.message_id)
    )
    return Album(row.chat_id, row.group_id, row.update_id, row.due_at, tuple(map(_part, parts)))


def _part(row: Row[Any]) -> AlbumPart:
    return AlbumPart(
        update_id=row.update_id,
        chat_id=row.chat_id,
        group_id=row.group_id,
        message_id=row.message_id,
        picture=Picture(row.file_id, row.bytes) if row.file_id is not None else None,
        caption=row.caption,
        media_id=row.media_id,
        problem=row.problem,
        taken=row.taken,
    )
