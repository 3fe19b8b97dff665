"""The Bot API methods with which the bot says something."""

from collections.abc import Mapping

from bot.demo.chats import Chat, Message
from bot.demo.entities import Formatted, Json, utf16_length
from bot.demo.limits import (
    ALBUM_MAX,
    CALLBACK_ANSWER_MAX,
    bad_request,
    check_caption,
    check_keyboard,
    check_text,
)
from bot.demo.messenger import Messenger
from bot.demo.parameters import Request, Upload
from bot.demo.uploads import Media, VideoFacts

_ATTACH = "attach://"
_ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


async def send_message(telegram: Messenger, request: Request) -> Json:
    """Bot API, sendMessage."""
    if not request.text("text"):
        raise bad_request("message text is empty")
    text = telegram.formatted(request.text("text"), request, "entities")
    check_text(text)
    content = text_content(text)
    if preview := request.object("link_preview_options", "link preview options"):
        content["link_preview_options"] = preview
    return deliver(telegram, request, content).body


async def send_photo(telegram: Messenger, request: Request) -> Json:
    """Bot API, sendPhoto."""
    return await _send_media(telegram, request, "photo")


async def send_video(telegram: Messenger, request: Request) -> Json:
    """Bot API, sendVideo."""
    return await _send_media(telegram, request, "video")


async def send_document(telegram: Messenger, request: Request) -> Json:
    """Bot API, sendDocument."""
    return await _send_media(telegram, request, "document")


async def send_media_group(telegram: Messenger, request: Request) -> list[Json]:
    """Bot API, sendMediaGroup."""
    items = request.object("media", "media")
    if not isinstance(items, list):
        raise bad_request("expected an Array of InputMedia")
    if not items:
        raise bad_request("there are no messages to send")
    if len(items) > ALBUM_MAX:
        raise bad_request("too many messages to send as an album")
    if len(items) == 1:
        telegram.violations.append("sendMediaGroup: an album has 2 to 10 items")
    contents = [item_content(telegram, request, item) for item in items]
    album = {"media_group_id": telegram.next_album()}
    return [deliver(telegram, request, content | album).body for content in contents]


async def answer_callback_query(telegram: Messenger, request: Request) -> bool:
    """Bot API, answerCallbackQuery."""
    text = request.text("text")
    if utf16_length(text) > CALLBACK_ANSWER_MAX:
        raise bad_request("MESSAGE_TOO_LONG")
    telegram.answer_press(
        request.text("callback_query_id"),
        text,
        request.text("url"),
        alert=request.flag("show_alert"),
    )
    return True


async def send_chat_action(telegram: Messenger, request: Request) -> bool:
    """Bot API, sendChatAction."""
    action = request.text("action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = telegram.chats.get(request.params.get("chat_id"))
    chat.check_writable()
    chat.action = (action, telegram.clock())
    telegram.changed.set()
    return True


async def _send_media(telegram: Messenger, request: Request, kind: str) -> Json:
    source = _source(request, request.params.get(kind), kind)
    if source is None:
        raise bad_request(f"there is no {kind} in the request")
    caption = telegram.formatted(request.text("caption"), request, "caption_entities")
    check_caption(caption)
    writable(telegram, request)
    media = stored(telegram, request, kind, source, request.params)
    return deliver(telegram, request, media_content(media, caption, request.params)).body


def writable(telegram: Messenger, request: Request) -> Chat:
    """Return the chat of a call. Raises ``Refusal`` unless the bot may write there."""
    chat = telegram.chats.get(request.params.get("chat_id"))
    chat.check_writable()
    chat.check_thread(request.number("message_thread_id"))
    return chat


def deliver(telegram: Messenger, request: Request, content: Json) -> Message:
    """Let the bot say something. Raises ``Refusal``."""
    chat = writable(telegram, request)
    markup = check_keyboard(request.object("reply_markup", "reply keyboard markup"))
    reply_to = _replied(telegram, chat, request)
    place = telegram.place(chat, request.number("message_thread_id") or None, reply_to)
    if markup is not None and "inline_keyboard" in markup:
        place["reply_markup"] = markup
    if request.flag("protect_content"):
        place["has_protected_content"] = True
    if request.text("message_effect_id"):
        place["effect_id"] = request.text("message_effect_id")
    message = telegram.post(chat, telegram.me, content, place)
    message.markup = markup
    message.silent = request.flag("disable_notification")
    return message


def _replied(telegram: Messenger, chat: Chat, request: Request) -> Message | None:
    wanted = request.object("reply_parameters", "reply parameters")
    if not wanted:
        return None
    if not isinstance(wanted, dict):
        raise bad_request("object expected as reply parameters")
    if wanted.get("chat_id", chat.id) != chat.id:
        telegram.violations.append(f"{request.method}: a reply to another chat")
        raise bad_request("message to be replied not found")
    message = chat.by_id.get(wanted.get("message_id", 0))
    if message is not None and not message.deleted:
        return message
    if wanted.get("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def item_content(telegram: Messenger, request: Request, item: object) -> Json:
    """Return the content that an ``InputMedia`` object makes. Raises ``Refusal``."""
    if not isinstance(item, dict):
        raise _bad_media("expected an Object")
    kind = item.get("type")
    if kind not in {"photo", "video", "document"}:
        raise _bad_media(f'type "{kind}" is unsupported')
    source = _source(request, item.get("media"), "")
    if source is None:
        raise _bad_media("media not found")
    inner = Request(request.method, item)
    caption = telegram.formatted(inner.text("caption"), inner, "caption_entities")
    check_caption(caption)
    return media_content(stored(telegram, request, kind, source, item), caption, item)


def _bad_media(what: str) -> Exception:
    return bad_request(f"can't parse InputMedia: {what}")


def _source(request: Request, value: object, name: str) -> Upload | str | None:
    """Return the upload or the file id that a value names."""
    if name in request.uploads:
        return request.uploads[name]
    if not isinstance(value, str) or not value:
        return None
    if value.startswith(_ATTACH):
        return request.uploads.get(value.removeprefix(_ATTACH))
    return value


def stored(
    telegram: Messenger,
    request: Request,
    kind: str,
    source: Upload | str,
    facts: Mapping[str, object],
) -> Media:
    """Keep an upload, or find what was sent before. Raises ``Refusal``."""
    if isinstance(source, str):
        if source.startswith(("http://", "https://")):
            telegram.violations.append(f"{request.method}: a {kind} by its URL")
            raise bad_request("failed to get HTTP URL content")
        return telegram.uploads.again(source, kind)
    if kind == "photo":
        return telegram.uploads.photo(source)
    thumbnail = _extra_file(request, facts, "thumbnail")
    if kind == "document":
        return telegram.uploads.document(source, thumbnail)
    cover = _extra_file(request, facts, "cover")
    video = telegram.uploads.video(source, _video_facts(facts, thumbnail, cover))
    if telegram.uploads.is_silent(video):
        telegram.violations.append(f"{request.method}: a clip without sound may become a GIF")
    return video


def _extra_file(request: Request, facts: Mapping[str, object], name: str) -> Upload | None:
    found = _source(request, facts.get(name), name)
    return found if isinstance(found, Upload) else None


def _video_facts(
    facts: Mapping[str, object], thumbnail: Upload | None, cover: Upload | None
) -> VideoFacts:
    names = ("width", "height", "duration", "start_timestamp")
    values = [facts.get(name) for name in names]
    width, height, seconds, start = (value if isinstance(value, int) else 0 for value in values)
    return VideoFacts(width, height, seconds, start, thumbnail, cover)


def text_content(text: Formatted) -> Json:
    """Return the keys of a message that hold a text."""
    return {"text": text.text} | ({"entities": list(text.entities)} if text.entities else {})


def caption_content(caption: Formatted, params: Mapping[str, object]) -> Json:
    """Return the keys of a message that hold a caption."""
    if not caption.text:
        return {}
    content: Json = {"caption": caption.text}
    if caption.entities:
        content["caption_entities"] = list(caption.entities)
    if params.get("show_caption_above_media") is True:
        content["show_caption_above_media"] = True
    return content


def media_content(media: Media, caption: Formatted, params: Mapping[str, object]) -> Json:
    """Return the keys of a message that hold a file and what is written under it."""
    spoiler = {"has_media_spoiler": True} if params.get("has_spoiler") is True else {}
    return {media.kind: media.content} | spoiler | caption_content(caption, params)
