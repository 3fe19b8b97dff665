"""Videos of a given size in bytes, as full of pictures as those of a real camera."""

import os
import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
from PIL import Image

from bot.demo.clips import FRAMES_PER_SECOND, Clip, render
from bot.models import Ratio

SIDES = (1280, 720)
SECONDS = 8
_FREE_HEADER_BYTES = 8


@cache
def film(size: int) -> bytes:
    """Return eight seconds of noise as MP4 with sound, exactly ``size`` bytes (at least 4 MB)."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        _write(path, size)
        _fill_up(path, size)
        return path.read_bytes()


def _write(path: Path, size: int) -> None:
    plain = path.with_suffix(".plain.mp4")
    render(Clip("film", Ratio.LANDSCAPE), plain)
    with av.open(str(plain)) as source, av.open(str(path), "w", format="mp4") as film:
        video = film.add_stream(
            "libx264",
            rate=FRAMES_PER_SECOND,
            options={"preset": "ultrafast", "x264-params": "nal-hrd=cbr:scenecut=0"},
        )
        video.width, video.height = SIDES
        video.pix_fmt = "yuv420p"
        video.bit_rate = int(size * 8 / SECONDS * 0.8)
        sound = film.add_stream_from_template(source.streams.audio[0])
        noise = [_noise() for _ in range(FRAMES_PER_SECOND)]
        for number in range(SECONDS * FRAMES_PER_SECOND):
            frame = noise[number % len(noise)]
            frame.pts = number
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = sound
                film.mux(packet)


def _noise() -> av.VideoFrame:
    width, height = SIDES
    grain = 2  # pixels: finer noise is more than any camera delivers
    image = Image.frombytes("L", (width // grain, height // grain), os.urandom(width * height // 4))
    frame = av.VideoFrame.from_image(image.resize(SIDES).convert("RGB"))  # type: ignore[no-untyped-call]  # PyAV's gap
    grainy: av.VideoFrame = frame.reformat(format="yuv420p")
    return grainy


def _fill_up(path: Path, size: int) -> None:
    """Add a box of nothing (ISO/IEC 14496-12, 8.1.2) for what is still missing."""
    missing = size - path.stat().st_size
    if missing < _FREE_HEADER_BYTES:
        raise ValueError(f"the film is {-missing} bytes too large")
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", missing, b"free") + bytes(missing - _FREE_HEADER_BYTES))
