"""Jobs: how they are stored, guarded moves, and what is asked about them."""

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, case, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite understands it too

from bot.errors import AlreadyAsked
from bot.jobs.lifecycle import ENDED, OPEN, may
from bot.models import NOBODY, Dialect, Job, Kind, NewJob, Place, Reason, State, Video
from storage.codec import dump_list, dump_options, load_ids, load_options, load_urls
from storage.database import Connection
from storage.schema import STANDING_UPGRADE, events, jobs, media

# What a person can read out and an operator can grep: no vowels, no look-alikes.
REF_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
REF_LENGTH = 8


def insert_job(
    tx: Connection,
    new: NewJob,
    now: float,
    hard_deadline_at: float,
    *,
    status_due_at: float | None = None,
) -> Job:
    """Store a confirmed request as a queued job that is due at once.

    ``status_due_at``: when its status card, if there is one already, is to be drawn again.

    Raises AlreadyAsked when the sharper copy that it asks for is there or on its way.
    """
    job_id = tx.execute(
        upsert(jobs)
        .values(
            ref="".join(secrets.choice(REF_ALPHABET) for _ in range(REF_LENGTH)),
            user_id=new.user_id,
            chat_id=new.place.chat_id,
            thread_id=new.place.thread_id,
            message_id=new.place.message_id,
            kind=new.kind,
            parent_id=new.parent_id,
            part=_part(new),
            model=new.options.model,
            prompt=new.prompt,
            options=dump_options(new.options),
            photos=dump_list(new.photos),
            price=new.price,
            language=new.language,
            update_id=new.update_id,
            state=State.QUEUED,
            created_at=now,
            due_at=now,
            hard_deadline_at=hard_deadline_at,
            status_message_id=new.status_message_id,
            status_due_at=status_due_at if new.status_message_id else None,
        )
        .on_conflict_do_nothing(
            index_elements=[jobs.c.parent_id, jobs.c.kind], index_where=STANDING_UPGRADE
        )
        .returning(jobs.c.id)
    ).scalar_one_or_none()
    if job_id is None:
        raise AlreadyAsked(new.kind)
    _record_event(tx, job_id, None, State.QUEUED, now, None)
    _redraw_parent(tx, new.parent_id, now)
    return require(tx, job_id)


def get(tx: Connection, job_id: int) -> Job | None:
    """Return the job with its video, if there is one."""
    return _one(tx, _select().where(jobs.c.id == job_id))


def require(tx: Connection, job_id: int) -> Job:
    """Return a job that is known to be there."""
    return _read(tx.execute(_select().where(jobs.c.id == job_id)).one())


def get_all(tx: Connection, ids: Sequence[int]) -> list[Job]:
    """Return existing jobs in the order of their ids given."""
    if not ids:
        return []
    found = {job.id: job for job in _all(tx, _select().where(jobs.c.id.in_(ids)))}
    return [found[job_id] for job_id in ids]


def by_update(tx: Connection, update_id: int) -> Job | None:
    """Return the job that an update asked for."""
    return _one(tx, _select().where(jobs.c.update_id == update_id))


def by_status_card(tx: Connection, chat_id: int, message_id: int) -> Job | None:
    """Return the job whose status card is that message."""
    return _one(
        tx, _select().where(jobs.c.chat_id == chat_id, jobs.c.status_message_id == message_id)
    )


def mute(tx: Connection, job_id: int) -> None:
    """Let an open job run on unseen; a step that is under way goes on."""
    tx.execute(update(jobs).where(jobs.c.id == job_id).values(muted=True, status_due_at=None))


def unmute(tx: Connection, job_id: int, now: float) -> None:
    """Let an open job be seen again."""
    tx.execute(
        update(jobs)
        .where(jobs.c.id == job_id)
        .values(
            muted=False,
            status_due_at=case((jobs.c.status_message_id.is_not(None), now), else_=None),
        )
    )


def has_parked(tx: Connection, user_id: int) -> bool:
    """Tell whether a finished video waits for the user to come back."""
    return (
        tx.execute(select(func.count()).select_from(jobs).where(_parked(user_id))).scalar_one() > 0
    )


def move(
    tx: Connection,
    job: Job,
    target: State,
    now: float,
    *,
    note: str | None = None,
    **changes: Any,
) -> bool:
    """Move the job from the state and attempt it was read in; False when somebody was first.

    ``changes`` are further columns. The lease ends, the tries start anew unless they are given.
    Raises ValueError for a move that the life cycle does not know.
    """
    if not may(job.state, target):
        raise ValueError(f"job {job.ref} cannot go from {job.state} to {target}")
    values: dict[str, Any] = {"tries": 0, "lease_until": None, "due_at": None} | changes
    moved = tx.execute(
        update(jobs)
        .where(
            jobs.c.id == job.id,
            jobs.c.state == job.state,
            jobs.c.attempt == job.attempt,
        )
        .values(state=target, **_as_columns(values))
    ).rowcount
    if moved:
        _record_event(tx, job.id, job.state, target, now, note)
        if {job.state, target} & ENDED:
            _redraw_parent(tx, job.parent_id, now)
    return bool(moved)


def change(tx: Connection, job: Job, **changes: Any) -> bool:
    """Change columns while the job stays in its state; the lease ends. False: it has moved on."""
    return bool(
        tx.execute(
            update(jobs)
            .where(
                jobs.c.id == job.id,
                jobs.c.user_id == job.user_id,  # else it was erased: nothing comes back into it
                jobs.c.state == job.state,
                jobs.c.attempt == job.attempt,
            )
            .values(**_as_columns({"lease_until": None} | changes))
        ).rowcount
    )


def put_off(tx: Connection, job: Job, due_at: float | None, **changes: Any) -> bool:
    """Make the job due at ``due_at``, unless it was made due since it was read: that stands.

    ``changes`` are further columns; the lease ends. False: the job has moved on.
    """
    as_read = jobs.c.due_at.is_not_distinct_from(job.due_at)
    return change(tx, job, due_at=case((as_read, due_at), else_=jobs.c.due_at), **changes)


def show_on(tx: Connection, job_id: int, message_id: int, due_at: float) -> bool:
    """Make a message the status card, to be drawn again at ``due_at``; False: the job has ended."""
    is_open = (jobs.c.id == job_id, jobs.c.state.in_(OPEN), jobs.c.user_id != NOBODY)
    next_at = case((jobs.c.muted.is_(False), due_at), else_=None)
    shown = {"status_message_id": message_id, "status_due_at": next_at}
    return bool(tx.execute(update(jobs).where(*is_open).values(shown)).rowcount)


def drawn(tx: Connection, job: Job, due_at: float | None) -> None:
    """Note when the status card is to be drawn next, unless there is nothing to draw any more.

    While it was drawn the job may have ended, or its group may have got another id.
    """
    tx.execute(
        update(jobs)
        .where(
            jobs.c.id == job.id,
            jobs.c.state.in_(OPEN),
            jobs.c.muted.is_(False),
            jobs.c.chat_id == job.place.chat_id,
            jobs.c.status_message_id == job.status_message_id,
        )
        .values(status_due_at=due_at)
    )


def status_due(tx: Connection, now: float, limit: int) -> list[Job]:
    """Return open jobs whose status card is to be drawn again."""
    return _all(
        tx,
        _select()
        .where(jobs.c.status_due_at <= now, jobs.c.state.in_(OPEN), jobs.c.muted.is_(False))
        .order_by(jobs.c.status_due_at)
        .limit(limit),
    )


def open_of(tx: Connection, user_id: int) -> list[Job]:
    """Return a user's open jobs, oldest first."""
    return _all(
        tx, _select().where(jobs.c.user_id == user_id, jobs.c.state.in_(OPEN)).order_by(jobs.c.id)
    )


def unpark(tx: Connection, user_id: int, now: float, hard_deadline_at: float) -> int:
    """Make a user's finished videos due that waited for them to come back; return how many.

    The time that they waited is not taken from that to send them.
    """
    values = {"due_at": now, "hard_deadline_at": hard_deadline_at}
    return tx.execute(update(jobs).where(_parked(user_id)).values(values)).rowcount


def move_chat(tx: Connection, old_id: int, new_id: int) -> None:
    """Follow a group that got another id; its messages cannot be answered or edited any more."""
    gone: dict[str, Any] = {
        "thread_id": None,
        "message_id": None,
        "status_message_id": None,
        "status_due_at": None,
        "result_message_id": None,
    }
    tx.execute(update(jobs).where(jobs.c.chat_id == old_id).values(chat_id=new_id, **gone))


def events_of(tx: Connection, job_id: int) -> list[tuple[State | None, State]]:
    """Return the moves of a job, oldest first."""
    rows = tx.execute(
        select(events.c.from_state, events.c.to_state)
        .where(events.c.job_id == job_id)
        .order_by(events.c.id)
    )
    return [(State(old) if old else None, State(new)) for old, new in rows]


def _as_columns(values: dict[str, Any]) -> dict[str, Any]:
    """Lists are kept as JSON."""
    return {
        name: dump_list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
    }


def _record_event(
    tx: Connection, job_id: int, old: State | None, new: State, now: float, note: str | None
) -> None:
    tx.execute(
        insert(events).values(job_id=job_id, at=now, from_state=old, to_state=new, note=note)
    )


def _part(new: NewJob) -> Any:
    """An extension is the next part of its film, a sharper copy is the same one."""
    if new.parent_id is None:
        return 1
    next_part = jobs.c.part + (1 if new.kind is Kind.EXTEND else 0)
    return select(next_part).where(jobs.c.id == new.parent_id).scalar_subquery()


def _redraw_parent(tx: Connection, parent_id: int | None, now: float) -> None:
    """The buttons below a video show what is being made of it."""
    if parent_id is not None:
        tx.execute(update(jobs).where(jobs.c.id == parent_id).values(buttons_due_at=now))


def _parked(user_id: int) -> Any:
    return and_(
        jobs.c.user_id == user_id,
        jobs.c.state == State.READY,
        jobs.c.due_at.is_(None),
        jobs.c.lease_until.is_(None),
    )


def _select() -> Select[Any]:
    return select(
        jobs,
        media.c.path.label("video_path"),
        media.c.file_id,
        media.c.width,
        media.c.height,
        media.c.seconds,
        media.c.bytes,
    ).outerjoin(media, media.c.id == jobs.c.media_id)


def _one(tx: Connection, query: Select[Any]) -> Job | None:
    row = tx.execute(query).one_or_none()
    return None if row is None else _read(row)


def _all(tx: Connection, query: Select[Any]) -> list[Job]:
    return [_read(row) for row in tx.execute(query)]


def _read(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        ref=row.ref,
        user_id=row.user_id,
        place=Place(row.chat_id, row.thread_id, row.message_id),
        kind=Kind(row.kind),
        parent_id=row.parent_id,
        prompt=row.prompt,
        options=load_options(row.options),
        photos=load_ids(row.photos),
        price=row.price,
        language=row.language,
        state=State(row.state),
        created_at=row.created_at,
        due_at=row.due_at,
        soft_deadline_at=row.soft_deadline_at,
        hard_deadline_at=row.hard_deadline_at,
        tries=row.tries,
        error=Reason(row.error) if row.error else None,
        muted=row.muted,
        untold=row.untold,
        status_message_id=row.status_message_id,
        status_due_at=row.status_due_at,
        result_message_id=row.result_message_id,
        result_urls=load_urls(row.result_urls),
        fallback=row.fallback,
        video=_read_video(row),
        attempt=row.attempt,
        task_id=row.task_id,
        dialect=Dialect(row.dialect) if row.dialect else None,
        submitted_at=row.submitted_at,
        ready_at=row.ready_at,
        part=row.part,
    )


def _read_video(row: Row[Any]) -> Video | None:
    if row.media_id is None:
        return None
    return Video(row.video_path, row.width, row.height, row.seconds, row.bytes, row.file_id)
