"""The Bot API methods that the stand-in knows, with their parameters (Bot API 10.1)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.demo.entities import Json
from bot.demo.limits import bad_request

_PLACE = (
    "business_connection_id:str chat_id:id! message_thread_id:int direct_messages_topic_id:int "
    "disable_notification:bool protect_content:bool allow_paid_broadcast:bool "
    "message_effect_id:str reply_parameters:json"
)
_SEND = f"{_PLACE} suggested_post_parameters:json reply_markup:json"
_EDIT = (
    "business_connection_id:str chat_id:id message_id:int inline_message_id:str reply_markup:json"
)
_TEXT = "parse_mode:str entities:json link_preview_options:json"
_CAPTION = "caption:str parse_mode:str caption_entities:json show_caption_above_media:bool"
_COMMANDS = "scope:json language_code:str"

# A parameter is name:kind, "!" after it: required. ``id`` is a number or a @username.
_TABLE = {
    "getMe": "",
    "getUpdates": "offset:int limit:int timeout:int allowed_updates:json",
    "setWebhook": "url:str! certificate:file ip_address:str max_connections:int "
    "allowed_updates:json drop_pending_updates:bool secret_token:str",
    "deleteWebhook": "drop_pending_updates:bool",
    "getWebhookInfo": "",
    "sendMessage": f"{_SEND} text:str! {_TEXT}",
    "sendPhoto": f"{_SEND} photo:file! {_CAPTION} has_spoiler:bool",
    "sendVideo": f"{_SEND} video:file! {_CAPTION} has_spoiler:bool duration:int width:int "
    "height:int thumbnail:file cover:file start_timestamp:int supports_streaming:bool",
    "sendDocument": f"{_SEND} document:file! thumbnail:file caption:str parse_mode:str "
    "caption_entities:json disable_content_type_detection:bool",
    "sendMediaGroup": f"{_PLACE} media:json!",
    "editMessageText": f"{_EDIT} text:str {_TEXT} rich_message:json",
    "editMessageCaption": f"{_EDIT} {_CAPTION}",
    "editMessageMedia": f"{_EDIT} media:json!",
    "editMessageReplyMarkup": _EDIT,
    "deleteMessage": "chat_id:id! message_id:int!",
    "deleteMessages": "chat_id:id! message_ids:json!",
    "answerCallbackQuery": "callback_query_id:str! text:str show_alert:bool url:str cache_time:int",
    "sendChatAction": "business_connection_id:str chat_id:id! message_thread_id:int action:str!",
    "setMessageReaction": "chat_id:id! message_id:int! reaction:json is_big:bool",
    "getFile": "file_id:str!",
    "setMyCommands": f"commands:json! {_COMMANDS}",
    "getMyCommands": _COMMANDS,
    "deleteMyCommands": _COMMANDS,
    "setMyDescription": "description:str language_code:str",
    "getMyDescription": "language_code:str",
    "setMyShortDescription": "short_description:str language_code:str",
    "getMyShortDescription": "language_code:str",
    "setChatMenuButton": "chat_id:int menu_button:json",
    "getChatMenuButton": "chat_id:int",
}
_WHOLE = re.compile(r"-?\d{1,19}")
_ATTACHED = re.compile(r"attach://([^\s\"',}]+)")
_TRUE = frozenset({"true", "yes", "1"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a method; ``kind`` is str, int, bool, json, id or file."""

    kind: str
    required: bool


def table() -> dict[str, dict[str, Parameter]]:
    """Return every known method with its parameters."""
    return {method: _parameters(line) for method, line in _TABLE.items()}


def _parameters(line: str) -> dict[str, Parameter]:
    split = ([*entry.rstrip("!").split(":"), entry] for entry in line.split())
    return {name: Parameter(kind, entry.endswith("!")) for name, kind, entry in split}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call; ``field`` is its name in the form."""

    field: str
    name: str
    mime_type: str
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class Request:
    """A call of the Bot API, its parameters decoded as far as they can be.

    ``unknown`` are parameters that the method has not, and files that nothing refers to.
    """

    method: str
    params: Json
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()

    def text(self, name: str) -> str:
        """Return a string parameter, empty when absent."""
        value = self.params.get(name)
        return "" if value is None else str(value)

    def number(self, name: str, default: int = 0) -> int:
        """Return a whole number; Telegram reads what is none as 0."""
        value = self.params.get(name, default)
        return value if isinstance(value, int) else 0

    def flag(self, name: str) -> bool:
        """Return a boolean parameter, false when absent."""
        return self.params.get(name) is True

    def object(self, name: str, what: str) -> Any:
        """Return a decoded JSON parameter, ``None`` when absent; ``what`` names it in a refusal."""
        value = self.params.get(name)
        if isinstance(value, str):
            raise bad_request(f"can't parse {what} JSON object")
        return value


def read(
    method: str,
    known: Mapping[str, Parameter],
    raw: Mapping[str, str],
    uploads: Mapping[str, Upload],
) -> Request:
    """Return the call that a form, a query string or a JSON body makes."""
    params = {
        name: _decoded(value, known[name].kind if name in known else "str")
        for name, value in raw.items()
    }
    named = {name for value in raw.values() for name in _ATTACHED.findall(value)}
    unknown = (raw.keys() - known.keys()) | (uploads.keys() - known.keys() - named)
    return Request(method, params, uploads, frozenset(unknown))


def _decoded(value: str, kind: str) -> object:
    match kind:
        case "int" | "id" if _WHOLE.fullmatch(value):
            return int(value)
        case "bool":
            return value.lower() in _TRUE
        case "json":
            return _json(value)
    return value


def _json(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        # Left as text: whoever needs the object refuses it with its own words.
        return value
