"""A client of KIE's stand-in, the requests it sends, and who is called back."""

import asyncio
import io
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.demo.clips import Clip
from bot.demo.kie import KieStandin
from bot.demo.loopback import Loopback

KEY = "key-of-the-account"
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(range(256)) * 1_000
GENERATE = "/api/v1/veo/generate"
EXTEND = "/api/v1/veo/extend"
RECORD = "/api/v1/veo/record-info"
GET_1080P = "/api/v1/veo/get-1080p-video"
GET_4K = "/api/v1/veo/get-4k-video"
CREATE_TASK = "/api/v1/jobs/createTask"
TASK_RECORD = "/api/v1/jobs/recordInfo"
CREDIT = "/api/v1/chat/credit"
DAY = 86_400
Json = dict[str, Any]

GOOD: Json = {
    "prompt": "a red fox in the snow",
    "model": "veo3_fast",
    "generationType": "TEXT_2_VIDEO",
    "aspect_ratio": "16:9",
    "resolution": "720p",
    "duration": 8,
    "enableTranslation": True,
}
GOOD_MARKET: Json = {
    "model": "veo-3-1",
    "input": {
        "prompt": "a red fox in the snow",
        "model": "veo3_fast",
        "generation_type": "TEXT_2_VIDEO",
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "duration": 8,
        "enable_translation": True,
    },
}


class Time:
    """A clock that moves when a test says so, and a sleeper that follows it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self._moved = asyncio.Event()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            await self._moved.wait()

    def advance(self, seconds: float) -> None:
        self.now += seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


class Account:
    """What a client with the right key sees."""

    def __init__(self, kie: KieStandin, http: httpx.AsyncClient) -> None:
        self.kie = kie
        self.http = http

    async def post(self, path: str, body: Json) -> Json:
        answer: Json = (await self.http.post(path, json=body)).json()
        return answer

    async def get(self, path: str, **params: str | int) -> Json:
        answer: Json = (await self.http.get(path, params=params)).json()
        return answer

    async def create(self, **changes: object) -> str:
        answer = await self.post(GENERATE, {**GOOD, **changes})
        assert answer["code"] == 200, answer
        task_id: str = answer["data"]["taskId"]
        return task_id

    async def record(self, task_id: str) -> Json:
        answer = await self.get(RECORD, taskId=task_id)
        assert (answer["code"], answer["msg"]) == (200, "success")
        data: Json = answer["data"]
        return data

    async def result_url(self, task_id: str) -> str:
        """End a task and return where its video is."""
        self.kie.finish(task_id)
        (url,) = (await self.record(task_id))["response"]["resultUrls"]
        assert isinstance(url, str)
        return url


@asynccontextmanager
async def opened(time: Time, drawn: list[Clip], **options: Any) -> AsyncIterator[Account]:
    """Run a stand-in whose videos are ``MP4`` and noted in ``drawn``."""

    def draw(clip: Clip, path: Path) -> None:
        drawn.append(clip)
        path.write_bytes(MP4)

    kie = KieStandin(time, time.sleep, api_key=KEY, **{"draw": draw, **options})
    await kie.start()
    try:
        async with httpx.AsyncClient(
            base_url=kie.url,
            headers={"Authorization": f"Bearer {KEY}", "User-Agent": "test/1.0"},
            timeout=30,
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        ) as http:
            yield Account(kie, http)
    finally:
        await kie.stop()


def picture(name: str) -> bytes:
    """Return an image: ``tall`` or wide; ``gif``, ``png``, ``webp``, or else JPEG."""
    target = io.BytesIO()
    size = (90, 160) if name == "tall" else (160, 90)
    kind = {"gif": "GIF", "png": "PNG", "webp": "WEBP"}.get(name, "JPEG")
    Image.new("RGB", size, "blue").save(target, kind)
    return target.getvalue()


class Receiver:
    """Takes callbacks; ``statuses`` are answered first, then 200."""

    def __init__(self) -> None:
        self.bodies: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: Iterator[int] = iter(())
        self.server = Loopback(Starlette(routes=[Route("/cb", self._take, methods=["POST"])]), "cb")

    @property
    def url(self) -> str:
        return f"{self.server.url}/cb"

    async def _take(self, request: Request) -> Response:
        self.bodies.append(await request.json())
        self.headers.append(dict(request.headers))
        return Response(status_code=next(self.statuses, 200))

    async def has(self, count: int) -> list[Json]:
        """Wait for that many callbacks and return them."""
        await until(lambda: len(self.bodies) >= count)
        return self.bodies


async def until(look: Callable[[], bool]) -> None:
    """Wait until something that comes over a real connection is there."""
    async with asyncio.timeout(30):
        while not look():
            await asyncio.sleep(0.005)
