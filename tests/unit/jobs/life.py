"""The life of jobs without a chat: real database, real stand-in for KIE, a clock that is told."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

from bot import catalog as catalogs
from bot.demo.kie import KieStandin
from bot.errors import ChatError
from bot.jobs.delivery import Delivery
from bot.jobs.further import Further, Sharpened
from bot.jobs.messenger import Sent, Status
from bot.jobs.offers import Offers
from bot.jobs.reporter import Reporter
from bot.jobs.rules import Rules
from bot.jobs.service import Request, Service
from bot.jobs.steps import Steps
from bot.jobs.upkeep import Upkeep
from bot.jobs.worker import Worker
from bot.kie.client import KieClient
from bot.media.fetch import Fetcher
from bot.media.hosting import KieUploads
from bot.media.videos import Prepared, Videos
from bot.models import Dialect, Draft, Job, Kind, Place, Step, User
from storage import jobs, queue
from storage.audit import audit
from storage.database import Database
from tests.conftest import Clock

KEY = "kie-key-0123456789abcdef0123456789"
ADA = 1001
TRUSTED = frozenset({"127.0.0.1"})
RULES = Rules(
    dialect=Dialect.VEO,
    max_concurrent=10,
    creates_per_10s=20,
    max_jobs_per_user=3,
    expected_seconds=180.0,
    shortest_pause_seconds=5.0,
    soft_deadline_seconds=900.0,
    hard_deadline_seconds=7200.0,
    daily_credits=300,
    daily_credits_total=None,
    credits_low=500,
    admin_ids=frozenset({1}),
    open_to_all=True,
    prompt_max_chars=1000,
    upload_max_bytes=50 << 20,
    result_max_bytes=1 << 30,
    keep_videos_seconds=14 * 86400.0,
)


@dataclass
class Chat:
    """Remembers what it was told to say.

    ``refuses`` is raised by the next calls, one each; ``None`` lets one of them pass.
    """

    videos: list[int] = field(default_factory=list)
    uploads: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)  # videos that stayed on the status card
    removed: list[int] = field(default_factory=list)  # status cards
    links: list[str] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    ends: list[Job] = field(default_factory=list)
    alerts: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[int, Offers]] = field(default_factory=list)
    refuses: list[ChatError | None] = field(default_factory=list)

    def _check(self) -> None:
        error = self.refuses.pop(0) if self.refuses else None
        if error is not None:
            raise error

    async def send_video(self, job: Job, video: Prepared) -> Sent:
        assert video.path.exists()
        self._check()
        self.videos.append(job.id)
        return Sent(500 + job.id, f"file-{job.id}")

    async def upload_to_card(self, job: Job, video: Prepared) -> str:
        assert video.path.exists()
        assert job.status_message_id is not None
        self._check()
        self.uploads.append(job.id)
        return f"file-{job.id}"

    async def send_uploaded(self, job: Job) -> Sent:
        assert job.video is not None
        assert job.video.file_id == f"file-{job.id}"
        self._check()
        self.videos.append(job.id)
        return Sent(500 + job.id, job.video.file_id)

    async def send_link(self, job: Job, url: str, expires_in_seconds: float) -> Sent:
        assert expires_in_seconds > 0
        self._check()
        self.links.append(url)
        return Sent(600 + job.id, None)

    async def show_status(self, job: Job, status: Status) -> None:
        assert job.status_message_id is not None
        self._check()
        self.statuses.append(status)

    async def remove_status(self, job: Job) -> None:
        assert job.status_message_id != job.result_message_id
        self._check()
        self.removed.append(job.id)

    async def show_buttons(self, job: Job, offers: Offers, chat_id: int, message_id: int) -> None:
        assert chat_id == job.place.chat_id
        assert message_id in {job.result_message_id, job.status_message_id}
        self._check()
        if message_id == job.status_message_id:
            self.kept.append(job.id)
        else:
            self.buttons.append((job.id, offers))

    async def tell_end(self, job: Job) -> None:
        self._check()
        self.ends.append(job)

    async def alert(self, admin_ids: Collection[int], name: str, detail: str) -> None:
        assert admin_ids
        self._check()
        self.alerts.append((name, detail))


class Life:
    """One bot without Telegram. Time passes only in ``pass_seconds``."""

    def __init__(self, folder: Path, clock: Clock, database: Database, kie: KieStandin) -> None:
        self.clock = clock
        self.database = database
        self.kie = kie
        self.chat = Chat()
        self.folder = folder
        self.seam: Callable[[Any], Any] = lambda part: part  # put around what reaches outside
        self._updates = 0

    def build(self, **changes: Any) -> None:
        """Construct the parts, as a start of the process does."""
        rules = replace(RULES, **changes)
        catalog = catalogs.parse(resources.files("bot").joinpath("catalog.toml").read_text("utf-8"))
        self.client = self.seam(
            KieClient(
                api_url=self.kie.url, upload_url=self.kie.upload_url, key=KEY, sleep=_no_sleep
            )
        )
        self.fetcher = self.seam(Fetcher(trusted_hosts=TRUSTED, user_agent="tests"))
        self.videos = Videos()
        delivery = Delivery(
            database=self.database,
            fetcher=self.fetcher,
            videos=self.videos,
            kie=self.client,
            messenger=self.chat,
            rules=rules,
            data_dir=self.folder,
            trusted_hosts=TRUSTED,
            clock=self.clock,
            chance=lambda: 0.0,
        )
        self.steps = Steps(
            database=self.database,
            kie=self.client,
            catalog=catalog,
            hosting=KieUploads(self.client),
            delivery=delivery,
            messenger=self.chat,
            rules=rules,
            data_dir=self.folder,
            clock=self.clock,
            sleep=_no_sleep,
            chance=lambda: 0.0,
        )
        bell = asyncio.Event()
        self.worker = Worker(
            database=self.database, steps=self.steps, rules=rules, bell=bell, clock=self.clock
        )
        self.reporter = Reporter(
            database=self.database, messenger=self.chat, rules=rules, clock=self.clock
        )
        self.upkeep = Upkeep(
            database=self.database,
            kie=self.client,
            messenger=self.chat,
            rules=rules,
            data_dir=self.folder,
            nudge=bell.set,
            clock=self.clock,
        )
        self.service = Service(
            database=self.database, catalog=catalog, rules=rules, nudge=bell.set, clock=self.clock
        )
        self.further = Further(
            database=self.database, catalog=catalog, rules=rules, nudge=bell.set, clock=self.clock
        )

    async def close(self) -> None:
        """End what was built."""
        await self.client.close()
        await self.fetcher.aclose()
        self.videos.close()

    async def user(self, user_id: int = ADA) -> User:
        """Return somebody who may use the bot."""
        return await self.service.meet(user_id, "Ada", "en")

    async def order(self, prompt: str = "A cat", user_id: int = ADA) -> Job:
        """Confirm a card."""
        user = await self.user(user_id)
        self._updates += 1
        draft = await self.service.open_draft(
            Request(user, Place(user_id, None, 5), self._updates, prompt, user.defaults)
        )
        assert isinstance(draft, Draft)
        return await self.service.confirm(draft, user)

    async def sharpen(
        self, video: Job, kind: Kind = Kind.UPGRADE_1080P, user_id: int = ADA
    ) -> Sharpened:
        """Press 1080p or 4K below a video."""
        user = await self.user(user_id)
        self._updates += 1
        below = Place(user_id, None, video.result_message_id)
        return await self.further.sharpen(video.id, kind, user, below, self._updates)

    async def extend(self, video: Job, prompt: str = "It jumps") -> Job:
        """Press Extend below a video, say what happens next, confirm the card."""
        user = await self.user()
        self._updates += 1
        below = Place(ADA, None, video.result_message_id)
        draft = await self.further.extend(video.id, user, below, self._updates)
        assert isinstance(draft, Draft)
        asked = replace(draft, prompt=prompt, step=Step.CARD)
        return await self.service.confirm(await self.service.save_draft(asked), user)

    async def video(self, prompt: str = "A cat") -> Job:
        """Order a video and wait until it is in the chat."""
        job = await self.order(prompt)
        await self.pass_seconds(300)
        return await self.job(job)

    async def pass_seconds(self, seconds: float, *, step: float = 5.0) -> None:
        """Let time leap from one due row to the next, or by ``step`` where the queue is held up."""
        end = self.clock.now + seconds
        await self.settle()
        while self.clock.now < end:
            due_at = await self._next_due()
            held_up = due_at is not None and due_at <= self.clock.now
            leap = step if held_up or due_at is None else due_at - self.clock.now
            self.clock.advance(min(leap if due_at is not None else end, end - self.clock.now))
            await self.settle()

    async def settle(self) -> None:
        """Let the worker do what is due now, and what becomes due by that."""
        before, after = -1.0, 0.0
        while before != after:
            before = await self._moves()
            await self.worker.settle()
            after = await self._moves()

    async def _next_due(self) -> float | None:
        return await self.database.read(lambda tx: queue.next_due(tx, -math.inf, queue=True))

    async def _moves(self) -> float:
        rows = "SELECT (SELECT count(*) FROM events) + coalesce(sum(tries + due_at), 0) FROM jobs"
        return float(await self.database.read(lambda tx: tx.exec_driver_sql(rows).scalar_one()))

    async def job(self, job: Job) -> Job:
        """Read a job again."""
        current = await self.database.read(jobs.get, job.id)
        assert current is not None
        return current

    async def entries(self) -> list[str]:
        """Return the ledger's kinds, oldest first, after auditing it."""
        assert await self.database.read(audit) == []
        return [
            kind
            for (kind,) in await self.database.read(
                lambda tx: tx.exec_driver_sql("SELECT kind FROM entries ORDER BY id").all()
            )
        ]


async def _no_sleep(seconds: float) -> None:
    assert seconds >= 0


@asynccontextmanager
async def life(folder: Path, clock: Clock, draw: Any) -> AsyncIterator[Life]:
    """Open a life; a task takes 60 s of its clock."""
    kie = KieStandin(clock, _no_sleep, api_key=KEY, durations=lambda _: 60.0, draw=draw)
    await kie.start()
    database = await Database.open(folder / "veogram.db")
    (folder / "videos").mkdir()
    opened = Life(folder, clock, database, kie)
    opened.build()
    try:
        yield opened
    finally:
        await opened.close()
        await database.close()
        await kie.stop()
