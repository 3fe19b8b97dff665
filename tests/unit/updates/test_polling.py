"""Polling over real HTTP and over scripted answers: what is waited out, what ends the process."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from bot.errors import ConfigurationError, StorageError
from bot.updates.inbox import Inbox, reader
from bot.updates.lanes import Lanes
from bot.updates.polling import (
    HEAD_START_SECONDS,
    Poller,
    PollingDead,
    SecondPoller,
    TokenRefused,
    Watchdog,
    raw_get_updates,
)
from bot.web.server import Health, WebServer, build
from storage.database import Database

TOKEN = "42:made-up"

# The framework warns at every 429 that the type of retry_after will change.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*attribute `retry_after`:telegram.warnings.PTBDeprecationWarning"
)


def message(update_id: int, **fields: object) -> dict[str, Any]:
    chat = {"id": 1, "type": "private", "first_name": "A"}
    return {
        "update_id": update_id,
        "message": {"message_id": update_id, "date": 1, "chat": chat, "text": "hi", **fields},
    }


class Over(Exception):
    """The script has ended."""


class Script:
    """Answers to getUpdates, one after the other; errors are raised. Also clock, sleep, inbox."""

    def __init__(self, *answers: Sequence[object] | Exception) -> None:
        self.answers = list(answers)
        self.offsets: list[int | None] = []
        self.slept: list[float] = []
        self.stored: list[object] = []
        self.refusals: list[Exception] = []
        self.now = 0.0
        self.watchdog = Watchdog(self.clock, self.sleep, limit_seconds=100)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    async def fetch(self, offset: int | None) -> Sequence[object]:
        self.offsets.append(offset)
        if not self.answers:
            raise Over
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def put(self, raws: Iterable[object]) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.stored.extend(raws)

    async def run(self) -> None:
        poller = Poller(self.fetch, self, self.watchdog, self.clock, self.sleep)
        with pytest.raises(Over):
            await poller.run()


async def test_the_offset_moves_behind_what_was_committed() -> None:
    script = Script([message(5), message(6)], [], [message(9)])
    await script.run()
    assert script.offsets == [None, 7, 7, 10]
    assert len(script.stored) == 3
    assert script.slept == [HEAD_START_SECONDS, HEAD_START_SECONDS]


async def test_what_could_not_be_committed_is_not_acknowledged() -> None:
    script = Script([message(5)], [message(5)], [])
    script.refusals = [StorageError("The disk is full.")]
    await script.run()
    assert script.offsets == [None, None, 6, 6]
    assert script.stored == [message(5)]


async def test_junk_beside_updates_is_acknowledged_with_them() -> None:
    script = Script(["junk", message(5), {"update_id": 6, "message": 1}, {"update_id": "x"}])
    await script.run()
    assert script.offsets == [None, 7]


async def test_updates_that_cannot_be_acknowledged_make_no_hot_loop() -> None:
    junk: Sequence[object] = [{"update_id": "x"}]
    script = Script(junk, junk, junk, junk)
    await script.run()
    assert script.slept == [1, 2, 4, 8]


async def test_network_troubles_are_waited_out_ever_longer_up_to_a_bound() -> None:
    script = Script(*[NetworkError("gone")] * 4, TimedOut(), TelegramError("html"), [], TimedOut())
    await script.run()
    assert script.slept == [1, 2, 4, 8, 16, 30, 1]


async def test_a_flood_limit_is_respected_but_not_for_ever() -> None:
    script = Script(RetryAfter(7), RetryAfter(100_000))
    await script.run()
    assert script.slept == [7, 60]


async def test_a_refused_token_ends_polling_with_a_sentence_about_the_setting() -> None:
    script = Script(InvalidToken("Unauthorized"))
    poller = Poller(script.fetch, script, script.watchdog, script.clock, script.sleep)
    with pytest.raises(TokenRefused, match="TELEGRAM_TOKEN") as caught:
        await poller.run()
    assert isinstance(caught.value, ConfigurationError)


async def test_a_conflict_that_ends_is_waited_out(caplog: pytest.LogCaptureFixture) -> None:
    script = Script(*[Conflict("terminated by other getUpdates request")] * 5, [message(1)], [])
    await script.run()
    assert script.stored == [message(1)]
    assert "Conflict" in caplog.text


async def test_a_conflict_that_lasts_ends_polling_with_a_sentence() -> None:
    script = Script(*[Conflict("terminated by other getUpdates request")] * 50)
    poller = Poller(
        script.fetch, script, script.watchdog, script.clock, script.sleep, conflict_seconds=60
    )
    with pytest.raises(SecondPoller, match="same bot token"):
        await poller.run()
    assert 60 <= script.now <= 100


async def test_conflicts_between_which_updates_came_do_not_add_up() -> None:
    conflict = Conflict("terminated by other getUpdates request")
    round_: list[Sequence[object] | Exception] = [conflict, conflict, conflict, []]
    script = Script(*round_ * 40)
    await script.run()
    assert script.now > 200


async def test_the_watchdog_ends_the_process_after_too_long_a_silence() -> None:
    script = Script()
    with pytest.raises(PollingDead, match="100 seconds"):
        await script.watchdog.watch()


async def test_the_watchdog_counts_from_the_last_answer() -> None:
    script = Script([], NetworkError("gone"), [message(1)], NetworkError("gone"))
    script.now = 50.0
    await script.run()
    assert script.watchdog.age == pytest.approx(HEAD_START_SECONDS + 1)
    with pytest.raises(PollingDead):
        await script.watchdog.watch()
    assert script.now == 50.0 + 1 + 100


async def test_a_full_disk_is_waited_out_and_not_taken_for_dead_polling() -> None:
    """A restart would not help, and lose the paid tasks that wait in memory to be stored."""
    script = Script([message(5)])
    script.refusals = [StorageError("The disk is full.")]
    script.now = 50.0
    await script.run()
    assert script.watchdog.age == 1.0


# --- over HTTP


class Telegram:
    """A Bot API on loopback: answers of getUpdates by script, then nothing new."""

    def __init__(self, *answers: Response) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, str]] = []
        self.idle = asyncio.Event()
        self.url = ""

    async def get_updates(self, request: Request) -> Response:
        async with request.form() as form:
            self.asked.append({name: str(value) for name, value in form.items()})
        if self.answers:
            return self.answers.pop(0)
        self.idle.set()
        await asyncio.sleep(0.01)
        return ok([])

    async def get_me(self, _request: Request) -> Response:
        return ok({"id": 42, "is_bot": True, "first_name": "V", "username": "v_bot"})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Bot]:
        async def health() -> Health:
            return Health()

        path = f"/bot{TOKEN}"
        routes = [
            Route(f"{path}/getUpdates", self.get_updates, methods=["POST"]),
            Route(f"{path}/getMe", self.get_me, methods=["POST"]),
        ]
        server = WebServer(build(health, routes), "127.0.0.1", 0)
        await server.start()
        self.url = f"http://127.0.0.1:{server.port}/bot"
        try:
            async with Bot(TOKEN, base_url=self.url) as bot:
                yield bot
        finally:
            await server.stop()


def ok(result: object) -> Response:
    return Response(json.dumps({"ok": True, "result": result}), media_type="application/json")


def refused(code: int, description: str, **parameters: int) -> Response:
    body = {"ok": False, "error_code": code, "description": description}
    return JSONResponse(body | ({"parameters": parameters} if parameters else {}), code)


async def test_raw_updates_come_as_they_are_and_are_asked_for_by_kind() -> None:
    strange = {"update_id": 5, "message": "not a message", "text": "\ud800"}
    telegram = Telegram(ok([strange, "junk"]))
    async with telegram.serving() as bot:
        assert await raw_get_updates(bot, None, 30, ("message", "callback_query")) == [
            strange,
            "junk",
        ]
        await raw_get_updates(bot, 6, 30, ("message",))
    assert telegram.asked == [
        {"timeout": "30", "allowed_updates": '["message", "callback_query"]'},
        {"offset": "6", "timeout": "30", "allowed_updates": '["message"]'},
    ]


async def test_the_call_fits_the_bot_api() -> None:
    schema = json.loads((Path(__file__).parents[2] / "data/botapi-10.1.json").read_text())
    telegram = Telegram(ok([]))
    async with telegram.serving() as bot:
        await raw_get_updates(bot, 1, 30, ("message", "edited_message", "callback_query"))
    known = {field["name"] for field in schema["methods"]["getUpdates"]["fields"]}
    kinds = {field["name"] for field in schema["types"]["Update"]["fields"]}
    assert telegram.asked[0].keys() <= known
    assert set(json.loads(telegram.asked[0]["allowed_updates"])) <= kinds


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refused(401, "Unauthorized"), InvalidToken),
        (refused(404, "Not Found"), InvalidToken),
        (refused(409, "Conflict: terminated by other getUpdates request"), Conflict),
        (refused(502, "Bad Gateway"), NetworkError),
        (Response("<html>", 502), NetworkError),
        (Response("<html>"), TelegramError),
        (Response("[]", 500), NetworkError),
        (Response("[]"), NetworkError),
        (Response("{}"), NetworkError),
        (Response("[" * 100_000), NetworkError),
        (ok({"not": "a list"}), NetworkError),
    ],
)
async def test_every_kind_of_refusal_is_an_error_of_the_framework(
    answer: Response, error: type[TelegramError]
) -> None:
    async with Telegram(answer).serving() as bot:
        with pytest.raises(TelegramError) as caught:
            await raw_get_updates(bot, None, 0, ())
    assert type(caught.value) is error


async def test_a_server_that_went_away_is_a_network_error() -> None:
    telegram = Telegram()
    async with telegram.serving():
        pass
    bot = Bot(TOKEN, base_url=telegram.url)
    with pytest.raises(NetworkError):
        await raw_get_updates(bot, None, 0, ())
    await bot.request.shutdown()


async def test_one_bad_update_stops_neither_polling_nor_the_application(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    telegram = Telegram(
        ok([message(1, text="one")]),
        ok([{"update_id": 2, "message": {"chat": "?"}}, "junk", message(3, text="three")]),
        refused(502, "Bad Gateway"),
        ok([message(3, text="three"), message(4, text="four")]),
    )
    texts: list[str] = []

    async def on_text(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        texts.append(update.message.text or "" if update.message else "")

    database = await Database.open(tmp_path / "veogram.sqlite3")
    async with telegram.serving():
        app = Application.builder().token(TOKEN).base_url(telegram.url).updater(None).build()
        app.add_handler(MessageHandler(filters.TEXT, on_text))
        async with app:
            await _poll_until_idle(telegram, app, database)
    await database.close()
    assert texts == ["one", "three", "four"]
    assert "update 2 of lane 0 failed" in caplog.text
    assert telegram.asked[-1]["offset"] == "5"


async def _poll_until_idle(
    telegram: Telegram, app: Application[Any, Any, Any, Any, Any, Any], database: Database
) -> None:
    script = Script()
    lanes = Lanes(reader(app.bot, app.process_update), limit=4)
    inbox = Inbox(database, lanes, script.clock, asyncio.sleep)
    await inbox.recover()

    async def fetch(offset: int | None) -> Sequence[object]:
        return await raw_get_updates(app.bot, offset, 0, ("message",))

    poller = Poller(fetch, inbox, script.watchdog, script.clock, script.sleep)
    polling = asyncio.create_task(poller.run())
    await telegram.idle.wait()
    await lanes.settle()
    polling.cancel()
    await asyncio.wait({polling})
    await lanes.drain(timeout_seconds=1)
    await inbox.close()
