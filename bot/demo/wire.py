"""The wire: every call between the bot and the two stand-ins, without anything secret."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum, auto
from typing import TypeVar

from bot.demo.entities import Json
from bot.demo.kie_callbacks import Knock
from bot.demo.kie_wire import Exchange
from bot.demo.telegram_http import Call

Entry = TypeVar("Entry")
LINES_SHOWN = 300
HIDDEN = "•••"
_WORDS_MAX = 60
_OK, _NOT_FOUND = 200, 404
_GOOD = frozenset({200, 206, 304})
_SECRET_PARAMETERS = frozenset({"secret_token"})
# An own address of the bot ends in a token: /callbacks/…, /photos/…
_TOKEN_PATH = re.compile(r"(/[a-z]+/)[\w-]{20,}")


class Outcome(StrEnum):
    """How a call ended."""

    OK = auto()
    WAITING = auto()
    REFUSED = auto()
    LOST = auto()
    STRANGE = auto()  # it, or a part of it, is not emulated


@dataclass(frozen=True, slots=True)
class Line:
    """One call at a glance; ``quiet`` ones only ask whether there is anything new."""

    key: str
    at: float
    way: str
    title: str
    note: str
    outcome: Outcome
    quiet: bool = False


class Masks:
    """Strikes out what nobody is to see: the secrets given, and tokens in the bot's addresses."""

    def __init__(self, secrets: Iterable[str], own_url: str) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)
        self._own_url = own_url

    def hide(self, value: object) -> object:
        """Return a copy of a JSON value without them."""
        match value:
            case str():
                return self._clean(value)
            case dict():
                return {
                    self._clean(str(key)): HIDDEN if key in _SECRET_PARAMETERS else self.hide(inner)
                    for key, inner in value.items()
                }
            case list() | tuple():
                return [self.hide(inner) for inner in value]
        return value

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        head, found, tail = text.partition(self._own_url)
        return head + found + _TOKEN_PATH.sub(rf"\1{HIDDEN}", tail) if found else text


@dataclass(frozen=True, slots=True)
class Wire:
    """The calls of one performance, of all three kinds, as the stand-ins recorded them."""

    calls: Sequence[Call]
    exchanges: Sequence[Exchange]
    knocks: Sequence[Knock]
    masks: Masks

    def lines(self) -> list[Line]:
        """Return the newest calls of each kind; those that ask in vain count apart."""
        asked = _newest("t", self.calls, _telegram_line)
        loud = [line for line in asked if not line.quiet][-LINES_SHOWN:]
        quiet = [line for line in asked if line.quiet][-LINES_SHOWN // 10 :]
        exchanges = _newest("k", self.exchanges, _kie_line)[-LINES_SHOWN:]
        knocks = _newest("c", self.knocks, _knock_line)[-LINES_SHOWN:]
        return sorted([*loud, *quiet, *exchanges, *knocks], key=lambda line: line.at)

    @property
    def _entries(self) -> dict[str, Sequence[Call | Exchange | Knock]]:
        return {"t": self.calls, "k": self.exchanges, "c": self.knocks}

    def details(self, key: str) -> Json:
        """Return what was sent and what came back. Raises ``LookupError`` for an unknown key."""
        kind, number = key[:1], key[1:]
        if not number.isdecimal() or kind not in self._entries:
            raise LookupError(key)
        told = self.masks.hide(_told(self._entries[kind][int(number)]))
        return told if isinstance(told, dict) else {}

    def everything(self) -> list[Json]:
        """Return every call in full, oldest first."""
        keys = sorted(
            (entry.at, f"{kind}{index}")
            for kind, entries in self._entries.items()
            for index, entry in enumerate(entries)
        )
        return [self.details(key) | {"at": at} for at, key in keys]


def _newest(kind: str, entries: Sequence[Entry], line: Callable[[str, Entry], Line]) -> list[Line]:
    """Return more than are shown, for some of them are quiet."""
    first = max(len(entries) - 2 * LINES_SHOWN, 0)
    return [line(f"{kind}{first + n}", entry) for n, entry in enumerate(entries[first:])]


def _telegram_line(key: str, call: Call) -> Line:
    asks = call.method == "getUpdates"
    found = call.ok and bool(call.result)
    note = _updates_note(call) if asks and call.ok else _call_note(call)
    outcome = _call_outcome(call)
    in_vain = asks and not found and outcome in {Outcome.OK, Outcome.WAITING}
    return Line(key, call.at, "bot → Telegram", call.method, note, outcome, in_vain)


def _call_outcome(call: Call) -> Outcome:
    if call.strange:
        return Outcome.STRANGE
    if call.lost:
        return Outcome.LOST
    if call.answer is None:
        return Outcome.WAITING
    return Outcome.OK if call.ok else Outcome.REFUSED


def _call_note(call: Call) -> str:
    if call.strange:
        return f"not emulated: {', '.join(call.strange)}"
    if call.lost:
        return call.lost
    if call.answer is not None and not call.ok:
        return str(call.answer.get("description", ""))
    said = [call.params.get(name) for name in ("text", "caption", "action", "file_id")]
    return _short(next((str(words) for words in said if words), ""))


def _updates_note(call: Call) -> str:
    kinds = [kind for update in call.result for kind in update if kind != "update_id"]
    return ", ".join(kinds) or "nothing new"


def _kie_line(key: str, exchange: Exchange) -> Line:
    itself = exchange.headers.get("user-agent", "").startswith("kie-")
    way = "KIE → KIE" if itself else "bot → KIE"
    title = f"{exchange.method} {exchange.path}"
    return Line(key, exchange.at, way, title, _kie_note(exchange), _kie_outcome(exchange))


def _kie_note(exchange: Exchange) -> str:
    if exchange.status == 0:
        return "the connection broke, no answer"
    if exchange.answer is None:
        return f"HTTP {exchange.status}"
    return _short(f"{exchange.answer['code']} {exchange.answer['msg']}")


def _kie_outcome(exchange: Exchange) -> Outcome:
    if exchange.status == 0:
        return Outcome.LOST
    if exchange.status == _NOT_FOUND and exchange.path.startswith("/api/"):
        return Outcome.STRANGE
    code = exchange.status if exchange.answer is None else exchange.answer["code"]
    return Outcome.OK if code in _GOOD else Outcome.REFUSED


def _knock_line(key: str, knock: Knock) -> Line:
    note = "nobody answered" if knock.status is None else f"HTTP {knock.status}"
    lost = Outcome.LOST if knock.status is None else Outcome.REFUSED
    outcome = Outcome.OK if knock.status == _OK else lost
    return Line(key, knock.at, "KIE → bot", f"callback for task {knock.task_id}", note, outcome)


def _told(entry: Call | Exchange | Knock) -> Json:
    match entry:
        case Call():
            sent: Json = {"method": entry.method, "parameters": entry.params}
            files = {"files": [asdict(file) for file in entry.files]} if entry.files else {}
            return {"request": sent | files, "answer": entry.answer or entry.lost or None}
        case Exchange():
            request = {"method": entry.method, "path": entry.path, "query": dict(entry.params)}
            answer = entry.answer or f"HTTP {entry.status}"
            return {"request": request | {"body": entry.json}, "answer": answer}
        case Knock():
            request = {"method": "POST", "url": entry.url, "body": entry.body}
            return {"request": request, "answer": f"HTTP {entry.status or 'none'}"}


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WORDS_MAX else f"{line[: _WORDS_MAX - 1]}…"
