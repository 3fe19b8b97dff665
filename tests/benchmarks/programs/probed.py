"""The bot, with something beside it that notes how late its event loop runs.

Every line on standard output is a time in epoch seconds and by how many seconds a short sleep ended
too late.
"""

import asyncio
import sys
import time

from bot.__main__ import loading
from bot.settings import Settings

with loading():  # as the command does it
    from bot.app import serve

PAUSE_SECONDS = 0.005


async def probe() -> None:
    """Note for ever; the notes are written when the process is told to stop."""
    notes = []
    try:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(PAUSE_SECONDS)
            notes.append((time.time(), time.perf_counter() - begun - PAUSE_SECONDS))
    finally:
        sys.stdout.writelines(f"{at} {late}\n" for at, late in notes)
        sys.stdout.flush()


async def main() -> None:
    """Serve until standard input ends."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, stop.set)
    probing = asyncio.create_task(probe(), name="probe")
    await serve(Settings.load(env_file=None), stop, lambda _: None)
    probing.cancel()
    await asyncio.gather(probing, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(main())
