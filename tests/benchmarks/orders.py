"""Many people who order one video each, and what became of what was paid for them."""

import asyncio
import math
import random
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass

from bot.demo.kie_rules import Order
from tests.benchmarks.stage import Stage

MEDIAN_SECONDS, SIGMA = 180.0, 0.35
# A video for which nothing was done for so long will not come: KIE calls back for 25 s.
QUIET_SECONDS = 30.0
CHARGED = """
SELECT user_id, sum(CASE kind WHEN 'capture' THEN 1 WHEN 'refund' THEN -1 ELSE 0 END)
FROM entries GROUP BY user_id
"""


@dataclass
class Durations:
    """Draws how long each task takes: log-normal as at KIE, so many times shorter."""

    speed: float
    dice: random.Random

    def __call__(self, order: Order) -> float:
        """Return seconds."""
        del order
        return self.dice.lognormvariate(math.log(MEDIAN_SECONDS), SIGMA) / self.speed


@dataclass(frozen=True, slots=True)
class Toll:
    """What a bot has left: numbers of orders.

    ``lost``: without a video in the chat. ``wrong``: paid at KIE twice, or charged to the person
    though there is no video, or not charged though there is one. ``twice``: seen twice.
    """

    lost: int
    wrong: int
    twice: int


async def send(here: Stage, count: int, seconds: float) -> None:
    """Let so many people order, evenly over some seconds."""
    for number in range(count):
        await here.person(number).send(f"/generate Order {number} --go")
        await asyncio.sleep(seconds / count)


async def settled(here: Stage, count: int, quiet_seconds: float) -> None:
    """Wait until all videos are there, or nothing has moved for a while."""
    loop = asyncio.get_running_loop()
    seen, since = (-1, -1), loop.time()
    while len(set(_chats(here))) < count and loop.time() - since < quiet_seconds:
        await asyncio.sleep(0.1)
        moved = (len(here.videos()), len(here.kie.charges))
        if moved != seen:
            seen, since = moved, loop.time()


def toll(here: Stage, count: int) -> Toll:
    """Compare what KIE was paid for, the bot's books where it has any, and the chats."""
    prompts = {task.id: task.order.prompt for task in here.kie.tasks}
    paid = Counter(prompts[charge.task_id] for charge in here.kie.charges)
    seen = Counter(_chats(here))
    people = [(f"Order {number}", here.person(number).id) for number in range(count)]
    charged = _charged(here)
    return Toll(
        lost=sum(not seen[chat_id] for _, chat_id in people),
        wrong=sum(
            paid[prompt] > 1 or (charged is not None and charged[chat_id] != (seen[chat_id] > 0))
            for prompt, chat_id in people
        ),
        twice=sum(seen[chat_id] > 1 for _, chat_id in people),
    )


def _chats(here: Stage) -> list[int]:
    return [message.chat_id for message in here.videos()]


def _charged(here: Stage) -> Counter[int] | None:
    path = here.folder / "data" / "veogram.db"
    if not path.exists():
        return None
    with closing(sqlite3.connect(path, timeout=10)) as database:
        return Counter(dict(database.execute(CHARGED).fetchall()))
