"""Attempts: the paid requests of jobs, each written down before it is sent."""

from typing import Any

from sqlalchemy import and_, func, insert, select, update

from bot.models import Dialect, Job, State
from storage.database import Connection
from storage.schema import attempts, jobs


def begin(
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
    _change(tx, job, sent_at=now)


def was_sent(tx: Connection, job: Job) -> bool:
    """Tell whether the newest attempt's paid request may have left this process."""
    sent_at = tx.execute(select(attempts.c.sent_at).where(_newest(job))).scalar_one()
    return sent_at is not None


def accept(tx: Connection, job: Job, task_id: str) -> None:
    """Remember the task that KIE made of the newest attempt."""
    _change(tx, job, task_id=task_id)


def end(tx: Connection, job: Job, error: str) -> None:
    """Note why the newest attempt made no video."""
    _change(tx, job, error=error)


def errors(tx: Connection, job_id: int) -> list[str]:
    """Return why earlier attempts of a job ended, oldest first."""
    return list(
        tx.execute(
            select(attempts.c.error)
            .where(attempts.c.job_id == job_id, attempts.c.error.is_not(None))
            .order_by(attempts.c.number)
        ).scalars()
    )


def sent_between(tx: Connection, since: float, until: float) -> list[float]:
    """Return when paid requests were sent after ``since``, oldest first.

    A clock that was set back has left some that are yet to be sent: they do not count.
    """
    return list(
        tx.execute(
            select(attempts.c.sent_at)
            .where(attempts.c.sent_at > since, attempts.c.sent_at <= until)
            .order_by(attempts.c.sent_at)
        ).scalars()
    )


def count_unsent(tx: Connection) -> int:
    """Return how many paid requests are being prepared: any of them may leave at any moment."""
    newest = and_(attempts.c.job_id == jobs.c.id, attempts.c.number == jobs.c.attempt)
    query = (
        select(func.count())
        .select_from(jobs)
        .join(attempts, newest)
        .where(jobs.c.state == State.SUBMITTING, attempts.c.sent_at.is_(None))
    )
    return tx.execute(query).scalar_one()


def _newest(job: Job) -> Any:
    return and_(attempts.c.job_id == job.id, attempts.c.number == job.attempt)


def _change(tx: Connection, job: Job, **changes: Any) -> None:
    tx.execute(update(attempts).where(_newest(job)).values(**changes))
