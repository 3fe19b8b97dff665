"""/jobs and Cancel: what is being made, and taking it back."""

from telegram import Update
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, filters

from bot.catalog import Catalog
from bot.errors import UserError
from bot.jobs.messenger import Waiting, Working
from bot.jobs.service import Cancelled, OpenJob, Service
from bot.models import Job
from handlers import keyboards, videos
from handlers.answers import redraw, say
from handlers.callback_data import JobAction, JobPress, parse
from handlers.context import Context, place_of
from handlers.errors import sentence
from handlers.sentences.speech import Html
from handlers.texts import Texts

MOST_ROWS = 24  # that fit into a message


class Jobs:
    """The list has a Cancel button for each row, like the status cards."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def handlers(self) -> list[BaseHandler[Update, Context, None]]:
        """Return the handlers of the command and of the buttons."""
        return [
            CommandHandler("jobs", self.jobs, filters.UpdateType.MESSAGE),
            CallbackQueryHandler(self.cancel, _is_cancel),
        ]

    async def jobs(self, update: Update, context: Context) -> None:
        """List a person's open jobs."""
        texts = context.texts
        running = await self._service.open_jobs(context.user.id)
        shown = running[:MOST_ROWS]
        rows = [
            row(number, each, self._service.catalog, texts)
            for number, each in enumerate(shown, start=1)
        ]
        markup = keyboards.jobs([each.job.id for each in shown], texts.labels) if shown else None
        text = texts.jobs.jobs(rows, len(running) - len(shown))
        await say(context.bot, place_of(update), text, markup)

    async def cancel(self, update: Update, context: Context) -> None:
        """Cancel a job, as far as that is still possible."""
        query = update.callback_query
        pressed = parse(query.data) if query is not None else None
        if query is None or not isinstance(pressed, JobPress):
            return
        try:
            job = await self._service.job(pressed.job_id, context.user.id)
            outcome = await self._service.cancel(job.id, context.user.id)
        except UserError as error:
            await context.answer(query, sentence(error, context.texts, self._service.catalog))
            return
        text = _outcome(outcome, job, context.texts)
        await context.answer(query, text)
        if outcome is not Cancelled.TOO_LATE and job.status_message_id is not None:
            await redraw(context.bot, job.place.chat_id, job.status_message_id, text)


def row(number: int, running: OpenJob, catalog: Catalog, texts: Texts) -> Html:
    """Describe a job under way; ``number`` stands on its Cancel button, too."""
    job = running.job
    entry = videos.entry(job, catalog, texts.labels)
    return texts.jobs.row(number, entry, videos.listed_prompt(job), _state(running, texts))


def _state(running: OpenJob, texts: Texts) -> Html:
    match running.status:
        case Waiting(place, paused_account=False, paused_model=False):
            return texts.jobs.waiting(place)
        case Working(remaining=float(rest)):
            return Html(f"{texts.jobs.state(running.job.state)}, {texts.progress.rest(rest)}")
    return texts.jobs.state(running.job.state)


def _outcome(outcome: Cancelled, job: Job, texts: Texts) -> Html:
    match outcome:
        case Cancelled.RELEASED:
            return texts.progress.cancelled(job.price)
        case Cancelled.UNSEEN:
            return texts.progress.cancelled_late()
        case Cancelled.TOO_LATE:
            return texts.progress.too_late_to_cancel()


def _is_cancel(data: object) -> bool:
    pressed = parse(data)
    return isinstance(pressed, JobPress) and pressed.action is JobAction.CANCEL
