"""What the parts of the process are run with: rounds, waits, and calls that have to succeed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from telegram.error import InvalidToken, NetworkError, RetryAfter

from bot.jobs import retry
from bot.updates.polling import TokenRefused

log = logging.getLogger(__name__)

START_RETRY = retry.Policy(first=1, cap=30)


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do ``work`` again and again, with a pause after each time."""
    while True:
        await work()
        await asyncio.sleep(seconds)


async def until(stop: asyncio.Event) -> None:
    """Wait as a task of its own."""
    await stop.wait()


async def insist(stop: asyncio.Event, call: Callable[[], Awaitable[None]]) -> bool:
    """Repeat a call that Telegram does not answer; False: stopped before it did.

    Raises TokenRefused, and whatever ``call`` raises that is no trouble of the network.
    """
    failures = 0
    while not stop.is_set():
        try:
            await call()
        except InvalidToken as error:
            raise TokenRefused from error
        except (NetworkError, RetryAfter) as error:
            failures += 1
            seconds = retry.pause(START_RETRY, failures, chance=0.0) or START_RETRY.cap
            log.warning("Telegram does not answer", extra={"error": str(error), "wait": seconds})
            await wait(stop, seconds)
        else:
            return True
    return False


async def wait(stop: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but no longer than ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
