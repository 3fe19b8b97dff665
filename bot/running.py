"""What the parts of the process are run with: rounds, waits, and calls that have to succeed."""

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine

from telegram.error import InvalidToken, NetworkError, RetryAfter

from bot.errors import DatabaseDamaged, StorageError
from bot.jobs import retry
from bot.updates.polling import TokenRefused

log = logging.getLogger(__name__)

START_RETRY = retry.Policy(first=1, cap=30)


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do ``work`` again and again, with a pause after each time; a full disk is waited out."""
    while True:
        try:
            await work()
        except DatabaseDamaged:
            raise
        except StorageError as error:
            log.warning("a round was left out", extra={"error": str(error)})
        await asyncio.sleep(seconds)


async def until(stop: asyncio.Event) -> None:
    """Wait as a task of its own."""
    await stop.wait()


async def insist(stop: asyncio.Event, call: Callable[[], Coroutine[None, None, None]]) -> bool:
    """Repeat a call that Telegram does not answer; False: stopped before it did.

    Raises TokenRefused, and whatever ``call`` raises that is no trouble of the network.
    """
    failures = 0
    while not stop.is_set():
        try:
            return await _unless(stop, call())
        except InvalidToken as error:
            raise TokenRefused from error
        except (NetworkError, RetryAfter) as error:
            failures += 1
            seconds = retry.pause(START_RETRY, failures, chance=0.0) or START_RETRY.cap
            log.warning("Telegram does not answer", extra={"error": str(error), "wait": seconds})
            await wait(stop, seconds)
    return False


async def _unless(stop: asyncio.Event, call: Coroutine[None, None, None]) -> bool:
    """Await a call that may hang; False when the event came first and the call was cancelled."""
    calling = asyncio.create_task(call, name="call")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({calling, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not calling.done():
            return False
        calling.result()
        return True
    finally:
        calling.cancel()
        stopping.cancel()
        await asyncio.gather(calling, stopping, return_exceptions=True)


async def wait(stop: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but no longer than ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


def leave_within(seconds: float) -> None:
    """End the process with exit code 0 at the latest then, whatever its threads still do.

    Nothing can interrupt one that looks up a name or reads a video, and Python waits for it. Call
    this when all is closed and nothing is left to be lost.
    """
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()
