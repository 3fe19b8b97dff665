"""Makes the photos that KIE is given out of the files that people send."""

import asyncio
import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from bot.media import files, headers
from bot.media.headers import MAX_BYTES, BadImage, Format, Header, ImageProblem

__all__ = ["BadImage", "ImageProblem", "Images", "Size", "reencode"]

_MAX_JPEG_BYTES = 10_000_000  # KIE's 10 MB, counted the stricter way
_QUALITY = 92
_LOWER_QUALITY = 85
_SHRINK = 0.75

# Chosen by our own look at the header: Pillow's guess could find another format in the same bytes,
# and its guard against bombs would only come after the WebP decoder has taken its memory.
_DECODERS: dict[Format, Callable[[BytesIO], Image.Image]] = {
    Format.JPEG: JpegImageFile,
    Format.PNG: PngImageFile,
    Format.WEBP: WebPImageFile,
}
# Pillow, "Block allocator": blocks as large as this come from the system full of zeros. Others are
# zeroed under the interpreter's lock: the event loop waited 20 ms for a phone's photo.
_BLOCK_BYTES = 64 << 20
# What Pillow's decoders raise for bytes that they cannot read.
_UNREADABLE = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, OverflowError),
    *(struct.error, zlib.error),
)

# EXIF 2.32, 4.6.4 "Orientation"
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Size:
    """A stored photo: sides in pixels, upright."""

    width: int
    height: int
    bytes: int


class Images:
    """Re-encodes photos off the event loop, at most ``workers`` at once.

    A photo of 40 megapixels takes 200 to 600 MB while it is decoded, hence so few.
    """

    def __init__(self, workers: int = 1) -> None:
        Image.core.set_block_size(_BLOCK_BYTES)  # type: ignore[attr-defined]  # documented all the same
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="images")

    async def reencode(self, source: Path, target: Path) -> Size:
        """See the function ``reencode``."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, reencode, source, target)

    def close(self) -> None:
        """Drop the photos that still wait; one that is being decoded is finished."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def reencode(source: Path, target: Path) -> Size:
    """Write the photo in ``source`` to ``target``: upright, RGB, JPEG, without any metadata.

    ``target`` appears only when it is whole. Raises ``BadImage`` for everything but a single
    JPEG, PNG or WebP picture within the limits of ``bot.media.headers``, before decoding it
    wherever the header tells.
    """
    data = _read(source)
    header = headers.read(data)
    image = _flatten(_decode(data, header))
    if header.orientation in _UPRIGHT:
        image = image.transpose(_UPRIGHT[header.orientation])
    return _save(image, target)


def _read(source: Path) -> bytes:
    with source.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _decode(data: bytes, header: Header) -> Image.Image:
    try:
        image = _DECODERS[header.format](BytesIO(headers.without_metadata(data)))
        if image.size == (header.width, header.height):
            image.load()
            if image.mode != "P" or image.palette is not None:
                return image
    except _UNREADABLE as error:
        raise BadImage(ImageProblem.BROKEN) from error
    raise BadImage(ImageProblem.BROKEN)


def _flatten(image: Image.Image) -> Image.Image:
    """Bring any mode to RGB, what is transparent to white."""
    if image.mode.startswith("I"):  # 16 bits of grey, which convert() would clip
        return image.point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    image = image.convert("RGBA")
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(image, mask=image)
    return canvas


def _save(image: Image.Image, target: Path) -> Size:
    with files.replacing(target) as file:
        image.save(file, "JPEG", quality=_QUALITY)
        while file.tell() > _MAX_JPEG_BYTES:
            image = image.resize([round(side * _SHRINK) for side in image.size])
            file.seek(0)
            file.truncate()
            image.save(file, "JPEG", quality=_LOWER_QUALITY)
        files.sync(file)
        return Size(*image.size, bytes=file.tell())
