"""1080p and 4K below a video: asked for once, shown while they are made, sent again afterwards."""

from telegram import CallbackQuery, Update
from telegram.ext import BaseHandler, CallbackQueryHandler

from bot.errors import UserError
from bot.jobs.further import Further, Sharpened
from bot.jobs.lifecycle import OPEN
from bot.jobs.service import Service
from bot.models import Job, Kind, Place
from handlers import videos
from handlers.answers import say
from handlers.callback_data import JobAction, JobPress, parse
from handlers.context import Context, place_of
from handlers.errors import sentence
from handlers.generate import Generate

_KINDS = {
    JobAction.UPGRADE_1080P: Kind.UPGRADE_1080P,
    JobAction.UPGRADE_4K: Kind.UPGRADE_4K,
}


class Results:
    """The price stands on the button, so that a press is the order."""

    def __init__(self, service: Service, further: Further, generate: Generate) -> None:
        self._service = service
        self._further = further
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
            await self._send_again(job, place, context)

    async def _send_again(self, job: Job, place: Place, context: Context) -> None:
        """What was paid once is had for nothing from then on."""
        offers = await self._further.offers(job)
        catalog, texts = self._service.catalog, context.texts
        sent = await videos.send_copy(context.bot, place, job, offers, catalog, texts)
        if sent is None:
            await say(context.bot, place, texts.result.in_history(), reply=True)
        else:
            await self._further.add_copy(job, sent.chat.id, sent.message_id)


def _is_upgrade(data: object) -> bool:
    pressed = parse(data)
    return isinstance(pressed, JobPress) and pressed.action in _KINDS
