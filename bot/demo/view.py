"""What the page shows, as plain values by section and key, and what of it has changed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from bot.demo import moods
from bot.demo.cast import ROLES, Role
from bot.demo.chats import Chat, Message
from bot.demo.entities import Json
from bot.demo.profile import commands_for
from bot.demo.show import Show

_ANSWERS_KEPT = 50
Sections = dict[str, dict[str, Json]]


def sections(show: Show) -> Sections:
    """Return everything that is to be seen of a show; keys are unique within a section."""
    chats = list(show.telegram.telegram.chats)
    return {
        "about": {"": _about(show)},
        "people": {str(role.id): _person(show, role) for role in ROLES},
        "chats": {str(chat.id): _chat(chat) for chat in chats},
        "commands": dict(_commands(show, chats)),
        "messages": dict(_messages(show, chats)),
        "answers": dict(_answers(show)),
        "wire": {line.key: asdict(line) for line in show.wire.lines()},
        "jobs": {str(key): job for key, job in show.page.jobs.items()},
        "ledger": {str(key): entry for key, entry in show.page.entries.items()},
        "faults": {
            mood.key: {"to_come": moods.to_come(mood, show.telegram, show.kie)}
            for mood in moods.MOODS
        },
        "strange": {str(index): {"what": what} for index, what in enumerate(_strange(show))},
    }


class Watcher:
    """One browser that watches: what it has been told is told again only when it has changed."""

    def __init__(self) -> None:
        self._number = 0
        self._told: dict[str, dict[str, str]] = {}
        self._playing: bool | None = None

    def news(self, show: Show | None) -> Json | None:
        """Return what is new: values to put and keys to drop, by section; ``None``: nothing.

        ``show`` is the number of the show: with another one everything begins anew.
        """
        was_playing, self._playing = self._playing, show is not None
        if show is None:
            return {"playing": False} if was_playing is not False else None
        if show.number != self._number:
            self._number, self._told = show.number, {}
        now = sections(show)
        written = {
            name: {key: json.dumps(value) for key, value in section.items()}
            for name, section in now.items()
        }
        put, drop = difference(self._told, written)
        self._told = written
        if was_playing and not put and not drop:
            return None
        values = {name: {key: now[name][key] for key in keys} for name, keys in put.items()}
        return {"playing": True, "show": show.number, "put": values, "drop": drop}


Keys = dict[str, list[str]]


def difference(
    before: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]
) -> tuple[Keys, Keys]:
    """Return the keys whose values are new, and those that are gone, by section."""
    put = {
        name: [key for key, value in section.items() if before.get(name, {}).get(key) != value]
        for name, section in now.items()
    }
    drop = {
        name: [key for key in section if key not in now.get(name, {})]
        for name, section in before.items()
    }
    return _filled(put), _filled(drop)


def shown(message: Message) -> Json:
    """Return a message for the page: its object, and what clients see beside it."""
    markup = message.markup or {}
    extra: Json = {"reactions": list(message.reactions)}
    if markup.get("force_reply"):
        extra["asks_for_reply"] = "some" if markup.get("selective") else "all"
    return message.body | extra


def _messages(show: Show, chats: list[Chat]) -> Iterator[tuple[str, Json]]:
    """Yield every message with ``read``: whether the bot has fetched it, two ticks beside it."""
    feed = show.telegram.telegram.feed
    waiting = {_address(update["message"]) for update in feed.waiting if "message" in update}
    for chat in chats:
        for message in chat.messages:
            read = message.told and _address(message.body) not in waiting
            yield f"{chat.id}/{message.id}", shown(message) | {"read": read}


def _address(message: Json) -> tuple[object, object]:
    return message["chat"]["id"], message["message_id"]


def _filled(keys_of: Keys) -> Keys:
    return {name: keys for name, keys in keys_of.items() if keys}


def _about(show: Show) -> Json:
    telegram = show.telegram.telegram
    description = telegram.profile.get(("description", ""), {}).get("description", "")
    return {
        "bot": telegram.me,
        "description": description,
        "speed": show.kie.speed,
        "credit": show.kie.credit,
    }


def _person(show: Show, role: Role) -> Json:
    person = show.cast.people[role.id]
    return {
        "id": role.id,
        "order": ROLES.index(role),
        "name": role.name,
        "title": role.title,
        "about": role.about,
        "language": role.language,
        "blocks": person.private.blocked,
    }


def _chat(chat: Chat) -> Json:
    action, at = chat.action or ("", 0.0)
    return {
        "id": chat.id,
        "title": chat.body.get("title", ""),
        "group": chat.is_group,
        "action": action,
        "action_at": at,
    }


def _commands(show: Show, chats: list[Chat]) -> Iterator[tuple[str, Json]]:
    for chat in chats:
        for role in ROLES:
            if chat.is_group or chat.id == role.id:
                found = commands_for(show.telegram.telegram, chat, role.language)
                yield f"{chat.id}/{role.id}", {"commands": found}


def _answers(show: Show) -> Iterator[tuple[str, Json]]:
    for press in show.telegram.presses[-_ANSWERS_KEPT:]:
        if press.answer is not None:
            yield (
                press.id,
                {
                    "user": press.user_id,
                    "text": press.answer.text,
                    "alert": press.answer.alert,
                    "url": press.answer.url,
                },
            )


def _strange(show: Show) -> list[str]:
    """Return what was asked for and is not emulated, or no good client would do."""
    return [*show.telegram.violations, *show.kie.violations]
