"""How a finished video looks in a chat: its caption, its buttons, and sending it once more."""

from dataclasses import replace

from telegram import InlineKeyboardMarkup, Message, ReplyParameters
from telegram.constants import ParseMode

from bot.catalog import Catalog, Field
from bot.jobs import offers
from bot.jobs.offers import Offers
from bot.models import Job, Kind, Place
from bot.updates.limiter import Priority
from handlers import keyboards, utf16
from handlers.context import Bot
from handlers.sentences.labels import SEPARATOR, Labels
from handlers.sentences.speech import Html
from handlers.texts import Texts

_LISTED_UNITS = 60


def facts(job: Job, catalog: Catalog, labels: Labels) -> str:
    """Name what the video is like: a sharper copy by its own resolution, a film by its length."""
    model = labels.value(catalog, Field.MODEL, job.options.model)
    options = replace(job.options, resolution=offers.resolution(job.kind, job.options))
    if job.kind is not Kind.EXTEND:
        return labels.facts(model, options)
    if job.video is None:  # how long it will be, nobody knows
        return labels.look(model, options)
    return labels.facts(model, options, round(job.video.seconds))


def entry(job: Job, catalog: Catalog, labels: Labels) -> str:
    """Name a video in a list of several: which part of a film it is belongs to it there."""
    part = (labels.part(job.part),) if job.part > 1 else ()
    return SEPARATOR.join((facts(job, catalog, labels), *part))


def listed_prompt(job: Job) -> str:
    """Return as much of the prompt as tells videos of a list apart, on one line."""
    return utf16.shorten(" ".join(job.prompt.split()), _LISTED_UNITS)


def caption(job: Job, catalog: Catalog, texts: Texts) -> Html:
    """Return what stands below the video."""
    return texts.result.caption(job.prompt, facts(job, catalog, texts.labels), job.part)


def buttons(job: Job, made: Offers, catalog: Catalog, labels: Labels) -> InlineKeyboardMarkup:
    """Return the buttons below a message that shows the video."""
    return keyboards.result(
        job.id, job.options, catalog, labels, offers=made.kinds, pending=made.pending
    )


async def send_copy(
    bot: Bot, place: Place, job: Job, made: Offers, catalog: Catalog, texts: Texts
) -> Message | None:
    """Send a video once more as Telegram has it; ``None``: Telegram has it no more, or never had.

    The caller remembers the message (``storage.lineage.add_copy``), so that its buttons stay right.
    """
    if job.video is None or job.video.file_id is None:
        return None
    tied = (
        None
        if place.message_id is None
        else ReplyParameters(place.message_id, allow_sending_without_reply=True)
    )
    return await bot.send_video(
        place.chat_id,
        job.video.file_id,
        caption=caption(job, catalog, texts),
        parse_mode=ParseMode.HTML,
        message_thread_id=place.thread_id,
        reply_parameters=tied,
        reply_markup=buttons(job, made, catalog, texts.labels),
        rate_limit_args=Priority.RESULT,
    )
