"""The storage of KIE's stand-in: finished videos behind opaque links, and uploads."""

import asyncio
import secrets
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from bot.demo.clips import Clip, Clips
from bot.demo.kie_faults import Link
from bot.demo.loopback import Broken

UPLOAD_SECONDS = 86_400.0
DOWNLOAD_URL_SECONDS = 1_200.0
_CHUNK_BYTES = 64 * 1024
_SLOW_CHUNK_BYTES = 16 * 1024
_OVERSIZED_BYTES = 3 * 1024**3
_BOMB_BYTES = 256 * 1024**2
_GZIP = 16  # added to the window's size: gzip instead of zlib around the data
_NOWHERE = "http://127.0.0.1:9/inward.mp4"
_MP4 = "video/mp4"


@dataclass(slots=True)
class Stored:
    """A link to a clip; ``fault`` is what lies there the first ``fault_times`` times."""

    clip: Clip
    expires_at: float
    fault: Link | None = None
    fault_times: int | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a client put here."""

    content: bytes
    media_type: str
    expires_at: float


class Files:
    """Answers downloads; ``pause`` waits in the stand-in's time and is cut short when it stops."""

    def __init__(
        self,
        clips: Clips,
        clock: Callable[[], float],
        pause: Callable[[float], Awaitable[None]],
        stopping: asyncio.Event,
    ) -> None:
        self._clips = clips
        self._clock = clock
        self._pause = pause
        self._stopping = stopping
        self._stored: dict[str, Stored] = {}
        self._uploads: dict[str, Upload] = {}

    def store(self, stored: Stored) -> str:
        """Return the path of a new link."""
        path = f"/files/{secrets.token_hex(16)}.mp4"
        self._stored[path] = stored
        return path

    def link_for_download(self, path: str) -> str | None:
        """Return the path of another link to the same video, good for twenty minutes."""
        stored = self._stored.get(path)
        if stored is None:
            return None
        return self.store(Stored(stored.clip, self._clock() + DOWNLOAD_URL_SECONDS))

    def put_upload(self, path: str, content: bytes, media_type: str) -> bool:
        """Keep an upload for a day; return whether it replaced another one."""
        replaced = path in self._uploads
        self._uploads[path] = Upload(content, media_type, self._clock() + UPLOAD_SECONDS)
        return replaced

    async def upload(self, request: Request) -> Response:
        """Answer the download of an upload."""
        upload = self._uploads.get(request.url.path)
        if upload is None or self._clock() > upload.expires_at:
            return _missing()
        return Response(upload.content, media_type=upload.media_type)

    async def download(self, request: Request) -> Response:
        """Answer the download of a video, with ranges, or with what its fault has put there."""
        stored = self._stored.get(request.url.path)
        if stored is None or self._clock() > stored.expires_at:
            return _missing()
        path = await self._clips.get(stored.clip)
        if stored.fault is None or stored.fault_times == 0:
            return FileResponse(path, media_type=_MP4)
        if stored.fault_times is not None:
            stored.fault_times -= 1
        return await asyncio.to_thread(self._faulty, stored.fault, path)

    def _faulty(self, fault: Link, path: Path) -> Response:
        answers: dict[Link, Callable[[], Response]] = {
            Link.NOT_FOUND: _missing,
            Link.PAGE: lambda: HTMLResponse("<html><body>Sign in to continue</body></html>"),
            Link.EMPTY: lambda: Response(b"", media_type=_MP4),
            Link.CUT: lambda: Response(_half(path), media_type=_MP4),
            Link.TRUNCATED: lambda: _truncated(path),
            Link.OVERSIZED: lambda: self._streamed(path, {"content-length": f"{_OVERSIZED_BYTES}"}),
            Link.ENDLESS: lambda: self._streamed(path, {}),
            Link.SLOW: lambda: StreamingResponse(self._drops(path), media_type=_MP4),
            Link.GZIP_BOMB: _bomb,
            Link.REDIRECT: lambda: RedirectResponse(_NOWHERE),
        }
        return answers[fault]()

    def _streamed(self, path: Path, headers: dict[str, str]) -> Response:
        return StreamingResponse(self._flood(path), media_type=_MP4, headers=headers)

    async def _flood(self, path: Path) -> AsyncIterator[bytes]:
        """Yield a file's beginning, then zeros until the client or the stand-in has enough."""
        yield _half(path)
        while not self._stopping.is_set():
            yield bytes(_CHUNK_BYTES)
            # Writing to a connection that is gone never waits: without this the loop is ours alone.
            await asyncio.sleep(0)

    async def _drops(self, path: Path) -> AsyncIterator[bytes]:
        content = await asyncio.to_thread(path.read_bytes)
        for start in range(0, len(content), _SLOW_CHUNK_BYTES):
            yield content[start : start + _SLOW_CHUNK_BYTES]
            await self._pause(1)


def _missing() -> Response:
    return PlainTextResponse("404 Not Found", status_code=404)


def _half(path: Path) -> bytes:
    content = path.read_bytes()
    return content[: len(content) // 2]


def _truncated(path: Path) -> Response:
    content = path.read_bytes()
    return Broken(content[: len(content) // 2], len(content), _MP4)


def _bomb() -> Response:
    """Return a quarter of a gigabyte of zeros in a megabyte."""
    packer = zlib.compressobj(level=1, wbits=zlib.MAX_WBITS | _GZIP)
    packed = [packer.compress(bytes(_CHUNK_BYTES)) for _ in range(_BOMB_BYTES // _CHUNK_BYTES)]
    content = b"".join([*packed, packer.flush()])
    return Response(content, media_type=_MP4, headers={"content-encoding": "gzip"})
