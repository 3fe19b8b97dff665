"""What in a group is meant for the bot, and what of it are words for it."""

import datetime as dt
from types import SimpleNamespace
from typing import Any, cast

import pytest
from telegram import Chat, ForumTopicCreated, Message, MessageEntity, MessageOriginUser, User

from handlers import groups

WHEN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ANN, BOB = User(1, "Ann", is_bot=False), User(2, "Bob", is_bot=False)
BOT = User(9, "Veogram", is_bot=True, username="Veo_bot")
GROUP, PRIVATE = Chat(-5, Chat.SUPERGROUP), Chat(1, Chat.PRIVATE)


def message(text: str = "", *, chat: Chat = GROUP, author: User = ANN, **more: Any) -> Message:
    """Make a message; every ``@name`` in it is marked as Telegram marks it."""
    entities, start = [], 0
    for word in text.split(" "):
        units = len(word.encode("utf-16-le", "surrogatepass")) // 2
        if word.startswith("@"):
            entities.append(MessageEntity(MessageEntity.MENTION, start, units))
        start += units + 1
    made = Message(7, WHEN, chat, author, text=text or None, **({"entities": entities} | more))
    made.set_bot(cast("Any", SimpleNamespace(id=BOT.id, username=BOT.username)))
    return made


@pytest.mark.parametrize(
    ("text", "heard", "clearly"),
    [
        ("hello", False, False),
        ("/help", True, False),
        ("/generate a cat", True, True),
        ("/help@veo_bot", True, True),
        ("/generate@other_bot a cat", False, False),
        ("/generate@Veo_bot a cat", True, True),
        ("not a /command", False, False),
        ("@veo_bot a cat", True, True),
        ("a cat @VEO_BOT", True, True),
        ("@veo_bot2 a cat", False, False),
        ("mail me@veo_bot.com", False, False),
    ],
)
def test_only_commands_and_mentions_are_heard_in_a_group(
    text: str, heard: bool, clearly: bool
) -> None:
    assert groups.is_heard(message(text)) is heard
    assert groups.is_clearly_for_bot(message(text)) is clearly


def test_everything_is_heard_in_a_private_chat() -> None:
    assert groups.is_heard(message("hello", chat=PRIVATE))
    assert groups.is_clearly_for_bot(message("hello", chat=PRIVATE))


def test_a_caption_is_read_like_a_text() -> None:
    caption = message(caption="/generate@veo_bot a cat")
    assert groups.is_clearly_for_bot(caption)


def test_parts_of_an_album_are_heard_without_words() -> None:
    assert groups.is_heard(message(media_group_id="1"))
    assert not groups.is_heard(message())


def test_a_reply_counts_by_whom_it_answers() -> None:
    to_bot = message("a cat", reply_to_message=message("Describe", author=BOT))
    to_bob = message("a cat", reply_to_message=message("hello", author=BOB))
    assert (groups.replies_to_bot(to_bot), groups.replies_to_other(to_bot)) == (True, False)
    assert (groups.replies_to_bot(to_bob), groups.replies_to_other(to_bob)) == (False, True)
    assert groups.is_heard(to_bot)
    assert not groups.is_heard(to_bob)


def test_what_stands_in_a_topic_answers_nobody() -> None:
    root = message(author=BOB, forum_topic_created=ForumTopicCreated("Cats", 1))
    assert not groups.replies_to_other(message("a cat", reply_to_message=root))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@veo_bot a cat", "a cat"),
        ("@veo_bot", ""),
        ("a cat @veo_bot", "a cat"),
        ("🦊🦊 @veo_bot in  snow", "🦊🦊 in  snow"),
        ("@veo_bot tell @bob a joke @veo_bot", "tell @bob a joke"),
        ("@veo_bot \n two\n lines", "two\n lines"),
    ],
)
def test_the_call_of_the_bot_is_no_part_of_the_prompt(text: str, expected: str) -> None:
    assert groups.words(message(text)) == expected


def test_a_mention_of_the_bot_without_its_name_counts_too() -> None:
    entity = MessageEntity(MessageEntity.TEXT_MENTION, 0, 3, user=BOT)
    called = message("Veo a cat", entities=[entity])
    assert groups.mentions(called)
    assert groups.words(called) == "a cat"


def test_a_private_prompt_keeps_every_word() -> None:
    assert groups.words(message("@veo_bot a cat", chat=PRIVATE)) == "@veo_bot a cat"


def test_half_a_character_is_no_trouble() -> None:
    entity = MessageEntity(MessageEntity.MENTION, 2, 8)
    assert groups.words(message("\ud83d @veo_bot", entities=[entity])) == "\ud83d"


def test_own_former_words_are_nobody_elses_and_no_command() -> None:
    def answering(replied: Message) -> str | None:
        return groups.own_former_words(message("/generate", reply_to_message=replied))

    origin = MessageOriginUser(WHEN, BOB)
    assert answering(message("a cat")) == "a cat"
    assert answering(message("a cat", author=BOB)) is None
    assert answering(message("a cat", forward_origin=origin)) is None
    assert answering(message("/generate a cat")) is None
    assert groups.own_former_words(message("/generate")) is None


def test_only_copied_commands_are_forwarded_commands() -> None:
    origin = MessageOriginUser(WHEN, ANN)
    assert groups.is_forwarded_command(message("/grant 1 5", forward_origin=origin))
    assert groups.is_forwarded_command(message("/grant 1 5", via_bot=BOT))
    assert not groups.is_forwarded_command(message("/grant 1 5"))
    assert not groups.is_forwarded_command(message("a cat", forward_origin=origin))
