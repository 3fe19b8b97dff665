"""The rounds that end albums: once each, whatever becomes of the handler."""

from collections.abc import Callable

from bot.models import AlbumPart, Picture
from bot.updates.albums import QUIET_SECONDS, AlbumRounds, Albums
from storage.database import Database
from tests.conftest import Clock


class Lane:
    """Keeps what was handed over, until ``end`` lets a handler have ended."""

    def __init__(self, *, forgets: bool = False) -> None:
        self.given: list[int] = []
        self._done: list[Callable[[], None]] = []
        self._forgets = forgets

    async def again(self, update_id: int, done: Callable[[], None]) -> bool:
        self.given.append(update_id)
        if not self._forgets:
            self._done.append(done)
        return not self._forgets

    def end(self) -> None:
        self._done.pop(0)()


class Here:
    def __init__(self, database: Database, clock: Clock, lane: Lane | None = None) -> None:
        self.clock = clock
        self.lane = lane or Lane()
        self.albums = Albums(database, clock)
        self.rounds = AlbumRounds(database, self.lane.again, clock)

    async def arrive(self, update_id: int) -> None:
        await self.albums.arrived(AlbumPart(update_id, 7, "g", update_id, Picture("f")), 1)

    async def wait(self, seconds: float = QUIET_SECONDS) -> None:
        self.clock.advance(seconds)
        await self.rounds.round()


async def test_an_album_goes_through_its_lane_once_its_wait_is_over(
    database: Database, clock: Clock
) -> None:
    here = Here(database, clock)
    await here.arrive(11)
    await here.wait(0.7)
    await here.arrive(12)
    await here.wait(0.7)
    assert here.lane.given == []
    await here.wait(0.3)
    await here.wait()
    assert here.lane.given == [11]


async def test_an_album_that_its_handler_closed_is_done(database: Database, clock: Clock) -> None:
    here = Here(database, clock)
    await here.arrive(11)
    await here.wait()
    album = await here.albums.complete(7, "g")
    assert album is not None
    await here.albums.close(album)
    here.lane.end()
    await here.wait()
    assert here.lane.given == [11]
    assert await here.albums.complete(7, "g") is None


async def test_an_album_that_its_handler_left_open_is_given_up(
    database: Database, clock: Clock
) -> None:
    here = Here(database, clock)
    await here.arrive(11)
    await here.wait()
    here.lane.end()
    await here.wait()
    assert here.lane.given == [11]


async def test_an_album_that_grew_meanwhile_is_not_given_up(
    database: Database, clock: Clock
) -> None:
    here = Here(database, clock)
    await here.arrive(11)
    await here.wait()
    await here.arrive(12)
    here.lane.end()
    await here.wait()
    assert here.lane.given == [11, 11]


async def test_an_album_whose_update_is_gone_is_given_up(database: Database, clock: Clock) -> None:
    here = Here(database, clock, Lane(forgets=True))
    await here.arrive(11)
    for _ in range(3):
        await here.wait()
    assert here.lane.given == [11]


async def test_an_album_that_a_dead_process_left_waits_once_more_and_is_ended(
    database: Database, clock: Clock
) -> None:
    await Here(database, clock).arrive(11)
    clock.advance(3600.0)
    here = Here(database, clock)
    await here.rounds.recover()
    await here.rounds.round()
    assert here.lane.given == []
    await here.wait()
    assert here.lane.given == [11]
