"""Why KIE refused or failed, as far as people need to tell cases apart: a table of needles."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from bot.models import Reason

# The most telling first: KIE wraps one message into another, as in "rejected by Flow(…)".
_NEEDLES: tuple[tuple[str, Reason], ...] = (
    (r"audio", Reason.AUDIO),
    (r"error minor|minor upload|\bminors\b|\bchild(ren)?\b", Reason.MINOR_REFUSED),
    (r"prominent people|celebrit|public figure", Reason.PEOPLE_REFUSED),
    (r"unsafe.*\bimage|\bimage.*(unsafe|violat|polic|flagged)", Reason.IMAGE_REFUSED),
    (r"(\bload|fetch|download)\w*\b.*\bimage|\bimage.*(fetch|download)", Reason.IMAGE_NOT_FETCHED),
    (r"\bimage.*\baccess|\baccess\w*\b.*\bimage", Reason.IMAGE_NOT_FETCHED),
    (r"flagged|violat|\bpolic(y|ies)\b|moderation|\bsafety\b", Reason.PROMPT_REFUSED),
    (r"\bsensitive\b|prohibited|harmful|inappropriate", Reason.PROMPT_REFUSED),
    (r"\benglish\b", Reason.ENGLISH_ONLY),
    (r"rejected by flow", Reason.PROMPT_REFUSED),
    (r"maintenance", Reason.UNAVAILABLE),
    (r"internal error|try again later|overload|high traffic|too busy", Reason.OVERLOAD),
)
_PATTERNS = tuple((re.compile(needle), reason) for needle, reason in _NEEDLES)
# Where the text says nothing (KIE, Veo 3.1 "Generate Veo3.1 Video", response codes).
_CODES: Mapping[int | None, Reason] = MappingProxyType(
    {
        400: Reason.REFUSED,
        401: Reason.UNAVAILABLE,
        402: Reason.UNAVAILABLE,
        403: Reason.UNAVAILABLE,
        404: Reason.REFUSED,
        408: Reason.OVERLOAD,
        422: Reason.REFUSED,
        429: Reason.OVERLOAD,
        433: Reason.UNAVAILABLE,
        451: Reason.IMAGE_NOT_FETCHED,
        455: Reason.UNAVAILABLE,
        500: Reason.OVERLOAD,
        505: Reason.UNAVAILABLE,
    }
)
_OPERATOR_CODES = frozenset({401, 402, 433})
# The same prompt would meet the same end.
_LASTING = frozenset(
    {
        Reason.AUDIO,
        Reason.MINOR_REFUSED,
        Reason.PEOPLE_REFUSED,
        Reason.IMAGE_REFUSED,
        Reason.PROMPT_REFUSED,
        Reason.ENGLISH_ONLY,
    }
)
_PASSING = re.compile(r"internal error|try again later")
_SERVER_ERROR = 500


def reason(code: int | None, text: str) -> Reason:
    """Classify a failure by KIE's code and message; the message tells more."""
    if code in _OPERATOR_CODES:
        return Reason.UNAVAILABLE
    said = _plain(text)
    found = (why for pattern, why in _PATTERNS if pattern.search(said))
    return next(found, _CODES.get(code, Reason.GENERATION_FAILED))


def upgrade_reason(code: int | None, text: str) -> Reason:
    """Classify why KIE makes no sharper copy of a video, whose content was judged long ago."""
    why = reason(code, text)
    return why if why is Reason.UNAVAILABLE or passes(code, text) else Reason.UPGRADE_REFUSED


def is_refusal(text: str) -> bool:
    """Tell whether a message is about the content of prompt or photos."""
    return reason(None, text) in _LASTING | {Reason.IMAGE_NOT_FETCHED}


def passes(code: int | None, text: str) -> bool:
    """Tell whether the same request may well succeed a few seconds later, unbilled so far."""
    hopeful = code == _SERVER_ERROR and _PASSING.search(_plain(text)) is not None
    return hopeful and reason(code, text) not in _LASTING


def _plain(text: str) -> str:
    """Google's own names of refusals come in capitals with underscores."""
    return text.lower().replace("_", " ")
