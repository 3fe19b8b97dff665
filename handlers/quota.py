"""/quota: what is left, when there is more, and what it buys."""

from collections.abc import Callable

from telegram import Update
from telegram.ext import BaseHandler, CommandHandler, filters

from bot.jobs.service import Service
from handlers.answers import say
from handlers.context import Context, place_of


class QuotaCommand:
    """Prices are those of a new card."""

    def __init__(self, service: Service, clock: Callable[[], float]) -> None:
        self._service = service
        self._clock = clock

    def handlers(self) -> list[BaseHandler[Update, Context, None]]:
        """Return the handler of the command."""
        return [CommandHandler("quota", self.quota, filters.UpdateType.MESSAGE)]

    async def quota(self, update: Update, context: Context) -> None:
        """Answer with the three amounts and some examples."""
        catalog = self._service.catalog
        quota = await self._service.quota(context.user)
        buys = [(model.label, model.prices[model.resolutions[0]]) for model in catalog.offered]
        await say(
            context.bot, place_of(update), context.texts.money.quota(quota, self._clock(), buys)
        )
