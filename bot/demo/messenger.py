"""What all parts of Telegram's stand-in share: the bot, the chats, the files, what happens."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bot.demo.chats import Chat, Chats, Message
from bot.demo.entities import Formatted, Json
from bot.demo.feed import Feed
from bot.demo.limits import Refusal, bad_request, formatted
from bot.demo.parameters import Request, Upload
from bot.demo.uploads import Uploads

CALLBACK_LIFETIME_SECONDS = 60.0
_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


class Signal:
    """Wakes everybody who waits for something to change."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Wake those who wait now."""
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def wait(self) -> None:
        """Return at the next change."""
        await self._event.wait()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a press was answered with."""

    text: str
    alert: bool
    url: str
    at: float


@dataclass(slots=True, eq=False)
class Press:
    """A pressed button: a callback query, and its one answer."""

    id: str
    user_id: int
    message: Message
    data: str
    at: float
    answer: Answer | None = None


@dataclass(slots=True, eq=False)
class Messenger:
    """The state of the stand-in. ``folder`` is where bytes are kept."""

    clock: Callable[[], float]
    me: Json
    folder: Path
    changed: Signal = field(default_factory=Signal)
    chats: Chats = field(default_factory=Chats)
    presses: dict[str, Press] = field(default_factory=dict)
    profile: dict[tuple[str, str], Json] = field(default_factory=dict)
    webhook: Json = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    callback_lifetime_seconds: float = CALLBACK_LIFETIME_SECONDS
    feed: Feed = field(init=False)
    uploads: Uploads = field(init=False)
    _paths: int = 0
    _albums: int = 0

    def __post_init__(self) -> None:
        self.feed = Feed(self.changed.set)
        self.uploads = Uploads(self.new_path)

    def now(self) -> int:
        """Return the time as Telegram writes it."""
        return int(self.clock())

    def new_path(self, suffix: str = "") -> Path:
        """Return a path that nothing lies at."""
        self._paths += 1
        return self.folder / f"{self._paths}{suffix}"

    def next_album(self) -> str:
        """Return an unused ``media_group_id``."""
        self._albums += 1
        return str(13_900_000_000_000_000 + self._albums)

    def keep(self, data: bytes, name: str, mime_type: str) -> Upload:
        """Write bytes that somebody sends."""
        path = self.new_path(Path(name).suffix if name.isprintable() else "")
        path.write_bytes(data)
        return Upload("", name, mime_type, path, len(data))

    def formatted(self, source: str, request: Request, entities: str) -> Formatted:
        """Return a text of a call with its entities. Raises ``Refusal``."""
        given = request.object(entities, "entities")
        return formatted(source, request.text("parse_mode"), given, self.user_of)

    def user_of(self, user_id: int) -> Json | None:
        """Return somebody the bot may mention."""
        return self.me if user_id == self.me["id"] else self.chats.user(user_id)

    def post(self, chat: Chat, sender: Json, content: Json, place: Json) -> Message:
        """Let a message stand in a chat; ``place`` says where and in reply to what."""
        body = {
            "message_id": self.chats.next_message_id(chat),
            "from": sender,
            "chat": chat.body,
            "date": self.now(),
            **place,
            **content,
        }
        message = Message(body)
        chat.by_id[message.id] = message
        if message.from_bot:
            # Clients end what the bot "is doing" with its next message (Bot API, sendChatAction).
            chat.action = None
        self.changed.set()
        return message

    def place(self, chat: Chat, thread_id: int | None, reply_to: Message | None) -> Json:
        """Return the part of a message that says where it stands."""
        place: Json = {}
        thread_id = thread_id or (reply_to.thread_id if reply_to else None)
        if thread_id and thread_id in chat.topics:
            place = {"message_thread_id": thread_id, "is_topic_message": True}
        if reply_to is not None:
            nested = {"reply_to_message", "external_reply"}
            shown = {key: value for key, value in reply_to.body.items() if key not in nested}
            place["reply_to_message"] = shown
        return place

    def press(self, user: Json, message: Message, data: str) -> Press:
        """Tell the bot that a button was pressed."""
        number = str(4_000_000_000_000_000_000 + len(self.presses))
        press = Press(number, user["id"], message, data, self.clock())
        self.presses[number] = press
        self.changed.set()
        query = {
            "id": number,
            "from": user,
            "message": message.body,
            "chat_instance": str(message.chat_id * 7919),
            "data": data,
        }
        self.feed.push("callback_query", query)
        return press

    def answer_press(self, query_id: str, text: str, url: str, *, alert: bool) -> None:
        """Answer a press, once and in time. Raises ``Refusal``."""
        press = self.presses.get(query_id)
        late = press is not None and self.clock() > press.at + self.callback_lifetime_seconds
        if press is None or late or press.answer is not None:
            raise bad_request(_TOO_OLD)
        press.answer = Answer(text, alert, url, self.clock())
        self.changed.set()

    def wait_is_refused(self) -> Refusal | None:
        """Return why the bot may not fetch updates, if it may not."""
        if not self.webhook.get("url"):
            return None
        return Refusal(
            409,
            "Conflict: can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first",
        )
