from pathlib import Path

from bot.media.hosting import KieUploads, OwnHosting, PhotoHosting
from bot.media.links import LinkKind, Links
from bot.models import Job, Kind, NewJob, Options, Place
from storage import jobs
from storage.database import Connection, Database
from tests.conftest import Clock


class Client:
    """Keeps what it was asked to upload."""

    def __init__(self) -> None:
        self.uploads: list[tuple[Path, str]] = []

    async def upload(self, path: Path, name: str) -> str:
        self.uploads.append((path, name))
        return f"https://files.example/{name}"


async def test_photo_is_uploaded_anew_for_every_try_under_a_name_of_its_own() -> None:
    client = Client()
    hosting: PhotoHosting = KieUploads(client)
    path = Path("data/photos/../../etc/passwd \u202e.jpg")
    urls = [await hosting.publish(path, attempt) for attempt in ("7", "7", "8")]
    assert [path for path, _ in client.uploads] == [path] * 3
    names = [name for _, name in client.uploads]
    assert urls == [f"https://files.example/{name}" for name in names]
    assert len(set(names)) == 3


async def test_name_of_an_upload_tells_nothing_of_the_user_s_file() -> None:
    client = Client()
    await KieUploads(client).publish(Path("holiday.png"), "attempt")
    ((_, name),) = client.uploads
    stem, _, suffix = name.partition(".")
    assert suffix == "jpg"
    assert len(bytes.fromhex(stem)) == 16


def queued(tx: Connection) -> Job:
    new = NewJob(1, Place(1), Kind.GENERATE, "a cat", Options("veo3_fast"), (), 60, None)
    return jobs.insert_job(tx, new, 0.0, 1e12)


async def test_own_photos_have_an_address_per_try_that_ends_after_a_day(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    links = Links(
        database=database, public_url="https://bot.example", data_dir=tmp_path, clock=clock
    )
    hosting: PhotoHosting = OwnHosting(links, clock)
    job = await database.write(queued)
    path = tmp_path / "photos" / "a.jpg"
    urls = [await hosting.publish(path, job.ref) for _ in range(2)]
    tokens = [url.removeprefix("https://bot.example/photos/") for url in urls]
    assert len(set(tokens)) == 2
    for token in tokens:
        shared = await links.find(LinkKind.PHOTO, token)
        assert shared is not None
        assert shared.path == path
    clock.advance(86_400)
    assert [await links.find(LinkKind.PHOTO, token) for token in tokens] == [None, None]
