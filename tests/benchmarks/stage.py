"""A bot as a process of its own, and this process as all that is around it: the two stand-ins."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from bot.demo.chats import Message
from bot.demo.kie import KieStandin
from bot.demo.kie_rules import Order
from bot.demo.people import Person
from bot.demo.telegram import TelegramStandin
from bot.demo.transcript import is_result
from tests.clips import draw_once

Found = TypeVar("Found")

ROOT = Path(__file__).parents[2]
TOKEN = "7000000001:AAEhBP0av28FrqVhPGZtRKHyuVLKXGPJ4no"
KEY = "kie-key-0123456789abcdef0123456789"
FIRST_ID = 20_000
BOT = ("bot", "run")
NAIVE = ("tests.benchmarks.programs.naive",)
BARE = ("tests.benchmarks.programs.bare",)
PATIENCE_SECONDS = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Broken(Exception):
    """What was to be measured did not happen."""


class Child:
    """A program under way; Linux tells its memory and processor time under ``/proc``."""

    def __init__(self, process: asyncio.subprocess.Process, started_at: float) -> None:
        self.process = process
        self.started_at = started_at  # epoch seconds
        self._proc = Path("/proc") / str(process.pid)

    @property
    def memory(self) -> int:
        """Bytes in memory now."""
        return self._status("VmRSS")

    @property
    def peak(self) -> int:
        """The most bytes in memory at any time since ``forget_peak``."""
        return self._status("VmHWM")

    @property
    def processor_seconds(self) -> float:
        """Seconds of processor used, all threads together."""
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def forget_peak(self) -> None:
        """Begin to look for the peak anew."""
        (self._proc / "clear_refs").write_text("5")

    def _status(self, name: str) -> int:
        line = next(
            line for line in (self._proc / "status").read_text().splitlines() if name in line
        )
        return int(line.split()[1]) << 10

    async def kill(self) -> None:
        """``kill -9``."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def end(self) -> str:
        """Close its standard input and return all that it writes until it has ended."""
        told, _ = await self.process.communicate(b"")
        return told.decode()


class Stage:
    """Both stand-ins and a folder."""

    def __init__(self, folder: Path, durations: Callable[[Order], float], **kie: Any) -> None:
        self.folder = folder
        self.telegram = TelegramStandin(TOKEN, time.time)
        self.kie = KieStandin(
            time.time,
            asyncio.sleep,
            api_key=KEY,
            durations=durations,
            **{"draw": draw_once, "credit": 10_000_000, **kie},
        )
        self._people: dict[int, Person] = {}
        self.children: list[Child] = []

    @property
    def log(self) -> Path:
        """What the programs wrote to standard error."""
        return self.folder / "log"

    def environment(self, **more: str) -> dict[str, str]:
        """Return settings that point a bot here and let everybody in."""
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": self.telegram.url,
            "KIE_API_KEY": KEY,
            "KIE_API_URL": self.kie.url,
            "KIE_UPLOAD_URL": self.kie.upload_url,
            "TRUSTED_MEDIA_HOSTS": "127.0.0.1",
            "ADMIN_IDS": "1001",
            "ACCESS": "open",
            "DAILY_CREDITS": "100000",
            "DATA_DIR": str(self.folder / "data"),
            "PORT": "0",
        } | more

    async def start(self, *program: str, **more: str) -> Child:
        """Start ``python -m`` with a program and its arguments."""
        with self.log.open("ab") as log:
            begun = time.time()
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *program),
                cwd=self.folder,
                env=self.environment(**more),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        self.children.append(Child(process, begun))
        return self.children[-1]

    def person(self, number: int) -> Person:
        """Return one of any number of people."""
        user_id = FIRST_ID + number
        if user_id not in self._people:
            self._people[user_id] = self.telegram.user(user_id, f"Guest {number}")
        return self._people[user_id]

    def videos(self) -> list[Message]:
        """Return every video in every chat."""
        return [
            message
            for person in self._people.values()
            for message in list(person.private.by_id.values())
            if _is_result(message) and not message.deleted
        ]

    async def listening(self, child: Child) -> float:
        """Wait for the first getUpdates of a program that was just started; return when it came."""

        def look() -> float | None:
            polls = (call.at for call in reversed(self.telegram.calls) if "Updates" in call.method)
            return next((at for at in polls if at >= child.started_at), None)

        return await self.until(look, "getUpdates", child)

    async def until(
        self, look: Callable[[], Found | None], what: str, child: Child | None = None
    ) -> Found:
        """Wait for what ``look`` finds. Raises ``Broken`` when that takes too long."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (found := look()) is None:
                    if child is not None and child.process.returncode is not None:
                        raise Broken(f"the program ended before: {what}\n{self._end_of_log()}")
                    await asyncio.sleep(0.01)
                return found
        except TimeoutError as error:
            raise Broken(f"never seen: {what}\n{self._end_of_log()}") from error

    def _end_of_log(self) -> str:
        return self.log.read_text()[-2000:]


@asynccontextmanager
async def stage(durations: Callable[[Order], float], **kie: Any) -> AsyncIterator[Stage]:
    """Open both stand-ins in a folder of their own."""
    with TemporaryDirectory(prefix="veogram-bench-") as folder:
        here = Stage(Path(folder), durations, **kie)
        await here.telegram.start()
        await here.kie.start()
        try:
            yield here
        finally:
            for child in here.children:
                await child.kill()
            await here.kie.stop()
            await here.telegram.stop()


def _is_result(message: Message) -> bool:
    """Any bot's: a naive one has no buttons, but none that is still a status card either."""
    return is_result(message) or (message.video is not None and not message.edits)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def with_callbacks() -> dict[str, str]:
    """Return settings under which KIE can call back."""
    port = str(free_port())
    return {"PORT": port, "PUBLIC_URL": f"http://127.0.0.1:{port}", "POLL_MIN_SECONDS": "0.3"}
