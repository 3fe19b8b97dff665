"""The whole bot in this loop, driven by hand: no rounds, no pauses, a clock that is told.

What it does is what the running bot does, from Telegram's answer to getUpdates over inbox, lanes
and handlers to the worker; only nothing happens by itself, so that it can die at one point and
begin again on the same database.
"""

import asyncio
import logging
import math
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import httpx
from telegram import LinkPreviewOptions
from telegram.ext import Application, BaseRateLimiter, ContextTypes, Defaults
from telegram.request import HTTPXRequest, RequestData

from bot import log
from bot.app import ALLOWED_UPDATES, App
from bot.demo.chats import Message
from bot.demo.kie import KieStandin
from bot.demo.people import Person
from bot.demo.telegram import TelegramStandin
from bot.jobs.service import Service
from bot.settings import Settings
from bot.updates.inbox import update_id_of
from bot.updates.limiter import Answer, Priority
from bot.updates.polling import raw_get_updates
from bot.web import updates as pushed
from bot.web.server import build as build_web
from handlers.context import App as TelegramApp
from handlers.context import Context
from handlers.persistence import DraftPersistence
from storage import queue
from storage.audit import audit
from storage.database import Connection, Database
from tests.clips import draw_once
from tests.conftest import Clock
from tests.e2e.world import ADMIN_ID, KEY, TOKEN, between
from tests.unit.jobs.failpoints import Died, Failpoints, Seam

T = TypeVar("T")

# Made once: nothing here speaks TLS, and making it takes longer than all else of a start.
PLAIN = ssl.create_default_context()
PUBLIC_URL = "http://127.0.0.1:9"
TASK_SECONDS = 1.0


class Calls(HTTPXRequest):
    """What the framework sends to Telegram, with a point before and after each call."""

    def __init__(self, points: Failpoints) -> None:
        super().__init__(connection_pool_size=16, httpx_kwargs={"verify": PLAIN})
        self._points = points

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> tuple[int, bytes]:
        """Send, unless the process is dead."""
        name = url.rpartition("/")[2]
        self._points.reach(f"before {name}")
        answer = await super().do_request(url, method, request_data, *args, **kwargs)
        self._points.reach(f"after {name}")
        return answer


class AtOnce(BaseRateLimiter[Priority]):
    """Lets every call go without waiting; the bot's own limiter has its own tests."""

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing waits."""

    async def process_request(
        self,
        callback: Callable[..., Awaitable[Answer]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,  # noqa: ARG002 - all calls are alike here
        data: dict[str, Any],  # noqa: ARG002
        rate_limit_args: Priority | None,  # noqa: ARG002
    ) -> Answer:
        """Call."""
        return await callback(*args, **kwargs)


class Whole:
    """Both stand-ins, one database, and a bot that can be built anew at any time."""

    def __init__(self, folder: Path, clock: Clock, database: Database, **changes: str) -> None:
        self.folder = folder
        self.clock = clock
        self.seconds = TASK_SECONDS  # that a task takes
        self.telegram = TelegramStandin(TOKEN, clock)
        self.kie = KieStandin(
            clock,
            _moment,
            api_key=KEY,
            durations=lambda _: self.seconds,
            credit=1_000_000,
            draw=draw_once,
        )
        self.points = Failpoints()
        self.changes = changes
        self.audited = database
        self._database: Any = Seam(database, self.points)
        self._offset: int | None = None
        self.admin = self.telegram.user(ADMIN_ID, "Ada", met=True)

    def _settings(self) -> Settings:
        environment = {
            **between(self.telegram, self.kie, self.folder),
            "POLL_EXPECTED_SECONDS": "2",
            "POLL_MIN_SECONDS": "0.3",
        }
        return Settings.load(environment | self.changes, env_file=None)

    def _telegram(self, settings: Settings, service: Service, tls: ssl.SSLContext) -> TelegramApp:
        del tls  # nothing here is encrypted
        url = settings.telegram_api_url
        return (
            Application.builder()
            .token(TOKEN)
            .base_url(f"{url}/bot")
            .base_file_url(f"{url}/file/bot")
            .request(Calls(self.points))
            .get_updates_request(Calls(self.points))
            .updater(None)
            .rate_limiter(AtOnce())
            .defaults(Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True)))
            .context_types(ContextTypes(context=Context))
            .persistence(DraftPersistence(service))
            .build()
        )

    async def begin(self) -> None:
        """Start, as a process does."""
        self.app = App(
            self._settings(),
            self._database,
            lambda _: None,
            self.clock,
            _moment,
            self._telegram,
        )
        await self.app._telegram.initialize()
        await self.app._worker.recover()
        await self.app._library.tidy()
        await self.app._erasure.tidy()
        await self.app._album_rounds.recover()
        await self.app._inbox.recover()

    async def end(self) -> None:
        """Let go of everything; what is dead does nothing on its way out."""
        app = self.app
        await app._lanes.drain(0)
        await app._worker.stop(0)
        for task in (app._inbox._marker, app._knocks._batches._work):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError, Died):
                    await task
        await app._telegram.shutdown()
        await app._kie.close()
        await app._fetcher.aclose()
        await app._photo_fetcher.aclose()
        app._videos.close()
        app._images.close()

    async def live(self, deed: Callable[[], Awaitable[T]]) -> T:
        """Do something until it is done: what a death interrupts is begun again by itself."""
        while True:
            doing = asyncio.ensure_future(deed())
            dying = asyncio.ensure_future(self.points.death.wait())
            await asyncio.wait({doing, dying}, return_when=asyncio.FIRST_COMPLETED)
            died = self.points.death.is_set()
            for task in (dying, *([doing] if died else [])):
                task.cancel()
            await asyncio.gather(doing, dying, return_exceptions=True)
            if not died:
                return doing.result()
            await self.end()
            self.points.revive()
            await self.begin()

    # What happens in rounds

    async def hear(self) -> None:
        """Fetch, store and handle updates until there is nothing more to hear or to say."""
        await self.live(self._hear)

    async def _hear(self) -> None:
        while await self._fetch() or await self._finish_albums():
            pass
        await self.app._door._news.round()

    async def _fetch(self) -> int:
        """Poll once, as the poller does, and handle what came."""
        bot = self.app._telegram.bot
        raws = await raw_get_updates(bot, self._offset, 0, ALLOWED_UPDATES)
        await self.app._inbox.put(raws)
        await self._settle()
        ids = [each for each in map(update_id_of, raws) if each is not None]
        self._offset = max(ids) + 1 if ids else self._offset
        return len(raws)

    async def put(self, raws: Sequence[object]) -> None:
        """Store and handle updates that no Telegram would send."""
        await self.app._inbox.put(raws)
        await self._settle()
        await self.hear()

    async def _settle(self) -> None:
        await self.app._lanes.settle()
        await self.app._inbox.close()  # the marks of what was handled

    async def _finish_albums(self) -> bool:
        waiting = "SELECT 1 FROM albums WHERE open"
        if not await self.rows(waiting):
            return False
        self.clock.advance(10.0)  # longer than any album waits
        await self.app._album_rounds.round()
        await self._settle()
        await self.app._album_rounds.round()
        return True

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Bring something to the bot's web server."""
        web = build_web(self.app._health, self.app._build_routes())
        transport = httpx.ASGITransport(app=web)
        async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
            return await client.post(path, json=body, headers=headers)

    async def take_pushed(self) -> None:
        """Let Telegram bring what waits to the webhook, again and again until it is taken."""
        await self.live(self._take_pushed)

    async def _take_pushed(self) -> None:
        webhook = self.app._webhook
        assert webhook is not None
        for update in self.telegram.telegram.feed.waiting:
            answer = await self.post(pushed.PATH, update, **{pushed.SECRET_HEADER: webhook.secret})
            if answer.status_code == httpx.codes.OK:
                self.telegram.telegram.feed.delivered(update)
        await self._settle()

    async def work(self, seconds: float = 100.0) -> None:
        """Let the worker do what becomes due in so many seconds; nobody dies of that."""
        with self.unwatched():
            end = self.clock.now + seconds
            while self.clock.now <= end:
                await self.app._worker.settle()
                due = await self.audited.read(lambda tx: queue.next_due(tx, -math.inf, queue=True))
                if due is None:
                    break
                self.clock.advance(max(due - self.clock.now, 0.1))

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """Let nobody die for a while."""
        self.points.watching = False
        yield
        self.points.watching = True

    # What is seen

    def messages(self, person: Person) -> list[Message]:
        """Return what the bot has in somebody's private chat now."""
        chat = self.telegram.chat(person.id)
        return [message for message in chat.messages if message.from_bot and not message.deleted]

    def last(self, person: Person, label: str) -> Message:
        """Return the newest message in somebody's chat that has a button."""
        found = [each for each in self.messages(person) if any(label in x for x in each.labels)]
        assert found, f"no {label!r} among {[each.text for each in self.messages(person)]}"
        return found[-1]

    async def press(self, person: Person, label: str) -> None:
        """Press a button of the newest message that has it, and let the bot handle it."""
        await person.press(self.last(person, label), label)
        await self.hear()

    async def say(self, person: Person, text: str) -> None:
        """Write to the bot, and let it answer."""
        await person.send(text)
        await self.hear()

    async def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database."""
        return await self.audited.read(
            lambda tx: [tuple(row) for row in tx.exec_driver_sql(sql, values)]
        )

    async def change(self, sql: str) -> None:
        """Change the database behind the bot's back."""

        def run(tx: Connection) -> None:
            tx.exec_driver_sql(sql)

        await self.audited.write(run)

    async def problems(self) -> list[str]:
        """Audit the ledger."""
        return await self.audited.read(audit)

    def posts(self, ending: str) -> list[dict[str, Any]]:
        """Return the paid requests whose prompts end so."""
        sent = (dict(request.json) for request in self.kie.requests if request.json)
        return [body for body in sent if str(body.get("prompt", "")).endswith(ending)]


async def _moment(seconds: float) -> None:
    assert seconds >= 0
    await asyncio.sleep(0)


@asynccontextmanager
async def whole(folder: Path, clock: Clock, **changes: str) -> AsyncIterator[Whole]:
    """Open a bot with its stand-ins."""
    for name in ("videos", "photos"):
        (folder / name).mkdir()
    database = await Database.open(folder / "veogram.db")
    here = Whole(folder, clock, database, **changes)
    await here.telegram.start()
    await here.kie.start()
    await here.begin()
    try:
        yield here
    finally:
        await here.end()
        await here.kie.stop()
        await here.telegram.stop()
        await database.close()


@contextmanager
def written_log(secrets: Sequence[str]) -> Iterator[StringIO]:
    """Have everything that is logged written as the bot writes it, at DEBUG."""
    root = logging.getLogger()
    former, level = root.handlers[:], root.level
    stream = StringIO()
    log.setup("DEBUG", "text", secrets, stream=stream)
    try:
        yield stream
    finally:
        root.handlers[:] = former
        root.setLevel(level)
        logging.captureWarnings(capture=False)
