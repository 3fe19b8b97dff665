"""A storm: the real process, people who go on ordering, faults around it, and ``kill -9``."""

import asyncio
import math
import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.world import World, world
from tests.storm import weather
from tests.storm.people import Guest
from tests.storm.verdict import Figures, judge

HMAC_KEY = "hmac-key-0123456789abcdef0123456789"
FIRST_GUEST_ID = 20_000
LONG = 100  # jobs
# That nothing has moved for so long means that something is stuck.
STUCK_SECONDS = 150.0
ENDS = "('done', 'failed', 'expired', 'cancelled')"
# What is delivered stays due until it is tidied.
AT_WORK = f"state NOT IN {ENDS} OR untold OR (state = 'done' AND due_at IS NOT NULL)"
OPEN = f"SELECT count(*) FROM jobs WHERE {AT_WORK}"  # noqa: S608 - own text
WAITING = "SELECT count(*) FROM inbox WHERE handled_at IS NULL"
MOVED = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM inbox)"


@dataclass(frozen=True, slots=True)
class Force:
    """How hard a storm is."""

    jobs: int
    kills: int
    seed: int

    @property
    def people(self) -> int:
        """Enough of them that no chat's own pace is what is measured."""
        return max(5, self.jobs // 15)

    @property
    def hope_seconds(self) -> float:
        """Long enough in a long storm for upgrades and extensions to be a good part of it."""
        return 8.0 if self.jobs < LONG else 25.0

    @property
    def deeds(self) -> int:
        """Some of what people do becomes no job: it is refused, or they give up."""
        return math.ceil(self.jobs * 1.3)


class BotDied(AssertionError):
    """The bot ended although nobody had killed it."""


class Storm:
    """One storm over one world; everything random comes from the seed."""

    def __init__(self, here: World, force: Force) -> None:
        self._here = here
        self._force = force
        self._dice = random.Random(force.seed)  # noqa: S311 - a storm is to be repeatable
        self._port = _free_port()
        self.guests = [
            Guest(
                here.telegram.user(FIRST_GUEST_ID + number, f"Guest {number}"),
                random.Random(f"{force.seed}-{number}"),  # noqa: S311
                hope_seconds=force.hope_seconds,
            )
            for number in range(force.people)
        ]

    async def blow(self) -> Figures:
        """Let it pass and return what it left."""
        weather.brew(self._here, self._dice, 3 * self._force.jobs)
        await self._start()
        wind = asyncio.create_task(weather.blow(self._here, self._dice, 0.6), name="wind")
        people = asyncio.gather(*self._lives())
        for kill in range(self._force.kills):
            await self._kill_after(kill + 1)
        await self._watched(people)
        wind.cancel()
        self._calm()
        await self._rest()
        code = await self._here.terminate()
        return await judge(self._here, self.guests, self._force.kills, code)

    def _lives(self) -> list[asyncio.Task[None]]:
        each, more = divmod(self._force.deeds, len(self.guests))
        return [
            asyncio.create_task(guest.live(each + (number < more)), name=f"guest {number}")
            for number, guest in enumerate(self.guests)
        ]

    async def _start(self) -> None:
        """Start the bot, with or without callbacks and in either dialect, as the dice have it."""
        settings = {
            "ACCESS": "open",
            "DAILY_CREDITS": "100000",
            "DAILY_CREDITS_TOTAL": "10000000",
            "MAX_JOBS_PER_USER": "5",
            "KIE_MAX_CONCURRENT": "60",
            "KIE_CREATES_PER_10S": "200",
            "KIE_DIALECT": self._dice.choice(("veo", "market")),
            "KIE_WEBHOOK_HMAC_KEY": HMAC_KEY,
            "SOFT_DEADLINE_SECONDS": "15",
        }
        if self._dice.random() < 0.7:
            settings |= {"PORT": str(self._port), "PUBLIC_URL": f"http://127.0.0.1:{self._port}"}
        await self._here.start(**settings)

    async def _kill_after(self, number: int) -> None:
        """Kill once about its share of the orders was made, at any moment of what goes on then."""
        share = self._force.deeds * number / (self._force.kills + 1)
        await self._until(lambda: sum(each.deeds for each in self.guests) >= share * 0.8)
        await asyncio.sleep(self._dice.uniform(0.3, 3.5))
        await self._here.kill()
        await asyncio.sleep(self._dice.uniform(0.0, 0.5))
        await self._start()

    async def _watched(self, people: "asyncio.Future[list[None]]") -> None:
        while not people.done():
            self._check_alive()
            await asyncio.wait({people}, timeout=0.5)
        await people

    def _calm(self) -> None:
        """Only what is under way already may still go wrong."""
        self._here.telegram._api.faults.clear()
        self._here.kie.clear_script()

    async def _rest(self) -> None:
        """Wait until every job has ended and everything was said."""
        loop = asyncio.get_running_loop()
        moved, since = None, loop.time()
        while not self._is_at_rest():
            self._check_alive()
            weather.make_up_its_mind(self._here)
            now = self._here.rows(MOVED)
            if now != moved:
                moved, since = now, loop.time()
            assert loop.time() - since < STUCK_SECONDS, f"stuck: {self._stuck()}"
            await asyncio.sleep(0.25)

    def _is_at_rest(self) -> bool:
        if self._here.rows(OPEN) != [(0,)] or self._here.rows(WAITING) != [(0,)]:
            return False
        now = time.time()
        return all(task.ended(now) for task in self._here.kie.tasks)

    def _stuck(self) -> list[tuple[object, ...]]:
        columns = "id, kind, state, tries, due_at, lease_until, untold"
        query = f"SELECT {columns} FROM jobs WHERE {AT_WORK}"  # noqa: S608
        return [*self._here.rows(query), *self._here.rows(WAITING)]

    async def _until(self, look: Callable[[], bool]) -> None:
        while not look():
            self._check_alive()
            await asyncio.sleep(0.1)

    def _check_alive(self) -> None:
        process = self._here.process
        if process is not None and process.returncode is not None:
            self._here.process = None  # there is nothing to kill at the end
            raise BotDied(f"exit code {process.returncode}\n{self._here.story()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def storm(folder: Path, force: Force) -> Figures:
    """Let a storm pass over a world of its own in ``folder``."""
    options = {
        "hmac_key": HMAC_KEY,
        "creates_per_10s": 300,
        "credit": 10_000_000,
        "speed": 20.0,  # of the pauses between the tries of a callback, too
    }
    async with world(folder, seconds=25.0, **options) as here:
        return await Storm(here, force).blow()
