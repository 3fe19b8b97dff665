"""What may be done now: due jobs, and what the limits at KIE let out of the queue, in one look."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.jobs import pace
from bot.jobs.rules import Rules
from bot.jobs.transactions import ACCOUNT, DISK, KEY_ALERT, LEASE_SECONDS, RATE
from bot.kie import wire
from bot.models import Dialect, Job, State
from bot.tokens import hash_token, new_token
from storage import attempts, jobs, operations, queue
from storage.database import Connection

CREATES_WINDOW_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Submission:
    """A job that is about to be sent to KIE; ``callback_url`` holds the attempt's only token."""

    job: Job
    callback_url: str | None


@dataclass(frozen=True, slots=True)
class Work:
    """What the worker has to do now, and when it should look again at the latest."""

    submissions: list[Submission]
    due: list[Job]
    look_again_at: float | None


def take_work(
    tx: Connection, now: float, rules: Rules, limit: int, running: frozenset[int]
) -> Work:
    """Claim up to ``limit`` jobs: first those that are due anyway, then from the queue."""
    due = queue.claim_due(tx, now, now + LEASE_SECONDS, limit, running)
    slots, blocked_until = _free_slots(tx, now, rules)
    wanted = min(slots, limit - len(due))
    submissions = _take_from_queue(tx, now, rules, wanted, running) if wanted > 0 else []
    # What is due already and was not taken waits for a slot, whose end rings the bell.
    times = [queue.next_due(tx, now, queue=wanted > len(submissions)), blocked_until]
    return Work(submissions, due, min((at for at in times if at is not None), default=None))


def _free_slots(tx: Connection, now: float, rules: Rules) -> tuple[int, float | None]:
    """Return how many tasks may be created now, and when a limit in time ends."""
    pauses = _live_pauses(tx, now)
    if ACCOUNT in pauses:
        return 0, None
    ends = [pauses[scope] for scope in (RATE, DISK) if scope in pauses]
    if ends:
        return 0, max(ends)
    sent = attempts.sent_between(tx, now - CREATES_WINDOW_SECONDS, now)
    if len(sent) >= rules.creates_per_10s:
        return 0, sent[-rules.creates_per_10s] + CREATES_WINDOW_SECONDS
    budget = rules.creates_per_10s - len(sent) - attempts.count_unsent(tx)
    if operations.is_raised(tx, KEY_ALERT):
        # KIE has accepted nothing since it refused the account: those that find it still does end.
        budget = min(budget, 1 - queue.count_submitting(tx))
    return min(rules.max_concurrent - queue.count_at_kie(tx, now), budget), None


def _live_pauses(tx: Connection, now: float) -> Mapping[str, float]:
    """Return the pauses in force; all but the account's end by themselves at their time."""
    live = {}
    for scope, pause in operations.pauses(tx).items():
        if scope != ACCOUNT and pause.probe_at <= now:
            operations.resume(tx, scope)
        else:
            live[scope] = pause.probe_at
    return live


def _take_from_queue(
    tx: Connection, now: float, rules: Rules, wanted: int, running: frozenset[int]
) -> list[Submission]:
    paused = operations.pauses(tx).keys()
    return [
        _begin(tx, job, now, rules)
        for job in queue.claim_queued(tx, now, wanted, rules.max_jobs_per_user, paused, running)
    ]


def _begin(tx: Connection, job: Job, now: float, rules: Rules) -> Submission:
    token = new_token()
    dialect = _dialect(tx, job, rules)
    callback_base = rules.callback_url if wire.takes_callback(job.kind, dialect) else None
    queue.served(tx, job.user_id, now)
    number = attempts.begin(
        tx,
        job,
        dialect=dialect,
        token_hash=hash_token(token),
        callback=callback_base is not None,
        now=now,
    )
    jobs.move(
        tx,
        job,
        State.SUBMITTING,
        now,
        attempt=number,
        task_id=None,
        dialect=dialect,
        submitted_at=None,
        soft_deadline_at=now + pace.patience_seconds(job.kind, rules),
        tries=job.tries,
        due_at=now,  # found again as soon as the lease has lapsed
        lease_until=now + LEASE_SECONDS,
    )
    url = f"{callback_base}/{token}" if callback_base else None
    return Submission(jobs.require(tx, job.id), url)


def _dialect(tx: Connection, job: Job, rules: Rules) -> Dialect:
    """What a video is made from is known to KIE in the dialect that made it."""
    parent = jobs.get(tx, job.parent_id) if job.parent_id is not None else None
    return rules.dialect if parent is None or parent.dialect is None else parent.dialect
