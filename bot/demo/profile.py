"""The Bot API methods about the bot itself: its name, commands, texts, menu and updates."""

import json
import re
from urllib.parse import urlsplit

from bot.demo.chats import Chat
from bot.demo.entities import Json, utf16_length
from bot.demo.limits import bad_request
from bot.demo.messenger import Messenger
from bot.demo.parameters import Request

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_COMMANDS_MAX = 100
_COMMAND_TEXT_MAX = 256
_DESCRIPTION_MAX = 512
_SHORT_DESCRIPTION_MAX = 120
_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
_WEBHOOK_PORTS = frozenset({None, 80, 88, 443, 8443})
_POLL_MAX = 50
_BATCH_MAX = 100


async def get_me(telegram: Messenger, request: Request) -> Json:
    """Bot API, getMe."""
    del request
    return telegram.me | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def get_updates(telegram: Messenger, request: Request) -> list[Json]:
    """Bot API, getUpdates."""
    if refusal := telegram.wait_is_refused():
        raise refusal
    telegram.feed.allow(request.object("allowed_updates", "allowed_updates"))
    telegram.changed.set()
    limit = min(max(request.number("limit", _BATCH_MAX), 1), _BATCH_MAX)
    timeout_seconds = min(max(request.number("timeout"), 0), _POLL_MAX)
    return await telegram.feed.poll(request.number("offset"), limit, timeout_seconds)


async def set_webhook(telegram: Messenger, request: Request) -> bool:
    """Bot API, setWebhook; http is taken too, as by a local Bot API server."""
    url = request.text("url")
    if url and not re.match(r"https?://[^/\s]+", url):
        raise bad_request("invalid webhook URL specified")
    if url.startswith("https://") and urlsplit(url).port not in _WEBHOOK_PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if not _SECRET.fullmatch(request.text("secret_token")):
        raise bad_request("secret token contains unallowed characters")
    telegram.feed.allow(request.object("allowed_updates", "allowed_updates"))
    telegram.feed.conflict("Conflict: terminated by setWebhook request")
    if request.flag("drop_pending_updates"):
        telegram.feed.clear()
    secret = request.text("secret_token")
    telegram.webhook = {"url": url, "secret": secret} if url else {}
    telegram.changed.set()
    return True


async def delete_webhook(telegram: Messenger, request: Request) -> bool:
    """Bot API, deleteWebhook."""
    telegram.webhook = {}
    if request.flag("drop_pending_updates"):
        telegram.feed.clear()
    telegram.changed.set()
    return True


async def get_webhook_info(telegram: Messenger, request: Request) -> Json:
    """Bot API, getWebhookInfo."""
    del request
    told = {key: value for key, value in telegram.webhook.items() if key.startswith("last_")}
    return told | {
        "url": telegram.webhook.get("url", ""),
        "has_custom_certificate": False,
        "pending_update_count": len(telegram.feed.waiting),
    }


async def set_my_commands(telegram: Messenger, request: Request) -> bool:
    """Bot API, setMyCommands."""
    commands = request.object("commands", "commands")
    if not isinstance(commands, list):
        raise bad_request("expected an Array of BotCommand")
    if len(commands) > _COMMANDS_MAX:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        _check_command(command)
    telegram.profile[_commands_key(request)] = {"commands": commands}
    telegram.changed.set()
    return True


async def get_my_commands(telegram: Messenger, request: Request) -> list[Json]:
    """Bot API, getMyCommands."""
    commands = telegram.profile.get(_commands_key(request), {"commands": []})["commands"]
    return list(commands)


async def delete_my_commands(telegram: Messenger, request: Request) -> bool:
    """Bot API, deleteMyCommands."""
    telegram.profile.pop(_commands_key(request), None)
    telegram.changed.set()
    return True


async def set_my_description(telegram: Messenger, request: Request) -> bool:
    """Bot API, setMyDescription."""
    return _set_text(telegram, request, "description", _DESCRIPTION_MAX)


async def get_my_description(telegram: Messenger, request: Request) -> Json:
    """Bot API, getMyDescription."""
    return _text(telegram, request, "description")


async def set_my_short_description(telegram: Messenger, request: Request) -> bool:
    """Bot API, setMyShortDescription."""
    return _set_text(telegram, request, "short_description", _SHORT_DESCRIPTION_MAX)


async def get_my_short_description(telegram: Messenger, request: Request) -> Json:
    """Bot API, getMyShortDescription."""
    return _text(telegram, request, "short_description")


async def set_chat_menu_button(telegram: Messenger, request: Request) -> bool:
    """Bot API, setChatMenuButton."""
    button = request.object("menu_button", "menu button") or {"type": "default"}
    if button.get("type") not in {"default", "commands", "web_app"}:
        raise bad_request("can't parse menu button: MenuButton has unsupported type")
    telegram.profile["menu", request.text("chat_id")] = button
    telegram.changed.set()
    return True


async def get_chat_menu_button(telegram: Messenger, request: Request) -> Json:
    """Bot API, getChatMenuButton."""
    everywhere = telegram.profile.get(("menu", ""), {"type": "default"})
    return telegram.profile.get(("menu", request.text("chat_id")), everywhere)


async def get_file(telegram: Messenger, request: Request) -> Json:
    """Bot API, getFile."""
    file = telegram.uploads.stored(request.text("file_id"))
    return {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": file.size,
        "file_path": file.remote_path,
    }


def commands_for(telegram: Messenger, chat: Chat, language: str) -> list[Json]:
    """Return the commands that somebody sees in a chat (Bot API, BotCommandScope).

    The narrowest list wins; in a group those for its administrators and for single members are
    left out, as nobody has such a part.
    """
    everywhere = "all_group_chats" if chat.is_group else "all_private_chats"
    scopes = ({"type": "chat", "chat_id": chat.id}, {"type": everywhere}, None)
    for scope in scopes:
        for code in (language, ""):
            found = telegram.profile.get((f"commands {_scope_name(scope)}", code))
            if found and found["commands"]:
                return list(found["commands"])
    return []


def _commands_key(request: Request) -> tuple[str, str]:
    scope = request.object("scope", "BotCommandScope")
    return f"commands {_scope_name(scope)}", request.text("language_code")


def _scope_name(scope: object) -> str:
    return json.dumps(scope or {"type": "default"}, sort_keys=True)


def _check_command(command: object) -> None:
    if not isinstance(command, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    if not _COMMAND.fullmatch(str(command.get("command", ""))):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 0 < utf16_length(str(command.get("description", ""))) <= _COMMAND_TEXT_MAX:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")


def _set_text(telegram: Messenger, request: Request, name: str, longest: int) -> bool:
    if utf16_length(request.text(name)) > longest:
        raise bad_request(f"{name} is too long")
    telegram.profile[name, request.text("language_code")] = {name: request.text(name)}
    telegram.changed.set()
    return True


def _text(telegram: Messenger, request: Request, name: str) -> Json:
    everybody = telegram.profile.get((name, ""), {name: ""})
    return telegram.profile.get((name, request.text("language_code")), everybody)
