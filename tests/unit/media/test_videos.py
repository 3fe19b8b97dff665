import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.errors import FetchError, FetchRefused
from bot.media import videos
from bot.media.videos import Probe, Videos

MakeVideo = Callable[..., Path]

RED, BLUE = (255, 0, 0), (0, 0, 255)
# ISO/IEC 14496-12, 8.3.2: the matrix of a track that is shown a quarter turned clockwise.
QUARTER_TURN = b"".join(
    number.to_bytes(4, "big", signed=True)
    for number in (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
)


def turned(path: Path) -> Path:
    """Set the matrix of the video track, which all phones do that are held upright."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44
    data[matrix : matrix + 36] = QUARTER_TURN
    path.write_bytes(data)
    return path


def packets_of(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def times_of(path: Path) -> list[float]:
    """Give when each packet is shown and decoded, in seconds."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        times = [(packet.pts, packet.dts, packet.time_base) for packet in packets]
    return [float(time * base) for *pair, base in times for time in pair if time is not None]


def drawn(jpeg: bytes) -> Image.Image:
    image = Image.open(BytesIO(jpeg))
    image.load()
    assert image.format == "JPEG"
    return image


def near(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(have - want) <= 40 for have, want in zip(pixel, colour, strict=True))


def test_probe_tells_sides_length_sound_and_size(make_video: MakeVideo, tmp_path: Path) -> None:
    path = make_video(tmp_path / "v.mp4", seconds=2, width=640, height=360, audio=True)
    assert videos.probe(path) == Probe(640, 360, 2.0, has_audio=True, bytes=path.stat().st_size)


def test_probe_tells_that_there_is_no_sound(make_video: MakeVideo, tmp_path: Path) -> None:
    assert not videos.probe(make_video(tmp_path / "v.mp4")).has_audio


def test_turned_video_is_told_as_it_is_shown(make_video: MakeVideo, tmp_path: Path) -> None:
    path = turned(make_video(tmp_path / "v.mp4", width=320, height=180))
    probe = videos.probe(path)
    assert (probe.width, probe.height) == (180, 320)


@pytest.mark.parametrize("audio", [True, False])
@pytest.mark.parametrize("faststart", [True, False])
def test_whole_video_passes(
    faststart: bool, audio: bool, make_video: MakeVideo, tmp_path: Path
) -> None:
    videos.check(make_video(tmp_path / "v.mp4", faststart=faststart, audio=audio))


def test_bytes_behind_the_video_do_no_harm(make_video: MakeVideo, tmp_path: Path) -> None:
    path = make_video(tmp_path / "v.mp4")
    for trailer in (b"\0", bytes(40), b"<!-- served by a cache -->", b"\0\0\0\x08free"):
        path.write_bytes(path.read_bytes() + trailer)
        videos.check(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"<!DOCTYPE html><html><body>Error 1010</body></html>",
        b'{"code": 404}',
        b"\0\0\0\x18ftyp",
        b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(1000),
        b"\0\0\0\x01ftyp",
        b"\0\0\0\0ftyp",
        b"GIF89a" + bytes(100),
        b"#EXTM3U\n#EXT-X-ENDLIST\nhttp://127.0.0.1/v.mp4\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
    ],
)
def test_what_is_no_video_fails_and_may_be_tried_again(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "v.mp4").write_bytes(content)
    with pytest.raises(FetchError) as caught:
        videos.check(tmp_path / "v.mp4")
    assert not isinstance(caught.value, FetchRefused)


def test_pictures_of_an_unknown_kind_are_no_video(make_video: MakeVideo, tmp_path: Path) -> None:
    path = make_video(tmp_path / "v.mp4")
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzC"))
    with pytest.raises(FetchError, match="of an unknown kind"):
        videos.check(path)


def test_film_of_years_is_no_video(make_video: MakeVideo, tmp_path: Path) -> None:
    data = make_video(tmp_path / "v.mp4").read_bytes().replace(b"edts", b"free")
    media = data.index(b"mdhd") + 16  # ISO/IEC 14496-12, 8.4.2: the time scale, then the duration
    (tmp_path / "v.mp4").write_bytes(data[:media] + b"\0\0\0\x01" + data[media + 4 :])
    with pytest.raises(FetchError, match="its length is beyond belief"):
        videos.check(tmp_path / "v.mp4")


def test_missing_file_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="cannot be read"):
        videos.check(tmp_path / "none.mp4")


def test_sound_without_pictures_is_no_video(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
        frame.sample_rate = 48000
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux([*stream.encode(frame), *stream.encode(None)])
    for look in (videos.check, videos.probe, videos.thumbnail):
        with pytest.raises(FetchError, match="it holds no pictures"):
            look(tmp_path / "a.mp4")


@pytest.mark.parametrize("audio", [True, False])
@pytest.mark.parametrize("faststart", [True, False])
def test_video_cut_anywhere_fails(
    faststart: bool, audio: bool, make_video: MakeVideo, tmp_path: Path
) -> None:
    whole = make_video(tmp_path / "v.mp4", faststart=faststart, audio=audio).read_bytes()
    cut = tmp_path / "cut.mp4"

    @settings(max_examples=60, deadline=None)
    @given(st.integers(0, len(whole) - 1) | st.integers(len(whole) - 200, len(whole) - 1))
    def check_cut(length: int) -> None:
        cut.write_bytes(whole[:length])
        with pytest.raises(FetchError):
            videos.check(cut)

    check_cut()


def test_video_whose_end_was_never_written_fails(make_video: MakeVideo, tmp_path: Path) -> None:
    whole = make_video(tmp_path / "v.mp4", seconds=2).read_bytes()
    at = whole.index(b"mdat") - 4
    half = (len(whole) - at) // 2
    open_end = whole[:at] + bytes(4) + whole[at + 4 : at + half]  # size 0: up to the file's end
    (tmp_path / "cut.mp4").write_bytes(open_end)
    with pytest.raises(FetchError, match="the video is cut"):
        videos.check(tmp_path / "cut.mp4")


def test_damaged_index_is_a_failure_and_nothing_worse(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    whole = make_video(tmp_path / "v.mp4", seconds=0.5).read_bytes()
    index = whole.index(b"moov")
    end = whole.index(b"mdat")
    damaged = tmp_path / "damaged.mp4"

    @settings(max_examples=150, deadline=None)
    @given(st.integers(index, end), st.binary(min_size=1, max_size=4))
    def look(at: int, damage: bytes) -> None:
        damaged.write_bytes(whole[:at] + damage + whole[at + len(damage) :])
        try:
            prepared = videos.prepare(damaged)
        except FetchError:
            assert not list(tmp_path.glob("*.part"))
        else:
            assert 0 <= prepared.probe.seconds <= 600
            drawn(prepared.thumbnail)

    look()


def test_thumbnail_is_a_small_jpeg_in_the_video_s_shape(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    path = make_video(tmp_path / "v.mp4", width=1280, height=720)
    jpeg = videos.thumbnail(path)
    image = drawn(jpeg)
    assert image.size == (320, 180)
    assert len(jpeg) <= 200_000
    assert near(image.getpixel((80, 60)), RED)
    assert near(image.getpixel((240, 60)), BLUE)


def test_thumbnail_of_a_turned_video_stands_upright(make_video: MakeVideo, tmp_path: Path) -> None:
    path = turned(make_video(tmp_path / "v.mp4", width=640, height=360))
    image = drawn(videos.thumbnail(path))
    assert image.size == (180, 320)
    assert near(image.getpixel((120, 80)), RED)  # the left half went to the top
    assert near(image.getpixel((120, 240)), BLUE)


def test_thumbnail_does_not_show_a_black_beginning(make_video: MakeVideo, tmp_path: Path) -> None:
    path = make_video(tmp_path / "v.mp4", black_frames=7)
    assert near(drawn(videos.thumbnail(path)).getpixel((80, 60)), RED)


def test_thumbnail_of_a_very_short_video_is_its_last_frame(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    path = make_video(tmp_path / "v.mp4", seconds=0.1, black_frames=1)
    assert near(drawn(videos.thumbnail(path)).getpixel((80, 60)), RED)


def test_small_video_has_a_thumbnail_of_its_own_size(make_video: MakeVideo, tmp_path: Path) -> None:
    path = make_video(tmp_path / "v.mp4", width=160, height=90)
    assert drawn(videos.thumbnail(path)).size == (160, 90)


def test_video_with_sound_stays_as_it_is(make_video: MakeVideo, tmp_path: Path) -> None:
    path = make_video(tmp_path / "v.mp4", audio=True)
    before = path.read_bytes()
    assert videos.with_audio(path) == path
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["v.mp4"]


def test_silent_track_is_added_and_no_picture_encoded_again(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    path = make_video(tmp_path / "v.mp4", seconds=2)
    before = path.read_bytes()
    sounding = videos.with_audio(path)
    assert sounding != path
    assert path.read_bytes() == before
    assert packets_of(sounding) == packets_of(path)
    assert times_of(sounding) == pytest.approx(times_of(path), abs=0.001)
    videos.check(sounding)
    assert videos.probe(sounding).has_audio
    assert sorted(file.name for file in tmp_path.iterdir()) == ["v.mp4", "v.sound.mp4"]


def test_silent_track_is_aac_stereo_and_as_long_as_the_video(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    sounding = videos.with_audio(make_video(tmp_path / "v.mp4", seconds=3))
    with av.open(str(sounding)) as container:
        (audio,) = container.streams.audio
        assert (audio.codec_context.name, audio.channels) == ("aac", 2)
        assert audio.duration is not None
        assert audio.time_base is not None
        assert float(audio.duration * audio.time_base) == pytest.approx(3, abs=0.05)
        loudest = max(
            abs(sample)
            for frame in container.decode(audio)
            for sample in memoryview(frame.planes[0]).cast("f")
        )
    assert loudest < 0.001


def test_copy_with_sound_can_be_played_while_it_is_loaded(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    data = videos.with_audio(make_video(tmp_path / "v.mp4", faststart=False)).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_copy_with_sound_is_turned_like_the_original(make_video: MakeVideo, tmp_path: Path) -> None:
    sounding = videos.with_audio(turned(make_video(tmp_path / "v.mp4")))
    probe = videos.probe(sounding)
    assert (probe.width, probe.height) == (180, 320)


def test_copy_that_cannot_be_stored_fails_for_later(make_video: MakeVideo, tmp_path: Path) -> None:
    path = make_video(tmp_path / "v.mp4")
    long_name = tmp_path / f"{'v' * 248}.mp4"  # its copy's name is longer than names may be
    path.rename(long_name)
    with pytest.raises(FetchError, match="cannot be read or stored"):
        videos.with_audio(long_name)
    assert [file.name for file in tmp_path.iterdir()] == [long_name.name]


def test_file_name_with_odd_characters_is_only_a_name(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    path = make_video(tmp_path / "v.mp4").rename(tmp_path / "concat:a|b %03d \u202e.mp4")
    assert videos.prepare(path).probe.has_audio


async def test_prepared_video_has_sound_sides_and_thumbnail(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    path = make_video(tmp_path / "v.mp4", width=640, height=360)
    workers = Videos(workers=1)
    prepared = await workers.prepare(path)
    assert prepared.path.name == "v.sound.mp4"
    assert prepared.probe == videos.probe(prepared.path)
    assert drawn(prepared.thumbnail).size == (320, 180)
    names = [thread.name for thread in threading.enumerate()]
    assert sum(name.startswith("videos") for name in names) == 1
    workers.close()


async def test_page_instead_of_a_video_is_told_to_the_one_who_waits(tmp_path: Path) -> None:
    (tmp_path / "v.mp4").write_bytes(b"<html>")
    workers = Videos()
    with pytest.raises(FetchError, match="not a video"):
        await workers.prepare(tmp_path / "v.mp4")
    workers.close()
