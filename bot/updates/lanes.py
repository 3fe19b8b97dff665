"""Handles the updates of one chat in order, those of several side by side, in fair turns."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from storage.inbox import Stored

Handle = Callable[[Stored], Awaitable[None]]
Done = Callable[[int, str | None], None]

_CANCEL_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Lanes:
    """At most ``limit`` handlers run at once, and never two for the same lane.

    After each update a lane goes to the end of the row: a chat that floods waits for its own
    updates only. Workers are tasks that live while there is something to do and take one update
    after another, so context variables that a handler sets must be unset by it.
    """

    def __init__(self, handle: Handle, *, limit: int) -> None:
        self._handle = handle
        self._limit = limit
        # A lane is a key from its first waiting update until its last one is handled.
        self._waiting: dict[int, deque[tuple[Stored, Done]]] = {}
        self._turns: deque[int] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._backlog = 0
        self._progress = asyncio.Event()
        self._stopping = False

    @property
    def backlog(self) -> int:
        """How many updates wait or are being handled."""
        return self._backlog

    def offer(self, updates: Iterable[Stored], done: Done) -> None:
        """Take committed updates in their order; never waits.

        ``done`` is called with the id of each and the class name of what its handler raised, or
        ``None``. It is not called for what a ``drain`` left over.
        """
        for each in updates:
            self._backlog += 1
            if each.lane not in self._waiting:
                self._waiting[each.lane] = deque()
                self._turns.append(each.lane)
            self._waiting[each.lane].append((each, done))
        self._hire()

    async def settle(self, backlog: int = 0) -> None:
        """Wait until no more than ``backlog`` updates are left, or nothing is handled any more."""
        while self._backlog > backlog and not self._stopping:
            self._progress.clear()
            await self._progress.wait()

    async def drain(self, timeout_seconds: float) -> None:
        """Stop: begin nothing new and give what runs ``timeout_seconds`` before it is cancelled.

        What was not handled to its end is still open in the inbox and comes again after a restart.
        """
        self._stopping = True
        self._progress.set()
        late = await _outlasting(self._workers, timeout_seconds)
        for worker in late:
            worker.cancel()
        if stuck := await _outlasting(late, _CANCEL_SECONDS):
            logger.error("%d handlers do not end", len(stuck))

    def _hire(self) -> None:
        if self._stopping:
            return
        for _ in range(min(len(self._turns), self._limit - len(self._workers))):
            worker = asyncio.create_task(self._work(), name="lane worker")
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        while self._turns and not self._stopping:
            lane = self._turns.popleft()
            waiting = self._waiting[lane]
            update, done = waiting.popleft()
            done(update.update_id, await self._outcome(update))
            self._backlog -= 1
            self._progress.set()
            if waiting:
                self._turns.append(lane)
            else:
                del self._waiting[lane]
            # A handler that had nothing to wait for must not keep the loop from everybody else.
            await asyncio.sleep(0)

    async def _outcome(self, update: Stored) -> str | None:
        try:
            await self._handle(update)
        except asyncio.CancelledError as error:
            # A handler may also meet the cancellation of something that it waited for.
            if _is_cancelled():
                raise
            return _failed(update, error)
        except Exception as error:  # noqa: BLE001 - the border: whatever a handler does, its lane goes on
            return _failed(update, error)
        return None


def _failed(update: Stored, error: BaseException) -> str:
    logger.error("update %d of lane %d failed", update.update_id, update.lane, exc_info=error)
    return type(error).__name__


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _outlasting(
    tasks: set[asyncio.Task[None]], timeout_seconds: float
) -> set[asyncio.Task[None]]:
    return (await asyncio.wait(tasks, timeout=timeout_seconds))[1] if tasks else set()
