"""A server on loopback that misbehaves by script, one connection at a time."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

Play = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


def envelope(code: int, data: object = None, msg: str = "success") -> bytes:
    return json.dumps({"code": code, "msg": msg, "data": data}).encode()


def reply(content: bytes, status: int = 200, length: int | None = None) -> Play:
    async def play(writer: asyncio.StreamWriter) -> None:
        size = len(content) if length is None else length
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {size}\r\n\r\n".encode() + content)
        await writer.drain()
        if size != len(content):
            writer.transport.abort()

    return play


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 X\r\n\r\n{"code": 200, "msg": "')
    while not writer.is_closing():
        writer.write(b"x" * 65536)
        await writer.drain()


class Peer:
    """A server on loopback that notes every request and answers by script."""

    def __init__(self, *plays: Play) -> None:
        self.plays = deque(plays)
        self.requests: list[Request] = []
        self._connections = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._connected = asyncio.Event()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for writer in self._writers:
                writer.close()
            await server.wait_closed()

    async def abort_first(self) -> None:
        """Break the first connection as soon as there is one."""
        await self._connected.wait()
        self._writers[0].transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self._connected.set()
        self._connections += 1
        number = self._connections
        try:
            while not writer.is_closing():
                self.requests.append(await self._request(reader, number))
                await self.plays.popleft()(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, connection: int) -> Request:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Request(method, target, headers, body, connection)
