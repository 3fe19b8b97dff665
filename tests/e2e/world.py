"""The bot between its two stand-ins: as a process of its own, or inside the test's loop."""

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, TypeVar

from bot.app import serve
from bot.demo.chats import Message
from bot.demo.kie import KieStandin
from bot.demo.limits import UPLOAD_MAX_BYTES
from bot.demo.people import Person
from bot.demo.telegram import TelegramStandin
from bot.demo.transcript import is_result
from bot.settings import Settings
from tests.clips import draw_once

Found = TypeVar("Found")

ROOT = Path(__file__).parents[2]
TOKEN = "7000000001:AAEhBP0av28FrqVhPGZtRKHyuVLKXGPJ4no"
KEY = "kie-key-0123456789abcdef0123456789"
ADMIN_ID = 1001
PATIENCE_SECONDS = 90.0


def between(telegram: TelegramStandin, kie: KieStandin, data_dir: Path) -> dict[str, str]:
    """Return the settings that put a bot between its stand-ins."""
    return {
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram.url,
        "KIE_API_KEY": KEY,
        "KIE_API_URL": kie.url,
        "KIE_UPLOAD_URL": kie.upload_url,
        "TRUSTED_MEDIA_HOSTS": "127.0.0.1",
        "ADMIN_IDS": str(ADMIN_ID),
        "DATA_DIR": str(data_dir),
        "PORT": "0",
    }


class World:
    """Both stand-ins, one data folder, and at most one bot at a time."""

    def __init__(
        self,
        folder: Path,
        *,
        seconds: float = 1.0,
        upload_max_bytes: int = UPLOAD_MAX_BYTES,
        **kie: Any,
    ) -> None:
        self.folder = folder
        self.seconds = seconds  # that a task takes; ``math.inf``: until it is told to finish
        self.telegram = TelegramStandin(TOKEN, time.time, upload_max_bytes=upload_max_bytes)
        self.kie = KieStandin(
            time.time,
            asyncio.sleep,
            api_key=KEY,
            durations=lambda _: self.seconds,
            **({"draw": draw_once} | kie),
        )
        self.admin = self.telegram.user(ADMIN_ID, "Ada")
        self.process: asyncio.subprocess.Process | None = None
        self.log = folder / "bot.log"
        self.output = folder / "bot.out"  # standard output of a bot that was started
        self.announced: list[str] = []  # what a bot in this loop would print

    @property
    def data_dir(self) -> Path:
        """The bot's data folder."""
        return self.folder / "data"

    def environment(self, **more: str) -> dict[str, str]:
        """Return settings that point the bot at the stand-ins, with short pauses."""
        return {
            **between(self.telegram, self.kie, self.data_dir),
            "POLL_EXPECTED_SECONDS": "2",
            "POLL_MIN_SECONDS": "0.3",
            "LOG_LEVEL": "DEBUG",
        } | more

    async def start(self, **more: str) -> None:
        """Start the bot as a separate process with a plain environment."""
        with self.log.open("ab") as log, self.output.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                "run",
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
                | self.environment(**more),
                stdout=output,
                stderr=log,
            )

    async def kill(self) -> None:
        """``kill -9``."""
        process = self._running()
        process.kill()
        await process.wait()
        self.process = None

    async def terminate(self) -> int:
        """SIGTERM; return the exit code."""
        process = self._running()
        process.send_signal(signal.SIGTERM)
        code = await process.wait()
        self.process = None
        return code

    def _running(self) -> asyncio.subprocess.Process:
        assert self.process is not None
        return self.process

    @asynccontextmanager
    async def bot(self, **more: str) -> AsyncIterator[None]:
        """Run the bot inside this loop; what it dies of is raised."""
        stop = asyncio.Event()
        settings = Settings.load(self.environment(**more), env_file=None)
        task = asyncio.create_task(serve(settings, stop, self.announced.append), name="bot")
        try:
            yield
        finally:
            stop.set()
            await task

    async def until(self, look: Callable[[], Found | None], what: str = "") -> Found:
        """Wait until what ``look`` returns is true, and return it."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (found := look()):
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise AssertionError(f"never seen: {what or look}\n{self.story()}") from error
        return found

    def story(self) -> str:
        """Return the admin's chat and the end of the log, for a failing test."""
        said = "\n".join(
            f"{'bot' if message.from_bot else 'person'}: {message.text or message.body}"
            for message in self.telegram.chat(ADMIN_ID).messages
        )
        log = self.log.read_text()[-4000:] if self.log.exists() else ""
        return f"{said}\n{log}"

    def messages(self, person: Person | None = None) -> list[Message]:
        """Return what the bot has in somebody's private chat now."""
        chat = self.telegram.chat((person or self.admin).id)
        return [message for message in chat.messages if message.from_bot and not message.deleted]

    async def message(self, text: str, person: Person | None = None) -> Message:
        """Wait for a message of the bot that holds a text."""

        def look() -> Message | None:
            found = [message for message in self.messages(person) if text in message.text]
            return found[-1] if found else None

        return await self.until(look, f"a message with {text!r}")

    async def card(self, person: Person | None = None) -> Message:
        """Wait for a card that can be ordered."""

        def look() -> Message | None:
            return next((each for each in self.messages(person)[::-1] if _can(each)), None)

        return await self.until(look, "a card with Generate")

    async def video(self, person: Person | None = None, count: int = 1) -> Message:
        """Wait for the ``count``-th video and return it."""

        def look() -> Message | None:
            videos = self.videos(person)
            return videos[count - 1] if len(videos) >= count else None

        return await self.until(look, f"video number {count}")

    def videos(self, person: Person | None = None) -> list[Message]:
        """Return the videos in somebody's private chat."""
        return [message for message in self.messages(person) if is_result(message)]

    async def order(self, text: str, person: Person | None = None) -> Message:
        """Ask for a video and press Generate; return the card, which is the status from then on."""
        person = person or self.admin
        await person.send(f"/generate {text}")
        card = await self.card(person)
        await person.press(card, "Generate")
        return card

    def posts(self) -> list[Mapping[str, Any]]:
        """Return the bodies of the paid requests that reached KIE."""
        paid = ("/veo/generate", "/veo/extend", "/jobs/createTask")
        return [
            request.json
            for request in self.kie.requests
            if request.method == "POST" and request.path.endswith(paid)
        ]

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the bot's database, while it runs or after."""
        path = self.data_dir / "veogram.db"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path, timeout=10)) as database:
            return database.execute(sql, values).fetchall()

    def change(self, sql: str) -> None:
        """Change the database of a bot that does not run."""
        with closing(sqlite3.connect(self.data_dir / "veogram.db")) as database, database:
            database.execute(sql)

    def states(self) -> list[str]:
        """Return the states of all jobs, oldest first."""
        return [state for (state,) in self.rows("SELECT state FROM jobs ORDER BY id")]


def _can(message: Message) -> bool:
    try:
        message.button("Generate")
    except LookupError:
        return False
    return True


@asynccontextmanager
async def world(folder: Path, **options: Any) -> AsyncIterator[World]:
    """Open a world; a bot that still runs is killed at the end."""
    here = World(folder, **options)
    await here.telegram.start()
    await here.kie.start()
    try:
        yield here
    finally:
        if here.process is not None:
            await here.kill()
        await here.kie.stop()
        await here.telegram.stop()
