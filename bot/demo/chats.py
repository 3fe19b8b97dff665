"""Chats and messages of Telegram's stand-in, as both the bot and the people see them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.demo.entities import Json
from bot.demo.limits import Refusal, bad_request, forbidden

GROUP_ID = -1_000_000_000_000  # supergroups count down from here
_BASIC_GROUP_ID = -4_000_000_000


@dataclass(slots=True, eq=False)
class Message:
    """A message; ``body`` is the Bot API's ``Message`` object and changes when it is edited.

    ``markup`` is the reply markup as the bot sent it, also what a ``Message`` does not show.
    ``told``: the bot is, or was, told of it.
    """

    body: Json
    markup: Json | None = None
    silent: bool = False
    told: bool = False
    deleted: bool = False
    edits: int = 0
    reactions: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        """The message id."""
        return int(self.body["message_id"])

    @property
    def chat_id(self) -> int:
        """The chat that it stands in."""
        return int(self.body["chat"]["id"])

    @property
    def thread_id(self) -> int | None:
        """The topic that it stands in."""
        return self.body.get("message_thread_id")

    @property
    def from_bot(self) -> bool:
        """Whether the bot sent it."""
        return bool(self.body.get("from", {}).get("is_bot"))

    @property
    def text(self) -> str:
        """Text or caption, empty if it has neither."""
        return str(self.body.get("text", self.body.get("caption", "")))

    @property
    def video(self) -> Json | None:
        """The ``Video`` object of a video message."""
        return self.body.get("video")

    @property
    def rows(self) -> tuple[tuple[Json, ...], ...]:
        """The inline keyboard, row by row."""
        return tuple(map(tuple, self.body.get("reply_markup", {}).get("inline_keyboard", ())))

    @property
    def labels(self) -> tuple[str, ...]:
        """What is written on the buttons."""
        return tuple(button["text"] for row in self.rows for button in row)

    def button(self, label_or_data: str) -> Json:
        """Return a button by its data, its label, or a part of only one label.

        Raises ``LookupError`` that names the buttons there are.
        """
        buttons = [button for row in self.rows for button in row]
        for key in ("callback_data", "text"):
            for button in buttons:
                if button.get(key) == label_or_data:
                    return button
        partly = [button for button in buttons if label_or_data in button["text"]]
        if len(partly) != 1:
            raise LookupError(f"no button {label_or_data!r} among {self.labels}")
        return partly[0]


@dataclass(slots=True, eq=False)
class Topic:
    """A topic of a forum."""

    thread_id: int
    name: str
    closed: bool = False


@dataclass(slots=True, eq=False)
class Chat:
    """A private chat or a group; ``body`` is the Bot API's ``Chat`` object.

    ``met``: somebody wrote to the bot there. ``blocked``: the bot is kept out. ``privacy``: the
    bot hears only what is meant for it. ``action``: what the bot said it is doing, and when.
    """

    body: Json
    met: bool = False
    blocked: bool = False
    privacy: bool = False
    bot_is_admin: bool = False
    migrated_to: int | None = None
    action: tuple[str, float] | None = None
    topics: dict[int, Topic] = field(default_factory=dict)
    by_id: dict[int, Message] = field(default_factory=dict)

    @property
    def id(self) -> int:
        """The chat id, negative for groups."""
        return int(self.body["id"])

    @property
    def is_group(self) -> bool:
        """Whether it is not a private chat."""
        return bool(self.body["type"] != "private")

    @property
    def messages(self) -> list[Message]:
        """What stands in the chat now, oldest first."""
        return [message for message in self.by_id.values() if not message.deleted]

    @property
    def from_bot(self) -> list[Message]:
        """What the bot has said there and not deleted."""
        return [message for message in self.messages if message.from_bot]

    @property
    def last(self) -> Message:
        """The newest message. Raises ``LookupError`` while there is none."""
        if not self.messages:
            raise LookupError(f"chat {self.id} is empty")
        return self.messages[-1]

    def check_readable(self) -> None:
        """Refuse what the bot asks of a chat that it does not know."""
        if not self.is_group and not self.met:
            raise bad_request("chat not found")
        if self.migrated_to is not None:
            raise Refusal(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": self.migrated_to},
            )

    def check_writable(self) -> None:
        """Refuse what the bot says where it is not wanted."""
        self.check_readable()
        if self.blocked and self.is_group:
            raise forbidden(f"bot was kicked from the {self.body['type']} chat")
        if self.blocked:
            raise forbidden("bot was blocked by the user")

    def check_thread(self, thread_id: int) -> None:
        """Refuse a topic that is not there or closed."""
        if not thread_id or (self.is_group and not self.body.get("is_forum")):
            return
        if thread_id not in self.topics:
            raise bad_request("message thread not found")
        if self.topics[thread_id].closed:
            raise bad_request("TOPIC_CLOSED")

    def find(self, message_id: int, what: str) -> Message:
        """Return a message that stands there; ``what`` names it in the refusal."""
        message = self.by_id.get(message_id)
        if message is None or message.deleted:
            raise bad_request(f"{what} not found")
        return message


class Chats:
    """Every chat and everybody in them; counts message ids as Telegram does."""

    def __init__(self) -> None:
        self._chats: dict[int, Chat] = {}
        self._users: dict[int, Json] = {}
        self._groups = 0
        self._private_count = 0
        self._group_counts: dict[int, int] = {}

    def __iter__(self) -> Iterator[Chat]:
        return iter(self._chats.values())

    def add_user(self, user: Json) -> Chat:
        """Add a person and their private chat with the bot, or return it."""
        self._users[user["id"]] = user
        body = {key: user[key] for key in ("id", "first_name", "username") if key in user}
        return self._chats.setdefault(user["id"], Chat(body | {"type": "private"}))

    def add_group(self, title: str, *, basic: bool, forum: bool) -> Chat:
        """Add a group; ``basic`` makes the old kind that can migrate."""
        self._groups += 1
        start = _BASIC_GROUP_ID if basic else GROUP_ID
        body: Json = {"id": start - self._groups, "title": title}
        body["type"] = "group" if basic else "supergroup"
        chat = Chat(body | ({"is_forum": True} if forum else {}), met=True)
        self._chats[chat.id] = chat
        return chat

    def user(self, user_id: int) -> Json | None:
        """Return the ``User`` object of somebody known."""
        return self._users.get(user_id)

    def get(self, chat_id: object) -> Chat:
        """Return a chat by id. Raises ``Refusal`` when there is none."""
        if chat_id in {None, ""}:
            raise bad_request("chat_id is empty")
        chat = self._chats.get(chat_id) if isinstance(chat_id, int) else None
        if chat is None:
            raise bad_request("chat not found")
        return chat

    def next_message_id(self, chat: Chat) -> int:
        """Return an id: private chats share one count, every group has its own."""
        if not chat.is_group:
            self._private_count += 1
            return self._private_count
        self._group_counts[chat.id] = self._group_counts.get(chat.id, 0) + 1
        return self._group_counts[chat.id]
