"""Forgetting a person: what is theirs goes, what the books need stays without them."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite understands it too

from bot.jobs.lifecycle import ENDED, OPEN
from bot.models import NOBODY, Access, Options, State
from storage import albums as albums_of
from storage import operations
from storage.codec import dump_options
from storage.database import Connection
from storage.ledger import day_of
from storage.schema import (
    access_copies,
    access_requests,
    alerts,
    attempts,
    balances,
    copies,
    daily,
    drafts,
    entries,
    events,
    inbox,
    jobs,
    links,
    media,
    postings,
    tombstones,
    users,
)

KEY = "tombstone-key"
KEY_BYTES = 32
# Leaving must not turn these into a fresh start; being let in is lost.
KEPT_ACCESS = frozenset({Access.ASKED, Access.DENIED, Access.BANNED})

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Belongings:
    """What somebody has outside of the database.

    ``paths`` are relative to DATA_DIR; files of a job may also lie under its ``ref``. ``cards`` are
    chat and message ids of open questions, cards and status cards.
    """

    paths: tuple[str, ...]
    refs: tuple[str, ...]
    cards: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Stake:
    """What somebody loses: granted credits, and how many videos that are not finished."""

    granted: int
    open_jobs: int


def belongings(tx: Connection, user_id: int) -> Belongings:
    """Return the files and messages of a person."""
    paths = select(media.c.path).where(media.c.user_id == user_id, media.c.path.is_not(None))
    refs = select(jobs.c.ref).where(jobs.c.user_id == user_id)
    asked = select(drafts.c.chat_id, drafts.c.card_message_id).where(
        drafts.c.user_id == user_id, drafts.c.card_message_id.is_not(None)
    )
    working = select(jobs.c.chat_id, jobs.c.status_message_id).where(
        jobs.c.user_id == user_id,
        jobs.c.state.in_(OPEN),
        jobs.c.muted.is_(False),
        jobs.c.status_message_id.is_not(None),
    )
    cards = [*tx.execute(asked), *tx.execute(working)]
    return Belongings(
        paths=tuple(tx.execute(paths).scalars()),
        refs=tuple(tx.execute(refs).scalars()),
        cards=tuple((chat_id, message_id) for chat_id, message_id in cards),
    )


def stake(tx: Connection, user_id: int) -> Stake:
    """Return what would be lost; credits that queued jobs hold come back before, and count."""
    granted = select(balances.c.granted).where(balances.c.user_id == user_id)
    held = (
        select(func.coalesce(-func.sum(postings.c.amount), 0))
        .select_from(entries)
        .join(postings, postings.c.entry_id == entries.c.id)
        .join(jobs, jobs.c.id == entries.c.job_id)
        .where(
            entries.c.kind == "hold",
            postings.c.account == "granted",
            jobs.c.user_id == user_id,
            jobs.c.state == State.QUEUED,
        )
    )
    unfinished = select(func.count()).where(jobs.c.user_id == user_id, jobs.c.state.in_(OPEN))
    return Stake(
        granted=(tx.execute(granted).scalar_one_or_none() or 0) + tx.execute(held).scalar_one(),
        open_jobs=tx.execute(unfinished).scalar_one(),
    )


def bury(tx: Connection, user_id: int, now: float) -> None:
    """Keep, under a keyed hash of the id, what coming back must not undo."""
    today = day_of(now)
    used = tx.execute(
        select(daily.c.used).where(daily.c.user_id == user_id, daily.c.day == today)
    ).scalar_one_or_none()
    access = tx.execute(select(users.c.access).where(users.c.id == user_id)).scalar_one_or_none()
    kept = {"day": today, "used": used or 0, "access": access if access in KEPT_ACCESS else None}
    if used or kept["access"]:
        tx.execute(
            upsert(tombstones)
            .values(user_hash=_hash(_key(tx), user_id), **kept)
            .on_conflict_do_update(index_elements=[tombstones.c.user_hash], set_=kept)
        )


def come_back(tx: Connection, user_id: int, now: float) -> bool:
    """Give somebody the bot has just met what was kept of them; False: nothing was."""
    key = operations.fact(tx, KEY)
    if key is None:
        return False
    kept = tx.execute(
        delete(tombstones)
        .where(tombstones.c.user_hash == _hash(key, user_id))
        .returning(*tombstones.c)
    ).one_or_none()
    if kept is None:
        return False
    if kept.access is not None:
        changed = update(users).where(users.c.id == user_id)
        tx.execute(changed.values(access=kept.access, asked_at=now))
    if kept.used and kept.day == day_of(now):
        tx.execute(
            upsert(daily)
            .values(user_id=user_id, day=kept.day, used=kept.used, carried=kept.used)
            .on_conflict_do_nothing()
        )
    return True


def purge(tx: Connection, now: float) -> None:
    """Delete what was kept only for a day that is over."""
    lasting = (Access.DENIED, Access.BANNED)
    tx.execute(
        delete(tombstones).where(
            tombstones.c.day < day_of(now),
            or_(tombstones.c.access.is_(None), tombstones.c.access.not_in(lasting)),
        )
    )


def forget(tx: Connection, user_id: int, update_id: int) -> None:
    """Delete a person's rows; jobs and ledger stay, as ``NOBODY``'s and without any content.

    ``update_id`` is the update that asked for it: messages up to it are emptied. Jobs that KIE
    works on go on; ``forget_ended`` is for their end.
    """
    _drop_alerts(tx, user_id)
    _leave_decisions(tx, user_id)
    albums_of.forget(tx, user_id)
    tx.execute(delete(drafts).where(drafts.c.user_id == user_id))
    _empty_jobs(tx, user_id)
    tx.execute(delete(media).where(media.c.user_id == user_id))
    _give_books_to_nobody(tx, user_id)
    _empty_inbox(tx, user_id, update_id)
    tx.execute(delete(users).where(users.c.id == user_id))


def forget_ended(tx: Connection, job_id: int) -> None:
    """Empty the rest of a job that has ended, if its person was forgotten while it ran."""
    mine = (jobs.c.id == job_id, jobs.c.user_id == NOBODY)
    if tx.execute(update(jobs).where(*mine).values(_NOTHING_TO_COME)).rowcount:
        _empty_history(tx, attempts.c.job_id == job_id, events.c.job_id == job_id)


def is_erased(tx: Connection, job_id: int) -> bool:
    """Tell whether the person who asked for a job was forgotten."""
    user_id: int = tx.execute(select(jobs.c.user_id).where(jobs.c.id == job_id)).scalar_one()
    return user_id == NOBODY


def erased_refs(tx: Connection, refs: Collection[str]) -> frozenset[str]:
    """Return those of ``refs`` whose files nobody may want any more."""
    query = select(jobs.c.ref).where(jobs.c.ref.in_(refs), jobs.c.user_id == NOBODY)
    return frozenset(tx.execute(query).scalars())


_NOTHING_TO_COME: dict[str, Any] = {
    "result_urls": "[]",
    "task_id": None,
    "due_at": None,
    "untold": False,
}
_EMPTY: dict[str, Any] = {
    "user_id": NOBODY,
    "chat_id": NOBODY,
    "thread_id": None,
    "message_id": None,
    "prompt": "",
    "photos": "[]",
    "language": "en",
    "muted": True,
    "lease_until": None,
    "status_message_id": None,
    "status_due_at": None,
    "result_message_id": None,
    "buttons_due_at": None,
    "media_id": None,
    "update_id": None,
}


def _empty_jobs(tx: Connection, user_id: int) -> None:
    theirs = jobs.c.user_id == user_id
    _drop_around_jobs(tx, select(jobs.c.id).where(theirs), select(jobs.c.ref).where(theirs))
    ended = select(jobs.c.id).where(theirs, jobs.c.state.in_(ENDED))
    _empty_history(tx, attempts.c.job_id.in_(ended), events.c.job_id.in_(ended))
    tx.execute(update(jobs).where(theirs, jobs.c.state.in_(ENDED)).values(_NOTHING_TO_COME))
    for model in tx.execute(select(jobs.c.model).where(theirs).distinct()).scalars().all():
        options = dump_options(Options(model))
        tx.execute(
            update(jobs).where(theirs, jobs.c.model == model).values(_EMPTY | {"options": options})
        )


def _drop_around_jobs(tx: Connection, ids: Select[int], refs: Select[str]) -> None:
    tx.execute(delete(copies).where(copies.c.job_id.in_(ids)))
    tx.execute(delete(links).where(links.c.job_ref.in_(refs)))


def _leave_decisions(tx: Connection, user_id: int) -> None:
    """Whoever an admin has let in stays so; only by whom is forgotten."""
    tx.execute(delete(access_copies).where(access_copies.c.admin_id == user_id))
    tx.execute(
        update(access_requests)
        .where(access_requests.c.decided_by == user_id)
        .values(decided_by=NOBODY)
    )


def _empty_history(
    tx: Connection, of_attempts: ColumnElement[bool], of_events: ColumnElement[bool]
) -> None:
    """A task's id leads to the prompt at KIE; a note may quote what KIE said about it."""
    tx.execute(update(attempts).where(of_attempts).values(task_id=None))
    tx.execute(update(events).where(of_events).values(note=None))


def _give_books_to_nobody(tx: Connection, user_id: int) -> None:
    """Move entries and sums to ``NOBODY``, so that all of it still adds up."""
    tx.execute(update(entries).where(entries.c.user_id == user_id).values(user_id=NOBODY))
    held = tx.execute(delete(balances).where(balances.c.user_id == user_id).returning(*balances.c))
    for row in held.all():
        new = upsert(balances).values(user_id=NOBODY, granted=row.granted, held=row.held)
        sums = {
            "granted": balances.c.granted + new.excluded.granted,
            "held": balances.c.held + new.excluded.held,
        }
        tx.execute(new.on_conflict_do_update(index_elements=[balances.c.user_id], set_=sums))
    days = tx.execute(delete(daily).where(daily.c.user_id == user_id).returning(*daily.c))
    for row in days.all():
        _give_day_to_nobody(tx, row.day, row.used - row.carried)


def _give_day_to_nobody(tx: Connection, day: str, used: int) -> None:
    """``used`` is without what was carried: that went to ``NOBODY`` when it was forgotten."""
    new = upsert(daily).values(user_id=NOBODY, day=day, used=used)
    tx.execute(
        new.on_conflict_do_update(
            index_elements=[daily.c.user_id, daily.c.day],
            set_={"used": daily.c.used + new.excluded.used},
        )
    )


def _empty_inbox(tx: Connection, user_id: int, update_id: int) -> None:
    """Empty what a person wrote, and others' handled updates that show it or name them.

    The ids stay: Telegram may deliver an update again, which must not be taken for a new one.
    """
    seen = tx.execute(
        select(inbox).where(
            inbox.c.update_id <= update_id,
            or_(inbox.c.lane == user_id, inbox.c.body.like(f"%{user_id}%")),
        )
    ).all()
    emptied = [
        {"known": row.update_id, "empty": json.dumps({"update_id": row.update_id})}
        for row in seen
        if row.lane == user_id or _is_about(row, user_id)
    ]
    if emptied:
        tx.execute(
            update(inbox)
            .where(inbox.c.update_id == bindparam("known"))
            .values(lane=0, body=bindparam("empty"), error=None),
            emptied,
        )


def _is_about(row: Any, user_id: int) -> bool:
    body = json.loads(row.body)
    if row.handled_at is not None:
        return _mentions(body, user_id)
    parts = (part for part in body.values() if isinstance(part, dict))
    return any((part.get("from") or {}).get("id") == user_id for part in parts)


def _mentions(value: object, user_id: int) -> bool:
    if isinstance(value, dict):
        return any(_mentions(part, user_id) for part in value.values())
    if isinstance(value, list):
        return any(_mentions(part, user_id) for part in value)
    return value == user_id or (isinstance(value, str) and str(user_id) in value)


def _drop_alerts(tx: Connection, user_id: int) -> None:
    """Delete the alerts that name a person or a job of theirs."""
    refs = tx.execute(select(jobs.c.ref).where(jobs.c.user_id == user_id)).scalars()
    theirs = {str(user_id), *refs}
    for row in tx.execute(select(alerts.c.name, alerts.c.text)).all():
        if theirs & set(_WORD.findall(f"{row.name} {row.text}")):
            tx.execute(delete(alerts).where(alerts.c.name == row.name))


def _key(tx: Connection) -> str:
    """Return this installation's key, made at the first use: no one else can check a hash."""
    key = operations.fact(tx, KEY)
    if key is None:
        key = secrets.token_hex(KEY_BYTES)
        operations.set_fact(tx, KEY, key)
    return key


def _hash(key: str, user_id: int) -> str:
    return hmac.new(bytes.fromhex(key), str(user_id).encode(), hashlib.sha256).hexdigest()
