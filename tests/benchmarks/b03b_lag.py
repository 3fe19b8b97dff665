"""B3: how late the event loop runs while ten results of 16 MB are relayed and photos re-encoded."""

import asyncio
import os
import time
from io import BytesIO
from statistics import quantiles

from PIL import Image

from tests.benchmarks.b03_relay import draw, endless, finish, order, relay
from tests.benchmarks.report import Goal, Line
from tests.benchmarks.size import Size
from tests.benchmarks.stage import Child, Stage, stage, with_callbacks

PROBED = ("tests.benchmarks.programs.probed",)
FILMS, FILM = 10, "16 MB"
PHOTOS, PHOTO_SIDES = 4, (4000, 3000)
REST_SECONDS = 3.0
GOAL = Goal(10.0, on_ours=True)

Window = tuple[float, float]


def measure(size: Size) -> list[Line]:
    """Look at a bot at rest and at work, in turns."""
    return asyncio.run(_measure(size))


async def _measure(size: Size) -> list[Line]:
    rest, work = [], []
    async with stage(endless, draw=draw) as here:
        child = await here.start(*PROBED, **with_callbacks())
        await here.listening(child)
        await relay(here, child, 1, "A small one")
        for _ in range(size.rounds):
            rest.append(await _rest())
            work.append(await _work(here, child, size.of(FILMS)))
        notes = [tuple(map(float, line.split())) for line in (await child.end()).splitlines()]
    ours = [_percentile_99(notes, window) for window in work]
    at_rest = [_percentile_99(notes, window) for window in rest]
    return [Line("B3 lag of the event loop, p99", "ms", "at rest", ours, at_rest, GOAL)]


async def _rest() -> Window:
    begun = time.time()
    await asyncio.sleep(REST_SECONDS)
    return begun, time.time()


async def _work(here: Stage, child: Child, films: int) -> Window:
    photo = _photo()
    await order(here, child, films, FILM)
    sent = len(here.telegram.calls_of("getFile"))
    begun = time.time()
    for number in range(PHOTOS):
        name = f"{number}.jpg"
        await here.person(films + number).send_document(photo, name, caption="/generate A cat")
    await finish(here, child)
    wanted = sent + PHOTOS
    await here.until(
        lambda: len(here.telegram.calls_of("getFile")) >= wanted or None, "the photos", child
    )
    return begun, time.time()


def _photo() -> bytes:
    """Return what a phone's camera makes: twelve megapixels, hard to compress."""
    width, height = PHOTO_SIDES
    small = Image.frombytes("RGB", (width // 8, height // 8), os.urandom(width * height * 3 // 64))
    file = BytesIO()
    small.resize(PHOTO_SIDES, Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def _percentile_99(notes: list[tuple[float, ...]], window: Window) -> float:
    """Return milliseconds."""
    late = [1000 * seconds for at, seconds in notes if window[0] <= at <= window[1]]
    return quantiles(late, n=100, method="inclusive")[98]
