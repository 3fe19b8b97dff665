"""KIE's stand-in with a client, and what it calls from its side."""

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.demo.clips import Clip
from bot.demo.loopback import Loopback
from tests.e2e.standin_kie.client import Account, Receiver, Time, opened, picture


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def drawn() -> list[Clip]:
    """The clips that were downloaded."""
    return []


@pytest.fixture
async def account(time: Time, drawn: list[Clip]) -> AsyncIterator[Account]:
    async with opened(time, drawn) as account:
        yield account


@pytest.fixture
async def photos() -> AsyncIterator[str]:
    """Where pictures are served, and what is none."""

    async def serve(request: Request) -> Response:
        name = request.path_params["name"]
        content = {"page": b"<html>", "missing": b""}.get(name) or picture(name)
        return Response(content, 404 if name == "missing" else 200)

    server = Loopback(Starlette(routes=[Route("/{name}", serve)]), "photos")
    await server.start("127.0.0.1", 0)
    yield server.url
    await server.stop()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.server.start("127.0.0.1", 0)
    yield receiver
    await receiver.server.stop()
