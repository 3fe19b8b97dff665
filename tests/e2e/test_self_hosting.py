"""Files under the bot's own address: photos for KIE, videos that are too large for Telegram."""

import math
import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from bot.demo.clips import Clip
from bot.demo.kie_faults import Fate
from tests.clips import draw_once
from tests.e2e.public import reachable
from tests.e2e.world import World, world

LARGE_BYTES = 56 << 20
NOT_FOUND = (404, {"error": "Not Found"})


def draw_large(clip: Clip, path: Path) -> None:
    """Write a video that a box of nothing makes too large (ISO/IEC 14496-12, "Free Space Box")."""
    draw_once(clip, path)
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write((LARGE_BYTES - size).to_bytes(4) + b"free")
        file.truncate(LARGE_BYTES)


@pytest.fixture
async def large(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose videos have 56 MB."""
    async with world(tmp_path, draw=draw_large) as opened:
        yield opened
        assert opened.telegram.violations == []


def photo() -> bytes:
    file = BytesIO()
    Image.new("RGB", (640, 360), (30, 160, 40)).save(file, "PNG")
    return file.getvalue()


async def told(client: httpx.AsyncClient, url: str) -> tuple[int, object]:
    answer = await client.get(url)
    return answer.status_code, answer.json()


async def test_kie_fetches_photos_from_the_bot_itself(here: World) -> None:
    env = reachable(PHOTO_HOSTING="self")
    async with here.bot(**env), httpx.AsyncClient() as client:
        here.kie.script_task(Fate(seconds=math.inf))
        await here.admin.send_photo(photo(), "Grass grows")
        await here.admin.press(await here.card(), "Generate")
        await here.until(lambda: here.states() == ["generating"], "the task")
        [url] = here.posts()[0]["imageUrls"]
        answer = await client.get(url)
        here.kie.finish(here.kie.tasks[0].id)
        await here.video()
        await here.until(lambda: here.states() == ["done"])
        gone = await told(client, url)
    assert url.startswith(env["PUBLIC_URL"] + "/photos/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [each.content for each in here.kie.fetched] == [answer.content]
    assert gone == NOT_FOUND
    assert not any("upload" in request.path for request in here.kie.requests)


async def test_a_guessed_photo_is_like_no_photo(here: World) -> None:
    env = reachable(PHOTO_HOSTING="self")
    async with here.bot(**env), httpx.AsyncClient(base_url=env["PUBLIC_URL"]) as client:
        await here.until(lambda: here.telegram.calls_of("getUpdates"), "the start")
        for path in ("/photos/guess", "/photos/%00", "/photos/..%2f..%2fveogram.db", "/photos/"):
            assert await told(client, path) == NOT_FOUND
        assert await told(client, "/nothing") == NOT_FOUND


async def test_a_video_too_large_for_telegram_is_a_link_that_serves_it_whole(large: World) -> None:
    env = reachable()
    async with large.bot(**env), httpx.AsyncClient() as client:
        await large.order("A lighthouse")
        message = await large.message("56 MB")
        await large.until(lambda: large.states() == ["done"])
        [url] = set(re.findall(r"http://[^\s\"<>]+", message.text))
        answer = await client.get(url)
        part = await client.get(url, headers={"range": "bytes=4-7"})
        await large.admin.reply(message, "It jumps")
        choice = await large.message("It jumps")
    assert url.startswith(env["PUBLIC_URL"] + "/results/")
    assert len(answer.content) == LARGE_BYTES
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"].startswith('attachment; filename="veo-')
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert large.videos() == []
    assert choice.labels == ("Extend · 60", "New video", "Cancel")
    assert large.rows("SELECT kind FROM entries ORDER BY id") == [("hold",), ("capture",)]


async def test_the_link_outlives_a_restart_and_ends_with_its_time(large: World) -> None:
    env = reachable()
    async with large.bot(**env):
        await large.order("A lighthouse")
        message = await large.message("56 MB")
        await large.until(lambda: large.states() == ["done"])
    [url] = set(re.findall(r"http://[^\s\"<>]+", message.text))
    async with large.bot(**env), httpx.AsyncClient() as client:
        await large.until(lambda: len(large.telegram.calls_of("getMe")) > 1, "the start")
        assert (await client.head(url)).status_code == 200
    large.change("UPDATE links SET expires_at = 1")
    async with large.bot(**env), httpx.AsyncClient() as client:
        await large.until(lambda: len(large.telegram.calls_of("getMe")) > 2, "the start")
        assert await told(client, url) == NOT_FOUND


async def test_without_a_public_address_the_link_is_kies(large: World) -> None:
    async with large.bot():
        await large.order("A lighthouse")
        message = await large.message("56 MB")
        await large.until(lambda: large.states() == ["done"])
    assert f"{large.kie.url}/files/" in message.text


async def test_with_a_higher_limit_the_video_itself_is_sent(tmp_path: Path) -> None:
    async with (
        world(tmp_path, draw=draw_large, upload_max_bytes=2000 << 20) as here,
        here.bot(TELEGRAM_UPLOAD_MAX_MB="2000", **reachable()),
    ):
        await here.order("A lighthouse")
        video = await here.video()
    assert video.video is not None
    assert video.video["file_size"] == LARGE_BYTES
