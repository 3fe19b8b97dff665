"""Everything that happened in a show: as JSON to keep, and a chat line by line to read."""

from collections.abc import Iterator

from bot.demo.cast import ROLES
from bot.demo.chats import Message
from bot.demo.entities import Json
from bot.demo.show import Show
from bot.demo.view import shown

_INDENT = "  "


def exported(show: Show) -> Json:
    """Return chats, wire, jobs and ledger of a show, without anything secret."""
    wire = show.wire
    told = {
        "note": "A demo: nothing here was made by Veo, and nothing was paid.",
        "speed": show.kie.speed,
        "people": {str(role.id): f"{role.name} ({role.title})" for role in ROLES},
        "chats": [
            {"chat": chat.body, "messages": [shown(message) for message in chat.messages]}
            for chat in show.telegram.telegram.chats
        ],
        "jobs": list(show.page.jobs.values()),
        "ledger": list(show.page.entries.values()),
        "not_emulated": [*show.telegram.violations, *show.kie.violations],
        "wire": wire.everything(),
    }
    hidden = wire.masks.hide(told)
    return hidden if isinstance(hidden, dict) else {}


def is_result(message: Message) -> bool:
    """Tell a video from one on a status card, which has no buttons: it is still to be sent."""
    return message.video is not None and bool(message.rows)


def lines(message: Message) -> Iterator[str]:
    """Yield a message as it is read in a terminal: who, what, and the buttons."""
    who = str(message.body["from"]["first_name"])
    first, *others = [*message.text.splitlines(), *_media(message)] or [""]
    yield f"{who}: {first}"
    for line in (*others, *_buttons(message)):
        yield f"{_INDENT}{line}"


def _media(message: Message) -> Iterator[str]:
    if video := message.video:
        size = f"{video['width']}×{video['height']}, {video['duration']} s"
        yield f"[video, {size}, {video['file_size'] / 1e6:.1f} MB]"
    if "photo" in message.body:
        yield "[photo]"
    if document := message.body.get("document"):
        yield f"[file {document['file_name']}]"


def _buttons(message: Message) -> Iterator[str]:
    for row in message.rows:
        yield " ".join(f"[{button['text']}]" for button in row)
