"""B7: ``kill -9`` again and again while people order: what is lost, charged wrongly, seen twice."""

import asyncio
import random

from tests.benchmarks.orders import QUIET_SECONDS, Durations, Toll, send, settled, toll
from tests.benchmarks.report import Goal, Line
from tests.benchmarks.size import Size
from tests.benchmarks.stage import BOT, NAIVE, stage, with_callbacks

ORDERS, KILLS = 40, 3
SPEED = 100.0
ORDERS_PER_SECOND = 9.0
LIVES_SECONDS = (0.3, 2.0)
# What keeps nothing has nothing to wait for.
NAIVE_QUIET_SECONDS = 2.0


def measure(size: Size) -> list[Line]:
    """Let the same storm pass over both bots, in turns."""
    count, kills = size.of(ORDERS, least=6), size.of(KILLS)
    ours, naive = [], []
    for seed in range(size.rounds):
        ours.append(asyncio.run(_storm(BOT, count, kills, seed, QUIET_SECONDS)))
        naive.append(asyncio.run(_storm(NAIVE, count, kills, seed, NAIVE_QUIET_SECONDS)))
    return [
        Line(
            f"B7 lost or wrongly charged of {count}, {kills} × kill -9",
            "jobs",
            "naive bot",
            [float(each.lost + each.wrong) for each in ours],
            [float(each.lost + each.wrong) for each in naive],
            Goal(0.0, on_ours=True),
        ),
        Line(
            "B7 videos seen twice",
            "per 1,000",
            "naive bot",
            [1000 * each.twice / count for each in ours],
            [1000 * each.twice / count for each in naive],
            Goal(5.0, on_ours=True),
        ),
    ]


async def _storm(
    program: tuple[str, ...], count: int, kills: int, seed: int, quiet_seconds: float
) -> Toll:
    dice = random.Random(seed)  # noqa: S311 - it is to be repeatable
    async with stage(Durations(SPEED, dice), creates_per_10s=1000, max_running=1000) as here:
        settings = with_callbacks() | {"POLL_EXPECTED_SECONDS": "2", "KIE_MAX_CONCURRENT": "100"}
        settings |= {"KIE_CREATES_PER_10S": "1000"}
        child = await here.start(*program, **settings)
        await here.listening(child)
        sending = asyncio.create_task(send(here, count, count / ORDERS_PER_SECOND), name="people")
        for _ in range(kills):
            await asyncio.sleep(dice.uniform(*LIVES_SECONDS))
            await child.kill()
            child = await here.start(*program, **settings)
            await here.listening(child)
        await sending
        await settled(here, count, quiet_seconds)
        await child.kill()
        return toll(here, count)
