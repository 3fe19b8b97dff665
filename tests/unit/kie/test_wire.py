"""KIE's interface as bytes: what we ask, and what uploads, credit and callbacks tell."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bot.errors import (
    KieError,
    OperatorTrouble,
    Refused,
    TooManyRequests,
    TryLater,
)
from bot.kie import wire
from bot.kie.wire import Call, Order
from bot.models import Dialect, Kind, Mode, Options, Ratio, Resolution

VIDEO = "https://tempfile.aiquickdraw.com/v/one.mp4"
PHOTO = "https://kieai.redpandaai.co/photo.jpg"
HOOK = "https://bot.example/kie/t0ken"

OPTIONS = Options(model="veo3_fast")
ORDER = Order(Kind.GENERATE, "veo3_fast", "fast", "A cat, it's raining", OPTIONS)
FRAMES = replace(
    ORDER,
    options=Options(
        model="veo3_fast",
        mode=Mode.FRAMES,
        ratio=Ratio.AUTO,
        seconds=6,
        resolution=Resolution.P1080,
        seed=12345,
        translate=False,
        watermark="Mine",
    ),
    image_urls=(PHOTO, PHOTO + "?2"),
    callback_url=HOOK,
)
EXTENSION = replace(FRAMES, kind=Kind.EXTEND, image_urls=(), parent_task_id="veo_task_1")


def answer(code: object, data: object = None, msg: str = "success") -> bytes:
    return json.dumps({"code": code, "msg": msg, "data": data}).encode()


# --- requests, dialect veo


def test_a_text_order_in_the_dialect_veo_holds_exactly_the_documented_fields() -> None:
    assert wire.create_call(ORDER, Dialect.VEO) == Call(
        "POST",
        "/api/v1/veo/generate",
        {},
        {
            "prompt": "A cat, it's raining",
            "model": "veo3_fast",
            "generationType": "TEXT_2_VIDEO",
            "aspect_ratio": "16:9",
            "resolution": "720p",
            "duration": 8,
            "enableTranslation": True,
        },
    )


def test_an_order_with_everything_names_each_wish_as_kie_spells_it() -> None:
    assert wire.create_call(FRAMES, Dialect.VEO).json == {
        "prompt": "A cat, it's raining",
        "model": "veo3_fast",
        "generationType": "FIRST_AND_LAST_FRAMES_2_VIDEO",
        "imageUrls": [PHOTO, PHOTO + "?2"],
        "aspect_ratio": "Auto",
        "resolution": "1080p",
        "duration": 6,
        "enableTranslation": False,
        "seeds": 12345,
        "watermark": "Mine",
        "callBackUrl": HOOK,
    }


def test_an_extension_in_the_dialect_veo_names_the_tier_and_the_parent() -> None:
    assert wire.create_call(EXTENSION, Dialect.VEO) == Call(
        "POST",
        "/api/v1/veo/extend",
        {},
        {
            "taskId": "veo_task_1",
            "prompt": "A cat, it's raining",
            "model": "fast",
            "seeds": 12345,
            "watermark": "Mine",
            "callBackUrl": HOOK,
        },
    )


def test_1080p_in_the_dialect_veo_is_a_get_for_the_first_video_of_the_task() -> None:
    assert wire.upgrade_call(Kind.UPGRADE_1080P, "t1", HOOK) == Call(
        "GET", "/api/v1/veo/get-1080p-video", {"taskId": "t1", "index": "0"}
    )


@pytest.mark.parametrize(("callback", "more"), [(None, {}), (HOOK, {"callBackUrl": HOOK})])
def test_4k_in_the_dialect_veo_is_a_post(callback: str | None, more: dict[str, str]) -> None:
    assert wire.upgrade_call(Kind.UPGRADE_4K, "t1", callback) == Call(
        "POST", "/api/v1/veo/get-4k-video", {}, {"taskId": "t1", "index": 0, **more}
    )


# --- requests, dialect market


def test_an_order_in_the_dialect_market_names_the_model_inside_the_input() -> None:
    assert wire.create_call(FRAMES, Dialect.MARKET) == Call(
        "POST",
        "/api/v1/jobs/createTask",
        {},
        {
            "model": "veo-3-1",
            "callBackUrl": HOOK,
            "input": {
                "prompt": "A cat, it's raining",
                "model": "veo3_fast",
                "image_urls": [PHOTO, PHOTO + "?2"],
                "generation_type": "FIRST_AND_LAST_FRAMES_2_VIDEO",
                "aspect_ratio": "Auto",
                "resolution": "1080p",
                "duration": 6,
                "enable_translation": False,
                "watermark": "Mine",
            },
        },
    )


@pytest.mark.parametrize(
    ("kind", "model", "given"),
    [
        (
            Kind.EXTEND,
            "veo/extend",
            {"task_id": "veo_task_1", "prompt": "A cat, it's raining", "watermark": "Mine"},
        ),
        (Kind.UPGRADE_1080P, "veo/get-1080p-video", {"task_id": "veo_task_1"}),
        (Kind.UPGRADE_4K, "veo/get-4k-video", {"task_id": "veo_task_1"}),
    ],
)
def test_what_starts_from_a_task_is_an_order_of_its_own_in_the_dialect_market(
    kind: Kind, model: str, given: Mapping[str, object]
) -> None:
    call = wire.create_call(replace(EXTENSION, kind=kind), Dialect.MARKET)
    assert call.json == {"model": model, "callBackUrl": HOOK, "input": given}


@pytest.mark.parametrize(
    ("kind", "dialect", "own"),
    [
        (Kind.GENERATE, Dialect.VEO, True),
        (Kind.EXTEND, Dialect.VEO, True),
        (Kind.UPGRADE_1080P, Dialect.VEO, False),
        (Kind.UPGRADE_4K, Dialect.VEO, False),
        (Kind.UPGRADE_1080P, Dialect.MARKET, True),
        (Kind.UPGRADE_4K, Dialect.MARKET, True),
    ],
)
def test_only_upgrades_of_the_dialect_veo_have_no_task_of_their_own(
    kind: Kind, dialect: Dialect, *, own: bool
) -> None:
    assert wire.has_own_task(kind, dialect) is own


def test_a_paid_request_for_an_upgrade_of_the_dialect_veo_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="no task of its own"):
        wire.create_call(replace(EXTENSION, kind=Kind.UPGRADE_4K), Dialect.VEO)


@pytest.mark.parametrize("dialect", Dialect)
def test_an_extension_without_its_parent_cannot_be_made(dialect: Dialect) -> None:
    with pytest.raises(ValueError, match="starts from"):
        wire.create_call(replace(EXTENSION, parent_task_id=None), dialect)


@given(
    kind=st.sampled_from([Kind.GENERATE, Kind.EXTEND]),
    dialect=st.sampled_from(Dialect),
    mode=st.sampled_from(Mode),
    seed=st.none() | st.integers(10000, 99999),
)
def test_no_request_holds_a_deprecated_or_misspelt_field(
    kind: Kind, dialect: Dialect, mode: Mode, seed: int | None
) -> None:
    options = replace(OPTIONS, mode=mode, seed=seed)
    order = replace(ORDER, kind=kind, options=options, parent_task_id="t")
    body = wire.create_call(order, dialect).json or {}
    given_input = body.get("input", {})
    assert isinstance(given_input, dict)
    assert not {"enableFallback", "seed", "aspectRatio", "index"} & {*body, *given_input}
    assert ("seeds" in body) == (dialect is Dialect.VEO and seed is not None)
    assert None not in {**body, **given_input}.values()


@pytest.mark.parametrize(
    ("dialect", "path"),
    [(Dialect.VEO, "/api/v1/veo/record-info"), (Dialect.MARKET, "/api/v1/jobs/recordInfo")],
)
def test_a_record_is_asked_for_in_its_own_dialect(dialect: Dialect, path: str) -> None:
    assert wire.record_call("t1", dialect) == Call("GET", path, {"taskId": "t1"})


# --- uploads and credit


@pytest.mark.parametrize("name", ["downloadUrl", "fileUrl"])
def test_an_upload_answers_with_an_address_under_either_name(name: str) -> None:
    envelope = wire.parse_envelope(200, answer(200, {"fileName": "a.jpg", name: PHOTO}))
    assert wire.read_upload(envelope) == PHOTO


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (200, answer(200, {"downloadUrl": "file:///etc/passwd"}), TryLater),
        (200, answer(200), TryLater),
        (500, answer(500), TryLater),
        (413, answer(413, msg="too large"), Refused),
        (200, answer(400, msg="unsupported"), Refused),
        (200, answer(401), OperatorTrouble),
        (429, answer(429), TooManyRequests),
    ],
)
def test_an_upload_without_an_address_is_an_error(
    status: int, content: bytes, error: type[KieError]
) -> None:
    with pytest.raises(KieError) as caught:
        wire.read_upload(wire.parse_envelope(status, content))
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("data", "credit"),
    [
        (1234, 1234.0),
        (0.5, 0.5),
        (-3, -3.0),
        ({"credits": 7}, 7.0),
        ({"balance": 7.25}, 7.25),
        ({"credits": None, "balance": 8}, 8.0),
    ],
)
def test_credit_is_a_number_or_an_object_with_one(data: object, credit: float) -> None:
    assert wire.read_credit(wire.parse_envelope(200, answer(200, data))) == credit


@pytest.mark.parametrize(
    "content", [answer(200), answer(200, "7"), answer(200, True), b'{"code":200,"data":1e999}']
)
def test_credit_that_is_no_number_is_asked_for_again(content: bytes) -> None:
    with pytest.raises(TryLater):
        wire.read_credit(wire.parse_envelope(200, content))


# --- callbacks


@pytest.mark.parametrize(
    ("content", "knock"),
    [
        (answer(200, {"taskId": "t1", "info": {"resultUrls": [VIDEO]}}), ("t1", 200)),
        (answer(200, {"task_id": "t1"}), ("t1", 200)),
        (answer("501", {"taskId": "t1", "info": None}), ("t1", 501)),
        (answer(200, {"taskId": "t1", "state": "success", "resultJson": "{}"}), ("t1", 200)),
        (b'{"taskId": "t1", "status": 1, "videoUrl": "https://a/b"}', ("t1", None)),
        (answer(200, {"info": {"resultUrls": [VIDEO]}}), (None, 200)),
        (answer(200, {"taskId": "../x y"}), (None, 200)),
        (b"", (None, None)),
        (b"\xff\xfe{}", (None, None)),
        (b'{"a":' * 100_000, (None, None)),
        (b"[" * 100_000, (None, None)),
        (b'{"code": NaN, "data": {"taskId": Infinity}}', (None, None)),
        (b'{"code": ' + b"9" * 5000 + b"}", (None, None)),
    ],
)
def test_a_callback_tells_at_most_task_and_code(
    content: bytes, knock: tuple[str | None, int | None]
) -> None:
    assert wire.read_callback(content) == wire.Knock(*knock)


NOW = 1_790_000_000.5
KEY = "hmac-key"


def signed(task_id: str, timestamp: str, key: str = KEY) -> str:
    digest = hmac.new(key.encode(), f"{task_id}.{timestamp}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


@pytest.mark.parametrize("seconds", [-299, 0, 299])
def test_a_signature_within_five_minutes_is_genuine(seconds: int) -> None:
    timestamp = str(int(NOW) + seconds)
    assert wire.verify_signature(KEY, "t1", timestamp, signed("t1", timestamp), NOW)


@pytest.mark.parametrize(
    "timestamp",
    [
        str(int(NOW) - 3600),
        str(int(NOW) + 3600),
        str(int(NOW * 1000)),
        "-1790000000",
        "1e300",
        "1.79e9",
        "nan",
        "now",
        "",
        "\N{ARABIC-INDIC DIGIT ONE}790000000",
        "9" * 5000,
        "\ud800",
    ],
)
def test_a_signature_of_another_time_is_refused(timestamp: str) -> None:
    genuine = signed("t1", timestamp.encode("utf-8", "replace").decode())
    assert not wire.verify_signature(KEY, "t1", timestamp, genuine, NOW)


def test_a_signature_of_another_task_or_key_or_none_is_refused() -> None:
    timestamp = str(int(NOW))
    genuine = signed("t1", timestamp)
    assert not wire.verify_signature(KEY, "t2", timestamp, genuine, NOW)
    assert not wire.verify_signature(KEY, "t1", timestamp, signed("t1", timestamp, "other"), NOW)
    assert not wire.verify_signature(KEY, "t1", timestamp, genuine[:-1], NOW)
    assert not wire.verify_signature(KEY, "t1", timestamp, None, NOW)
    assert not wire.verify_signature(KEY, "t1", None, genuine, NOW)
    assert not wire.verify_signature(KEY, None, timestamp, genuine, NOW)


# --- links


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("http://cdn.example/a.mp4?b=c", "https://cdn.example/a.mp4?b=c"),
        ("HTTP://CDN.example:80/a", "https://CDN.example/a"),
        ("http://cdn.example:8080/a", "https://cdn.example:8080/a"),
        ("https://cdn.example/a.mp4", "https://cdn.example/a.mp4"),
        ("http://127.0.0.1:9000/a.mp4", "http://127.0.0.1:9000/a.mp4"),
        ("http://Media.Local/a.mp4", "http://Media.Local/a.mp4"),
        ("http://media.local.example/a", "https://media.local.example/a"),
        ("http://files.example:8080/a", "http://files.example:8080/a"),
        ("http://files.example/a", "https://files.example/a"),
    ],
)
def test_a_link_becomes_https_unless_its_host_is_trusted(url: str, secure: str) -> None:
    trusted = frozenset({"127.0.0.1", "media.local", "files.example:8080"})
    assert wire.secure_url(url, trusted) == secure


# --- anything at all


@given(data=st.data())
def test_every_callback_is_read(data: st.DataObject, answers: SearchStrategy[bytes]) -> None:
    knock = wire.read_callback(data.draw(answers))
    assert knock.task_id is None or knock.task_id.isprintable()


@given(task_id=st.text(), timestamp=st.text(), signature=st.text(), now=st.floats())
def test_no_made_up_signature_is_genuine(
    task_id: str, timestamp: str, signature: str, now: float
) -> None:
    assert not wire.verify_signature(KEY, task_id, timestamp, signature, now)
