"""/settings: what a new card begins with, and the language, on one card edited in place."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from telegram import CallbackQuery, Update
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, ConversationHandler

from bot.errors import UserError
from bot.jobs.preferences import Preferences
from bot.jobs.service import Request, Service
from bot.models import Draft, Job, Options, Ratio, Resolution, Step
from handlers import keyboards
from handlers.answers import redraw, remove, say
from handlers.callback_data import SettingAction, SettingPress, Switch, Wish, parse
from handlers.card import Card
from handlers.context import Context, place_of
from handlers.errors import sentence
from handlers.private import PRIVATE, require_private
from handlers.questions import Questions
from handlers.requests import fresh_options, watermark_in
from handlers.sentences.speech import Html
from handlers.texts import Languages, Texts

# What a press on a value does to the options that a new card begins with.
_CHOICES: Mapping[SettingAction, Callable[[Options, str], Options]] = MappingProxyType(
    {
        SettingAction.MODEL: lambda options, value: replace(options, model=value),
        SettingAction.RATIO: lambda options, value: replace(options, ratio=Ratio(value)),
        SettingAction.SECONDS: lambda options, value: replace(options, seconds=int(value)),
        SettingAction.RESOLUTION: lambda options, value: replace(
            options, resolution=Resolution(value)
        ),
        SettingAction.TRANSLATE: lambda options, value: replace(
            options, translate=value == Switch.ON
        ),
        SettingAction.WATERMARK: lambda options, _: replace(options, watermark=None),
    }
)


class SettingsHandlers:
    """The question for the watermark is a draft of its own kind: it outlives a restart."""

    def __init__(
        self,
        service: Service,
        preferences: Preferences,
        questions: Questions,
        languages: Languages,
    ) -> None:
        self._service = service
        self._preferences = preferences
        self._questions = questions
        self._languages = languages

    def handlers(self) -> list[BaseHandler[Update, Context, None]]:
        """Return the handlers of the command and of the buttons."""
        return [
            CommandHandler("settings", self.settings, PRIVATE),
            CallbackQueryHandler(self.press, _is_setting),
        ]

    async def settings(self, update: Update, context: Context) -> None:
        """Show the settings."""
        drawn = self._render(context)
        await say(context.bot, place_of(update), drawn.text, drawn.markup)

    async def press(self, update: Update, context: Context) -> None:
        """Change what was pressed."""
        query = update.callback_query
        pressed = parse(query.data) if query is not None else None
        if query is None or not isinstance(pressed, SettingPress):
            return
        try:
            require_private(query)
            if pressed == SettingPress(SettingAction.WATERMARK, Wish.ASK):
                await self._ask_watermark(query, update, context)
                return
            await self._change(pressed, query, context)
        except UserError as error:
            await context.answer(query, sentence(error, context.texts, self._service.catalog))
            return
        await context.answer(query)
        place = place_of(update)
        if place.message_id is not None:
            drawn = self._render(context)
            await redraw(context.bot, place.chat_id, place.message_id, drawn.text, drawn.markup)

    async def _change(self, pressed: SettingPress, query: CallbackQuery, context: Context) -> None:
        user, value = context.user, pressed.value or ""
        match pressed.action:
            case SettingAction.LANGUAGE if value in self._languages.codes:
                context.user = await self._preferences.speak(user, value)
            case SettingAction.LANGUAGE:
                raise UserError
            case SettingAction.RESET:
                code = query.from_user.language_code or ""
                context.user = await self._preferences.reset(user, code)
            case action:
                options = _CHOICES[action](self._options(context), value)
                fitted, _ = self._service.catalog.fit(options, 0)
                context.user = await self._preferences.choose(user, fitted)
        context.texts = self._languages.for_language(context.user.language)

    async def _ask_watermark(self, query: CallbackQuery, update: Update, context: Context) -> None:
        opened = await self._service.open_draft(
            Request(context.user, place_of(update), update.update_id, None, context.user.defaults)
        )
        await context.answer(query)
        if not isinstance(opened, Job):
            question = replace(opened, step=Step.DEFAULT_WATERMARK)
            await self._questions.show(context.bot, question, context.user, context.texts)

    async def take_watermark(self, update: Update, context: Context, draft: Draft) -> int:
        """Take the text that was asked for; the settings show it."""
        typed = update.message.text if update.message is not None else None
        context.user = await self._preferences.answer_watermark(
            context.user, draft, watermark_in(typed or "")
        )
        chat_id, card_id = draft.place.chat_id, draft.place.message_id
        if draft.card_message_id is not None:
            await remove(context.bot, chat_id, draft.card_message_id)
        drawn = self._render(context)
        if card_id is None or not await redraw(
            context.bot, chat_id, card_id, drawn.text, drawn.markup
        ):
            await say(context.bot, place_of(update), drawn.text, drawn.markup)
        return ConversationHandler.END

    def _options(self, context: Context) -> Options:
        """Return what a card without photos would begin with now."""
        return fresh_options(context.user.defaults, 0, self._service.catalog)

    def _render(self, context: Context) -> Card:
        texts, options = context.texts, self._options(context)
        watermark = (
            Html("") if options.watermark is None else texts.card.watermark(options.watermark)
        )
        markup = keyboards.settings(
            options,
            self._service.catalog.choices(options, 0),
            texts.language,
            _names(self._languages),
            texts.labels,
        )
        return Card(texts.settings.card(watermark), markup)


def _names(languages: Languages) -> dict[str, str]:
    """Return each language's own name by its code; nothing where there is no choice."""
    texts: list[Texts] = [languages.for_language(code) for code in languages.codes]
    return {each.language: each.labels.language() for each in texts} if texts[1:] else {}


def _is_setting(data: object) -> bool:
    return isinstance(parse(data), SettingPress)
