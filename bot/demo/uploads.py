"""Files of Telegram's stand-in: kept with their bytes, described as Telegram describes them."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
from PIL import Image

from bot.demo.entities import Json
from bot.demo.limits import DOWNLOAD_MAX_BYTES, bad_request
from bot.demo.parameters import Upload

_PREFIXES = {
    "photo": "AgACAgIAAx",
    "video": "BAACAgIAAx",
    "document": "BQACAgIAAx",
    "thumbnail": "AAMCAgAD",
}
_FOLDERS = {
    "photo": "photos",
    "video": "videos",
    "document": "documents",
    "thumbnail": "thumbnails",
}
_SUFFIXES = {"photo": ".jpg", "video": ".mp4", "thumbnail": ".jpg"}
_PHOTO_SIDES = (90, 320, 800, 1280)
_PHOTO_MAX_BYTES = 10 * 1024 * 1024
_PHOTO_SIDES_MAX = 10_000
_PHOTO_RATIO_MAX = 20
_LOOKED_INTO_MAX_BYTES = 10 * 1024 * 1024
_THUMBNAIL_MAX_BYTES = 200 * 1024
_THUMBNAIL_SIDE = 320
_BAD_IMAGE = (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Media:
    """What a message holds: its key there (photo, video, document) and the value."""

    kind: str
    content: Json | list[Json]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that can be sent again and downloaded."""

    file_id: str
    unique_id: str
    kind: str
    path: Path
    size: int
    remote_path: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """Pixels, whole seconds, and what else a call says about a video."""

    width: int = 0
    height: int = 0
    seconds: int = 0
    start_seconds: int = 0
    thumbnail: Upload | None = None
    cover: Upload | None = None


class Uploads:
    """Every file that was ever sent. ``new_path`` gives a path for bytes to be kept at."""

    def __init__(self, new_path: Callable[[], Path]) -> None:
        self._new_path = new_path
        self._files: dict[str, StoredFile] = {}
        self._media: dict[str, Media] = {}
        self._silent: set[str] = set()

    def photo(self, upload: Upload) -> Media:
        """Keep a picture in the sizes that Telegram makes. Raises ``Refusal`` if it is none."""
        if upload.size > _PHOTO_MAX_BYTES:
            raise bad_request(f"file of size {upload.size} bytes is too big for a photo")
        return self._remember(Media("photo", [self._size(*size) for size in self._scaled(upload)]))

    def odd_photo(self, upload: Upload) -> Media:
        """Keep bytes as a photo although they are no picture: only a broken client sends that."""
        return self._remember(Media("photo", [self._size(upload.path, 90, 90, "photo")]))

    def document(self, upload: Upload, thumbnail: Upload | None = None) -> Media:
        """Keep any file under its name."""
        body = self._keep("document", upload.path, upload.mime_type)
        body |= {"file_name": upload.name, "mime_type": upload.mime_type}
        return self._remember(Media("document", body | self._thumbnail(thumbnail)))

    def video(self, upload: Upload, facts: VideoFacts) -> Media:
        """Keep a video; a small one is looked into, a large one shown as the call describes it."""
        looked = upload.size <= _LOOKED_INTO_MAX_BYTES
        found = _probe(upload.path) if looked else None
        if looked and found is None:
            return self.document(upload, facts.thumbnail)
        body = self._keep("video", upload.path, "video/mp4")
        body |= {"file_name": upload.name, "mime_type": "video/mp4"} | _shape(facts, found)
        body |= self._thumbnail(facts.thumbnail or self._still(found))
        if facts.cover is not None:
            body["cover"] = [self._size(*size) for size in self._scaled(facts.cover)]
        if facts.start_seconds:
            body["start_timestamp"] = facts.start_seconds
        if found is not None and not found.sound:
            self._silent.add(body["file_id"])
        return self._remember(Media("video", body))

    def is_silent(self, media: Media) -> bool:
        """Whether it is a video that was looked into and has no sound."""
        return isinstance(media.content, dict) and media.content["file_id"] in self._silent

    def again(self, file_id: str, kind: str) -> Media:
        """Return what a file id stands for. Raises ``Refusal`` for a wrong one."""
        if file_id not in self._files:
            raise bad_request("wrong remote file identifier specified: can't unserialize it")
        media = self._media.get(file_id)
        if media is None or media.kind != kind:
            found = self._files[file_id].kind.capitalize()
            raise bad_request(f"can't use file of type {found} as {kind.capitalize()}")
        return media

    def stored(self, file_id: str) -> StoredFile:
        """Return a file for ``getFile``. Raises ``Refusal`` for a wrong id and above 20 MB."""
        if file_id not in self._files:
            raise bad_request("invalid file_id")
        file = self._files[file_id]
        if file.size > DOWNLOAD_MAX_BYTES:
            raise bad_request("file is too big")
        return file

    def file(self, file_id: str) -> StoredFile | None:
        """Return a file of any size, for the page."""
        return self._files.get(file_id)

    def at(self, remote_path: str) -> StoredFile | None:
        """Return the file that a download path names."""
        files = self._files.values()
        return next((file for file in files if file.remote_path == remote_path), None)

    def _remember(self, media: Media) -> Media:
        bodies = media.content if isinstance(media.content, list) else [media.content]
        for body in bodies:
            self._media[body["file_id"]] = media
        return media

    def _keep(self, kind: str, path: Path, mime_type: str) -> Json:
        number = len(self._files)
        unique = urlsafe_b64encode(hashlib.sha256(f"file {number}".encode()).digest()).decode()
        suffix = _SUFFIXES.get(kind, path.suffix)
        file = StoredFile(
            file_id=_PREFIXES[kind] + unique.rstrip("="),
            unique_id=f"AgAD{unique[:12]}",
            kind=kind,
            path=path,
            size=path.stat().st_size,
            remote_path=f"{_FOLDERS[kind]}/file_{number}{suffix}",
            mime_type=mime_type,
        )
        self._files[file.file_id] = file
        return {
            "file_id": file.file_id,
            "file_unique_id": file.unique_id,
            "file_size": file.size,
        }

    def _size(self, path: Path, width: int, height: int, kind: str) -> Json:
        return self._keep(kind, path, "image/jpeg") | {"width": width, "height": height}

    def _scaled(self, upload: Upload) -> list[tuple[Path, int, int, str]]:
        """Return the picture in growing sizes, the largest last, never enlarged."""
        try:
            with Image.open(upload.path) as image:
                _check_shape(image)
                picture = image.convert("RGB")
        except _BAD_IMAGE as error:
            raise bad_request("IMAGE_PROCESS_FAILED") from error
        sides = [side for side in _PHOTO_SIDES if side < max(picture.size)]
        wanted = [*sides, min(max(picture.size), _PHOTO_SIDES[-1])]
        return [self._reduced(picture, side) for side in sorted(set(wanted))]

    def _reduced(self, picture: Image.Image, side: int) -> tuple[Path, int, int, str]:
        small = picture.copy()
        small.thumbnail((side, side))
        path = self._new_path()
        small.save(path, "JPEG")
        return path, small.width, small.height, "photo"

    def _thumbnail(self, given: Upload | None) -> Json:
        """Return the thumbnail's entry; one that breaks the rules is ignored, as Telegram does."""
        if given is None or given.size > _THUMBNAIL_MAX_BYTES:
            return {}
        try:
            with Image.open(given.path) as image:
                size, is_jpeg = image.size, image.format == "JPEG"
        except _BAD_IMAGE:
            return {}
        if not is_jpeg or max(size) > _THUMBNAIL_SIDE:
            return {}
        return {"thumbnail": self._size(given.path, *size, "thumbnail")}

    def _still(self, found: "_Probed | None") -> Upload | None:
        if found is None:
            return None
        path = self._new_path()
        found.still.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE))
        found.still.save(path, "JPEG")
        return Upload("thumbnail", "still.jpg", "image/jpeg", path, path.stat().st_size)


@dataclass(frozen=True, slots=True)
class _Probed:
    width: int
    height: int
    seconds: int
    sound: bool
    still: Image.Image


def _probe(path: Path) -> _Probed | None:
    try:
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
            seconds = round((container.duration or 0) / av.time_base)
            still = frame.to_image()  # type: ignore[no-untyped-call] # PyAV has no type for it
            sound = bool(container.streams.audio)
            return _Probed(frame.width, frame.height, seconds, sound, still)
    except (av.FFmpegError, IndexError, StopIteration):
        return None


def _shape(facts: VideoFacts, found: _Probed | None) -> Json:
    """Return size and length; what nobody said and nobody looked for is a square of no length."""
    if found is None and not (facts.width and facts.height):
        return {"width": 320, "height": 320, "duration": facts.seconds}
    return {
        "width": facts.width or (found.width if found else 0),
        "height": facts.height or (found.height if found else 0),
        "duration": facts.seconds or (found.seconds if found else 0),
    }


def _check_shape(image: Image.Image) -> None:
    short, long = sorted(image.size)
    if short + long > _PHOTO_SIDES_MAX or long > _PHOTO_RATIO_MAX * short:
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
