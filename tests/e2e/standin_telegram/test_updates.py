"""Updates come as Telegram brings them, from private chats, groups and topics."""

import asyncio
from typing import Any

import httpx
import pytest
from telegram import (
    Bot,
    ReplyParameters,
)
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden

from bot.demo.people import Person
from bot.demo.telegram import TelegramStandin
from tests.e2e.botapi import bot_api
from tests.e2e.standin_telegram.conftest import KEYBOARD, picture


async def test_updates_come_until_they_are_confirmed(bot: Bot, ada: Person) -> None:
    for words in ("one", "two", "three"):
        await ada.send(words)
    first = await bot.get_updates(limit=2)
    again = await bot.get_updates()
    rest = await bot.get_updates(offset=again[1].update_id + 1)

    assert [update.message.text for update in first if update.message] == ["one", "two"]
    assert [update.message.text for update in again if update.message] == ["one", "two", "three"]
    assert [update.message.text for update in rest if update.message] == ["three"]
    assert [one.update_id for one in await bot.get_updates(offset=-1)] == [rest[0].update_id]
    assert await bot.get_updates(offset=rest[0].update_id + 1) == ()


async def test_long_polling_wakes_up_for_an_update(bot: Bot, ada: Person) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await ada.telegram.changed.wait()
    await ada.send("hello")

    assert len(await poll) == 1


async def test_a_second_reader_sends_the_first_away(
    telegram: TelegramStandin, bot: Bot, http: httpx.AsyncClient
) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await telegram.wait_for(lambda: telegram.calls_of("getUpdates"))
    second = asyncio.create_task(http.post("getUpdates", json={"timeout": 30}, timeout=40))

    with pytest.raises(Conflict, match="terminated by other getUpdates request; make sure"):
        await first
    telegram.telegram.feed.close()
    assert (await second).json() == {"ok": True, "result": []}


async def test_only_wanted_kinds_are_sent(telegram: TelegramStandin, bot: Bot, ada: Person) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    await ada.send("unheard")
    assert await bot.get_updates() == ()
    await bot.get_updates(allowed_updates=[])
    await ada.send("heard")
    assert telegram.telegram.feed.push("message_reaction", {}) is None

    assert len(await bot.get_updates()) == 1


async def test_raw_updates_are_given_as_they_are_whatever_their_number(
    telegram: TelegramStandin, http: httpx.AsyncClient
) -> None:
    strange: list[dict[str, Any]] = [
        {"update_id": 12, "message": 7},
        {"update_id": 11, "unheard_of": {}},
        {"update_id": 12, "message": 7},
        {"poll": None},
    ]
    for update in strange:
        telegram.push_raw(update)

    first = (await http.post("getUpdates", json={"offset": 700})).json()["result"]
    second = (await http.post("getUpdates", json={"offset": 701})).json()["result"]
    assert (first, second) == (strange, [])


async def test_an_edited_message_is_an_update_of_its_own(bot: Bot, ada: Person) -> None:
    message = await ada.send("a boat")
    await ada.edit(message, "a paper boat")
    edited = (await bot.get_updates())[-1].edited_message

    assert edited is not None
    assert (edited.message_id, edited.text) == (message.id, "a paper boat")


async def test_what_people_do_reaches_the_bot_as_the_bot_api_describes_it(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    group = telegram.group("Friends", forum=True)
    topic = group.topic("Videos")
    await bot.send_message(group.id, "card", message_thread_id=topic, reply_markup=KEYBOARD)
    card = group.chat.last
    await ada.send("/generate@veogram_demo_bot a boat #sea https://example.org", chat=group)
    await ada.reply(card, "a boat")
    await ada.send_album([picture(), picture(90, 90)], "two", chat=group, thread=topic)
    await ada.send_document(picture(kind="PNG"), "boat.png", "image/png", "as a file")
    await ada.press(card, "Generate")
    await ada.block_bot()

    waiting = telegram.telegram.feed.waiting
    assert bot_api().value_problems(["Array of Update"], waiting) == []
    words, reply, first, second, document, press = (
        next(value for key, value in update.items() if key != "update_id") for update in waiting[:6]
    )
    assert [entity["type"] for entity in words["entities"]] == ["bot_command", "hashtag", "url"]
    assert reply["message_thread_id"] == press["message"]["message_thread_id"] == topic
    assert first["media_group_id"] == second["media_group_id"]
    assert ("caption" in first, "caption" in second) == (True, False)
    assert [size["width"] for size in first["photo"]] == [90, 320, 640]
    assert document["document"]["mime_type"] == "image/png"


async def test_in_privacy_mode_a_bot_hears_what_is_meant_for_it(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    group = telegram.group("Friends", privacy=True)
    sent = await bot.send_message(group.id, "hello")
    for words in ("chatter", "/start", "/start@other_bot", "hey @Veogram_demo_bot"):
        await ada.send(words, chat=group)
    await ada.reply(group.chat.by_id[sent.message_id], "thanks")

    heard = [update.message.text for update in await bot.get_updates() if update.message]
    assert heard == ["/start", "hey @Veogram_demo_bot", "thanks"]


async def test_private_chats_share_message_numbers_and_groups_have_their_own(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    bob, group = telegram.user(1003, "Bob", met=True), telegram.group("Friends")
    numbers = [(await bot.send_message(chat, "x")).message_id for chat in (1001, bob.id, group.id)]

    assert numbers == [1, 2, 1]


async def test_topics_are_kept_apart_and_a_closed_one_is_refused(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    group = telegram.group("Friends", forum=True)
    topic = group.topic("Videos")
    asked = await ada.send("hello", chat=group, thread=topic)
    answered = await bot.send_message(group.id, "hi", reply_parameters=ReplyParameters(asked.id))
    group.close_topic(topic)

    assert (answered.message_thread_id, answered.is_topic_message) == (topic, True)
    with pytest.raises(BadRequest, match=r"(?i)TOPIC_CLOSED"):
        await bot.send_message(group.id, "x", message_thread_id=topic)
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(group.id, "x", message_thread_id=topic + 1)


async def test_a_migrated_group_names_its_new_id(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    group = telegram.group("Friends", basic=True)
    new = group.migrate(by=ada)

    with pytest.raises(ChatMigrated) as error:
        await bot.send_message(group.id, "x")
    assert error.value.new_chat_id == new.id
    await bot.send_message(new.id, "x")


async def test_a_kicked_bot_is_told_so(telegram: TelegramStandin, bot: Bot, ada: Person) -> None:
    group = telegram.group("Friends")
    group.kick_bot(by=ada)

    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(group.id, "x")


async def test_a_reply_to_what_is_gone_can_be_allowed(bot: Bot, ada: Person) -> None:
    gone = ReplyParameters(77, allow_sending_without_reply=True)
    sent = await bot.send_message(ada.id, "x", reply_parameters=gone)

    assert sent.reply_to_message is None
