"""The composition root: builds everything from the settings, connects it, runs and stops it."""

import asyncio
import logging
import random
import signal
import time
from collections.abc import Awaitable, Callable
from importlib import resources
from urllib.parse import urlsplit

from telegram import LinkPreviewOptions
from telegram.error import InvalidToken, NetworkError, RetryAfter
from telegram.ext import Application, ContextTypes, Defaults
from telegram.request import HTTPXRequest

from bot import catalog as catalogs
from bot.catalog import Catalog
from bot.errors import ConfigurationError
from bot.jobs import retry
from bot.jobs.delivery import Delivery
from bot.jobs.reporter import Reporter
from bot.jobs.rules import Rules
from bot.jobs.service import Service
from bot.jobs.steps import Steps
from bot.jobs.upkeep import Upkeep
from bot.jobs.worker import Worker
from bot.kie.client import KieClient
from bot.media.fetch import Fetcher, Timeouts
from bot.media.hosting import KieUploads
from bot.media.images import Images
from bot.media.library import FOLDER, Library
from bot.media.videos import Videos
from bot.settings import Settings
from bot.updates.albums import AlbumRounds, Albums
from bot.updates.inbox import Inbox, reader
from bot.updates.lanes import Lanes
from bot.updates.limiter import Limiter
from bot.updates.polling import TIMEOUT_SECONDS, Poller, TokenRefused, Watchdog, raw_get_updates
from bot.web.server import Health, WebServer
from bot.web.server import build as build_web
from handlers.context import App as TelegramApp
from handlers.context import Context
from handlers.files import TelegramFiles
from handlers.messenger import TelegramMessenger
from handlers.persistence import DraftPersistence
from handlers.texts import Languages
from handlers.wiring import register
from storage.database import Database, lock_data_dir

log = logging.getLogger(__name__)

Clock = Callable[[], float]

ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member")
HANDLERS_AT_ONCE = 32
CONNECTIONS = 64
REPORT_SECONDS = 1.0
UPKEEP_SECONDS = 5.0
ALBUM_SECONDS = 0.25
PHOTO_SECONDS = 30.0
# Together below the five seconds that a supervisor is promised.
DRAIN_SECONDS = 1.5
STEPS_SECONDS = 3.0
START_RETRY = retry.Policy(first=1, cap=30)
USER_AGENT = "Veogram"
# Health turns bad well before the watchdog ends the process.
UNHEARD_SECONDS = 90.0


def read_catalog(settings: Settings) -> Catalog:
    """Return the operator's catalog, or the built-in one. Raises ConfigurationError."""
    if settings.catalog_file is None:
        return catalogs.parse(resources.files("bot").joinpath("catalog.toml").read_text("utf-8"))
    try:
        return catalogs.parse(settings.catalog_file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"CATALOG_FILE cannot be read: {error}.") from error


def rules_of(settings: Settings) -> Rules:
    """Translate the settings into what the life of a job depends on."""
    return Rules(
        dialect=settings.kie_dialect,
        max_concurrent=settings.kie_max_concurrent,
        creates_per_10s=settings.kie_creates_per_10s,
        max_jobs_per_user=settings.max_jobs_per_user,
        expected_seconds=settings.poll_expected_seconds,
        shortest_pause_seconds=settings.poll_min_seconds,
        soft_deadline_seconds=settings.soft_deadline_seconds,
        hard_deadline_seconds=settings.hard_deadline_seconds,
        daily_credits=settings.daily_credits,
        daily_credits_total=settings.daily_credits_total,
        credits_low=settings.kie_credits_low,
        admin_ids=settings.admin_ids,
        open_to_all=settings.access == "open",
        prompt_max_chars=settings.prompt_max_chars,
        upload_max_bytes=settings.telegram_upload_max_mb << 20,
        result_max_bytes=settings.result_max_mb << 20,
        keep_videos_seconds=settings.keep_videos_days * 86400.0,
    )


def build_telegram(settings: Settings, service: Service, clock: Clock) -> TelegramApp:
    """Construct the framework's application, no handlers yet; updates come from the inbox."""
    url = settings.telegram_api_url
    return (
        Application.builder()
        .token(settings.telegram_token.get_secret_value())
        .base_url(f"{url}/bot")
        .base_file_url(f"{url}/file/bot")
        .request(HTTPXRequest(connection_pool_size=CONNECTIONS))
        .updater(None)
        .rate_limiter(Limiter(clock, asyncio.sleep))
        # No parse mode here: the framework would send it along with calls that have none.
        .defaults(Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True)))
        .context_types(ContextTypes(context=Context))
        .persistence(DraftPersistence(service))
        .build()
    )


class App:
    """The running bot: ``open`` it, ``run`` it until it is told to stop, and it closes itself."""

    def __init__(self, settings: Settings, database: Database, clock: Clock = time.time) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        rules, catalog, languages = rules_of(settings), read_catalog(settings), Languages()
        bell = asyncio.Event()
        self._kie = KieClient(
            api_url=settings.kie_api_url,
            upload_url=settings.kie_upload_url,
            key=settings.kie_api_key.get_secret_value(),
            sleep=asyncio.sleep,
        )
        self._fetcher = Fetcher(trusted_hosts=settings.trusted_media_hosts, user_agent=USER_AGENT)
        self._videos = Videos()
        service = Service(
            database=database, catalog=catalog, rules=rules, nudge=bell.set, clock=clock
        )
        self._telegram = build_telegram(settings, service, clock)
        self._images = Images()
        # Photos come from Telegram's own server, which may stand in a private network.
        self._photo_fetcher = Fetcher(
            trusted_hosts=[urlsplit(settings.telegram_api_url).netloc],
            user_agent=USER_AGENT,
            timeouts=Timeouts(total_seconds=PHOTO_SECONDS),
        )
        self._library = Library(
            database=database,
            files=TelegramFiles(self._telegram.bot),
            fetcher=self._photo_fetcher,
            images=self._images,
            data_dir=settings.data_dir,
            clock=clock,
            sleep=asyncio.sleep,
        )
        register(
            self._telegram,
            service,
            languages,
            clock,
            library=self._library,
            albums=Albums(database, clock),
        )
        messenger = TelegramMessenger(self._telegram.bot, languages, catalog, clock)
        steps = self._build_steps(rules, catalog, messenger)
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
        self._inbox = Inbox(database, self._lanes, clock, asyncio.sleep)
        self._album_rounds = AlbumRounds(database, self._inbox.again, clock)
        self._watchdog = Watchdog(time.monotonic, asyncio.sleep)
        self._web = WebServer(build_web(self._health), settings.host, settings.port)

    def _build_steps(self, rules: Rules, catalog: Catalog, messenger: TelegramMessenger) -> Steps:
        chance = random.SystemRandom().random
        delivery = Delivery(
            database=self._database,
            fetcher=self._fetcher,
            videos=self._videos,
            kie=self._kie,
            messenger=messenger,
            rules=rules,
            data_dir=self._settings.data_dir,
            trusted_hosts=self._settings.trusted_media_hosts,
            clock=self._clock,
            chance=chance,
        )
        return Steps(
            database=self._database,
            kie=self._kie,
            catalog=catalog,
            hosting=KieUploads(self._kie),
            delivery=delivery,
            messenger=messenger,
            rules=rules,
            data_dir=self._settings.data_dir,
            clock=self._clock,
            chance=chance,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Start in order, work until ``stop`` is set or a part dies, stop in order.

        Raises what a part died of; ConfigurationError when it cannot start.
        """
        self._web.bind()
        try:
            if not await self._start(stop):
                return
            await self._work(stop)
        finally:
            await self._close()

    async def _start(self, stop: asyncio.Event) -> bool:
        """Return False when the process was stopped before Telegram answered."""
        await self._web.start()
        if not await self._greet_telegram(stop):
            return False
        await self._worker.recover()
        await self._library.tidy()
        await self._album_rounds.recover()
        log.info("started", extra={"bot": self._telegram.bot.username, "port": self._web.port})
        return True

    async def _greet_telegram(self, stop: asyncio.Event) -> bool:
        failures = 0
        while not stop.is_set():
            try:
                await self._telegram.initialize()
                await self._telegram.bot.delete_webhook()
            except InvalidToken as error:
                raise TokenRefused from error
            except (NetworkError, RetryAfter) as error:
                failures += 1
                wait = retry.pause(START_RETRY, failures, chance=0.0) or START_RETRY.cap
                log.warning("Telegram does not answer", extra={"error": str(error), "wait": wait})
                await _wait(stop, wait)
            else:
                return True
        return False

    async def _work(self, stop: asyncio.Event) -> None:
        tasks = [
            asyncio.create_task(part, name=name)
            for name, part in {
                "poller": self._poller().run(),
                "watchdog": self._watchdog.watch(),
                "recovery": self._recover_then_idle(),
                "worker": self._worker.run(),
                "reporter": _every(REPORT_SECONDS, self._reporter.round),
                "albums": _every(ALBUM_SECONDS, self._album_rounds.round),
                "upkeep": _every(UPKEEP_SECONDS, self._upkeep.round),
                "web": self._web.wait(),
                "stop": _until(stop),
            }.items()
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._drain(tasks)
        for task in done:
            task.result()

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
        await asyncio.gather(self._lanes.drain(DRAIN_SECONDS), self._worker.stop(STEPS_SECONDS))
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._inbox.close()

    async def _close(self) -> None:
        await self._telegram.shutdown()
        await self._web.stop()
        await self._kie.close()
        await self._fetcher.aclose()
        await self._photo_fetcher.aclose()
        self._videos.close()
        self._images.close()

    async def _health(self) -> Health:
        age = self._watchdog.age
        problems = ("Telegram has not been heard of.",) if age > UNHEARD_SECONDS else ()
        return Health({"telegram_age_seconds": round(age, 1)}, problems)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run the bot on its data folder until ``stop`` is set.

    Raises ConfigurationError, DataDirInUse, StorageError, or what a part died of.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    (settings.data_dir / "videos").mkdir(exist_ok=True)
    (settings.data_dir / FOLDER).mkdir(exist_ok=True)
    with lock_data_dir(settings.data_dir):
        database = await Database.open(settings.database_path)
        try:
            await App(settings, database).run(stop)
        finally:
            await database.close()


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code. Raises like ``serve``."""
    asyncio.run(_serve_until_signal(settings))
    return 0


async def _serve_until_signal(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    await serve(settings, stop)


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await work()
        await asyncio.sleep(seconds)


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
