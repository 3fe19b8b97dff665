"""B9: from an update at Telegram to the bot's first call for it, at rest and beside a flood."""

import asyncio
import time
from statistics import quantiles

from tests.benchmarks.report import Goal, Line
from tests.benchmarks.size import Size
from tests.benchmarks.stage import BARE, BOT, Broken, Child, Stage, stage

ASKED = "/help"
PEOPLE = 40
PAUSE_SECONDS = 0.05  # beyond what Telegram allows overall, it is the limits that are measured
FLOOD_PER_SECOND = 100
FIRST_FLOODER = 10_000
PATIENCE_SECONDS = 30.0
GOALS = {50: Goal(2.0), 95: Goal(3.0)}


def measure(size: Size) -> list[Line]:
    """Ask both bots the same, in turns."""
    return asyncio.run(_measure(size))


async def _measure(size: Size) -> list[Line]:
    seen: dict[tuple[str, bool], list[list[float]]] = {}
    async with stage(lambda _: 1.0) as ours, stage(lambda _: 1.0) as bare:
        both = (("ours", ours, await ours.start(*BOT)), ("bare", bare, await bare.start(*BARE)))
        for _, here, child in both:
            await here.listening(child)
            await _ask_all(here, size.of(PEOPLE, least=3))  # they meet the bot
        for number in range(size.rounds):
            for with_flood in (False, True):
                for name, here, child in both:
                    waits = await _waits(here, child, size, number if with_flood else None)
                    seen.setdefault((name, with_flood), []).append(waits)
        for *_, child in both:
            await child.kill()
    return [
        _line(f"B9 update → first call, p{percent}, {state}", percent, seen, with_flood=flood)
        for state, flood in (("at rest", False), ("beside a flood", True))
        for percent in GOALS
    ]


def _line(
    name: str,
    percent: int,
    seen: dict[tuple[str, bool], list[list[float]]],
    *,
    with_flood: bool,
) -> Line:
    ours, bare = (
        [_percentile(waits, percent) for waits in seen[each, with_flood]]
        for each in ("ours", "bare")
    )
    return Line(name, "ms", "bare PTB", ours, bare, GOALS[percent])


async def _waits(here: Stage, child: Child, size: Size, flooder: int | None) -> list[float]:
    """Return the milliseconds that everybody waited; ``flooder`` sends meanwhile."""
    await asyncio.sleep(1)  # every chat may be written to again
    flood = None if flooder is None else asyncio.create_task(_flood(here, flooder), name="flood")
    try:
        return await _ask_all(here, size.of(PEOPLE, least=3))
    finally:
        if flood is not None:
            flood.cancel()
        if child.process.returncode is not None:
            raise Broken("the program ended")


async def _ask_all(here: Stage, people: int) -> list[float]:
    asking = []
    for number in range(people):
        asking.append(asyncio.create_task(_ask(here, number), name="ask"))
        await asyncio.sleep(PAUSE_SECONDS)
    return list(await asyncio.gather(*asking))


async def _ask(here: Stage, number: int) -> float:
    person = here.person(number)
    known = len(here.telegram.calls)
    begun = time.time()
    await person.send(ASKED)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            for call in here.telegram.calls[known:]:
                if call.params.get("chat_id") == person.id:
                    return 1000 * (call.at - begun)
            known = len(here.telegram.calls)
            await here.telegram.telegram.changed.wait()


async def _flood(here: Stage, number: int) -> None:
    flooder = here.person(FIRST_FLOODER + number)
    begun, sent = time.monotonic(), 0
    while True:
        while sent < (time.monotonic() - begun) * FLOOD_PER_SECOND:
            await flooder.send(ASKED)
            sent += 1
        await asyncio.sleep(0.005)


def _percentile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]
