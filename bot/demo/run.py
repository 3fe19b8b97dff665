"""``make demo``: the unmodified bot between the two stand-ins, and a chat page to talk to it."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import bot
from bot.demo.kie import DEMO_SPEED, KieStandin
from bot.demo.page import ChatPage
from bot.demo.people import Person
from bot.demo.telegram import TelegramStandin

ADMIN_ID = 1_000_001
_TOKEN = "7000000001:demo-token-that-no-telegram-knows"  # noqa: S105 (made up)
_KIE_KEY = "demo-key-that-no-kie-knows"
_STARTS_WITHIN_SECONDS = 60.0
_STOPS_WITHIN_SECONDS = 10.0
_EXPECTED_SECONDS, _SHORTEST_PAUSE_SECONDS = 180.0, 5.0
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BOT = (sys.executable, "-m", "bot", "run")


@dataclass(frozen=True, slots=True)
class Stage:
    """What a demo is made of.

    ``say`` gets one line, the address of the page, once the bot listens; ``complain`` what went
    wrong. ``speed`` is how fast KIE works, ``command`` starts the bot.
    """

    say: Callable[[str], None]
    complain: Callable[[str], None]

    speed: float = DEMO_SPEED
    command: Sequence[str] = BOT
    host: str = "127.0.0.1"
    port: int = 0
    clock: Callable[[], float] = time.time


async def main(stage: Stage) -> int:
    """Run until a signal comes (0) or the bot ends (1); returns the exit code."""
    stopped = asyncio.Event()
    with _signals(stopped):
        async with _standins(stage) as (telegram, kie):
            with tempfile.TemporaryDirectory(prefix="veogram-demo-") as folder:
                environment = bot_environment(stage, telegram, kie, Path(folder))
                process = await _start(stage.command, environment, folder)
                try:
                    return await _watch(stage, telegram, process, stopped)
                finally:
                    await _end(process)


def bot_environment(
    stage: Stage, telegram: TelegramStandin, kie: KieStandin, folder: Path
) -> dict[str, str]:
    """Return the whole environment of the bot: nothing of the operator's own settings is in it."""
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed_on | {
        # The bot runs in an empty folder, where there is no .env; its code lies here.
        "PYTHONPATH": str(Path(bot.__file__).parents[1]),
        "PYTHONUNBUFFERED": "1",
        "HOME": str(folder),
        "TELEGRAM_TOKEN": _TOKEN,
        "TELEGRAM_API_URL": telegram.url,
        "KIE_API_KEY": _KIE_KEY,
        "KIE_API_URL": kie.url,
        "KIE_UPLOAD_URL": kie.upload_url,
        "TRUSTED_MEDIA_HOSTS": stage.host,
        "ADMIN_IDS": str(ADMIN_ID),
        "DATA_DIR": str(folder / "data"),
        "PORT": "0",
        "POLL_EXPECTED_SECONDS": f"{_EXPECTED_SECONDS / stage.speed:g}",
        "POLL_MIN_SECONDS": f"{_SHORTEST_PAUSE_SECONDS / stage.speed:g}",
        "LOG_LEVEL": "WARNING",
    }


@contextlib.asynccontextmanager
async def _standins(stage: Stage) -> AsyncIterator[tuple[TelegramStandin, KieStandin]]:
    telegram = TelegramStandin(_TOKEN, stage.clock)
    kie = KieStandin(stage.clock, asyncio.sleep, api_key=_KIE_KEY, speed=stage.speed)
    try:
        await kie.start(stage.host)
        await telegram.start(stage.host, stage.port)
        yield telegram, kie
    finally:
        await telegram.stop()
        await kie.stop()


async def _start(command: Sequence[str], environment: dict[str, str], folder: str) -> Process:
    # Its own session: Ctrl-C reaches the demo alone, which then stops the bot before the stand-ins.
    # Its output goes to our standard error: standard output is for the address alone.
    return await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
        start_new_session=True,
    )


async def _watch(
    stage: Stage, telegram: TelegramStandin, process: Process, stopped: asyncio.Event
) -> int:
    """Tell the address once the bot listens, then wait for a signal or the bot's end."""
    dead = asyncio.create_task(process.wait(), name="demo-bot")
    stop = asyncio.create_task(stopped.wait(), name="demo-stop")
    listening = asyncio.create_task(_listening(telegram), name="demo-listening")
    waited = {dead, stop, listening}
    try:
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not dead.done() and not stop.done():
            listening.result()
            stage.say(_open_page(telegram))
            await asyncio.wait({dead, stop}, return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError:
        stage.complain("The demo ends: the bot did not begin to listen.")
        return 1
    finally:
        for task in waited:
            task.cancel()
        await asyncio.wait(waited)
    if stop.cancelled():
        stage.complain(f"The demo ends: the bot has died, with exit code {process.returncode}.")
        return 1
    return 0


async def _listening(telegram: TelegramStandin) -> None:
    await telegram.wait_for(lambda: telegram.calls_of("getUpdates"), _STARTS_WITHIN_SECONDS)


def _open_page(telegram: TelegramStandin) -> str:
    """Serve the chat page under a path that nobody can guess; return its address."""
    person: Person = telegram.user(ADMIN_ID, "You", "you")
    path = f"/demo/{token_urlsafe(16)}"
    telegram.mount(path, ChatPage(person).app)
    return f"{telegram.url}{path}/"


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOPS_WITHIN_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


@contextlib.contextmanager
def _signals(stopped: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stopped.set)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
