"""In groups and topics: who is heard, who is answered where, and who may press what."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from bot.demo.chats import Message
from bot.demo.messenger import Press
from bot.demo.people import Group
from bot.demo.transcript import is_result
from tests.e2e.world import ADMIN_ID, World

BOT = "@veogram_demo_bot"
EVERYBODY = {"ACCESS": "open", "DAILY_CREDITS_TOTAL": "100000"}
ANONYMOUS_ADMIN = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
CHANNEL = {"id": -1009999, "type": "channel", "title": "Channel"}


def said(group: Group) -> list[Message]:
    return group.chat.from_bot


async def message(
    here: World, group: Group, text: str, where: Callable[[Message], bool] = lambda _: True
) -> Message:
    def look() -> Message | None:
        return next((each for each in said(group)[::-1] if text in each.text and where(each)), None)

    return await here.until(look, f"{text!r} in the group, where {[e.text for e in said(group)]}")


async def card(here: World, group: Group, prompt: str) -> Message:
    return await message(here, group, prompt, lambda each: any("Cancel" in x for x in each.labels))


async def answer(here: World, press: Press) -> tuple[str, bool]:
    given = await here.until(lambda: press.answer, "an answer to the press")
    return given.text, given.alert


def answers(reply: Message, request: Message) -> bool:
    return bool(reply.body.get("reply_to_message", {}).get("message_id") == request.id)


async def test_the_question_opens_the_askers_field_and_only_their_answer_counts(
    here: World,
) -> None:
    group, bob = here.telegram.group("Friends"), here.telegram.user(12, "Bob")
    async with here.bot(**EVERYBODY):
        asked = await here.admin.send(f"/generate{BOT} --ratio 9:16", chat=group)
        question = await message(here, group, "Describe the video")
        assert question.markup is not None
        assert (question.markup["force_reply"], question.markup["selective"]) == (True, True)
        assert answers(question, asked)
        await here.admin.send("by the way", chat=group)
        remark = await bob.send("look at that", chat=group)
        await here.admin.send("a remark", chat=group, reply_to=remark)
        await here.admin.send(f"{BOT} a tree", chat=group, reply_to=remark)
        await card(here, group, "a tree")
        drafts = here.rows("SELECT prompt FROM drafts ORDER BY id")
        assert drafts == [(None,), ("a tree",)]
        await here.admin.reply(question, "A lighthouse")
        shown = await card(here, group, "A lighthouse")
        await here.admin.press(shown, "Generate")
        video = await here.until(lambda: next((m for m in said(group) if is_result(m)), None))
    assert answers(video, asked)
    assert [(post["prompt"], post["aspect_ratio"]) for post in here.posts()] == [
        ("A lighthouse", "9:16")
    ]
    assert here.messages() == []


async def test_a_mention_and_a_reply_to_the_bot_are_prompts_and_talk_is_not(here: World) -> None:
    group = here.telegram.group("Friends")
    async with here.bot(**EVERYBODY):
        await here.admin.send("what a day", chat=group)
        await here.admin.send("@somebody a cat", chat=group)
        await here.admin.send("/start@other_bot", chat=group)
        await here.admin.send("/nothing_of_ours", chat=group)
        await here.admin.send(f"{BOT} a 🦊 in --snow", chat=group)
        first = await card(here, group, "a 🦊 in --snow")
        assert BOT not in first.text
        assert len(said(group)) == 1
        await here.admin.press(first, "Cancel")
        dropped = await message(here, group, "Cancelled")
        await here.admin.reply(dropped, "a lake")
        await card(here, group, "a lake")


async def test_a_mention_alone_asks_and_the_own_words_answered_are_the_prompt(here: World) -> None:
    group, bob = here.telegram.group("Friends"), here.telegram.user(12, "Bob")
    async with here.bot(**EVERYBODY):
        await here.admin.send(BOT, chat=group)
        await message(here, group, "Describe the video")
        own = await bob.send("a red kite over the sea", chat=group)
        await bob.send("/generate --model lite", chat=group, reply_to=own)
        shown = await card(here, group, "a red kite over the sea")
        assert "Lite" in shown.text
        await here.admin.send("/generate", chat=group, reply_to=own)
        await bob.send("/jobs", chat=group)
        await message(here, group, "Nothing is being made")
    prompts = here.rows("SELECT user_id, prompt FROM drafts WHERE active ORDER BY user_id")
    assert prompts == [(12, "a red kite over the sea"), (ADMIN_ID, None)]


async def test_two_people_have_a_card_and_a_quota_each_and_nobody_presses_for_another(
    here: World,
) -> None:
    group = here.telegram.group("Friends")
    ann, bob = here.telegram.user(11, "Ann"), here.telegram.user(12, "Bob")
    async with here.bot(**EVERYBODY, DAILY_CREDITS="60"):
        await ann.send("/generate a cat", chat=group)
        await bob.send("/generate a dog", chat=group)
        hers, his = await card(here, group, "a cat"), await card(here, group, "a dog")
        for label in ("Generate", "9:16", "Cancel"):
            text, alert = await answer(here, await bob.press(hers, label))
            assert "Only the person who asked" in text
            assert alert
        await ann.press(hers, "Generate")
        await bob.press(his, "Generate")
        await here.until(lambda: len([m for m in said(group) if is_result(m)]) == 2, "both videos")
    assert sorted(str(post["prompt"]) for post in here.posts()) == ["a cat", "a dog"]
    holds = here.rows("SELECT user_id FROM entries WHERE kind = 'hold' ORDER BY user_id")
    assert holds == [(11,), (12,)]


async def test_nobody_cancels_repeats_or_takes_a_video_of_another(here: World) -> None:
    here.seconds = math.inf
    group, bob = here.telegram.group("Friends"), here.telegram.user(12, "Bob")
    async with here.bot(**EVERYBODY):
        await here.admin.send("/generate a cat --go", chat=group)
        status = await message(here, group, "", lambda each: "Cancel" in each.labels)
        text, alert = await answer(here, await bob.press(status, "Cancel"))
        assert "Only the person who asked" in text
        assert alert
        await here.until(lambda: here.kie.tasks)
        here.kie.finish(here.kie.tasks[0].id)
        video = await here.until(lambda: next((m for m in said(group) if is_result(m)), None))
        for label in ("Again", "Edit"):
            text, _ = await answer(here, await bob.press(video, label))
            assert "Only the person who asked" in text
    assert here.states() == ["done"]


async def test_everything_stays_in_its_topic_and_each_topic_has_its_own_question(
    here: World,
) -> None:
    group = here.telegram.group("Forum", forum=True)
    cats, dogs = group.topic("Cats"), group.topic("Dogs")
    async with here.bot(**EVERYBODY):
        await here.admin.send("/generate", chat=group, thread=cats)
        asked = await message(here, group, "Describe the video")
        assert asked.thread_id == cats
        await here.admin.send(f"{BOT} a dog", chat=group, thread=dogs)
        assert (await card(here, group, "a dog")).thread_id == dogs
        await here.admin.reply(asked, "a cat")
        shown = await card(here, group, "a cat")
        assert shown.thread_id == cats
        await here.admin.press(shown, "Generate")
        video = await here.until(lambda: next((m for m in said(group) if is_result(m)), None))
    assert video.thread_id == cats
    assert [post["prompt"] for post in here.posts()] == ["a cat"]


async def test_strangers_are_answered_only_where_they_speak_to_the_bot_and_not_again_and_again(
    here: World,
) -> None:
    group, eve = here.telegram.group("Friends"), here.telegram.user(4004, "Eve")
    here.admin.private.met = True
    async with here.bot():
        for text in ("hello", "/help", "/start@other_bot", "@somebody hi"):
            await eve.send(text, chat=group)
        asked = await eve.send(f"{BOT} a cat", chat=group)
        notice = await message(here, group, "This bot is private")
        assert answers(notice, asked)
        await eve.send("/generate a cat --go", chat=group)
        await eve.press(notice, "Ask for access")
        await here.admin.press(await here.message("(4004) asks for access"), "Approve")
        told = await message(here, group, "You are in")
        assert answers(told, asked)
        await eve.send("/generate a cat", chat=group)
        await card(here, group, "a cat")
    assert len(said(group)) == 3
    assert here.posts() == []


async def test_people_who_only_talk_are_not_stored(here: World) -> None:
    group, eve = here.telegram.group("Friends"), here.telegram.user(4004, "Eve")
    async with here.bot():
        await eve.send("hello all", chat=group)
        await here.admin.send("/generate a cat", chat=group)
        await card(here, group, "a cat")
    assert here.rows("SELECT id FROM users") == [(ADMIN_ID,)]


Change = dict[str, Any]
FORWARDED: Change = {
    "forward_origin": {
        "type": "user",
        "date": 1,
        "sender_user": {"id": ADMIN_ID, "is_bot": False, "first_name": "Ada"},
    }
}
NAMESAKE: Change = {
    "from": {"id": 4004, "is_bot": False, "first_name": "Ada", "username": "ada"},
}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("message", NAMESAKE),
        ("message", FORWARDED),
        ("message", {"via_bot": {"id": 99, "is_bot": True, "first_name": "Inline"}}),
        ("message", {"from": ANONYMOUS_ADMIN, "sender_chat": {"id": -1, "type": "supergroup"}}),
        ("message", {"sender_chat": CHANNEL, "is_automatic_forward": True}),
        ("message", {"from": None, "sender_chat": CHANNEL}),
        ("edited_message", {"edit_date": 2}),
        ("channel_post", {"from": None, "sender_chat": CHANNEL}),
    ],
)
async def test_a_command_of_an_admin_counts_only_when_that_person_typed_it_as_themselves(
    here: World, kind: str, changes: Change
) -> None:
    group = here.telegram.group("Friends")
    async with here.bot(**EVERYBODY):
        await here.admin.send("/jobs")
        await here.message("Nothing is being made")
        for number, chat in enumerate((group.chat, here.admin.private), start=1):
            body = {
                "message_id": 900,
                "date": 1,
                "chat": chat.body,
                "from": here.admin.user,
                "text": f"/grant {ADMIN_ID} 500",
                "entities": [{"type": "bot_command", "offset": 0, "length": 6}],
            } | changes
            cleaned = {key: value for key, value in body.items() if value is not None}
            here.telegram.push_raw({"update_id": 800_000_000 + number, kind: cleaned})
        handled = "SELECT 1 FROM inbox WHERE update_id > 800000000 AND handled_at IS NOT NULL"
        await here.until(lambda: len(here.rows(handled)) == 2, "both updates handled")
        assert here.rows("SELECT id FROM entries") == []
        await here.admin.send(f"/grant {ADMIN_ID} 7")
        await here.until(lambda: len(here.rows("SELECT id FROM entries")) == 1, "the real grant")


async def test_who_hides_behind_the_group_is_told_why_nothing_happens(here: World) -> None:
    group = here.telegram.group("Friends")
    async with here.bot(**EVERYBODY):
        here.telegram.push_raw(
            {
                "update_id": 800_000_001,
                "message": {
                    "message_id": 900,
                    "date": 1,
                    "chat": group.chat.body,
                    "from": ANONYMOUS_ADMIN,
                    "sender_chat": group.chat.body,
                    "text": "/generate a cat --go",
                    "entities": [{"type": "bot_command", "offset": 0, "length": 9}],
                },
            }
        )
        await message(here, group, "cannot see who you are")
    assert here.posts() == []
    assert here.rows("SELECT id FROM users") == []


async def test_a_forwarded_command_is_explained_to_the_one_who_forwards(here: World) -> None:
    async with here.bot():
        here.admin.private.met = True
        here.telegram.push_raw(
            {
                "update_id": 800_000_001,
                "message": {
                    "message_id": 900,
                    "date": 1,
                    "chat": here.admin.private.body,
                    "from": here.admin.user,
                    "text": "/generate a cat --go",
                    "entities": [{"type": "bot_command", "offset": 0, "length": 9}],
                }
                | FORWARDED,
            }
        )
        await here.message("Type it yourself")
    assert here.posts() == []


async def test_a_group_that_becomes_a_supergroup_is_followed_with_its_cards_and_videos(
    here: World,
) -> None:
    here.seconds = math.inf
    group, bob = here.telegram.group("Friends", basic=True), here.telegram.user(12, "Bob")
    async with here.bot(**EVERYBODY):
        await here.admin.send("/generate a cat --go", chat=group)
        await here.until(lambda: here.states() == ["generating"])
        await bob.send("/generate a dog", chat=group)
        await card(here, group, "a dog")
        moved = group.migrate(here.admin)
        shown = await card(here, moved, "a dog")
        here.kie.finish(here.kie.tasks[0].id)
        await here.until(lambda: [m for m in said(moved) if is_result(m)], "the video, moved along")
        assert [m for m in said(moved) if "a dog" in m.text] == [shown]
        await bob.press(shown, "Generate")
        await here.until(lambda: len(here.posts()) == 2, "the order from the moved card")


async def test_a_video_finds_the_supergroup_before_the_news_of_it_does(here: World) -> None:
    here.seconds = math.inf
    group = here.telegram.group("Friends", basic=True)
    async with here.bot(**EVERYBODY):
        await here.admin.send("/generate a cat --go", chat=group)
        await here.until(lambda: here.states() == ["generating"])
        moved = here.telegram.group("Friends")
        group.chat.migrated_to = moved.id
        here.kie.finish(here.kie.tasks[0].id)
        await here.until(lambda: [m for m in said(moved) if is_result(m)], "the video, moved along")
        await here.until(lambda: here.states() == ["done"])
    assert len([m for m in said(moved) if is_result(m)]) == 1
    assert len(here.posts()) == 1


async def test_who_lets_the_bot_in_again_gets_the_video_that_waited(here: World) -> None:
    here.seconds = math.inf
    async with here.bot():
        await here.order("a cat")
        await here.until(lambda: here.states() == ["generating"])
        await here.admin.block_bot()
        here.kie.finish(here.kie.tasks[0].id)
        await here.until(
            lambda: here.rows("SELECT 1 FROM jobs WHERE state = 'ready' AND due_at IS NULL"),
            "the video parked",
        )
        await here.admin.unblock_bot()
        await here.video()
    assert here.states() == ["done"]
