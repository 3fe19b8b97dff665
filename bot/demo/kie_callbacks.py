"""Callbacks of KIE's stand-in: one task of the event loop per callback that is awaited."""

import asyncio
import json
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.demo import outward
from bot.demo.kie_records import callback, signature
from bot.demo.kie_rules import Json
from bot.demo.kie_state import Task
from bot.demo.waiting import race

TIMEOUT_SECONDS = 15.0
PAUSES_SECONDS = (5.0, 20.0)
"""Between the three tries; KIE gives up after the third (pauses are not documented)."""

_OK = 200


@dataclass(frozen=True, slots=True)
class Knock:
    """One try to deliver a callback; ``status`` is ``None`` when nobody answered."""

    at: float
    task_id: str
    url: str
    body: Json
    status: int | None


class Callbacks:
    """Sends callbacks when tasks end, up to three times each, signed if there is a key."""

    def __init__(
        self,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        *,
        hmac_key: str | None,
        speed: Callable[[], float],
        settle: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._hmac_key = hmac_key
        self._speed = speed
        self._settle = settle
        self._changed = changed
        self._waiting: set[asyncio.Task[None]] = set()
        self.knocks: list[Knock] = []

    def expect(self, task: Task) -> None:
        """Send the task's callbacks once it has ended."""
        if task.order.callback_url is None or task.fate.copies == 0:
            return
        waiting = asyncio.create_task(self._when_ended(task), name=f"kie-callback-{task.id}")
        self._waiting.add(waiting)
        waiting.add_done_callback(self._drop_unless_failed)

    def _drop_unless_failed(self, waiting: asyncio.Task[None]) -> None:
        # A failed one is kept: stop() raises what it died of.
        if waiting.cancelled() or waiting.exception() is None:
            self._waiting.discard(waiting)

    async def send(self, task: Task) -> None:
        """Send the callbacks of a task now."""
        self._settle()
        for _ in range(task.fate.copies):
            await self._deliver(task)

    async def stop(self) -> None:
        """Forget what has not been sent; raise what a callback died of."""
        waiting = list(self._waiting)
        for task in waiting:
            task.cancel()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _when_ended(self, task: Task) -> None:
        while not task.ended(now := self._clock()):
            if math.isinf(task.ready_at):
                await task.hurried.wait()
            else:
                await race(self._until(task.ready_at - now), task.hurried.wait())
        await self.send(task)

    async def _until(self, seconds: float) -> None:
        await self._sleep(seconds)

    async def _deliver(self, task: Task) -> None:
        for pause in (0.0, *PAUSES_SECONDS):
            if pause:
                await self._sleep(pause / self._speed())
            if await self._knock(task) == _OK:
                return

    async def _knock(self, task: Task) -> int | None:
        now = self._clock()
        url = task.order.callback_url or ""
        body = callback(task, now)
        headers = {"Content-Type": "application/json", "User-Agent": "kie-callback/1.0"}
        try:
            reply = await outward.request(
                "POST",
                url,
                headers=headers | self._signed(task, now),
                body=json.dumps(body).encode(),
                timeout_seconds=TIMEOUT_SECONDS,
            )
            status: int | None = reply.status
        except outward.Unreachable:
            status = None
        self.knocks.append(Knock(now, task.id, url, body, status))
        self._changed()
        return status

    def _signed(self, task: Task, now: float) -> dict[str, str]:
        if self._hmac_key is None:
            return {}
        key = "another key" if task.fate.bad_signature else self._hmac_key
        timestamp = int(now)
        return {
            "X-Webhook-Timestamp": str(timestamp),
            "X-Webhook-Signature": signature(key, task.id, timestamp),
        }
