"""Photos that people sent: loaded from Telegram, checked, re-encoded, and kept for KIE."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from bot.errors import BadMedia, FetchError, FetchRefused
from bot.media.fetch import Fetcher
from bot.media.files import PARTIAL_SUFFIX
from bot.media.headers import MAX_BYTES, BadImage, ImageProblem
from bot.media.images import Images, Size
from bot.models import Picture, Video
from storage import media
from storage.database import Database

log = logging.getLogger(__name__)

FOLDER = "photos"
RETRY_SECONDS = (0.5, 2.0)


class NotLoaded(BadMedia):
    """Telegram did not give the file."""


class PhotoFiles(Protocol):
    """Knows where Telegram has put a file."""

    async def locate(self, file_id: str) -> str:
        """Return the file's URL, or its path where a local Bot API server has put it.

        Raises ``FetchError`` when a later try may do better, ``NotLoaded`` when none will, and
        ``BadImage`` for what is too big to be given to bots. The URL holds the bot's token: it
        goes to Telegram and nobody else.
        """
        ...


class Library:
    """Keeps photos under names of its own in ``data_dir``, as upright JPEG without metadata.

    ``fetcher`` must trust Telegram's host.
    """

    def __init__(
        self,
        *,
        database: Database,
        files: PhotoFiles,
        fetcher: Fetcher,
        images: Images,
        data_dir: Path,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._database = database
        self._files = files
        self._fetcher = fetcher
        self._images = images
        self._data_dir = data_dir
        self._clock = clock
        self._sleep = sleep

    async def tidy(self) -> None:
        """At the start: delete what a killed process has left half done."""
        known = await self._database.read(media.photo_paths)
        await asyncio.to_thread(_delete_unknown, self._data_dir, known)

    async def keep(self, user_id: int, update_id: int, picture: Picture) -> int:
        """Return the media id of the photo that an update brought; it is loaded only once.

        Raises ``BadImage`` when it cannot be used, ``NotLoaded`` when it could not be had.
        """
        known = await self._database.read(media.brought_by, update_id)
        if known is not None:
            return known
        _check_stated_size(picture)
        path = f"{FOLDER}/{secrets.token_hex(16)}.jpg"
        size = await self._load(picture.file_id, self._data_dir / path)
        photo = Video(path, size.width, size.height, 0.0, size.bytes)
        return await self._database.write(
            media.insert, user_id, "photo", photo, self._clock(), update_id
        )

    async def _load(self, file_id: str, target: Path) -> Size:
        source = target.with_suffix(PARTIAL_SUFFIX)
        try:
            return await self._images.reencode(await self._bring(file_id, source), target)
        finally:
            await asyncio.to_thread(source.unlink, missing_ok=True)

    async def _bring(self, file_id: str, source: Path) -> Path:
        """Return where the file lies now: ``source``, or where Telegram's server has it here."""
        for pause in RETRY_SECONDS:
            try:
                return await self._bring_once(file_id, source)
            except FetchError as error:
                log.info("a photo is tried again", extra={"error": str(error)})
                await self._sleep(pause)
        try:
            return await self._bring_once(file_id, source)
        except FetchError as error:
            raise NotLoaded from error

    async def _bring_once(self, file_id: str, source: Path) -> Path:
        address = await self._files.locate(file_id)
        if not address.startswith(("http://", "https://")):
            return Path(address)
        try:
            await self._fetcher.fetch(address, source, MAX_BYTES)
        except FetchRefused as error:  # the host is trusted, so it is the size
            raise BadImage(ImageProblem.TOO_HEAVY) from error
        return source


def _check_stated_size(picture: Picture) -> None:
    """Refuse by what Telegram states, before anything is loaded: it may be more than bots get."""
    if picture.bytes == 0:
        raise BadImage(ImageProblem.EMPTY)
    if picture.bytes is not None and picture.bytes > MAX_BYTES:
        raise BadImage(ImageProblem.TOO_HEAVY)


def _delete_unknown(data_dir: Path, known: frozenset[str]) -> None:
    for path in (data_dir / FOLDER).iterdir():
        if f"{FOLDER}/{path.name}" not in known:
            path.unlink()
