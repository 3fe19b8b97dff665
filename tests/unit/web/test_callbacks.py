"""KIE's callbacks as they come over the wire: forms, signatures, sizes, strangers."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from bot.errors import StorageError
from bot.jobs.knocks import Knocks, Verdict
from bot.models import Job, Kind, NewJob, Options, Place, State
from bot.tokens import hash_token
from bot.web.callbacks import MAX_BYTES, route
from storage import attempts, jobs
from storage.database import Connection, Database
from tests.conftest import Clock
from tests.unit.web.conftest import RULES, client_of

KEY = "hmac-key-of-the-operator"
TOKEN = "t" * 32
TASK = "veo_task_1"
DUE_AT = 5e9
PATH = f"/callbacks/{TOKEN}"
FORMS = [
    {"data": {"taskId": TASK}},
    {"data": {"task_id": TASK}},
    {"taskId": TASK},
    {"task_id": TASK, "data": None},
    {"data": json.dumps({"taskId": TASK})},
    {"code": 200, "data": {"taskId": TASK, "info": None}},
    {"code": 200, "data": {"taskId": TASK, "info": {"resultUrls": '["http://x/a.mp4"]'}}},
    {"code": 200, "data": {"taskId": TASK, "info": {"resultUrls": ["http://x/"] * 1000}}},
    {"code": 501, "msg": "failed", "data": {"taskId": TASK, "resultJson": ""}},
]
HINTS = [
    b"",
    b"null",
    b"[]",
    b"{",
    b"\xff\xfe",
    b'{"data": {"taskId": 0}}',
    b'{"data": {"taskId": NaN}}',
    b'{"data": {"taskId": "' + b"x" * 10_000 + b'"}}',
    b'{"data": {"taskId": "\\ud83d"}}',
    b"[" * 100_000 + b"]" * 100_000,
]


def generating(tx: Connection, now: float) -> Job:
    """Store a job whose task KIE works on, with ``TOKEN`` in its callback URL."""
    new = NewJob(1, Place(1), Kind.GENERATE, "a cat", Options("veo3_fast"), (), 60, None)
    job = jobs.insert_job(tx, new, now, 1e12)
    number = attempts.begin(
        tx, job, dialect=RULES.dialect, token_hash=hash_token(TOKEN), callback=True, now=now
    )
    jobs.move(tx, job, State.SUBMITTING, now, attempt=number, dialect=RULES.dialect)
    submitting = _again(tx, job)
    attempts.accept(tx, submitting, TASK)
    jobs.move(tx, submitting, State.GENERATING, now, task_id=TASK, due_at=DUE_AT)
    return _again(tx, job)


def _again(tx: Connection, job: Job) -> Job:
    current = jobs.get(tx, job.id)
    assert current is not None
    return current


class Kie:
    """Calls back."""

    def __init__(self, client: httpx.AsyncClient, database: Database, clock: Clock) -> None:
        self.client = client
        self.database = database
        self.clock = clock

    async def call(self, body: bytes, path: str = PATH, **headers: str) -> tuple[int, object]:
        named = {f"x-webhook-{name}": value for name, value in headers.items()}
        answer = await self.client.post(path, content=body, headers=named)
        return answer.status_code, answer.json()

    async def signed(
        self, task_id: str, timestamp: object, key: str = KEY, *, name: str = "taskId"
    ) -> tuple[int, object]:
        body = json.dumps({"data": {name: task_id}}).encode()
        signature = sign(key, task_id, timestamp)
        return await self.call(body, timestamp=str(timestamp), signature=signature)

    async def is_due(self) -> bool:
        [job] = await self.database.read(jobs.open_of, 1)
        assert (job.state, job.task_id) == (State.GENERATING, TASK)
        assert job.due_at in {DUE_AT, self.clock.now}
        return job.due_at == self.clock.now


def sign(key: str, task_id: str, timestamp: object) -> str:
    digest = hmac.new(key.encode(), f"{task_id}.{timestamp}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@asynccontextmanager
async def serving(database: Database, clock: Clock, key: str | None) -> AsyncIterator[Kie]:
    await database.write(generating, clock.now)
    knocks = Knocks(database=database, rules=RULES, nudge=lambda: None, clock=clock)
    async with client_of([route(knocks, key, clock)]) as client:
        yield Kie(client, database, clock)
    await knocks.close()


@pytest.fixture
async def kie(database: Database, clock: Clock) -> AsyncIterator[Kie]:
    async with serving(database, clock, None) as opened:
        yield opened


@pytest.fixture
async def strict(database: Database, clock: Clock) -> AsyncIterator[Kie]:
    async with serving(database, clock, KEY) as opened:
        yield opened


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_is_a_knock(kie: Kie, form: dict[str, object]) -> None:
    assert await kie.call(json.dumps(form).encode()) == (200, {"status": "received"})
    assert await kie.is_due()


@pytest.mark.parametrize("body", HINTS)
async def test_the_token_is_enough_whatever_the_body_says(kie: Kie, body: bytes) -> None:
    assert await kie.call(body) == (200, {"status": "received"})
    assert await kie.is_due()


async def test_a_body_above_its_limit_is_refused(kie: Kie) -> None:
    assert (await kie.call(b"x" * MAX_BYTES))[0] == 200
    assert (await kie.call(b" " * (5 << 20)))[0] == 413


@pytest.mark.parametrize(
    "path",
    [
        "/callbacks",
        "/callbacks/",
        f"{PATH}x",
        f"{PATH}/",
        f"{PATH}/x",
        f"/callbacks/{'T' * 32}",
        "/callbacks/%00",
        "/callbacks/..%2f",
        "/callbacks/%ed%a0%80",
        "/callbacks/" + "x" * 5000,
    ],
)
async def test_unknown_tokens_get_the_uniform_404(kie: Kie, path: str) -> None:
    assert await kie.call(json.dumps(FORMS[0]).encode(), path) == (404, {"error": "Not Found"})
    assert not await kie.is_due()


async def test_an_unknown_token_is_told_from_no_other_path_by_its_signature(strict: Kie) -> None:
    body = json.dumps(FORMS[0]).encode()
    assert (await strict.call(body, "/callbacks/guess"))[0] == 404


@pytest.mark.parametrize("drift", [-300, -1, 0, 299])
async def test_a_signed_callback_is_heard(strict: Kie, drift: int) -> None:
    assert (await strict.signed(TASK, int(strict.clock.now) + drift))[0] == 200
    assert await strict.is_due()


async def test_a_signature_counts_for_the_task_in_its_other_spelling_too(strict: Kie) -> None:
    assert (await strict.signed(TASK, int(strict.clock.now), name="task_id"))[0] == 200
    assert await strict.is_due()


TIMESTAMPS = [
    "now - 3600",
    "now - 301",
    "now + 301",
    "-5",
    "1e300",
    "nan",
    "soon",
    "",
    "0x10",
    "1800014400.0",
]


@pytest.mark.parametrize("timestamp", TIMESTAMPS)
async def test_a_signature_of_another_time_changes_nothing(strict: Kie, timestamp: str) -> None:
    if timestamp.startswith("now"):
        timestamp = str(int(strict.clock.now) + int(timestamp[3:].replace(" ", "")))
    assert await strict.signed(TASK, timestamp) == (401, {"error": "Unauthorized"})
    assert not await strict.is_due()


async def test_a_signature_with_another_key_or_for_another_task_changes_nothing(
    strict: Kie,
) -> None:
    now = int(strict.clock.now)
    body = json.dumps(FORMS[0]).encode()
    other = sign(KEY, "veo_task_2", now)
    assert (await strict.signed(TASK, now, key="guess"))[0] == 401
    assert (await strict.call(body, timestamp=str(now), signature=other))[0] == 401
    assert (await strict.call(body, timestamp=str(now)))[0] == 401
    assert (await strict.call(body, signature=sign(KEY, TASK, now)))[0] == 401
    assert (await strict.call(body))[0] == 401
    assert (await strict.call(b"{}", timestamp=str(now), signature=sign(KEY, "", now)))[0] == 401
    assert not await strict.is_due()


async def test_a_repeated_signature_changes_nothing(strict: Kie) -> None:
    now = int(strict.clock.now)
    headers = [
        ("X-Webhook-Timestamp", str(now)),
        ("X-Webhook-Signature", sign(KEY, TASK, now)),
        ("X-Webhook-Signature", sign(KEY, TASK, now)),
    ]
    answer = await strict.client.post(PATH, json=FORMS[0], headers=headers)
    assert answer.status_code == 401
    assert not await strict.is_due()


class FullDisk:
    """Takes no callback."""

    async def take(self, token: str, task_id: str | None, *, genuine: bool) -> Verdict:  # noqa: ARG002 - refuses all
        raise StorageError("The disk is full.")


async def test_a_callback_that_cannot_be_committed_is_asked_for_again(clock: Clock) -> None:
    async with client_of([route(FullDisk(), None, clock)]) as client:
        answer = await client.post(PATH, json=FORMS[0])
    assert (answer.status_code, answer.json()) == (503, {"error": "Service Unavailable"})
