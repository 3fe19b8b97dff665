"""What to do next for one job: a step per state, safe to run twice."""

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.catalog import Catalog
from bot.errors import (
    ChatError,
    ChatGone,
    ChatMoved,
    ImageNotFetched,
    KieError,
    ModelUnavailable,
    OperatorTrouble,
    OutcomeUnknown,
    Refused,
    SendLater,
    SendUnknown,
    StorageError,
    TooManyRequests,
    TryLater,
)
from bot.jobs import retry, transactions
from bot.jobs.delivery import Delivery
from bot.jobs.dispatch import Submission
from bot.jobs.lifecycle import ENDED, is_over
from bot.jobs.messenger import Messenger
from bot.jobs.reading import read_record
from bot.jobs.rules import RECORD_SECONDS, Rules
from bot.kie import wire
from bot.kie.client import KieClient
from bot.kie.wire import Order, Record, RecordStatus
from bot.media.hosting import PhotoHosting
from bot.models import Dialect, Job, Reason, State
from storage import attempts, jobs, media
from storage.database import Database

log = logging.getLogger(__name__)

SUBMIT_RETRY = retry.Policy(first=2, cap=60)
RATE_RETRY = retry.Policy(first=10, factor=1.5, cap=60, jitter=0.5)
TELL_RETRY = retry.Policy(first=3, cap=120)
# KIE may be out of reach, or want fewer requests.
FAILED_READ_SECONDS = (10.0, 15.0)
# A record that is not there yet, or has no link yet, is asked for again this often.
GRACE = retry.Policy(first=2, factor=1.5, cap=10, tries=6)
# Passing failures ("Internal Error") are made anew so often, after 2 to 10 s.
REMAKES = 2
REMAKE_SECONDS = (2.0, 10.0)
MODEL_PAUSE_SECONDS = 300.0
# An end that was perhaps told is told again this often.
UNSURE_TRIES = 3
LATE_LOOK_SECONDS = 24 * 3600.0
# How often it is tried to store the task of a paid request while the disk is full.
UNSTORED_SECONDS = 2.0


class Steps:
    """Moves one job by one step: outside effects between two commits."""

    def __init__(
        self,
        *,
        database: Database,
        kie: KieClient,
        catalog: Catalog,
        hosting: PhotoHosting,
        delivery: Delivery,
        messenger: Messenger,
        rules: Rules,
        data_dir: Path,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        chance: Callable[[], float],
    ) -> None:
        self._database = database
        self._kie = kie
        self._catalog = catalog
        self._hosting = hosting
        self._delivery = delivery
        self._messenger = messenger
        self._rules = rules
        self._data_dir = data_dir
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._by_state: dict[State, Callable[[Job], Awaitable[None]]] = {
            State.SUBMITTING: self._recover_submission,
            State.UNKNOWN: self._give_up_unknown,
            State.GENERATING: self._look,
            State.READY: delivery.deliver,
            State.DELIVERING: delivery.heal,
        }

    async def take(self, job: Job) -> None:
        """Do what a due job needs now."""
        if job.state in ENDED:
            await self._after_end(job)
        else:
            await self._by_state[job.state](job)

    async def submit(self, submission: Submission) -> None:
        """Send the one paid request of an attempt."""
        job = submission.job
        try:
            order = await self._order(submission)
            wait = await self._database.read(transactions.until_next_read, job, 0.0, self._rules)
            if not await self._database.write(transactions.mark_sent, job, self._clock()):
                return
            task_id = await self._kie.create(order, self._dialect(job))
        except KieError as error:
            await self._not_accepted(job, error)
        else:
            await self._accepted(job, task_id, wait)

    def _dialect(self, job: Job) -> Dialect:
        return job.dialect or self._rules.dialect

    async def _order(self, submission: Submission) -> Order:
        job = submission.job
        model = self._catalog.model(job.options.model)
        if model is None and job.kind not in wire.UPGRADES:
            raise Refused(text=f"model {job.options.model} is no longer in the catalog")
        parent = await self._parent(job)
        return Order(
            kind=job.kind,
            model=job.options.model,
            tier=model.tier if model else "",
            prompt=job.prompt,
            options=job.options,
            image_urls=await self._host_photos(job),
            callback_url=submission.callback_url,
            parent_task_id=parent.task_id if parent else None,
        )

    async def _parent(self, job: Job) -> Job | None:
        if job.parent_id is None:
            return None
        return await self._database.read(jobs.get, job.parent_id)

    async def _host_photos(self, job: Job) -> tuple[str, ...]:
        """Upload anew for every attempt: KIE keeps uploads for a day only."""
        paths = await self._database.read(media.paths, job.photos)
        if len(paths) < len(job.photos):
            raise ImageNotFetched(text="a photo of the request is no longer kept")
        return tuple(
            [await self._hosting.publish(self._data_dir / path, job.ref) for path in paths]
        )

    async def _accepted(self, job: Job, task_id: str, wait: float) -> None:
        """Store the task before anything else: it is paid, and nobody could ask KIE for it."""
        now, known = self._clock(), {"job": job.ref, "task": task_id, "attempt": job.attempt}
        log.info("submitted", extra=known)
        while True:
            try:
                await self._database.write(
                    transactions.accept, job, task_id, now, now + wait, self._rules
                )
            except StorageError as error:
                log.error("a paid task cannot be stored yet", extra=known | {"error": str(error)})  # noqa: TRY400 - a full disk is no fault of the program
                await self._sleep(UNSTORED_SECONDS)
            else:
                return

    async def _not_accepted(self, job: Job, error: KieError) -> None:
        log.warning(
            "not accepted by KIE",
            extra={"job": job.ref, "kind": type(error).__name__, "error": str(error)},
        )
        match error:
            case OutcomeUnknown():
                await self._database.write(transactions.lose_sight, job, self._clock(), self._rules)
            case TooManyRequests() if not is_over(job, self._clock()):
                wait = retry.pause(RATE_RETRY, job.tries + 1, chance=self._chance())
                await self._hold_up(job, transactions.RATE, error, wait or RATE_RETRY.cap)
            case TryLater(code=455 | 505) if job.kind in wire.UPGRADES:
                await self._wait_for_model(job, error)
            case TryLater():
                await self._submit_later(job, "unreachable")
            case OperatorTrouble():
                await self._database.write(
                    transactions.refuse_for_account, job, str(error.code), self._clock()
                )
            case ModelUnavailable():
                await self._wait_for_model(job, error)
            case ImageNotFetched() if not await self._ended_before(job, Reason.IMAGE_NOT_FETCHED):
                await self._put_back(job, self._clock(), Reason.IMAGE_NOT_FETCHED)
            case _:
                await self._fail(job, _reason(job, error.code, error.text), error)

    async def _ended_before(self, job: Job, why: str) -> bool:
        return why in await self._database.read(attempts.errors, job.id)

    async def _wait_for_model(self, job: Job, error: KieError) -> None:
        scope = transactions.model_scope(job.kind, job.options.model)
        await self._hold_up(job, scope, error, MODEL_PAUSE_SECONDS)

    async def _hold_up(self, job: Job, scope: str, error: KieError, seconds: float) -> None:
        await self._database.write(
            transactions.hold_up, job, scope, str(error.code), self._clock(), seconds
        )

    async def _submit_later(self, job: Job, why: str) -> None:
        now = self._clock()
        if is_over(job, now):
            await self._fail(job, Reason.UNAVAILABLE, KieError(text=why))
            return
        wait = retry.pause(SUBMIT_RETRY, job.tries + 1, chance=self._chance()) or SUBMIT_RETRY.cap
        await self._put_back(job, now + wait, why)

    async def _put_back(self, job: Job, due_at: float, why: str) -> None:
        await self._database.write(transactions.put_back, job, self._clock(), due_at, why)

    async def _fail(self, job: Job, reason: Reason, error: KieError) -> None:
        await self._database.write(
            transactions.fail, job, reason, self._clock(), f"{reason}: {error}"
        )

    async def _recover_submission(self, job: Job) -> None:
        """The process that was submitting this job is gone."""
        has_own_task = wire.has_own_task(job.kind, self._dialect(job))
        if has_own_task and await self._database.read(attempts.was_sent, job):
            await self._database.write(transactions.lose_sight, job, self._clock(), self._rules)
        else:
            await self._put_back(job, self._clock(), "interrupted")

    async def _give_up_unknown(self, job: Job) -> None:
        await self._database.write(transactions.expire, job, Reason.UNKNOWN_OUTCOME, self._clock())

    async def _look(self, job: Job) -> None:
        """Read the record of a task at KIE and do what it says."""
        try:
            record = await read_record(self._kie, job)
        except OperatorTrouble as error:
            await self._database.write(transactions.stop_account, str(error.code), self._clock())
            await self._look_later(job)
        except KieError as error:
            log.info("the record cannot be read now", extra={"job": job.ref, "error": str(error)})
            await self._look_later(job)
        else:
            await self._judge(job, record)

    async def _judge(self, job: Job, record: Record) -> None:
        match record.status:
            case RecordStatus.SUCCESS if record.urls:
                await self._succeed(job, record)
            case RecordStatus.SUCCESS:
                await self._wait_with_grace(job, Reason.NO_RESULT)
            case RecordStatus.MISSING:
                await self._wait_with_grace(job, Reason.GENERATION_FAILED)
            case RecordStatus.FAILED:
                await self._refused(job, record)
            case RecordStatus.PENDING:
                await self._keep_waiting(job)

    async def _succeed(self, job: Job, record: Record) -> bool:
        succeeded = await self._database.write(
            transactions.succeed,
            job,
            record.urls,
            self._clock(),
            self._rules,
            fallback=record.fallback,
        )
        log.info("ready", extra={"job": job.ref, "task": job.task_id})
        return succeeded

    async def _wait_with_grace(self, job: Job, reason: Reason) -> None:
        wait = retry.pause(GRACE, job.tries + 1, chance=self._chance())
        if wait is None:
            await self._fail(job, reason, KieError(text="the record stayed without a result"))
        else:
            await self._database.write(transactions.postpone, job, self._clock() + wait)

    async def _refused(self, job: Job, record: Record) -> None:
        log.warning(
            "failed at KIE",
            extra={"job": job.ref, "task": job.task_id, "code": record.code, "text": record.text},
        )
        error = KieError(record.code, record.text)
        earlier = await self._database.read(attempts.errors, job.id)
        can_pass = wire.is_passing(record) and wire.has_own_task(job.kind, self._dialect(job))
        if can_pass and earlier.count(Reason.OVERLOAD) < REMAKES:
            shortest, longest = REMAKE_SECONDS
            wait = shortest + (longest - shortest) * self._chance()
            await self._put_back(job, self._clock() + wait, Reason.OVERLOAD)
        else:
            await self._fail(job, _reason(job, record.code, record.text), error)

    async def _keep_waiting(self, job: Job, shortest: float = 0.0) -> None:
        """Read again at the pace of its kind; ``shortest``: not before so many seconds."""
        now = self._clock()
        if is_over(job, now):
            await self._database.write(transactions.expire, job, Reason.TOO_LATE, now)
        else:
            await self._database.write(transactions.keep_waiting, job, now, self._rules, shortest)

    async def _look_later(self, job: Job) -> None:
        """A read that failed says nothing about the task: it does not count against it."""
        shortest, longest = FAILED_READ_SECONDS
        await self._keep_waiting(job, shortest + (longest - shortest) * self._chance())

    async def _after_end(self, job: Job) -> None:
        """Tell an end that was not told yet, tidy up, look for late videos once a day."""
        if job.untold:
            await self._tell(job)
        elif job.state is State.DONE:
            await self._delivery.tidy(job)
        elif job.state is State.EXPIRED and job.task_id is not None:
            await self._look_for_late(job)

    async def _tell(self, job: Job) -> None:
        try:
            if not job.muted:
                await self._messenger.tell_end(job)
        except (SendLater, SendUnknown) as error:
            await self._tell_later(job, error)
            return
        except ChatMoved:
            raise
        except ChatError as error:
            level = logging.INFO if isinstance(error, ChatGone) else logging.WARNING
            log.log(level, "an end was not told", extra={"job": job.ref, "error": str(error)})
        await self._told(job)

    async def _tell_later(self, job: Job, error: SendLater | SendUnknown) -> None:
        """Rather told twice than never, but not again and again to a chat that only lags."""
        if isinstance(error, SendUnknown) and job.tries >= UNSURE_TRIES:
            log.warning("an end was perhaps not told", extra={"job": job.ref, "error": str(error)})
            await self._told(job)
            return
        wish = error.retry_after if isinstance(error, SendLater) else None
        wait = retry.pause(TELL_RETRY, job.tries + 1, chance=self._chance(), retry_after=wish)
        again_at = self._clock() + (wait or TELL_RETRY.cap)
        await self._database.write(transactions.postpone, job, again_at)

    async def _told(self, job: Job) -> None:
        # Telling may have taken hours, in which a callback has come.
        may_come = job.state is State.EXPIRED and job.task_id is not None
        await self._database.write(transactions.told, job, self._clock() if may_come else None)

    def _next_late_look(self, job: Job) -> float | None:
        """Late videos are looked for as long as KIE keeps the record."""
        if job.state is not State.EXPIRED or job.task_id is None or job.submitted_at is None:
            return None
        look_at = self._clock() + LATE_LOOK_SECONDS
        return look_at if look_at < job.submitted_at + RECORD_SECONDS else None

    async def _look_for_late(self, job: Job) -> None:
        try:
            record = await read_record(self._kie, job)
        except KieError as error:
            log.info("no late record", extra={"job": job.ref, "error": str(error)})
        else:
            found = record.status is RecordStatus.SUCCESS and bool(record.urls)
            if found and await self._succeed(job, record):
                return
        await self._database.write(transactions.reschedule, job, self._next_late_look(job))


def _reason(job: Job, code: int | None, text: str) -> Reason:
    """Say of a sharper copy what its own words mean: its prompt and photos were judged before."""
    read = wire.upgrade_reason if job.kind in wire.UPGRADES else wire.reason
    return read(code, text)
