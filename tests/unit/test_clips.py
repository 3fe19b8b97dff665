"""The demo's videos are real ones, and any text may stand on them."""

import io
from pathlib import Path

import av
import pytest
from PIL import Image

from bot.demo.clips import FRAMES_PER_SECOND, Clip, Clips, render
from bot.models import Ratio, Resolution


def photo(colour: str, size: tuple[int, int] = (320, 200)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, "PNG")
    return target.getvalue()


def picture(path: Path, index: int) -> Image.Image:
    """Return one frame as an image."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        image: Image.Image = frames[index].to_image()  # type: ignore[no-untyped-call]  # PyAV's gap
        return image


def is_mostly(channel: int, image: Image.Image) -> bool:
    """Whether red (0) or blue (2) prevails beside the text, between ribbon and line."""
    colour = image.getpixel((10, image.height // 2))
    assert isinstance(colour, tuple)
    return bool(colour[channel] > 200 and colour[2 - channel] < 60)


@pytest.mark.parametrize(
    ("ratio", "resolution", "size"),
    [
        (Ratio.LANDSCAPE, Resolution.P720, (1280, 720)),
        (Ratio.PORTRAIT, Resolution.P720, (720, 1280)),
        (Ratio.AUTO, Resolution.P720, (1280, 720)),
        (Ratio.PORTRAIT, Resolution.P1080, (1080, 1920)),
        (Ratio.LANDSCAPE, Resolution.K4, (3840, 2160)),
    ],
)
def test_a_clip_has_the_size_and_length_that_were_asked_for(
    tmp_path: Path, ratio: Ratio, resolution: Resolution, size: tuple[int, int]
) -> None:
    path = tmp_path / "clip.mp4"
    render(Clip("a red fox", ratio, 4, resolution), path)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == size
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == FRAMES_PER_SECOND
        assert sum(1 for _ in container.decode(video=0)) == 4 * FRAMES_PER_SECOND
    with av.open(str(path)) as container:
        assert container.duration == 4 * 1_000_000


def test_a_clip_has_soft_sound_as_long_as_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    render(Clip("a red fox", seconds=4), path)
    with av.open(str(path)) as container:
        (sound,) = container.streams.audio
        assert sound.codec_context.name == "aac"
        assert sound.duration is not None
        assert sound.time_base is not None
        assert float(sound.duration * sound.time_base) == pytest.approx(4, abs=0.05)
        samples = list(container.decode(audio=0))[40]  # well after the encoder has swung in
        assert 0.01 < max(memoryview(samples.planes[0]).cast("f").tolist()) < 0.2


def test_a_clip_without_sound_has_no_sound_track(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    render(Clip("a red fox", seconds=4, sound=False), path)
    with av.open(str(path)) as container:
        assert not container.streams.audio


def test_the_index_comes_first_so_that_playing_starts_before_the_end_is_there(
    tmp_path: Path,
) -> None:
    path = tmp_path / "clip.mp4"
    render(Clip("a red fox", seconds=4), path)
    content = path.read_bytes()
    assert content[4:8] == b"ftyp"
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_something_moves(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    render(Clip("a red fox", seconds=4), path)
    assert picture(path, 0).tobytes() != picture(path, -1).tobytes()


def test_the_text_decides_what_is_seen(tmp_path: Path) -> None:
    render(Clip("a red fox", seconds=4), tmp_path / "fox.mp4")
    render(Clip("a grey wolf", seconds=4), tmp_path / "wolf.mp4")
    assert (tmp_path / "fox.mp4").read_bytes() != (tmp_path / "wolf.mp4").read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n\t ",
        "w" * 5_000,
        "лиса и 狐狸 و ثعلب 🦊",
        "\x00\x1b[31m\u2028\ufffe",
        "\ud800 alone",
        "a\u0301" * 200,
        "%s {x} <b>&amp;</b> '\"",
    ],
)
def test_any_text_can_stand_on_a_clip(tmp_path: Path, text: str) -> None:
    path = tmp_path / "clip.mp4"
    render(Clip(text, Ratio.PORTRAIT, 4), path)
    assert picture(path, 0).size == (720, 1280)


def test_a_photo_is_the_background(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    render(Clip("x", seconds=4, photos=(photo("blue"),)), path)
    assert is_mostly(2, picture(path, 0))
    assert is_mostly(2, picture(path, -1))


def test_the_first_photo_fades_into_the_last(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    render(Clip("x", seconds=4, photos=(photo("blue"), photo("red", (90, 160)))), path)
    assert is_mostly(2, picture(path, 0))
    assert is_mostly(0, picture(path, -1))


async def test_an_equal_clip_is_made_once() -> None:
    made: list[Clip] = []

    def draw(clip: Clip, path: Path) -> None:
        made.append(clip)
        path.touch()

    clips = Clips(draw=draw)
    try:
        first = await clips.get(Clip("fox"))
        again = await clips.get(Clip("fox"))
        other = await clips.get(Clip("wolf"))
    finally:
        clips.close()
    assert first == again != other
    assert made == [Clip("fox"), Clip("wolf")]


async def test_only_the_clips_used_last_are_kept() -> None:
    clips = Clips(bound=2, draw=lambda _clip, path: path.touch())
    try:
        fox = await clips.get(Clip("fox"))
        wolf = await clips.get(Clip("wolf"))
        await clips.get(Clip("fox"))
        owl = await clips.get(Clip("owl"))
        assert len(clips) == 2
        assert [path.exists() for path in (fox, wolf, owl)] == [True, False, True]
    finally:
        clips.close()
    assert not fox.parent.exists()
