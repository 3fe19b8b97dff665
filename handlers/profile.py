"""Keeps what Telegram shows of the bot, commands and descriptions, as the texts have it."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from telegram import (
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)
from telegram.error import TelegramError

from bot.jobs.access import Admission
from handlers.context import Bot
from handlers.sentences.menu import Command, MenuTexts
from handlers.texts import SOURCE_LANGUAGE, Languages

log = logging.getLogger(__name__)

_LANGUAGE_CODE_LETTERS = 2  # Bot API, setMyCommands, "language_code"

_Part = tuple[str, str | int]


class Profile:
    """Asks before it sets, once for each part in the life of the process."""

    def __init__(self, bot: Bot, admission: Admission, languages: Languages) -> None:
        self._bot = bot
        self._admission = admission
        self._languages = languages
        self._done: set[_Part] = set()

    async def round(self) -> None:
        """Do what is not done yet; what fails, as for an admin never met, is tried next time."""
        admins = [admin.id for admin in await self._admission.admins()]
        for language in self._languages.codes:
            if len(language) != _LANGUAGE_CODE_LETTERS:
                continue
            for name, work in self._parts(language, admins).items():
                if (language, name) not in self._done and await self._works(work):
                    self._done.add((language, name))

    def _parts(
        self, language: str, admins: list[int]
    ) -> Mapping[str | int, Callable[[], Awaitable[None]]]:
        texts = self._languages.for_language(language).menu
        # What is said without a language is for all who read none of the others.
        code = None if language == SOURCE_LANGUAGE else language
        commands = partial(self._commands, language=code)
        for_admins = texts.for_admins()
        return {
            "private": partial(commands, texts.private(), BotCommandScopeDefault()),
            "groups": partial(commands, texts.in_groups(), BotCommandScopeAllGroupChats()),
            "description": partial(self._description, texts, code),
            "short description": partial(self._short_description, texts, code),
            **{
                admin: partial(commands, for_admins, BotCommandScopeChat(admin)) for admin in admins
            },
        }

    @staticmethod
    async def _works(work: Callable[[], Awaitable[None]]) -> bool:
        try:
            await work()
        except TelegramError as error:
            log.info("a part of the bot's profile is set later", extra={"error": str(error)})
            return False
        return True

    async def _commands(
        self, wanted: tuple[Command, ...], scope: BotCommandScope, language: str | None
    ) -> None:
        commands = tuple(BotCommand(each.name, each.description) for each in wanted)
        if await self._bot.get_my_commands(scope, language) != commands:
            await self._bot.set_my_commands(commands, scope, language)

    async def _description(self, texts: MenuTexts, language: str | None) -> None:
        wanted = texts.description()
        if (await self._bot.get_my_description(language)).description != wanted:
            await self._bot.set_my_description(wanted, language)

    async def _short_description(self, texts: MenuTexts, language: str | None) -> None:
        wanted = texts.short_description()
        if (await self._bot.get_my_short_description(language)).short_description != wanted:
            await self._bot.set_my_short_description(wanted, language)
