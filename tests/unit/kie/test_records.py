"""Records of tasks: every form in which KIE was seen to tell about one."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bot.errors import KieError, OperatorTrouble, TooManyRequests, TryLater
from bot.kie.envelope import Envelope, parse_envelope
from bot.kie.records import (
    UPGRADES,
    Record,
    RecordStatus,
    is_passing,
    read_record,
    read_upgrade,
)
from bot.models import Dialect, Kind

VIDEO = "https://tempfile.aiquickdraw.com/v/one.mp4"
PHOTO = "https://kieai.redpandaai.co/photo.jpg"
CLOUDFLARE = b"<!DOCTYPE html><title>502 Bad Gateway</title>"
READERS: Mapping[Kind, Callable[[Envelope], Record]] = MappingProxyType(
    {
        Kind.GENERATE: lambda envelope: read_record(envelope, Dialect.VEO, Kind.GENERATE),
        Kind.UPGRADE_4K: lambda envelope: read_upgrade(envelope, Kind.UPGRADE_4K),
    }
)


def answer(code: object, data: object = None, msg: str = "success") -> bytes:
    return json.dumps({"code": code, "msg": msg, "data": data}).encode()


def read(
    data: object,
    *,
    dialect: Dialect = Dialect.VEO,
    kind: Kind = Kind.GENERATE,
    code: object = 200,
    msg: str = "success",
) -> Record:
    envelope = parse_envelope(200, answer(code, data, msg))
    return read_record(envelope, dialect, kind)


# --- records: status


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"successFlag": 0}, RecordStatus.PENDING),
        ({"successFlag": "0"}, RecordStatus.PENDING),
        ({"successFlag": 1}, RecordStatus.SUCCESS),
        ({"successFlag": "1"}, RecordStatus.SUCCESS),
        ({"successFlag": 1.0}, RecordStatus.SUCCESS),
        ({"successFlag": 2}, RecordStatus.FAILED),
        ({"successFlag": 3}, RecordStatus.FAILED),
        ({"successFlag": "3"}, RecordStatus.FAILED),
        ({"successFlag": -1}, RecordStatus.FAILED),
        ({"successFlag": 0, "status": 1}, RecordStatus.PENDING),
        ({"status": 0}, RecordStatus.PENDING),
        ({"status": 1, "videoUrl": VIDEO}, RecordStatus.SUCCESS),
        ({"status": 2}, RecordStatus.FAILED),
        ({"successFlag": None, "status": 1}, RecordStatus.SUCCESS),
    ],
)
def test_a_flag_of_the_dialect_veo(data: object, status: RecordStatus) -> None:
    assert read(data).status is status


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("waiting", RecordStatus.PENDING),
        ("queuing", RecordStatus.PENDING),
        ("generating", RecordStatus.PENDING),
        ("success", RecordStatus.SUCCESS),
        ("fail", RecordStatus.FAILED),
        ("FAIL", RecordStatus.FAILED),
    ],
)
def test_a_state_of_the_dialect_market(state: str, status: RecordStatus) -> None:
    assert read({"state": state}, dialect=Dialect.MARKET).status is status


@pytest.mark.parametrize("data", [{}, {"successFlag": "soon"}, {"successFlag": [1]}, [], "x", 5])
def test_a_record_that_cannot_be_understood_is_read_again(data: object) -> None:
    with pytest.raises(TryLater):
        read(data)


@pytest.mark.parametrize(
    ("code", "msg", "status"),
    [
        (200, "success", RecordStatus.MISSING),
        (404, "", RecordStatus.MISSING),
        (422, "record is null", RecordStatus.MISSING),
        (422, "", RecordStatus.MISSING),
        (422, "Your request was rejected by Flow(public error minor upload)", RecordStatus.FAILED),
        (400, "Your prompt was flagged by Website as violating", RecordStatus.FAILED),
        (400, "Processing: task still generating", RecordStatus.PENDING),
        (400, "Error while processing: unsafe image upload", RecordStatus.FAILED),
        (451, "", RecordStatus.FAILED),
        (501, "Failed", RecordStatus.FAILED),
    ],
)
def test_without_a_record_the_code_speaks(code: int, msg: str, status: RecordStatus) -> None:
    assert read(None, code=code, msg=msg).status is status


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (200, answer(401), OperatorTrouble),
        (200, answer(402), OperatorTrouble),
        (200, answer("433"), OperatorTrouble),
        (403, b"error code: 1010", OperatorTrouble),
        (200, answer(429), TooManyRequests),
        (429, b"", TooManyRequests),
        (200, answer(408), TryLater),
        (200, answer(455), TryLater),
        (200, answer(505), TryLater),
        (200, answer(500), TryLater),
        (200, CLOUDFLARE, TryLater),
        (502, CLOUDFLARE, TryLater),
        (404, CLOUDFLARE, TryLater),
        (404, b'{"status": 404, "error": "Not Found"}', TryLater),
        (403, b"Forbidden", TryLater),
        (200, b"", TryLater),
        (200, b"{}", TryLater),
        (200, answer(777), TryLater),
    ],
)
@pytest.mark.parametrize("kind", READERS)
def test_a_read_that_tells_nothing_never_ends_a_job(
    status: int, content: bytes, error: type[KieError], kind: Kind
) -> None:
    envelope = parse_envelope(status, content)
    read_it = READERS[kind]
    with pytest.raises(KieError) as caught:
        read_it(envelope)
    assert type(caught.value) is error


# --- records: failures


@pytest.mark.parametrize(
    ("data", "dialect", "code", "text"),
    [
        ({"successFlag": 3, "errorCode": 400, "errorMessage": "no"}, Dialect.VEO, 400, "no"),
        ({"successFlag": 2, "errorCode": "500", "errorMessage": "no"}, Dialect.VEO, 500, "no"),
        ({"successFlag": 3}, Dialect.VEO, None, ""),
        ({"successFlag": 3, "errorCode": "x", "errorMessage": 5}, Dialect.VEO, None, ""),
        ({"state": "fail", "failCode": "422", "failMsg": "no"}, Dialect.MARKET, 422, "no"),
        ({"state": "fail", "failCode": "", "failMsg": None}, Dialect.MARKET, None, ""),
    ],
)
def test_a_failure_tells_its_code_and_text(
    data: object, dialect: Dialect, code: int | None, text: str
) -> None:
    assert read(data, dialect=dialect) == Record(RecordStatus.FAILED, code=code, text=text)


def test_a_failure_told_by_the_envelope_counts_too() -> None:
    record = read({"successFlag": 3}, code=501, msg="Video generation task failed")
    assert (record.code, record.text) == (501, "Video generation task failed")


@pytest.mark.parametrize(
    ("code", "text", "passing"),
    [
        (500, "Internal Error, Please try again later", True),
        (500, "internal error", True),
        (500, "Please try again later.", True),
        (500, "Failed to fetch image, try again later", True),
        (500, "Unable to generate audio. Internal Error", False),
        (500, "flagged as violating content policies, try again later", False),
        (500, "public error minor upload, try again later", False),
        (500, "something else", False),
        (500, "", False),
        (400, "Internal Error, Please try again later", False),
        (422, "Internal Error, Please try again later", False),
        (501, "Internal Error, Please try again later", False),
        (None, "Internal Error, Please try again later", False),
    ],
)
def test_only_kies_own_passing_trouble_is_made_anew(
    code: int | None, text: str, *, passing: bool
) -> None:
    assert is_passing(Record(RecordStatus.FAILED, code=code, text=text)) is passing


@pytest.mark.parametrize("status", [RecordStatus.PENDING, RecordStatus.SUCCESS])
def test_what_has_not_failed_is_not_made_anew(status: RecordStatus) -> None:
    assert not is_passing(Record(status, code=500, text="Internal Error"))


# --- upgrades of the dialect veo


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (Kind.UPGRADE_1080P, answer(200, {"resultUrl": VIDEO})),
        (Kind.UPGRADE_1080P, answer("200", {"resultUrl": VIDEO})),
        (Kind.UPGRADE_4K, answer(200, {"taskId": "t1", "resultUrls": [VIDEO]})),
        (Kind.UPGRADE_4K, answer(200, {"resultUrls": json.dumps([VIDEO]), "imageUrls": [PHOTO]})),
        (
            Kind.UPGRADE_4K,
            answer(422, {"resultUrls": [VIDEO]}, "The video has been generated successfully"),
        ),
    ],
)
def test_an_upgrade_is_there_as_soon_as_its_link_is_whatever_the_code(
    kind: Kind, content: bytes
) -> None:
    record = read_upgrade(parse_envelope(200, content), kind)
    assert record == Record(RecordStatus.SUCCESS, (VIDEO,))


@pytest.mark.parametrize(
    ("kind", "code", "data", "msg", "status"),
    [
        ("1080p", 200, None, "success", "pending"),
        ("1080p", 400, None, "1080P is processing. It should be ready in 1-2 minutes.", "pending"),
        ("1080p", 400, None, "", "pending"),
        ("1080p", 422, None, "Not ready, please check back shortly", "pending"),
        ("1080p", 500, None, "Please check back later", "pending"),
        ("1080p", 400, None, "Fallback videos have no 1080P", "failed"),
        ("1080p", 400, None, "This video is already in 1080P", "failed"),
        ("1080p", 501, None, "", "failed"),
        ("1080p", 404, None, "", "missing"),
        ("1080p", 422, None, "record is null", "missing"),
        ("4k", 200, {"resultUrls": None}, "success", "pending"),
        ("4k", 200, {"resultUrls": []}, "success", "pending"),
        ("4k", 422, None, "4k is processing, please wait", "pending"),
        ("4k", 422, None, "The video has been generated successfully", "pending"),
        ("4k", 422, None, "Ratio error", "failed"),
        ("4k", 500, None, "The 4K version of this video is unavailable, not ready.", "failed"),
    ],
)
def test_how_far_an_upgrade_is(kind: str, code: int, data: object, msg: str, status: str) -> None:
    envelope = parse_envelope(200, answer(code, data, msg))
    record = read_upgrade(envelope, Kind(kind))
    assert (record.status, record.urls) == (RecordStatus(status), ())
    if status == "failed":
        assert (record.code, record.text) == (code, msg)


# --- anything at all


@given(data=st.data(), dialect=st.sampled_from(Dialect), kind=st.sampled_from(Kind))
def test_every_record_is_read_or_put_off(
    data: st.DataObject,
    statuses: SearchStrategy[int],
    answers: SearchStrategy[bytes],
    dialect: Dialect,
    kind: Kind,
) -> None:
    envelope = parse_envelope(data.draw(statuses), data.draw(answers))
    try:
        record = read_record(envelope, dialect, kind)
    except (TryLater, OperatorTrouble):
        return
    assert all(url.startswith(("http://", "https://")) for url in record.urls)
    assert not record.urls or record.status is RecordStatus.SUCCESS


@given(data=st.data(), kind=st.sampled_from(sorted(UPGRADES)))
def test_every_upgrade_is_read_or_put_off(
    data: st.DataObject,
    statuses: SearchStrategy[int],
    answers: SearchStrategy[bytes],
    kind: Kind,
) -> None:
    envelope = parse_envelope(data.draw(statuses), data.draw(answers))
    try:
        record = read_upgrade(envelope, kind)
    except (TryLater, OperatorTrouble):
        return
    assert bool(record.urls) == (record.status is RecordStatus.SUCCESS)
