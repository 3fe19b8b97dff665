"""The bot's web server: health always, and whatever routes it is given; every error is JSON."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from bot.errors import ConfigurationError

STOP_SECONDS = 1
BACKLOG = 1024
DISCARDED_BYTES = 16 << 20

_BIND_TROUBLES = {
    errno.EADDRINUSE: "another program uses it already; choose another PORT",
    errno.EACCES: "this user may not; choose a PORT above 1023",
    errno.EADDRNOTAVAIL: "this machine has no such address; correct HOST",
}


@dataclass(frozen=True, slots=True)
class Health:
    """What ``/healthz`` tells: facts worth showing, and what is wrong, a sentence each."""

    facts: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def build(health: Callable[[], Awaitable[Health]], routes: Sequence[BaseRoute] = ()) -> Starlette:
    """Make the application: ``/healthz`` and the ``routes``; anything else is a uniform 404."""
    app = Starlette(
        routes=[health_route("/healthz", health), *routes],
        exception_handlers={
            HTTPException: _http_error,
            ClientDisconnect: _gone,
            Exception: _server_error,
        },
    )
    app.router.redirect_slashes = False
    return app


def health_route(path: str, health: Callable[[], Awaitable[Health]]) -> Route:
    """Tell under ``path`` what ``health`` finds: 200 without problems, else 503."""

    async def endpoint(_request: Request) -> Response:
        return _health_response(await health())

    return Route(path, endpoint)


def single_header(request: Request, name: str) -> str | None:
    """Return a header that stands there exactly once; repeated, nobody knows which one counts."""
    values = request.headers.getlist(name)
    return values[0] if len(values) == 1 else None


async def limited_body(request: Request, max_bytes: int) -> bytes:
    """Read the body; raises HTTPException 413 when it is longer than allowed.

    Some megabytes more than that are thrown away first: closing a connection while they are under
    way would take the answer with it. What is longer still is not waited for.
    """
    # The rest may still be under way: only closing the connection ends it.
    code, headers = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"connection": "close"}
    body = bytearray()
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received <= max_bytes:
            body += chunk
        elif received > DISCARDED_BYTES or not _ends_soon(request):
            raise HTTPException(code, headers=headers)
    if received > max_bytes:
        raise HTTPException(code, headers=headers)
    return bytes(body)


def _ends_soon(request: Request) -> bool:
    announced = request.headers.get("content-length", "")
    return announced.isdecimal() and int(announced[:20]) <= DISCARDED_BYTES


def answer_at_once(listener: socket.socket) -> None:
    """Let connections that a listening socket accepts send small pieces without delay.

    asyncio sees to that only for sockets made with TCP's number, which ``create_server`` leaves
    out: the body, sent after the head, would wait 40 ms for the peer's delayed acknowledgement.
    """
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class WebServer:
    """Serves an application within the running loop and leaves signals to the process.

    ``port`` 0 takes a free one; ``bind`` first, then ``start`` and ``stop``.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._server = _Server(
            uvicorn.Config(
                app,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,  # paths hold tokens
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, once bound."""
        return self._port

    def bind(self) -> None:
        """Take the port. Raises ConfigurationError with a sentence when that is not possible."""
        where = (self._host, self._port)
        try:
            family = socket.getaddrinfo(*where, type=socket.SOCK_STREAM)[0][0]
            self._socket = socket.create_server(where, family=family, backlog=BACKLOG)
            answer_at_once(self._socket)
        except OSError as error:
            why = _BIND_TROUBLES.get(error.errno or 0, error.strerror or "it is not possible")
            raise ConfigurationError(
                f"Cannot listen on {where[0]} port {where[1]}: {why}."
            ) from error
        self._port = self._socket.getsockname()[1]

    async def start(self) -> None:
        """Begin to answer; binds first where that was not done.

        Whoever connects earlier waits: the socket listens from ``bind`` on.
        """
        if self._socket is None:
            self.bind()
        if self._socket is not None:
            self._task = asyncio.create_task(self._server.serve([self._socket]), name="web server")

    async def wait(self) -> None:
        """Wait until the server has ended; raises what ended it."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def stop(self) -> None:
        """Stop listening, give running answers ``STOP_SECONDS``, close every connection."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task
        elif self._socket is not None:
            self._socket.close()


class _Server(uvicorn.Server):
    """Leaves the signals of the process to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _health_response(health: Health) -> Response:
    status = "failing" if health.problems else "ok"
    body = {"status": status, "problems": list(health.problems), **health.facts}
    code = HTTPStatus.SERVICE_UNAVAILABLE if health.problems else HTTPStatus.OK
    return JSONResponse(body, code, {"cache-control": "no-store"})


def _json_error(code: int, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": HTTPStatus(code).phrase}, code, headers)


async def _http_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return _json_error(error.status_code, error.headers)


async def _gone(_request: Request, _error: Exception) -> Response:
    return _json_error(HTTPStatus.BAD_REQUEST)


async def _server_error(_request: Request, _error: Exception) -> Response:
    return _json_error(HTTPStatus.INTERNAL_SERVER_ERROR)
