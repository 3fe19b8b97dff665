"""The one loop over due rows: claims, starts a task per step, watches them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.errors import ChatMoved, DatabaseDamaged, StorageError
from bot.jobs import chats, dispatch, silence, transactions
from bot.jobs.dispatch import Submission, Work
from bot.jobs.rules import Rules
from bot.jobs.steps import Steps
from bot.models import Job
from storage import queue
from storage.database import Database

log = logging.getLogger(__name__)

# Steps under way at once: beyond it jobs simply stay due.
MAX_STEPS = 64
# The table is read this often even when nothing is announced.
LONGEST_REST_SECONDS = 5.0
# A step that raised is tried again after this pause; its own retries have failed to cover it.
BROKEN_STEP_SECONDS = 30.0
# A clock that goes back by more is no matter of adjusting it, and no step pauses for longer.
SET_BACK_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 900.0


class Worker:
    """Runs until ``stop`` is called; nothing of a job is kept here but the running tasks.

    Whoever makes a row due sets ``bell``.
    """

    def __init__(
        self,
        *,
        database: Database,
        steps: Steps,
        rules: Rules,
        bell: asyncio.Event,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._steps = steps
        self._rules = rules
        self._clock = clock
        self._running: dict[int, asyncio.Task[None]] = {}
        self._bell = bell
        self._stopping = False
        self._looked_at = clock()

    @property
    def age(self) -> float:
        """Seconds since the worker last looked at the table, or since the start."""
        return self._clock() - self._looked_at

    async def recover(self) -> None:
        """Free what a former process held. Only before ``run``, with the data folder locked."""
        await self._database.write(queue.release_leases)
        await self._mind_the_clock()
        await self._database.write(silence.started, self._clock())

    async def _mind_the_clock(self) -> None:
        """After the system's clock was set back, nothing waits until it has caught up again."""
        moved = await self._database.write(queue.pull_in, self._clock(), LONGEST_PAUSE_SECONDS)
        if moved:
            log.warning("the clock was set back: jobs are looked at now", extra={"jobs": moved})

    async def run(self) -> None:
        """Work off due rows until ``stop``; a full disk is waited out."""
        while not self._stopping:
            self._bell.clear()
            await self._rest(await self._look())

    async def stop(self, timeout_seconds: float) -> None:
        """Take no more work; let running steps finish, put down what does not in time."""
        self._stopping = True
        self._bell.set()
        tasks = list(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=timeout_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def settle(self) -> None:
        """Take one look and finish every step it starts."""
        await self._start_due()
        await asyncio.gather(*self._running.values())

    async def _look(self) -> float | None:
        """Start what is due; return when to look again at the latest."""
        try:
            if self.age < -SET_BACK_SECONDS:
                await self._mind_the_clock()
            work = await self._start_due()
        except DatabaseDamaged:
            raise
        except StorageError as error:
            log.warning("no work can be taken now", extra={"error": str(error)})
            return None
        self._looked_at = self._clock()
        return work.look_again_at

    async def _start_due(self) -> Work:
        work = await self._database.write(
            dispatch.take_work,
            self._clock(),
            self._rules,
            MAX_STEPS - len(self._running),
            frozenset(self._running),
        )
        if self._stopping:  # whoever runs next finds it again
            return work
        for submission in work.submissions:
            self._start(submission.job, self._submit(submission))
        for job in work.due:
            self._start(job, self._take(job))
        return work

    async def _submit(self, submission: Submission) -> None:
        await self._steps.submit(submission)

    async def _take(self, job: Job) -> None:
        await self._steps.take(job)

    def _start(self, job: Job, step: Awaitable[None]) -> None:
        task = asyncio.create_task(self._guard(job, step), name=f"{job.state} {job.ref}")
        self._running[job.id] = task
        task.add_done_callback(lambda ended: self._ended(job, ended))

    def _ended(self, job: Job, task: asyncio.Task[None]) -> None:
        del self._running[job.id]
        self._bell.set()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("a step's end was not kept", exc_info=error, extra={"job": job.ref})

    async def _guard(self, job: Job, step: Awaitable[None]) -> None:
        """The border of a step: a defect costs pauses, in the end the job, never the loop."""
        try:
            await step
        except ChatMoved as moved:
            log.info("a group has another id", extra={"job": job.ref, "chat": moved.chat_id})
            await self._database.write(chats.follow_from, job, moved.chat_id, self._clock())
        except Exception:
            log.exception("a step broke", extra={"job": job.ref, "state": job.state})
            now = self._clock()
            await self._database.write(
                transactions.stumble, job, now, now + BROKEN_STEP_SECONDS, self._rules
            )

    async def _rest(self, until: float | None) -> None:
        seconds = LONGEST_REST_SECONDS
        if until is not None:
            seconds = min(max(until - self._clock(), 0.0), seconds)
        try:
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        except TimeoutError:
            return
