import io
import json
import logging
import re
import warnings
from collections.abc import Iterator
from urllib.parse import quote

import pytest
import structlog
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot.log import Redactor, one_line, setup

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
TAIL = TOKEN.split(":")[1]
KIE_KEY = "9f8e7d6c5b4a3928"
ODD_KEY = "slash/and+plus=(*)"
SECRETS = (TOKEN, KIE_KEY, ODD_KEY)


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in root.manager.loggerDict}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, former in levels.items():
        logging.getLogger(name).setLevel(former)
    logging.captureWarnings(False)
    structlog.reset_defaults()


class Sink(io.StringIO):
    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


@pytest.fixture(params=["text", "json"])
def sink(request: pytest.FixtureRequest) -> Sink:
    sink = Sink()
    setup("DEBUG", request.param, SECRETS, stream=sink)
    return sink


def test_a_text_line_holds_time_level_logger_message_and_values() -> None:
    sink = Sink()
    setup("INFO", "text", stream=sink)
    structlog.get_logger("bot.jobs.worker").info("made", job=7, ref="a b", state="done")
    (line,) = sink.lines
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT[\d:.]+Z INFO    bot\.jobs\.worker made job=7 ref='a b' state=done", line
    )


def test_a_json_line_holds_the_same_as_fields() -> None:
    sink = Sink()
    setup("INFO", "json", stream=sink)
    structlog.get_logger("bot.jobs.worker").info("made", job=7)
    record = json.loads(sink.getvalue())
    record.pop("timestamp")
    assert record == {"event": "made", "level": "info", "logger": "bot.jobs.worker", "job": 7}


def test_stdlib_records_and_their_extras_look_the_same(sink: Sink) -> None:
    logging.getLogger("telegram").warning("slow %s", "call", extra={"chat": -5})
    (line,) = sink.lines
    assert "telegram" in line
    assert "slow call" in line
    assert re.search(r'chat"?[=:] ?-5', line)


def test_context_bound_elsewhere_is_part_of_the_line(sink: Sink) -> None:
    with structlog.contextvars.bound_contextvars(update_id=31):
        structlog.get_logger("bot").info("handled")
    assert "31" in sink.getvalue()


def test_records_below_the_level_are_dropped() -> None:
    sink = Sink()
    setup("WARNING", "text", stream=sink)
    logging.getLogger("bot").info("quiet")
    structlog.get_logger("bot").info("quiet")
    assert sink.lines == []


def test_without_a_stream_lines_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    setup("INFO", "text")
    logging.getLogger("bot").info("hello")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("hello\n")


def _refuse(text: str) -> None:
    raise ConnectionError(text)


def _fail_with(text: str) -> None:
    try:
        _refuse(text)
    except ConnectionError as error:
        raise RuntimeError("outer") from error


@pytest.mark.parametrize(
    "leak",
    [
        f"https://api.telegram.org/bot{TOKEN}/getMe",
        f"https://api.telegram.org/file/bot{quote(TOKEN)}/photos/file_1.jpg",
        f"https://api.telegram.org/file/bot{quote(TOKEN, safe='').lower()}/a",
        f"the tail alone: {TAIL}",
        f"bytes: {TOKEN.encode()!r}",
        f"{{'Authorization': 'Bearer {KIE_KEY}'}}",
        f"key {KIE_KEY.upper()}",
        f"opaque {ODD_KEY} and {ODD_KEY!r} and {quote(ODD_KEY, safe='')}",
    ],
)
@pytest.mark.parametrize("way", ["message", "argument", "value", "nested", "exception", "stack"])
def test_no_way_into_the_log_shows_a_registered_secret(sink: Sink, leak: str, way: str) -> None:
    log, stdlib = structlog.get_logger("bot"), logging.getLogger("bot")
    match way:
        case "message":
            log.info(leak)
        case "argument":
            stdlib.info("called %s", leak)
        case "value":
            log.info("called", url=leak)
        case "nested":
            stdlib.info("called", extra={"request": {"headers": [leak, leak.encode()]}})
        case "exception":
            try:
                _fail_with(leak)
            except RuntimeError:
                stdlib.exception("failed")
        case _:
            stdlib.info("called", extra={leak: leak}, stack_info=True)
    shown = sink.getvalue().lower()
    assert "***" in shown
    for secret in (TAIL, KIE_KEY, ODD_KEY, quote(ODD_KEY, safe="")):
        assert secret.lower() not in shown
    assert len(sink.lines) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /bot1:ABCdef/getMe", "GET /bot1:***/getMe"),
        ("GET /bot1%3aABCdef/getMe", "GET /bot1%3a***/getMe"),
        ("bearer abc.def, next", "bearer ***, next"),
        ('{"Authorization": "Bearer abc"}', '{"Authorization": "Bearer ***"}'),
        ("'secret_token': 'abc', 'url'", "'secret_token': '***', 'url'"),
        ("X-Telegram-Bot-Api-Secret-Token: abc", "X-Telegram-Bot-Api-Secret-Token: ***"),
        ("POST /callback/0123456789abcdefXYZ_- 200", "POST /callback/*** 200"),
        (
            "https://b.example/veo/callback/0123456789abcdef?x",
            "https://b.example/veo/callback/***?x",
        ),
        ("GET /photos/0123456789abcdef.jpg", "GET /photos/***"),
        ("GET /callback/short", "GET /callback/short"),
        ("GET /bots/list", "GET /bots/list"),
    ],
)
def test_what_looks_like_a_secret_is_struck_out_without_being_registered(
    text: str, shown: str
) -> None:
    assert Redactor()(text) == shown


def test_json_lines_stay_json_where_a_pattern_struck() -> None:
    sink = Sink()
    setup("INFO", "json", stream=sink)
    logging.getLogger("bot").info('{"Authorization": "Bearer abc", "secret_token": "def"}')
    event = json.loads(sink.getvalue())["event"]
    assert json.loads(event) == {"Authorization": "Bearer ***", "secret_token": "***"}


def test_a_secret_learnt_later_is_struck_out_from_then_on() -> None:
    sink = Sink()
    redact = setup("INFO", "text", stream=sink)
    redact.add("claim-code-4711")
    logging.getLogger("bot").info("link ?start=claim-code-4711")
    assert sink.getvalue().endswith("link ?start=***\n")


def test_very_short_strings_are_not_taken_for_secrets() -> None:
    assert Redactor(["1:job", "", "bot"])("bot made job 1") == "bot made job 1"


def test_a_record_is_one_line_whatever_it_holds(sink: Sink) -> None:
    prompt = "two\nlines\r\x1b[31mred\x00\x85\u2028\u202eevil\ud800"
    structlog.get_logger("bot").info("asked", prompt=prompt)
    logging.getLogger("bot").info(prompt)
    assert len(sink.lines) == 2
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800]", sink.getvalue())


def test_unprintable_characters_become_escapes_and_others_stay() -> None:
    assert one_line("a\nb\t\x1b\x7f ü 🎬") == r"a\nb\t\x1b\x7f ü 🎬"


def test_a_page_instead_of_json_is_raised_and_not_told_with_a_traceback_as_well(
    sink: Sink,
) -> None:
    with pytest.raises(TelegramError, match="Invalid server response"):
        HTTPXRequest.parse_json_payload(b"<html>502 Bad Gateway</html>")
    assert sink.lines == []


@pytest.mark.parametrize("name", ["httpx", "httpcore.connection", "aiosqlite"])
def test_libraries_that_log_secrets_are_quiet_even_at_debug(sink: Sink, name: str) -> None:
    logging.getLogger(name).debug("everything")
    logging.getLogger(name).info("everything")
    assert sink.lines == []
    logging.getLogger(name).warning("trouble")
    assert len(sink.lines) == 1


@pytest.mark.parametrize("name", ["uvicorn.error", "uvicorn.access"])
def test_uvicorn_writes_through_the_same_handler_only(name: str) -> None:
    own, sink = Sink(), Sink()
    logging.getLogger(name).addHandler(logging.StreamHandler(own))
    logging.getLogger(name).setLevel(logging.ERROR)
    setup("INFO", "text", [TOKEN], stream=sink)
    logging.getLogger(name).info("GET /bot%s", TOKEN)
    assert own.getvalue() == ""
    assert sink.getvalue().endswith("GET /bot***\n")


def test_warnings_are_logged_and_redacted() -> None:
    sink = Sink()
    setup("INFO", "text", [TOKEN], stream=sink)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn(f"deprecated for {TOKEN}", UserWarning, stacklevel=1)
    assert "deprecated for ***" in sink.getvalue()


def test_a_malformed_call_is_told_by_its_place_without_its_arguments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sink = Sink()
    setup("INFO", "text", stream=sink)
    logging.getLogger("bot").info("%d jobs", TOKEN)
    assert "could not be written" in sink.getvalue()
    assert __file__ in sink.getvalue()
    assert TAIL not in sink.getvalue() + capsys.readouterr().err


def test_a_broken_stream_does_not_stop_the_caller() -> None:
    sink = Sink()
    setup("INFO", "text", stream=sink)
    sink.close()
    logging.getLogger("bot").info("into the void")
    assert sink.closed


def test_setting_up_again_replaces_the_first(sink: Sink) -> None:
    second = Sink()
    setup("INFO", "text", stream=second)
    logging.getLogger("bot").info("once")
    assert (len(sink.lines), len(second.lines)) == (0, 1)


def test_an_empty_record_is_written_like_any_other(sink: Sink) -> None:
    structlog.get_logger("bot").info()
    assert "could not be written" not in sink.getvalue()
    assert len(sink.lines) == 1
