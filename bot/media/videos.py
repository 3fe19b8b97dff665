"""Looks into finished videos and makes them what Telegram shows as a video."""

import asyncio
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from bot.errors import FetchError
from bot.media import files

# Bot API, sendVideo "thumbnail": JPEG, less than 200 kB, sides of at most 320.
THUMBNAIL_SIDE = 320
_THUMBNAIL_QUALITY = 85
_THUMBNAIL_SECONDS = 1 / 3  # the very first frame is often black

_MAX_SIDE = 8192
_MAX_SECONDS = 600  # films that Veo extends end near 150; a damaged index may say years
_CUT_SECONDS = 0.5  # a file may end this much before what its header says
_ESSENTIAL_BOXES = frozenset({b"moov", b"moof", b"mdat"})
_BOX_HEADER_BYTES = 8
_AUDIO_RATE = 48000
_SILENCE_BITS = 32000


@dataclass(frozen=True, slots=True)
class Probe:
    """What ``sendVideo`` wants to know: sides in pixels as shown, after any rotation."""

    width: int
    height: int
    seconds: float
    has_audio: bool
    bytes: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A video ready to be sent; ``thumbnail`` is a JPEG."""

    path: Path
    probe: Probe
    thumbnail: bytes


class Videos:
    """Prepares videos off the event loop, at most ``workers`` at once.

    Each takes a decoder's memory, some 20 MB for 720p and 110 MB for 4K: one is fast enough.
    """

    def __init__(self, workers: int = 1) -> None:
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="videos")

    async def prepare(self, path: Path) -> Prepared:
        """See the function ``prepare``."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, prepare, path)

    def close(self) -> None:
        """Drop the videos that still wait; one that is being read is finished."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def prepare(path: Path) -> Prepared:
    """Check a downloaded video, see that it has sound, and describe it.

    The path given back is ``path`` itself, or the file that ``with_audio`` made beside it.
    Raises ``FetchError`` when the file is no whole video, or there is no room for its copy.
    """
    check(path)
    sounding = with_audio(path)
    return Prepared(sounding, probe(sounding), thumbnail(sounding))


def check(path: Path) -> None:
    """Raise ``FetchError`` unless the file is an MP4 video that can be shown to its end."""
    with _opened(path) as container:
        stream = _video(container)
        if max(stream.width, stream.height) > _MAX_SIDE:
            raise FetchError("not a video: its sides are beyond belief")
        _first_frame(container)
    with _opened(path) as container:
        _check_whole(container)


def probe(path: Path) -> Probe:
    """Read sides, length, sound and size. Raises ``FetchError`` when it is no video."""
    with _opened(path) as container:
        frame = _first_frame(container)
        lying = frame.rotation % 180 != 0
        return Probe(
            width=frame.height if lying else frame.width,
            height=frame.width if lying else frame.height,
            seconds=float(_stated_seconds(container)),
            has_audio=bool(container.streams.audio),
            bytes=path.stat().st_size,
        )


def thumbnail(path: Path) -> bytes:
    """Draw the frame a third of a second in as a JPEG that Telegram takes for a thumbnail.

    Raises ``FetchError`` when it is no video.
    """
    with _opened(path) as container:
        frame = _frame_at(container, _THUMBNAIL_SECONDS)
        image = _image(frame)
    if frame.rotation:
        image = image.rotate(frame.rotation, expand=True)
    jpeg = BytesIO()
    image.save(jpeg, "JPEG", quality=_THUMBNAIL_QUALITY)
    return jpeg.getvalue()


def with_audio(path: Path) -> Path:
    """Give a video that has sound: ``path``, or a copy beside it with a silent track.

    Telegram may show a video without sound as a GIF. The video stream is copied, never encoded
    again; a file that has sound stays as it is, byte for byte. Raises ``FetchError``.
    """
    with _opened(path) as source:
        if source.streams.audio:
            return path
        target = path.with_name(f"{path.stem}.sound.mp4")
        with files.replacing(target) as file:
            with _created(Path(file.name)) as result:
                _copy_with_silence(source, result)
            files.sync(file)
    return target


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    """Open as MP4 and nothing else: a guess could take a playlist that names other files."""
    try:
        with path.open("rb") as file:
            _check_boxes(file, path.stat().st_size)
        with av.open(f"file:{path}", format="mp4", metadata_errors="replace") as container:
            yield container
    except OSError as error:
        raise FetchError(f"the video cannot be read or stored: {error.strerror}") from error
    except FFmpegError as error:
        raise FetchError("not a video, or only a part of one") from error


def _check_boxes(file: BinaryIO, end: int) -> None:
    """Walk over the outermost boxes (ISO/IEC 14496-12, 4.2), none of which may end behind the file.

    A cut index can hide whole streams from the decoder. Bytes that are no box stay unread.
    """
    if file.read(_BOX_HEADER_BYTES)[4:] != b"ftyp":
        raise FetchError("not a video")
    at, size = 0, end
    while at < end and size >= _BOX_HEADER_BYTES:
        file.seek(at)
        size, kind, large = struct.unpack(">I4sQ", file.read(16).ljust(16, b"\0"))
        size = large if size == 1 else size or end - at
        if kind in _ESSENTIAL_BOXES and at + size > end:
            raise FetchError("the video is cut")
        at += size


def _created(path: Path) -> OutputContainer:
    return av.open(f"file:{path}", "w", format="mp4", options={"movflags": "+faststart"})


def _video(container: InputContainer) -> VideoStream:
    if not container.streams.video:
        raise FetchError("not a video: it holds no pictures")
    stream = container.streams.video[0]
    if stream.codec_context is None:  # against what PyAV's stub says
        raise FetchError("not a video: of an unknown kind")
    return stream


def _first_frame(container: InputContainer) -> VideoFrame:
    return _frame_at(container, 0)


def _frame_at(container: InputContainer, seconds: float) -> VideoFrame:
    """Decode up to the frame shown at ``seconds``, or to the last one."""
    stream = _video(container)
    stream.codec_context.thread_count = 1  # each thread more keeps frames of its own in memory
    frame = None
    for frame in container.decode(stream):
        if frame.pts is None or frame.time >= seconds:
            break
    if frame is None:
        raise FetchError("not a video: none of its frames can be decoded")
    return frame


def _stated_seconds(container: InputContainer) -> Fraction:
    stream = _video(container)
    if stream.duration is not None and stream.duration > 0 and stream.time_base:
        return _believable(stream.duration * stream.time_base)
    return _believable(Fraction(max(container.duration or 0, 0), av.time_base))


def _believable(seconds: Fraction) -> Fraction:
    if abs(seconds) > _MAX_SECONDS:
        raise FetchError("not a video: its length is beyond belief")
    return seconds


def _check_whole(container: InputContainer) -> None:
    """Compare the last picture with the header: a download that was cut still opens."""
    stream = _video(container)
    seen = Fraction(0)
    for packet in container.demux():
        if packet.is_corrupt:
            raise FetchError("the video is cut or damaged")
        if packet.stream is stream and packet.pts is not None:
            end = packet.pts + (packet.duration or 0) - (stream.start_time or 0)
            seen = max(seen, end * packet.time_base)
    if seen < _stated_seconds(container) - Fraction(_CUT_SECONDS):
        raise FetchError("the video is cut")


def _image(frame: VideoFrame) -> Image.Image:
    """Convert to RGB and scale down to a thumbnail in one step."""
    scale = min(1.0, THUMBNAIL_SIDE / max(frame.width, frame.height))
    width, height = (max(1, round(side * scale)) for side in (frame.width, frame.height))
    image: Image.Image = frame.to_image(width=width, height=height)  # type: ignore[no-untyped-call]  # PyAV's stub leaves it open
    return image


def _copy_with_silence(source: InputContainer, result: OutputContainer) -> None:
    """Copy the packets of the video, with silence up to each one's time before it.

    In step, since the muxer keeps in memory whatever one stream is ahead of the other.
    """
    video = _video(source)
    copied = result.add_stream_from_template(video)
    silence = _Silence(result)
    for packet in source.demux(video):
        if packet.dts is None:  # the empty packet that ends the stream
            continue
        silence.reach(_believable(packet.dts * packet.time_base))
        packet.stream = copied
        result.mux(packet)
    silence.reach(_stated_seconds(source))
    silence.end()


class _Silence:
    """A silent AAC track that grows as far as asked."""

    def __init__(self, result: OutputContainer) -> None:
        self._result = result
        self._stream = result.add_stream("aac", rate=_AUDIO_RATE, bit_rate=_SILENCE_BITS)
        self._samples = 0

    def reach(self, seconds: Fraction) -> None:
        while self._samples < seconds * _AUDIO_RATE:
            frame = self._frame()
            self._samples += frame.samples
            self._result.mux(self._stream.encode(frame))

    def end(self) -> None:
        self._result.mux(self._stream.encode(None))

    def _frame(self) -> av.AudioFrame:
        frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate = _AUDIO_RATE
        frame.pts = self._samples
        frame.time_base = Fraction(1, _AUDIO_RATE)
        return frame
