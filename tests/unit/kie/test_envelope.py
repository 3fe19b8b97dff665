"""The envelope around KIE's answers, whatever bytes it is made of."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bot.kie.envelope import (
    MAX_LINKS,
    TEXT_CHARS,
    at,
    decode,
    integer,
    line,
    links,
    number,
    parse_envelope,
)

VIDEO = "https://tempfile.aiquickdraw.com/v/one.mp4"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (200, 200),
        ("401", 401),
        (" 422 ", 422),
        (500.0, 500),
        (None, None),
        (True, None),
        ("", None),
        ("4_0", None),
        ("\N{ARABIC-INDIC DIGIT FOUR}00", None),
        (1.5, None),
        ([200], None),
        (10**18, None),
    ],
)
def test_a_code_may_come_as_number_or_text(code: object, expected: int | None) -> None:
    assert parse_envelope(200, json.dumps({"code": code}).encode()).code == expected


@pytest.mark.parametrize(
    ("status", "content", "verdict"),
    [
        (200, b'{"code": 401}', 401),
        (500, b'{"code": 422}', 422),
        (404, b'{"error": "Not Found"}', 404),
        (401, b"<html>", 401),
        (429, b"", 429),
        (404, b"<html>", None),
        (502, b"<html>", None),
        (200, b"<html>", None),
    ],
)
def test_the_code_outweighs_the_status_and_a_page_proves_little(
    status: int, content: bytes, verdict: int | None
) -> None:
    assert parse_envelope(status, content).verdict == verdict


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"5",
        b"[]",
        b'"x"',
        b"<html>",
        b"\xff",
        b'{"code": 200',
        b"[" * 100_000,
        b'{"a": ' * 100_000,
        b'{"code": ' + b"9" * 5000 + b"}",
        b'{"a": "' + b"x" * 2_000_000,
    ],
)
def test_what_is_no_json_object_becomes_the_message(content: bytes) -> None:
    envelope = parse_envelope(200, content)
    assert (envelope.is_json, envelope.code, envelope.data) == (False, None, None)
    assert len(envelope.msg) <= TEXT_CHARS


@pytest.mark.parametrize("name", ["msg", "message", "error"])
def test_the_message_has_several_names(name: str) -> None:
    assert parse_envelope(200, json.dumps({name: "no"}).encode()).msg == "no"


def test_a_json_answer_is_never_taken_for_the_networks_block() -> None:
    assert parse_envelope(403, b"error code: 1010").is_blocked
    assert not parse_envelope(403, b'{"code": 403, "msg": "error code: 1010"}').is_blocked
    assert not parse_envelope(403, b"error code: 10101").is_blocked
    assert not parse_envelope(200, b"error code: 1010").is_blocked


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "[NaN]"])
def test_what_is_no_number_in_json_is_none(text: str) -> None:
    assert decode(text) in (None, [None])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "7", None, 10**400])
def test_what_is_no_finite_number_is_none(value: object) -> None:
    assert number(value) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e300, 10**400, "1e3", "0x1", []])
def test_what_is_no_whole_number_is_none(value: object) -> None:
    assert integer(value) is None


def test_a_path_leads_through_objects_and_json_text() -> None:
    data = {"a": json.dumps({"b": {"c": 7}})}
    assert at(data, ("a", "b", "c")) == 7
    assert at(data, ("a", "x", "c")) is None
    assert at(None, ("a",)) is None


def test_text_becomes_one_printable_line() -> None:
    assert line("a\r\n\tb\x00\x1b[1m\ud800\u202e c") == "a b[1m c"
    assert line(None) == line(["x"]) == ""


def test_only_web_addresses_are_links() -> None:
    bad = ["", "x", "/a", "//a/b", "ftp://a/b", "file:///a", "http://", "http://[", "https://a b"]
    assert links([*bad, VIDEO, 5, None, VIDEO]) == (VIDEO,)
    assert links("http://a.example/\u0000") == ()


def test_the_number_of_links_is_bounded() -> None:
    assert len(links([f"https://a.example/{n}" for n in range(1000)])) == MAX_LINKS


# --- anything at all


@given(data=st.data())
def test_every_envelope_can_be_read(
    data: st.DataObject, statuses: SearchStrategy[int], answers: SearchStrategy[bytes]
) -> None:
    envelope = parse_envelope(data.draw(statuses), data.draw(answers))
    assert envelope.code is None or -(10**18) < envelope.code < 10**18
    assert envelope.msg.isprintable()
    assert len(envelope.msg) <= TEXT_CHARS


@given(data=st.data())
def test_every_value_can_be_looked_at(
    data: st.DataObject, json_values: SearchStrategy[object]
) -> None:
    value = data.draw(json_values)
    whole = integer(value)
    assert whole is None or -(10**18) < whole < 10**18
    assert all(link.startswith(("http://", "https://")) for link in links(value))
    assert at(value, ("data", "taskId")) is None or isinstance(value, dict | str)
