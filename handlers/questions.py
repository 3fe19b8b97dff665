"""Puts a draft's open question or card into the chat, and keeps it the only one."""

from collections.abc import Sequence
from dataclasses import replace

from telegram import ForceReply, Message

from bot.jobs.service import Service
from bot.models import Draft, Step, User
from handlers import card as cards
from handlers.answers import redraw, remove, say
from handlers.context import Bot
from handlers.sentences.speech import Html
from handlers.texts import Texts


class Questions:
    """A draft has one message in the chat: ``Draft.card_message_id``."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def show(
        self, bot: Bot, draft: Draft, user: User, texts: Texts, notes: Sequence[Html] = ()
    ) -> Draft:
        """Send the question or card below everything else and remove the former one."""
        if draft.step in {Step.CARD, Step.CHOICE}:
            drawn = await self._draw(draft, user, texts, notes)
            sent = await say(bot, draft.place, drawn.text, drawn.markup, reply=True)
        else:
            sent = await self._ask(bot, draft, texts, notes)
        kept = await self._service.save_draft(replace(draft, card_message_id=sent.message_id))
        if draft.card_message_id is not None:
            await remove(bot, draft.place.chat_id, draft.card_message_id)
        return kept

    async def redraw(
        self, bot: Bot, draft: Draft, user: User, texts: Texts, notes: Sequence[Html] = ()
    ) -> Draft:
        """Change the card in place; one that was deleted by hand is sent anew."""
        drawn = await self._draw(draft, user, texts, notes)
        chat_id, message_id = draft.place.chat_id, draft.card_message_id
        if message_id is not None and await redraw(
            bot, chat_id, message_id, drawn.text, drawn.markup
        ):
            return draft
        return await self.show(bot, replace(draft, card_message_id=None), user, texts, notes)

    async def _draw(
        self, draft: Draft, user: User, texts: Texts, notes: Sequence[Html]
    ) -> cards.Card:
        quota = await self._service.quota(user)
        return cards.render(draft, quota, self._service.catalog, texts, notes)

    async def _ask(self, bot: Bot, draft: Draft, texts: Texts, notes: Sequence[Html]) -> Message:
        placeholder = texts.request.placeholder(draft.step)
        # In a group only a reply reaches the bot, so the asker's field is opened as one.
        force = ForceReply(selective=True, input_field_placeholder=placeholder)
        markup = force if draft.place.is_group or draft.step is not Step.PROMPT else None
        text = Html("\n\n".join([*notes, _question(draft, texts)]))
        return await say(bot, draft.place, text, markup, reply=True)


def _question(draft: Draft, texts: Texts) -> Html:
    match draft.step:
        case Step.SEED:
            return texts.request.ask_seed()
        case Step.WATERMARK | Step.DEFAULT_WATERMARK:
            return texts.request.ask_watermark()
        case _ if draft.photos:
            return texts.request.ask_prompt_for_photos(len(draft.photos))
        case _:
            return texts.request.ask_prompt(draft.kind)
