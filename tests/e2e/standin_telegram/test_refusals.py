"""What Telegram refuses, the stand-in refuses in the same words."""

import json
from typing import Any

import httpx
import pytest
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden

from bot.demo.people import Person
from bot.demo.telegram import TelegramStandin
from tests.e2e.botapi import bot_api, problems
from tests.e2e.standin_telegram.conftest import button, picture, refusal

MARKUP = {
    "<b>": 'Can\'t find end tag corresponding to start tag "b"',
    "é<p>x</p>": 'Unsupported start tag "p" at byte offset 2',
    "1 < 2": 'Unsupported start tag "" at byte offset 2',
    "</b>": "Unexpected end tag at byte offset 0",
    "<b>x</i>": 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"',
    "<b": "Unclosed start tag at byte offset 0",
    "<a href": 'Unclosed start tag "a" at byte offset 0',
    "<a href=": 'Unclosed start tag "a" at byte offset 0',
    '<a href="x': "Unclosed start tag at byte offset 0",
    "<b>x</b": "Unclosed end tag at byte offset 4",
    "<a ='x'>x</a>": 'Empty attribute name in the tag "a" at byte offset 0',
    "<a href=x!>x</a>": "Unexpected end of name token at byte offset 8",
    "<span>x</span>": 'Tag "span" must have class "tg-spoiler" at byte offset 0',
    '<tg-emoji emoji-id="no">x</tg-emoji>': "Invalid custom emoji identifier specified",
}


async def test_wrong_html_is_refused_with_the_place(ada: Person, http: httpx.AsyncClient) -> None:
    told = {
        source: await refusal(http, "sendMessage", chat_id=ada.id, text=source, parse_mode="HTML")
        for source in MARKUP
    }

    assert told == {
        source: (400, f"Bad Request: can't parse entities: {words}")
        for source, words in MARKUP.items()
    }


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "empty": ("sendMessage", {"text": ""}, "message text is empty"),
    "only spaces": ("sendMessage", {"text": " \n "}, "text must be non-empty"),
    "only empty tags": (
        "sendMessage",
        {"text": "<b></b>", "parse_mode": "HTML"},
        "text must be non-empty",
    ),
    "too long": ("sendMessage", {"text": "x" * 4097}, "message is too long"),
    "too many emoji": ("sendMessage", {"text": "🎬" * 2049}, "message is too long"),
    "far too long": ("sendMessage", {"text": "x" * 40_000}, "text is too long"),
    "unknown markup": (
        "sendMessage",
        {"text": "x", "parse_mode": "reST"},
        "unsupported parse_mode",
    ),
    "no chat": ("sendMessage", {"chat_id": "", "text": "x"}, "chat_id is empty"),
    "unknown chat": ("sendMessage", {"chat_id": 5, "text": "x"}, "chat not found"),
    "reply to nothing": (
        "sendMessage",
        {"text": "x", "reply_parameters": {"message_id": 77}},
        "message to be replied not found",
    ),
    "unknown topic": (
        "sendMessage",
        {"text": "x", "message_thread_id": 9},
        "message thread not found",
    ),
    "callback data of 65 bytes": (
        "sendMessage",
        {"text": "x", "reply_markup": button(callback_data="é" * 32 + "x")},
        "BUTTON_DATA_INVALID",
    ),
    "button that does nothing": (
        "sendMessage",
        {"text": "x", "reply_markup": button()},
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    "button with a host that has no dot": (
        "sendMessage",
        {"text": "x", "reply_markup": button(url="http://localhost:8080/")},
        "inline keyboard button URL 'http://localhost:8080/' is invalid: Wrong HTTP URL",
    ),
    "button of an unknown colour": (
        "sendMessage",
        {"text": "x", "reply_markup": button(callback_data="x", style="pink")},
        "can't parse inline keyboard button: invalid button style specified",
    ),
    "button without words": (
        "sendMessage",
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"callback_data": "x"}]]}},
        "can't parse inline keyboard button: Can't find field \"text\"",
    ),
    "button that is none": (
        "sendMessage",
        {"text": "x", "reply_markup": {"inline_keyboard": [["x"]]}},
        "can't parse inline keyboard button: InlineKeyboardButton must be an Object",
    ),
    "button with empty words": (
        "sendMessage",
        {
            "text": "x",
            "reply_markup": {"inline_keyboard": [[{"text": "", "callback_data": "x"}]]},
        },
        "inline keyboard button text must be non-empty",
    ),
    "257 characters to copy": (
        "sendMessage",
        {"text": "x", "reply_markup": button(copy_text={"text": "x" * 257})},
        "BUTTON_COPY_TEXT_INVALID",
    ),
    "keyboard without rows": (
        "sendMessage",
        {"text": "x", "reply_markup": {"inline_keyboard": [{"text": "x"}]}},
        'field "inline_keyboard" must be an Array of Arrays',
    ),
    "keyboard that is none": (
        "sendMessage",
        {"text": "x", "reply_markup": [1]},
        "object expected as reply markup",
    ),
    "keyboard that is no JSON": (
        "sendMessage",
        {"text": "x", "reply_markup": "{"},
        "can't parse reply keyboard markup JSON object",
    ),
    "reply parameters that are none": (
        "sendMessage",
        {"text": "x", "reply_parameters": [1]},
        "object expected as reply parameters",
    ),
    "101 buttons": (
        "sendMessage",
        {
            "text": "x",
            "reply_markup": {"inline_keyboard": button(callback_data="x")["inline_keyboard"] * 101},
        },
        "reply markup is too long",
    ),
    "no photo": ("sendPhoto", {}, "there is no photo in the request"),
    "no video": ("sendVideo", {}, "there is no video in the request"),
    "wrong file id": (
        "sendVideo",
        {"video": "BAAC"},
        "wrong remote file identifier specified: can't unserialize it",
    ),
    "caption too long": (
        "sendVideo",
        {"video": "BAAC", "caption": "x" * 1025},
        "message caption is too long",
    ),
    "album that is none": (
        "sendMediaGroup",
        {"media": {"type": "photo"}},
        "expected an Array of InputMedia",
    ),
    "album of numbers": (
        "sendMediaGroup",
        {"media": [1, 2]},
        "can't parse InputMedia: expected an Object",
    ),
    "album of songs": (
        "sendMediaGroup",
        {"media": [{"type": "song", "media": "x"}] * 2},
        'can\'t parse InputMedia: type "song" is unsupported',
    ),
    "album of nothing": (
        "sendMediaGroup",
        {"media": [{"type": "photo"}] * 2},
        "can't parse InputMedia: media not found",
    ),
    "empty album": ("sendMediaGroup", {"media": []}, "there are no messages to send"),
    "album of eleven": (
        "sendMediaGroup",
        {"media": [{"type": "photo", "media": "x"}] * 11},
        "too many messages to send as an album",
    ),
    "edit of nothing": (
        "editMessageText",
        {"message_id": 77, "text": "x"},
        "message to edit not found",
    ),
    "edit without words": (
        "editMessageText",
        {"message_id": 77, "text": ""},
        "message text is empty",
    ),
    "deleting none of several": (
        "deleteMessages",
        {"message_ids": []},
        "message identifiers are not specified",
    ),
    "deleting 101 at once": (
        "deleteMessages",
        {"message_ids": list(range(1, 102))},
        "too many message identifiers specified",
    ),
    "deleting nothing": ("deleteMessage", {"message_id": 77}, "message to delete not found"),
    "reaction to nothing": ("setMessageReaction", {"message_id": 77}, "message to react not found"),
    "unknown query": (
        "answerCallbackQuery",
        {"callback_query_id": "7"},
        "query is too old and response timeout expired or query ID is invalid",
    ),
    "long answer": (
        "answerCallbackQuery",
        {"callback_query_id": "7", "text": "x" * 201},
        "MESSAGE_TOO_LONG",
    ),
    "unknown action": ("sendChatAction", {"action": "dance"}, "wrong parameter action in request"),
    "unknown file": ("getFile", {"file_id": "x"}, "invalid file_id"),
    "command with a capital": (
        "setMyCommands",
        {"commands": [{"command": "Start", "description": "x"}]},
        "BOT_COMMAND_INVALID",
    ),
    "command without description": (
        "setMyCommands",
        {"commands": [{"command": "start", "description": ""}]},
        "BOT_COMMAND_DESCRIPTION_INVALID",
    ),
    "commands that are no list": (
        "setMyCommands",
        {"commands": {"start": "begin"}},
        "expected an Array of BotCommand",
    ),
    "command that is none": (
        "setMyCommands",
        {"commands": ["start"]},
        "can't parse BotCommand: expected an Object",
    ),
    "101 commands": (
        "setMyCommands",
        {"commands": [{"command": "start", "description": "x"}] * 101},
        "BOT_COMMANDS_TOO_MUCH",
    ),
    "description of 513": (
        "setMyDescription",
        {"description": "x" * 513},
        "description is too long",
    ),
    "short description of 121": (
        "setMyShortDescription",
        {"short_description": "x" * 121},
        "short_description is too long",
    ),
    "unknown menu button": (
        "setChatMenuButton",
        {"menu_button": {"type": "pie"}},
        "can't parse menu button: MenuButton has unsupported type",
    ),
    "webhook at an odd port": (
        "setWebhook",
        {"url": "https://example.org:8080/hook"},
        "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
    ),
    "webhook nowhere": ("setWebhook", {"url": "ftp://x"}, "invalid webhook URL specified"),
    "odd webhook secret": (
        "setWebhook",
        {"url": "https://example.org", "secret_token": "a b"},
        "secret token contains unallowed characters",
    ),
}


async def test_what_telegram_refuses_is_refused_in_its_words(
    ada: Person, http: httpx.AsyncClient
) -> None:
    told = {
        case: await refusal(http, method, **{"chat_id": ada.id} | params)
        for case, (method, params, _) in REFUSED.items()
    }

    assert told == {case: (400, f"Bad Request: {words}") for case, (_, _, words) in REFUSED.items()}
    assert ada.private.messages == []


async def test_what_the_bot_said_is_refused_what_it_cannot_become(
    bot: Bot, ada: Person, http: httpx.AsyncClient
) -> None:
    said = (await bot.send_message(ada.id, "x")).message_id
    tries: dict[str, tuple[str, dict[str, Any]]] = {
        "inline keyboard expected": (
            "editMessageReplyMarkup",
            {"reply_markup": {"force_reply": True}},
        ),
        "can't parse InputMedia: expected an Object": ("editMessageMedia", {"media": [1]}),
        "can't parse InputMedia: media not found": (
            "editMessageMedia",
            {"media": {"type": "video", "media": "attach://nowhere"}},
        ),
        "wrong remote file identifier specified: can't unserialize it": (
            "editMessageMedia",
            {"media": {"type": "video", "media": "BAAC"}},
        ),
        "message caption is too long": (
            "editMessageMedia",
            {"media": {"type": "video", "media": "BAAC", "caption": "x" * 1025}},
        ),
        "REACTION_INVALID": ("setMessageReaction", {"reaction": [{"type": "emoji"}]}),
    }
    told = {
        words: await refusal(http, method, chat_id=ada.id, message_id=said, **params)
        for words, (method, params) in tries.items()
    }

    assert told == {words: (400, f"Bad Request: {words}") for words in tries}
    assert (ada.private.last.text, ada.private.last.edits) == ("x", 0)


async def test_what_telegram_can_and_the_stand_in_cannot_is_refused_and_recorded(
    telegram: TelegramStandin, ada: Person, http: httpx.AsyncClient
) -> None:
    url = "https://example.org/a.mp4"
    told = [
        await refusal(http, "sendVideo", chat_id=ada.id, video=url),
        await refusal(
            http,
            "sendMessage",
            chat_id=ada.id,
            text="x",
            reply_parameters={"message_id": 1, "chat_id": 7},
        ),
    ]

    assert told == [
        (400, "Bad Request: failed to get HTTP URL content"),
        (400, "Bad Request: message to be replied not found"),
    ]
    assert telegram.violations == [
        "sendVideo: a video by its URL",
        "sendMessage: a reply to another chat",
    ]


async def test_limits_are_counted_after_parsing_and_reached_exactly(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    await bot.send_message(ada.id, f"<b>{'🎬' * 2047}</b>&amp;&lt;", parse_mode=ParseMode.HTML)
    await bot.send_photo(ada.id, picture(), caption="x" * 1024)
    await bot.send_message(
        ada.id,
        "x",
        reply_markup=InlineKeyboardMarkup.from_button(
            InlineKeyboardButton("x", callback_data="é" * 32)
        ),
    )

    assert len(ada.private.messages) == 3
    assert problems(telegram.calls) == []


async def test_a_wrong_token_is_unauthorized(telegram: TelegramStandin) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{telegram.url}/bot1:wrong/getMe")

    assert (answer.status_code, answer.json()["description"]) == (401, "Unauthorized")
    assert telegram.calls == []


async def test_an_unknown_method_is_not_found_and_a_violation(
    telegram: TelegramStandin, http: httpx.AsyncClient
) -> None:
    assert await refusal(http, "sendVidoe") == (404, "Not Found: method not found")
    assert telegram.violations == ["unknown method sendVidoe"]
    assert [call.strange for call in telegram.calls_of("sendVidoe")] == [tuple(telegram.violations)]


async def test_unknown_parameters_and_unnamed_files_are_ignored_but_recorded(
    telegram: TelegramStandin, http: httpx.AsyncClient, ada: Person
) -> None:
    answer = await http.post(
        "sendMessage",
        data={"chat_id": str(ada.id), "text": "x", "reply_to": "5"},
        files={"dropped": ("a.txt", b"x")},
    )

    assert answer.json()["ok"] is True
    assert telegram.violations == [
        "sendMessage has no parameter dropped",
        "sendMessage has no parameter reply_to",
    ]
    assert [call.strange for call in telegram.calls] == [tuple(telegram.violations)]


async def test_a_call_is_understood_as_query_form_and_json(
    http: httpx.AsyncClient, ada: Person
) -> None:
    markup = button(callback_data="x")
    await http.get("SENDMESSAGE", params={"chat_id": ada.id, "text": "query"})
    await http.post(
        "sendMessage",
        data={"chat_id": str(ada.id), "text": "form", "reply_markup": json.dumps(markup)},
    )
    await http.post("sendMessage", json={"chat_id": ada.id, "text": "json", "reply_markup": markup})

    assert [message.text for message in ada.private.messages] == ["query", "form", "json"]
    assert ada.private.messages[1].rows == ada.private.messages[2].rows


async def test_a_stranger_cannot_be_written_to_before_they_wrote(
    telegram: TelegramStandin, bot: Bot
) -> None:
    eve = telegram.user(1002, "Eve")
    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(eve.id, "hello")

    await eve.send("/start")
    await bot.send_message(eve.id, "hello")

    assert [message.text for message in eve.private.messages] == ["/start", "hello"]


async def test_a_blocked_bot_is_told_so_until_it_is_unblocked(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    await ada.block_bot()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(ada.id, "hello")
    await ada.unblock_bot()
    await bot.send_message(ada.id, "hello again")

    updates = [update["my_chat_member"] for update in telegram.telegram.feed.waiting]
    assert [one["new_chat_member"]["status"] for one in updates] == ["kicked", "member"]
    assert bot_api().value_problems(["Array of Update"], telegram.telegram.feed.waiting) == []
