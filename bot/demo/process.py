"""The unmodified bot as a process of its own: started, listened for, stopped, watched."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from pathlib import Path

import bot

BOT = (sys.executable, "-m", "bot", "run")
_STOPS_WITHIN_SECONDS = 10.0
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV")


class BotProcess:
    """Runs ``command``; ``died`` is set when it ends without being asked to, with ``code``."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self.died = asyncio.Event()
        self.code = 0

    async def start(self, settings: Mapping[str, str], folder: Path) -> None:
        """Start it in an empty folder, where there is no .env, with nothing but ``settings``.

        Its output goes to our standard error: standard output is not its own.
        """
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        own = {
            "PYTHONPATH": str(Path(bot.__file__).parents[1]),
            "PYTHONUNBUFFERED": "1",
            "HOME": str(folder),
        }
        # Its own session: Ctrl-C reaches the demo alone, which stops the bot before the stand-ins.
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            env=passed_on | own | dict(settings),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            start_new_session=True,
        )
        self._watch = asyncio.create_task(self._wait(self._process), name="demo-bot")

    async def stop(self) -> None:
        """Ask it to end, then make it end."""
        process, watch = self._process, self._watch
        if process is None or watch is None:
            return
        self._process = self._watch = None
        if process.returncode is None:
            process.terminate()
            await asyncio.wait([watch], timeout=_STOPS_WITHIN_SECONDS)
        if process.returncode is None:
            process.kill()
        await watch

    async def _wait(self, process: Process) -> None:
        self.code = await process.wait()
        if self._process is process:
            self.died.set()
