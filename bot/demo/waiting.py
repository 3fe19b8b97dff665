"""Waiting for whichever of several things comes first."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Coroutine, Iterator
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def race(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when the first of them is through, or raise what it died of; cancel the others."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def until(event: asyncio.Event) -> None:
    """Return once the event is set."""
    await event.wait()


async def within(seconds: float, wait: Awaitable[object]) -> None:
    """Return when it is through, or after that time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wait


@contextlib.contextmanager
def signalled() -> Iterator[asyncio.Event]:
    """Give an event that is set by the signals that end a program."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
