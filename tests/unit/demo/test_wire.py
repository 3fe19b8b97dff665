"""What is shown of the wire says how every call ended, and nothing secret."""

from dataclasses import replace

import pytest

from bot.demo.kie_callbacks import Knock
from bot.demo.kie_wire import Exchange
from bot.demo.telegram_http import Call, Sent
from bot.demo.wire import HIDDEN, LINES_SHOWN, Masks, Outcome, Wire

TOKEN = "7000000001:made-up"
OWN = "http://127.0.0.1:8080"
MASKS = Masks([TOKEN, "key-at-kie"], OWN)
SENT = Call(
    2.0, "sendMessage", {"chat_id": 1, "text": "a  boat\n"}, answer={"ok": True, "result": {}}
)
READ = Exchange(
    at=3.0,
    method="GET",
    path="/api/v1/veo/record-info",
    params={"taskId": "x"},
    headers={"user-agent": "Veogram"},
    authorised=True,
    json={},
    status=200,
    answer={"code": 200, "msg": "success", "data": None},
)
KNOCK = Knock(4.0, "x", f"{OWN}/callbacks/{'t' * 32}", {"code": 200}, 200)


def wire(*entries: Call | Exchange | Knock) -> Wire:
    return Wire(
        [entry for entry in entries if isinstance(entry, Call)],
        [entry for entry in entries if isinstance(entry, Exchange)],
        [entry for entry in entries if isinstance(entry, Knock)],
        MASKS,
    )


@pytest.mark.parametrize(
    ("entry", "outcome", "note"),
    [
        (SENT, Outcome.OK, "a boat"),
        (replace(SENT, answer=None), Outcome.WAITING, "a boat"),
        (replace(SENT, answer=None, lost="502 Bad Gateway"), Outcome.LOST, "502 Bad Gateway"),
        (replace(SENT, strange=("no such thing",)), Outcome.STRANGE, "not emulated: no such thing"),
        (
            replace(SENT, answer={"ok": False, "description": "Forbidden: no"}),
            Outcome.REFUSED,
            "Forbidden: no",
        ),
        (READ, Outcome.OK, "200 success"),
        (replace(READ, answer={"code": 402, "msg": "none"}), Outcome.REFUSED, "402 none"),
        (replace(READ, answer=None, status=502), Outcome.REFUSED, "HTTP 502"),
        (replace(READ, answer=None, status=404), Outcome.STRANGE, "HTTP 404"),
        (replace(READ, answer=None, status=404, path="/files/x"), Outcome.REFUSED, "HTTP 404"),
        (replace(READ, answer=None, status=0), Outcome.LOST, "the connection broke, no answer"),
        (KNOCK, Outcome.OK, "HTTP 200"),
        (replace(KNOCK, status=404), Outcome.REFUSED, "HTTP 404"),
        (replace(KNOCK, status=None), Outcome.LOST, "nobody answered"),
    ],
)
def test_a_line_says_how_its_call_ended(
    entry: Call | Exchange | Knock, outcome: Outcome, note: str
) -> None:
    (line,) = wire(entry).lines()
    assert (line.outcome, line.note) == (outcome, note)


def test_lines_stand_in_the_order_of_time_and_name_who_calls_whom() -> None:
    itself = replace(READ, at=1.0, headers={"user-agent": "kie-image-fetcher/1.0"})
    assert [line.way for line in wire(SENT, READ, KNOCK, itself).lines()] == [
        "KIE → KIE",
        "bot → Telegram",
        "bot → KIE",
        "KIE → bot",
    ]


def test_polls_that_bring_nothing_are_quiet_and_push_nothing_else_out() -> None:
    update = {"update_id": 7, "message": {}}
    empty = Call(1.0, "getUpdates", {}, answer={"ok": True, "result": []})
    full = replace(empty, answer={"ok": True, "result": [update]})
    lines = wire(full, SENT, *[empty] * LINES_SHOWN, replace(empty, answer=None)).lines()

    assert [(line.title, line.note) for line in lines if not line.quiet] == [
        ("getUpdates", "message"),
        ("sendMessage", "a boat"),
    ]
    assert 0 < sum(line.quiet for line in lines) < LINES_SHOWN


def test_of_many_calls_the_newest_are_shown_under_their_old_names() -> None:
    lines = wire(*[replace(SENT, at=float(at)) for at in range(3 * LINES_SHOWN)]).lines()
    assert len(lines) == LINES_SHOWN
    assert lines[-1].key == f"t{3 * LINES_SHOWN - 1}"


def test_details_hold_what_was_sent_and_answered() -> None:
    call = replace(SENT, files=(Sent("video", "veo.mp4", 12),))
    assert wire(call).details("t0") == {
        "request": {
            "method": "sendMessage",
            "parameters": {"chat_id": 1, "text": "a  boat\n"},
            "files": [{"field": "video", "name": "veo.mp4", "size": 12}],
        },
        "answer": {"ok": True, "result": {}},
    }
    assert wire(READ).details("k0")["request"]["query"] == {"taskId": "x"}


@pytest.mark.parametrize("key", ["", "t", "t1", "t-1", "x0", "k0", "t0x"])
def test_a_call_that_is_not_there_is_not_found(key: str) -> None:
    with pytest.raises(LookupError):
        wire(SENT).details(key)


def test_secrets_are_struck_out_wherever_they_stand() -> None:
    token_url = f"{OWN}/callbacks/{'A-b_9' * 6}"
    shown = MASKS.hide(
        {
            TOKEN: [f"x{TOKEN}y", {"deep": "key-at-kie"}],
            "secret_token": "hook",
            "callBackUrl": token_url,
            "other": "https://elsewhere.example/callbacks/" + "A-b_9" * 6,
            "number": 7,
        }
    )
    assert shown == {
        HIDDEN: [f"x{HIDDEN}y", {"deep": HIDDEN}],
        "secret_token": HIDDEN,
        "callBackUrl": f"{OWN}/callbacks/{HIDDEN}",
        "other": "https://elsewhere.example/callbacks/" + "A-b_9" * 6,
        "number": 7,
    }


def test_the_tokens_in_a_callbacks_address_are_struck_out_of_its_details() -> None:
    assert "tttt" not in repr(wire(KNOCK).details("c0"))
