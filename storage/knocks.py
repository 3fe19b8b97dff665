"""Callbacks that knock: which attempt they are about, and what they leave there."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update

from bot.models import Job
from storage.database import Connection
from storage.schema import attempts, jobs


@dataclass(frozen=True, slots=True)
class Attempt:
    """A paid request and its callback.

    ``task_id``: the task that KIE, or a callback, has named. ``expected``: KIE was given a URL for
    callbacks. ``knocked_at``: when one last came.
    """

    id: int
    job_id: int
    number: int
    task_id: str | None
    expected: bool
    sent_at: float | None
    knocked_at: float | None


def known(tx: Connection, token_hashes: Collection[str], since: float) -> frozenset[str]:
    """Return those hashes that belong to attempts begun after ``since``."""
    query = select(attempts.c.token_hash).where(
        attempts.c.token_hash.in_(token_hashes), attempts.c.begun_at > since
    )
    return frozenset(tx.execute(query).scalars())


def attempt_of(tx: Connection, token_hash: str) -> Attempt | None:
    """Return the attempt whose callback URL holds the token."""
    return _one(tx, attempts.c.token_hash == token_hash)


def newest(tx: Connection, job: Job) -> Attempt | None:
    """Return the newest attempt of a job; ``None``: nothing was ever tried."""
    return _one(tx, and_(attempts.c.job_id == job.id, attempts.c.number == job.attempt))


def note(tx: Connection, attempt: Attempt, task_id: str | None, now: float) -> None:
    """Remember that a callback came, and the task it named where none was known."""
    values: dict[str, Any] = {"knocked_at": now}
    if attempt.task_id is None and task_id is not None:
        values["task_id"] = task_id
    tx.execute(update(attempts).where(attempts.c.id == attempt.id).values(values))


def is_of_another(tx: Connection, task_id: str, job_id: int) -> bool:
    """Tell whether KIE made the task for another job."""
    query = select(attempts.c.id).where(attempts.c.task_id == task_id, attempts.c.job_id != job_id)
    return tx.execute(query.limit(1)).first() is not None


def make_due(tx: Connection, job: Job, now: float, **changes: Any) -> bool:
    """Let the job be looked at now, or as soon as the step that it is in has ended.

    ``changes`` are further columns. False: the job has moved on.
    """
    there = (jobs.c.id == job.id, jobs.c.state == job.state, jobs.c.attempt == job.attempt)
    return bool(tx.execute(update(jobs).where(*there).values(due_at=now, **changes)).rowcount)


def _one(tx: Connection, condition: ColumnElement[bool]) -> Attempt | None:
    row = tx.execute(select(attempts).where(condition)).one_or_none()
    if row is None:
        return None
    return Attempt(
        row.id, row.job_id, row.number, row.task_id, row.callback, row.sent_at, row.knocked_at
    )
