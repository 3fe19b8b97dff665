"""The Bot API methods with which the bot changes what it has said."""

from bot.demo.chats import Chat, Message
from bot.demo.entities import Json
from bot.demo.limits import bad_request, check_caption, check_keyboard, check_text
from bot.demo.messenger import Messenger
from bot.demo.parameters import Request
from bot.demo.sending import caption_content, item_content, text_content

_CAPTION = ("caption", "caption_entities", "show_caption_above_media")
_CONTENT = frozenset(
    {"text", "entities", "link_preview_options", "photo", "video", "document", "has_media_spoiler"}
    | set(_CAPTION)
)
_MEDIA = frozenset({"photo", "video", "document"})
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)
_DELETABLE_SECONDS = 48 * 3600
_DELETE_MAX = 100


async def edit_message_text(telegram: Messenger, request: Request) -> Json:
    """Bot API, editMessageText."""
    if not request.text("text"):
        raise bad_request("message text is empty")
    text = telegram.formatted(request.text("text"), request, "entities")
    message = _editable(telegram, request)
    if "text" not in message.body:
        raise bad_request("there is no text in the message to edit")
    check_text(text, too_long="MESSAGE_TOO_LONG")
    content = text_content(text)
    if preview := request.object("link_preview_options", "link preview options"):
        content["link_preview_options"] = preview
    return _edit(telegram, message, request, content)


async def edit_message_caption(telegram: Messenger, request: Request) -> Json:
    """Bot API, editMessageCaption."""
    caption = telegram.formatted(request.text("caption"), request, "caption_entities")
    message = _editable(telegram, request)
    if not _MEDIA & message.body.keys():
        raise bad_request("there is no caption in the message to edit")
    check_caption(caption, too_long="MEDIA_CAPTION_TOO_LONG")
    kept = {
        key: value for key, value in message.body.items() if key in _CONTENT and key not in _CAPTION
    }
    return _edit(telegram, message, request, kept | caption_content(caption, request.params))


async def edit_message_media(telegram: Messenger, request: Request) -> Json:
    """Bot API, editMessageMedia; a text message can become a media message."""
    item = request.object("media", "input media")
    message = _editable(telegram, request)
    return _edit(telegram, message, request, item_content(telegram, request, item))


async def edit_message_reply_markup(telegram: Messenger, request: Request) -> Json:
    """Bot API, editMessageReplyMarkup; without a keyboard the present one goes."""
    message = _editable(telegram, request)
    kept = {key: value for key, value in message.body.items() if key in _CONTENT}
    return _edit(telegram, message, request, kept)


async def delete_message(telegram: Messenger, request: Request) -> bool:
    """Bot API, deleteMessage."""
    chat = _chat(telegram, request)
    message = chat.find(request.number("message_id"), "message to delete")
    _delete(telegram, chat, message)
    return True


async def delete_messages(telegram: Messenger, request: Request) -> bool:
    """Bot API, deleteMessages; those that are not found are passed over."""
    chat = _chat(telegram, request)
    numbers = request.object("message_ids", "message identifiers")
    if not isinstance(numbers, list) or not numbers:
        raise bad_request("message identifiers are not specified")
    if len(numbers) > _DELETE_MAX:
        raise bad_request("too many message identifiers specified")
    for number in numbers:
        message = chat.by_id.get(number)
        if message is not None and not message.deleted:
            _delete(telegram, chat, message)
    return True


async def set_message_reaction(telegram: Messenger, request: Request) -> bool:
    """Bot API, setMessageReaction; a bot has one reaction to a message."""
    chat = _chat(telegram, request)
    message = chat.find(request.number("message_id"), "message to react")
    wanted = request.object("reaction", "reaction types") or []
    emoji = [str(one.get("emoji", "")) for one in wanted if isinstance(one, dict)]
    if len(emoji) != len(wanted) or len(emoji) > 1 or not all(emoji):
        raise bad_request("REACTION_INVALID")
    message.reactions = tuple(emoji)
    telegram.changed.set()
    return True


def _chat(telegram: Messenger, request: Request) -> Chat:
    chat = telegram.chats.get(request.params.get("chat_id"))
    chat.check_readable()
    return chat


def _editable(telegram: Messenger, request: Request) -> Message:
    chat = telegram.chats.get(request.params.get("chat_id"))
    chat.check_writable()
    message = chat.find(request.number("message_id"), "message to edit")
    # Bot API, "Updating messages": only those without reply markup or with an inline keyboard.
    other_markup = message.markup is not None and "inline_keyboard" not in message.markup
    if not message.from_bot or other_markup:
        raise bad_request("message can't be edited")
    return message


def _edit(telegram: Messenger, message: Message, request: Request, content: Json) -> Json:
    markup = check_keyboard(request.object("reply_markup", "reply keyboard markup"))
    if markup is not None and "inline_keyboard" not in markup:
        raise bad_request("inline keyboard expected")
    # An empty keyboard is how a keyboard is taken away.
    shown = {"reply_markup": markup} if markup and any(markup["inline_keyboard"]) else {}
    before = message.body
    compared = _CONTENT | {"reply_markup"}
    if {key: before[key] for key in compared & before.keys()} == content | shown:
        raise bad_request(_NOT_MODIFIED)
    kept = {key: value for key, value in before.items() if key not in compared}
    message.body = kept | content | shown | {"edit_date": telegram.now()}
    message.markup = markup
    message.edits += 1
    telegram.changed.set()
    return message.body


def _delete(telegram: Messenger, chat: Chat, message: Message) -> None:
    if not message.from_bot and chat.is_group and not chat.bot_is_admin:
        raise bad_request("message can't be deleted")
    if telegram.now() - message.body["date"] > _DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")
    message.deleted = True
    telegram.changed.set()
