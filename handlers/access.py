"""Being let in: the first admin's link, asking, and the admins' decisions."""

import re

from telegram import CallbackQuery, Message, Update
from telegram.ext import BaseHandler, CallbackQueryHandler, MessageHandler, filters

from bot.errors import NotAllowed
from bot.jobs.access import Admission, Asked
from bot.jobs.service import Service
from bot.models import Place
from handlers.answers import say
from handlers.callback_data import UserAction, UserPress, parse
from handlers.context import Context, place_of
from handlers.sentences.speech import Html
from handlers.texts import Texts

_CLAIM = re.compile(r"\A/start(?:@[A-Za-z0-9_]+)?\s+claim_(?P<code>[A-Za-z0-9_-]*)\s*\Z")
_DECISIONS = frozenset({UserAction.APPROVE, UserAction.DENY})


class AccessHandlers:
    """What strangers may do, and what admins do about it; the gate lets all of it pass."""

    def __init__(self, service: Service, admission: Admission) -> None:
        self._service = service
        self._admission = admission

    def handlers(self) -> list[BaseHandler[Update, Context, None]]:
        """Return the handlers; that of the link goes before the one of ``/start``."""
        private = filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE
        return [
            MessageHandler(private & filters.Regex(_CLAIM), self.claim),
            CallbackQueryHandler(self.ask, is_ask),
            CallbackQueryHandler(self.decide, _is_decision),
        ]

    async def claim(self, update: Update, context: Context) -> None:
        """Make whoever opens the first admin's link first the admin."""
        text = (update.message.text if update.message is not None else None) or ""
        claimed = await self._admission.claim(claim_code(text) or "", context.user)
        texts = context.texts.access
        await say(context.bot, place_of(update), texts.claimed() if claimed else texts.claim_void())

    async def ask(self, update: Update, context: Context) -> None:
        """Put a stranger's request before the admins."""
        query = update.callback_query
        if query is None:
            return
        if self._service.may_use(context.user):
            await context.answer(query, context.texts.access.welcome())
            return
        place = _asked_at(query, place_of(update))
        asked = await self._admission.ask(context.user, place, update.update_id)
        await context.answer(query, _answer(asked, context.texts))

    async def decide(self, update: Update, context: Context) -> None:
        """Take an admin's decision; the messages about it are changed by ``AccessNews``."""
        query = update.callback_query
        pressed = parse(query.data) if query is not None else None
        if query is None or not isinstance(pressed, UserPress):
            return
        allow = pressed.action is UserAction.APPROVE
        try:
            first = await self._admission.decide(pressed.value or 0, context.user, allow=allow)
        except NotAllowed:
            await context.answer(query, context.texts.money.admins_only())
            return
        await context.answer(query, "" if first else context.texts.access.decided_before())


def claim_link(bot_name: str, code: str) -> str:
    """Return the first admin's link: opened, Telegram sends what ``claim_code`` reads."""
    return f"https://t.me/{bot_name}?start=claim_{code}"


def claim_code(text: str) -> str | None:
    """Return the code of a first admin's link that was opened: ``/start claim_<code>``."""
    found = _CLAIM.match(text)
    return found["code"] if found else None


def is_ask(data: object) -> bool:
    """Tell whether a button asks for access."""
    pressed = parse(data)
    return isinstance(pressed, UserPress) and pressed.action is UserAction.ASK_ACCESS


def _is_decision(data: object) -> bool:
    pressed = parse(data)
    return isinstance(pressed, UserPress) and pressed.action in _DECISIONS


def _asked_at(query: CallbackQuery, below: Place) -> Place:
    """The decision answers the asker's own message, if the button stands below one of theirs."""
    message = query.message
    replied = message.reply_to_message if isinstance(message, Message) else None
    if replied is None or replied.from_user != query.from_user:
        return below
    return Place(below.chat_id, below.thread_id, replied.message_id)


def _answer(asked: Asked, texts: Texts) -> Html:
    match asked:
        case Asked.NEW:
            return texts.access.asked()
        case Asked.BEFORE:
            return texts.access.asked_before()
        case Asked.NOT_OPEN:
            return texts.access.not_open()
