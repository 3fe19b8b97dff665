"""Downloads what a link from outside names, to disk, without being led inside."""

import asyncio
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

import httpx

from bot.errors import FetchError, FetchRefused
from bot.media import addresses, files

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host name for a port; raises ``OSError`` when there are none."""

MAX_REDIRECTS = 3
_PIECE_BYTES = 256 * 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PORTS = range(1, 65536)
_OK = 200


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a download may take: to connect, between two pieces of the body, and in all."""

    connect_seconds: float = 10.0
    stall_seconds: float = 30.0
    total_seconds: float = 1800.0


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def trust() -> ssl.SSLContext:
    """Load what servers' certificates are checked against: 20 ms, so one serves every client."""
    return httpx.create_ssl_context()


class Fetcher:
    """Streams files to disk from links that somebody else chose.

    ``trusted_hosts`` are ``host`` or ``host:port``; they may have any address, and plain http.
    Every other host must resolve to public addresses only, and is spoken to over https. ``tls``
    is what ``trust`` gives, where there is one already.
    """

    def __init__(
        self,
        *,
        trusted_hosts: Collection[str],
        user_agent: str,
        resolve: Resolve = resolve,
        timeouts: Timeouts | None = None,
        tls: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._trusted = frozenset(_trusted_host(entry) for entry in trusted_hosts)
        self._user_agent = user_agent
        self._resolve = resolve
        self._timeouts = timeouts or Timeouts()
        self._transport = transport or _transport(tls or trust())

    async def fetch(self, url: str, target: Path, max_bytes: int) -> int:
        """Download ``url`` to ``target`` and return its size in bytes.

        ``target`` appears only when the file is complete. Raises ``FetchError`` when a later try
        may do better, ``FetchRefused`` when none will: the address or the size is not acceptable.
        """
        link = self._accepted(url)
        try:
            async with (
                asyncio.timeout(self._timeouts.total_seconds),
                self._following(link) as response,
            ):
                return await _save(response, target, max_bytes)
        except FetchError as error:
            raise type(error)(f"{_host(link)}: {error}") from error
        except httpx.HTTPError as error:
            raise FetchError(f"{_host(link)}: {type(error).__name__}") from error
        except TimeoutError as error:
            raise FetchError(f"{_host(link)}: timed out") from error
        except OSError as error:
            raise FetchError(f"{_host(link)}: cannot be stored: {error.strerror}") from error

    async def aclose(self) -> None:
        """Close the connections of downloads that still run."""
        await self._transport.aclose()

    @asynccontextmanager
    async def _following(self, link: httpx.URL) -> AsyncIterator[httpx.Response]:
        for _ in range(MAX_REDIRECTS + 1):
            async with self._answer(link) as response:
                if not response.has_redirect_location:
                    yield response
                    return
                link = self._redirected(link, response.headers["Location"])
        raise FetchError("redirected too often")

    def _redirected(self, link: httpx.URL, location: str) -> httpx.URL:
        try:
            return self._accepted(str(link.join(location)))
        except httpx.InvalidURL:
            raise FetchRefused("redirected to something that is no link") from None

    @asynccontextmanager
    async def _answer(self, link: httpx.URL) -> AsyncIterator[httpx.Response]:
        response = await self._send(link)
        try:
            yield response
        finally:
            await response.aclose()

    async def _send(self, link: httpx.URL) -> httpx.Response:
        *others, last = await self._addresses(link)
        for address in others:
            try:
                return await self._transport.handle_async_request(self._request(link, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # the next address may be reachable; the last one's error is told
        return await self._transport.handle_async_request(self._request(link, last))

    def _request(self, link: httpx.URL, address: str) -> httpx.Request:
        """Address the checked address itself: a second look-up could give another one."""
        return httpx.Request(
            "GET",
            link.copy_with(host=address),
            headers={
                "Host": link.netloc.decode("ascii"),
                "User-Agent": self._user_agent,
                "Accept": "*/*",
                "Accept-Encoding": "identity",
                "Connection": "close",
            },
            extensions={
                "sni_hostname": _host(link),
                "timeout": httpx.Timeout(
                    self._timeouts.stall_seconds, connect=self._timeouts.connect_seconds
                ).as_dict(),
            },
        )

    async def _addresses(self, link: httpx.URL) -> Sequence[str]:
        if addresses.is_literal(_host(link)):
            found: Sequence[str] = [_host(link)]
        else:
            found = await self._looked_up(link)
        if not self._is_trusted(link) and not all(map(addresses.is_public, found)):
            raise FetchRefused("not a public address")
        return found

    async def _looked_up(self, link: httpx.URL) -> Sequence[str]:
        try:
            async with asyncio.timeout(self._timeouts.connect_seconds):
                found = await self._resolve(_host(link), _port(link))
        except OSError as error:
            raise FetchError("has no address now") from error
        if not found:
            raise FetchError("has no address now")
        return found

    def _accepted(self, url: str) -> httpx.URL:
        try:
            link = httpx.URL(url)
        except (httpx.InvalidURL, UnicodeError):
            raise FetchRefused("not a link") from None  # the cause may quote the link
        if link.scheme not in _DEFAULT_PORTS:
            raise FetchRefused("neither http nor https")
        if link.userinfo:
            raise FetchRefused("holds a user name or password")
        host = _host(link)
        if not (addresses.is_literal(host) or addresses.is_name(host)):
            raise FetchRefused("not a host name")
        if _port(link) not in _PORTS:
            raise FetchRefused("not a port")
        if link.scheme == "http" and not self._is_trusted(link):
            return link.copy_with(scheme="https")
        return link

    def _is_trusted(self, link: httpx.URL) -> bool:
        host = _host(link).removesuffix(".")
        return (host, None) in self._trusted or (host, _port(link)) in self._trusted


def _transport(tls: ssl.SSLContext) -> httpx.AsyncHTTPTransport:
    # No connection is used twice: since links are rewritten to addresses, the pool could hand one
    # host a TLS connection made for another. Proxies would undo the check of the address.
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncHTTPTransport(verify=tls, limits=limits)


def _trusted_host(entry: str) -> tuple[str, int | None]:
    bare_v6 = entry.count(":") > 1 and not entry.startswith("[")
    parts = urlsplit(f"//[{entry}]" if bare_v6 else f"//{entry}")
    return parts.hostname or "", parts.port


def _host(link: httpx.URL) -> str:
    return link.raw_host.decode("ascii")


def _port(link: httpx.URL) -> int:
    return _DEFAULT_PORTS[link.scheme] if link.port is None else link.port


async def _save(response: httpx.Response, target: Path, max_bytes: int) -> int:
    if response.status_code != _OK:
        raise FetchError(f"HTTP {response.status_code}")
    if _stated_bytes(response) > max_bytes:
        raise FetchRefused(f"larger than {max_bytes} bytes")
    with files.replacing(target) as file:
        written = await _write(response, file, max_bytes)
        if not written:
            raise FetchError("an empty file")
        await asyncio.to_thread(files.sync, file)
    return written


async def _write(response: httpx.Response, file: BinaryIO, max_bytes: int) -> int:
    body = _body(response.headers.get("Content-Encoding", "identity").lower())
    written = 0
    async for raw in response.aiter_raw(_PIECE_BYTES):
        for piece in body.pieces(raw):
            written += len(piece)
            if written > max_bytes:
                raise FetchRefused(f"larger than {max_bytes} bytes")
            await asyncio.to_thread(file.write, piece)
    if not body.complete:
        raise FetchError("ended too early")
    return written


def _stated_bytes(response: httpx.Response) -> int:
    stated = response.headers.get("Content-Length", "0")
    return int(stated) if stated.isascii() and stated.isdecimal() else 0


class _Body(Protocol):
    """Undoes a content encoding, in pieces of bounded size."""

    @property
    def complete(self) -> bool:
        """Whether the encoding came to its own end."""
        ...

    def pieces(self, raw: bytes) -> Iterator[bytes]:
        """Decode what came over the wire."""
        ...


def _body(encoding: str) -> _Body:
    if encoding == "identity":
        return _Identity()
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return _Inflated()
    raise FetchError("sent in an encoding that was not asked for")


class _Identity:
    complete = True

    def pieces(self, raw: bytes) -> Iterator[bytes]:
        yield raw


class _Inflated:
    """gzip or zlib; a bomb of any factor costs the memory of one piece."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)

    @property
    def complete(self) -> bool:
        return self._inflate.eof

    def pieces(self, raw: bytes) -> Iterator[bytes]:
        try:
            while raw and not self._inflate.eof:
                yield self._inflate.decompress(raw, _PIECE_BYTES)
                raw = self._inflate.unconsumed_tail
        except zlib.error as error:
            raise FetchError("damaged on the way") from error
