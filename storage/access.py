"""Requests to be let in, the messages about them in admins' chats, and what was decided."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite understands it too

from bot.models import Place
from storage.database import Connection
from storage.schema import access_copies as copies
from storage.schema import access_requests as requests
from storage.schema import users


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody's request: ``update_id`` asked, ``place`` is where they hear of the decision.

    ``allowed`` and ``decided_by`` (an admin's id) are ``None`` while it is open.
    """

    user_id: int
    name: str
    language: str
    update_id: int
    place: Place
    decided_by: int | None
    allowed: bool | None


@dataclass(frozen=True, slots=True)
class Copy:
    """A message about a request in an admin's chat."""

    admin_id: int
    message_id: int


def put(tx: Connection, user_id: int, place: Place, update_id: int) -> None:
    """Open a person's request, again if need be; ``update_id`` is the update that asks."""
    values: dict[str, Any] = {
        "update_id": update_id,
        "chat_id": place.chat_id,
        "thread_id": place.thread_id,
        "message_id": place.message_id,
        "decided_by": None,
        "allowed": None,
        "told": False,
    }
    tx.execute(
        upsert(requests)
        .values(user_id=user_id, **values)
        .on_conflict_do_update(index_elements=[requests.c.user_id], set_=values)
    )


def get(tx: Connection, user_id: int) -> Asking | None:
    """Return a person's request, open or decided."""
    row = tx.execute(_askings().where(requests.c.user_id == user_id)).one_or_none()
    return _asking(row) if row else None


def decide(tx: Connection, user_id: int, admin_id: int, *, allowed: bool) -> bool:
    """Note the decision; False: there is no open request."""
    open_one = (requests.c.user_id == user_id, requests.c.decided_by.is_(None))
    return bool(
        tx.execute(
            update(requests).where(*open_one).values(decided_by=admin_id, allowed=allowed)
        ).rowcount
    )


def untold_admins(tx: Connection, admin_ids: Collection[int]) -> list[tuple[int, Asking]]:
    """Return each open request with each of these admins who has no message about it."""
    told = select(copies.c.admin_id, copies.c.user_id, copies.c.update_id)
    known = {tuple(row) for row in tx.execute(told)}
    query = _askings().where(requests.c.decided_by.is_(None)).order_by(requests.c.update_id)
    return [
        (admin_id, asking)
        for asking in map(_asking, tx.execute(query))
        for admin_id in sorted(admin_ids)
        if (admin_id, asking.user_id, asking.update_id) not in known
    ]


def add_copy(tx: Connection, copy: Copy, asking: Asking) -> None:
    """Remember a message about a request; a request that is gone meanwhile needs none."""
    if get(tx, asking.user_id) is not None:
        tx.execute(
            upsert(copies)
            .values(
                admin_id=copy.admin_id,
                message_id=copy.message_id,
                user_id=asking.user_id,
                update_id=asking.update_id,
            )
            .on_conflict_do_nothing()
        )


def outdated_copies(tx: Connection) -> list[tuple[Copy, Asking]]:
    """Return the messages about requests that were decided since."""
    query = (
        _askings()
        .add_columns(copies.c.admin_id, copies.c.message_id.label("copy_id"))
        .join(copies, copies.c.user_id == requests.c.user_id)
        .where(requests.c.decided_by.is_not(None))
    )
    return [(Copy(row.admin_id, row.copy_id), _asking(row)) for row in tx.execute(query)]


def drop_copy(tx: Connection, copy: Copy) -> None:
    """Forget a message: it shows the decision, or is gone."""
    tx.execute(
        delete(copies).where(
            copies.c.admin_id == copy.admin_id, copies.c.message_id == copy.message_id
        )
    )


def untold_askers(tx: Connection) -> list[Asking]:
    """Return the decided requests whose people do not know yet."""
    untold = (requests.c.decided_by.is_not(None), requests.c.told.is_(False))
    return [_asking(row) for row in tx.execute(_askings().where(*untold))]


def mark_told(tx: Connection, asking: Asking) -> None:
    """Remember that the person knows what was decided about this asking."""
    same = (requests.c.user_id == asking.user_id, requests.c.update_id == asking.update_id)
    tx.execute(update(requests).where(*same).values(told=True))


def move_chat(tx: Connection, old_id: int, new_id: int) -> None:
    """Follow a group that got another id; messages in it can no more be answered."""
    tx.execute(
        update(requests)
        .where(requests.c.chat_id == old_id)
        .values(chat_id=new_id, thread_id=None, message_id=None)
    )


def _askings() -> Any:
    return select(requests, users.c.name, users.c.language).join(
        users, users.c.id == requests.c.user_id
    )


def _asking(row: Row[Any]) -> Asking:
    return Asking(
        user_id=row.user_id,
        name=row.name,
        language=row.language,
        update_id=row.update_id,
        place=Place(row.chat_id, row.thread_id, row.message_id),
        decided_by=row.decided_by,
        allowed=row.allowed,
    )
