"""/start, /help, /privacy, and an answer to whatever nobody else answered."""

import difflib
import re
from collections.abc import Sequence

from telegram import Update
from telegram.ext import (
    BaseHandler,
    CallbackQueryHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from bot.jobs.service import Service
from bot.models import Kind
from handlers import keyboards
from handlers.answers import say
from handlers.context import Context, place_of
from handlers.groups import Named

NEW = filters.UpdateType.MESSAGE
# What Telegram says about the chat itself, and what nobody has typed to be answered.
SERVICE = filters.StatusUpdate.ALL | filters.SUCCESSFUL_PAYMENT | filters.PASSPORT_DATA
DAY_SECONDS = 86400


class Start:
    """The first words and the last resort."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def handlers(self) -> list[BaseHandler[Update, Context, None]]:
        """Return the handlers of the commands."""
        return [
            CommandHandler("start", self.start, NEW),
            CommandHandler("help", self.help, NEW),
            CommandHandler("privacy", self.privacy, NEW),
        ]

    def last_handlers(self) -> list[BaseHandler[Update, Context, None]]:
        """Return what answers when nothing else did; they go behind all others."""
        private = NEW & filters.ChatType.PRIVATE
        return [
            MessageHandler(private & filters.COMMAND, self.unknown_command),
            MessageHandler(NEW & filters.ChatType.GROUPS & Named(), self.unknown_command),
            MessageHandler(private & ~SERVICE, self.not_understood),
            CallbackQueryHandler(self.old_button),
        ]

    async def start(self, update: Update, context: Context) -> None:
        """Greet, with prompts to try."""
        catalog = self._service.catalog
        available = (await self._service.quota(context.user)).available
        price = catalog.price(Kind.GENERATE, catalog.default_options())
        videos = None if available is None else available // price
        welcome = context.texts.welcome
        await say(
            context.bot,
            place_of(update),
            welcome.start(videos),
            keyboards.examples(welcome.examples()),
        )

    async def help(self, update: Update, context: Context) -> None:
        """Explain."""
        admin = self._service.is_admin(context.user)
        await say(context.bot, place_of(update), context.texts.welcome.help(admin=admin))

    async def privacy(self, update: Update, context: Context) -> None:
        """Say what is kept."""
        days = int(self._service.rules.keep_videos_seconds // DAY_SECONDS)
        await say(context.bot, place_of(update), context.texts.welcome.privacy(days))

    async def unknown_command(self, update: Update, context: Context) -> None:
        """Answer a command that does not exist."""
        typed = (update.message.text if update.message is not None else None) or ""
        known = ["start", *(command.name for command in context.texts.menu.private())]
        text = context.texts.welcome.unknown_command(_resembled(typed, known))
        await say(context.bot, place_of(update), text)

    async def not_understood(self, update: Update, context: Context) -> None:
        """Answer stickers, voice and the like."""
        await say(context.bot, place_of(update), context.texts.welcome.only_text_and_photos())

    async def old_button(self, update: Update, context: Context) -> None:
        """Answer a press that this version knows nothing of."""
        if update.callback_query is not None:
            await context.answer(update.callback_query, context.texts.request.old_button())


def _resembled(typed: str, known: Sequence[str]) -> str | None:
    """Return the known command that ``/typed@bot …`` may be a slip of."""
    name = re.split(r"[@\s]", typed.removeprefix("/"), maxsplit=1)[0].lower()
    if found := [command for command in known if name and command.startswith(name)]:
        return found[0]
    near = difflib.get_close_matches(name[:32], known, n=1)
    return near[0] if near else None
