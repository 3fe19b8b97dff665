"""Sends to KIE what ``bot.kie.wire`` has made, and hands its answers back to be read."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypeVar

import httpx

from bot.errors import (
    ConfigurationError,
    ImageNotFetched,
    OutcomeUnknown,
    Refused,
    TooManyRequests,
    TryLater,
)
from bot.jobs import retry
from bot.kie import wire
from bot.kie.wire import Call, Envelope, Order, Record, RecordStatus
from bot.models import Dialect, Kind

T = TypeVar("T")

# Reads are free to repeat; three tries in a row, then the caller's own pace goes on.
READ_RETRY = retry.Policy(first=0.5, factor=4.0, cap=2.0, jitter=0.25, tries=3)
ANSWER_BYTES = 1 << 20
UPLOAD_FOLDER = "veogram"
_TIMEOUT = httpx.Timeout(connect=10.0, read=60.0, write=60.0, pool=10.0)
# A peer that sends a byte now and then would stretch the read timeout for ever.
_TOTAL_SECONDS = 180.0
_MAX_CONNECTIONS = 20
_IDLE_SECONDS = 30.0
# A shorter key is a stand-in's, and may well be part of an innocent word.
_TELLING_CHARS = 8
# Raised before the first byte of a request is on its way.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# TLS can break with a bare OSError, the time limit raises one too.
_BROKEN = (httpx.HTTPError, OSError)


class KieClient:
    """One account at KIE.

    ``sleep`` waits between the tries of a read, ``chance`` gives their jitter: a random number in
    [0, 1). ``tls`` checks certificates; ``transport`` replaces the network.
    """

    def __init__(
        self,
        *,
        api_url: str,
        upload_url: str,
        key: str,
        sleep: Callable[[float], Awaitable[None]],
        chance: Callable[[], float] = lambda: 0.0,
        user_agent: str | None = None,
        tls: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._upload_url = upload_url.rstrip("/")
        self._key = _checked(key).encode()
        self._is_telling = len(key) >= _TELLING_CHARS
        self._sleep = sleep
        self._chance = chance
        headers = {
            "Authorization": f"Bearer {key}",
            "User-Agent": user_agent or _user_agent(),
            # What arrives compressed could be far larger than its cap.
            "Accept-Encoding": "identity",
        }
        context = tls or httpx.create_ssl_context(trust_env=False)
        self._reads = _open(headers, context, transport, idle=_MAX_CONNECTIONS)
        # A kept connection may be closed by the other side at the moment of sending, which leaves
        # the outcome unknown: a paid request gets one of its own.
        self._paid = _open(headers, context, transport, idle=0)
        self.requests = 0  # since the start, whatever became of them

    async def create(self, order: Order, dialect: Dialect) -> str:
        """Ask for a video, once, and return the id of its task.

        An upgrade that KIE keeps with the video it is made from has that one's id. Raises
        ``TryLater`` when nothing was sent, what ``wire.judge_create`` raises, and
        ``OutcomeUnknown`` when the answer was lost.
        """
        if not wire.has_own_task(order.kind, dialect):
            return await self._start_upgrade(order)
        call = wire.create_call(order, dialect)
        try:
            status, content = await self._send(self._paid, self._request(self._paid, call))
        except _NOT_SENT as error:
            raise TryLater(text=type(error).__name__) from error
        except _BROKEN as error:
            raise OutcomeUnknown(text=type(error).__name__) from error
        return wire.judge_create(status, content)

    async def record(self, task_id: str, dialect: Dialect, kind: Kind) -> Record:
        """Return what KIE says about a task.

        Raises ``TryLater``, ``TooManyRequests`` or ``OperatorTrouble`` when it says nothing now.
        """
        if wire.has_own_task(kind, dialect):
            call = wire.record_call(task_id, dialect)
            return await self._read(call, lambda answer: wire.read_record(answer, dialect, kind))
        call = wire.upgrade_call(kind, task_id)
        return await self._read(call, lambda answer: wire.read_upgrade(answer, kind))

    async def upload(self, path: Path, name: str) -> str:
        """Upload a file, read piece by piece, and return its public URL, good for 24 hours.

        ``name`` must be unique: KIE overwrites. Raises ``TryLater``, ``TooManyRequests``,
        ``OperatorTrouble``, ``Refused`` when KIE does not take the file, or ``ImageNotFetched``
        when it cannot be read here.
        """
        try:
            file = await asyncio.to_thread(path.open, "rb")
        except OSError as error:
            raise ImageNotFetched(text=f"{type(error).__name__} at opening") from error
        try:
            request = self._reads.build_request(
                "POST",
                f"{self._upload_url}/api/file-stream-upload",
                data={"uploadPath": UPLOAD_FOLDER, "fileName": name},
                files={"file": (name, file)},
            )
            return wire.read_upload(await self._ask(request))
        finally:
            file.close()

    async def credit(self) -> float:
        """Return the credits left in the account. Raises like ``record``."""
        return await self._read(wire.credit_call(), wire.read_credit)

    async def close(self) -> None:
        """Close all connections."""
        await self._reads.aclose()
        await self._paid.aclose()

    async def _start_upgrade(self, order: Order) -> str:
        """Ask for the first time; to ask again is to read its status, so nothing is at stake."""
        if order.parent_task_id is None:
            raise ValueError(f"{order.kind} needs the task that it starts from")
        call = wire.upgrade_call(order.kind, order.parent_task_id, order.callback_url)
        record = await self._read(call, lambda answer: wire.read_upgrade(answer, order.kind))
        if record.status is RecordStatus.FAILED:
            raise Refused(record.code, record.text)
        return order.parent_task_id

    async def _read(self, call: Call, read: Callable[[Envelope], T]) -> T:
        failures = 0
        while True:
            try:
                return read(await self._ask(self._request(self._reads, call)))
            except TooManyRequests:
                raise
            except TryLater:
                failures += 1
                wait = retry.pause(READ_RETRY, failures, chance=self._chance())
                if wait is None:
                    raise
                await self._sleep(wait)

    async def _ask(self, request: httpx.Request) -> Envelope:
        try:
            status, content = await self._send(self._reads, request)
        except _BROKEN as error:
            raise TryLater(text=type(error).__name__) from error
        return wire.parse_envelope(status, content)

    def _request(self, client: httpx.AsyncClient, call: Call) -> httpx.Request:
        url = self._api_url + call.path
        if call.json is None:
            return client.build_request(call.method, url, params=call.params)
        # In ASCII, so that no character of a prompt can fail to be encoded.
        body = json.dumps(call.json).encode("ascii")
        headers = {"Content-Type": "application/json"}
        return client.build_request(call.method, url, content=body, headers=headers)

    async def _send(self, client: httpx.AsyncClient, request: httpx.Request) -> tuple[int, bytes]:
        """Send once; return status and body, the latter cut at a limit and without the key."""
        self.requests += 1
        async with asyncio.timeout(_TOTAL_SECONDS):
            response = await client.send(request, stream=True)
            try:
                content = await _capped(response)
            finally:
                await response.aclose()
        if self._is_telling:
            content = content.replace(self._key, b"***")
        return response.status_code, content


async def _capped(response: httpx.Response) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > ANSWER_BYTES:
            break
    return bytes(content[:ANSWER_BYTES])


def _open(
    headers: dict[str, str],
    context: ssl.SSLContext,
    transport: httpx.AsyncBaseTransport | None,
    idle: int,
) -> httpx.AsyncClient:
    limits = httpx.Limits(
        max_connections=_MAX_CONNECTIONS,
        max_keepalive_connections=idle,
        keepalive_expiry=_IDLE_SECONDS,
    )
    return httpx.AsyncClient(
        headers=headers,
        timeout=_TIMEOUT,
        limits=limits,
        verify=context,
        transport=transport,
        trust_env=False,
        follow_redirects=False,
    )


def _checked(key: str) -> str:
    """Refuse a key that no header can carry here: the network layer's own complaint shows it."""
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigurationError("KIE_API_KEY holds blanks or characters beyond ASCII.")
    return key


def _user_agent() -> str:
    """Name the program: KIE's network turns away the names of common libraries."""
    try:
        return f"Veogram/{version('veogram')}"
    except PackageNotFoundError:
        return "Veogram/0"
