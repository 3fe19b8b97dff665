"""The first to see an update: who it is from, in which language, and whether they are let in."""

from collections.abc import Callable

from telegram import InlineKeyboardMarkup, Message, Update
from telegram.ext import ApplicationHandlerStop, TypeHandler

from bot.jobs.service import Service
from bot.models import Access
from handlers import groups, keyboards
from handlers.access import claim_code, is_ask
from handlers.answers import say
from handlers.context import Context, place_of
from handlers.farewell import is_farewell
from handlers.flood import Flood, Verdict
from handlers.sentences.speech import Html
from handlers.texts import Languages

GROUP = -1  # PTB handles lower groups first
# What strangers may ask as well.
PUBLIC_COMMANDS = ("/privacy", "/delete_me")
# In a group nobody is turned away more often than this: others want to be answered there, too.
REPEAT_SECONDS = 60.0


class Gate:
    """Lets nobody past whom the operator or an admin has not let in."""

    def __init__(self, service: Service, languages: Languages, clock: Callable[[], float]) -> None:
        self._service = service
        self._languages = languages
        self._clock = clock
        self._flood = Flood(clock)
        self._told: dict[tuple[int, int], float] = {}

    def handler(self) -> TypeHandler[Update, Context, None]:
        """Return the handler; it belongs into the group ``GROUP``."""
        return TypeHandler(Update, self.meet)

    async def meet(self, update: Update, context: Context) -> None:
        """Fill in the context, or stop the update here."""
        person, chat, message = update.effective_user, update.effective_chat, update.message
        if person is None or chat is None or (message and not groups.is_heard(message)):
            raise ApplicationHandlerStop
        if person.is_bot or (message and groups.is_nobodys(message)):
            await self._refuse_nobody(update, context)
            raise ApplicationHandlerStop
        if (verdict := self._flood.judge(person.id)) is not Verdict.HANDLE:
            await self._slow_down(update, context, verdict)
            raise ApplicationHandlerStop
        context.user = await self._service.meet(
            person.id, person.full_name or "", person.language_code or ""
        )
        context.texts = self._languages.for_language(context.user.language)
        if not await self._lets_in(update, context):
            raise ApplicationHandlerStop

    async def _slow_down(self, update: Update, context: Context, verdict: Verdict) -> None:
        """Say that something was left out: below every press, but not for every message."""
        person = update.effective_user
        texts = self._languages.for_language(person.language_code if person else None)
        text = texts.access.too_fast()
        if update.callback_query is not None:
            await context.answer(update.callback_query, text)
        elif (
            verdict is Verdict.TELL
            and update.message is not None
            and groups.is_clearly_for_bot(update.message)
        ):
            await say(context.bot, place_of(update), text, reply=True)

    async def _lets_in(self, update: Update, context: Context) -> bool:
        message = update.message
        copied = message is not None and groups.is_forwarded_command(message)
        if not self._service.may_use(context.user) and (copied or not _is_public(update)):
            await self._turn_away(update, context)
            return False
        if copied and not place_of(update).is_group:
            await say(context.bot, place_of(update), context.texts.access.forwarded(), reply=True)
        return not copied

    async def _turn_away(self, update: Update, context: Context) -> None:
        text, markup = _refusal(context)
        if update.callback_query is not None:
            await context.answer(update.callback_query, text)
        elif update.message is not None and self._is_to_be_told(update.message, context.user.id):
            await say(context.bot, place_of(update), text, markup, reply=True)

    async def _refuse_nobody(self, update: Update, context: Context) -> None:
        """Who hides in a group learns why nothing happens, if they clearly spoke to the bot."""
        message = update.message
        hidden = message.sender_chat if message and not message.is_automatic_forward else None
        if message is None or hidden is None or not self._is_to_be_told(message, hidden.id):
            return
        texts = self._languages.for_language(None)
        await say(context.bot, place_of(update), texts.access.anonymous(), reply=True)

    def _is_to_be_told(self, message: Message, sender_id: int) -> bool:
        if message.chat.type == message.chat.PRIVATE:
            return True
        return groups.is_clearly_for_bot(message) and self._is_news(message.chat.id, sender_id)

    def _is_news(self, chat_id: int, sender_id: int) -> bool:
        now = self._clock()
        self._told = {key: at for key, at in self._told.items() if now - at < REPEAT_SECONDS}
        if (chat_id, sender_id) in self._told:
            return False
        self._told[chat_id, sender_id] = now
        return True


def _refusal(context: Context) -> tuple[Html, InlineKeyboardMarkup | None]:
    """Return what somebody reads who is not let in, and the button with which they can ask."""
    texts = context.texts
    match context.user.access:
        case Access.DENIED | Access.BANNED:
            return texts.access.not_open(), None
        case Access.ASKED:
            return texts.access.asked_before(), keyboards.ask_for_access(texts.labels)
        case _:
            return texts.access.private(), keyboards.ask_for_access(texts.labels)


def _is_public(update: Update) -> bool:
    if update.callback_query is not None:
        return is_ask(update.callback_query.data) or is_farewell(update.callback_query.data)
    text = (update.message.text if update.message is not None else None) or ""
    private = not place_of(update).is_group
    return text.split("@")[0].strip() in PUBLIC_COMMANDS or (
        private and claim_code(text) is not None
    )
