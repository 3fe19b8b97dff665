"""Says in chats what happens to jobs: status cards, videos, ends, alerts."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import BinaryIO

from telegram import InlineKeyboardMarkup, InputFile, InputMediaVideo, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.catalog import UPGRADES, Catalog
from bot.errors import ChatError, ChatGone, ChatMoved, SendLater, SendRefused, SendUnknown
from bot.jobs.messenger import Sending, Sent, Status
from bot.jobs.offers import Offers, first_offers
from bot.media.videos import Prepared
from bot.models import Job, Place, Reason
from bot.updates.limiter import Priority, seconds_of
from handlers import keyboards, videos
from handlers.answers import UNCHANGED, remove, say
from handlers.context import Bot
from handlers.sentences.speech import Html, lines
from handlers.status import said
from handlers.texts import Languages, Texts

log = logging.getLogger(__name__)

UPLOAD_SECONDS = 120.0
# Bot API error descriptions of chats that nobody can write to any more, or until somebody there
# changes that, in lower case.
GONE_CHATS = (
    *("chat not found", "user is deactivated", "group chat was deleted", "peer_id_invalid"),
    *("topic_closed", "chat_write_forbidden"),
)
GONE_TOPIC = "message thread not found"
# The framework's cause of a NetworkError before anything was sent (httpx, "Exceptions").
NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol"})


def chat_error(error: TelegramError) -> ChatError:
    """Translate what Telegram said into what the sender can do about it."""
    match error:
        case RetryAfter():
            return SendLater(seconds_of(error))
        case Forbidden():
            return ChatGone(error.message)
        case BadRequest() if any(gone in error.message.lower() for gone in GONE_CHATS):
            return ChatGone(error.message)
        case ChatMigrated():
            return ChatMoved(error.new_chat_id)
        case BadRequest() | InvalidToken():
            return SendRefused(error.message)
        case NetworkError() if type(error.__cause__).__name__ in NEVER_SENT:
            return SendLater()
        case NetworkError():
            return SendUnknown(error.message)
    return SendRefused(error.message)


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except TelegramError as error:
        raise chat_error(error) from error


class TelegramMessenger:
    """Implements ``bot.jobs.messenger.Messenger`` over the Bot API."""

    def __init__(
        self,
        bot: Bot,
        languages: Languages,
        catalog: Catalog,
        clock: Callable[[], float],
    ) -> None:
        self._bot = bot
        self._languages = languages
        self._catalog = catalog
        self._clock = clock

    async def upload_to_card(self, job: Job, video: Prepared) -> str:
        """Put the video into the status card, whose edit notifies nobody and can be repeated."""
        async with _translated():
            with video.path.open("rb") as file:
                message = await self._bot.edit_message_media(
                    InputMediaVideo(
                        # Without attach the framework drops the upload silently.
                        _input_file(job, file, attach=True),
                        caption=self._caption(job),
                        parse_mode=ParseMode.HTML,
                        width=video.probe.width,
                        height=video.probe.height,
                        duration=round(video.probe.seconds),
                        thumbnail=InputFile(video.thumbnail, attach=True),
                        supports_streaming=True,
                    ),
                    chat_id=job.place.chat_id,
                    message_id=job.status_message_id,
                    read_timeout=UPLOAD_SECONDS,
                    write_timeout=UPLOAD_SECONDS,
                    rate_limit_args=Priority.RESULT,
                )
        if isinstance(message, Message) and message.video is not None:
            return message.video.file_id
        raise SendRefused("Telegram does not take the upload for a video")

    async def send_uploaded(self, job: Job) -> Sent:
        """Send what Telegram has already as a new message that answers the request."""
        if job.video is None or job.video.file_id is None:
            raise SendRefused("the video was not uploaded")
        return await self._answer(job, partial(self._bot.send_video, video=job.video.file_id))

    async def send_video(self, job: Job, video: Prepared) -> Sent:
        """Upload the video as a new message that answers the request."""
        with video.path.open("rb") as file:
            send = partial(
                self._bot.send_video,
                video=_input_file(job, file, attach=False),
                width=video.probe.width,
                height=video.probe.height,
                duration=round(video.probe.seconds),
                thumbnail=video.thumbnail,
                supports_streaming=True,
                read_timeout=UPLOAD_SECONDS,
                write_timeout=UPLOAD_SECONDS,
            )
            return await self._answer(job, send)

    async def _answer(self, job: Job, send: Callable[..., Awaitable[Message]]) -> Sent:
        """Send a video below the request, in its topic as long as there is one."""
        send = partial(
            send,
            chat_id=job.place.chat_id,
            caption=self._caption(job),
            parse_mode=ParseMode.HTML,
            reply_parameters=_answering(job),
            reply_markup=self._result_buttons(job),
            rate_limit_args=Priority.RESULT,
        )
        async with _translated():
            try:
                message = await send(message_thread_id=job.place.thread_id)
            except BadRequest as error:
                if job.place.thread_id is None or GONE_TOPIC not in error.message.lower():
                    raise
                message = await send()
        return _sent(message)

    async def send_copy(self, job: Job, offers: Offers) -> Sent | None:
        """Send a video that Telegram has already; it costs neither time nor bytes."""
        texts = self._texts(job)
        async with _translated():
            message = await videos.send_copy(
                self._bot, job.place, job, offers, self._catalog, texts
            )
        return None if message is None else _sent(message)

    async def send_link(self, job: Job, url: str, expires_in_seconds: float) -> Sent:
        """Send a link to a video that is too big for an upload."""
        texts = self._texts(job)
        size = job.video.bytes if job.video is not None else 0
        text = texts.result.too_big(size, url, self._clock() + expires_in_seconds)
        message = await self._tell(job, text, self._result_buttons(job))
        return Sent(message.message_id, None)

    async def _tell(self, job: Job, text: Html, markup: InlineKeyboardMarkup) -> Message:
        """Say what became of a job; whether it is said again after a fault is for the caller."""
        async with _translated():
            return await say(
                self._bot, job.place, text, markup, reply=True, priority=Priority.RESULT
            )

    async def show_status(self, job: Job, status: Status) -> None:
        """Draw the status card anew."""
        if job.status_message_id is None:
            raise SendRefused("there is no status card")
        async with _translated():
            try:
                await self._bot.edit_message_text(
                    said(job, status, self._catalog, self._texts(job)),
                    parse_mode=ParseMode.HTML,
                    chat_id=job.place.chat_id,
                    message_id=job.status_message_id,
                    reply_markup=self._status_buttons(job, status),
                    rate_limit_args=Priority.PROGRESS,
                )
            except BadRequest as error:
                if UNCHANGED not in error.message.lower():
                    raise

    async def remove_status(self, job: Job) -> None:
        """Delete the status card; one that is gone, or too old to be deleted, is left alone."""
        if job.status_message_id is None:
            return
        async with _translated():
            await remove(self._bot, job.place.chat_id, job.status_message_id)

    async def tell_end(self, job: Job) -> None:
        """Say why there is no video, below everything else, and remove the status card."""
        texts = self._texts(job)
        text = texts.failure.told(job.error or Reason.REFUSED, job.price, job.ref)
        await self._tell(job, text, self._failure_buttons(job))
        try:
            await self.remove_status(job)
        except ChatError as error:  # what was told is not told again for that
            log.info("a status card stays", extra={"job": job.ref, "error": str(error)})

    async def show_buttons(self, job: Job, offers: Offers, chat_id: int, message_id: int) -> None:
        """Draw the buttons below a message that shows a job's video anew."""
        markup = videos.buttons(job, offers, self._catalog, self._texts(job).labels)
        async with _translated():
            try:
                await self._bot.edit_message_reply_markup(chat_id, message_id, reply_markup=markup)
            except BadRequest as error:
                if UNCHANGED not in error.message.lower():
                    raise

    async def alert(self, admin_ids: Collection[int], name: str, detail: str) -> None:
        """Tell every admin who can be reached."""
        text, reached, trouble = self._alert(name, detail), False, None
        for admin_id in sorted(admin_ids):
            try:
                await say(self._bot, Place(admin_id), text)
                reached = True
            except TelegramError as error:
                log.warning("an admin was not told", extra={"admin": admin_id, "why": str(error)})
                trouble = error
        if trouble is not None and not reached:
            raise chat_error(trouble) from trouble

    def _texts(self, job: Job) -> Texts:
        return self._languages.for_language(job.language)

    def _caption(self, job: Job) -> Html:
        texts = self._texts(job)
        caption = videos.caption(job, self._catalog, texts)
        return caption if job.error is None else lines(texts.result.late(), caption)

    def _result_buttons(self, job: Job) -> InlineKeyboardMarkup:
        return videos.buttons(job, first_offers(job), self._catalog, self._texts(job).labels)

    def _failure_buttons(self, job: Job) -> InlineKeyboardMarkup:
        labels = self._texts(job).labels
        if job.kind in UPGRADES:
            return keyboards.upgrade_failure(job, self._catalog, labels)
        return keyboards.failure(job.id, labels)

    def _status_buttons(self, job: Job, status: Status) -> InlineKeyboardMarkup | None:
        if isinstance(status, Sending):
            return None
        return keyboards.status(job.id, self._texts(job).labels)

    def _alert(self, name: str, detail: str) -> Html:
        """Alerts are told in English: they are for whoever runs the bot."""
        texts = self._languages.for_language(None).admin
        told: dict[str, Callable[[str], Html]] = {
            "kie-account": texts.account_stopped,
            "credits-low": texts.credits_low,
            "disk-short": texts.disk_short,
            "callbacks-silent": lambda _: texts.callbacks_silent(),
            "callback-foreign-task": texts.foreign_callback,
        }
        return told[name](detail) if name in told else texts.trouble(name, detail)


def _input_file(job: Job, file: BinaryIO, *, attach: bool) -> InputFile:
    """Read whole, a video would cost its size in memory and stall the loop."""
    name = f"veo-{job.ref}.mp4"
    return InputFile(file, filename=name, attach=attach, read_file_handle=False)


def _answering(job: Job) -> ReplyParameters | None:
    if job.place.message_id is None:
        return None
    return ReplyParameters(job.place.message_id, allow_sending_without_reply=True)


def _sent(message: Message) -> Sent:
    return Sent(message.message_id, message.video.file_id if message.video else None)
