"""B8: what ten thousand jobs cost that wait: bytes each, and processor time at rest."""

import asyncio
import math
import time

from tests.benchmarks import crowd
from tests.benchmarks.report import Goal, Line
from tests.benchmarks.size import Size
from tests.benchmarks.stage import BOT, Child, Stage, stage

JOBS = 9999
SETTLE_SECONDS = 3.0
WATCH_SECONDS = 10.0  # twice as long as the longest pause between two looks
# Later than this the bot would believe that the clock was set back.
LATER_SECONDS = 400.0
TASKS = ("tests.benchmarks.programs.waiting",)


def measure(size: Size) -> list[Line]:
    """Let a bot with many waiting jobs and one with none rest side by side."""
    return asyncio.run(_measure(size))


async def _measure(size: Size) -> list[Line]:
    count = size.of(JOBS, least=crowd.JOBS_PER_USER) // crowd.JOBS_PER_USER * crowd.JOBS_PER_USER
    bytes_each, tasks_each, busy, idle = [], [], [], []
    async with stage(lambda _: math.inf) as full, stage(lambda _: math.inf) as empty:
        await _crowd(full, count)
        first = await empty.start(*BOT)  # the first one makes the database, which takes memory
        await empty.listening(first)
        await first.kill()
        for _ in range(size.rounds):
            many, none = await full.start(*BOT), await empty.start(*BOT)
            await full.listening(many)
            await empty.listening(none)
            await asyncio.sleep(SETTLE_SECONDS)
            shares = await asyncio.gather(_processor_share(many), _processor_share(none))
            busy.append(shares[0])
            idle.append(shares[1])
            bytes_each.append((many.memory - none.memory) / count)
            tasks_each.append(await _task_bytes(empty, count))
            await many.kill()
            await none.kill()
    memory, processor = Goal(300.0, on_ours=True), Goal(2.0, on_ours=True)
    name = f"B8 processor at rest, {count} waiting"
    return [
        Line("B8 memory per waiting job", "bytes", "a task each", bytes_each, tasks_each, memory),
        Line(name, "%", "none waiting", busy, idle, processor),
    ]


async def _crowd(here: Stage, count: int) -> None:
    data = here.folder / "data"
    data.mkdir()
    later = time.time() + LATER_SECONDS
    task_ids = [f"task-{number}" for number in range(count)]
    await crowd.gather(data / "veogram.db", task_ids, later, later + LATER_SECONDS)


async def _processor_share(child: Child) -> float:
    """Return the per cent of one core that a process takes."""
    before, begun = child.processor_seconds, time.monotonic()
    await asyncio.sleep(WATCH_SECONDS)
    return 100 * (child.processor_seconds - before) / (time.monotonic() - begun)


async def _task_bytes(here: Stage, count: int) -> float:
    """Return what a waiting job costs where each is a task."""
    memory = []
    for tasks in (0, count):
        child = await here.start(*TASKS, str(tasks))
        if child.process.stdout is not None:
            await child.process.stdout.readline()
        memory.append(child.memory)
        await child.end()
    return (memory[1] - memory[0]) / count
