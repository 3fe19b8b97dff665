"""The first to see an update: who it is from, in which language, and whether they are let in."""

from telegram import Update
from telegram.ext import ApplicationHandlerStop, TypeHandler

from bot.jobs.service import Service
from handlers.answers import say
from handlers.context import Context, place_of
from handlers.texts import Languages

GROUP = -1  # PTB handles lower groups first
# What strangers may ask as well.
PUBLIC_COMMANDS = ("/privacy", "/delete_me")


class Gate:
    """Lets nobody past whom the operator or an admin has not let in."""

    def __init__(self, service: Service, languages: Languages) -> None:
        self._service = service
        self._languages = languages

    def handler(self) -> TypeHandler[Update, Context, None]:
        """Return the handler; it belongs into the group ``GROUP``."""
        return TypeHandler(Update, self.meet)

    async def meet(self, update: Update, context: Context) -> None:
        """Fill in the context, or stop the update here."""
        person = update.effective_user
        if person is None or person.is_bot or update.effective_chat is None:
            raise ApplicationHandlerStop
        context.user = await self._service.meet(
            person.id, person.full_name, person.language_code or ""
        )
        context.texts = self._languages.for_language(context.user.language)
        if not self._service.may_use(context.user) and not _is_public(update):
            await self._turn_away(update, context)
            raise ApplicationHandlerStop

    @staticmethod
    async def _turn_away(update: Update, context: Context) -> None:
        text = context.texts.access.private()
        if update.callback_query is not None:
            await context.answer(update.callback_query, text)
        elif update.message is not None and _is_meant(update):
            await say(context.bot, place_of(update), text, reply=True)


def _is_public(update: Update) -> bool:
    text = update.message.text if update.message is not None else None
    return text is not None and text.split("@")[0].strip() in PUBLIC_COMMANDS


def _is_meant(update: Update) -> bool:
    """In a group only a command is surely for the bot; in private everything is."""
    chat, message = update.effective_chat, update.message
    private = chat is not None and chat.type == chat.PRIVATE
    return private or (message is not None and (message.text or "").startswith("/"))
