"""B3: memory that relaying results costs, from KIE to Telegram, ten of 16 MB and four of 48 MB."""

import asyncio
import math
from pathlib import Path

from bot.demo.clips import Clip
from bot.demo.kie_rules import Order
from tests.benchmarks.films import film
from tests.benchmarks.report import Goal, Line
from tests.benchmarks.size import Size
from tests.benchmarks.stage import BOT, NAIVE, Child, Stage, stage, with_callbacks
from tests.clips import draw_once

MB = 1 << 20
LOADS = ((10, 16), (4, 48))
SMALLEST = 4
GOAL = Goal(0.15)


def measure(size: Size) -> list[Line]:
    """Let both bots relay the same films, in turns, each time freshly started."""
    loads = [(size.of(count), size.of(megabytes, SMALLEST)) for count, megabytes in LOADS]
    ours, naive = [], []
    for _ in range(size.rounds):
        ours.append(asyncio.run(_relay(BOT, loads)))
        naive.append(asyncio.run(_relay(NAIVE, loads)))
    lines = []
    for number, (count, megabytes) in enumerate(loads):
        name = f"B3 memory for {count} × {megabytes} MB"
        cost = [each[number] for each in ours]
        flight = [float(count * megabytes) for _ in cost]
        lines.append(Line(name, "MB", "in flight", cost, flight, GOAL))
        other = [each[number] for each in naive]
        lines.append(Line(f"{name}, naive bot", "MB", "in flight", other, flight, None))
    return lines


async def _relay(program: tuple[str, ...], loads: list[tuple[int, int]]) -> list[float]:
    """Return the megabytes above those at rest that each load has cost at most."""
    async with stage(endless, draw=draw) as here:
        child = await here.start(*program, **with_callbacks())
        await here.listening(child)
        await relay(here, child, 1, "A small one")  # what is loaded only now is no cost of bytes
        costs = [await _cost(here, child, *load) for load in loads]
        await child.kill()
    return costs


async def _cost(here: Stage, child: Child, count: int, megabytes: int) -> float:
    await order(here, child, count, f"{megabytes} MB")
    child.forget_peak()
    at_rest = child.memory
    await finish(here, child)
    return (child.peak - at_rest) / MB


async def relay(here: Stage, child: Child, count: int, prompt: str) -> None:
    """Let so many people order a film, and all films be ready at the same time."""
    await order(here, child, count, prompt)
    await finish(here, child)


async def order(here: Stage, child: Child, count: int, prompt: str) -> None:
    """Let so many people order a film."""
    before = len(here.kie.tasks)
    for number in range(count):
        await here.person(number).send(f"/generate {prompt} --go")
    await here.until(lambda: len(here.kie.tasks) == before + count or None, "the tasks", child)
    await asyncio.sleep(1)  # until the answers have arrived and the status cards are drawn


async def finish(here: Stage, child: Child) -> None:
    """Let all films be ready, and wait until they are in the chats."""
    for task in here.kie.tasks:
        here.kie.finish(task.id)
    count = len(here.kie.tasks)
    await here.until(lambda: len(here.videos()) == count or None, "the videos", child)


def endless(order: Order) -> float:
    """Let tasks end when they are told to."""
    del order
    return math.inf


def draw(clip: Clip, path: Path) -> None:
    """Write a film of the size that its prompt names."""
    number, _, unit = clip.text.partition(" ")
    if unit == "MB":
        path.write_bytes(film(int(number) * MB))
    else:
        draw_once(clip, path)
