"""Commands, texts, webhook; and the stand-in agrees with the Bot API."""

import ast
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

import pytest
from telegram import Bot, BotCommandScopeAllGroupChats, BotCommandScopeChat
from telegram.error import Conflict

from bot.demo.chats import Chat
from bot.demo.parameters import table
from bot.demo.people import Person
from bot.demo.profile import commands_for
from bot.demo.telegram import TelegramStandin
from bot.demo.telegram_http import methods
from tests.e2e.botapi import bot_api, problems
from tests.e2e.standin_telegram.conftest import TOKEN, button


async def test_commands_texts_and_menu_are_kept_by_scope_and_language(
    telegram: TelegramStandin, bot: Bot
) -> None:
    await bot.set_my_commands([("start", "begin")])
    await bot.set_my_commands([("start", "Anfang")], language_code="de")
    await bot.set_my_description("What it does")
    await bot.set_my_short_description("Short")
    await bot.set_chat_menu_button()

    assert [one.description for one in await bot.get_my_commands()] == ["begin"]
    assert [one.description for one in await bot.get_my_commands(language_code="de")] == ["Anfang"]
    await bot.delete_my_commands(language_code="de")
    assert await bot.get_my_commands(language_code="de") == ()
    assert (await bot.get_my_description("de")).description == "What it does"
    assert (await bot.get_my_short_description()).short_description == "Short"
    assert (await bot.get_chat_menu_button()).type == "default"
    assert problems(telegram.calls) == []


async def test_people_see_the_narrowest_list_of_commands_in_their_language(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    group = telegram.group("Film club").chat
    await bot.set_my_commands([("start", "begin")])
    await bot.set_my_commands([("start", "начать")], language_code="ru")
    await bot.set_my_commands([("generate", "make")], BotCommandScopeAllGroupChats())
    await bot.set_my_commands([("grant", "give")], BotCommandScopeChat(ada.id))
    eve = telegram.user(1002, "Eve")

    def seen(chat: Chat, language: str) -> list[str]:
        return [one["description"] for one in commands_for(telegram.telegram, chat, language)]

    assert seen(eve.private, "en") == ["begin"]
    assert seen(eve.private, "ru") == ["начать"]
    assert seen(ada.private, "ru") == ["give"]
    assert seen(group, "ru") == ["make"]


async def test_the_webhook_gets_updates_with_the_secret_until_it_takes_them(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    with _Receiver([500, 200, 200]) as receiver:
        await bot.set_webhook(receiver.url, secret_token="hush")
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates()
        await ada.send("one")
        await ada.send("two")
        await telegram.wait_for(lambda: not telegram.telegram.feed.waiting)
        info = await bot.get_webhook_info()

    assert [words for words, _ in receiver.got] == ["one", "one", "two"]
    assert {secret for _, secret in receiver.got} == {"hush"}
    assert info.last_error_message == "Wrong response from the webhook: 500"
    await bot.delete_webhook()
    assert await bot.get_updates() == ()


class _Receiver:
    """A web server that answers updates with the given codes."""

    def __init__(self, codes: list[int]) -> None:
        self.got: list[tuple[str, str | None]] = []
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                secret = self.headers["X-Telegram-Bot-Api-Secret-Token"]
                got.append((body["message"]["text"], secret))
                self.send_response(codes.pop(0))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_the_known_methods_have_exactly_the_parameters_of_the_bot_api() -> None:
    kinds = {"Integer": "int", "Boolean": "bool", "String": "str"}

    for method, known in table().items():
        fields = bot_api().methods[method].get("fields", [])
        assert {name: one.required for name, one in known.items()} == {
            field["name"]: field["required"] for field in fields
        }, method
        for field in fields:
            kind = known[field["name"]].kind
            if len(field["types"]) == 1:
                assert kind == kinds.get(field["types"][0], kind)
    assert methods().keys() == table().keys()


def test_the_bot_calls_no_method_that_is_not_emulated() -> None:
    # Files and connections are closed, too, and storage.lineage has a leave_chat of its own.
    api = bot_api().methods.keys() - {"close", "leaveChat"}
    by_python_name = {_snake(method): method for method in api}
    called = {by_python_name.get(word, word) for word in _words()} & api

    assert called - methods().keys() == set()
    assert {"getUpdates", "editMessageMedia", "sendVideo", "answerCallbackQuery"} <= called


def _words() -> Iterator[str]:
    """Yield every attribute and every string of what runs in production."""
    root = Path(__file__).parents[3]
    for path in (*root.glob("bot/**/*.py"), *root.glob("handlers/**/*.py")):
        if not path.is_relative_to(root / "bot" / "demo"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Attribute(attr=word) | ast.Constant(value=str(word)):
                        yield word.rpartition("/")[2]  # also at the end of an address


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


WRONG_CALLS: list[tuple[str, dict[str, Any], str]] = [
    ("sendVidoe", {}, "sendVidoe: no such method"),
    ("sendMessage", {"text": "x"}, "sendMessage.chat_id: missing"),
    ("sendMessage", {"chat_id": 1, "text": 5}, "sendMessage.text: 5 is no String"),
    ("sendMessage", {"chat_id": 1, "text": "x", "bold": True}, "sendMessage.bold: unknown"),
    (
        "deleteMessage",
        {"chat_id": 1, "message_id": True},
        "deleteMessage.message_id: True is no Integer",
    ),
    (
        "sendMessage",
        {"chat_id": 1, "text": "x", "reply_markup": button(colour="red")},
        "sendMessage.reply_markup.inline_keyboard[0][0].colour: unknown",
    ),
    ("editMessageMedia", {"media": {"type": "video"}}, "editMessageMedia.media.media: missing"),
]


@pytest.mark.parametrize(("method", "params", "problem"), WRONG_CALLS)
def test_the_checker_finds_what_is_wrong(method: str, params: dict[str, Any], problem: str) -> None:
    assert [one for one in bot_api().call_problems(method, params) if problem in one]


async def test_the_token_is_in_no_record(telegram: TelegramStandin, bot: Bot) -> None:
    await bot.get_me()

    assert TOKEN not in repr(telegram.calls)
