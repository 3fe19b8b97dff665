"""Real videos made with PyAV, and real servers on loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[..., Awaitable[int]]


@dataclass(frozen=True)
class Film:
    """A video to be made; its left half is red, its right half blue."""

    seconds: float = 1.0
    width: int = 320
    height: int = 180
    audio: bool = False
    faststart: bool = True
    black_frames: int = 0
    codec: str = "libx264"


@pytest.fixture
def make_video() -> Callable[..., Path]:
    """Give ``make_video(path, **fields of Film)``."""

    def make(path: Path, **wanted: Any) -> Path:
        return _make_video(path, Film(**wanted))

    return make


def _make_video(path: Path, film: Film) -> Path:
    options = {"movflags": "+faststart"} if film.faststart else {}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        video = container.add_stream(film.codec, rate=24)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = film.width, film.height, "yuv420p"
        audio = container.add_stream("aac", rate=48000) if film.audio else None
        for number in range(round(film.seconds * 24)):
            image = _picture(film, number)
            container.mux(video.encode(av.VideoFrame.from_image(image)))  # type: ignore[no-untyped-call]  # PyAV's stub leaves it open
        container.mux(video.encode(None))
        if audio is not None:
            _add_tone(container, audio, film.seconds)
    return path


def _picture(film: Film, number: int) -> Image.Image:
    if number < film.black_frames:
        return Image.new("RGB", (film.width, film.height))
    image = Image.new("RGB", (film.width, film.height), (255, 0, 0))
    image.paste((0, 0, 255), (film.width // 2, 0, film.width, film.height))
    band = Image.effect_noise((film.width, 24), 60).convert("RGB")  # gives every frame some weight
    image.paste(band, (0, film.height - 24))
    return image


def _add_tone(
    container: av.container.OutputContainer, audio: av.AudioStream, seconds: float
) -> None:
    for number in range(round(seconds * 48000 / 1024)):
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
        for plane in frame.planes:
            plane.update(b"\x00\x00\x00\x3e" * (plane.buffer_size // 4))
        frame.sample_rate, frame.pts = 48000, number * 1024
        frame.time_base = Fraction(1, 48000)
        container.mux(audio.encode(frame))
    container.mux(audio.encode(None))


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start servers on loopback that answer each request by ``answer``; gives their ports."""
    servers: list[asyncio.Server] = []

    async def start(answer: Answer, tls: ssl.SSLContext | None = None) -> int:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await answer(reader, writer)
            except ConnectionError:
                pass  # the client left in the middle, as many tests want it to
            finally:
                writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()
