"""Telegram's webhook: who may bring updates, in what form, and when they are acknowledged."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from bot.errors import StorageError
from bot.web.updates import MAX_BYTES, PATH, SECRET_HEADER, route
from tests.unit.web.conftest import client_of

SECRET = "s3cret-of-this-start_0123456789"
GOOD = {SECRET_HEADER: SECRET}


class Store:
    """Remembers what was put; ``trouble`` is raised instead."""

    def __init__(self) -> None:
        self.updates: list[object] = []
        self.trouble: StorageError | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def put(self, updates: Sequence[object]) -> None:
        await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        self.updates += updates


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def client(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of([route(store.put, SECRET)]) as opened:
        yield opened


async def test_an_update_is_acknowledged_once_it_is_stored(
    client: httpx.AsyncClient, store: Store
) -> None:
    store.gate.clear()
    bringing = asyncio.create_task(client.post(PATH, json={"update_id": 7}, headers=GOOD))
    done, _ = await asyncio.wait([bringing], timeout=0.1)
    assert not done
    store.gate.set()
    assert (await bringing).status_code == 200
    assert store.updates == [{"update_id": 7}]


async def test_an_update_that_cannot_be_stored_is_brought_again(
    client: httpx.AsyncClient, store: Store
) -> None:
    store.trouble = StorageError("The disk is full.")
    answer = await client.post(PATH, json={"update_id": 7}, headers=GOOD)
    assert (answer.status_code, answer.json()) == (503, {"error": "Service Unavailable"})


SECRETS = [
    [],
    [(SECRET_HEADER, "")],
    [(SECRET_HEADER, "wrong")],
    [(SECRET_HEADER, SECRET[:-1])],
    [(SECRET_HEADER, f"{SECRET}x")],
    [(SECRET_HEADER, SECRET.upper())],
    [(SECRET_HEADER, SECRET), (SECRET_HEADER, SECRET)],
    [(SECRET_HEADER, "wrong"), (SECRET_HEADER, SECRET)],
    [(SECRET_HEADER, f"{SECRET}, {SECRET}")],
    [(SECRET_HEADER, "ü".encode("latin-1"))],
]


@pytest.mark.parametrize("headers", SECRETS)
async def test_whoever_does_not_know_the_secret_is_refused_unread(
    client: httpx.AsyncClient,
    store: Store,
    caplog: pytest.LogCaptureFixture,
    headers: list[tuple[str, str]],
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    answer = await client.post(PATH, content=b"{ never read", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})
    assert answer.headers["connection"] == "close"
    assert store.updates == []
    assert SECRET not in caplog.text


async def test_the_endless_body_of_a_stranger_is_not_waited_for(client: httpx.AsyncClient) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    writer.write(head.encode())
    assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
    writer.close()


BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"{}",
    b'{"update_id": "7"}',
    b'{"update_id": -7}',
    b'{"update_id": 1e400}',
    b'{"update_id": 7, "number": NaN}',
    b'{"update_id": 7, "number": -Infinity}',
    b'{"update_id": 7, "text": "\\ud83d"}',
    b'{"update_id": 7, "text": "\xed\xa0\xbd"}',
    b'{"update_id": 7, "text": "\xff"}',
    b'{"update_id": ' + b"9" * 5000 + b"}",
    b'{"update_id": 7, "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
]


@pytest.mark.parametrize("body", BODIES)
async def test_what_is_no_update_is_refused(
    client: httpx.AsyncClient, store: Store, body: bytes
) -> None:
    answer = await client.post(PATH, content=body, headers=GOOD)
    assert (answer.status_code, answer.json()) == (400, {"error": "Bad Request"})
    assert store.updates == []
    assert (await client.post(PATH, json={"update_id": 8}, headers=GOOD)).status_code == 200


async def test_five_megabytes_are_refused(client: httpx.AsyncClient, store: Store) -> None:
    body = json.dumps({"update_id": 7, "text": "x" * (5 << 20)})
    answer = await client.post(PATH, content=body, headers=GOOD)
    assert answer.status_code == 413
    assert store.updates == []


async def test_a_large_update_is_taken(client: httpx.AsyncClient, store: Store) -> None:
    update = {"update_id": 7, "text": "x" * (MAX_BYTES - 100)}
    assert (await client.post(PATH, json=update, headers=GOOD)).status_code == 200
    assert store.updates == [update]
