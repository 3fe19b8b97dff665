"""The transactions of a job's life: state and money move together, or neither does.

Every function runs inside one write transaction and returns whether it was the one that moved the
job; False means that something else was first, and that nothing was changed.
"""

from bot.jobs import eta, pace, silence
from bot.jobs.lifecycle import ENDED, HELD, is_over
from bot.jobs.rules import Rules, status_seconds
from bot.kie.wire import UPGRADES
from bot.models import Job, Kind, Reason, State, Video
from storage import attempts, erasure, jobs, knocks, ledger, lineage, media, operations, queue
from storage.database import Connection
from storage.knocks import Attempt

# How long the step of one job may take before another process may believe it dead.
LEASE_SECONDS = 600.0
TRIES_AFTER_THE_END = 5

ACCOUNT_PROBE_SECONDS = 60.0
KEY_PROBE_SECONDS = 300.0

ACCOUNT = "account"
RATE = "rate"
DISK = "disk"
KEY_ALERT = "kie-account"
FOREIGN_ALERT = "callback-foreign-task"


def probe_seconds(code: str) -> float:
    """Return how often an account that answered with this code is asked for its credit."""
    return KEY_PROBE_SECONDS if code == "401" else ACCOUNT_PROBE_SECONDS


def model_scope(kind: Kind, model: str) -> str:
    """Return the name under which the pause of what a model does is kept.

    One that cannot extend for a while, say, makes videos as before.
    """
    return f"{kind}:{model}"


def mark_sent(tx: Connection, job: Job, now: float) -> bool:
    """Commit that the paid request leaves this process now; False when the job has moved on."""
    if not jobs.change(tx, job, lease_until=now + LEASE_SECONDS):
        return False
    attempts.mark_sent(tx, job, now)
    return True


def accept(tx: Connection, job: Job, task_id: str, now: float, due_at: float, rules: Rules) -> bool:
    """KIE has made a task of the attempt; a callback that was faster makes it due at once."""
    attempt = knocks.newest(tx, job)
    if attempt is not None and attempt.knocked_at is not None:
        due_at = now
        if attempt.task_id not in {None, task_id}:
            alert_foreign(tx, job, now)
    attempts.accept(tx, job, task_id)
    operations.clear_alert(tx, KEY_ALERT)
    return _generating(tx, job, task_id, submitted_at=now, due_at=due_at, now=now, rules=rules)


def settle(
    tx: Connection, job: Job, attempt: Attempt, task_id: str, now: float, rules: Rules
) -> bool:
    """A callback has named the task of a paid request whose answer was lost: look at it now."""
    sent_at = attempt.sent_at or now
    return _generating(tx, job, task_id, submitted_at=sent_at, due_at=now, now=now, rules=rules)


def _generating(
    tx: Connection,
    job: Job,
    task_id: str,
    *,
    submitted_at: float,
    due_at: float,
    now: float,
    rules: Rules,
) -> bool:
    return jobs.move(
        tx,
        job,
        State.GENERATING,
        now,
        task_id=task_id,
        submitted_at=submitted_at,
        soft_deadline_at=submitted_at + pace.patience_seconds(job.kind, rules),
        hard_deadline_at=submitted_at + rules.hard_deadline_seconds,
        due_at=due_at,
        status_due_at=_redraw_at(tx, job, now),
    )


def alert_foreign(tx: Connection, job: Job, now: float) -> None:
    """Tell the admins that a callback of a job named a task that is not the job's."""
    operations.raise_alert(tx, FOREIGN_ALERT, job.ref, now)


def put_back(tx: Connection, job: Job, now: float, due_at: float, why: str) -> bool:
    """Return a job to the queue: its attempt made nothing and will never finish it.

    One that nobody waits for any more, cancelled or its person gone, ends instead.
    """
    current = jobs.require(tx, job.id)
    if current.muted or current.is_erased:
        return fail(tx, job, Reason.UNAVAILABLE, now)
    moved = jobs.move(
        tx,
        job,
        State.QUEUED,
        now,
        note=why,
        due_at=due_at,
        tries=job.tries + 1,
        status_due_at=_redraw_at(tx, job, now),
    )
    if moved:
        attempts.end(tx, job, why)
    return moved


def lose_sight(tx: Connection, job: Job, now: float, rules: Rules) -> bool:
    """Nobody knows whether KIE took the paid request; only a callback tells, or has told."""
    attempt = knocks.newest(tx, job)
    if attempt is not None and attempt.task_id is not None:
        return settle(tx, job, attempt, attempt.task_id, now, rules)
    if attempt is not None and attempt.expected:
        return jobs.move(tx, job, State.UNKNOWN, now, due_at=job.soft_deadline_at)
    return expire(tx, job, Reason.UNKNOWN_OUTCOME, now)


def succeed(
    tx: Connection, job: Job, urls: tuple[str, ...], now: float, rules: Rules, *, fallback: bool
) -> bool:
    """KIE has made the video: the credits are spent, unless they were given back long ago."""
    if job.state is State.EXPIRED and lineage.is_replaced(tx, job):
        return False
    moved = jobs.move(
        tx,
        job,
        State.READY,
        now,
        result_urls=urls,
        fallback=fallback,
        ready_at=now,
        untold=False,
        due_at=now,
        hard_deadline_at=now + rules.hard_deadline_seconds,
    )
    if moved and job.state in HELD:
        ledger.capture(tx, job.id, now)
        is_fresh = silence.finished(tx, job, now)
        # The clock may have been set back.
        if is_fresh and job.submitted_at is not None and job.submitted_at < now:
            operations.add_duration(tx, job.options.model, job.kind, now - job.submitted_at)
    if moved and erasure.is_erased(tx, job.id):
        _drop_result(tx, job.id, now)
    return moved


def fail(tx: Connection, job: Job, reason: Reason, now: float, note: str | None = None) -> bool:
    """The job ends without a video: held credits are released, spent ones refunded."""
    ended = _end(tx, job, State.FAILED, reason, now, note)
    if ended and job.attempt:
        attempts.end(tx, job, reason)
    return ended


def expire(tx: Connection, job: Job, reason: Reason, now: float) -> bool:
    """Waiting ends and the credits are released; a video that still comes is free."""
    return _end(tx, job, State.EXPIRED, reason, now, None)


def _end(
    tx: Connection, job: Job, state: State, reason: Reason, now: float, note: str | None
) -> bool:
    moved = jobs.move(
        tx,
        job,
        state,
        now,
        note=note or reason,
        error=reason,
        untold=True,
        due_at=now,
        status_due_at=None,
    )
    if moved:
        give_back = ledger.release if job.state in HELD else ledger.refund
        give_back(tx, job.id, now)
        erasure.forget_ended(tx, job.id)
    return moved


def cancel_queued(tx: Connection, job: Job, now: float) -> bool:
    """The user takes a job back that still waits; False: it does not wait any more."""
    if job.state is not State.QUEUED:
        return False
    moved = jobs.move(tx, job, State.CANCELLED, now, status_due_at=None)
    if moved:
        ledger.release(tx, job.id, now)
    return moved


def abandon(tx: Connection, job: Job, now: float) -> None:
    """End an open job as its person is forgotten; what KIE may be working on goes on unseen."""
    match job.state:
        case State.QUEUED:
            cancel_queued(tx, job, now)
        case State.SUBMITTING if not attempts.was_sent(tx, job):
            fail(tx, job, Reason.UNAVAILABLE, now)
        case State.READY | State.DELIVERING:
            _drop_result(tx, job.id, now)


def _drop_result(tx: Connection, job_id: int, now: float) -> None:
    """A video that nobody waits for any more is not brought here."""
    job = jobs.get(tx, job_id)
    if job is not None and job.state is State.READY:
        jobs.move(tx, job, State.DELIVERING, now)
        job = jobs.get(tx, job_id)
    if job is not None and job.state is State.DELIVERING:
        jobs.move(tx, job, State.DONE, now, status_due_at=None)
    erasure.forget_ended(tx, job_id)


def begin_delivery(tx: Connection, job: Job, now: float) -> bool:
    """Commit that from here on the video may be in the chat."""
    return jobs.move(
        tx, job, State.DELIVERING, now, due_at=now, lease_until=now + LEASE_SECONDS, tries=job.tries
    )


def keep_video(tx: Connection, job: Job, video: Video, now: float) -> None:
    """Remember the downloaded file of a ready job, unless it was erased meanwhile."""
    if erasure.is_erased(tx, job.id):
        return
    media_id = media.insert(tx, job.user_id, "video", video, now)
    jobs.change(tx, job, media_id=media_id, tries=0, lease_until=now + LEASE_SECONDS)


def finish(
    tx: Connection, job: Job, now: float, *, message_id: int | None, file_id: str | None
) -> bool:
    """The video is in the chat, or kept for someone who did not want to wait for it.

    The job stays due until it is ``tidied``.
    """
    if file_id is not None:
        media.set_file_id(tx, job.id, file_id)
    return jobs.move(
        tx,
        job,
        State.DONE,
        now,
        result_message_id=message_id,
        status_due_at=None,
        due_at=now,
        lease_until=now + LEASE_SECONDS,
    )


def tidied(tx: Connection, job: Job, due_at: float | None) -> bool:
    """What a delivered job needed no more is gone, or is to be taken away at ``due_at``."""
    if job.video is not None and job.video.file_id is not None:
        media.forget_file(tx, job.id)
    return jobs.put_off(tx, job, due_at, tries=job.tries + 1)


def postpone(tx: Connection, job: Job, due_at: float) -> bool:
    """Something did not work: try again at ``due_at``, and count it."""
    return jobs.put_off(tx, job, due_at, tries=job.tries + 1)


def stumble(tx: Connection, job: Job, now: float, due_at: float, rules: Rules) -> bool:
    """A step raised what nobody foresaw: try again at ``due_at``, up to the hard deadline.

    What is left to do for an ended job is tried a few times more.
    """
    current = jobs.require(tx, job.id)  # the step may have come some way
    has_ended = current.state in ENDED
    if not is_over(current, now) or (has_ended and current.tries < TRIES_AFTER_THE_END):
        return postpone(tx, current, due_at)
    match current.state:
        case State.SUBMITTING if attempts.was_sent(tx, current):
            return lose_sight(tx, current, now, rules)
        case State.SUBMITTING:
            return fail(tx, current, Reason.UNAVAILABLE, now)
        case State.UNKNOWN | State.GENERATING:
            return expire(tx, current, Reason.TOO_LATE, now)
        case State.READY | State.DELIVERING:
            return fail(tx, current, Reason.NOT_DELIVERED, now)
        case _:
            return told(tx, current, None)


def reschedule(tx: Connection, job: Job, due_at: float | None) -> bool:
    """All is well, only not finished: look again at ``due_at``."""
    return jobs.put_off(tx, job, due_at, tries=0)


def keep_waiting(tx: Connection, job: Job, now: float, rules: Rules, shortest: float) -> bool:
    """The task is not finished: read its record again, but not before ``shortest`` seconds."""
    elapsed = max(now - (job.submitted_at or now), 0.0)  # the clock may have been set back
    wait = until_next_read(tx, job, elapsed, rules)
    return reschedule(tx, job, now + max(wait, shortest))


def until_next_read(tx: Connection, job: Job, elapsed: float, rules: Rules) -> float:
    """Return the seconds to wait before a record is read (again), ``elapsed`` after submission."""
    if job.kind in UPGRADES:
        return pace.next_read(job.kind, elapsed, rules)
    durations = operations.durations(tx, job.options.model, job.kind)
    estimate = pace.estimate(job.kind, durations, rules)
    if silence.is_worth_waiting(tx, job):
        return eta.next_safety_read(estimate, elapsed, rules.shortest_pause_seconds)
    return eta.next_read(estimate, elapsed, rules.shortest_pause_seconds)


def told(tx: Connection, job: Job, due_at: float | None) -> bool:
    """The end of the job was told; ``due_at``: when to look for a late video."""
    return jobs.put_off(tx, job, due_at, untold=False, tries=0)


def undeliver(tx: Connection, job: Job, now: float, due_at: float | None) -> bool:
    """The video is certainly not in the chat: deliver it later, ``None``: when they are back."""
    return jobs.move(tx, job, State.READY, now, due_at=due_at, tries=job.tries + 1)


def hold_up(tx: Connection, job: Job, scope: str, code: str, now: float, seconds: float) -> bool:
    """Keep every job of ``scope`` from KIE for some seconds, beginning with this one."""
    operations.pause(tx, scope, code, now, now + seconds)
    return put_back(tx, job, now, now + seconds, f"{scope} paused: {code}")


def refuse_for_account(tx: Connection, job: Job, code: str, now: float) -> bool:
    """KIE refuses the account itself: this job ends, the others wait."""
    stop_account(tx, code, now, need=job.price)
    return fail(tx, job, Reason.UNAVAILABLE, now, f"{Reason.UNAVAILABLE}: code {code}")


def stop_account(tx: Connection, code: str, now: float, need: int = 0) -> None:
    """Keep everything from KIE until it reports at least ``need`` credits; alert the admins."""
    operations.pause(tx, ACCOUNT, code, now, now + probe_seconds(code), need)
    operations.raise_alert(tx, KEY_ALERT, code, now)


def resume_account(tx: Connection, now: float) -> None:
    """The account answers again: what waited for it goes on."""
    operations.resume(tx, ACCOUNT)
    queue.wake(tx, now)


def _redraw_at(tx: Connection, job: Job, now: float) -> float | None:
    """Say soon what is new, but not sooner after the last time than cards are drawn.

    The card of a job ordered by a flag may have come after the job was read.
    """
    current = jobs.require(tx, job.id)
    if current.status_message_id is None or current.muted:
        return None
    return min(current.status_due_at or now, now + status_seconds(job.place))
