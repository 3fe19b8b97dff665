"""Photos and image files, alone or as an album: loaded, checked, and put on a question or card."""

import logging
import re
from dataclasses import dataclass, replace

from telegram import Document, Message, Update
from telegram.ext import BaseHandler, CommandHandler, MessageHandler, filters

from bot.errors import BadMedia
from bot.jobs.service import Request, Service
from bot.media.headers import BadImage, ImageProblem
from bot.media.library import Library, NotLoaded
from bot.models import Album, AlbumPart, Draft, Kind, Picture, Step
from bot.updates.albums import Albums
from handlers.answers import say
from handlers.card import moved
from handlers.context import Context, place_of
from handlers.generate import Generate, State
from handlers.requests import Wish, is_generate, read_caption, read_command, with_photos
from handlers.sentences.speech import Html
from handlers.texts import Texts

log = logging.getLogger(__name__)

_IMAGE_NAME = re.compile(r"\.(jpe?g|png|webp|gif|hei[cf]|avif|bmp|tiff?|svg)\Z", re.IGNORECASE)
_NEW = filters.UpdateType.MESSAGE


class _InAlbum(filters.MessageFilter):
    def filter(self, message: Message) -> bool:
        return message.media_group_id is not None


class _AnswersPicture(filters.MessageFilter):
    def filter(self, message: Message) -> bool:
        replied = message.reply_to_message
        return replied is not None and isinstance(picture_in(replied), Picture)


@dataclass(frozen=True, slots=True)
class _Brought:
    """Photos that can be used, the words with them, and the open draft that they are for."""

    photos: tuple[int, ...]
    words: str | None
    command: bool
    draft: Draft | None
    notes: tuple[Html, ...] = ()


class Photos:
    """In a group only what is surely meant for the bot counts: a command, or an answer to it."""

    def __init__(
        self, service: Service, library: Library, albums: Albums, generate: Generate
    ) -> None:
        self._service = service
        self._library = library
        self._albums = albums
        self._generate = generate

    def handlers(self) -> list[BaseHandler[Update, Context, object]]:
        """Return the handlers, to be asked within the conversation."""
        alone = filters.PHOTO | filters.Document.ALL
        meant = filters.ChatType.PRIVATE | filters.REPLY | filters.CaptionRegex("^/")
        return [
            CommandHandler("generate", self.answer, _NEW & _AnswersPicture()),
            MessageHandler(_NEW & _InAlbum(), self.part),
            MessageHandler(_NEW & alone & meant, self.photo),
        ]

    async def answer(self, update: Update, context: Context) -> State | None:
        """Handle ``/generate`` as an answer to somebody's photo: that one is used."""
        message = _message(update)
        found = picture_in(message.reply_to_message) if message.reply_to_message else None
        brought = _Brought((), message.text, command=True, draft=None)
        return await self._take_one(update, context, found, brought)

    async def photo(self, update: Update, context: Context) -> State | None:
        """Take a photo or an image file that came alone."""
        message = _message(update)
        command = is_generate(message.caption, context.bot.username)
        draft = await self._draft_for(update, context, command=command)
        if place_of(update).is_group and not command and draft is None:
            return None
        brought = _Brought((), message.caption, command, draft)
        return await self._take_one(update, context, picture_in(message), brought)

    async def _take_one(
        self,
        update: Update,
        context: Context,
        found: Picture | ImageProblem | None,
        brought: _Brought,
    ) -> State | None:
        try:
            if not isinstance(found, Picture):
                raise BadImage(found or ImageProblem.WRONG_FORMAT)
            media_id = await self._library.keep(context.user.id, update.update_id, found)
        except BadMedia as error:
            refusal = context.texts.photo.refused(_why(error, context.texts))
            await say(context.bot, place_of(update), refusal, reply=True)
            return None
        return await self._take(update, context, replace(brought, photos=(media_id,)))

    # Albums

    async def part(self, update: Update, context: Context) -> State | None:
        """Keep a part of an album; the part that stands for all comes once more at the end."""
        part = await self._albums.arrived(_part(update), context.user.id)
        if not place_of(update).is_group or is_generate(part.caption, context.bot.username):
            await self._look_at(part, context)
        album = await self._albums.complete(part.chat_id, part.group_id)
        return None if album is None else await self._end(album, update, context)

    async def _end(self, album: Album, update: Update, context: Context) -> State | None:
        """Take what is new in an album; what came too late for the first end ends it again."""
        fresh = [part for part in album.parts if not part.taken]
        late = len(fresh) < len(album.parts)
        words = next((part.caption for part in fresh if part.caption), None)
        command = is_generate(words, context.bot.username)
        draft = await self._draft_for(update, context, command=command, late=late)
        if place_of(update).is_group and not command and draft is None:
            return None
        looked_at = tuple([await self._look_at(part, context) for part in fresh])
        photos = tuple(part.media_id for part in looked_at if part.media_id is not None)
        notes = _refusals(album, looked_at, context.texts)
        brought = _Brought(photos, words, command, draft, notes)
        step = await self._take_album(update, context, brought)
        await self._albums.close(album)
        return step

    async def _take_album(
        self, update: Update, context: Context, brought: _Brought
    ) -> State | None:
        if brought.photos:
            return await self._take(update, context, brought)
        for refusal in brought.notes:
            await say(context.bot, place_of(update), refusal, reply=True)
        return None

    async def _look_at(self, part: AlbumPart, context: Context) -> AlbumPart:
        """Load a part unless that was done; one that Telegram does not give stays as it is."""
        if part.picture is None or part.media_id is not None or part.problem is not None:
            return part
        try:
            media_id = await self._library.keep(context.user.id, part.update_id, part.picture)
        except BadImage as error:
            looked_at = replace(part, problem=error.problem)
        except NotLoaded as error:
            log.warning("a photo was not loaded", extra={"error": str(error.__cause__)})
            return part
        else:
            looked_at = replace(part, media_id=media_id)
        await self._albums.settled(looked_at)
        return looked_at

    # Questions and cards

    async def _draft_for(
        self, update: Update, context: Context, *, command: bool, late: bool = False
    ) -> Draft | None:
        """Return the open draft that photos belong to; a command begins a new one.

        ``late``: others of the album have been put somewhere, and that is the open draft.
        """
        if command and not late:
            return None
        place, user = place_of(update), context.user
        draft = await self._generate.draft_replied_to(update, context)
        if draft is None and (late or not place.is_group):
            draft = await self._service.active_draft(user.id, place.chat_id)
        if draft is None or draft.step is Step.DEFAULT_WATERMARK:
            return None
        return draft if draft.kind is Kind.GENERATE else None

    async def _take(self, update: Update, context: Context, brought: _Brought) -> State | None:
        if brought.draft is None:
            return await self._open(update, context, brought)
        return await self._add(update, context, brought, brought.draft)

    async def _open(self, update: Update, context: Context, brought: _Brought) -> State | None:
        limit, place = self._service.catalog.photo_limit, place_of(update)
        photos = brought.photos[:limit]
        wish = self._wish(brought, len(photos), context)
        if wish.refusal is not None and brought.command:
            await say(context.bot, place, wish.refusal, reply=True)
            return None
        opened = await self._service.open_draft(
            Request(context.user, place, update.update_id, wish.prompt, wish.options, photos)
        )
        notes = _notes(brought, wish, context.texts, limit, len(brought.photos))
        return await self._generate.go_on(opened, context, go=wish.go, notes=notes)

    async def _add(
        self, update: Update, context: Context, brought: _Brought, draft: Draft
    ) -> State | None:
        """Put photos behind those of an open draft; its prompt is replaced where words came."""
        catalog, texts = self._service.catalog, context.texts
        new = tuple(photo for photo in brought.photos if photo not in draft.photos)
        photos = (*draft.photos, *new)
        limit = catalog.photo_limit
        wish = self._wish(brought, len(photos[:limit]), context)
        if wish.refusal is not None and brought.command:
            await say(context.bot, place_of(update), wish.refusal, reply=True)
        draft, changes = with_photos(draft, photos[:limit], context.user.defaults, catalog)
        if brought.command and wish.refusal is None:
            draft = replace(draft, options=wish.options)
        prompt = wish.prompt or draft.prompt
        step = Step.PROMPT if prompt is None else Step.CARD
        notes = (
            *_notes(brought, wish, texts, limit, len(photos)),
            *moved(changes, catalog, texts),
        )
        return await self._generate.show(replace(draft, prompt=prompt, step=step), context, notes)

    def _wish(self, brought: _Brought, photo_count: int, context: Context) -> Wish:
        read = read_command if brought.command else read_caption
        return read(
            brought.words or "",
            context.user.defaults,
            photo_count,
            self._service.catalog,
            context.texts,
            self._service.rules.prompt_max_chars,
        )


def picture_in(message: Message) -> Picture | ImageProblem | None:
    """Return the picture of a message, or why its file is none; ``None``: there is no file."""
    if message.photo:
        largest = message.photo[-1]
        return Picture(largest.file_id, largest.file_size)
    if message.animation is not None:
        return ImageProblem.SEVERAL_FRAMES
    if message.document is None:
        return None
    if not _is_image(message.document):
        return ImageProblem.WRONG_FORMAT
    return Picture(message.document.file_id, message.document.file_size)


def _is_image(document: Document) -> bool:
    """Tell by what the sender says; what it is really is decided by its bytes."""
    if (document.mime_type or "").startswith("image/"):
        return True
    return _IMAGE_NAME.search(document.file_name or "") is not None


def _part(update: Update) -> AlbumPart:
    message = _message(update)
    found = picture_in(message) or ImageProblem.WRONG_FORMAT
    return AlbumPart(
        update_id=update.update_id,
        chat_id=message.chat.id,
        group_id=message.media_group_id or "",
        message_id=message.message_id,
        picture=found if isinstance(found, Picture) else None,
        caption=message.caption,
        problem=found if isinstance(found, ImageProblem) else None,
    )


def _refusals(album: Album, looked_at: tuple[AlbumPart, ...], texts: Texts) -> tuple[Html, ...]:
    """Name the photos that cannot be used by their place in the album."""
    numbers = {part.update_id: number for number, part in enumerate(album.parts, start=1)}
    reasons = [
        (numbers[part.update_id], _reason(part.problem, texts))
        for part in looked_at
        if part.media_id is None
    ]
    return (texts.photo.some_refused(reasons),) if reasons else ()


def _why(error: BadMedia, texts: Texts) -> Html:
    return _reason(error.problem if isinstance(error, BadImage) else None, texts)


def _reason(problem: str | None, texts: Texts) -> Html:
    if problem is None:
        return texts.photo.not_loaded()
    return texts.photo.problem(ImageProblem(problem))


def _notes(
    brought: _Brought, wish: Wish, texts: Texts, limit: int, photo_count: int
) -> tuple[Html, ...]:
    """Return what is to be said above a question or card."""
    too_many = (texts.photo.used(limit),) if photo_count > limit else ()
    refusal = (wish.refusal,) if wish.refusal is not None and not brought.command else ()
    return (*brought.notes, *too_many, *refusal)


def _message(update: Update) -> Message:
    if update.message is None:
        raise LookupError("an update without a message reached a handler of messages")
    return update.message
