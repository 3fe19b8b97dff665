"""What is somebody's own is said in their private chat only."""

from telegram import CallbackQuery, Update
from telegram.ext import BaseHandler, CommandHandler, filters

from bot.errors import NotAllowed
from handlers.answers import say
from handlers.context import Context, place_of

COMMANDS = ("history", "settings", "delete_me")
PRIVATE = filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE


def handlers() -> list[BaseHandler[Update, Context, None]]:
    """Return the handler of those commands in groups."""
    groups = filters.UpdateType.MESSAGE & filters.ChatType.GROUPS
    return [CommandHandler(COMMANDS, _privately, groups)]


async def _privately(update: Update, context: Context) -> None:
    await say(context.bot, place_of(update), context.texts.farewell.privately(), reply=True)


def require_private(query: CallbackQuery) -> None:
    """A person's private chat has their own id: nobody else presses there.

    Raises NotAllowed elsewhere, where only forged buttons can be.
    """
    if query.message is None or query.message.chat.id != query.from_user.id:
        raise NotAllowed
