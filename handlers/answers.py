"""Sending, redrawing and removing messages: Telegram's refusals that mean nothing end here."""

import logging

from telegram import ForceReply, InlineKeyboardMarkup, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest

from bot.models import Place
from bot.updates.limiter import Priority
from handlers.context import Bot
from handlers.sentences.speech import Html

log = logging.getLogger(__name__)

# Bot API error descriptions, matched in lower case.
UNCHANGED = "message is not modified"
GONE = (
    "message to edit not found",
    "message can't be edited",
    "there is no text in the message to edit",  # it shows the video by now
    "message to delete not found",
    "message can't be deleted",
    "message_id_invalid",
)


async def say(
    bot: Bot,
    place: Place,
    text: Html,
    markup: InlineKeyboardMarkup | ForceReply | None = None,
    *,
    reply: bool = False,
    priority: Priority = Priority.ANSWER,
) -> Message:
    """Send a message to the place; ``reply`` ties it to the place's message.

    One that gets lost is sent again unless ``priority`` says that its sender sees to that.
    """
    tied = (
        ReplyParameters(place.message_id, allow_sending_without_reply=True)
        if (reply and place.message_id is not None)
        else None
    )
    return await bot.send_message(
        place.chat_id,
        text,
        parse_mode=ParseMode.HTML,
        message_thread_id=place.thread_id,
        reply_markup=markup,
        reply_parameters=tied,
        rate_limit_args=priority,
    )


async def redraw(
    bot: Bot, chat_id: int, message_id: int, text: Html, markup: InlineKeyboardMarkup | None = None
) -> bool:
    """Put new text and buttons into a message; False when there is no such message any more."""
    try:
        await bot.edit_message_text(
            text,
            chat_id=chat_id,
            message_id=message_id,
            parse_mode=ParseMode.HTML,
            reply_markup=markup,
        )
    except BadRequest as error:
        return _is_unchanged(error)
    return True


async def remove(bot: Bot, chat_id: int, message_id: int) -> None:
    """Delete a message; one that is gone, or too old to be deleted, is left alone."""
    try:
        await bot.delete_message(chat_id, message_id)
    except BadRequest as error:
        if not _is_gone(error):
            raise
        log.info("a message stays", extra={"chat": chat_id, "error": error.message})


def _is_unchanged(error: BadRequest) -> bool:
    if UNCHANGED in error.message.lower():
        return True
    if _is_gone(error):
        return False
    raise error


def _is_gone(error: BadRequest) -> bool:
    return any(reason in error.message.lower() for reason in GONE)
