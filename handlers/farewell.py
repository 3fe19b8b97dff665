"""/delete_me: asks once, then everything about the person goes."""

import logging

from telegram import CallbackQuery, Update
from telegram.error import TelegramError
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler

from bot.errors import NotAllowed
from bot.jobs.erasure import Erasure
from bot.jobs.service import Service
from handlers import keyboards
from handlers.answers import redraw, remove, say
from handlers.callback_data import UserAction, UserPress, parse
from handlers.context import Context, place_of
from handlers.private import PRIVATE, require_private
from handlers.sentences.speech import Html

log = logging.getLogger(__name__)

_ACTIONS = frozenset({UserAction.DELETE, UserAction.KEEP})


class Farewell:
    """Whoever is not let in may leave, too: the gate lets these pass."""

    def __init__(self, service: Service, erasure: Erasure) -> None:
        self._service = service
        self._erasure = erasure

    def handlers(self) -> list[BaseHandler[Update, Context, None]]:
        """Return the handlers of the command and of its two buttons."""
        return [
            CommandHandler("delete_me", self.ask, PRIVATE),
            CallbackQueryHandler(self.press, is_farewell),
        ]

    async def ask(self, update: Update, context: Context) -> None:
        """Say what goes, what is lost, and what stays."""
        stake = await self._erasure.stake(context.user.id)
        rules, user = self._service.rules, context.user
        returns = rules.open_to_all or user.id in rules.admin_ids
        text = context.texts.farewell.ask(stake.granted, stake.open_jobs, private=not returns)
        await say(context.bot, place_of(update), text, keyboards.delete_me(context.texts.labels))

    async def press(self, update: Update, context: Context) -> None:
        """Do it, or leave it."""
        query = update.callback_query
        pressed = parse(query.data) if query is not None else None
        if query is None or not isinstance(pressed, UserPress):
            return
        try:
            require_private(query)
        except NotAllowed:
            await context.answer(query, context.texts.request.not_yours())
            return
        if pressed.action is UserAction.KEEP:
            await self._settle(query, update, context, context.texts.farewell.kept())
            return
        cards = await self._erasure.erase(context.user.id, update.update_id)
        await self._settle(query, update, context, context.texts.farewell.deleted())
        for chat_id, message_id in cards:
            await _remove_if_possible(context, chat_id, message_id)

    @staticmethod
    async def _settle(query: CallbackQuery, update: Update, context: Context, text: Html) -> None:
        """Put what happened in the place of the question."""
        await context.answer(query)
        place = place_of(update)
        if place.message_id is not None:
            await redraw(context.bot, place.chat_id, place.message_id, text)


async def _remove_if_possible(context: Context, chat_id: int, message_id: int) -> None:
    """A card that stays leads nowhere: its buttons explain themselves."""
    try:
        await remove(context.bot, chat_id, message_id)
    except TelegramError:
        log.info("a card stays", extra={"chat": chat_id})


def is_farewell(data: object) -> bool:
    """Tell whether a button answers the question whether all is to be deleted."""
    pressed = parse(data)
    return isinstance(pressed, UserPress) and pressed.action in _ACTIONS
