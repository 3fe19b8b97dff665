"""What in a group is meant for the bot: commands, mentions of it, and replies to it."""

import re

from telegram import Message, MessageEntity
from telegram.ext import filters

_COMMAND = re.compile(r"/(?P<name>[A-Za-z0-9_]+)(?:@(?P<bot>[A-Za-z0-9_]+))?(?!\S)")
# The bot's own word: bare ones of the others may be meant for any bot of the group.
_OWN_COMMAND = "generate"


class Addressed(filters.MessageFilter):
    """Lets through what mentions the bot or replies to it."""

    def filter(self, message: Message) -> bool:
        """See ``filters.MessageFilter``."""
        return mentions(message) or replies_to_bot(message)


class Named(filters.MessageFilter):
    """Lets through commands that name the bot: ``/command@bot``."""

    def filter(self, message: Message) -> bool:
        """See ``filters.MessageFilter``."""
        return _is_named(message)


def is_heard(message: Message) -> bool:
    """Tell whether a message may be for the bot at all; in a private chat everything is.

    Parts of an album count: only one of them carries the caption that tells.
    """
    if message.chat.type == message.chat.PRIVATE or message.media_group_id is not None:
        return True
    found = _COMMAND.match(_written(message))
    bare = found is not None and found["bot"] is None
    return bare or is_clearly_for_bot(message)


def is_clearly_for_bot(message: Message) -> bool:
    """Tell whether a message is for this bot and no other; in a private chat everything is."""
    if message.chat.type == message.chat.PRIVATE:
        return True
    found = _COMMAND.match(_written(message))
    own = found is not None and found["bot"] is None and found["name"].lower() == _OWN_COMMAND
    return own or _is_named(message) or mentions(message) or replies_to_bot(message)


def mentions(message: Message) -> bool:
    """Tell whether text or caption mention the bot."""
    return bool(_own_mentions(message))


def replies_to_bot(message: Message) -> bool:
    """Tell whether a message answers one of the bot's."""
    replied = replied_to(message)
    return (
        replied is not None
        and replied.from_user is not None
        and (replied.from_user.id == message.get_bot().id)
    )


def replies_to_other(message: Message) -> bool:
    """Tell whether a message answers somebody other than the bot."""
    return replied_to(message) is not None and not replies_to_bot(message)


def replied_to(message: Message) -> Message | None:
    """Return the message that this one answers.

    In a topic every message carries the one that opened it, as if it answered that.
    """
    replied = message.reply_to_message
    return None if replied is None or replied.forum_topic_created is not None else replied


def words(message: Message) -> str:
    """Return the text without what only calls the bot."""
    text = message.text or ""
    if message.chat.type == message.chat.PRIVATE:
        return text.strip()
    for entity in sorted(_own_mentions(message), key=lambda each: each.offset, reverse=True):
        text = _without(text, entity)
    return text.strip()


def own_former_words(message: Message) -> str | None:
    """Return the text of the message that this one answers, if the same person wrote it."""
    replied = replied_to(message)
    if replied is None or replied.from_user != message.from_user or is_copied(replied):
        return None
    text = words(replied)
    return text if text and not _COMMAND.match(text) else None


def is_nobodys(message: Message) -> bool:
    """Tell whether a message hides its author: a channel's, or an anonymous admin's."""
    return message.sender_chat is not None


def is_copied(message: Message) -> bool:
    """Tell whether a message was not typed here and now: forwarded, or made by another bot."""
    return message.forward_origin is not None or message.via_bot is not None


def is_forwarded_command(message: Message) -> bool:
    """Tell whether a command was copied from elsewhere; such are not carried out."""
    return is_copied(message) and _COMMAND.match(_written(message)) is not None


def _written(message: Message) -> str:
    return message.text or message.caption or ""


def _is_named(message: Message) -> bool:
    found = _COMMAND.match(_written(message))
    name = message.get_bot().username.lower()
    return found is not None and (found["bot"] or "").lower() == name


def _own_mentions(message: Message) -> list[MessageEntity]:
    bot, text = message.get_bot(), _written(message)
    entities = message.entities if message.text else message.caption_entities
    return [
        entity
        for entity in entities
        if (entity.user is not None and entity.user.id == bot.id)
        or (
            entity.type == MessageEntity.MENTION
            and _split(text, entity)[1].lower() == f"@{bot.username}".lower()
        )
    ]


def _without(text: str, entity: MessageEntity) -> str:
    """Cut a mention out, and the space that set it off."""
    before, _, after = _split(text, entity)
    if not before.strip():
        return after.lstrip(" ,:")
    return before.rstrip(" ") + after


def _split(text: str, entity: MessageEntity) -> tuple[str, str, str]:
    """Return what stands before, in and behind an entity; offsets count UTF-16 code units."""
    units = text.encode("utf-16-le", "surrogatepass")
    start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
    before, inside, after = (
        part.decode("utf-16-le", "surrogatepass")
        for part in (units[:start], units[start:end], units[end:])
    )
    return before, inside, after
