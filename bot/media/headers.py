"""Reads what a picture says about itself, without decoding a single pixel; pure."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import BadMedia

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 8192
MIN_SIDE = 32  # pixels; nothing smaller shows what a video could begin with
_MAX_SCANS = 64  # of a progressive JPEG; each costs a pass over the picture, ten are usual


class Format(StrEnum):
    """The accepted kinds of files."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"


class ImageProblem(StrEnum):
    """Why a file is no usable photo, for texts to tell cases apart."""

    EMPTY = "empty"
    TOO_HEAVY = "too-heavy"  # more than MAX_BYTES
    WRONG_FORMAT = "wrong-format"  # none of Format
    SEVERAL_FRAMES = "several-frames"  # animated, or more than one picture in the file
    TOO_LARGE = "too-large"  # a side longer than MAX_SIDE, or more than MAX_PIXELS
    TOO_SMALL = "too-small"  # a side shorter than MIN_SIDE
    BROKEN = "broken"  # cut, damaged, or not what it says


class BadImage(BadMedia):
    """This file is not a photo that can be used."""

    def __init__(self, problem: ImageProblem) -> None:
        super().__init__(f"not a usable photo: {problem}")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says it holds: sides in pixels, as stored; EXIF orientation, 1 for upright."""

    format: Format
    width: int
    height: int
    orientation: int = 1


def read(data: bytes) -> Header:
    """Decide by the header alone whether a file may be decoded.

    Raises ``BadImage``, and nothing else whatever the bytes are.
    """
    if not data:
        raise BadImage(ImageProblem.EMPTY)
    if len(data) > MAX_BYTES:
        raise BadImage(ImageProblem.TOO_HEAVY)
    reader = next((read for begins, read, _ in _FORMATS if begins.match(data)), None)
    if reader is None:
        raise BadImage(ImageProblem.WRONG_FORMAT)
    try:
        header = reader(data)
    except (struct.error, IndexError) as error:  # a read past the end: the file is cut
        raise BadImage(ImageProblem.BROKEN) from error
    _check_size(header)
    return header


def without_metadata(data: bytes) -> bytes:
    """Leave out of a file that ``read`` accepted what is not needed to decode it."""
    strip = next(strip for begins, _, strip in _FORMATS if begins.match(data))
    return strip(data)


def _check_size(header: Header) -> None:
    if max(header.width, header.height) > MAX_SIDE or header.width * header.height > MAX_PIXELS:
        raise BadImage(ImageProblem.TOO_LARGE)
    if min(header.width, header.height) < MIN_SIDE:
        raise BadImage(ImageProblem.TOO_SMALL)


_PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


def _png(data: bytes) -> Header:
    """PNG specification, third edition: 5.3 "Chunk layout", 11.2.1 "IHDR", 11.3.6 "acTL"."""
    chunks = {kind: (start, end) for kind, start, end in _png_chunks(data)}
    if data[12:16] != b"IHDR":
        raise BadImage(ImageProblem.BROKEN)
    if b"acTL" in chunks and struct.unpack_from(">I", data, chunks[b"acTL"][0]) > (1,):
        raise BadImage(ImageProblem.SEVERAL_FRAMES)
    width, height = struct.unpack_from(">II", data, 16)
    exif, end = chunks.get(b"eXIf", (0, 0))
    return Header(Format.PNG, width, height, _orientation(data[exif:end]))


def _png_pixels(data: bytes) -> bytes:
    chunks = (
        data[start - 8 : end + 4] for kind, start, end in _png_chunks(data) if kind in _PNG_PIXELS
    )
    return data[:8] + b"".join(chunks)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Give each chunk's kind, and where its content starts and ends."""
    at, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, at + 8, at + 8 + length
        at += 12 + length
    if at > len(data):
        raise BadImage(ImageProblem.BROKEN)


_SOS, _EOI, _APP1, _APP2 = 0xDA, 0xD9, 0xE1, 0xE2
_EXIF = b"Exif\0\0"
# Application segments but JFIF and Adobe, which tell how colours are stored, and comments.
_JPEG_METADATA = frozenset(range(0xE1, 0xF0)) - {0xEE} | {0xFE}
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MARKER = re.compile(rb"\xff+([^\x00\xff])")
_HUFFMAN = frozenset(range(0xC0, 0xC8))
_BLOCK = 64  # pixels that the shortest code stands for: a bit, and libjpeg paints the rest grey
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # neither stuffing, restart nor filling
_MULTI_PICTURE = b"MPF\0"
_MP_ENTRY = 0xB002
_MP_THUMBNAILS = frozenset({0x010001, 0x010002})
# One photo with a map of its brightness is stored as two pictures; the second is no frame.
_GAIN_MAPS = (
    b"ns.adobe.com/hdr-gain-map/",
    b"photo:2020:aux:hdrgainmap",
    b"urn:iso:std:iso:ts:21496:-1",
)


def _jpeg(data: bytes) -> Header:
    """ITU-T T.81, annex B; CIPA DC-007 "Multi-Picture Format"."""
    sizes: list[tuple[int, int]] = []
    scans, pictures, orientation, lies = 0, 1, 1, False
    for marker, start, end in _jpeg_segments(data):
        scans += marker == _SOS
        if marker in _SOF:
            height, width = struct.unpack_from(">HH", data, start + 1)
            sizes.append((width, height))
            lies |= marker in _HUFFMAN and width * height > len(data) * 8 * _BLOCK
        elif marker == _APP1 and data.startswith(_EXIF, start):
            orientation = _orientation(data[start + len(_EXIF) : end])
        elif marker == _APP2 and data.startswith(_MULTI_PICTURE, start):
            pictures = _pictures(data[start + len(_MULTI_PICTURE) : end])
    if len(sizes) != 1 or not 0 < scans <= _MAX_SCANS or lies:
        raise BadImage(ImageProblem.BROKEN)
    if pictures > 1 and not any(name in data for name in _GAIN_MAPS):
        raise BadImage(ImageProblem.SEVERAL_FRAMES)
    return Header(Format.JPEG, *sizes[0], orientation)


def _pictures(index: bytes) -> int:
    """Count the pictures of a multi-picture index, but for the thumbnails that cameras add."""
    order, fields = _tiff_fields(index)
    if _MP_ENTRY not in fields:
        return 1
    size, at = struct.unpack(f"{order}II", fields[_MP_ENTRY])
    kinds = struct.iter_unpack(f"{order}I12x", index[at : at + size // 16 * 16])
    return sum(kind & 0xFFFFFF not in _MP_THUMBNAILS for (kind,) in kinds)


def _jpeg_pixels(data: bytes) -> bytes:
    segments = _jpeg_segments(data)
    kept = (data[start - 4 : end] for kind, start, end in segments if kind not in _JPEG_METADATA)
    return data[:2] + b"".join(kept) + b"\xff\xd9"


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Give each segment's marker, and where its content starts and ends; a scan's with its data."""
    at = 2
    while (found := _MARKER.match(data, at)) is not None:
        marker, at = found[1][0], found.end()
        if marker == _EOI:
            return
        (length,) = struct.unpack_from(">H", data, at)
        end = at + length if marker != _SOS else _end_of_scan(data, at + length)
        yield marker, at + 2, end
        at = end
    raise BadImage(ImageProblem.BROKEN)


def _end_of_scan(data: bytes, at: int) -> int:
    found = _AFTER_SCAN.search(data, at)
    if found is None:
        raise BadImage(ImageProblem.BROKEN)
    return found.start()


_ANIMATION_FLAG = 0x02


def _webp(data: bytes) -> Header:
    """RFC 9649: 2.3 "RIFF", 2.7 "Extended File Format"; RFC 6386, 9.1 for the lossy size.

    The canvas and the picture each state a size: the larger one counts.
    """
    sizes, orientation = [], 1
    for kind, start, end in _webp_chunks(data):
        if kind in {b"ANIM", b"ANMF"} or (kind == b"VP8X" and data[start] & _ANIMATION_FLAG):
            raise BadImage(ImageProblem.SEVERAL_FRAMES)
        if kind in _WEBP_SIZES:
            sizes.append(_WEBP_SIZES[kind](data, start))
        elif kind == b"EXIF":
            orientation = _orientation(data[start:end].removeprefix(_EXIF))
    if not sizes:
        raise BadImage(ImageProblem.BROKEN)
    return Header(Format.WEBP, max(w for w, _ in sizes), max(h for _, h in sizes), orientation)


def _webp_pixels(data: bytes) -> bytes:
    return data  # its decoder sets metadata aside unread


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Give each chunk's kind, and where its content starts and ends."""
    (riff_bytes,) = struct.unpack_from("<I", data, 4)
    end = riff_bytes + 8
    at = 12
    while at < end:
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind, at + 8, at + 8 + length
        at += 8 + length + length % 2
    if end > len(data) or at > end + 1:  # the last chunk's filling byte is often left out
        raise BadImage(ImageProblem.BROKEN)


def _canvas_size(data: bytes, start: int) -> tuple[int, int]:
    width = int.from_bytes(data[start + 4 : start + 7], "little") + 1
    height = int.from_bytes(data[start + 7 : start + 10], "little") + 1
    return width, height


def _lossy_size(data: bytes, start: int) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", data, start + 6)
    return width & 0x3FFF, height & 0x3FFF


def _lossless_size(data: bytes, start: int) -> tuple[int, int]:
    (bits,) = struct.unpack_from("<I", data, start + 1)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


_WEBP_SIZES = {b"VP8X": _canvas_size, b"VP8 ": _lossy_size, b"VP8L": _lossless_size}


_ORIENTATION = 0x0112  # EXIF 2.32, 4.6.4 "Orientation"


def _orientation(exif: bytes) -> int:
    """Read the orientation; metadata that cannot be read spoils no photo."""
    order, fields = _tiff_fields(exif)
    if _ORIENTATION not in fields:
        return 1
    _, value = struct.unpack(f"{order}IH2x", fields[_ORIENTATION])
    return int(value)


def _tiff_fields(data: bytes) -> tuple[str, dict[int, bytes]]:
    """Give the byte order, and count and value of the first directory's fields by their tag."""
    order = "<" if data.startswith(b"II") else ">"
    fields: dict[int, bytes] = {}
    try:
        (directory,) = struct.unpack_from(f"{order}4xI", data)
        (number,) = struct.unpack_from(f"{order}H", data, directory)
        for at in range(directory + 2, directory + 2 + 12 * number, 12):
            tag, value = struct.unpack_from(f"{order}H2x8s", data, at)
            fields[tag] = value
    except struct.error:
        return order, {}
    return order, fields


_FORMATS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), _png, _png_pixels),
    (re.compile(rb"\xff\xd8\xff"), _jpeg, _jpeg_pixels),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), _webp, _webp_pixels),
)
