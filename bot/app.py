"""The composition root: builds everything from the settings, connects it, runs and stops it."""

import asyncio
import logging
import random
import signal
import ssl
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from starlette.routing import Route
from telegram import LinkPreviewOptions
from telegram.ext import Application, ContextTypes, Defaults
from telegram.request import HTTPXRequest

from bot import front
from bot.catalog import Catalog
from bot.choices import catalog_of, rules_of
from bot.errors import StorageError
from bot.jobs.access import Admission
from bot.jobs.chats import Chats
from bot.jobs.delivery import Delivery
from bot.jobs.erasure import Erasure
from bot.jobs.further import Further
from bot.jobs.history import History
from bot.jobs.knocks import Knocks
from bot.jobs.preferences import Preferences
from bot.jobs.reporter import Reporter
from bot.jobs.rules import Rules
from bot.jobs.service import Service
from bot.jobs.steps import Steps
from bot.jobs.upkeep import Upkeep
from bot.jobs.worker import Worker
from bot.kie.client import KieClient
from bot.media import files
from bot.media.fetch import Fetcher, Timeouts, trust
from bot.media.images import Images
from bot.media.library import FOLDER, Library
from bot.media.videos import Videos
from bot.running import every, insist, leave_within, until
from bot.settings import Settings
from bot.updates.albums import AlbumRounds, Albums
from bot.updates.inbox import Inbox, reader
from bot.updates.lanes import Lanes
from bot.updates.limiter import Limiter
from bot.updates.polling import TIMEOUT_SECONDS, Poller, Watchdog, raw_get_updates
from bot.web.probes import Metric, Probes
from bot.web.server import Health, WebServer
from bot.web.server import build as build_web
from handlers.context import App as TelegramApp
from handlers.context import Context
from handlers.door import Door
from handlers.files import TelegramFiles
from handlers.messenger import TelegramMessenger
from handlers.persistence import DraftPersistence
from handlers.texts import Languages
from handlers.wiring import register
from storage.database import Database, lock_data_dir

log = logging.getLogger(__name__)

Clock = Callable[[], float]
Announce = Callable[[str], None]
BuildTelegram = Callable[[Settings, Service, ssl.SSLContext], TelegramApp]

ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member")
HANDLERS_AT_ONCE = 32
CONNECTIONS = 64
REPORT_SECONDS = 1.0
UPKEEP_SECONDS = 5.0
ALBUM_SECONDS = 0.25
PHOTO_SECONDS = 30.0
# With what the web server takes to stop, below the five seconds that a supervisor is promised.
DRAIN_SECONDS = 1.5
STEPS_SECONDS = 2.5
# For threads that nothing can interrupt, when all is closed.
LINGER_SECONDS = 0.5
USER_AGENT = "Veogram"
# Health turns bad well before the watchdog ends the process.
UNHEARD_SECONDS = 90.0


def build_telegram(settings: Settings, service: Service, tls: ssl.SSLContext) -> TelegramApp:
    """Construct the framework's application, no handlers yet; updates come from the inbox."""
    url = settings.telegram_api_url
    trusting = {"verify": tls}
    return (
        Application.builder()
        .token(settings.telegram_token.get_secret_value())
        .base_url(f"{url}/bot")
        .base_file_url(f"{url}/file/bot")
        .request(HTTPXRequest(connection_pool_size=CONNECTIONS, httpx_kwargs=trusting))
        .get_updates_request(HTTPXRequest(connection_pool_size=1, httpx_kwargs=trusting))
        .updater(None)
        # Were the system's clock set back, a pause would last until it has caught up.
        .rate_limiter(Limiter(time.monotonic, asyncio.sleep))
        # No parse mode here: the framework would send it along with calls that have none.
        .defaults(Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True)))
        .context_types(ContextTypes(context=Context))
        .persistence(DraftPersistence(service))
        .build()
    )


class App:
    """The running bot: ``run`` it until it is told to stop, and it closes itself.

    ``telegram`` builds the framework's application.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        announce: Announce,
        clock: Clock = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        telegram: BuildTelegram = build_telegram,
    ) -> None:
        self._settings = settings
        self._database = database
        self._announce = announce
        self._clock = clock
        self._sleep = sleep
        rules, catalog, languages = rules_of(settings), catalog_of(settings), Languages()
        bell, tls = asyncio.Event(), trust()
        self._kie = KieClient(
            api_url=settings.kie_api_url,
            upload_url=settings.kie_upload_url,
            key=settings.kie_api_key.get_secret_value(),
            sleep=sleep,
            tls=tls,
        )
        self._fetcher = Fetcher(
            trusted_hosts=settings.trusted_media_hosts, user_agent=USER_AGENT, tls=tls
        )
        self._videos = Videos()
        service = Service(
            database=database, catalog=catalog, rules=rules, nudge=bell.set, clock=clock
        )
        door_bell = asyncio.Event()
        admission = Admission(
            database=database,
            rules=rules,
            base=catalog.default_options(),
            ring=door_bell.set,
            clock=clock,
        )
        self._telegram = telegram(settings, service, tls)
        self._images = Images()
        # Photos come from Telegram's own server, which may stand in a private network.
        self._photo_fetcher = Fetcher(
            trusted_hosts=[urlsplit(settings.telegram_api_url).netloc],
            user_agent=USER_AGENT,
            timeouts=Timeouts(total_seconds=PHOTO_SECONDS),
            tls=tls,
        )
        self._library = Library(
            database=database,
            files=TelegramFiles(self._telegram.bot),
            fetcher=self._photo_fetcher,
            images=self._images,
            data_dir=settings.data_dir,
            clock=clock,
            sleep=sleep,
        )
        messenger = TelegramMessenger(self._telegram.bot, languages, catalog, clock)
        self._links = front.links_of(settings, database, clock)
        delivery = self._build_delivery(rules, messenger)
        self._erasure = Erasure(database=database, data_dir=settings.data_dir, clock=clock)
        register(
            self._telegram,
            service,
            languages,
            clock,
            history=History(
                database=database,
                messenger=messenger,
                videos=self._videos,
                link=delivery.link,
                rules=rules,
                data_dir=settings.data_dir,
                clock=clock,
            ),
            preferences=Preferences(database=database, catalog=catalog),
            erasure=self._erasure,
            further=Further(
                database=database, catalog=catalog, rules=rules, nudge=bell.set, clock=clock
            ),
            library=self._library,
            albums=Albums(database, clock),
            admission=admission,
            chats=Chats(database=database, base=catalog.default_options(), clock=clock),
        )
        self._door = Door(self._telegram.bot, admission, languages, door_bell)
        self._knocks = Knocks(database=database, rules=rules, nudge=bell.set, clock=clock)
        steps = self._build_steps(rules, catalog, messenger, delivery)
        self._worker = Worker(database=database, steps=steps, rules=rules, bell=bell, clock=clock)
        self._reporter = Reporter(database=database, messenger=messenger, rules=rules, clock=clock)
        self._upkeep = Upkeep(
            database=database,
            kie=self._kie,
            messenger=messenger,
            rules=rules,
            data_dir=settings.data_dir,
            nudge=bell.set,
            clock=clock,
        )
        self._lanes = Lanes(
            reader(self._telegram.bot, self._telegram.process_update), limit=HANDLERS_AT_ONCE
        )
        self._inbox = Inbox(database, self._lanes, clock, sleep)
        self._album_rounds = AlbumRounds(database, self._inbox.again, clock)
        self._watchdog = Watchdog(time.monotonic, asyncio.sleep)
        self._webhook = front.webhook_of(settings, self._telegram.bot, ALLOWED_UPDATES)
        app = build_web(self._health, self._build_routes())
        self._web = WebServer(app, settings.host, settings.port)

    def _build_delivery(self, rules: Rules, messenger: TelegramMessenger) -> Delivery:
        return Delivery(
            database=self._database,
            fetcher=self._fetcher,
            videos=self._videos,
            kie=self._kie,
            messenger=messenger,
            rules=rules,
            data_dir=self._settings.data_dir,
            trusted_hosts=self._settings.trusted_media_hosts,
            clock=self._clock,
            chance=random.SystemRandom().random,
            links=self._links,
        )

    def _build_steps(
        self, rules: Rules, catalog: Catalog, messenger: TelegramMessenger, delivery: Delivery
    ) -> Steps:
        return Steps(
            database=self._database,
            kie=self._kie,
            catalog=catalog,
            hosting=front.hosting_of(self._settings, self._kie, self._links, self._clock),
            delivery=delivery,
            messenger=messenger,
            rules=rules,
            data_dir=self._settings.data_dir,
            clock=self._clock,
            sleep=self._sleep,
            chance=random.SystemRandom().random,
        )

    def _build_routes(self) -> list[Route]:
        probes = Probes(
            database=self._database,
            health=self._health,
            worker_age=lambda: self._worker.age,
            metrics=self._metrics,
        )
        return probes.routes() + front.routes_of(
            self._settings,
            knocks=self._knocks,
            own=self._links,
            webhook=self._webhook,
            inbox=self._inbox,
            clock=self._clock,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Start in order, work until ``stop`` is set or a part dies, stop in order.

        Raises what a part died of; ConfigurationError when it cannot start.
        """
        self._web.bind()
        try:
            if not await self._start(stop):
                return
            if link := await self._door.first_link():
                self._announce(link)
            await self._work(stop)
        finally:
            await self._close()

    async def _start(self, stop: asyncio.Event) -> bool:
        """Return False when the process was stopped before Telegram answered."""
        await self._web.start()
        if not await insist(stop, self._greet_telegram):
            return False
        await self._worker.recover()
        await self._library.tidy()
        await self._erasure.tidy()
        await self._album_rounds.recover()
        if self._webhook is not None and not await insist(stop, self._webhook.register):
            return False
        log.info("started", extra={"bot": self._telegram.bot.username, "port": self._web.port})
        return True

    async def _greet_telegram(self) -> None:
        await self._telegram.initialize()
        if self._webhook is None:
            await self._telegram.bot.delete_webhook()

    async def _work(self, stop: asyncio.Event) -> None:
        tasks = [
            asyncio.create_task(part, name=name)
            for name, part in {
                **self._intake(),
                "recovery": self._recover_then_idle(),
                "worker": self._worker.run(),
                "reporter": every(REPORT_SECONDS, self._reporter.round),
                "albums": every(ALBUM_SECONDS, self._album_rounds.round),
                "upkeep": every(UPKEEP_SECONDS, self._upkeep.round),
                "erasure": every(UPKEEP_SECONDS, self._erasure.round),
                "door": self._door.run(),
                "web": self._web.wait(),
                "stop": until(stop),
            }.items()
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._drain(tasks)
        for task in done:
            task.result()

    def _intake(self) -> dict[str, Coroutine[None, None, None]]:
        """What keeps updates coming."""
        if self._webhook is not None:
            return {"webhook": self._webhook.watch()}
        return {"poller": self._poller().run(), "watchdog": self._watchdog.watch()}

    def _poller(self) -> Poller:
        bot = self._telegram.bot
        return Poller(
            lambda offset: raw_get_updates(bot, offset, TIMEOUT_SECONDS, ALLOWED_UPDATES),
            self._inbox,
            self._watchdog,
            time.monotonic,
            asyncio.sleep,
        )

    async def _recover_then_idle(self) -> None:
        await self._inbox.recover()
        await asyncio.Event().wait()

    async def _drain(self, tasks: list[asyncio.Task[None]]) -> None:
        """Take nothing new, finish what runs as far as the time allows."""
        for task in tasks:
            if task.get_name() != "worker":
                task.cancel()
        await self._web.stop()  # what was accepted is committed then
        await asyncio.gather(self._lanes.drain(DRAIN_SECONDS), self._worker.stop(STEPS_SECONDS))
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._inbox.close()

    async def _close(self) -> None:
        await self._telegram.shutdown()
        await self._web.stop()
        await self._knocks.close()
        await self._kie.close()
        await self._fetcher.aclose()
        await self._photo_fetcher.aclose()
        self._videos.close()
        self._images.close()

    async def _health(self) -> Health:
        if self._webhook is not None:
            return Health({}, (self._webhook.trouble,) if self._webhook.trouble else ())
        age = self._watchdog.age
        problems = ("Telegram has not been heard of.",) if age > UNHEARD_SECONDS else ()
        return Health({"telegram_age_seconds": round(age, 1)}, problems)

    def _metrics(self) -> Sequence[Metric]:
        return (
            Metric("veogram_updates_total", "counter", "Updates stored.", self._inbox.stored),
            Metric("veogram_updates_open", "gauge", "Not handled yet.", self._lanes.backlog),
            Metric("veogram_kie_requests_total", "counter", "Sent to KIE.", self._kie.requests),
        )


async def serve(settings: Settings, stop: asyncio.Event, announce: Announce) -> None:
    """Run the bot on its data folder until ``stop`` is set.

    ``announce`` gets the link that makes the first admin, while there is none.

    Raises ConfigurationError, DataDirInUse, StorageError, or what a part died of.
    """
    with lock_data_dir(settings.data_dir):
        _prepare_folders(settings.data_dir)
        database = await Database.open(settings.database_path)
        try:
            await App(settings, database, announce).run(stop)
        finally:
            await database.close()


def _prepare_folders(data_dir: Path) -> None:
    """Make them where they are missing, and throw away what a killed process was downloading."""
    for name in ("videos", FOLDER):
        folder = data_dir / name
        try:
            folder.mkdir(exist_ok=True)
            files.sweep(folder)
        except OSError as error:
            raise StorageError(f"The folder {folder} cannot be used: {error.strerror}.") from error


def run(settings: Settings, announce: Announce) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code. Raises like ``serve``."""
    asyncio.run(_serve_until_signal(settings, announce))
    return 0


async def _serve_until_signal(settings: Settings, announce: Announce) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    await serve(settings, stop, announce)
    leave_within(LINGER_SECONDS)
