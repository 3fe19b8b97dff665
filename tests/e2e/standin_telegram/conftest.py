"""Telegram's stand-in with one person in it, and a real bot to call it."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
)

from bot.demo.clips import Clip, render
from bot.demo.people import Person
from bot.demo.telegram import TelegramStandin
from tests.conftest import Clock

TOKEN = "123456:made-up"
KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("🎬 Generate · 60", callback_data="v1:go")]])


@pytest.fixture
async def telegram(clock: Clock) -> AsyncIterator[TelegramStandin]:
    standin = TelegramStandin(TOKEN, clock)
    await standin.start()
    yield standin
    await standin.stop()


@pytest.fixture
def ada(telegram: TelegramStandin) -> Person:
    return telegram.user(1001, "Ada", "ada", met=True)


@pytest.fixture
async def bot(telegram: TelegramStandin, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    # Without it PTB warns that retry_after will change its type.
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    async with Bot(
        TOKEN, base_url=f"{telegram.url}/bot", base_file_url=f"{telegram.url}/file/bot"
    ) as bot:
        yield bot


@pytest.fixture
async def http(telegram: TelegramStandin) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{telegram.url}/bot{TOKEN}/") as client:
        yield client


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    render(Clip("a paper boat", seconds=4), path)
    return path


def picture(width: int = 640, height: int = 360, kind: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, kind)
    return file.getvalue()


def button(**fields: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "x", **fields}]]}


async def refusal(http: httpx.AsyncClient, method: str, **params: Any) -> tuple[int, str]:
    answer = await http.post(method, json=params)
    body = answer.json()
    assert body["ok"] is False
    assert body["error_code"] == answer.status_code
    return answer.status_code, body["description"]
