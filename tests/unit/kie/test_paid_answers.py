"""What an answer to a paid request proves: the rule that no video is paid for twice."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bot.errors import (
    ImageNotFetched,
    KieError,
    ModelUnavailable,
    OperatorTrouble,
    OutcomeUnknown,
    Refused,
    TooManyRequests,
    TryLater,
)
from bot.kie import wire

CLOUDFLARE = b"<!DOCTYPE html><title>502 Bad Gateway</title>"


def answer(code: object, data: object = None, msg: str = "success") -> bytes:
    return json.dumps({"code": code, "msg": msg, "data": data}).encode()


@pytest.mark.parametrize(
    ("content", "task_id"),
    [
        (answer(200, {"taskId": "veo_task_abcdef123456"}), "veo_task_abcdef123456"),
        (answer("200", {"task_id": "4f1c"}), "4f1c"),
        (answer(200, {"taskId": 12345}), "12345"),
        (answer(200, '{"taskId": "in-text"}'), "in-text"),
        (b'{"taskId": "flat"}', "flat"),
        (answer(401, {"taskId": "t1"}), "t1"),
        (answer(402, {"taskId": "t1"}), "t1"),
        (answer(404, {"taskId": "t1"}), "t1"),
        (answer(422, {"taskId": "t1"}), "t1"),
        (answer(455, {"taskId": "t1"}), "t1"),
        (answer(500, {"taskId": "t1"}), "t1"),
        (answer(999, {"taskId": "t1"}), "t1"),
    ],
)
def test_a_task_id_in_the_answer_is_the_task(content: bytes, task_id: str) -> None:
    assert wire.judge_create(200, content) == task_id


NOT_MADE = [
    (200, answer(429), TooManyRequests),
    (429, b"<html>slow down</html>", TooManyRequests),
    (429, answer(429, {"taskId": "t1"}), TooManyRequests),
    (200, answer(400, msg="prompt flagged"), Refused),
    (400, answer("400"), Refused),
    (200, answer(451), ImageNotFetched),
    (200, answer(401, msg="You do not have access permissions"), OperatorTrouble),
    (401, answer(401), OperatorTrouble),
    (401, b"Unauthorized", OperatorTrouble),
    (200, answer("401"), OperatorTrouble),
    (200, answer(402), OperatorTrouble),
    (200, answer(433), OperatorTrouble),
    (403, b"error code: 1010", OperatorTrouble),
    (403, b"<html><h1>Error 1010</h1>Access denied</html>", OperatorTrouble),
    (200, answer(404), Refused),
    (404, b'{"timestamp": 1, "status": 404, "error": "Not Found"}', Refused),
    (200, answer(422, msg="Invalid model"), Refused),
    (200, answer(422, {"taskId": ""}, msg="Ratio error"), Refused),
    (200, answer(455), ModelUnavailable),
    (200, answer(505), ModelUnavailable),
]


@pytest.mark.parametrize(("status", "content", "error"), NOT_MADE)
def test_an_answer_that_proves_that_nothing_was_made(
    status: int, content: bytes, error: type[KieError]
) -> None:
    with pytest.raises(KieError) as caught:
        wire.judge_create(status, content)
    assert type(caught.value) is error


UNKNOWN = [
    (200, answer(200)),
    (200, answer(200, {"taskId": None})),
    (200, answer(200, {"taskId": ""})),
    (200, answer(200, {"taskId": True})),
    (200, answer(200, {"taskId": ["t1"]})),
    (200, answer(200, {"taskId": "x" * 10_000})),
    (200, answer(200, {"taskId": "a b"})),
    (200, answer(200, {"taskId": "a\nb"})),
    (200, answer(200, {"taskId": "a\x00b"})),
    (200, answer(200, {"taskId": "\ud800"})),
    (200, answer(200, {"taskId": 10**4000})),
    (200, answer(500, msg="Internal Error")),
    (200, answer(501)),
    (200, answer(408)),
    (500, answer(500)),
    (200, answer(403)),
    (200, answer(777)),
    (200, b""),
    (200, b"{}"),
    (200, b"[]"),
    (200, b"null"),
    (200, CLOUDFLARE),
    (502, CLOUDFLARE),
    (503, b""),
    (524, b"error code: 524"),
    (404, CLOUDFLARE),
    (403, b"Forbidden"),
    (302, b""),
    (200, b'{"code":200,"msg":"success","data":{"taskId":"veo_ta'),
    (200, b'{"a":' * 100_000),
    (200, b'{"code": 4e999}'),
    (200, b'{"code": NaN}'),
]


@pytest.mark.parametrize(("status", "content"), UNKNOWN)
def test_an_answer_that_leaves_open_whether_a_video_is_made(status: int, content: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        wire.judge_create(status, content)


def test_the_error_tells_kies_code_and_words_in_one_short_line() -> None:
    with pytest.raises(Refused) as caught:
        wire.judge_create(200, answer(422, msg="Ratio\r\n\x1b[31m error " + "x" * 5000))
    assert caught.value.code == 422
    assert caught.value.text.startswith("Ratio [31m error xxx")
    assert len(caught.value.text) <= 300


@given(data=st.data())
def test_every_answer_is_a_task_or_a_kie_error(
    data: st.DataObject, statuses: SearchStrategy[int], answers: SearchStrategy[bytes]
) -> None:
    try:
        task_id = wire.judge_create(data.draw(statuses), data.draw(answers))
    except KieError as error:
        assert type(error) is not TryLater  # noqa: PT017 - any of the others will do
        return
    assert task_id.isprintable()
    assert 0 < len(task_id) <= 200
