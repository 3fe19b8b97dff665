"""/history: looking back page by page, and having a video sent once more."""

import logging
from datetime import UTC, datetime

from telegram import InlineKeyboardMarkup, Update
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler

from bot.catalog import Catalog
from bot.errors import ChatError, UserError
from bot.jobs.history import History, Page
from bot.jobs.service import Service
from bot.models import Job, Place, State
from handlers import keyboards, videos
from handlers.answers import redraw, say
from handlers.callback_data import JobAction, JobPress, UserAction, UserPress, parse
from handlers.context import Context, place_of
from handlers.errors import sentence
from handlers.private import PRIVATE, require_private
from handlers.sentences.labels import SEPARATOR
from handlers.sentences.speech import Html
from handlers.texts import Texts

log = logging.getLogger(__name__)


class HistoryHandlers:
    """One message, whose pages are turned in place."""

    def __init__(self, service: Service, history: History) -> None:
        self._service = service
        self._history = history

    def handlers(self) -> list[BaseHandler[Update, Context, None]]:
        """Return the handlers of the command and of the buttons; Again is the conversation's."""
        return [
            CommandHandler("history", self.history, PRIVATE),
            CallbackQueryHandler(self.turn, _is_turn),
            CallbackQueryHandler(self.send, _is_send),
        ]

    async def history(self, update: Update, context: Context) -> None:
        """Show the newest page."""
        page = await self._history.page(context.user.id)
        text, markup = render(page, self._service.catalog, context.texts)
        await say(context.bot, place_of(update), text, markup)

    async def turn(self, update: Update, context: Context) -> None:
        """Show another page in the same message."""
        query, pressed = update.callback_query, _pressed(update)
        if query is None or not isinstance(pressed, UserPress):
            return
        try:
            require_private(query)
        except UserError as error:
            await context.answer(query, sentence(error, context.texts, self._service.catalog))
            return
        page = await self._history.page(context.user.id, pressed.value or 1)
        await context.answer(query)
        (text, markup), place = render(page, self._service.catalog, context.texts), place_of(update)
        if place.message_id is not None:
            await redraw(context.bot, place.chat_id, place.message_id, text, markup)

    async def send(self, update: Update, context: Context) -> None:
        """Send one of the videos once more."""
        query, pressed = update.callback_query, _pressed(update)
        if query is None or not isinstance(pressed, JobPress):
            return
        try:
            require_private(query)
            video = await self._history.video(pressed.job_id, context.user.id)
        except UserError as error:
            await context.answer(query, sentence(error, context.texts, self._service.catalog))
            return
        await context.answer(query)
        await self.send_again(video, Place(query.from_user.id), place_of(update), context)

    async def send_again(self, video: Job, target: Place, here: Place, context: Context) -> None:
        """Send a video once more to ``target``; what hinders that is said ``here``."""
        try:
            await self._history.send_again(video, target)
        except UserError as error:
            text = sentence(error, context.texts, self._service.catalog)
        except ChatError as error:
            log.warning("not sent again", extra={"job": video.ref, "error": str(error)})
            text = context.texts.history.not_sent()
        else:
            return
        await say(context.bot, here, text)


def render(page: Page, catalog: Catalog, texts: Texts) -> tuple[Html, InlineKeyboardMarkup | None]:
    """Draw a page; every entry has its buttons, numbered like it."""
    rows = [
        _row(number, job, catalog, texts) for number, job in enumerate(page.jobs, start=page.first)
    ]
    markup = keyboards.history(
        [job.id for job in page.jobs],
        [job.id for job in page.jobs if job.state is State.DONE and job.video is not None],
        page.number,
        page.count,
        page.first,
        texts.labels,
    )
    return texts.history.page(rows, page.number, page.count), markup if rows else None


def _row(number: int, job: Job, catalog: Catalog, texts: Texts) -> Html:
    day = f"{datetime.fromtimestamp(job.created_at, UTC):%Y-%m-%d}"
    details = f"{day}{SEPARATOR}{videos.entry(job, catalog, texts.labels)}"
    state = texts.jobs.state(job.state)
    return texts.jobs.row(number, details, videos.listed_prompt(job), state)


def _pressed(update: Update) -> object:
    query = update.callback_query
    return parse(query.data) if query is not None else None


def _is_turn(data: object) -> bool:
    pressed = parse(data)
    return isinstance(pressed, UserPress) and pressed.action is UserAction.HISTORY


def _is_send(data: object) -> bool:
    pressed = parse(data)
    return isinstance(pressed, JobPress) and pressed.action is JobAction.SEND
