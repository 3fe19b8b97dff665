"""Placing an order: a job, and the credits that it holds."""

from bot.errors import Paused, QueueFull
from bot.jobs.rules import MAX_WAITING_PER_USER, Rules, status_seconds
from bot.jobs.transactions import ACCOUNT, DISK
from bot.models import Job, NewJob
from storage import jobs, ledger, operations, queue
from storage.database import Connection


def place(tx: Connection, new: NewJob, now: float, rules: Rules, *, admin: bool) -> Job:
    """Store a job and hold its price, or neither.

    Raises Paused, QueueFull, QuotaExceeded; AlreadyAsked for a sharper copy that stands.
    """
    if {ACCOUNT, DISK} & operations.pauses(tx).keys():
        raise Paused
    if queue.count_waiting(tx, new.user_id) >= MAX_WAITING_PER_USER:
        raise QueueFull
    job = jobs.insert_job(
        tx,
        new,
        now,
        now + rules.hard_deadline_seconds,
        status_due_at=now + status_seconds(new.place),
    )
    ledger.hold(
        tx,
        job.id,
        new.user_id,
        new.price,
        now,
        daily=rules.daily_credits,
        total=rules.daily_credits_total,
        admin=admin,
    )
    return job
