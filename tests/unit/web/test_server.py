"""The web server as others meet it: over a socket."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.errors import ConfigurationError
from bot.web.server import Health, WebServer, answer_at_once, build, limited_body

MAX = 1000


async def healthy() -> Health:
    return Health({"version": "1.2", "open_updates": 3})


async def failing() -> Health:
    return Health({"version": "1.2"}, ("The disk is nearly full.",))


async def echo(request: Request) -> Response:
    return JSONResponse({"bytes": len(await limited_body(request, MAX))})


async def broken(_request: Request) -> Response:
    raise LookupError("a secret")


ROUTES = [Route("/echo", echo, methods=["POST"]), Route("/broken", broken)]


@asynccontextmanager
async def serving(health: Callable[[], Awaitable[Health]] = healthy) -> AsyncIterator[WebServer]:
    server = WebServer(build(health, ROUTES), "127.0.0.1", 0)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def client_of(server: WebServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        yield client


async def get(path: str, health: Callable[[], Awaitable[Health]] = healthy) -> httpx.Response:
    async with serving(health) as server, client_of(server) as client:
        return await client.get(path)


async def test_a_healthy_bot_says_so_with_its_facts() -> None:
    answer = await get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "problems": [], "version": "1.2", "open_updates": 3}


async def test_a_failing_bot_answers_503_and_says_what_is_wrong() -> None:
    answer = await get("/healthz", failing)
    assert answer.status_code == 503
    assert answer.json()["status"] == "failing"
    assert answer.json()["problems"] == ["The disk is nearly full."]


async def test_health_is_never_cached_and_the_server_does_not_name_itself() -> None:
    answer = await get("/healthz")
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/nothing", "/healthz/", "/echo/", "/%00", "/../etc/passwd"])
async def test_unknown_paths_get_one_and_the_same_answer(path: str) -> None:
    answer = await get(path)
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


async def test_a_wrong_method_is_refused_in_json() -> None:
    answer = await get("/echo")
    assert (answer.status_code, answer.json()) == (405, {"error": "Method Not Allowed"})
    assert answer.headers["allow"] == "POST"


async def test_an_error_inside_tells_nothing_outside() -> None:
    answer = await get("/broken")
    assert (answer.status_code, answer.json()) == (500, {"error": "Internal Server Error"})


# --- bodies


@pytest.mark.parametrize("size", [0, 1, MAX])
async def test_a_body_within_its_limit_is_read_whole(size: int) -> None:
    async with serving() as server, client_of(server) as client:
        assert (await client.post("/echo", content=b"x" * size)).json() == {"bytes": size}


async def test_a_body_above_its_limit_is_refused() -> None:
    async with serving() as server, client_of(server) as client:
        answer = await client.post("/echo", content=b"x" * (MAX + 1))
        assert answer.status_code == 413
        assert "error" in answer.json()
        assert answer.headers["connection"] == "close"


async def test_a_body_that_announces_gigabytes_is_refused_after_its_first_bytes() -> None:
    head = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000000\r\n\r\n"
    async with serving() as server:
        answer, _ = await _send(server, head.encode() + b"x" * (MAX + 1), b"", times=0)
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_an_endless_body_is_cut_off() -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    async with serving() as server:
        answer, sent = await _send(server, head, chunk, times=100_000)
    assert sent < 100_000
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413 ")


async def test_a_client_that_goes_away_in_mid_body_harms_nobody() -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nhalf"
    async with serving() as server, client_of(server) as client:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(head)
        await writer.drain()
        writer.close()
        assert (await client.post("/echo", content=b"x")).json() == {"bytes": 1}


async def _send(server: WebServer, head: bytes, chunk: bytes, times: int) -> tuple[bytes, int]:
    """Send until the server hangs up; return what it said and how many chunks went out."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    sent = 0
    try:
        writer.write(head)
        while sent < times:
            writer.write(chunk)
            await writer.drain()
            sent += 1
        return await reader.read(), sent
    except ConnectionError:
        return b"", sent
    finally:
        writer.close()


# --- starting and stopping


async def test_a_taken_port_is_told_in_a_sentence() -> None:
    async with serving() as server:
        second = WebServer(build(healthy), "127.0.0.1", server.port)
        with pytest.raises(ConfigurationError, match=f"port {server.port}: another program"):
            second.bind()


async def test_a_port_is_taken_from_the_moment_it_is_bound() -> None:
    first = WebServer(build(healthy), "127.0.0.1", 0)
    first.bind()
    with pytest.raises(ConfigurationError, match="PORT"):
        WebServer(build(healthy), "127.0.0.1", first.port).bind()
    await first.stop()


@pytest.mark.parametrize(
    ("host", "word"), [("192.0.2.1", "HOST"), ("no-such-host.invalid", "8081")]
)
async def test_an_address_that_is_not_here_is_told_in_a_sentence(host: str, word: str) -> None:
    with pytest.raises(ConfigurationError, match=word) as caught:
        WebServer(build(healthy), host, 8081).bind()
    assert host in str(caught.value)


async def test_a_bound_port_that_is_never_used_is_given_back() -> None:
    first = WebServer(build(healthy), "127.0.0.1", 0)
    first.bind()
    await first.stop()
    again = WebServer(build(healthy), "127.0.0.1", first.port)
    again.bind()
    await again.stop()


def test_a_connection_does_not_wait_for_acknowledgements_between_head_and_body() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answer_at_once(listener)
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_who_connects_between_bind_and_start_is_answered() -> None:
    server = WebServer(build(healthy), "127.0.0.1", 0)
    server.bind()
    async with client_of(server) as client:
        asking = asyncio.create_task(client.get("/healthz"))
        await asyncio.sleep(0)
        await server.start()
        assert (await asking).status_code == 200
    await server.stop()


async def test_ipv6_is_served_too() -> None:
    server = WebServer(build(healthy), "::1", 0)
    await server.start()
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"http://[::1]:{server.port}/healthz")).status_code == 200
    await server.stop()


async def test_signals_are_left_to_the_process() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    async with serving() as server, client_of(server) as client:
        await client.get("/healthz")
        assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


async def test_stop_closes_connections_that_are_kept_alive_and_frees_the_port() -> None:
    async with serving() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head
        body = json.loads(await reader.readexactly(int(_length(head))))
        assert body["status"] == "ok"
        await server.stop()
        assert await reader.read() == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", server.port)


async def test_stop_ends_a_request_that_would_never_end() -> None:
    begun = asyncio.Event()

    async def endless(_request: Request) -> Response:
        begun.set()
        await asyncio.Event().wait()
        return Response()

    server = WebServer(build(healthy, [Route("/endless", endless)]), "127.0.0.1", 0)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
    await begun.wait()
    await server.stop()
    await reader.read()
    writer.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_waiting_for_the_server_ends_with_it() -> None:
    async with serving() as server:
        waiting = asyncio.create_task(server.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        await server.stop()
        await waiting


def _length(head: bytes) -> bytes:
    [line] = [line for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
    return line.split(b":")[1]
