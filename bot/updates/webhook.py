"""The webhook's registration at Telegram: made once the server listens, and looked after."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn

from telegram import Bot, WebhookInfo
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.errors import ConfigurationError, VeogramError
from bot.updates.polling import TokenRefused

LOOK_SECONDS = 60.0
# Telegram's upper limit; what is brought waits in the inbox, not in a connection.
CONNECTIONS = 100
SECRET_BYTES = 48

logger = logging.getLogger(__name__)


class WebhookTaken(VeogramError):
    """Another program has set a webhook for this bot token: stop one of the two."""


class Webhook:
    """Telegram brings updates to ``url``, with a secret that lives as long as this process."""

    def __init__(
        self,
        bot: Bot,
        url: str,
        allowed: Sequence[str],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._bot = bot
        self._url = url
        self._allowed = allowed
        self._sleep = sleep
        self._failed_at: int | None = None
        self.secret = secrets.token_urlsafe(SECRET_BYTES)
        self.trouble: str | None = None

    async def register(self) -> None:
        """Tell Telegram where to bring updates (Bot API, "setWebhook").

        Raises TelegramError where a later try may do better, ConfigurationError where none will.
        """
        try:
            await self._bot.set_webhook(
                self._url,
                allowed_updates=self._allowed,
                secret_token=self.secret,
                max_connections=CONNECTIONS,
            )
        except InvalidToken as error:
            raise TokenRefused from error
        except BadRequest as error:
            raise ConfigurationError(
                f"Telegram does not take {self._url} as a webhook: {error.message}."
                " Correct PUBLIC_URL, or use TELEGRAM_MODE=polling."
            ) from error

    async def watch(self) -> NoReturn:
        """Ask from time to time whether updates arrive, and register again where that got lost.

        Raises WebhookTaken, TokenRefused, ConfigurationError.
        """
        while True:
            await self._sleep(LOOK_SECONDS)
            try:
                await self._look()
            except InvalidToken as error:
                raise TokenRefused from error
            except TelegramError as error:
                logger.warning("the webhook cannot be looked at: %s", error)

    async def _look(self) -> None:
        info = await self._bot.get_webhook_info()
        if not info.url:
            logger.warning("the webhook was removed and is set again")
            await self.register()
        elif info.url != self._url:
            raise WebhookTaken
        self.trouble = self._trouble(info)

    def _trouble(self, info: WebhookInfo) -> str | None:
        """Tell of failures since the last look; older ones stay in the answer for ever."""
        failed_at = None if info.last_error_date is None else int(info.last_error_date.timestamp())
        is_new = failed_at is not None and failed_at != self._failed_at
        self._failed_at = failed_at
        if not is_new:
            return None
        logger.warning("Telegram could not bring updates: %s", info.last_error_message)
        return "Telegram could not bring updates lately; is PUBLIC_URL reachable from outside?"
