"""Stores every update before it is acknowledged, and hands it to its lane until it is handled."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from telegram import Bot, Update

from bot.errors import VeogramError
from bot.updates.lanes import Handle, Lanes
from storage.database import Database
from storage.inbox import Incoming, Stored, mark_handled, open_updates, store, stored

PAGE = 500
RECOVERY_BACKLOG = 10_000
MARK_SECONDS = 0.05

_INT64 = 1 << 63
# Where the id of the chat stands in the parts of an update (Bot API, "Update"), the surest first.
_CHAT_PATHS = (("chat",), ("message", "chat"))
_PERSON_PATHS = (("from",), ("user",))

logger = logging.getLogger(__name__)


class UpdateUnreadable(VeogramError):
    """Telegram sent an update that the framework cannot read."""


def update_id_of(raw: object) -> int | None:
    """Return the id of a raw update, ``None`` when it has none that can be stored."""
    number = _int64(raw.get("update_id")) if isinstance(raw, Mapping) else None
    return number if number is not None and number >= 0 else None


def read_update(raw: object) -> Incoming | None:
    """Read as much of a raw update as storing it takes; ``None`` when even that is not there.

    Never raises, whatever the JSON holds. The lane is the chat's id, else the sender's (which is
    the id of their private chat), else 0.
    """
    update_id = update_id_of(raw)
    if update_id is None or not isinstance(raw, Mapping):
        return None
    try:
        body = json.dumps(raw)
    except (RecursionError, TypeError, ValueError):
        return None
    return Incoming(update_id, _lane(raw), body)


def _lane(raw: Mapping[object, object]) -> int:
    parts = [part for part in raw.values() if isinstance(part, Mapping)]
    for paths in (_CHAT_PATHS, _PERSON_PATHS):
        for part in parts:
            for path in paths:
                if (found := _id_at(part, path)) is not None:
                    return found
    return 0


def _id_at(part: object, path: Iterable[str]) -> int | None:
    for name in (*path, "id"):
        part = part.get(name) if isinstance(part, Mapping) else None
    return _int64(part)


def _int64(value: object) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64
    return int(value) if isinstance(value, int) and fits else None


def reader(bot: Bot, process: Callable[[Update], Awaitable[None]]) -> Handle:
    """Make what lanes call: each stored update is read alone and given to ``process``.

    What the framework cannot read raises ``UpdateUnreadable``, which closes this one update.
    """

    async def handle(stored: Stored) -> None:
        await process(_parsed(stored, bot))

    return handle


def _parsed(stored: Stored, bot: Bot) -> Update:
    try:
        update = Update.de_json(_read_again(stored.body), bot)
        _check_ids(update)
    except Exception as error:
        raise UpdateUnreadable(f"update {stored.update_id} cannot be read") from error
    return update


def _check_ids(update: Update) -> None:
    """Raise TypeError for ids that are no numbers: the framework lets anything be one."""
    for whose in (update.effective_user, update.effective_chat):
        if whose is not None and _int64(whose.id) is None:
            raise TypeError("an id that is no number")


def _read_again(body: str) -> dict[str, Any]:
    """Read what ``read_update`` has written.

    Halves of characters, which neither the database nor Telegram would take, become question
    marks; only what was escaped can hold any.
    """
    if "\\ud" in body:
        whole = json.dumps(json.loads(body), ensure_ascii=False)
        body = whole.encode("utf-8", "replace").decode("utf-8")
    read: dict[str, Any] = json.loads(body, parse_int=_storable)
    return read


def _storable(digits: str) -> int:
    """Read a number; raises ValueError for one that no column could hold, and so no id can be."""
    number = int(digits)
    if _int64(number) is None:
        raise ValueError(f"a number of {len(digits)} digits")
    return number


class Inbox:
    """The one way in for updates, whether polled or pushed.

    Each is handled at least once and, per lane, in the order in which it was committed. Nothing
    is handed to the lanes before ``recover`` is called: what an earlier run left open goes first.
    """

    def __init__(
        self,
        database: Database,
        lanes: Lanes,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._database = database
        self._lanes = lanes
        self._clock = clock
        self._sleep = sleep
        self._order = asyncio.Lock()  # what is committed first is also offered first
        self._recovered_to: int | None = -1  # None: everything older is with the lanes
        self._handled: dict[int, str | None] = {}
        self._marker: asyncio.Task[None] | None = None
        self.stored = 0  # updates since the start, each counted once

    async def put(self, raws: Iterable[object]) -> None:
        """Commit raw updates in one write; when this returns they may be acknowledged.

        Known ones are ignored, unreadable ones logged and left out. Raises what the database
        raises; nothing is stored then. Runs to its end even when the caller is cancelled: an
        update that is committed but not offered would wait for the next start.
        """
        incoming = {each.update_id: each for raw in raws if (each := _read_or_log(raw))}
        if incoming:
            await asyncio.shield(self._commit(tuple(incoming.values())))

    async def recover(self) -> int:
        """Offer what an earlier run left unhandled, in order; return how many updates that were.

        Updates that are put meanwhile queue behind them. Reads page by page and waits while the
        lanes hold more than ``RECOVERY_BACKLOG``.
        """
        count = 0
        while self._recovered_to is not None:
            count += await self._recover_page(self._recovered_to)
            await self._lanes.settle(RECOVERY_BACKLOG)
        return count

    async def again(self, update_id: int, done: Callable[[], None]) -> bool:
        """Hand a stored update to its lane once more, behind what waits there.

        ``done`` is called once it was handled. False: the update is not kept any more.
        """
        found = await self._database.read(stored, update_id)
        if found is not None:
            self._lanes.offer([found], lambda _id, _error: done())
        return found is not None

    async def close(self) -> None:
        """Write the last marks; after the lanes are drained, before the database closes."""
        async with self._order:  # a put whose caller was cancelled ends here
            pass
        if self._marker is not None:
            await self._marker
        if self._handled:
            await self._write_marks()

    async def _commit(self, incoming: Sequence[Incoming]) -> None:
        async with self._order:
            new = set(await self._database.write(store, incoming, self._clock()))
            self.stored += len(new)
            self._offer(each for each in incoming if each.update_id in new)

    def _offer(self, committed: Iterable[Incoming]) -> None:
        known = self._recovered_to
        self._lanes.offer(
            [
                Stored(each.update_id, each.lane, each.body)
                for each in committed
                if known is None or each.update_id <= known  # the rest is met by recover
            ],
            self._done,
        )

    async def _recover_page(self, after: int) -> int:
        async with self._order:
            page = await self._database.read(open_updates, after, PAGE)
            self._lanes.offer(page, self._done)
            self._recovered_to = page[-1].update_id if page else None
        return len(page)

    def _done(self, update_id: int, error: str | None) -> None:
        self._handled[update_id] = error
        if self._marker is None:
            self._marker = asyncio.create_task(self._mark(), name="inbox marks")

    async def _mark(self) -> None:
        # One write for all that was handled meanwhile: a commit for each would cost more than it.
        try:
            while self._handled:
                await self._sleep(MARK_SECONDS)
                await self._write_marks()
        except Exception:
            logger.exception("handled updates cannot be marked; the next one tries again")
        finally:
            self._marker = None

    async def _write_marks(self) -> None:
        marks, self._handled = self._handled, {}
        try:
            await self._database.write(mark_handled, tuple(marks.items()), self._clock())
        except BaseException:
            self._handled = marks | self._handled
            raise


def _read_or_log(raw: object) -> Incoming | None:
    read = read_update(raw)
    if read is None:
        logger.error("update %s cannot be stored and is left out", update_id_of(raw))
    return read
