"""Updates brought to the bot's webhook, one after another, again and again until it takes them."""

import asyncio
import json

from bot.demo.entities import Json
from bot.demo.messenger import Messenger
from bot.demo.outward import Unreachable, request

_TIMEOUT_SECONDS = 10.0
_PAUSE_SECONDS = 0.2
_TAKEN = range(200, 300)


class Webhook:
    """Delivers while a webhook is set."""

    def __init__(self, telegram: Messenger) -> None:
        self._telegram = telegram
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to deliver in the running event loop."""
        self._task = asyncio.create_task(self._run(), name="telegram-webhook")

    async def stop(self) -> None:
        """Stop delivering. Raises what delivering died of."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            if not self._task.cancelled():
                self._task.result()

    async def _run(self) -> None:
        while True:
            waiting = self._telegram.feed.waiting
            if not waiting or not self._telegram.webhook:
                await self._telegram.changed.wait()
            elif await self._delivered(waiting[0], dict(self._telegram.webhook)):
                self._telegram.feed.delivered(waiting[0])
            else:
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _delivered(self, update: Json, webhook: Json) -> bool:
        headers = {"Content-Type": "application/json"}
        if webhook["secret"]:
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook["secret"]
        body = json.dumps(update).encode()
        try:
            reply = await request(
                "POST",
                webhook["url"],
                headers=headers,
                body=body,
                timeout_seconds=_TIMEOUT_SECONDS,
            )
        except Unreachable as error:
            return self._failed(str(error))
        return reply.status in _TAKEN or self._failed(
            f"Wrong response from the webhook: {reply.status}"
        )

    def _failed(self, what: str) -> bool:
        told = {"last_error_date": self._telegram.now(), "last_error_message": what}
        self._telegram.webhook |= told if self._telegram.webhook else {}
        return False
