"""Own files: who has the token gets the file, nobody else learns that there is one."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bot.media.links import LinkKind, Links
from bot.models import Job, Kind, NewJob, Options, Place, State
from bot.web.links import routes
from storage import jobs, links
from storage.database import Connection, Database
from tests.conftest import Clock
from tests.unit.web.conftest import client_of

NOT_FOUND = (404, {"error": "Not Found"})
BYTES = bytes(range(256)) * 400


@dataclass
class Shop:
    """Shares files of one job and fetches them."""

    client: httpx.AsyncClient
    links: Links
    database: Database
    folder: Path
    clock: Clock
    job: Job

    async def share(self, kind: LinkKind, *, seconds: float = 3600, content: bytes = BYTES) -> str:
        """Return the path of a fresh address."""
        path = self.folder / f"{kind}s" / f"{secrets.token_hex(4)}.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        url = await self.links.share(kind, path, self.job.ref, self.clock.now + seconds)
        assert url.startswith("https://bot.example/")
        return url.removeprefix("https://bot.example")

    async def status(self, path: str) -> tuple[int, object]:
        answer = await self.client.get(path)
        return answer.status_code, answer.json() if answer.status_code != 200 else None


def queued(tx: Connection) -> Job:
    new = NewJob(1, Place(1), Kind.GENERATE, "a cat", Options("veo3_fast"), (), 60, None)
    return jobs.insert_job(tx, new, 0.0, 1e12)


@pytest.fixture
async def shop(database: Database, tmp_path: Path, clock: Clock) -> AsyncIterator[Shop]:
    own = Links(database=database, public_url="https://bot.example", data_dir=tmp_path, clock=clock)
    job = await database.write(queued)
    async with client_of(routes(own)) as client:
        yield Shop(client, own, database, tmp_path, clock, job)


async def test_a_photo_is_a_jpeg_that_nobody_may_take_for_anything_else(shop: Shop) -> None:
    answer = await shop.client.get(await shop.share(LinkKind.PHOTO))
    assert (answer.status_code, answer.content) == (200, BYTES)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"].startswith("inline")


async def test_a_result_is_a_video_to_keep(shop: Shop) -> None:
    answer = await shop.client.get(await shop.share(LinkKind.RESULT))
    assert (answer.status_code, answer.content) == (200, BYTES)
    assert answer.headers["content-type"] == "video/mp4"
    assert f'attachment; filename="veo-{shop.job.ref}' in answer.headers["content-disposition"]


async def test_head_tells_the_length_without_the_bytes(shop: Shop) -> None:
    answer = await shop.client.head(await shop.share(LinkKind.RESULT))
    assert (answer.headers["content-length"], answer.content) == (str(len(BYTES)), b"")


RANGES = [
    ("bytes=0-99", 206, BYTES[:100]),
    ("bytes=100-", 206, BYTES[100:]),
    ("bytes=-7", 206, BYTES[-7:]),
    ("bytes=0-0,-1", 200, BYTES),
    ("bytes=" + ",".join(f"{at}-{at}" for at in range(0, 2000, 2)), 200, BYTES),
]


@pytest.mark.parametrize(("wanted", "status", "content"), RANGES)
async def test_one_range_is_given_and_many_get_the_whole(
    shop: Shop, wanted: str, status: int, content: bytes
) -> None:
    path = await shop.share(LinkKind.RESULT)
    answer = await shop.client.get(path, headers={"range": wanted})
    assert (answer.status_code, answer.content) == (status, content)


async def test_a_range_beyond_the_end_is_refused(shop: Shop) -> None:
    path = await shop.share(LinkKind.RESULT)
    answer = await shop.client.get(path, headers={"range": f"bytes={len(BYTES)}-"})
    assert answer.status_code == 416


GUESSES = [
    "/photos",
    "/photos/",
    "/photos/guess",
    "/photos/%00",
    "/photos/..%2f..%2fveogram.db",
    "/photos/../../veogram.db",
    "/photos/%2e%2e/%2e%2e/veogram.db",
    "/photos/..%5c..%5cveogram.db",
    "/photos//etc/passwd",
    "/photos/%ed%a0%80",
    "/photos/" + "x" * 5000,
    "/results",
    "/results/guess",
    "/results/..%2fvideos",
]


@pytest.mark.parametrize("path", GUESSES)
async def test_guesses_get_the_same_answer_as_any_unknown_path(shop: Shop, path: str) -> None:
    await shop.share(LinkKind.PHOTO)
    assert await shop.status(path) == NOT_FOUND


async def test_a_thousand_guesses_at_once_are_answered_alike_and_write_nothing(shop: Shop) -> None:
    path = await shop.share(LinkKind.RESULT)
    before = stored(shop)

    async def guess(times: int) -> list[object]:
        return [await shop.status(f"/results/{secrets.token_urlsafe(24)}") for _ in range(times)]

    # As many side by side as the client has connections.
    found = await asyncio.gather(*(guess(10) for _ in range(100)))
    assert [each for some in found for each in some if each != NOT_FOUND] == []
    assert await shop.status(path) == (200, None)
    assert stored(shop) == before


def stored(shop: Shop) -> list[bytes]:
    return [(shop.folder / f"veogram.db{suffix}").read_bytes() for suffix in ("", "-wal")]


async def test_a_token_changed_in_one_place_gives_nothing(shop: Shop) -> None:
    path = await shop.share(LinkKind.PHOTO)
    changed = path[:-1] + ("A" if path[-1] != "A" else "B")
    assert await shop.status(changed) == NOT_FOUND
    assert await shop.status(path.upper()) == NOT_FOUND
    assert await shop.status(f"{path}.jpg") == NOT_FOUND


async def test_a_token_is_good_for_its_own_kind_only(shop: Shop) -> None:
    path = await shop.share(LinkKind.RESULT)
    assert await shop.status(path.replace("/results/", "/photos/")) == NOT_FOUND


@pytest.mark.parametrize("kind", LinkKind)
async def test_an_expired_token_gives_nothing(shop: Shop, kind: LinkKind) -> None:
    path = await shop.share(kind, seconds=60)
    shop.clock.advance(59)
    assert await shop.status(path) == (200, None)
    shop.clock.advance(1)
    assert await shop.status(path) == NOT_FOUND


async def test_the_end_of_its_job_ends_a_photo_but_not_a_result(shop: Shop) -> None:
    photo, result = await shop.share(LinkKind.PHOTO), await shop.share(LinkKind.RESULT)
    await shop.database.write(lambda tx: jobs.move(tx, shop.job, State.CANCELLED, 1.0))
    assert await shop.status(photo) == NOT_FOUND
    assert await shop.status(result) == (200, None)


async def test_a_deleted_file_is_not_found(shop: Shop) -> None:
    path = await shop.share(LinkKind.RESULT)
    [file] = (shop.folder / "results").iterdir()
    file.unlink()
    assert await shop.status(path) == NOT_FOUND
    file.mkdir()
    assert await shop.status(path) == NOT_FOUND


async def test_tokens_have_192_bits_and_stand_nowhere_in_the_database(shop: Shop) -> None:
    path = await shop.share(LinkKind.PHOTO)
    token = path.rpartition("/")[2]
    assert len(token) == 32
    assert all(token.encode() not in file.read_bytes() for file in shop.folder.glob("veogram.db*"))


async def test_expired_tokens_are_forgotten(shop: Shop) -> None:
    await shop.share(LinkKind.PHOTO, seconds=60)
    await shop.share(LinkKind.PHOTO, seconds=120)
    assert await shop.database.write(links.purge, shop.clock.now + 60) == 1
