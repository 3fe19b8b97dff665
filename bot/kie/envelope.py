"""The envelope around all of KIE's answers, read without trusting a byte of it. No I/O."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from bot.errors import KieError, OperatorTrouble, TooManyRequests, TryLater

TEXT_CHARS = 300
TASK_ID_CHARS = 200
MAX_LINKS = 16

_WHOLE_NUMBER = re.compile(r"\s*(-?[0-9]{1,18})\s*", re.ASCII)
_LARGEST = 10**18
# HTTP statuses that say the same in whatever words: the request was turned away at the door.
_AT_THE_DOOR = frozenset({401, 402, 429})
_FORBIDDEN = 403
_BLOCKED = re.compile(rb"error(?: code)?:?\s*1010\b", re.IGNORECASE)
_BLOCK_PAGE_BYTES = 20_000

OPERATOR: Mapping[int | None, type[KieError]] = MappingProxyType(
    {401: OperatorTrouble, 402: OperatorTrouble, 433: OperatorTrouble}
)
_UNREADABLE: Mapping[int | None, type[KieError]] = MappingProxyType(
    {**OPERATOR, 408: TryLater, 429: TooManyRequests, 455: TryLater, 505: TryLater}
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One answer: the HTTP ``status`` and KIE's ``{code, msg, data}``, each as far as it is there.

    ``is_json``: the body was a JSON object. ``is_blocked``: the network before KIE turned the
    client away, no matter of the key. ``task_id``: the task that the answer is about.
    """

    status: int
    is_json: bool
    code: int | None
    msg: str
    data: object = None
    task_id: str | None = None
    is_blocked: bool = False

    @property
    def verdict(self) -> int | None:
        """The code that counts, ``None`` where the answer gives none.

        KIE answers nearly always with HTTP 200 and means the code; a page that is no JSON proves
        only what no program behind it can have decided.
        """
        if self.code is not None:
            return self.code
        return self.status if self.is_json or self.status in _AT_THE_DOOR else None


def parse_envelope(status: int, content: bytes) -> Envelope:
    """Read any answer; never raises. A body that is no JSON object becomes the message."""
    body = decode(content)
    if not isinstance(body, dict):
        return Envelope(
            status=status,
            is_json=False,
            code=None,
            msg=line(content[: 4 * TEXT_CHARS].decode("utf-8", "replace")),
            is_blocked=status == _FORBIDDEN and bool(_BLOCKED.search(content[:_BLOCK_PAGE_BYTES])),
        )
    data = body.get("data")
    return Envelope(
        status=status,
        is_json=True,
        code=integer(body.get("code")),
        msg=line(body.get("msg") or body.get("message") or body.get("error")),
        data=data,
        task_id=_task_id(mapping(data)) or _task_id(body),
    )


def refuse_blocked(envelope: Envelope) -> None:
    """Raise ``OperatorTrouble`` when the answer does not come from KIE at all."""
    if envelope.is_blocked:
        raise OperatorTrouble(envelope.status, envelope.msg)


def refuse_unreadable(envelope: Envelope) -> None:
    """Raise what keeps an answer from telling about its subject.

    ``OperatorTrouble``, ``TooManyRequests``, or ``TryLater`` for anything that may pass.
    """
    refuse_blocked(envelope)
    if envelope.verdict in _UNREADABLE:
        raise _UNREADABLE[envelope.verdict](envelope.verdict, envelope.msg)
    if not envelope.is_json:
        raise TryLater(envelope.status, envelope.msg)


def decode(text: str | bytes) -> object:
    """Return what JSON text stands for, ``None`` for what is no JSON; NaN and Infinity are none."""
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def mapping(value: object) -> Mapping[str, object]:
    """Return an object, or the object that a JSON string holds; anything else is empty."""
    if isinstance(value, str):
        value = decode(value)
    return value if isinstance(value, dict) else {}


def at(data: object, path: tuple[str, ...]) -> object:
    """Return what stands at a path of names, where each step may be JSON text, else ``None``."""
    *parents, last = path
    for name in parents:
        data = mapping(data).get(name)
    return mapping(data).get(last)


def integer(value: object) -> int | None:
    """Return a whole number that comes as number or text, ``None`` for anything else."""
    if isinstance(value, str):
        match = _WHOLE_NUMBER.fullmatch(value)
        return int(match[1]) if match else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if -_LARGEST < value < _LARGEST and value == int(value) else None


def number(value: object) -> float | None:
    """Return a finite number, ``None`` for anything else, also for text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -_LARGEST < value < _LARGEST else None


def line(value: object) -> str:
    """Return text as one printable line of bounded length, anything else as none."""
    if not isinstance(value, str):
        return ""
    words = " ".join(value[: 4 * TEXT_CHARS].split())
    return "".join(char for char in words if char.isprintable())[:TEXT_CHARS]


def links(value: object) -> tuple[str, ...]:
    """Read one link, a list of them, or JSON text of either; drop what is no web address."""
    if isinstance(value, str):
        value = decode(value) or value
    listed = value if isinstance(value, list) else [value]
    found = (item.strip() for item in listed if isinstance(item, str))
    return tuple(dict.fromkeys(link for link in found if _is_web(link)))[:MAX_LINKS]


def _is_web(link: str) -> bool:
    if not link.isprintable() or " " in link:
        return False
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _task_id(data: Mapping[str, object]) -> str | None:
    """Task ids are opaque (hex, UUID, ``veo_task_…``), but none is long or holds blanks."""
    value = data.get("taskId") or data.get("task_id")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    # A huge integer must not be spelled out: that takes long, and beyond a limit raises.
    text = value if isinstance(value, str) else str(integer(value) or "")
    sane = 0 < len(text) <= TASK_ID_CHARS and text.isprintable() and " " not in text
    return text if sane else None
