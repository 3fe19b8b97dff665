"""Telegram's stand-in: a real HTTP server that is as strict as the Bot API, and the people."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from bot.demo.chats import Chat
from bot.demo.entities import Json
from bot.demo.faults import Fault
from bot.demo.limits import UPLOAD_MAX_BYTES, Flood
from bot.demo.loopback import Loopback
from bot.demo.messenger import Messenger, Press, Signal
from bot.demo.people import Group, Person
from bot.demo.telegram_http import BotApi, Call
from bot.demo.webhook import Webhook

Found = TypeVar("Found")
_SHOWN_CALLS = 8


class TelegramStandin:
    """Telegram on loopback.

    ``token`` is the only one it knows. ``clock`` (epoch seconds) dates messages and paces flood
    control; long polling runs in real time. ``changed`` is set whenever something happens. Use it
    within one event loop.
    """

    def __init__(
        self,
        token: str,
        clock: Callable[[], float],
        *,
        username: str = "veogram_demo_bot",
        upload_max_bytes: int = UPLOAD_MAX_BYTES,
        changed: Signal | None = None,
    ) -> None:
        me = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": "Veogram"}
        self._folder = tempfile.TemporaryDirectory(prefix="veogram-telegram-")
        me |= {"username": username}
        self.telegram = Messenger(clock, me, Path(self._folder.name), changed or Signal())
        self._api = BotApi(self.telegram, token, upload_max_bytes)
        self._app = Starlette(routes=self._api.routes())
        self._server = Loopback(self._app, "telegram-standin")
        self._webhook = Webhook(self.telegram)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises ``OSError`` when it is taken."""
        await self._server.start(host, port)
        self._webhook.start()

    async def stop(self) -> None:
        """Answer those who wait, close every connection, remove the files."""
        self.telegram.feed.close()
        self._api.release()
        await self._webhook.stop()
        await self._server.stop()
        self._folder.cleanup()

    def mount(self, path: str, app: ASGIApp) -> None:
        """Serve something else under a path."""
        self._app.router.routes.append(Mount(path, app))

    @property
    def url(self) -> str:
        """Where it listens: what ``TELEGRAM_API_URL`` is set to."""
        return self._server.url

    @property
    def calls(self) -> list[Call]:
        """Every call so far, getUpdates too."""
        return self._api.calls

    @property
    def violations(self) -> list[str]:
        """What the bot asked for that the Bot API does not have."""
        return self.telegram.violations

    @property
    def presses(self) -> list[Press]:
        """Every press so far with its answer."""
        return list(self.telegram.presses.values())

    @property
    def flood(self) -> Flood:
        """Flood control; off until ``enabled`` is set."""
        return self._api.flood

    def calls_of(self, *methods: str) -> list[Call]:
        """Return the calls of these methods, oldest first."""
        return [call for call in self.calls if call.method in methods]

    def user(
        self,
        user_id: int,
        first_name: str,
        username: str | None = None,
        language_code: str = "en",
        *,
        met: bool = False,
    ) -> Person:
        """Add a person; unless ``met``, the bot cannot write to them before they wrote to it."""
        user: Json = {"id": user_id, "is_bot": False, "first_name": first_name}
        user |= {"username": username} if username else {}
        user |= {"language_code": language_code} if language_code else {}
        person = Person(self.telegram, user, self.telegram.chats.add_user(user))
        person.private.met = person.private.met or met
        return person

    def group(
        self,
        title: str,
        *,
        forum: bool = False,
        basic: bool = False,
        privacy: bool = False,
        bot_is_admin: bool = False,
    ) -> Group:
        """Add a group with the bot in it; in ``privacy`` it hears only what is meant for it."""
        chat = self.telegram.chats.add_group(title, basic=basic, forum=forum)
        chat.privacy = privacy
        chat.bot_is_admin = bot_is_admin
        return Group(self.telegram, chat)

    def chat(self, chat_id: int) -> Chat:
        """Return a chat by id, a person's too. Raises ``LookupError``."""
        found = next((chat for chat in self.telegram.chats if chat.id == chat_id), None)
        if found is None:
            raise LookupError(f"there is no chat {chat_id}")
        return found

    def push_raw(self, update: Json) -> Json:
        """Send the bot an update exactly as given, once at least."""
        return self.telegram.feed.push_raw(update)

    def fail_next(self, method: str, fault: Fault, times: int = 1) -> None:
        """Let the next calls of a method go wrong; ``faults.ANY``: of all but getUpdates."""
        self._api.faults.plan(method, fault, times)

    @property
    def faults_to_come(self) -> list[Fault]:
        """What was planned with ``fail_next`` and has not happened."""
        return self._api.faults.to_come

    def release(self) -> None:
        """Reset the connections of the calls that hang."""
        self._api.release()

    async def wait_for(self, found: Callable[[], Found], timeout_seconds: float = 10.0) -> Found:
        """Return what ``found`` returns once that is true; it is asked at every change.

        Raises ``TimeoutError`` that tells the last calls.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while not (value := found()):
                    await self.telegram.changed.wait()
                return value
        last = [f"{call.method} {call.params}" for call in self.calls[-_SHOWN_CALLS:]]
        raise TimeoutError("\n  ".join([f"not within {timeout_seconds:g} s; last calls:", *last]))
