"""Messages are changed, taken away and pressed as in Telegram."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from telegram import (
    Bot,
    ForceReply,
    InputFile,
    InputMediaVideo,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest

from bot.demo.people import Person
from bot.demo.telegram import TelegramStandin
from tests.conftest import Clock
from tests.e2e.botapi import bot_api, problems
from tests.e2e.standin_telegram.conftest import KEYBOARD, picture


async def test_an_edit_that_changes_nothing_is_refused(bot: Bot, ada: Person) -> None:
    sent = await bot.send_message(ada.id, "<b>x</b>", ParseMode.HTML, reply_markup=KEYBOARD)

    with pytest.raises(BadRequest, match="Message is not modified: specified new message content"):
        await sent.edit_text("<strong>x</strong>", ParseMode.HTML, reply_markup=KEYBOARD)
    await sent.edit_text("x", reply_markup=KEYBOARD)
    assert ada.private.last.edits == 1


async def test_an_edit_without_keyboard_takes_the_keyboard_away(bot: Bot, ada: Person) -> None:
    sent = await bot.send_message(ada.id, "x", reply_markup=KEYBOARD)
    await sent.edit_text("y")

    assert (ada.private.last.text, ada.private.last.rows) == ("y", ())


async def test_text_and_caption_are_edited_each_where_it_is(bot: Bot, ada: Person) -> None:
    text = await bot.send_message(ada.id, "x")
    photo = await bot.send_photo(ada.id, picture(), caption="x")

    with pytest.raises(BadRequest, match="There is no caption in the message to edit"):
        await text.edit_caption("y")
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await photo.edit_text("y")
    with pytest.raises(BadRequest, match=r"(?i)MESSAGE_TOO_LONG"):
        await text.edit_text("x" * 4097)
    with pytest.raises(BadRequest, match=r"(?i)MEDIA_CAPTION_TOO_LONG"):
        await photo.edit_caption("x" * 1025)
    await photo.edit_caption("y", reply_markup=KEYBOARD)

    assert (ada.private.last.text, ada.private.last.labels) == ("y", ("🎬 Generate · 60",))
    assert "photo" in ada.private.last.body


async def test_what_the_bot_did_not_write_or_asked_for_a_reply_cannot_be_edited(
    bot: Bot, ada: Person
) -> None:
    theirs = await ada.send("hello")
    asked = await bot.send_message(ada.id, "What?", reply_markup=ForceReply())

    for message_id in (theirs.id, asked.message_id):
        with pytest.raises(BadRequest, match="Message can't be edited"):
            await bot.edit_message_text("y", ada.id, message_id)


def upload(path: Path, **facts: Any) -> InputMediaVideo:
    """Return a video to upload; without ``attach`` the framework drops it silently."""
    file = InputFile(path.read_bytes(), filename="a.mp4", attach=True)
    return InputMediaVideo(file, **facts)


async def test_a_text_becomes_a_video_in_place_that_can_be_sent_again(
    telegram: TelegramStandin, bot: Bot, ada: Person, clip: Path
) -> None:
    asked = await ada.send("a paper boat")
    answering = ReplyParameters(asked.id)
    card = await bot.send_message(
        ada.id, "<b>sending</b>", ParseMode.HTML, reply_parameters=answering, reply_markup=KEYBOARD
    )
    media = upload(
        clip,
        caption="<i>done</i>",
        parse_mode=ParseMode.HTML,
        width=1280,
        height=720,
        duration=4,
        thumbnail=InputFile(picture(320, 180), attach=True),
        supports_streaming=True,
    )
    edited = await bot.edit_message_media(media, ada.id, card.message_id, reply_markup=KEYBOARD)

    message = ada.private.last
    assert isinstance(edited, Message)
    assert (edited.message_id, edited.date) == (card.message_id, card.date)
    assert edited.edit_date is not None
    assert (edited.text, edited.caption, edited.reply_markup) == (None, "done", KEYBOARD)
    assert edited.caption_entities[0].type == "italic"
    assert edited.reply_to_message is not None
    assert edited.reply_to_message.message_id == asked.id
    video = edited.video
    assert video is not None
    assert (video.width, video.height, video.file_name) == (1280, 720, "a.mp4")
    assert (video.duration, video.file_size) == (timedelta(seconds=4), clip.stat().st_size)
    assert video.thumbnail is not None
    assert (video.thumbnail.width, video.thumbnail.height) == (320, 180)
    assert "entities" not in message.body
    assert len(ada.private.messages) == 2
    assert telegram.violations == []
    assert problems(telegram.calls) == []
    assert bot_api().value_problems(["Message"], message.body) == []

    again = await bot.send_video(ada.id, video.file_id, width=1, height=1, caption="again")
    assert (again.video, again.caption) == (video, "again")
    file = await bot.get_file(video.file_id)
    assert bytes(await file.download_as_bytearray()) == clip.read_bytes()


async def test_a_large_video_in_place_of_a_text_is_as_described_or_a_square_of_no_length(
    bot: Bot, ada: Person, clip: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large.mp4"
    large.write_bytes(clip.read_bytes() + b"\0" * (10 << 20))
    shapes = []
    for facts in ({}, {"width": 720, "height": 1280, "duration": 8}):
        card = await bot.send_message(ada.id, "sending")
        edited = await bot.edit_message_media(upload(large, **facts), ada.id, card.message_id)
        assert isinstance(edited, Message)
        assert edited.video is not None
        shapes.append((edited.video.width, edited.video.height, edited.video.duration))

    assert shapes == [(320, 320, timedelta()), (720, 1280, timedelta(seconds=8))]


async def test_the_same_video_in_its_own_place_changes_nothing_but_another_upload_does(
    bot: Bot, ada: Person, clip: Path
) -> None:
    card = await bot.send_message(ada.id, "sending")
    first = await bot.edit_message_media(upload(clip, caption="x"), ada.id, card.message_id)
    assert isinstance(first, Message)
    assert first.video is not None
    same = InputMediaVideo(first.video.file_id, caption="x")
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_media(same, ada.id, card.message_id)
    second = await bot.edit_message_media(upload(clip, caption="x"), ada.id, card.message_id)

    assert isinstance(second, Message)
    assert second.video is not None
    assert second.video.file_id != first.video.file_id
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await bot.edit_message_text("late", ada.id, card.message_id)


async def test_messages_are_deleted_for_48_hours_and_only_once(
    clock: Clock, bot: Bot, ada: Person
) -> None:
    first, second = [await bot.send_message(ada.id, words) for words in ("one", "two")]
    await first.delete()
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await first.delete()
    clock.advance(48 * 3600 + 1)
    with pytest.raises(BadRequest, match="Message can't be deleted for everyone"):
        await second.delete()

    assert [message.text for message in ada.private.messages] == ["two"]


async def test_delete_messages_passes_over_what_is_gone(bot: Bot, ada: Person) -> None:
    sent = [await bot.send_message(ada.id, "x") for _ in range(3)]
    await bot.delete_messages(ada.id, [sent[0].message_id, sent[1].message_id, 999])

    assert [message.id for message in ada.private.messages] == [sent[2].message_id]


async def test_in_a_group_only_an_admin_bot_deletes_what_others_wrote(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    group = telegram.group("Friends")
    theirs = await ada.send("hello", chat=group)
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_message(group.id, theirs.id)
    group.chat.bot_is_admin = True

    assert await bot.delete_message(group.id, theirs.id)


async def test_a_press_is_answered_once_and_in_time(
    telegram: TelegramStandin, clock: Clock, bot: Bot, ada: Person
) -> None:
    await bot.send_message(ada.id, "card", reply_markup=KEYBOARD)
    pressed = await ada.press(ada.private.last, "Generate")
    late = await ada.press(ada.private.last, "v1:go")
    updates = await bot.get_updates()

    assert updates[0].callback_query is not None
    assert updates[0].callback_query.data == "v1:go"
    await updates[0].callback_query.answer("on its way", show_alert=True)
    assert pressed.answer is not None
    assert (pressed.answer.text, pressed.answer.alert) == ("on its way", True)
    with pytest.raises(BadRequest, match="Query is too old"):
        await updates[0].callback_query.answer()
    clock.advance(61)
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(late.id)


async def test_a_button_that_is_not_there_cannot_be_pressed_but_forged(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    await bot.send_message(ada.id, "card", reply_markup=KEYBOARD)
    with pytest.raises(LookupError, match="Cancel"):
        await ada.press(ada.private.last, "Cancel")
    await ada.press_data(ada.private.last, "v0:old")

    assert telegram.telegram.feed.waiting[-1]["callback_query"]["data"] == "v0:old"
