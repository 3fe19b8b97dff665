"""Results in records: where a link counts, and where it does not."""

import json
from collections.abc import Mapping

import pytest

from bot.kie.envelope import parse_envelope
from bot.kie.records import Record, RecordStatus, read_record
from bot.models import Dialect, Kind

VIDEO = "https://tempfile.aiquickdraw.com/v/one.mp4"
PART = "https://tempfile.aiquickdraw.com/v/part.mp4"
ORIGINAL = "https://tempfile.aiquickdraw.com/v/original.mp4"
PHOTO = "https://kieai.redpandaai.co/photo.jpg"


def read(data: object, *, dialect: Dialect = Dialect.VEO, kind: Kind = Kind.GENERATE) -> Record:
    content = json.dumps({"code": 200, "msg": "success", "data": data}).encode()
    return read_record(parse_envelope(200, content), dialect, kind)


@pytest.mark.parametrize(
    "data",
    [
        {"response": {"resultUrls": [VIDEO]}},
        {"response": {"resultUrls": VIDEO}},
        {"response": {"resultUrls": json.dumps([VIDEO])}},
        {"response": {"resultUrls": json.dumps(VIDEO)}},
        {"response": json.dumps({"resultUrls": [VIDEO]})},
        {"response": {"resultUrls": [VIDEO], "originUrls": [ORIGINAL]}},
        {"response": {"resultUrls": [], "originUrls": [VIDEO]}},
        {"response": {"resultUrls": None, "originUrls": [VIDEO]}},
        {"response": None, "info": {"resultUrls": [VIDEO], "originUrls": [ORIGINAL]}},
        {"info": {"resultUrls": json.dumps([VIDEO])}},
        {"resultJson": json.dumps({"resultUrls": [VIDEO]})},
        {"resultJson": {"resultUrls": [VIDEO]}},
        {"resultUrls": [VIDEO]},
        {"resultUrls": json.dumps([VIDEO]), "originUrls": [ORIGINAL]},
        {"resultUrl": VIDEO},
        {"videoUrl": VIDEO},
        {"originUrls": [VIDEO]},
        {"response": {"resultUrls": ["", None, 5, "ftp://a/b", VIDEO, f" {VIDEO} ", VIDEO]}},
    ],
)
def test_the_video_is_found_in_every_form(data: Mapping[str, object]) -> None:
    assert read({"successFlag": 1, **data}).urls == (VIDEO,)


def test_several_videos_keep_their_order_and_their_number_is_bounded() -> None:
    links = [f"https://a.example/{number}.mp4" for number in range(1000)]
    urls = read({"successFlag": 1, "response": {"resultUrls": links}}).urls
    assert urls == tuple(links[: len(urls)])
    assert 2 <= len(urls) <= 100


@pytest.mark.parametrize(
    "data",
    [
        {"response": {"fullResultUrls": [VIDEO], "resultUrls": [PART]}},
        {"response": {"fullResultUrls": json.dumps([VIDEO]), "resultUrls": [PART]}},
        {"response": {"fullResultUrls": [], "resultUrls": [VIDEO]}},
    ],
)
def test_an_extension_is_the_whole_film_where_there_is_one(data: Mapping[str, object]) -> None:
    assert read({"successFlag": 1, **data}, kind=Kind.EXTEND).urls == (VIDEO,)


def test_a_generated_video_is_not_taken_from_the_whole_film() -> None:
    data = {"successFlag": 1, "response": {"fullResultUrls": [PART], "resultUrls": [VIDEO]}}
    assert read(data).urls == (VIDEO,)


@pytest.mark.parametrize(
    "result",
    [
        {"data": {"result_urls": [VIDEO], "origin_urls": [ORIGINAL]}},
        {"resultUrls": [VIDEO]},
    ],
)
@pytest.mark.parametrize("as_text", [True, False])
def test_an_upgrade_of_the_dialect_market_is_in_its_result(
    result: Mapping[str, object], *, as_text: bool
) -> None:
    data = {"state": "success", "resultJson": json.dumps(result) if as_text else result}
    assert read(data, dialect=Dialect.MARKET, kind=Kind.UPGRADE_4K).urls == (VIDEO,)


@pytest.mark.parametrize(
    "data",
    [
        {"resultJson": json.dumps({"data": {"result_urls": [], "origin_urls": [ORIGINAL]}})},
        {"response": {"originUrls": [ORIGINAL]}},
    ],
)
@pytest.mark.parametrize("kind", [Kind.UPGRADE_1080P, Kind.UPGRADE_4K])
def test_the_video_that_was_upgraded_is_not_the_upgrade(
    data: Mapping[str, object], kind: Kind
) -> None:
    record = read({"state": "success", **data}, dialect=Dialect.MARKET, kind=kind)
    assert (record.status, record.urls) == (RecordStatus.SUCCESS, ())


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"response": None},
        {"response": "no json"},
        {"response": {"resultUrls": "no link"}},
        {"response": {"resultUrls": {"0": VIDEO}}},
        {"response": {"resultUrls": ["https://", "http://[", "//a/b", "javascript:1", "a b"]}},
        {"response": {"resultUrls": ["https://a.example/\n", "https://a.example/\x00", "\ud800"]}},
        {"response": [VIDEO]},
        {"imageUrls": [PHOTO], "param": json.dumps({"input": {"image_urls": [PHOTO]}})},
        {"paramJson": json.dumps({"imageUrls": [PHOTO], "resultUrl": PHOTO})},
        {"resultJson": "[" * 100_000},
    ],
)
def test_success_without_a_usable_link_is_success_without_links(
    data: Mapping[str, object],
) -> None:
    record = read({"successFlag": 1, **data})
    assert record.status is RecordStatus.SUCCESS
    assert [url for url in record.urls if url != "https://a.example/"] == []


def test_links_of_a_pending_or_failed_task_are_not_its_result() -> None:
    for flag in (0, 3):
        assert read({"successFlag": flag, "response": {"resultUrls": [VIDEO]}}).urls == ()


def test_the_documented_record_is_read_whole() -> None:
    data = {
        "taskId": "veo_task_abcdef123456",
        "paramJson": json.dumps({"prompt": "cat", "imageUrls": [PHOTO]}),
        "completeTime": "2025-06-06 10:30:00",
        "createTime": 1749205500000,
        "response": {
            "taskId": "veo_task_abcdef123456",
            "resultUrls": [VIDEO],
            "originUrls": [ORIGINAL],
            "resolution": "720p",
            "hasAudioList": [True],
            "seeds": [54321],
        },
        "successFlag": 1,
        "errorCode": None,
        "errorMessage": "",
        "fallbackFlag": False,
    }
    assert read(data) == Record(RecordStatus.SUCCESS, (VIDEO,))


@pytest.mark.parametrize(
    ("flag", "fallback"),
    [(True, True), ("true", True), (1, True), (False, False), (None, False), ("no", False)],
)
def test_a_fallback_video_is_known_as_such(flag: object, *, fallback: bool) -> None:
    assert read({"successFlag": 1, "fallbackFlag": flag}).fallback is fallback
