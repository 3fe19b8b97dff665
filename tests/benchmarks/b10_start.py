"""B10: from the command to the first getUpdates, beside importing the same libraries."""

import asyncio
import json
import sys
import time

from tests.benchmarks.report import Goal, Line
from tests.benchmarks.size import Size
from tests.benchmarks.stage import BOT, ROOT, Broken, stage

STARTS_PER_ROUND = 2
# Told on the last line of its output: what is loaded that is neither Python's own nor ours.
LIBRARIES = """
import json, sys, bot.__main__, bot.app
print(json.dumps([
    name for name, module in sys.modules.items()
    if "site-packages" in (getattr(module, "__file__", None) or "") and "editable" not in name
]))
"""


def measure(size: Size) -> list[Line]:
    """Start and import in turns; the database is there already."""
    return asyncio.run(_measure(size))


async def _measure(size: Size) -> list[Line]:
    names = json.loads(await _output(LIBRARIES))
    imports = "\n".join(f"import {name}" for name in names)
    ours, others = [], []
    async with stage(lambda _: 1.0) as here:
        for number in range(1 + STARTS_PER_ROUND * size.rounds):
            child = await here.start(*BOT)
            seconds = await here.listening(child) - child.started_at
            await child.kill()
            if number:  # the first one makes the database
                ours.append(seconds)
                others.append(await python(imports))
    against = "importing the libraries"
    return [Line("B10 start to first getUpdates", "s", against, ours, others, Goal(1.5))]


async def python(statements: str) -> float:
    """Return the seconds from starting Python until it has done the statements."""
    begun = time.time()
    ended = await _output(f"{statements}\nimport time; print(time.time())")
    return float(ended) - begun


async def _output(statements: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", statements), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    if process.returncode:
        raise Broken("Python did not do what it was told")
    return told.decode().strip().rpartition("\n")[2]
