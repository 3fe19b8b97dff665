"""1080p and 4K below a video: asked for once, shown while they are made, sent again afterwards."""

from telegram import CallbackQuery, Update
from telegram.ext import BaseHandler, CallbackQueryHandler

from bot.errors import UserError
from bot.jobs.further import Further, Sharpened
from bot.jobs.lifecycle import OPEN
from bot.jobs.service import Service
from bot.models import Kind, Place
from handlers.callback_data import JobAction, JobPress, parse
from handlers.context import Context, place_of
from handlers.errors import sentence
from handlers.generate import Generate
from handlers.history import HistoryHandlers

_KINDS = {
    JobAction.UPGRADE_1080P: Kind.UPGRADE_1080P,
    JobAction.UPGRADE_4K: Kind.UPGRADE_4K,
}


class Results:
    """The price stands on the button, so that a press is the order."""

    def __init__(
        self, service: Service, further: Further, history: HistoryHandlers, generate: Generate
    ) -> None:
        self._service = service
        self._further = further
        self._history = history
        self._generate = generate

    def handlers(self) -> list[BaseHandler[Update, Context, None]]:
        """Return the handler of the buttons."""
        return [CallbackQueryHandler(self.press, _is_upgrade)]

    async def press(self, update: Update, context: Context) -> None:
        """Order the copy; one that stands is not ordered again."""
        query = update.callback_query
        pressed = parse(query.data) if query is not None else None
        if query is None or not isinstance(pressed, JobPress):
            return
        place = place_of(update)
        try:
            sharpened = await self._further.sharpen(
                pressed.job_id, _KINDS[pressed.action], context.user, place, update.update_id
            )
        except UserError as error:
            await context.answer(query, sentence(error, context.texts, self._service.catalog))
            return
        await self._tell(sharpened, query, place, context)

    async def _tell(
        self, sharpened: Sharpened, query: CallbackQuery, place: Place, context: Context
    ) -> None:
        job = sharpened.job
        if not sharpened.begun and job.state in OPEN:
            await context.answer(query, context.texts.result.asked(job.kind))
            return
        await context.answer(query)
        if sharpened.begun:
            await self._generate.go_on(job, context)
        else:
            # What was paid once is had for nothing from then on.
            await self._history.send_again(job, place, place, context)


def _is_upgrade(data: object) -> bool:
    pressed = parse(data)
    return isinstance(pressed, JobPress) and pressed.action in _KINDS
