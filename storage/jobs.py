"""Jobs and their attempts: guarded moves, fair claims, and what is asked about them."""

import secrets
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, insert, or_, select, update

from bot.jobs.lifecycle import AT_KIE, OPEN, may
from bot.models import Dialect, Job, Kind, NewJob, Place, Reason, State, Video
from storage.codec import dump_list, dump_options, load_ids, load_options, load_urls
from storage.database import Connection
from storage.schema import attempts, events, jobs, media, users

# What a person can read out and an operator can grep: no vowels, no look-alikes.
REF_ALPHABET = "23456789bcdfghjkmnpqrstvwxz"
REF_LENGTH = 8


def insert_job(tx: Connection, new: NewJob, now: float, hard_deadline_at: float) -> Job:
    """Store a confirmed request as a queued job that is due at once."""
    job_id = tx.execute(
        insert(jobs)
        .values(
            ref="".join(secrets.choice(REF_ALPHABET) for _ in range(REF_LENGTH)),
            user_id=new.user_id,
            chat_id=new.place.chat_id,
            thread_id=new.place.thread_id,
            message_id=new.place.message_id,
            kind=new.kind,
            parent_id=new.parent_id,
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
            status_due_at=now if new.status_message_id else None,
        )
        .returning(jobs.c.id)
    ).scalar_one()
    _record_event(tx, job_id, None, State.QUEUED, now, None)
    return _require(tx, job_id)


def get(tx: Connection, job_id: int) -> Job | None:
    """Return the job with its video, if there is one."""
    return _one(tx, _select().where(jobs.c.id == job_id))


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
    return bool(moved)


def change(tx: Connection, job: Job, **changes: Any) -> bool:
    """Change columns while the job stays in its state; the lease ends. False: it has moved on."""
    return bool(
        tx.execute(
            update(jobs)
            .where(
                jobs.c.id == job.id,
                jobs.c.state == job.state,
                jobs.c.attempt == job.attempt,
            )
            .values(**_as_columns({"lease_until": None} | changes))
        ).rowcount
    )


def set_status(
    tx: Connection, job_id: int, *, due_at: float | None, message_id: int | None
) -> None:
    """Remember the status card and when it is to be drawn next, whatever state the job is in."""
    tx.execute(
        update(jobs)
        .where(jobs.c.id == job_id)
        .values(status_due_at=due_at, status_message_id=message_id)
    )


def claim_due(
    tx: Connection, now: float, lease_until: float, limit: int, running: Collection[int]
) -> list[Job]:
    """Lease up to ``limit`` due jobs beyond the queue, the longest due first.

    ``running`` are jobs whose step this process is still busy with, their lease may have lapsed.
    """
    due = (
        select(jobs.c.id)
        .where(
            jobs.c.due_at <= now,
            jobs.c.state != State.QUEUED,
            _not_leased(now),
            jobs.c.id.not_in(running),
        )
        .order_by(jobs.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = tx.execute(due).scalars().all()
    return _lease(tx, ids, lease_until)


def claim_queued(
    tx: Connection, now: float, limit: int, per_user: int, paused_models: Collection[str]
) -> list[Job]:
    """Return up to ``limit`` queued jobs that may go to KIE now, in the fair order.

    The caller moves them on in the same transaction, and notes whom it ``served``.
    """
    line = _line(now, jobs.c.due_at <= now, jobs.c.model.not_in(paused_models))
    first = line.where(line.selected_columns.turn <= per_user).limit(limit)
    return _in_order(tx, tx.execute(first).scalars().all())


def served(tx: Connection, user_id: int, now: float) -> None:
    """Note that it was a user's turn: among equals the one who waited longest is next."""
    tx.execute(update(users).where(users.c.id == user_id).values(served_at=now))


def places_in_queue(tx: Connection, now: float) -> dict[int, int]:
    """Return the place of every queued job by its id; the next one has place 1."""
    ids = tx.execute(_line(now)).scalars()
    return {job_id: place for place, job_id in enumerate(ids, start=1)}


def _line(now: float, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Select the ids of queued jobs in the fair order, beside them each one's ``turn``.

    Every user's jobs are numbered after those they already have at KIE; lower numbers go first, so
    that nobody's second video goes before somebody else's first.
    """
    busy = (
        select(jobs.c.user_id, func.count().label("count"))
        .where(_at_kie(now))
        .group_by(jobs.c.user_id)
        .subquery()
    )
    own = func.row_number().over(partition_by=jobs.c.user_id, order_by=jobs.c.id)
    waiting = (
        select(
            jobs.c.id,
            (own + func.coalesce(busy.c.count, 0)).label("turn"),
            func.coalesce(users.c.served_at, 0.0).label("served_at"),
        )
        .outerjoin(busy, busy.c.user_id == jobs.c.user_id)
        .outerjoin(users, users.c.id == jobs.c.user_id)
        .where(jobs.c.state == State.QUEUED, *conditions)
        .subquery()
    )
    return select(waiting.c.id, waiting.c.turn).order_by(
        waiting.c.turn, waiting.c.served_at, waiting.c.id
    )


def next_due(tx: Connection, *, queue: bool) -> float | None:
    """Return when the next job becomes due, with or without the queue; leased ones do not count."""
    query = select(func.min(jobs.c.due_at)).where(
        jobs.c.due_at.is_not(None), jobs.c.lease_until.is_(None)
    )
    if not queue:
        query = query.where(jobs.c.state != State.QUEUED)
    return tx.execute(query).scalar_one_or_none()


def release_leases(tx: Connection) -> None:
    """End every lease: at start, when no other process can hold one."""
    tx.execute(update(jobs).where(jobs.c.lease_until.is_not(None)).values(lease_until=None))


def count_at_kie(tx: Connection, now: float) -> int:
    """Return how many tasks count against the account's limit of running ones."""
    return tx.execute(select(func.count()).select_from(jobs).where(_at_kie(now))).scalar_one()


def count_waiting(tx: Connection, user_id: int) -> int:
    """Return how many of a user's jobs are queued."""
    return tx.execute(
        select(func.count())
        .select_from(jobs)
        .where(jobs.c.state == State.QUEUED, jobs.c.user_id == user_id)
    ).scalar_one()


def status_due(tx: Connection, now: float, limit: int) -> list[Job]:
    """Return open jobs whose status card is to be drawn again."""
    return _all(
        tx,
        _select()
        .where(jobs.c.status_due_at <= now, jobs.c.state.in_(OPEN))
        .order_by(jobs.c.status_due_at)
        .limit(limit),
    )


def open_of(tx: Connection, user_id: int) -> list[Job]:
    """Return a user's open jobs, oldest first."""
    return _all(
        tx, _select().where(jobs.c.user_id == user_id, jobs.c.state.in_(OPEN)).order_by(jobs.c.id)
    )


def history_of(tx: Connection, user_id: int, before: int | None, limit: int) -> list[Job]:
    """Return a page of a user's finished jobs, newest first, with ids below ``before``."""
    query = _select().where(jobs.c.user_id == user_id, jobs.c.state == State.DONE)
    if before is not None:
        query = query.where(jobs.c.id < before)
    return _all(tx, query.order_by(jobs.c.id.desc()).limit(limit))


def unpark(tx: Connection, user_id: int, now: float) -> int:
    """Make a user's finished videos due that waited for them to come back; return how many."""
    return tx.execute(update(jobs).where(_parked(user_id)).values(due_at=now)).rowcount


def wake_queue(tx: Connection, now: float) -> None:
    """Make every queued job due: what kept them has ended."""
    tx.execute(
        update(jobs).where(jobs.c.state == State.QUEUED, jobs.c.due_at > now).values(due_at=now)
    )


def begin_attempt(
    tx: Connection, job: Job, *, dialect: Dialect, token_hash: str, callback: bool, now: float
) -> int:
    """Store the intent to send a paid request; return the attempt's number."""
    number = job.attempt + 1
    tx.execute(
        insert(attempts).values(
            job_id=job.id,
            number=number,
            dialect=dialect,
            token_hash=token_hash,
            callback=callback,
            begun_at=now,
        )
    )
    return number


def mark_sent(tx: Connection, job: Job, now: float) -> None:
    """Note that from here on the paid request may have reached KIE."""
    _change_attempt(tx, job, sent_at=now)


def was_sent(tx: Connection, job: Job) -> bool:
    """Tell whether the newest attempt's paid request may have left this process."""
    sent_at = tx.execute(select(attempts.c.sent_at).where(_newest_attempt(job))).scalar_one()
    return sent_at is not None


def had_callback(tx: Connection, job: Job) -> bool:
    """Tell whether KIE was given a callback URL with the newest attempt."""
    given: bool = tx.execute(select(attempts.c.callback).where(_newest_attempt(job))).scalar_one()
    return given


def accept_attempt(tx: Connection, job: Job, task_id: str) -> None:
    """Remember the task that KIE made of the newest attempt."""
    _change_attempt(tx, job, task_id=task_id)


def end_attempt(tx: Connection, job: Job, error: str) -> None:
    """Note why the newest attempt made no video."""
    _change_attempt(tx, job, error=error)


def attempt_errors(tx: Connection, job_id: int) -> list[str]:
    """Return why earlier attempts of a job ended, oldest first."""
    return list(
        tx.execute(
            select(attempts.c.error)
            .where(attempts.c.job_id == job_id, attempts.c.error.is_not(None))
            .order_by(attempts.c.number)
        ).scalars()
    )


def sent_since(tx: Connection, since: float) -> list[float]:
    """Return when paid requests were sent after ``since``, oldest first."""
    return list(
        tx.execute(
            select(attempts.c.sent_at)
            .where(attempts.c.sent_at > since)
            .order_by(attempts.c.sent_at)
        ).scalars()
    )


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


def _newest_attempt(job: Job) -> Any:
    return and_(attempts.c.job_id == job.id, attempts.c.number == job.attempt)


def _change_attempt(tx: Connection, job: Job, **changes: Any) -> None:
    tx.execute(update(attempts).where(_newest_attempt(job)).values(**changes))


def _at_kie(now: float) -> Any:
    """A task older than its soft deadline, or unknown, no longer counts against the limits."""
    return and_(
        jobs.c.state.in_(AT_KIE - {State.UNKNOWN}),
        or_(jobs.c.soft_deadline_at.is_(None), jobs.c.soft_deadline_at > now),
    )


def _parked(user_id: int) -> Any:
    return and_(
        jobs.c.user_id == user_id,
        jobs.c.state == State.READY,
        jobs.c.due_at.is_(None),
        jobs.c.lease_until.is_(None),
    )


def _not_leased(now: float) -> Any:
    return or_(jobs.c.lease_until.is_(None), jobs.c.lease_until <= now)


def _lease(tx: Connection, ids: Sequence[int], lease_until: float) -> list[Job]:
    if not ids:
        return []
    tx.execute(update(jobs).where(jobs.c.id.in_(ids)).values(lease_until=lease_until))
    return _in_order(tx, ids)


def _in_order(tx: Connection, ids: Sequence[int]) -> list[Job]:
    if not ids:
        return []
    found = {job.id: job for job in _all(tx, _select().where(jobs.c.id.in_(ids)))}
    return [found[job_id] for job_id in ids]


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


def _require(tx: Connection, job_id: int) -> Job:
    return _read(tx.execute(_select().where(jobs.c.id == job_id)).one())


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
        result_message_id=row.result_message_id,
        result_urls=load_urls(row.result_urls),
        fallback=row.fallback,
        video=_read_video(row),
        attempt=row.attempt,
        task_id=row.task_id,
        dialect=Dialect(row.dialect) if row.dialect else None,
        submitted_at=row.submitted_at,
        ready_at=row.ready_at,
    )


def _read_video(row: Row[Any]) -> Video | None:
    if row.media_id is None:
        return None
    return Video(row.video_path, row.width, row.height, row.seconds, row.bytes, row.file_id)
