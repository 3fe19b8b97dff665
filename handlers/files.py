"""Finds the files that people sent, over the Bot API."""

from telegram.error import BadRequest, TelegramError

from bot.errors import FetchError
from bot.media.headers import BadImage, ImageProblem
from bot.media.library import NotLoaded
from handlers.context import Bot

# Bot API, getFile: more than 20 MB is not given to bots; the error's description in lower case.
TOO_BIG = "file is too big"


class TelegramFiles:
    """Implements ``bot.media.library.PhotoFiles``."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def locate(self, file_id: str) -> str:
        """Ask Telegram for the file; what it answers is good for an hour."""
        try:
            file = await self._bot.get_file(file_id)
        except BadRequest as error:
            if TOO_BIG in error.message.lower():
                raise BadImage(ImageProblem.TOO_HEAVY) from error
            raise NotLoaded from error
        except TelegramError as error:
            raise FetchError(type(error).__name__) from error
        if file.file_path is None:
            raise NotLoaded
        return file.file_path
