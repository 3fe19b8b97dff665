"""What happens to chats themselves: a group moves to another id, somebody lets the bot in again."""

from telegram import ChatMember, Update
from telegram.ext import (
    ApplicationHandlerStop,
    BaseHandler,
    ChatMemberHandler,
    MessageHandler,
    filters,
)

from bot.jobs.chats import Chats
from bot.jobs.service import Service
from handlers.context import Context
from handlers.questions import Questions
from handlers.texts import Languages

GROUP = -2  # before the gate: nobody in particular need be let in for these


class ChatHandlers:
    """Nothing here answers anybody."""

    def __init__(
        self, service: Service, chats: Chats, questions: Questions, languages: Languages
    ) -> None:
        self._service = service
        self._chats = chats
        self._questions = questions
        self._languages = languages

    def handlers(self) -> list[BaseHandler[Update, Context, None]]:
        """Return the handlers; they belong into the group ``GROUP``."""
        return [
            MessageHandler(filters.StatusUpdate.MIGRATE, self.moved),
            ChatMemberHandler(self.membership, ChatMemberHandler.MY_CHAT_MEMBER),
        ]

    async def moved(self, update: Update, context: Context) -> None:
        """Follow a group; Telegram tells it in the old chat and in the new one."""
        message = update.message
        if message is not None and message.migrate_to_chat_id is not None:
            await self._chats.follow(message.chat.id, message.migrate_to_chat_id)
            await self._show_drafts(message.migrate_to_chat_id, context)
        elif message is not None and message.migrate_from_chat_id is not None:
            await self._chats.follow(message.migrate_from_chat_id, message.chat.id)
        raise ApplicationHandlerStop

    async def _show_drafts(self, chat_id: int, context: Context) -> None:
        for draft, user in await self._chats.unshown_drafts(chat_id):
            texts = self._languages.for_language(user.language)
            await self._questions.show(context.bot, draft, user, texts)

    async def membership(self, update: Update, context: Context) -> None:  # noqa: ARG002 - the framework's shape
        """Somebody known who lets the bot in again gets what waited for them."""
        changed = update.my_chat_member
        person = changed.from_user if changed is not None else None
        if (
            changed is not None
            and person is not None
            and changed.chat.type == changed.chat.PRIVATE
            and changed.new_chat_member.status == ChatMember.MEMBER
            and await self._service.known(person.id) is not None
        ):
            await self._service.meet(person.id, person.full_name or "", person.language_code or "")
        raise ApplicationHandlerStop
