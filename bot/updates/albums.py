"""Puts albums together: an album is complete once no further part has come for a while.

A part is an update of its own, and nothing tells which is the last. So every part is committed
when it arrives, and a round beside the lanes watches the waits. Once a wait is over, the stored
update of the album's first part goes through its chat's lane once more: behind every part that has
arrived, in front of whatever comes later, never beside another handler of that chat. The handler
sees that the album is complete and ends it. A killed process leaves the album open in the database.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from bot.models import Album, AlbumPart
from storage import albums
from storage.database import Database

QUIET_SECONDS = 1.0
LONGEST_SECONDS = 8.0

Again = Callable[[int, Callable[[], None]], Awaitable[bool]]
"""Hands a stored update to its lane once more; see ``Inbox.again``."""


class Albums:
    """What the handlers of parts need: every method is one transaction."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def arrived(self, part: AlbumPart, user_id: int) -> AlbumPart:
        """Keep a part, and wait for the next; one that is known is returned as it is kept."""
        return await self._database.write(
            albums.arrive, part, user_id, self._clock(), QUIET_SECONDS, LONGEST_SECONDS
        )

    async def settled(self, part: AlbumPart) -> None:
        """Keep the photo that a part has become, or its problem."""
        await self._database.write(albums.settle, part)

    async def complete(self, chat_id: int, group_id: str) -> Album | None:
        """Return an album that is to be ended now."""
        return await self._database.read(albums.complete, chat_id, group_id, self._clock())

    async def close(self, album: Album) -> None:
        """Note that all parts of the album have found their place."""
        await self._database.write(albums.close, album, [part.update_id for part in album.parts])


class AlbumRounds:
    """Sees to it that every album is ended, whatever happens to its parts."""

    def __init__(self, database: Database, again: Again, clock: Callable[[], float]) -> None:
        self._database = database
        self._again = again
        self._clock = clock
        self._in_lane: set[tuple[int, str]] = set()
        self._handled: list[Album] = []

    async def recover(self) -> None:
        """At the start: wait once more for parts that Telegram has still to deliver."""
        await self._database.write(albums.wait_again, self._clock(), QUIET_SECONDS)

    async def round(self) -> None:
        """Send the albums whose wait is over through their lanes."""
        await self._give_up()
        for album in await self._database.read(albums.due, self._clock()):
            await self._send(album)

    async def _send(self, album: Album) -> None:
        key = (album.chat_id, album.group_id)
        if key in self._in_lane:
            return
        self._in_lane.add(key)
        done = partial(self._done, album)
        if not await self._again(album.update_id, done):
            done()

    def _done(self, album: Album) -> None:
        self._in_lane.discard((album.chat_id, album.group_id))
        self._handled.append(album)

    async def _give_up(self) -> None:
        """Close what its handler has left open: it failed, or the person was not let past."""
        handled, self._handled = self._handled, []
        for album in handled:
            await self._database.write(albums.close, album, ())
