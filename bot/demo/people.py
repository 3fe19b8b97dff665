"""What people do in Telegram's stand-in: write, send pictures, press buttons, block the bot."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.demo.chats import Chat, Message, Topic
from bot.demo.entities import Formatted, Json, tidied
from bot.demo.limits import Refusal
from bot.demo.messenger import Messenger, Press
from bot.demo.uploads import Media


@dataclass(frozen=True, slots=True)
class Group:
    """A group with the bot in it."""

    telegram: Messenger
    chat: Chat

    @property
    def id(self) -> int:
        """The chat id, negative."""
        return self.chat.id

    def topic(self, name: str) -> int:
        """Open a topic; returns its thread id."""
        thread_id = self.telegram.chats.next_message_id(self.chat)
        self.chat.topics[thread_id] = Topic(thread_id, name)
        return thread_id

    def close_topic(self, thread_id: int) -> None:
        """Close a topic: the bot cannot write there."""
        self.chat.topics[thread_id].closed = True

    def kick_bot(self, by: "Person") -> None:
        """Throw the bot out and tell it so."""
        self.chat.blocked = True
        _tell_membership(self.telegram, self.chat, by.user, ("member", "kicked"))

    def migrate(self, by: "Person") -> "Group":
        """Turn a basic group into a supergroup, under another id, and tell both."""
        telegram = self.telegram
        title = str(self.chat.body["title"])
        new = telegram.chats.add_group(title, basic=False, forum=False)
        moved = telegram.post(self.chat, by.user, {"migrate_to_chat_id": new.id}, {})
        arrived = telegram.post(new, by.user, {"migrate_from_chat_id": self.chat.id}, {})
        self.chat.migrated_to = new.id
        telegram.feed.push("message", moved.body)
        telegram.feed.push("message", arrived.body)
        return Group(telegram, new)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a private chat with the bot.

    Each deed stands in their private chat unless ``chat`` names a group, is told to the bot as
    Telegram tells it, and returns the message that stands there then.
    """

    telegram: Messenger
    user: Json
    private: Chat

    @property
    def id(self) -> int:
        """The user id, which is the id of the private chat too."""
        return int(self.user["id"])

    async def send(
        self,
        text: str,
        *,
        chat: Group | None = None,
        thread: int | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        """Write a text; commands, mentions and links in it become entities. No limit of length."""
        return self._say(_text(text), chat, thread, reply_to)

    async def reply(self, message: Message, text: str) -> Message:
        """Reply to a message where it stands."""
        body = self.telegram.chats.get(message.chat_id)
        group = Group(self.telegram, body) if body.is_group else None
        return self._say(_text(text), group, message.thread_id, message)

    async def send_photo(
        self,
        data: bytes,
        caption: str | None = None,
        *,
        media_group_id: str | None = None,
        chat: Group | None = None,
        thread: int | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        """Send a picture as a photo, reduced to 1280 pixels; what is no picture goes as it is."""
        upload = self.telegram.keep(data, "photo.jpg", "image/jpeg")
        try:
            media = self.telegram.uploads.photo(upload)
        except Refusal:
            media = self.telegram.uploads.odd_photo(upload)
        return self._say(_media(media, caption, media_group_id), chat, thread, reply_to)

    async def send_document(
        self,
        data: bytes,
        name: str = "photo.jpg",
        mime_type: str = "image/jpeg",
        caption: str | None = None,
        *,
        media_group_id: str | None = None,
        chat: Group | None = None,
        thread: int | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        """Send a file, byte for byte."""
        media = self.telegram.uploads.document(self.telegram.keep(data, name, mime_type))
        return self._say(_media(media, caption, media_group_id), chat, thread, reply_to)

    async def send_album(
        self,
        photos: Sequence[bytes],
        caption: str | None = None,
        *,
        chat: Group | None = None,
        thread: int | None = None,
    ) -> list[Message]:
        """Send photos together: a message each, the caption on the first."""
        album = self.telegram.next_album()
        captions = [caption, *[None] * len(photos)]
        return [
            await self.send_photo(photo, words, media_group_id=album, chat=chat, thread=thread)
            for photo, words in zip(photos, captions, strict=False)
        ]

    async def edit(self, message: Message, text: str) -> Message:
        """Change what one has written."""
        kind = "text" if "text" in message.body else "caption"
        changed = {key.replace("text", kind): value for key, value in _text(text).items()}
        message.body = message.body | changed | {"edit_date": self.telegram.now()}
        message.edits += 1
        self.telegram.feed.push("edited_message", message.body)
        self.telegram.changed.set()
        return message

    async def press(self, message: Message, label_or_data: str) -> Press:
        """Press a button by its label, a part of it, or its data. Raises ``LookupError``."""
        button = message.button(label_or_data)
        if "callback_data" not in button:
            raise LookupError(f"{button['text']!r} tells the bot nothing")
        return self.telegram.press(self.user, message, button["callback_data"])

    async def press_data(self, message: Message, data: str) -> Press:
        """Send callback data that need not stand on any button."""
        return self.telegram.press(self.user, message, data)

    async def block_bot(self) -> None:
        """Block the bot."""
        self.private.blocked = True
        _tell_membership(self.telegram, self.private, self.user, ("member", "kicked"))

    async def unblock_bot(self) -> None:
        """Let the bot in again."""
        self.private.blocked = False
        _tell_membership(self.telegram, self.private, self.user, ("kicked", "member"))

    def _say(
        self, content: Json, group: Group | None, thread: int | None, reply_to: Message | None
    ) -> Message:
        chat = group.chat if group else self.private
        if chat.blocked:
            raise ValueError("nobody talks to a bot that is kept out")
        chat.met = True
        place = self.telegram.place(chat, thread, reply_to)
        message = self.telegram.post(chat, self.user, content, place)
        if not chat.privacy or self._is_for_bot(message, reply_to):
            message.told = True
            self.telegram.feed.push("message", message.body)
        return message

    def _is_for_bot(self, message: Message, reply_to: Message | None) -> bool:
        """Whether a bot in privacy mode hears it (bot FAQ, "What messages will my bot get?")."""
        name = f"@{self.telegram.me['username']}".lower()
        named = name in message.text.lower()
        command = message.text.startswith("/") and "@" not in message.text.split()[0]
        return named or command or (reply_to is not None and reply_to.from_bot)


def _text(text: str) -> Json:
    clean = tidied(Formatted(text))
    return {"text": clean.text} | ({"entities": list(clean.entities)} if clean.entities else {})


def _media(media: Media, caption: str | None, album: str | None) -> Json:
    content: Json = {media.kind: media.content}
    if caption:
        words = _text(caption)
        content["caption"] = words["text"]
        if "entities" in words:
            content["caption_entities"] = words["entities"]
    return content | ({"media_group_id": album} if album else {})


def _tell_membership(telegram: Messenger, chat: Chat, by: Json, statuses: tuple[str, str]) -> None:
    old, new = (_member(telegram.me, status) for status in statuses)
    update = {
        "chat": chat.body,
        "from": by,
        "date": telegram.now(),
        "old_chat_member": old,
        "new_chat_member": new,
    }
    telegram.feed.push("my_chat_member", update)
    telegram.changed.set()


def _member(user: Json, status: str) -> Json:
    return {"status": status, "user": user} | ({"until_date": 0} if status == "kicked" else {})
