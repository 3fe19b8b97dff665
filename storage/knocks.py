"""Callbacks that knock: which attempt they are about, and what they leave there."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, func, select, update

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


def attempts_of(tx: Connection, token_hashes: Collection[str]) -> dict[str, Attempt]:
    """Return the attempts whose callback URLs hold the tokens, by their hashes."""
    rows = tx.execute(select(attempts).where(attempts.c.token_hash.in_(token_hashes)))
    return {row.token_hash: _read(row) for row in rows}


def newest(tx: Connection, job: Job) -> Attempt | None:
    """Return the newest attempt of a job; ``None``: nothing was ever tried."""
    query = select(attempts).where(attempts.c.job_id == job.id, attempts.c.number == job.attempt)
    row = tx.execute(query).one_or_none()
    return None if row is None else _read(row)


def note(tx: Connection, heard: Iterable[tuple[Attempt, str | None]], now: float) -> None:
    """Remember that callbacks came, and the tasks they named where none was known."""
    named = {"task_id": func.coalesce(attempts.c.task_id, bindparam("named"))}
    statement = update(attempts).where(attempts.c.id == bindparam("heard"))
    rows = [{"heard": attempt.id, "named": task_id} for attempt, task_id in heard]
    if rows:
        tx.execute(statement.values(knocked_at=now, **named), rows)


def makers(tx: Connection, task_ids: Collection[str]) -> dict[str, set[int]]:
    """Return the ids of the jobs that KIE made tasks for, by task."""
    found: dict[str, set[int]] = {}
    query = select(attempts.c.task_id, attempts.c.job_id).where(attempts.c.task_id.in_(task_ids))
    for task_id, job_id in tx.execute(query):
        found.setdefault(task_id, set()).add(job_id)
    return found


def make_due(tx: Connection, some: Iterable[Job], now: float) -> None:
    """Let jobs be looked at now, or as soon as the steps that they are in have ended.

    A job that has moved on since it was read is left alone.
    """
    rows = [{"job": job.id, "stays": job.state, "tried": job.attempt} for job in some]
    statement = update(jobs).where(
        jobs.c.id == bindparam("job"),
        jobs.c.state == bindparam("stays"),
        jobs.c.attempt == bindparam("tried"),
    )
    if rows:
        tx.execute(statement.values(due_at=now), rows)


def reveal(tx: Connection, job: Job, task_id: str, submitted_at: float) -> bool:
    """Tell a job its task, which had been lost; False: it has moved on."""
    there = (jobs.c.id == job.id, jobs.c.state == job.state, jobs.c.attempt == job.attempt)
    known = {"task_id": task_id, "submitted_at": submitted_at}
    return bool(tx.execute(update(jobs).where(*there).values(known)).rowcount)


def _read(row: Row[Any]) -> Attempt:
    return Attempt(
        row.id, row.job_id, row.number, row.task_id, row.callback, row.sent_at, row.knocked_at
    )
