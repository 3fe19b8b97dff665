"""One performance of the demo: stand-ins, cast, the bot between them, and what it writes."""

import asyncio
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex, token_urlsafe

from bot.demo import books, cast
from bot.demo.books import Books
from bot.demo.cast import Cast
from bot.demo.kie import DEMO_SPEED, KieStandin
from bot.demo.messenger import Signal
from bot.demo.process import BOT, BotProcess
from bot.demo.telegram import TelegramStandin
from bot.demo.waiting import until, within
from bot.demo.wire import Masks, Wire

_STARTS_WITHIN_SECONDS = 60.0
_LOOK_SECONDS = 0.25
_EXPECTED_SECONDS, _SHORTEST_PAUSE_SECONDS = 180.0, 5.0
# Enough to try all of it once: a film of three parts, another video, its 1080p and 4K.
_DAILY_CREDITS = 500


class BotDied(Exception):
    """The bot has ended by itself."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a demo is made of.

    ``speed`` is how fast KIE works, ``command`` starts the bot, ``clock`` gives epoch seconds.
    """

    speed: float = DEMO_SPEED
    command: Sequence[str] = BOT
    host: str = "127.0.0.1"
    clock: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made up anew for every performance."""

    token: str = field(default_factory=lambda: f"7000000001:{token_urlsafe(26)}")
    key: str = field(default_factory=lambda: token_hex(16))
    hmac_key: str = field(default_factory=lambda: token_hex(16))


class Show:
    """Begins with empty chats; ``open`` and ``close`` it. ``page`` is what the bot has written.

    ``changed`` is set whenever something happens; ``number`` tells one show from another.
    """

    def __init__(self, stage: Stage, speed: float, changed: Signal, number: int = 1) -> None:
        secrets = Secrets()
        self.number = number
        self.telegram = TelegramStandin(secrets.token, stage.clock, changed=changed)
        self.kie = KieStandin(
            stage.clock,
            asyncio.sleep,
            api_key=secrets.key,
            hmac_key=secrets.hmac_key,
            speed=speed,
            changed=changed.set,
        )
        self.telegram.flood.enabled = True
        self.cast = Cast.enter(self.telegram)
        self.page = books.Page()
        self.bot = BotProcess(stage.command)
        self._stage = stage
        self._changed = changed
        self._secrets = secrets
        self._folder = tempfile.TemporaryDirectory(
            prefix="veogram-demo-", ignore_cleanup_errors=True
        )
        self._data = Path(self._folder.name) / "data"
        self._books = Books(self._data / "veogram.db")
        self._reading: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._port = free_port(stage.host)

    @property
    def wire(self) -> Wire:
        """What went over the wire so far."""
        secrets = self._secrets
        hidden = (secrets.token, secrets.token.partition(":")[2], secrets.key, secrets.hmac_key)
        masks = Masks(hidden, self._own_url)
        return Wire(self.telegram.calls, self.kie.requests, self.kie.knocks, masks)

    @property
    def _own_url(self) -> str:
        return f"http://{self._stage.host}:{self._port}"

    async def open(self) -> None:
        """Start everything; return when the bot listens. Raises BotDied, ``TimeoutError``."""
        host = self._stage.host
        await self.kie.start(host)
        await self.telegram.start(host)
        self._data.mkdir()
        await cast.let_in(self._data / "veogram.db", self._stage.clock())
        await self._start_bot()
        self._reading = asyncio.create_task(self._read(), name="demo-books")

    async def close(self) -> None:
        """Stop the bot before the stand-ins, and remove what it wrote."""
        await self.bot.stop()
        self._closing.set()
        if self._reading is not None:
            # Not cancelled: a thread that reads cannot be, and the file must not close under it.
            await asyncio.wait([self._reading])
        self._books.close()
        await self.telegram.stop()
        await self.kie.stop()
        self._folder.cleanup()

    async def set_speed(self, speed: float) -> None:
        """Let KIE work that fast from now on, and the bot expect it: it is started again."""
        await self.bot.stop()
        self.kie.speed = speed
        await self._start_bot()

    def settings(self) -> dict[str, str]:
        """Return all settings of the bot: nothing of the operator's own is among them."""
        speed = self.kie.speed
        return {
            "TELEGRAM_TOKEN": self._secrets.token,
            "TELEGRAM_API_URL": self.telegram.url,
            "KIE_API_KEY": self._secrets.key,
            "KIE_API_URL": self.kie.url,
            "KIE_UPLOAD_URL": self.kie.upload_url,
            "KIE_WEBHOOK_HMAC_KEY": self._secrets.hmac_key,
            "TRUSTED_MEDIA_HOSTS": self._stage.host,
            "ADMIN_IDS": str(cast.ADMIN.id),
            "DAILY_CREDITS": str(_DAILY_CREDITS),
            "DATA_DIR": str(self._data),
            "HOST": self._stage.host,
            "PORT": str(self._port),
            "PUBLIC_URL": self._own_url,
            "POLL_EXPECTED_SECONDS": f"{_EXPECTED_SECONDS / speed:g}",
            "POLL_MIN_SECONDS": f"{_SHORTEST_PAUSE_SECONDS / speed:g}",
            "LOG_LEVEL": "WARNING",
        }

    async def _start_bot(self) -> None:
        before = len(self.telegram.calls_of("getUpdates"))
        await self.bot.start(self.settings(), Path(self._folder.name))
        listening = self.telegram.wait_for(
            lambda: len(self.telegram.calls_of("getUpdates")) > before, _STARTS_WITHIN_SECONDS
        )
        heard = asyncio.create_task(listening, name="demo-listening")
        died = asyncio.create_task(self.bot.died.wait(), name="demo-death")
        try:
            await asyncio.wait({heard, died}, return_when=asyncio.FIRST_COMPLETED)
            if died.done():
                raise BotDied
            heard.result()
        finally:
            for task in (heard, died):
                task.cancel()
            await asyncio.wait({heard, died})

    async def _read(self) -> None:
        while not self._closing.is_set():
            page = await asyncio.to_thread(self._books.read)
            if page is not None:
                self.page = page
                self._changed.set()
            await within(_LOOK_SECONDS, until(self._closing))


def free_port(host: str) -> int:
    """Return a port where nobody listens just now."""
    with socket.create_server((host, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
