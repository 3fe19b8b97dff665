"""B5: ten thousand open jobs and ``kill -9``: how soon the first goes on, and what is lost."""

import asyncio
import math
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from storage.audit import audit
from storage.database import Database
from tests.benchmarks import crowd
from tests.benchmarks.b10_start import python
from tests.benchmarks.report import Goal, Line
from tests.benchmarks.size import Size
from tests.benchmarks.stage import BOT, Broken, Child, Stage, stage

JOBS = 9999
# Later than that the bot would believe that the clock was set back.
OVERDUE_SECONDS, AHEAD_SECONDS = 60.0, 800.0
GOES_ON_SECONDS = 1.0
RECORD = "/veo/record-info"
OPEN = "SELECT count(*) FROM jobs WHERE state = 'generating' AND due_at IS NOT NULL"
SELECT = "SELECT * FROM jobs WHERE due_at <= 1e10 AND state <> 'queued' ORDER BY due_at LIMIT 1"


def measure(size: Size) -> list[Line]:
    """Kill a bot that is at work, and see how soon the next one is; imports in between."""
    return asyncio.run(_measure(size))


async def _measure(size: Size) -> list[Line]:
    count = size.of(JOBS, least=crowd.JOBS_PER_USER) // crowd.JOBS_PER_USER * crowd.JOBS_PER_USER
    ours, imports, lost = [], [], []
    async with stage(lambda _: math.inf) as here:
        path = await _crowd(here, count)
        for _ in range(size.rounds):
            imports.append(await python(_imports_and_select(path)))
            child = await here.start(*BOT)
            ours.append(await _first_step(here, child))
            await asyncio.sleep(GOES_ON_SECONDS)
            await child.kill()
            lost.append(float(count - await _still_open(path)))
    name = f"B5 start with {count} open jobs to the first step"
    return [
        Line(name, "s", "imports and a SELECT", ours, imports, Goal(2.5)),
        Line("B5 of them lost by kill -9", "jobs", "(none)", lost, [0.0] * len(lost), Goal(0.0)),
    ]


async def _crowd(here: Stage, count: int) -> Path:
    data = here.folder / "data"
    data.mkdir()
    now = time.time()
    task_ids = await crowd.begin_tasks(here.kie, count)
    path = data / "veogram.db"
    await crowd.gather(path, task_ids, now - OVERDUE_SECONDS, now + AHEAD_SECONDS)
    return path


async def _first_step(here: Stage, child: Child) -> float:
    def look() -> float | None:
        reads = (each.at for each in here.kie.requests if each.path.endswith(RECORD))
        return next((at for at in reads if at >= child.started_at), None)

    return await here.until(look, "a record that is read", child) - child.started_at


async def _still_open(path: Path) -> int:
    """Count the jobs that will go on. Raises ``Broken`` when the books are wrong."""
    database = await Database.open(path)
    try:
        problems = await database.read(audit)
    finally:
        await database.close()
    if problems:
        raise Broken("; ".join(problems))
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(OPEN).fetchone()[0])


def _imports_and_select(path: Path) -> str:
    select = f"sqlite3.connect({str(path)!r}).execute({SELECT!r}).fetchall()"
    return f"import sqlite3, bot.__main__, bot.app; {select}"
