"""Whose turn it is: jobs that are due, leases on them, and the fair order of the queue."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update

from bot.jobs.lifecycle import AT_KIE, OPEN
from bot.models import Job, State
from storage.database import Connection
from storage.jobs import get_all
from storage.schema import jobs, users
from storage.schema import pauses as held_up


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
    tx: Connection,
    now: float,
    limit: int,
    per_user: int,
    paused: Collection[str],
    running: Collection[int],
) -> list[Job]:
    """Return up to ``limit`` queued jobs that may go to KIE now, in the fair order.

    ``paused``: kind and model of those that wait, ``kind:model``. ``running``: as for
    ``claim_due``. The caller moves them on in the same transaction, and notes whom it ``served``.
    """
    line = _line(
        now,
        jobs.c.due_at <= now,
        (jobs.c.kind + ":" + jobs.c.model).not_in(paused),
        jobs.c.id.not_in(running),
    )
    first = line.where(line.selected_columns.turn <= per_user).limit(limit)
    return get_all(tx, tx.execute(first).scalars().all())


def served(tx: Connection, user_id: int, now: float) -> None:
    """Note that it was a user's turn: among equals the one who waited longest is next."""
    tx.execute(update(users).where(users.c.id == user_id).values(served_at=now))


def places(tx: Connection, now: float) -> dict[int, int]:
    """Return the place of every queued job by its id; the next one has place 1."""
    ids = tx.execute(_line(now)).scalars()
    return {job_id: place for place, job_id in enumerate(ids, start=1)}


def next_due(tx: Connection, after: float, *, queue: bool) -> float | None:
    """Return when, later than ``after``, the next job becomes due, with or without the queue.

    Leased ones do not count. Those that were due before wait for something other than time.
    """
    query = select(func.min(jobs.c.due_at)).where(
        jobs.c.due_at > after, jobs.c.lease_until.is_(None)
    )
    if not queue:
        query = query.where(jobs.c.state != State.QUEUED)
    return tx.execute(query).scalar_one_or_none()


def pull_in(tx: Connection, now: float, longest: float) -> int:
    """Make due what is put off by more than ``longest`` seconds; return how many jobs that were.

    No pause between two looks is as long: the clock was set back. Ended jobs are looked at daily,
    unknown ones wait for a callback until their deadline.
    """
    waiting = OPEN - {State.UNKNOWN}
    late = and_(jobs.c.state.in_(waiting), jobs.c.due_at > now + longest)
    moved: int = tx.execute(
        update(jobs).where(late, jobs.c.lease_until.is_(None)).values(due_at=now)
    ).rowcount
    tx.execute(update(jobs).where(jobs.c.status_due_at > now + longest).values(status_due_at=now))
    tx.execute(update(held_up).where(held_up.c.probe_at > now + longest).values(probe_at=now))
    return moved


def release_leases(tx: Connection) -> None:
    """End every lease: at start, when no other process can hold one."""
    tx.execute(update(jobs).where(jobs.c.lease_until.is_not(None)).values(lease_until=None))


def count_at_kie(tx: Connection, now: float, user_id: int | None = None) -> int:
    """Return how many tasks count against the limit of running ones: the account's, or a user's."""
    counted = select(func.count()).select_from(jobs).where(_at_kie(now))
    if user_id is not None:
        counted = counted.where(jobs.c.user_id == user_id)
    return tx.execute(counted).scalar_one()


def count_submitting(tx: Connection) -> int:
    """Return how many jobs are on their way to KIE."""
    return tx.execute(
        select(func.count()).select_from(jobs).where(jobs.c.state == State.SUBMITTING)
    ).scalar_one()


def count_waiting(tx: Connection, user_id: int) -> int:
    """Return how many of a user's jobs are queued."""
    return tx.execute(
        select(func.count())
        .select_from(jobs)
        .where(jobs.c.state == State.QUEUED, jobs.c.user_id == user_id)
    ).scalar_one()


def wake(tx: Connection, now: float) -> None:
    """Make every queued job due: what kept them has ended."""
    tx.execute(
        update(jobs).where(jobs.c.state == State.QUEUED, jobs.c.due_at > now).values(due_at=now)
    )


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


def _at_kie(now: float) -> Any:
    """A task older than its soft deadline, or unknown, no longer counts against the limits."""
    return and_(
        jobs.c.state.in_(AT_KIE - {State.UNKNOWN}),
        or_(jobs.c.soft_deadline_at.is_(None), jobs.c.soft_deadline_at > now),
    )


def _not_leased(now: float) -> Any:
    return or_(jobs.c.lease_until.is_(None), jobs.c.lease_until <= now)


def _lease(tx: Connection, ids: Sequence[int], lease_until: float) -> list[Job]:
    if not ids:
        return []
    tx.execute(update(jobs).where(jobs.c.id.in_(ids)).values(lease_until=lease_until))
    return get_all(tx, ids)
