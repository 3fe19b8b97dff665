"""The updates that wait for the bot: numbered, filtered, kept until they are confirmed."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.demo.entities import Json
from bot.demo.limits import Refusal

FIRST_UPDATE_ID = 700_000_001
# Bot API, getUpdates, "allowed_updates": what comes only when asked for.
_ONLY_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_SUPERSEDED = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)


@dataclass(slots=True, eq=False)
class _Entry:
    update: Json
    given: bool = False

    @property
    def number(self) -> int | None:
        number = self.update.get("update_id")
        return number if isinstance(number, int) else None

    def is_over(self, offset: int) -> bool:
        """Whether it was given and confirmed; without a number it is given only once."""
        return self.given and (self.number is None or self.number < offset)


@dataclass(slots=True, eq=False)
class Feed:
    """A queue with one reader at a time; ``changed`` is told of every update."""

    changed: Callable[[], None]
    _entries: list[_Entry] = field(default_factory=list)
    _allowed: frozenset[str] | None = None
    _next_id: int = FIRST_UPDATE_ID
    _poller: asyncio.Future[None] | None = None
    closed: bool = False

    @property
    def waiting(self) -> list[Json]:
        """What is not confirmed yet, oldest first."""
        return [entry.update for entry in self._entries]

    def push(self, kind: str, body: Json) -> Json | None:
        """Queue an update of a kind; ``None`` when the bot does not want that kind."""
        unwanted = kind in _ONLY_ON_REQUEST if not self._allowed else kind not in self._allowed
        if unwanted:
            return None
        self._next_id += 1
        return self.push_raw({"update_id": self._next_id - 1, kind: body})

    def push_raw(self, update: Json) -> Json:
        """Queue an update exactly as given: twice, out of order, malformed, of any kind.

        It is given to the bot once at least, whatever its number.
        """
        self._entries.append(_Entry(update))
        self._wake()
        self.changed()
        return update

    def allow(self, kinds: object) -> None:
        """Remember what the bot wants from now on; anything but a list changes nothing."""
        if isinstance(kinds, list):
            self._allowed = frozenset(map(str, kinds))

    def clear(self) -> None:
        """Drop what waits."""
        self._entries.clear()

    def delivered(self, update: Json) -> None:
        """Drop an update that the webhook has taken."""
        self._entries = [entry for entry in self._entries if entry.update is not update]
        self.changed()

    async def poll(self, offset: int, limit: int, timeout_seconds: float) -> list[Json]:
        """Confirm what is below ``offset`` and return what waits, or comes in that time.

        Raises ``Refusal`` (409) when another reader comes to wait.
        """
        self._confirm(offset)
        if not self._entries and timeout_seconds > 0 and not self.closed:
            await self._wait(timeout_seconds)
        batch = self._entries[:limit]
        for entry in batch:
            entry.given = True
        return [entry.update for entry in batch]

    def close(self) -> None:
        """Let the waiting reader go; nobody waits from now on."""
        self.closed = True
        self._wake()
        self.changed()

    def conflict(self, description: str) -> None:
        """Send the waiting reader away with 409."""
        if self._poller is not None and not self._poller.done():
            self._poller.set_exception(Refusal(409, description))

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self._entries = self._entries[offset:]
        else:
            self._entries = [entry for entry in self._entries if not entry.is_over(offset)]

    async def _wait(self, timeout_seconds: float) -> None:
        self.conflict(_SUPERSEDED)
        self._poller = poller = asyncio.get_running_loop().create_future()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await poller

    def _wake(self) -> None:
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(None)
