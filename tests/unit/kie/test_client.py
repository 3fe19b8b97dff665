"""The client over real sockets: what is sent, how often, and what becomes of broken answers."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bot.errors import (
    ConfigurationError,
    ImageNotFetched,
    KieError,
    OperatorTrouble,
    OutcomeUnknown,
    Refused,
    TooManyRequests,
    TryLater,
)
from bot.kie.client import ANSWER_BYTES, KieClient
from bot.kie.records import Record, RecordStatus
from bot.kie.wire import Order
from bot.models import Dialect, Kind, Options
from tests.unit.kie.peer import Peer, Play, endless, envelope, hang_up, reply, reset

KEY = "0123456789abcdef0123456789abcdef"
VIDEO = "https://tempfile.aiquickdraw.com/v/one.mp4"
ORDER = Order(Kind.GENERATE, "veo3_fast", "fast", "A cat, it's raining 🐈", Options("veo3_fast"))
UPGRADE = replace(
    ORDER, kind=Kind.UPGRADE_4K, parent_task_id="t1", callback_url="https://b.example/t"
)
PAGE = b"<html><title>502 Bad Gateway</title></html>"


class Sleeps(list[float]):
    """Notes how long was to be slept, and returns at once."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@asynccontextmanager
async def talking(peer: Peer, sleeps: Sleeps | None = None) -> AsyncIterator[KieClient]:
    async with peer.listening() as url:
        client = KieClient(
            api_url=url + "/", upload_url=url, key=KEY, sleep=Sleeps() if sleeps is None else sleeps
        )
        try:
            yield client
        finally:
            await client.close()


# --- the paid request


async def test_an_order_is_one_post_with_our_name_key_and_body() -> None:
    peer = Peer(reply(envelope(200, {"taskId": "veo_task_1"})))
    async with talking(peer) as client:
        assert await client.create(ORDER, Dialect.VEO) == "veo_task_1"
    (request,) = peer.requests
    assert (request.method, request.target) == ("POST", "/api/v1/veo/generate")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["user-agent"].startswith("Veogram/")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body)["prompt"] == "A cat, it's raining 🐈"


async def test_an_order_in_the_other_dialect_goes_to_the_other_address() -> None:
    peer = Peer(reply(envelope(200, {"taskId": "4f1c"})))
    async with talking(peer) as client:
        assert await client.create(ORDER, Dialect.MARKET) == "4f1c"
    assert peer.requests[0].target == "/api/v1/jobs/createTask"


@pytest.mark.parametrize("prompt", ["\ud800", "\x00", "😀" * 4096, '"\\\u2028'])
async def test_any_prompt_arrives_as_it_was_typed(prompt: str) -> None:
    peer = Peer(reply(envelope(200, {"taskId": "t1"})))
    async with talking(peer) as client:
        await client.create(replace(ORDER, prompt=prompt), Dialect.VEO)
    assert json.loads(peer.requests[0].body)["prompt"] == prompt


@pytest.mark.parametrize(
    "play",
    [
        hang_up,
        reset,
        endless,
        reply(b'{"code":200,"data":{"taskId":"veo_ta', length=1000),
        reply(PAGE, 502),
        reply(PAGE),
        reply(b""),
        reply(b"", 302),
        reply(b"", 503),
        reply(envelope(500, msg="Internal Error")),
        reply(envelope(200)),
        reply(envelope(200, {"taskId": "x" * 10_000})),
        reply(b"x" * (ANSWER_BYTES + 1)),
    ],
)
async def test_a_lost_or_senseless_answer_leaves_the_outcome_unknown_after_one_post(
    play: Play,
) -> None:
    peer = Peer(play, reply(envelope(200, {"taskId": "second"})))
    sleeps = Sleeps()
    async with talking(peer, sleeps) as client:
        with pytest.raises(OutcomeUnknown):
            await client.create(ORDER, Dialect.VEO)
    assert len(peer.requests) == 1
    assert sleeps == []


@pytest.mark.parametrize(
    ("play", "error"),
    [
        (reply(envelope(429)), TooManyRequests),
        (reply(envelope(401)), OperatorTrouble),
        (reply(b"error code: 1010", 403), OperatorTrouble),
        (reply(envelope(422, msg="Ratio error")), Refused),
    ],
)
async def test_a_refusal_is_told_after_one_post(play: Play, error: type[KieError]) -> None:
    peer = Peer(play)
    async with talking(peer) as client:
        with pytest.raises(error):
            await client.create(ORDER, Dialect.VEO)
    assert len(peer.requests) == 1


async def test_where_nobody_listens_nothing_was_made() -> None:
    async with Peer().listening() as url:
        pass
    client = KieClient(api_url=url, upload_url=url, key=KEY, sleep=Sleeps())
    with pytest.raises(TryLater):
        await client.create(ORDER, Dialect.VEO)
    await client.close()


async def test_a_server_that_speaks_no_tls_was_sent_nothing() -> None:
    peer = Peer(reply(envelope(200, {"taskId": "t1"})))
    async with peer.listening() as url:
        secure = url.replace("http://", "https://")
        client = KieClient(api_url=secure, upload_url=secure, key=KEY, sleep=Sleeps())
        waiting = asyncio.create_task(client.create(ORDER, Dialect.VEO))
        await peer.abort_first()
        with pytest.raises(TryLater):
            await waiting
        await client.close()
    assert peer.requests == []


class Broken(httpx.AsyncBaseTransport):
    """A network that fails in one way, and counts how often it was asked."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.calls = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002
        self.calls += 1
        raise self.error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectError("name or service not known"), TryLater),
        (httpx.ConnectTimeout(""), TryLater),
        (httpx.PoolTimeout(""), TryLater),
        (httpx.ReadTimeout(""), OutcomeUnknown),
        (httpx.WriteTimeout(""), OutcomeUnknown),
        (httpx.ReadError(""), OutcomeUnknown),
        (httpx.WriteError(""), OutcomeUnknown),
        (httpx.CloseError(""), OutcomeUnknown),
        (httpx.RemoteProtocolError(""), OutcomeUnknown),
        (httpx.DecodingError(""), OutcomeUnknown),
        (ssl.SSLError(), OutcomeUnknown),
        (TimeoutError(), OutcomeUnknown),
    ],
)
async def test_a_network_fault_proves_only_as_much_as_it_proves(
    error: Exception, expected: type[KieError]
) -> None:
    network = Broken(error)
    client = KieClient(
        api_url="http://kie", upload_url="http://kie", key=KEY, sleep=Sleeps(), transport=network
    )
    with pytest.raises(expected) as caught:
        await client.create(ORDER, Dialect.VEO)
    assert type(caught.value) is expected
    assert caught.value.__cause__ is error
    assert network.calls == 1


async def test_every_paid_request_has_a_connection_of_its_own_while_reads_share_one() -> None:
    created = reply(envelope(200, {"taskId": "t1"}))
    pending = reply(envelope(200, {"successFlag": 0}))
    peer = Peer(created, pending, created, pending)
    async with talking(peer) as client:
        for _ in range(2):
            await client.create(ORDER, Dialect.VEO)
            await client.record("t1", Dialect.VEO, Kind.GENERATE)
    first, read, second, read_again = (request.connection for request in peer.requests)
    assert len({first, read, second}) == 3
    assert read == read_again


# --- reading


@pytest.mark.parametrize(
    ("dialect", "data", "target"),
    [
        (
            Dialect.VEO,
            {"successFlag": 1, "response": {"resultUrls": [VIDEO]}},
            "/api/v1/veo/record-info?taskId=a%2F..%2Fb%26c",
        ),
        (
            Dialect.MARKET,
            {"state": "success", "resultJson": json.dumps({"resultUrls": [VIDEO]})},
            "/api/v1/jobs/recordInfo?taskId=a%2F..%2Fb%26c",
        ),
    ],
)
async def test_a_record_is_read_in_its_dialect(dialect: Dialect, data: object, target: str) -> None:
    peer = Peer(reply(envelope(200, data)))
    async with talking(peer) as client:
        record = await client.record("a/../b&c", dialect, Kind.GENERATE)
    assert record == Record(RecordStatus.SUCCESS, (VIDEO,))
    assert peer.requests[0].target == target


async def test_a_read_is_tried_three_times_with_growing_pauses() -> None:
    peer = Peer(hang_up, reply(PAGE, 502), reply(envelope(200, {"successFlag": 0})))
    sleeps = Sleeps()
    async with talking(peer, sleeps) as client:
        record = await client.record("t1", Dialect.VEO, Kind.GENERATE)
    assert record.status is RecordStatus.PENDING
    assert sleeps == [0.5, 2.0]


async def test_a_read_that_fails_three_times_is_left_for_later() -> None:
    peer = Peer(reset, endless, reply(PAGE))
    sleeps = Sleeps()
    async with talking(peer, sleeps) as client:
        with pytest.raises(TryLater):
            await client.record("t1", Dialect.VEO, Kind.GENERATE)
    assert len(peer.requests) == 3
    assert len(sleeps) == 2


@pytest.mark.parametrize(("code", "error"), [(429, TooManyRequests), (401, OperatorTrouble)])
async def test_a_read_that_repeating_would_not_help_is_not_repeated(
    code: int, error: type[KieError]
) -> None:
    peer = Peer(reply(envelope(code)))
    sleeps = Sleeps()
    async with talking(peer, sleeps) as client:
        with pytest.raises(error):
            await client.record("t1", Dialect.VEO, Kind.GENERATE)
    assert len(peer.requests) == 1
    assert sleeps == []


async def test_the_credit_is_a_number() -> None:
    peer = Peer(reply(envelope(200, 1234.5)))
    async with talking(peer) as client:
        assert await client.credit() == 1234.5
    assert peer.requests[0].target == "/api/v1/chat/credit"


# --- upgrades


async def test_a_4k_upgrade_is_asked_for_and_then_asked_after_under_its_parents_id() -> None:
    peer = Peer(
        reply(envelope(422, msg="4k is processing")),
        reply(envelope(422, {"resultUrls": [VIDEO]}, "The video has been generated successfully")),
    )
    async with talking(peer) as client:
        assert await client.create(UPGRADE, Dialect.VEO) == "t1"
        record = await client.record("t1", Dialect.VEO, Kind.UPGRADE_4K)
    assert record == Record(RecordStatus.SUCCESS, (VIDEO,))
    bodies = [json.loads(request.body) for request in peer.requests]
    assert bodies == [
        {"taskId": "t1", "index": 0, "callBackUrl": "https://b.example/t"},
        {"taskId": "t1", "index": 0},
    ]


async def test_a_1080p_upgrade_is_a_get_both_times() -> None:
    processing = reply(envelope(400, msg="1080P is processing"))
    peer = Peer(processing, reply(envelope(200, {"resultUrl": VIDEO})))
    async with talking(peer) as client:
        assert await client.create(replace(UPGRADE, kind=Kind.UPGRADE_1080P), Dialect.VEO) == "t1"
        record = await client.record("t1", Dialect.VEO, Kind.UPGRADE_1080P)
    assert record.urls == (VIDEO,)
    assert {(request.method, request.target) for request in peer.requests} == {
        ("GET", "/api/v1/veo/get-1080p-video?taskId=t1&index=0")
    }


async def test_a_lost_answer_to_an_upgrade_is_no_riddle() -> None:
    peer = Peer(hang_up, reply(envelope(200, {"resultUrls": None})))
    async with talking(peer) as client:
        assert await client.create(UPGRADE, Dialect.VEO) == "t1"
    assert len(peer.requests) == 2


async def test_a_refused_upgrade_is_refused() -> None:
    peer = Peer(reply(envelope(500, msg="The 4K version of this video is unavailable")))
    async with talking(peer) as client:
        with pytest.raises(Refused, match="unavailable"):
            await client.create(UPGRADE, Dialect.VEO)


async def test_an_upgrade_in_the_dialect_market_is_a_task_like_any_other() -> None:
    result = json.dumps({"data": {"result_urls": [VIDEO]}})
    peer = Peer(
        reply(envelope(200, {"taskId": "t2"})),
        reply(envelope(200, {"state": "success", "resultJson": result})),
    )
    async with talking(peer) as client:
        assert await client.create(UPGRADE, Dialect.MARKET) == "t2"
        record = await client.record("t2", Dialect.MARKET, Kind.UPGRADE_4K)
    assert record.urls == (VIDEO,)


async def test_an_upgrade_of_nothing_cannot_be_asked_for() -> None:
    async with talking(Peer()) as client:
        with pytest.raises(ValueError, match="starts from"):
            await client.create(replace(UPGRADE, parent_task_id=None), Dialect.VEO)


# --- uploads


async def test_a_photo_is_uploaded_whole_under_its_name(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(bytes(range(256)) * 1000)
    peer = Peer(reply(envelope(200, {"downloadUrl": VIDEO})))
    async with talking(peer) as client:
        assert await client.upload(photo, "a1b2.jpg") == VIDEO
    (request,) = peer.requests
    assert (request.method, request.target) == ("POST", "/api/file-stream-upload")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert photo.read_bytes() in request.body
    assert b'name="file"; filename="a1b2.jpg"\r\nContent-Type: image/jpeg' in request.body
    assert b'name="fileName"\r\n\r\na1b2.jpg\r\n' in request.body
    assert b'name="uploadPath"\r\n\r\n' in request.body


@pytest.mark.parametrize(
    ("play", "error"),
    [
        (hang_up, TryLater),
        (reset, TryLater),
        (reply(PAGE, 502), TryLater),
        (reply(envelope(200, {})), TryLater),
        (reply(envelope(429)), TooManyRequests),
        (reply(envelope(401)), OperatorTrouble),
        (reply(envelope(413)), Refused),
    ],
)
async def test_a_failed_upload_is_told(play: Play, error: type[KieError], tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"photo")
    peer = Peer(play)
    async with talking(peer) as client:
        with pytest.raises(KieError) as caught:
            await client.upload(photo, "a.jpg")
    assert type(caught.value) is error
    assert len(peer.requests) == 1


async def test_a_photo_that_is_gone_is_told_and_nothing_sent(tmp_path: Path) -> None:
    peer = Peer()
    async with talking(peer) as client:
        with pytest.raises(ImageNotFetched):
            await client.upload(tmp_path / "gone.jpg", "a.jpg")
    assert peer.requests == []


# --- secrets


async def test_a_key_that_kie_sends_back_is_not_passed_on() -> None:
    peer = Peer(reply(envelope(401, msg=f"bad key {KEY}")))
    async with talking(peer) as client:
        with pytest.raises(OperatorTrouble, match=r"bad key \*\*\*") as caught:
            await client.create(ORDER, Dialect.VEO)
    assert KEY not in repr(caught.value)


@pytest.mark.parametrize("key", ["", "abc def", "abc\n", "schlüssel", "abc\x00"])
def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        KieClient(api_url="http://kie", upload_url="http://kie", key=key, sleep=Sleeps())
    assert "KIE_API_KEY" in str(caught.value)
    assert not key or key not in str(caught.value)


async def test_an_own_name_can_be_given() -> None:
    peer = Peer(reply(envelope(200, 1)))
    async with peer.listening() as url:
        client = KieClient(api_url=url, upload_url=url, key=KEY, sleep=Sleeps(), user_agent="Bot/7")
        await client.credit()
        await client.close()
    assert peer.requests[0].headers["user-agent"] == "Bot/7"
