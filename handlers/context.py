"""What every handler is given with an update: who it is from, and the words to answer in."""

import logging
from typing import Any

from telegram import CallbackQuery, Update
from telegram.error import TelegramError
from telegram.ext import Application, CallbackContext, ExtBot

from bot.models import Place, User
from bot.updates.limiter import Priority
from handlers.sentences.speech import alert
from handlers.texts import Texts

Bot = ExtBot[Priority]
Data = dict[Any, Any]
App = Application[Any, Any, Any, Any, Any, Any]


log = logging.getLogger(__name__)


class Context(CallbackContext[Bot, Data, Data, Data]):
    """``user`` and ``texts`` are set by the gate before any other handler runs."""

    user: User
    texts: Texts

    def __init__(
        self, application: App, chat_id: int | None = None, user_id: int | None = None
    ) -> None:
        super().__init__(application, chat_id, user_id)
        self.answered = False

    async def answer(self, query: CallbackQuery, text: str = "") -> None:
        """Answer a press exactly once: the first words count, later ones are not said."""
        if self.answered:
            return
        self.answered = True
        try:
            await query.answer(alert(text) or None, show_alert=bool(text))
        except TelegramError as error:
            # Handled again after a crash, late, or out of reach: what the press is for is done all
            # the same.
            log.info("a press was not answered", extra={"error": error.message})


def place_of(update: Update) -> Place:
    """Return where the update's message stands; a press belongs to the message it is below."""
    message, chat = update.effective_message, update.effective_chat
    if chat is None:
        raise LookupError("an update without a chat reached a handler")
    if message is None:
        return Place(chat.id)
    thread_id = getattr(message, "message_thread_id", None)
    in_topic = bool(getattr(message, "is_topic_message", False))
    return Place(chat.id, thread_id if in_topic else None, message.message_id)
