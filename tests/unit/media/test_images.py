import struct
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from bot.media import images
from bot.media.images import BadImage, ImageProblem, Images, Size

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def corners(size: tuple[int, int] = (120, 80)) -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right."""
    image = Image.new("RGB", (2, 2))
    image.putdata([RED, GREEN, BLUE, WHITE])
    return image.resize(size, Image.Resampling.NEAREST)


def saved(image: Image.Image, path: Path, kind: str = "PNG", **options: Any) -> Path:
    image.save(path, kind, **options)
    return path


def converted(source: Path) -> tuple[Image.Image, Size]:
    target = source.with_name("converted.jpg")
    size = images.reencode(source, target)
    with Image.open(target) as image:
        image.load()
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert size == Size(image.width, image.height, target.stat().st_size)
    return image, size


def near(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(have - want) <= 12 for have, want in zip(pixel, colour, strict=True))


def shows_corners(image: Image.Image) -> bool:
    places = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]
    pixels = [image.getpixel((int(x * image.width), int(y * image.height))) for x, y in places]
    return all(map(near, pixels, (RED, GREEN, BLUE, WHITE)))


def problem_of(source: Path) -> ImageProblem:
    target = source.with_name("refused.jpg")
    with pytest.raises(BadImage) as caught:
        images.reencode(source, target)
    assert not target.exists()
    assert not list(source.parent.glob("*.part"))
    return caught.value.problem


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("JPEG", {"progressive": True, "quality": 95}),
        ("PNG", {}),
        ("WEBP", {"quality": 95}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_each_accepted_format_becomes_a_jpeg_of_the_same_picture(
    kind: str, options: dict[str, Any], tmp_path: Path
) -> None:
    image, size = converted(saved(corners(), tmp_path / "in", kind, **options))
    assert (size.width, size.height) == (120, 80)
    assert shows_corners(image)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_photo_is_stored_upright_whatever_its_exif_says(
    kind: str, orientation: int, tmp_path: Path
) -> None:
    stored = corners()
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(stored, tmp_path / "in", kind, exif=exif, quality=95)
    with Image.open(path) as reread:
        wanted = ImageOps.exif_transpose(reread).convert("RGB")
    image, _ = converted(path)
    assert image.size == wanted.size
    for x in (0.25, 0.75):
        for y in (0.25, 0.75):
            place = (int(x * image.width), int(y * image.height))
            want = wanted.getpixel(place)
            assert isinstance(want, tuple)
            assert near(image.getpixel(place), (want[0], want[1], want[2]))


def test_photo_held_sideways_stands_up(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = corners().transpose(Image.Transpose.ROTATE_90)
    image, size = converted(saved(lying, tmp_path / "in", "JPEG", exif=exif, quality=95))
    assert (size.width, size.height) == (120, 80)
    assert shows_corners(image)


def test_metadata_and_what_lies_behind_the_picture_are_dropped(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "secret camera"
    exif.get_ifd(0x8825)[1] = "N"
    options = {"exif": exif, "comment": b"secret comment", "icc_profile": b"secret profile"}
    path = saved(corners(), tmp_path / "in", "JPEG", xmp=b"secret xmp", **options)
    path.write_bytes(path.read_bytes() + b"PK\x03\x04 secret archive")
    image, _ = converted(path)
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"secret" not in (tmp_path / "converted.jpg").read_bytes()


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "RGBA", "LA", "PA"])
def test_every_mode_becomes_rgb(mode: str, tmp_path: Path) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    source = corners().convert("P").convert(mode) if mode == "PA" else corners().convert(mode)
    if mode == "PA":
        source = source.convert("RGBA")
    image, _ = converted(saved(source, tmp_path / "in", kind))
    if mode in {"P", "CMYK", "RGBA", "PA"}:
        assert shows_corners(image)
    assert near(image.getpixel((90, 60)), WHITE)


def test_sixteen_bits_of_grey_keep_their_shades(tmp_path: Path) -> None:
    deep = Image.new("I;16", (64, 64), 128 * 256)
    image, _ = converted(saved(deep, tmp_path / "in"))
    assert near(image.getpixel((32, 32)), (128, 128, 128))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_becomes_white(kind: str, tmp_path: Path) -> None:
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    clear.paste((255, 0, 0, 255), (0, 0, 32, 64))
    image, _ = converted(saved(clear, tmp_path / "in", kind, lossless=True))
    assert near(image.getpixel((10, 32)), RED)
    assert near(image.getpixel((54, 32)), WHITE)


def test_transparent_entry_of_a_palette_becomes_white(tmp_path: Path) -> None:
    palette = Image.new("P", (64, 64), 1)
    palette.putpalette([255, 0, 0, 0, 0, 0])
    palette.paste(0, (0, 0, 32, 64))
    image, _ = converted(saved(palette, tmp_path / "in", transparency=1))
    assert near(image.getpixel((10, 32)), RED)
    assert near(image.getpixel((54, 32)), WHITE)


def test_transparent_shade_of_grey_becomes_white(tmp_path: Path) -> None:
    image, _ = converted(saved(Image.new("L", (64, 64), 7), tmp_path / "in", transparency=7))
    assert near(image.getpixel((32, 32)), WHITE)


def test_picture_whose_jpeg_would_be_too_heavy_for_kie_is_made_smaller(tmp_path: Path) -> None:
    tile = Image.merge("RGB", [Image.effect_noise((500, 500), 200) for _ in range(3)])
    wall = Image.new("RGB", (6000, 5000))
    for x in range(0, 6000, 500):
        for y in range(0, 5000, 500):
            wall.paste(tile, (x, y))
    image, size = converted(saved(wall, tmp_path / "in", "JPEG", quality=25))
    assert size.bytes <= 10_000_000
    assert size.width < 6000
    assert abs(image.width / image.height - 6 / 5) < 0.01


@pytest.mark.parametrize(
    ("kind", "options", "problem"),
    [
        ("GIF", {}, ImageProblem.WRONG_FORMAT),
        ("PDF", {}, ImageProblem.WRONG_FORMAT),
        ("PNG", {"save_all": True}, ImageProblem.SEVERAL_FRAMES),
        ("WEBP", {"save_all": True}, ImageProblem.SEVERAL_FRAMES),
        ("MPO", {"save_all": True}, ImageProblem.SEVERAL_FRAMES),
    ],
)
def test_other_formats_and_animations_are_refused(
    kind: str, options: dict[str, Any], problem: ImageProblem, tmp_path: Path
) -> None:
    if options:
        options = {**options, "append_images": [Image.new("RGB", (120, 80))]}
    assert problem_of(saved(corners(), tmp_path / "in", kind, **options)) is problem


def test_file_of_21_megabytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"\xff\xd8\xff" + bytes(21_000_000))
    assert problem_of(tmp_path / "in") is ImageProblem.TOO_HEAVY


def test_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").touch()
    assert problem_of(tmp_path / "in") is ImageProblem.EMPTY


def test_pixels_that_end_before_the_header_s_size_are_broken(tmp_path: Path) -> None:
    data = bytearray(saved(corners(), tmp_path / "in", "JPEG").read_bytes())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", 5000, 8000)
    (tmp_path / "in").write_bytes(data)
    assert problem_of(tmp_path / "in") is ImageProblem.BROKEN


def test_png_whose_pixels_are_damaged_is_broken(tmp_path: Path) -> None:
    data = bytearray(saved(corners(), tmp_path / "in").read_bytes())
    data[data.index(b"IDAT") + 10] ^= 0xFF
    (tmp_path / "in").write_bytes(data)
    assert problem_of(tmp_path / "in") is ImageProblem.BROKEN


def test_png_without_the_palette_that_it_needs_is_broken(tmp_path: Path) -> None:
    data = saved(corners().convert("P"), tmp_path / "in").read_bytes()
    palette = data.index(b"PLTE") - 4
    (length,) = struct.unpack_from(">I", data, palette)
    (tmp_path / "in").write_bytes(data[:palette] + data[palette + length + 12 :])
    assert problem_of(tmp_path / "in") is ImageProblem.BROKEN


def test_webp_whose_pixels_are_damaged_is_broken(tmp_path: Path) -> None:
    data = bytearray(saved(corners(), tmp_path / "in", "WEBP", lossless=True).read_bytes())
    data[30:-4] = bytes(len(data) - 34)
    (tmp_path / "in").write_bytes(data)
    assert problem_of(tmp_path / "in") is ImageProblem.BROKEN


def test_broken_exif_spoils_no_photo(tmp_path: Path) -> None:
    path = saved(corners(), tmp_path / "in", "JPEG", exif=b"Exif\0\0MM\0*\0\0\xff\xff", quality=95)
    image, _ = converted(path)
    assert shows_corners(image)


LITTLE_MEMORY = """
import resource, sys
from pathlib import Path
from bot.media import images

used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 16_000_000,) * 2)
try:
    images.reencode(Path(sys.argv[1]), Path(sys.argv[1] + ".jpg"))
except images.BadImage as refusal:
    print(refusal.problem)
"""


@pytest.mark.parametrize(
    ("kind", "mode", "size", "problem"),
    [
        ("PNG", "1", (12000, 4000), "too-large"),
        ("PNG", "L", (8192, 4900), "too-large"),
        ("JPEG", "L", (9000, 5000), "too-large"),
        ("WEBP", "RGB", (8200, 1000), "too-large"),
    ],
)
def test_bomb_is_refused_before_any_memory_is_taken_for_its_pixels(
    kind: str, mode: str, size: tuple[int, int], problem: str, tmp_path: Path
) -> None:
    bomb = saved(Image.new(mode, size), tmp_path / "bomb", kind)
    done = subprocess.run(
        [sys.executable, "-c", LITTLE_MEMORY, str(bomb)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == (problem, "")


async def test_photos_are_encoded_off_the_event_loop_a_bounded_number_at_once(
    tmp_path: Path,
) -> None:
    path = saved(corners(), tmp_path / "in", "JPEG")
    workers = Images(workers=1)
    size = await workers.reencode(path, tmp_path / "out")
    assert (size.width, size.height) == (120, 80)
    names = [thread.name for thread in threading.enumerate()]
    assert sum(name.startswith("images") for name in names) == 1
    workers.close()


async def test_refusal_reaches_the_one_who_waits(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"GIF89a")
    workers = Images()
    with pytest.raises(BadImage, match="wrong-format"):
        await workers.reencode(tmp_path / "in", tmp_path / "out")
    workers.close()


def _whole(kind: str, **options: Any) -> bytes:
    file = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    corners((48, 40)).save(file, kind, exif=exif, **options)
    return file.getvalue()


@settings(deadline=None)
@given(
    st.sampled_from([_whole("JPEG"), _whole("JPEG", progressive=True), _whole("PNG")])
    | st.sampled_from([_whole("WEBP"), _whole("WEBP", lossless=True)]),
    st.lists(st.tuples(st.integers(0), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6),
)
def test_any_damage_leaves_a_photo_or_bad_image(
    tmp_path_factory: pytest.TempPathFactory, whole: bytes, damages: list[tuple[int, bytes]]
) -> None:
    data = bytearray(whole)
    for at, damage in damages:
        start = at % len(data)
        data[start : start + len(damage)] = damage
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "in").write_bytes(data)
    try:
        size = images.reencode(folder / "in", folder / "out")
    except BadImage:
        assert not (folder / "out").exists()
    else:
        assert size.bytes == (folder / "out").stat().st_size
