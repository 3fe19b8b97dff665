"""The front door while the bot runs: the first admin's link, who asks, the menus of commands."""

import asyncio

from bot.jobs.access import Admission
from bot.running import wait
from handlers.access import claim_link
from handlers.access_news import AccessNews
from handlers.context import Bot
from handlers.profile import Profile
from handlers.texts import Languages

# What could not be said is tried again this often.
LONGEST_REST_SECONDS = 60.0


class Door:
    """Whoever changes what is known about access sets ``bell``."""

    def __init__(
        self, bot: Bot, admission: Admission, languages: Languages, bell: asyncio.Event
    ) -> None:
        self._bot = bot
        self._admission = admission
        self._news = AccessNews(bot, admission, languages)
        self._profile = Profile(bot, admission, languages)
        self._bell = bell

    async def first_link(self) -> str | None:
        """Return a new link that makes whoever opens it first the admin, if there is none."""
        code = await self._admission.new_claim()
        return None if code is None else claim_link(self._bot.username, code)

    async def run(self) -> None:
        """Say what is new, for ever."""
        while True:
            self._bell.clear()
            await self._news.round()
            await self._profile.round()
            await wait(self._bell, LONGEST_REST_SECONDS)
