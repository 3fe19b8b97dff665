"""The same 200 jobs through the naive design and through this bot, with one ``kill -9`` midway."""

import asyncio
import random
from dataclasses import dataclass
from pathlib import Path

from bot.demo.clips import Clip
from tests.benchmarks.films import film
from tests.benchmarks.orders import (
    QUIET_SECONDS,
    Durations,
    Toll,
    requests_per_video,
    send,
    settled,
    toll,
)
from tests.benchmarks.report import Line
from tests.benchmarks.size import Size
from tests.benchmarks.stage import BOT, NAIVE, Child, Stage, stage, with_callbacks

ORDERS = 200
SPEED = 60.0
FILM_BYTES = 4 << 20
ORDERING_SECONDS = 10.0
PAUSE_SECONDS = 5 / SPEED
NAIVE_QUIET_SECONDS = 4.0
MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Passage:
    """What it took: requests to KIE per video, megabytes above those at rest, and the toll."""

    requests: float
    memory: float
    toll: Toll


def measure(size: Size) -> list[Line]:
    """Let the same orders pass once through each: these are counts, not times."""
    count = size.of(ORDERS, least=4)
    seen = {
        "naive": asyncio.run(_pass(NAIVE, count, {}, NAIVE_QUIET_SECONDS)),
        "polling": asyncio.run(_pass(BOT, count, {}, QUIET_SECONDS)),
        "callbacks": asyncio.run(_pass(BOT, count, with_callbacks(), QUIET_SECONDS)),
    }
    naive = seen.pop("naive")
    return [
        line for name, ours in seen.items() for line in _lines(f"{count} jobs, {name}", ours, naive)
    ]


def _lines(name: str, ours: Passage, naive: Passage) -> list[Line]:
    against = "naive bot"
    lost = [float(ours.toll.lost)], [float(naive.toll.lost)]
    return [
        Line(
            f"{name}: to KIE per job", "requests", against, [ours.requests], [naive.requests], None
        ),
        Line(f"{name}: memory above rest", "MB", against, [ours.memory], [naive.memory], None),
        Line(f"{name}: lost by one kill -9", "jobs", against, *lost, None),
    ]


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
        return Passage(requests_per_video(here), (peak - memory) / MB, toll(here, count))


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
