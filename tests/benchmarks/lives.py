"""Hundreds of jobs at KIE in a minute: everything runs in real time but the waiting, which leaps.

The database, the worker, the steps, the web server for callbacks and KIE's stand-in behind HTTP are
the real ones. Only what comes after ``ready`` is left out.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bot import catalog as catalogs
from bot.demo.kie import KieStandin
from bot.demo.kie_state import Task
from bot.jobs import transactions
from bot.jobs.delivery import Delivery
from bot.jobs.knocks import Knocks
from bot.jobs.rules import Rules
from bot.jobs.service import Request, Service
from bot.jobs.steps import Steps
from bot.jobs.worker import Worker
from bot.kie.client import KieClient
from bot.media.hosting import KieUploads
from bot.models import Dialect, Draft, Job, Place
from bot.web import callbacks
from bot.web.server import Health, WebServer, build
from storage import jobs, queue
from storage.database import Connection, Database
from tests.unit.jobs.life import Chat

KEY = "kie-key-0123456789abcdef0123456789"
HMAC_KEY = "hmac-key-0123456789abcdef"
MEDIAN_SECONDS, SIGMA = 180.0, 0.35
JOBS_PER_USER = 3
NAIVE_PAUSE_SECONDS = 5.0
# When only the pace of creating holds the queue up.
STEP_SECONDS = 1.0
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """``requests`` to KIE per finished job; ``delays`` in seconds from ready there to known here.

    The same of bots that ask every five seconds from the start.
    """

    requests: float
    delays: list[float]
    naive_requests: float
    naive_delays: list[float]


class Leaping:
    """A clock that runs as the world's does, and can leap ahead."""

    def __init__(self) -> None:
        self._ahead = 1_800_014_400.0 - time.monotonic()

    def __call__(self) -> float:
        """Return epoch seconds."""
        return time.monotonic() + self._ahead

    def leap_to(self, at: float) -> None:
        """Let it be ``at``, unless it is later already."""
        self._ahead += max(at - self(), 0.0)


class _Vanishing(Delivery):
    """Gets rid of a video as soon as it is ready."""

    def __init__(self, database: Database, clock: Leaping) -> None:
        self._database = database
        self._clock = clock

    async def deliver(self, job: Job) -> None:
        await self._database.write(_vanish, job, self._clock())

    async def heal(self, job: Job) -> None:
        await self.deliver(job)


def _vanish(tx: Connection, job: Job, now: float) -> None:
    transactions.begin_delivery(tx, job, now)
    delivering = jobs.get(tx, job.id)
    if delivering is not None:
        transactions.finish(tx, delivering, now, message_id=None, file_id=None)


@cache
def pass_jobs(count: int, seed: int, *, with_callbacks: bool) -> Outcome:
    """Let ``count`` jobs of log-normal length pass; what happens depends on ``seed`` alone."""
    dice = Random(seed)  # noqa: S311 - it is to be repeatable
    return asyncio.run(_pass(count, dice, with_callbacks=with_callbacks))


async def _pass(count: int, chance: Random, *, with_callbacks: bool) -> Outcome:
    with TemporaryDirectory() as folder:
        async with _life(Path(folder), chance, with_callbacks=with_callbacks) as life:
            await life.order(count)
            await life.run(count)
            return await life.outcome()


class _Life:
    def __init__(
        self, database: Database, kie: KieStandin, clock: Leaping, *, callback_url: str | None
    ) -> None:
        self._database = database
        self._kie = kie
        self._clock = clock
        self._folder = Path()
        self._knocked: set[str] = set()
        self._with_callbacks = callback_url is not None
        self.rules = default_rules(callback_url)
        catalog = catalogs.parse(resources.files("bot").joinpath("catalog.toml").read_text("utf-8"))
        self.client = KieClient(
            api_url=kie.url, upload_url=kie.upload_url, key=KEY, sleep=asyncio.sleep
        )
        bell = asyncio.Event()
        steps = Steps(
            database=database,
            kie=self.client,
            catalog=catalog,
            hosting=KieUploads(self.client),
            delivery=_Vanishing(database, clock),
            messenger=Chat(),
            rules=self.rules,
            data_dir=self._folder,
            clock=clock,
            sleep=asyncio.sleep,
            chance=lambda: 0.5,
        )
        self._worker = Worker(
            database=database, steps=steps, rules=self.rules, bell=bell, clock=clock
        )
        self._service = Service(
            database=database, catalog=catalog, rules=self.rules, nudge=bell.set, clock=clock
        )
        self.knocks = Knocks(database=database, rules=self.rules, nudge=bell.set, clock=clock)

    async def order(self, count: int) -> None:
        """Confirm as many cards, three of each person."""
        for number in range(count):
            user = await self._service.meet(1000 + number // JOBS_PER_USER, "Ada", "en")
            request = Request(user, Place(user.id, None, 5), number + 1, "A cat", user.defaults)
            draft = await self._service.open_draft(request)
            if isinstance(draft, Draft):
                await self._service.confirm(draft, user)

    async def run(self, count: int) -> None:
        """Go from event to event until all is done."""
        while await self._database.read(_done) < count:
            await self._worker.settle()
            await self._leap()

    async def _leap(self) -> None:
        """Let time pass until something is due here, or ready there."""
        due_at = await self._database.read(partial(queue.next_due, after=-math.inf, queue=False))
        ready = [task for task in self._kie.tasks if task.id not in self._knocked]
        events = [task.ready_at for task in ready] if self._with_callbacks else []
        events += [due_at] if due_at is not None else []
        self._clock.leap_to(min(events, default=self._clock() + STEP_SECONDS))
        if self._with_callbacks:
            await self._call_back([task for task in ready if task.ended(self._clock())])

    async def _call_back(self, ended: list[Task]) -> None:
        self._knocked.update(task.id for task in ended)
        # What is not answered with 200 would be tried again after a pause that never ends.
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*(self._kie.knock(task.id) for task in ended))

    async def outcome(self) -> Outcome:
        """Tell what it took."""
        known = dict(await self._database.read(_known))
        tasks = self._kie.tasks
        asked = [each for each in self._kie.requests if each.path.startswith("/api/v1/veo/")]
        lengths = [task.ready_at - task.created_at for task in tasks]
        reads = [math.ceil(seconds / NAIVE_PAUSE_SECONDS) for seconds in lengths]
        naive = zip(reads, lengths, strict=True)
        return Outcome(
            requests=len(asked) / len(tasks),
            delays=[known[task.id] - task.ready_at for task in tasks],
            naive_requests=1 + sum(reads) / len(reads),
            naive_delays=[NAIVE_PAUSE_SECONDS * count - seconds for count, seconds in naive],
        )


def _done(tx: Connection) -> int:
    return int(tx.exec_driver_sql("SELECT count(*) FROM jobs WHERE state = 'done'").scalar_one())


def _known(tx: Connection) -> list[tuple[str, float]]:
    rows = tx.exec_driver_sql("SELECT task_id, ready_at FROM jobs")
    return [(task_id, ready_at) for task_id, ready_at in rows]


def default_rules(callback_url: str | None) -> Rules:
    """Return what the settings are by default, only open to everybody."""
    return Rules(
        dialect=Dialect.VEO,
        max_concurrent=10,
        creates_per_10s=20,
        max_jobs_per_user=JOBS_PER_USER,
        expected_seconds=180.0,
        shortest_pause_seconds=5.0,
        soft_deadline_seconds=900.0,
        hard_deadline_seconds=86400.0,
        daily_credits=300,
        daily_credits_total=None,
        credits_low=500,
        admin_ids=frozenset(),
        open_to_all=True,
        prompt_max_chars=1000,
        upload_max_bytes=50 << 20,
        result_max_bytes=1 << 30,
        keep_videos_seconds=14 * 86400.0,
        callback_url=callback_url,
    )


async def _never(seconds: float) -> None:
    """Leave callbacks to the leaps of the clock."""
    del seconds
    await asyncio.Event().wait()


@asynccontextmanager
async def _life(folder: Path, chance: Random, *, with_callbacks: bool) -> AsyncIterator[_Life]:
    clock = Leaping()
    kie = KieStandin(
        clock,
        _never,
        api_key=KEY,
        durations=lambda _: chance.lognormvariate(math.log(MEDIAN_SECONDS), SIGMA),
        credit=10_000_000,
        hmac_key=HMAC_KEY,
    )
    await kie.start()
    database = await Database.open(folder / "veogram.db")
    app = build(_healthy)
    web = WebServer(app, "127.0.0.1", 0)
    web.bind()
    url = f"http://127.0.0.1:{web.port}{callbacks.PATH}" if with_callbacks else None
    life = _Life(database, kie, clock, callback_url=url)
    app.router.routes.append(callbacks.route(life.knocks, HMAC_KEY, clock))
    await web.start()
    try:
        yield life
    finally:
        await web.stop()
        await life.knocks.close()
        await life.client.close()
        await database.close()
        await kie.stop()


async def _healthy() -> Health:
    return Health()
