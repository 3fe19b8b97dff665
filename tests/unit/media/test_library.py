"""Photos on their way from Telegram to the folder: loaded once, tried again, never half kept."""

from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.errors import FetchError
from bot.media.fetch import Fetcher
from bot.media.headers import MAX_BYTES, BadImage, ImageProblem
from bot.media.images import Images
from bot.media.library import FOLDER, Library, NotLoaded
from bot.models import Picture
from storage import media
from storage.database import Database
from tests.conftest import Clock

Locate = Callable[[str], Awaitable[str]]


class Files:
    """Knows one file, after ``troubles`` tries."""

    def __init__(self, address: str, troubles: list[Exception]) -> None:
        self._address = address
        self._troubles = troubles
        self.asked: list[str] = []

    async def locate(self, file_id: str) -> str:
        self.asked.append(file_id)
        if self._troubles:
            raise self._troubles.pop(0)
        return self._address


class Here:
    def __init__(self, database: Database, folder: Path, images: Images) -> None:
        self.database = database
        self.folder = folder
        self.images = images
        self.pauses: list[float] = []
        self.photo = folder / "telegram.png"
        data = BytesIO()
        Image.new("RGB", (64, 48), (1, 2, 3)).save(data, "PNG")
        self.photo.write_bytes(data.getvalue())
        (folder / FOLDER).mkdir()

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def library(self, files: Files) -> Library:
        return Library(
            database=self.database,
            files=files,
            fetcher=Fetcher(trusted_hosts=[], user_agent="test"),
            images=self.images,
            data_dir=self.folder,
            clock=Clock(5.0),
            sleep=self.sleep,
        )

    def kept(self) -> list[str]:
        return [path.name for path in (self.folder / FOLDER).iterdir()]


@pytest.fixture
async def here(database: Database, tmp_path: Path) -> AsyncIterator[Here]:
    images = Images()
    yield Here(database, tmp_path, images)
    images.close()


async def test_a_file_that_a_local_server_has_here_is_read_in_place(here: Here) -> None:
    media_id = await here.library(Files(str(here.photo), [])).keep(1, 10, Picture("a"))
    found = await here.database.read(media.get, media_id)
    assert found is not None
    assert (found.width, found.height) == (64, 48)
    assert [found.path] == [f"{FOLDER}/{name}" for name in here.kept()]
    assert here.photo.exists()


async def test_the_photo_of_an_update_is_loaded_once(here: Here) -> None:
    files = Files(str(here.photo), [])
    library = here.library(files)
    first = await library.keep(1, 10, Picture("a"))
    assert await library.keep(1, 10, Picture("a")) == first
    assert await library.keep(1, 11, Picture("b")) != first
    assert files.asked == ["a", "b"]
    assert len(here.kept()) == 2


async def test_what_may_pass_is_tried_again_after_a_pause(here: Here) -> None:
    files = Files(str(here.photo), [FetchError("reset"), FetchError("reset")])
    await here.library(files).keep(1, 10, Picture("a"))
    assert len(here.pauses) == 2


@pytest.mark.parametrize("trouble", [[NotLoaded()], [FetchError("reset")] * 3])
async def test_what_cannot_be_had_is_said_and_leaves_nothing(
    here: Here, trouble: list[Exception]
) -> None:
    with pytest.raises(NotLoaded):
        await here.library(Files("", trouble)).keep(1, 10, Picture("a"))
    assert here.kept() == []


@pytest.mark.parametrize(
    ("stated", "problem"),
    [(0, ImageProblem.EMPTY), (MAX_BYTES + 1, ImageProblem.TOO_HEAVY)],
)
async def test_a_size_that_cannot_be_is_refused_before_anything_is_loaded(
    here: Here, stated: int, problem: ImageProblem
) -> None:
    files = Files(str(here.photo), [])
    with pytest.raises(BadImage) as caught:
        await here.library(files).keep(1, 10, Picture("a", stated))
    assert caught.value.problem is problem
    assert files.asked == []
