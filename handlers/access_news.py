"""Tells the admins who asks for access, and those who asked what was decided."""

import logging

from telegram.error import BadRequest, Forbidden, TelegramError

from bot.jobs.access import Admission, Asking, Copy
from bot.models import Place, User
from handlers import keyboards
from handlers.answers import redraw, say
from handlers.context import Bot
from handlers.sentences.speech import Html
from handlers.texts import Languages, Texts

log = logging.getLogger(__name__)

# Said again, these would be refused again.
FINAL = (BadRequest, Forbidden)


class AccessNews:
    """Says what is in the database and not in the chats yet; what fails is said next time."""

    def __init__(self, bot: Bot, admission: Admission, languages: Languages) -> None:
        self._bot = bot
        self._admission = admission
        self._languages = languages

    async def round(self) -> None:
        """Say everything that is new."""
        news = await self._admission.news()
        for asking in news.decided:
            await self._tell_asker(asking)
        for admin, copy, asking in news.outdated:
            await self._show_decision(admin, copy, asking)
        unreachable: set[int] = set()
        for admin, asking in news.requests:
            if admin.id not in unreachable and not await self._tell_admin(admin, asking):
                unreachable.add(admin.id)

    async def _tell_admin(self, admin: User, asking: Asking) -> bool:
        """Return False where the admin cannot be reached now, for one who never met the bot."""
        texts = self._texts(admin)
        text = texts.access.request(asking.name, asking.user_id)
        buttons = keyboards.decide_access(asking.user_id, texts.labels)
        try:
            message = await say(self._bot, Place(admin.id), text, buttons)
        except TelegramError as error:
            log.warning("an admin was not told", extra={"admin": admin.id, "why": str(error)})
            return False
        await self._admission.told_admin(Copy(admin.id, message.message_id), asking)
        return True

    async def _show_decision(self, admin: User, copy: Copy, asking: Asking) -> None:
        text = _decision(asking, self._texts(admin))
        try:
            await redraw(self._bot, copy.admin_id, copy.message_id, text)
        except FINAL as error:
            log.info("a decision is not shown", extra={"admin": admin.id, "why": str(error)})
        except TelegramError as error:
            log.warning("a decision is shown later", extra={"why": str(error)})
            return
        await self._admission.closed(copy)

    async def _tell_asker(self, asking: Asking) -> None:
        texts = self._languages.for_language(asking.language).access
        text = texts.welcome() if asking.allowed else texts.turned_down()
        try:
            await say(self._bot, asking.place, text, reply=True)
        except FINAL as error:
            log.info("a decision cannot be told", extra={"user": asking.user_id, "why": str(error)})
        except TelegramError as error:
            log.warning("a decision is told later", extra={"why": str(error)})
            return
        await self._admission.told_asker(asking)

    def _texts(self, reader: User) -> Texts:
        return self._languages.for_language(reader.language)


def _decision(asking: Asking, texts: Texts) -> Html:
    say_it = texts.access.approved if asking.allowed else texts.access.denied
    return say_it(asking.name, asking.user_id)
