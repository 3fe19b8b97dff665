"""What KIE says about a task, in any form that it was seen to say it. No I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bot.errors import TryLater
from bot.kie import reasons
from bot.kie.envelope import Envelope, at, integer, line, links, mapping, refuse_unreadable
from bot.models import Dialect, Kind

UPGRADES = frozenset({Kind.UPGRADE_1080P, Kind.UPGRADE_4K})


class RecordStatus(StrEnum):
    """What has become of a task; ``MISSING``: KIE has no record of it, or not yet."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILED = "failed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Record:
    """What KIE says about a task.

    ``urls`` may still be empty at success. ``code`` and ``text`` are the failure's. ``fallback``:
    KIE's backup model made it, so it cannot be upgraded.
    """

    status: RecordStatus
    urls: tuple[str, ...] = ()
    code: int | None = None
    text: str = ""
    fallback: bool = False


# Flags by number, states by word; every other number is a failure (3 is common).
_FLAGS: Mapping[int, RecordStatus] = MappingProxyType(
    {0: RecordStatus.PENDING, 1: RecordStatus.SUCCESS}
)
_STATES: Mapping[str, RecordStatus] = MappingProxyType(
    {
        "waiting": RecordStatus.PENDING,
        "queuing": RecordStatus.PENDING,
        "generating": RecordStatus.PENDING,
        "success": RecordStatus.SUCCESS,
        "fail": RecordStatus.FAILED,
        "failed": RecordStatus.FAILED,
    }
)
_STATUS_NAMES: Mapping[Dialect, tuple[str, ...]] = MappingProxyType(
    {Dialect.VEO: ("successFlag", "status"), Dialect.MARKET: ("state",)}
)
_FAILURE_NAMES: Mapping[Dialect, tuple[str, str]] = MappingProxyType(
    {Dialect.VEO: ("errorCode", "errorMessage"), Dialect.MARKET: ("failCode", "failMsg")}
)

# Where links stand in a record's data, in the order of trust. Never just anywhere: the echo of
# the request holds the links of the photos.
_RESULTS: tuple[tuple[str, ...], ...] = (
    ("response", "resultUrls"),
    ("info", "resultUrls"),
    ("resultJson", "resultUrls"),
    ("resultJson", "data", "result_urls"),
    ("resultJson", "data", "resultUrls"),
    ("resultJson", "result_urls"),
    ("resultUrls",),
    ("resultUrl",),
    ("videoUrl",),
)
_WHOLE_FILM: tuple[tuple[str, ...], ...] = (
    ("response", "fullResultUrls"),
    ("info", "fullResultUrls"),
    ("resultJson", "fullResultUrls"),
    ("resultJson", "data", "full_result_urls"),
)
_ORIGINALS: tuple[tuple[str, ...], ...] = (
    ("response", "originUrls"),
    ("info", "originUrls"),
    ("originUrls",),
)
_UNFINISHED = re.compile(
    r"(?i)\b(processing|ready|check back|generating|in progress|generated successfully)\b"
)
_OK, _NOT_FOUND = 200, 404
_FINAL = frozenset({400, 422, 451, 501})
_PERHAPS_UNFINISHED = frozenset({400, 422, 500})
_PERHAPS_MISSING = frozenset({422})
_UNAVAILABLE = re.compile(r"(?i)\bunavailable\b")
_GONE = re.compile(r"(?i)record is null|not found|not exist|expired|14 days")


def read_record(envelope: Envelope, dialect: Dialect, kind: Kind) -> Record:
    """Return what a record says (KIE, "Get Veo3.1 Video Details", "Get Task Details").

    Raises ``OperatorTrouble``, ``TooManyRequests`` or ``TryLater`` when it cannot be read now.
    """
    refuse_unreadable(envelope)
    data = mapping(envelope.data)
    urls = _results(data, kind)
    status = _status(data, dialect) or (RecordStatus.SUCCESS if urls else _status_by_code(envelope))
    is_bad = status in (RecordStatus.FAILED, RecordStatus.MISSING)
    code, text = _failure(envelope, data, dialect) if is_bad else (None, "")
    return Record(
        status=status,
        urls=urls if status is RecordStatus.SUCCESS else (),
        code=code,
        text=text,
        fallback=str(data.get("fallbackFlag")).lower() in ("true", "1"),
    )


def read_upgrade(envelope: Envelope, kind: Kind) -> Record:
    """Return how far an upgrade of the dialect ``veo`` is ("Get 1080P Video", "Get 4K Video").

    Raises like ``read_record``. A link counts whatever the code: KIE sends some with a 422.
    """
    refuse_unreadable(envelope)
    code, text = envelope.code, envelope.msg
    if urls := _results(mapping(envelope.data), kind):
        return Record(RecordStatus.SUCCESS, urls)
    if code == _OK or (code in _PERHAPS_UNFINISHED and (not text or _is_unfinished(text))):
        return Record(RecordStatus.PENDING)
    if code == _NOT_FOUND or (code in _FINAL and _GONE.search(text)):
        return Record(RecordStatus.MISSING, code=code, text=text)
    if code in _FINAL or (code in _PERHAPS_UNFINISHED and _UNAVAILABLE.search(text)):
        return Record(RecordStatus.FAILED, code=code, text=text)
    raise TryLater(envelope.verdict or envelope.status, text)


def is_passing(record: Record) -> bool:
    """Tell whether a failed task may be made anew: KIE's own trouble, nothing about content."""
    return record.status is RecordStatus.FAILED and reasons.passes(record.code, record.text)


def _status(data: Mapping[str, object], dialect: Dialect) -> RecordStatus | None:
    """Return the first status that is there, ``None`` where none can be understood."""
    names = (name for name in _STATUS_NAMES[dialect] if data.get(name) is not None)
    value = data.get(next(names, ""))
    number = integer(value)
    if number is not None:
        return _FLAGS.get(number, RecordStatus.FAILED)
    return _STATES.get(value.strip().lower()) if isinstance(value, str) else None


def _status_by_code(envelope: Envelope) -> RecordStatus:
    """Let the code speak for a record that is not there; an HTTP status alone proves nothing."""
    code, text = envelope.code, envelope.msg
    if code == _NOT_FOUND or (code == _OK and envelope.data is None):
        return RecordStatus.MISSING
    if code in _PERHAPS_MISSING and not reasons.is_refusal(text):
        return RecordStatus.PENDING if _is_unfinished(text) else RecordStatus.MISSING
    if code in _FINAL:
        return RecordStatus.PENDING if _is_unfinished(text) else RecordStatus.FAILED
    raise TryLater(envelope.verdict or envelope.status, text)


def _failure(
    envelope: Envelope, data: Mapping[str, object], dialect: Dialect
) -> tuple[int | None, str]:
    """Return code and text; the envelope around a failed task mostly says "success"."""
    code_name, text_name = _FAILURE_NAMES[dialect]
    code = integer(data.get(code_name)) or (envelope.code if envelope.code != _OK else None)
    text = line(data.get(text_name)) or envelope.msg
    return code, text if text.lower() != "success" else ""


def _is_unfinished(text: str) -> bool:
    if _UNAVAILABLE.search(text) or reasons.is_refusal(text):
        return False
    return _UNFINISHED.search(text) is not None


def _results(data: Mapping[str, object], kind: Kind) -> tuple[str, ...]:
    """Return the links of the most trusted place that has any.

    An extension's own part is second to the whole film. The originals of an upgrade are what it
    was made from.
    """
    first = _WHOLE_FILM if kind is Kind.EXTEND else ()
    last = () if kind in UPGRADES else _ORIGINALS
    found = (links(at(data, path)) for path in (*first, *_RESULTS, *last))
    return next((urls for urls in found if urls), ())
