"""The conversation: from /generate or a plain prompt over the card to a job."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from warnings import catch_warnings, filterwarnings

from telegram import CallbackQuery, Message, Update
from telegram.ext import (
    BaseHandler,
    CallbackQueryHandler,
    CommandHandler,
    ConversationHandler,
    MessageHandler,
    filters,
)
from telegram.warnings import PTBUserWarning

from bot.errors import DraftGone, Paused, QueueFull, QuotaExceeded, UserError
from bot.jobs.further import Further
from bot.jobs.service import Request, Service
from bot.models import Draft, Job, Options, Place, Step
from handlers import groups, keyboards
from handlers.answers import redraw, remove, say
from handlers.callback_data import (
    DraftAction,
    DraftPress,
    JobAction,
    JobPress,
    UserAction,
    UserPress,
    Wish,
    parse,
)
from handlers.card import moved
from handlers.changes import changed
from handlers.context import Context, place_of
from handlers.errors import sentence
from handlers.questions import Questions
from handlers.requests import fresh_options, prompt_problem, read_command, watermark_in
from handlers.sentences.speech import Html, paragraphs
from handlers.status import said
from handlers.texts import Texts

State = int | Step
Answer = Callable[[Update, Context, Draft], Awaitable[State | None]]
END = ConversationHandler.END
NAME = "generate"
_SEED = re.compile("[1-9][0-9]{4}", re.ASCII)

_ASKS: Mapping[DraftAction, Step] = MappingProxyType(
    {DraftAction.SEED: Step.SEED, DraftAction.WATERMARK: Step.WATERMARK}
)


class Generate:
    """The draft in the database is the truth; the conversation's state is its ``step``."""

    def __init__(
        self,
        service: Service,
        further: Further,
        questions: Questions,
        answers: Mapping[Step, Answer],
    ) -> None:
        """``answers``: what takes the texts that questions of others ask for."""
        self._service = service
        self._further = further
        self._questions = questions
        self._answers: Mapping[Step, Answer] = {
            Step.SEED: self._take_seed,
            Step.WATERMARK: self._take_watermark,
            **answers,
        }

    def handler(
        self, photos: Sequence[BaseHandler[Update, Context, object]] = ()
    ) -> ConversationHandler[Context]:
        """Return the conversation; text and buttons in one need ``per_message=False``.

        ``photos`` are the handlers of photos; they are asked first.
        """
        typed = filters.UpdateType.MESSAGE & filters.TEXT & ~filters.COMMAND
        meant = typed & (filters.ChatType.PRIVATE | groups.Addressed())
        text: MessageHandler[Context, object] = MessageHandler(meant, self.text)
        with catch_warnings():
            filterwarnings("ignore", "If 'per_message=False'", PTBUserWarning)
            return ConversationHandler(
                entry_points=[
                    *photos,
                    CommandHandler("generate", self.command, filters.UpdateType.MESSAGE),
                    CallbackQueryHandler(self.press, _is_ours),
                    CommandHandler("cancel", self.cancel, filters.UpdateType.MESSAGE),
                    text,
                ],
                states={step: [text] for step in Step},
                fallbacks=[],
                allow_reentry=True,
                name=NAME,
                persistent=True,
                per_message=False,
            )

    async def command(self, update: Update, context: Context) -> State | None:
        """Handle ``/generate [flags] [prompt]``."""
        message = _message(update)
        texts, user = context.texts, context.user
        wish = read_command(
            message.text or "",
            user.defaults,
            0,
            self._service.catalog,
            texts,
            self._service.rules.prompt_max_chars,
        )
        prompt, refusal = wish.prompt, wish.refusal
        if prompt is None and refusal is None:
            prompt = groups.own_former_words(message)
            refusal = self._problem(prompt, context) if prompt is not None else None
        if refusal is not None:
            await say(context.bot, place_of(update), refusal, reply=True)
            return None
        return await self._open(update, context, prompt, wish.options, go=wish.go)

    async def text(self, update: Update, context: Context) -> State | None:
        """Take text as what the open question asks for, or as a new prompt."""
        message = _message(update)
        video = await self._video_replied_to(update, context)
        draft = await self._draft_meant(update, context) if video is None else None
        if draft is not None and draft.step in self._answers:
            return await self._answers[draft.step](update, context, draft)
        prompt = groups.words(message)
        refusal = self._problem(prompt, context)
        if refusal is not None and (prompt or draft is not None):
            await say(context.bot, place_of(update), refusal, reply=True)
            return None
        if draft is None:
            return await self._begin(update, context, prompt or None, video)
        step = Step.CHOICE if draft.step is Step.CHOICE else Step.CARD
        return await self.show(replace(draft, prompt=prompt, step=step), context)

    async def _begin(
        self, update: Update, context: Context, prompt: str | None, video: Job | None
    ) -> State | None:
        """Open a card; one for a prompt that answers a video offers to go on with that."""
        if video is not None and prompt is not None:
            choice = await self._further.choose(video, place_of(update), prompt, update.update_id)
            if choice is not None:
                return await self.go_on(choice, context)
        options = fresh_options(context.user.defaults, 0, self._service.catalog)
        return await self._open(update, context, prompt, options)

    async def _video_replied_to(self, update: Update, context: Context) -> Job | None:
        """Return the person's own video, or the link to it, that the message answers."""
        replied, chat_id = _message(update).reply_to_message, place_of(update).chat_id
        if replied is None:
            return None
        return await self._further.shown_in(context.user.id, chat_id, replied.message_id)

    def _problem(self, prompt: str, context: Context) -> Html | None:
        return prompt_problem(prompt, context.texts, self._service.rules.prompt_max_chars)

    async def cancel(self, update: Update, context: Context) -> State | None:
        """Handle ``/cancel``: from a question that a card asked back to it, else leave all open."""
        place = place_of(update)
        draft = await self._service.active_draft(context.user.id, place.chat_id)
        if draft is None:
            await say(context.bot, place, context.texts.request.nothing_to_cancel())
            return END
        if draft.step in _ASKS.values():
            return await self.show(replace(draft, step=Step.CARD), context)
        await self._service.drop_draft(draft.id, context.user.id)
        if draft.card_message_id is not None:
            await remove(context.bot, draft.place.chat_id, draft.card_message_id)
        await say(context.bot, place, context.texts.request.dropped())
        return END

    async def _draft_meant(self, update: Update, context: Context) -> Draft | None:
        """A reply to one of the bot's messages wins over the open question.

        What answers another person in a group, or stands in another topic, begins anew.
        """
        place = place_of(update)
        draft = await self.draft_replied_to(update, context)
        if draft is not None:
            return draft
        if place.is_group and groups.replies_to_other(_message(update)):
            return None
        draft = await self._service.active_draft(context.user.id, place.chat_id)
        return draft if draft is not None and draft.place.thread_id == place.thread_id else None

    async def draft_replied_to(self, update: Update, context: Context) -> Draft | None:
        """Return the person's draft whose question or card the message answers; now active."""
        replied, chat_id = _message(update).reply_to_message, place_of(update).chat_id
        if replied is None:
            return None
        return await self._service.draft_of_card(context.user.id, chat_id, replied.message_id)

    async def _open(
        self,
        update: Update,
        context: Context,
        prompt: str | None,
        options: Options,
        *,
        go: bool = False,
    ) -> State | None:
        opened = await self._service.open_draft(
            Request(context.user, place_of(update), update.update_id, prompt, options)
        )
        return await self.go_on(opened, context, go=go)

    async def go_on(
        self, opened: Draft | Job, context: Context, *, go: bool = False, notes: Sequence[Html] = ()
    ) -> State | None:
        """Show what was opened, or order it at once; an update handled again repeats nothing.

        ``notes`` are said on the card, or by themselves where there is none.
        """
        if isinstance(opened, Draft) and go and opened.prompt is not None:
            try:
                opened = await self._service.confirm(opened, context.user)
            except (Paused, QueueFull, QuotaExceeded) as error:
                notes = (*notes, self._why_not_at_once(error, context.texts))
        if isinstance(opened, Draft):
            return await self.show(opened, context, notes)
        if notes:
            await say(context.bot, opened.place, paragraphs(*notes), reply=True)
        if opened.status_message_id is None:
            await self._send_status(opened, context)
        return END

    def _why_not_at_once(self, error: UserError, texts: Texts) -> Html:
        """Say on the card why it was not skipped; it tells by itself what cannot be paid."""
        if isinstance(error, QuotaExceeded):
            return texts.money.not_started()
        return sentence(error, texts, self._service.catalog)

    async def _send_status(self, job: Job, context: Context) -> None:
        sent = await say(
            context.bot,
            job.place,
            await self._first_words(job, context),
            keyboards.status(job.id, context.texts.labels),
            reply=True,
        )
        if not await self._service.show_status_on(job, sent.message_id):
            await remove(context.bot, job.place.chat_id, sent.message_id)

    async def _first_words(self, job: Job, context: Context) -> Html:
        status = await self._service.first_status(job)
        return said(job, status, self._service.catalog, context.texts)

    async def show(self, draft: Draft, context: Context, notes: Sequence[Html] = ()) -> Step:
        """Send the draft's question or card below everything else."""
        shown = await self._questions.show(context.bot, draft, context.user, context.texts, notes)
        return shown.step

    async def _take_seed(self, update: Update, context: Context, draft: Draft) -> State | None:
        typed = groups.words(_message(update))
        if not _SEED.fullmatch(typed):
            await say(context.bot, place_of(update), context.texts.request.bad_seed(), reply=True)
            return None
        options = replace(draft.options, seed=int(typed))
        return await self.show(replace(draft, options=options, step=Step.CARD), context)

    async def _take_watermark(self, update: Update, context: Context, draft: Draft) -> State | None:
        typed = watermark_in(groups.words(_message(update)))
        options = replace(draft.options, watermark=typed or None)
        return await self.show(replace(draft, options=options, step=Step.CARD), context)

    # Presses

    async def press(self, update: Update, context: Context) -> State | None:
        """Handle every button that opens, changes or ends a draft."""
        query = update.callback_query
        if query is None:
            return None
        try:
            return await self._press(query, update, context)
        except UserError as error:
            text = sentence(error, context.texts, self._service.catalog)
            await context.answer(query, text)
            return None
        finally:
            await context.answer(query)

    async def _press(self, query: CallbackQuery, update: Update, context: Context) -> State | None:
        pressed = parse(query.data)
        match pressed:
            case DraftPress(action=DraftAction.GENERATE):
                return await self._confirm(pressed.draft_id, query, context)
            case DraftPress(action=DraftAction.CANCEL):
                return await self._drop(pressed.draft_id, query, context)
            case DraftPress():
                return await self._change(pressed, query, context)
            case JobPress():
                return await self._repeat(pressed, query, update, context)
            case UserPress(value=int(number)):
                return await self._example(number, query, update, context)
        return None

    async def _confirm(self, draft_id: int, query: CallbackQuery, context: Context) -> State | None:
        user, texts = context.user, context.texts
        try:
            draft = await self._service.draft(draft_id, user.id)
            job = await self._service.confirm(draft, user)
        except DraftGone:
            if await self._was_confirmed(query, context):
                await context.answer(query, texts.request.confirmed_before())
                return None
            raise
        await context.answer(query)
        if job.status_message_id is not None:
            await redraw(
                context.bot,
                job.place.chat_id,
                job.status_message_id,
                await self._first_words(job, context),
                keyboards.status(job.id, texts.labels),
            )
        return END

    async def _was_confirmed(self, query: CallbackQuery, context: Context) -> bool:
        if query.message is None:
            return False
        chat_id, message_id = query.message.chat.id, query.message.message_id
        return await self._service.job_of_card(context.user.id, chat_id, message_id) is not None

    async def _drop(self, draft_id: int, query: CallbackQuery, context: Context) -> State:
        draft = await self._service.drop_draft(draft_id, context.user.id)
        await context.answer(query)
        if draft.card_message_id is not None:
            text = context.texts.request.dropped()
            await redraw(context.bot, draft.place.chat_id, draft.card_message_id, text)
        return END

    async def _change(
        self, pressed: DraftPress, query: CallbackQuery, context: Context
    ) -> State | None:
        draft = await self._service.draft(pressed.draft_id, context.user.id)
        if pressed.value == Wish.ASK:
            await self._service.activate(draft)
            await context.answer(query)
            step = _ASKS[pressed.action]
            return await self.show(replace(draft, step=step, active=True), context)
        catalog = self._service.catalog
        draft, changes = changed(draft, pressed, context.user.defaults, catalog)
        notes = moved(changes, catalog, context.texts)
        await self._service.save_draft(draft)
        await context.answer(query)
        await self._questions.redraw(context.bot, draft, context.user, context.texts, notes)
        return draft.step if draft.active else None

    async def _repeat(
        self, pressed: JobPress, query: CallbackQuery, update: Update, context: Context
    ) -> State | None:
        repeat: Mapping[JobAction, Callable[..., Awaitable[Draft | Job]]] = {
            JobAction.AGAIN: self._service.again,
            JobAction.EDIT: self._service.edit,
            JobAction.EXTEND: self._further.extend,
        }
        place = place_of(update)
        if pressed.action is not JobAction.EXTEND:
            place = _below(query, place)
        opened = await repeat[pressed.action](pressed.job_id, context.user, place, update.update_id)
        await context.answer(query)
        notes: tuple[Html, ...] = ()
        if pressed.action is JobAction.EDIT and isinstance(opened, Draft):
            job = await self._service.job(pressed.job_id, context.user.id)
            notes = (context.texts.request.former(job.prompt),)
        return await self.go_on(opened, context, notes=notes)

    async def _example(
        self, number: int, query: CallbackQuery, update: Update, context: Context
    ) -> State | None:
        examples = context.texts.welcome.examples()
        if not 1 <= number <= len(examples):
            raise UserError
        await context.answer(query)
        options = fresh_options(context.user.defaults, 0, self._service.catalog)
        return await self._open(update, context, examples[number - 1].prompt, options)


def _is_ours(data: object) -> bool:
    """Tell whether a button opens, changes or ends a draft."""
    match parse(data):
        case DraftPress():
            return True
        case JobPress(action=JobAction.AGAIN | JobAction.EDIT | JobAction.EXTEND):
            return True
        case UserPress(action=UserAction.EXAMPLE):
            return True
    return False


def _below(query: CallbackQuery, place: Place) -> Place:
    """A card that a press opened answers what the pressed message answered, if that is known."""
    message = query.message
    replied = message.reply_to_message if isinstance(message, Message) else None
    return replace(place, message_id=replied.message_id) if replied else place


def _message(update: Update) -> Message:
    if update.message is None:
        raise LookupError("an update without a message reached a handler of messages")
    return update.message
