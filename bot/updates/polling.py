"""Long polling: fetch raw updates, commit them, only then acknowledge them by moving the offset."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NoReturn, Protocol

from telegram import Bot
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import RequestData

# RequestData takes nothing else, and its own documentation leaves open how it is filled.
from telegram.request._requestparameter import RequestParameter

from bot.errors import ConfigurationError, StorageError, VeogramError
from bot.jobs.retry import Policy, pause
from bot.updates.inbox import update_id_of
from bot.updates.limiter import seconds_of

# What has just come is handled before the next request is put together, which takes as long; what
# comes meanwhile comes together, and takes one commit.
HEAD_START_SECONDS = 0.002
TIMEOUT_SECONDS = 30
SILENCE_SECONDS = 3 * TIMEOUT_SECONDS + 30
# An instance that was killed leaves its last long poll behind: that conflict ends by itself.
CONFLICT_SECONDS = 2 * TIMEOUT_SECONDS + 30

_ANSWER_SECONDS = 10
_PACE = Policy(first=1.0, cap=30.0, jitter=0.0, retry_after_cap=60.0)

Fetch = Callable[[int | None], Awaitable[Sequence[object]]]

logger = logging.getLogger(__name__)


class TokenRefused(ConfigurationError):
    """Telegram does not know this bot token: compare TELEGRAM_TOKEN with @BotFather's."""


class SecondPoller(VeogramError):
    """Another program polls Telegram with the same bot token: stop one of the two."""


class PollingDead(VeogramError):
    """Telegram has not been heard of for too long."""


class _Inbox(Protocol):
    async def put(self, raws: Iterable[object]) -> None: ...


class _NoProgress(VeogramError):
    """Telegram sent updates without ids, which cannot be acknowledged."""


async def raw_get_updates(
    bot: Bot, offset: int | None, timeout_seconds: int, allowed: Sequence[str]
) -> list[object]:
    """Fetch up to 100 updates as plain JSON (Bot API, getUpdates), so that each is read alone.

    ``offset`` acknowledges all ids below it. Waits up to ``timeout_seconds`` for the first update.
    Raises TelegramError only, NetworkError where the answer is not one of the Bot API.
    """
    wanted = {"offset": offset, "timeout": timeout_seconds, "allowed_updates": list(allowed)}
    data = RequestData([RequestParameter.from_input(name, each) for name, each in wanted.items()])
    try:
        answer: object = await bot.request.post(
            f"{bot.base_url}/getUpdates", data, read_timeout=timeout_seconds + _ANSWER_SECONDS
        )
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        # The framework takes the envelope for granted.
        raise NetworkError("getUpdates: not an answer of the Bot API") from error
    if not isinstance(answer, list):
        raise NetworkError("getUpdates: the result is not a list")
    return answer


class Watchdog:
    """Ends the process when ``beat`` was not called for ``limit_seconds``: better than limping.

    ``clock`` may be a monotonic one, which an adjusted system clock does not disturb.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        *,
        limit_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._limit_seconds = limit_seconds
        self._last = clock()

    @property
    def age(self) -> float:
        """Seconds since the last sign of life, or since the start."""
        return self._clock() - self._last

    def beat(self) -> None:
        """Note a sign of life."""
        self._last = self._clock()

    async def watch(self) -> NoReturn:
        """Raise PollingDead once the silence is too long."""
        while (left := self._limit_seconds - self.age) > 0:
            await self._sleep(left)
        raise PollingDead(f"No updates could be fetched for {self.age:.0f} seconds.")


class Poller:
    """Moves updates from Telegram into the inbox until it is cancelled.

    Nothing is acknowledged before it is committed; what comes twice, the inbox knows already.
    """

    def __init__(
        self,
        fetch_updates: Fetch,
        inbox: _Inbox,
        watchdog: Watchdog,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        *,
        conflict_seconds: float = CONFLICT_SECONDS,
    ) -> None:
        self._fetch_updates = fetch_updates
        self._inbox = inbox
        self._watchdog = watchdog
        self._clock = clock
        self._sleep = sleep
        self._conflict_seconds = conflict_seconds
        self._offset: int | None = None
        self._failures = 0
        self._conflict_since: float | None = None

    async def run(self) -> NoReturn:
        """Poll for ever; troubles of network, Telegram and disk are waited out.

        Raises TokenRefused, and SecondPoller when a conflict lasts for ``conflict_seconds``.
        """
        while True:
            try:
                await self._step()
            except (StorageError, TelegramError, _NoProgress) as error:
                await self._sleep(self._pause_after(error))
            else:
                self._failures = 0
                self._conflict_since = None

    async def _step(self) -> None:
        raws = await self._fetch_updates(self._offset)
        self._watchdog.beat()
        await self._inbox.put(raws)
        ids = [each for raw in raws if (each := update_id_of(raw)) is not None]
        if ids:
            self._offset = max(ids) + 1
            await self._sleep(HEAD_START_SECONDS)
        elif raws:
            raise _NoProgress

    def _pause_after(self, error: Exception) -> float:
        self._failures += 1
        if isinstance(error, InvalidToken):
            raise TokenRefused from error
        if isinstance(error, Conflict):
            self._check_conflict(error)
        wish = seconds_of(error) if isinstance(error, RetryAfter) else None
        seconds = pause(_PACE, self._failures, chance=0.0, retry_after=wish) or 0.0
        logger.warning(
            "no updates (%s: %s), next try in %g s", type(error).__name__, error, seconds
        )
        return seconds

    def _check_conflict(self, error: Conflict) -> None:
        now = self._clock()
        if self._conflict_since is None:
            self._conflict_since = now
        if now - self._conflict_since >= self._conflict_seconds:
            raise SecondPoller from error
