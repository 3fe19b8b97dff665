"""Requests that are not confirmed yet; at most one of a person's in a chat is the active one."""

from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from bot.models import Draft, Kind, Options, Place, Step
from storage.codec import dump_list, dump_options, load_ids, load_options
from storage.database import Connection
from storage.schema import drafts

MAX_PER_USER = 10


def create(
    tx: Connection,
    *,
    user_id: int,
    place: Place,
    step: Step,
    prompt: str | None,
    options: Options,
    photos: tuple[int, ...],
    expires_at: float,
    update_id: int,
    kind: Kind = Kind.GENERATE,
    parent_id: int | None = None,
) -> Draft:
    """Open a draft and park the one that was active; beyond ``MAX_PER_USER`` the oldest goes.

    The update that opened a draft, handled again, gives the same draft.
    """
    if known := _one(tx, drafts.c.update_id == update_id):
        return known
    _park(tx, user_id, place.chat_id)
    row = tx.execute(
        insert(drafts)
        .values(
            user_id=user_id,
            chat_id=place.chat_id,
            thread_id=place.thread_id,
            message_id=place.message_id,
            step=step,
            active=True,
            kind=kind,
            parent_id=parent_id,
            prompt=prompt,
            options=dump_options(options),
            photos=dump_list(photos),
            more=False,
            update_id=update_id,
            expires_at=expires_at,
        )
        .returning(*drafts.c)
    ).one()
    _drop_oldest(tx, user_id)
    return _draft(row)


def get(tx: Connection, draft_id: int) -> Draft | None:
    """Return the draft, active or parked."""
    return _one(tx, drafts.c.id == draft_id)


def active(tx: Connection, user_id: int, chat_id: int, now: float) -> Draft | None:
    """Return the draft that a person's text and photos in a chat go to."""
    return _one(
        tx,
        drafts.c.user_id == user_id,
        drafts.c.chat_id == chat_id,
        drafts.c.active,
        drafts.c.expires_at > now,
    )


def by_card(tx: Connection, chat_id: int, message_id: int) -> Draft | None:
    """Return the draft whose question or card is that message."""
    return _one(tx, drafts.c.chat_id == chat_id, drafts.c.card_message_id == message_id)


def save(tx: Connection, draft: Draft) -> bool:
    """Store what may change of a draft, all but which one is active; False: it is gone."""
    return bool(
        tx.execute(
            update(drafts)
            .where(drafts.c.id == draft.id)
            .values(
                step=draft.step,
                kind=draft.kind,
                parent_id=draft.parent_id,
                prompt=draft.prompt,
                options=dump_options(draft.options),
                photos=dump_list(draft.photos),
                card_message_id=draft.card_message_id,
                more=draft.more,
                expires_at=draft.expires_at,
            )
        ).rowcount
    )


def activate(tx: Connection, draft_id: int) -> bool:
    """Make a draft the active one and park the other; False: it is gone."""
    draft = get(tx, draft_id)
    if draft is None:
        return False
    _park(tx, draft.user_id, draft.place.chat_id)
    tx.execute(update(drafts).where(drafts.c.id == draft_id).values(active=True))
    return True


def drop(tx: Connection, draft_id: int) -> bool:
    """Delete a draft, confirmed or given up; True for exactly one caller."""
    return bool(tx.execute(delete(drafts).where(drafts.c.id == draft_id)).rowcount)


def drop_expired(tx: Connection, now: float) -> list[Draft]:
    """Delete the drafts whose time is over, and return them."""
    rows = tx.execute(delete(drafts).where(drafts.c.expires_at <= now).returning(*drafts.c)).all()
    return [_draft(row) for row in rows]


def steps(tx: Connection, now: float) -> dict[tuple[int, int], Step]:
    """Return what the active drafts wait for, by chat and user: the conversations' states."""
    rows = tx.execute(
        select(drafts.c.chat_id, drafts.c.user_id, drafts.c.step).where(
            drafts.c.active, drafts.c.expires_at > now
        )
    )
    return {(chat_id, user_id): Step(step) for chat_id, user_id, step in rows}


def move_chat(tx: Connection, old_id: int, new_id: int) -> None:
    """Follow a group that got another id; its messages cannot be answered or edited any more."""
    busy = select(drafts.c.user_id).where(drafts.c.chat_id == new_id, drafts.c.active)
    mine = drafts.c.chat_id == old_id
    tx.execute(update(drafts).where(mine, drafts.c.user_id.in_(busy)).values(active=False))
    tx.execute(
        update(drafts)
        .where(mine)
        .values(chat_id=new_id, thread_id=None, message_id=None, card_message_id=None)
    )


def unshown(tx: Connection, chat_id: int, now: float) -> list[Draft]:
    """Return the active drafts in a chat that have no question or card there."""
    rows = tx.execute(
        select(drafts).where(
            drafts.c.chat_id == chat_id,
            drafts.c.active,
            drafts.c.card_message_id.is_(None),
            drafts.c.expires_at > now,
        )
    )
    return [_draft(row) for row in rows]


def _park(tx: Connection, user_id: int, chat_id: int) -> None:
    tx.execute(
        update(drafts)
        .where(drafts.c.user_id == user_id, drafts.c.chat_id == chat_id, drafts.c.active)
        .values(active=False)
    )


def _drop_oldest(tx: Connection, user_id: int) -> None:
    newest = (
        select(drafts.c.id)
        .where(drafts.c.user_id == user_id)
        .order_by(drafts.c.id.desc())
        .limit(MAX_PER_USER)
    )
    tx.execute(delete(drafts).where(drafts.c.user_id == user_id, drafts.c.id.not_in(newest)))


def _one(tx: Connection, *conditions: Any) -> Draft | None:
    row = tx.execute(select(drafts).where(*conditions)).one_or_none()
    return _draft(row) if row else None


def _draft(row: Row[Any]) -> Draft:
    return Draft(
        id=row.id,
        user_id=row.user_id,
        place=Place(row.chat_id, row.thread_id, row.message_id),
        step=Step(row.step),
        active=row.active,
        prompt=row.prompt,
        options=load_options(row.options),
        photos=load_ids(row.photos),
        card_message_id=row.card_message_id,
        more=row.more,
        expires_at=row.expires_at,
        kind=Kind(row.kind),
        parent_id=row.parent_id,
        update_id=row.update_id,
    )
