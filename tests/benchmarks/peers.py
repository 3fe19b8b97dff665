"""The same 200 jobs through the naive design and through this bot: requests, memory, ``kill -9``.

Requests are counted where time leaps: a machine that is too slow for jobs that are sped up would
ask too seldom. Memory and what one ``kill -9`` midway loses are those of processes.
"""

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

from bot.demo.clips import Clip
from tests.benchmarks.b01_requests import JOBS_PER_ROUND
from tests.benchmarks.films import film
from tests.benchmarks.lives import pass_jobs
from tests.benchmarks.orders import (
    QUIET_SECONDS,
    Durations,
    Toll,
    send,
    settled,
    toll,
)
from tests.benchmarks.report import Line
from tests.benchmarks.size import Size
from tests.benchmarks.stage import BOT, NAIVE, Child, Stage, stage, with_callbacks

ORDERS = 200
ROUNDS = ORDERS // JOBS_PER_ROUND
AGAINST = "naive bot"
SPEED = 60.0
FILM_BYTES = 4 << 20
ORDERING_SECONDS = 10.0
PAUSE_SECONDS = 5 / SPEED
NAIVE_QUIET_SECONDS = 4.0
MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Passage:
    """What it took: megabytes above those at rest, and the toll."""

    memory: float
    toll: Toll


def measure(size: Size) -> list[Line]:
    """Let the same orders pass once through each: these are counts, not times."""
    count = size.of(ORDERS, least=4)
    naive = asyncio.run(_pass(NAIVE, count, {}, NAIVE_QUIET_SECONDS))
    ours = asyncio.run(_pass(BOT, count, with_callbacks(), QUIET_SECONDS))
    memory = [ours.memory], [naive.memory]
    lost = [float(ours.toll.lost)], [float(naive.toll.lost)]
    return [
        _requests("callbacks", size, with_callbacks=True),
        _requests("polling only", size, with_callbacks=False),
        Line(f"{count} jobs, memory above rest", "MB", AGAINST, *memory, None),
        Line(f"{count} jobs, lost by one kill -9", "jobs", AGAINST, *lost, None),
    ]


def _requests(name: str, size: Size, *, with_callbacks: bool) -> Line:
    count = size.of(JOBS_PER_ROUND)
    seen = [pass_jobs(count, seed, with_callbacks=with_callbacks) for seed in range(ROUNDS)]
    ours, naive = [each.requests for each in seen], [each.naive_requests for each in seen]
    title = f"{ROUNDS * count} jobs, to KIE for each, {name}"
    return Line(title, "requests", AGAINST, ours, naive, None)


async def _pass(
    program: tuple[str, ...], count: int, settings: dict[str, str], quiet_seconds: float
) -> Passage:
    dice = random.Random(1)  # noqa: S311 - it is to be repeatable
    options = {"creates_per_10s": 10_000, "max_running": 10_000, "draw": _draw}
    async with stage(Durations(SPEED, dice), **options) as here:
        settings = _settings() | settings
        child = await here.start(*program, **settings)
        memory = await _rest(here, child)
        sending = asyncio.create_task(send(here, count, ORDERING_SECONDS), name="people")
        await here.until(lambda: len(here.videos()) > count / 3 or None, "a third", child)
        peak = child.peak
        await child.kill()
        child = await here.start(*program, **settings)
        await sending
        await settled(here, count, quiet_seconds)
        peak = max(peak, child.peak)
        await child.kill()
        return Passage((peak - memory) / MB, toll(here, count))


async def _rest(here: Stage, child: Child) -> int:
    """Return the bytes in memory of a bot that has just started."""
    await here.listening(child)
    await asyncio.sleep(1)
    child.forget_peak()
    return child.memory


def _settings() -> dict[str, str]:
    return {
        "POLL_EXPECTED_SECONDS": str(180 / SPEED),
        "POLL_MIN_SECONDS": str(PAUSE_SECONDS),
        "KIE_MAX_CONCURRENT": "200",
        "KIE_CREATES_PER_10S": "10000",
    }


def _draw(clip: Clip, path: Path) -> None:
    del clip
    path.write_bytes(film(FILM_BYTES))
