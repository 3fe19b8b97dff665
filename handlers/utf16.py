"""Lengths as Telegram counts them: in UTF-16 code units, never cutting what is seen as one sign."""

import unicodedata
from itertools import accumulate

MESSAGE_UNITS = 4096
CAPTION_UNITS = 1024
ALERT_UNITS = 200
ELLIPSIS = "…"

_ZERO_WIDTH_JOINER = "\u200d"
_FIRST_OUTSIDE_BMP = 0x10000


def length(text: str) -> int:
    """Return the number of UTF-16 code units of ``text``."""
    return len(text) + sum(ord(sign) >= _FIRST_OUTSIDE_BMP for sign in text)


def shorten(text: str, units: int) -> str:
    """Return ``text``, or its beginning and an ellipsis, in at most ``units`` code units.

    An emoji made of several characters (joined, coloured, a flag) stays whole or goes whole.
    """
    if length(text) <= units:
        return text
    room = units - length(ELLIPSIS)
    if room < 0:
        return ""
    ends = accumulate(length(sign) for sign in text)
    end = next(index for index, used in enumerate(ends) if used > room)
    while end and not _may_cut(text, end):
        end -= 1
    return text[:end].rstrip() + ELLIPSIS


def _may_cut(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if before == _ZERO_WIDTH_JOINER or _extends(after):
        return False
    return not (_is_regional(after) and _regionals_before(text, at) % 2)


def _extends(sign: str) -> bool:
    """Tell whether the sign only changes the one before it: accents, colours, joiners, tags."""
    return (
        sign == _ZERO_WIDTH_JOINER
        or unicodedata.category(sign).startswith("M")
        or "\U0001f3fb" <= sign <= "\U0001f3ff"
        or "\U000e0020" <= sign <= "\U000e007f"
    )


def _is_regional(sign: str) -> bool:
    """Tell whether the sign is half of a flag."""
    return "\U0001f1e6" <= sign <= "\U0001f1ff"


def _regionals_before(text: str, at: int) -> int:
    run = 0
    while run < at and _is_regional(text[at - 1 - run]):
        run += 1
    return run
