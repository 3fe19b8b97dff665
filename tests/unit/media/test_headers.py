import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.media import headers
from bot.media.headers import BadImage, Format, Header, ImageProblem


def encoded(
    kind: str, size: tuple[int, int] = (90, 60), mode: str = "RGB", **options: int
) -> bytes:
    file = BytesIO()
    Image.effect_noise(size, 50).convert(mode).save(file, kind, **options)
    return file.getvalue()


def problem_of(data: bytes) -> ImageProblem:
    with pytest.raises(BadImage) as caught:
        headers.read(data)
    return caught.value.problem


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of nothing but what the header reader looks at."""
    ihdr = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", ihdr), *chunks, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def jpeg(*segments: bytes, size: tuple[int, int] = (90, 60), scans: int = 1) -> bytes:
    """A JPEG of nothing but what the header reader looks at."""
    frame = segment(0xC2, struct.pack(">BHHB", 8, size[1], size[0], 1) + bytes(3))
    scan = segment(0xDA, bytes(6)) + b"entropy\xff\x00\xff\xd0entropy"
    return b"\xff\xd8" + b"".join(segments) + frame + scan * scans + b"\xff\xd9"


def mpf(order: str, *kinds: int) -> bytes:
    """The index of a multi-picture file, with an entry per kind of picture."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    entries = b"".join(struct.pack(f"{order}I12x", kind) for kind in kinds)
    fields = struct.pack(f"{order}HHHII", 1, 0xB002, 7, len(entries), 26)
    index = struct.pack(f"{order}I", 8) + fields + bytes(4)
    return segment(0xE2, b"MPF\0" + head + index + entries)


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    content = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(content)) + content


def canvas(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X", bytes([flags, 0, 0, 0]) + sides


def lossy(width: int, height: int) -> tuple[bytes, bytes]:
    return b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (encoded("JPEG"), Format.JPEG),
        (encoded("JPEG", progressive=True), Format.JPEG),
        (encoded("JPEG", restart_marker_rows=1), Format.JPEG),
        (encoded("JPEG", mode="CMYK"), Format.JPEG),
        (encoded("JPEG") + b"\0 a trailer of the camera", Format.JPEG),
        (encoded("PNG"), Format.PNG),
        (encoded("PNG", mode="LA"), Format.PNG),
        (encoded("PNG") + b"something behind", Format.PNG),
        (encoded("WEBP"), Format.WEBP),
        (encoded("WEBP", lossless=True), Format.WEBP),
        (encoded("WEBP", mode="RGBA", lossless=True), Format.WEBP),
        (encoded("WEBP", mode="LA"), Format.WEBP),
        (encoded("WEBP") + b"something behind", Format.WEBP),
    ],
)
def test_format_and_sides_are_read(data: bytes, kind: Format) -> None:
    assert headers.read(data) == Header(kind, 90, 60)


@settings(deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP"]),
    st.integers(headers.MIN_SIDE, 600),
    st.integers(headers.MIN_SIDE, 600),
    st.booleans(),
)
def test_sides_are_those_that_pillow_wrote(
    kind: str, width: int, height: int, lossless: bool
) -> None:
    header = headers.read(encoded(kind, (width, height), lossless=lossless))
    assert (header.width, header.height) == (width, height)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", ImageProblem.EMPTY),
        (bytes(headers.MAX_BYTES + 1), ImageProblem.TOO_HEAVY),
        (bytes(headers.MAX_BYTES), ImageProblem.WRONG_FORMAT),
        (encoded("GIF"), ImageProblem.WRONG_FORMAT),
        (encoded("BMP"), ImageProblem.WRONG_FORMAT),
        (encoded("TIFF"), ImageProblem.WRONG_FORMAT),
        (b"\0\0\0\x20ftypavif\0\0\0\0", ImageProblem.WRONG_FORMAT),
        (encoded("PDF"), ImageProblem.WRONG_FORMAT),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ImageProblem.WRONG_FORMAT),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", ImageProblem.WRONG_FORMAT),
        (b"<html>", ImageProblem.WRONG_FORMAT),
        (b"RIFF\x24\0\0\0WAVEfmt ", ImageProblem.WRONG_FORMAT),
        (encoded("PNG", (1, 1)), ImageProblem.TOO_SMALL),
        (encoded("JPEG", (400, 31)), ImageProblem.TOO_SMALL),
        (encoded("WEBP", (31, 400)), ImageProblem.TOO_SMALL),
        (png(0, 100), ImageProblem.TOO_SMALL),
        (encoded("PNG", (20000, 10)), ImageProblem.TOO_LARGE),
        (png(8193, 100), ImageProblem.TOO_LARGE),
        (png(8192, 8192), ImageProblem.TOO_LARGE),
        (png(2**32 - 1, 2**32 - 1), ImageProblem.TOO_LARGE),
        (jpeg(segment(0xFE, bytes(5000)), size=(9000, 100)), ImageProblem.TOO_LARGE),
        (riff(canvas(16384, 16384)), ImageProblem.TOO_LARGE),
        (riff(canvas(100, 100), lossy(16383, 16383)), ImageProblem.TOO_LARGE),
        (png(100, 100, (b"acTL", struct.pack(">II", 2, 0))), ImageProblem.SEVERAL_FRAMES),
        (riff(canvas(100, 100, flags=2)), ImageProblem.SEVERAL_FRAMES),
        (riff(canvas(100, 100), (b"ANMF", bytes(24))), ImageProblem.SEVERAL_FRAMES),
        (jpeg(mpf("<", 0x030000, 0)), ImageProblem.SEVERAL_FRAMES),
        (jpeg(mpf(">", 0x020002, 0x020002)), ImageProblem.SEVERAL_FRAMES),
        (png(100, 100)[:-1], ImageProblem.BROKEN),
        (png(100, 100)[:-12], ImageProblem.BROKEN),
        (png(100, 100)[:20], ImageProblem.BROKEN),
        (b"\x89PNG\r\n\x1a\n", ImageProblem.BROKEN),
        (jpeg()[:-2], ImageProblem.BROKEN),
        (jpeg(size=(8000, 4000)), ImageProblem.BROKEN),
        (jpeg(scans=0), ImageProblem.BROKEN),
        (jpeg(scans=1000), ImageProblem.BROKEN),
        (jpeg(jpeg()[2:-2]), ImageProblem.BROKEN),
        (b"\xff\xd8\xff", ImageProblem.BROKEN),
        (b"\xff\xd8\xff\xd9", ImageProblem.BROKEN),
        (encoded("WEBP")[:-1], ImageProblem.BROKEN),
        (encoded("WEBP")[:24], ImageProblem.BROKEN),
        (riff(), ImageProblem.BROKEN),
        (riff((b"EXIF", b"nothing else")), ImageProblem.BROKEN),
    ],
)
def test_unusable_file_is_named_by_its_problem(data: bytes, problem: ImageProblem) -> None:
    assert problem_of(data) is problem


def test_largest_allowed_picture_is_accepted() -> None:
    assert headers.read(png(8192, 4882)) == Header(Format.PNG, 8192, 4882)


def test_animation_of_one_frame_is_a_picture() -> None:
    data = png(100, 100, (b"acTL", struct.pack(">II", 1, 0)))
    assert headers.read(data) == Header(Format.PNG, 100, 100)


@pytest.mark.parametrize("order", ["<", ">"])
def test_thumbnails_that_cameras_add_are_no_further_pictures(order: str) -> None:
    data = jpeg(mpf(order, 0x030000, 0x010001, 0x010002))
    assert headers.read(data) == Header(Format.JPEG, 90, 60)


@pytest.mark.parametrize(
    "name", [b"http://ns.adobe.com/hdr-gain-map/1.0/", b"urn:iso:std:iso:ts:21496:-1\0"]
)
def test_photo_with_a_map_of_its_brightness_is_one_picture(name: bytes) -> None:
    data = jpeg(segment(0xE1, name), mpf(">", 0x030000, 0))
    assert headers.read(data) == Header(Format.JPEG, 90, 60)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_file_cut_anywhere_is_broken_by_its_header(kind: str) -> None:
    data = encoded(kind)
    for length in range(12, len(data)):
        assert problem_of(data[:length]) is ImageProblem.BROKEN


STARTS = st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x40\0\0\0WEBP"])
WHOLE = st.sampled_from(
    [
        *map(encoded, ("JPEG", "PNG", "WEBP")),
        jpeg(mpf("<", 1, 2)),
        riff(canvas(99, 99), lossy(9, 9)),
    ]
)


@settings(deadline=None)
@given(STARTS, st.binary())
def test_any_bytes_are_a_picture_or_bad_image(start: bytes, rest: bytes) -> None:
    _read_or_refuse(start + rest)


@settings(deadline=None)
@given(WHOLE, st.integers(0), st.binary(min_size=1, max_size=8))
def test_any_damage_leaves_a_picture_or_bad_image(whole: bytes, at: int, damage: bytes) -> None:
    at %= len(whole)
    _read_or_refuse(whole[:at] + damage + whole[at + len(damage) :])


def _read_or_refuse(data: bytes) -> None:
    try:
        header = headers.read(data)
    except BadImage:
        return
    assert min(header.width, header.height) >= headers.MIN_SIDE
    assert max(header.width, header.height) <= headers.MAX_SIDE
    assert header.width * header.height <= headers.MAX_PIXELS


@settings(deadline=None)
@given(st.integers(0, 9))
def test_orientation_is_told_in_either_byte_order(orientation: int) -> None:
    for order, head in (("<", b"II*\0"), (">", b"MM\0*")):
        field = struct.pack(f"{order}HHIH2x", 0x0112, 3, 1, orientation)
        exif = head + struct.pack(f"{order}IH", 8, 1) + field
        assert headers.read(jpeg(segment(0xE1, b"Exif\0\0" + exif))).orientation == orientation
        assert headers.read(png(90, 60, (b"eXIf", exif))).orientation == orientation
        webp = riff(canvas(90, 60), lossy(90, 60), (b"EXIF", b"Exif\0\0" + exif))
        assert headers.read(webp).orientation == orientation


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_metadata_that_cannot_be_read_spoils_no_photo(exif: bytes) -> None:
    for start in (b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""):
        data = jpeg(segment(0xE1, b"Exif\0\0" + start + exif), segment(0xE2, b"MPF\0" + start))
        assert headers.read(data).width == 90


def test_decoder_gets_the_pixels_and_no_metadata() -> None:
    metadata = jpeg(segment(0xE1, b"Exif\0\0secret"), segment(0xFE, b"secret")) + b"secret"
    assert headers.without_metadata(metadata) == jpeg()
    text = png(90, 60, (b"tEXt", b"secret"), (b"IDAT", b"pixels"), (b"eXIf", b"secret"))
    assert headers.without_metadata(text + b"secret") == png(90, 60, (b"IDAT", b"pixels"))
