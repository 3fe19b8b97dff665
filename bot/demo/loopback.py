"""A real HTTP server on loopback for the stand-ins, inside the event loop of whoever needs it."""

import socket
import struct
from typing import Any, cast

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.web.server import answer_at_once

BREAK = "veogram.break"


class _AbortableProtocol(H11Protocol):
    """Hands the application a way to break the connection, which ASGI itself has none for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        inner = cast("ASGIApp", self.app)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            scope[BREAK] = self._break
            await inner(scope, receive, send)

        self.app = cast("Any", app)

    def _break(self, *, reset: bool) -> None:
        connection: socket.socket | None = self.transport.get_extra_info("socket")
        if not reset or connection is None:
            self.transport.close()
            return
        # Without lingering the kernel sends RST: the peer sees a reset, not an end of file.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class Broken(Response):
    """A response that breaks off: a reset instead of any answer, or after ``part`` of the body.

    ``length`` is the ``Content-Length`` that was promised.
    """

    def __init__(self, part: bytes | None = None, length: int = 0, media_type: str = "") -> None:
        super().__init__(media_type=media_type or None, headers={"content-length": str(length)})
        self._part = part

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Break the connection and wait until the server has noticed."""
        if self._part is not None:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": self._part, "more_body": True})
        scope[BREAK](reset=self._part is None)
        while (await receive())["type"] != "http.disconnect":
            continue


class Loopback:
    """Serves one ASGI application; ``url`` is where, known once started.

    ``name`` is what the server calls itself to its clients. uvicorn's main loop is left out, and
    with it its hold on the signals of the process.
    """

    def __init__(self, app: ASGIApp, name: str) -> None:
        self._app = app
        self._name = name
        self._server: uvicorn.Server | None = None
        self._listener: socket.socket | None = None
        self._claim: socket.socket | None = None
        self.url = ""

    async def start(self, host: str, port: int) -> None:
        """Bind and serve; port 0 takes a free one. Raises ``OSError`` when it is taken."""
        self._claim = _claim(host, port)
        port = self._claim.getsockname()[1]
        self.url = f"http://{host}:{port}"
        await self._serve(host, port)

    async def _serve(self, host: str, port: int) -> None:
        self._listener = socket.create_server((host, port), backlog=1024)
        answer_at_once(self._listener)
        config = uvicorn.Config(
            self._app,
            http=_AbortableProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            headers=[("Server", self._name)],
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        await self._server.startup([self._listener])

    async def stop(self) -> None:
        """Stop accepting, give running answers a second, and close every connection."""
        await self.go_down()
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    async def go_down(self) -> None:
        """Refuse connections, but keep the port: nobody else gets it meanwhile."""
        if self._server is None or self._listener is None:
            return
        await self._server.shutdown([self._listener])
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        self._server = self._listener = None

    async def come_up(self) -> None:
        """Serve again where it was."""
        if self._claim is not None:
            await self._serve(*self._claim.getsockname()[:2])


def _claim(host: str, port: int) -> socket.socket:
    """Bind a port without listening: a server can share it, and who connects meets a refusal."""
    claim = socket.socket()
    try:
        claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        claim.bind((host, port))
    except OSError:
        claim.close()
        raise
    return claim
