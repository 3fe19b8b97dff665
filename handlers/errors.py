"""What people are told when something does not work: by kind where they can mend it."""

import logging
import secrets

from telegram import Update
from telegram import User as Person
from telegram.error import ChatMigrated, Forbidden, TelegramError
from telegram.ext import ApplicationHandlerStop

from bot.catalog import Catalog, Field
from bot.errors import (
    AlreadyAsked,
    DraftGone,
    NotAllowed,
    NotOffered,
    Paused,
    QueueFull,
    QuotaExceeded,
    UserError,
    VideoGone,
)
from bot.jobs.rules import MAX_WAITING_PER_USER
from bot.models import Kind
from handlers.answers import say
from handlers.context import Context, place_of
from handlers.sentences.speech import Html
from handlers.texts import Languages, Texts

log = logging.getLogger(__name__)


def sentence(error: UserError, texts: Texts, catalog: Catalog) -> Html:
    """Return what to say about an error that the person can do something about."""
    match error:
        case QuotaExceeded(limit="own"):
            return texts.money.own_too_little(error.price, error.available)
        case QuotaExceeded():
            return texts.money.total_too_little(error.price, error.available)
        case QueueFull():
            return texts.failure.queue_full(MAX_WAITING_PER_USER)
        case Paused(model=None):
            return texts.failure.account_paused()
        case Paused(model=str(model)):
            name = texts.labels.value(catalog, Field.MODEL, model)
            return texts.failure.model_paused(name)
        case NotAllowed():
            return texts.request.not_yours()
        case AlreadyAsked() | NotOffered() | VideoGone():
            return _about_video(error, texts)
        case DraftGone():
            return texts.request.card_gone()
        case _:
            return texts.request.old_button()


def _about_video(error: AlreadyAsked | NotOffered | VideoGone, texts: Texts) -> Html:
    match error:
        case AlreadyAsked():
            return texts.result.asked(Kind(error.kind))
        case NotOffered(why="sharper"):
            return texts.result.extend_gone()
        case NotOffered(why="old"):
            return texts.result.upgrades_gone()
        case NotOffered(why="gone"):
            return texts.result.again_gone()
        case VideoGone():
            return texts.result.expired()
        case _:
            return texts.result.not_possible()


class Errors:
    """The border behind all handlers: nothing that went wrong is swallowed or shown raw.

    It also ends the update. By itself the framework would ask the next group of handlers, which
    lets everybody in when it is the gate that has failed.
    """

    def __init__(self, languages: Languages, catalog: Catalog) -> None:
        self._languages = languages
        self._catalog = catalog

    async def handle(self, update: object, context: Context) -> None:
        """Log what a handler raised, tell the person, and stop the update."""
        await self._report(update, context)
        raise ApplicationHandlerStop

    async def _report(self, update: object, context: Context) -> None:
        error = context.error
        if isinstance(error, Forbidden | ChatMigrated):
            log.info("somebody cannot be written to", extra={"error": error.message})
            return
        if not isinstance(update, Update) or update.effective_user is None:
            log.error("an update failed", exc_info=error)
            return
        texts = self._texts(update.effective_user, context)
        if isinstance(error, UserError):
            await self._tell(update, context, sentence(error, texts, self._catalog))
            return
        ref = secrets.token_hex(4)
        log.error("an update failed", exc_info=error, extra={"ref": ref})
        await self._tell(update, context, texts.welcome.trouble(ref))

    def _texts(self, person: Person, context: Context) -> Texts:
        """Where the gate itself has failed, the language is the one that Telegram knows."""
        chosen: Texts | None = getattr(context, "texts", None)
        return chosen or self._languages.for_language(person.language_code)

    @staticmethod
    async def _tell(update: Update, context: Context, text: Html) -> None:
        if update.effective_chat is None:
            return
        try:
            await say(context.bot, place_of(update), text)
        except TelegramError as error:
            log.warning("a trouble was not told", extra={"error": str(error)})
