"""Updates as they came from Telegram: stored before they are acknowledged, kept until handled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from storage.database import Connection
from storage.schema import inbox


@dataclass(frozen=True, slots=True)
class Incoming:
    """An update that was read but is not committed yet.

    ``lane`` is the chat whose updates are handled one after another, ``body`` the update as JSON
    in ASCII.
    """

    update_id: int
    lane: int
    body: str


@dataclass(frozen=True, slots=True)
class Stored(Incoming):
    """An update that is committed and so may be acknowledged and handled."""


def store(tx: Connection, updates: Sequence[Incoming], now: float) -> list[int]:
    """Insert the updates; return the ids of those that were not known before, in no order."""
    if not updates:
        return []
    rows = [
        {"update_id": each.update_id, "lane": each.lane, "body": each.body, "received_at": now}
        for each in updates
    ]
    statement = insert(inbox).on_conflict_do_nothing(index_elements=[inbox.c.update_id])
    return list(tx.scalars(statement.returning(inbox.c.update_id), rows))


def open_updates(tx: Connection, after: int, limit: int) -> list[Stored]:
    """Return up to ``limit`` unhandled updates with ids above ``after``, in the order of ids."""
    statement = (
        select(inbox.c.update_id, inbox.c.lane, inbox.c.body)
        .where(inbox.c.handled_at.is_(None), inbox.c.update_id > after)
        .order_by(inbox.c.update_id)
        .limit(limit)
    )
    return [Stored(update_id, lane, body) for update_id, lane, body in tx.execute(statement)]


def stored(tx: Connection, update_id: int) -> Stored | None:
    """Return an update, handled or not; ``None`` when it is not kept any more."""
    statement = select(inbox.c.update_id, inbox.c.lane, inbox.c.body)
    row = tx.execute(statement.where(inbox.c.update_id == update_id)).one_or_none()
    return None if row is None else Stored(row.update_id, row.lane, row.body)


def mark_handled(tx: Connection, outcomes: Iterable[tuple[int, str | None]], now: float) -> None:
    """Close updates for good: pairs of an id and the class name of the error, if there was one."""
    rows = [{"handled": update_id, "outcome": error} for update_id, error in outcomes]
    statement = (
        update(inbox)
        .where(inbox.c.update_id == bindparam("handled"), inbox.c.handled_at.is_(None))
        .values(handled_at=now, error=bindparam("outcome"))
    )
    if rows:
        tx.execute(statement, rows)


def purge(tx: Connection, before: float) -> int:
    """Delete what was handled before the epoch second ``before``; return how many.

    Telegram redelivers for 24 hours (Bot API, "Getting updates"): keep more than that, or an
    update that comes again is handled again.
    """
    return tx.execute(delete(inbox).where(inbox.c.handled_at < before)).rowcount
