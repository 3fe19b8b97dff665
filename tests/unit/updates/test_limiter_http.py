"""The limiter under the real framework: ExtBot, HTTP, a Bot API on loopback."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from telegram import Message
from telegram.error import BadRequest, RetryAfter
from telegram.ext import ExtBot

from bot.app import build_telegram
from bot.jobs.service import Service
from bot.media.fetch import trust
from bot.settings import Settings
from bot.updates.limiter import Limiter, Priority
from bot.web.server import Health, WebServer, build

TOKEN = "42:made-up"

# The framework warns at every 429 that the type of retry_after will change.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*attribute `retry_after`:telegram.warnings.PTBDeprecationWarning"
)


def test_an_adjusted_system_clock_prolongs_no_pause_of_the_bot() -> None:
    settings = Settings.load({"TELEGRAM_TOKEN": TOKEN, "KIE_API_KEY": "key"}, env_file=None)
    bot = build_telegram(settings, cast("Service", None), trust()).bot
    assert isinstance(bot, ExtBot)
    assert isinstance(bot.rate_limiter, Limiter)
    assert bot.rate_limiter._clock is time.monotonic


class Telegram:
    """A Bot API that answers any call with a message, or with what ``refusals`` holds."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.refusals: list[Response] = []
        self.now = 1000.0
        self.slept: list[float] = []

    async def call(self, request: Request) -> Response:
        method = str(request.path_params["method"])
        async with request.form() as form:
            data = {name: str(value) for name, value in form.items()}
        if method == "getMe":
            return answer({"id": 42, "is_bot": True, "first_name": "V", "username": "v_bot"})
        self.calls.append((method, data))
        if self.refusals:
            return self.refusals.pop(0)
        chat = {"id": int(data["chat_id"]), "type": "private"}
        return answer({"message_id": 5, "date": 1, "chat": chat, "text": data.get("text", "")})

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[ExtBot[Priority]]:
        async def health() -> Health:
            return Health()

        route = Route(f"/bot{TOKEN}/{{method}}", self.call, methods=["POST"])
        server = WebServer(build(health, [route]), "127.0.0.1", 0)
        await server.start()
        limiter = Limiter(self.clock, self.sleep)
        base_url = f"http://127.0.0.1:{server.port}/bot"
        try:
            async with ExtBot(TOKEN, base_url=base_url, rate_limiter=limiter) as bot:
                yield bot
        finally:
            await server.stop()


def answer(result: object) -> Response:
    return JSONResponse({"ok": True, "result": result})


def flood(seconds: int) -> Response:
    parameters = {"retry_after": seconds}
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests"}
    return JSONResponse({**body, "parameters": parameters}, 429)


async def test_every_priority_reaches_the_limiter_and_not_telegram() -> None:
    telegram = Telegram()
    async with telegram.bot() as bot:
        for chat_id, priority in enumerate(Priority, start=1):
            await bot.send_message(chat_id, "hi", rate_limit_args=priority)
    assert [set(data) for _, data in telegram.calls] == [{"chat_id", "text"}] * 4


async def test_a_429_is_waited_out_and_the_message_sent_again() -> None:
    telegram = Telegram()
    telegram.refusals = [flood(9)]
    async with telegram.bot() as bot:
        sent = await bot.send_message(1, "hi")
    assert isinstance(sent, Message)
    assert len(telegram.calls) == 2
    assert telegram.now >= 1009


async def test_progress_in_a_pause_returns_quietly_and_sends_nothing() -> None:
    telegram = Telegram()
    telegram.refusals = [flood(300)]
    async with telegram.bot() as bot:
        with pytest.raises(RetryAfter):
            await bot.send_message(1, "hi")
        edited = await bot.edit_message_text("50 %", 1, 5, rate_limit_args=Priority.PROGRESS)
        await bot.send_chat_action(1, "upload_video")
    assert edited is True
    assert len(telegram.calls) == 1


async def test_a_coalesced_edit_that_fails_raises_where_it_is_awaited() -> None:
    telegram = Telegram()
    async with telegram.bot() as bot:
        for _ in range(3):
            await bot.send_message(1, "hi")
        telegram.refusals = [
            JSONResponse({"ok": False, "error_code": 400, "description": "Bad Request: gone"}, 400)
        ]
        outcomes = await asyncio.gather(
            bot.edit_message_text("50 %", 1, 5, rate_limit_args=Priority.PROGRESS),
            bot.edit_message_text("60 %", 1, 5, rate_limit_args=Priority.PROGRESS),
            return_exceptions=True,
        )
    assert outcomes[0] is True
    assert isinstance(outcomes[1], BadRequest)
    assert [data["text"] for method, data in telegram.calls if method == "editMessageText"] == [
        "60 %"
    ]
