"""What only admins may: /grant."""

import re

from telegram import Update
from telegram.ext import BaseHandler, CommandHandler, filters

from bot.jobs.service import Service
from bot.models import User
from handlers.answers import say
from handlers.context import Context, place_of
from handlers.sentences.speech import Html
from handlers.texts import Texts

MOST_CREDITS = 1_000_000
MOST_ID = 2**52  # Bot API, User: an id has at most 52 significant bits
_ARGUMENTS = 2
_NUMBER = re.compile("[1-9][0-9]{0,15}", re.ASCII)


class Admin:
    """Only the numeric id of the sender counts, never a name or a group's own admin."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def handlers(self) -> list[BaseHandler[Update, Context, None]]:
        """Return the handlers of the commands."""
        return [CommandHandler("grant", self.grant, filters.UpdateType.MESSAGE)]

    async def grant(self, update: Update, context: Context) -> None:
        """Handle ``/grant USER CREDITS``."""
        text = await self._grant(context.user, context.args or [], update.update_id, context.texts)
        await say(context.bot, place_of(update), text)

    async def _grant(self, admin: User, given: list[str], update_id: int, texts: Texts) -> Html:
        if not self._service.is_admin(admin):
            return texts.money.admins_only()
        if len(given) != _ARGUMENTS:
            return texts.money.grant_usage()
        user_id, amount = _number(given[0], MOST_ID), _number(given[1], MOST_CREDITS)
        if user_id is None:
            return texts.money.bad_user(given[0])
        if amount is None:
            return texts.money.bad_amount(given[1], MOST_CREDITS)
        user = await self._service.known(user_id)
        if user is None:
            return texts.money.unknown_user(user_id)
        await self._service.grant(user_id, amount, update_id)
        balance = (await self._service.quota(user)).granted
        return texts.money.granted(user.name, user_id, amount, balance)


def _number(typed: str, most: int) -> int | None:
    if not _NUMBER.fullmatch(typed):
        return None
    number = int(typed)
    return number if number <= most else None
