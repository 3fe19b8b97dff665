"""How a sentence is said: translated, filled in, and safe to be shown as HTML.

``say``, ``label``, ``count`` and ``later`` are also the words by which Babel finds the sentences,
so they are called with literals; only what a table marks by ``later`` comes as a variable.
"""

import html
import re
import unicodedata
from gettext import NullTranslations

from handlers import utf16

# Control characters, halves of surrogate pairs, and signs that reverse the text after them.
_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff]")
# Unicode's categories of signs that leave no mark.
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
_TAG = re.compile("<[^>]*>")


class Html(str):
    """Text that may be sent with ``parse_mode="HTML"`` as it is."""

    __slots__ = ()


def escape(value: object) -> Html:
    """Return the value as HTML text; what is ``Html`` already stays as it is."""
    if isinstance(value, Html):
        return value
    shown = html.escape(visible(str(value)), quote=False)
    return Html(shown.replace('"', "&quot;"))


def plain(text: str) -> str:
    """Return what a reader of the HTML sees."""
    return html.unescape(_TAG.sub("", text))


def visible(text: str) -> str:
    """Return the plain text as a reader will see it, without the signs that cannot be shown."""
    return _UNSHOWABLE.sub("", text)


def is_blank(text: str) -> bool:
    """Tell whether a reader would see nothing: blanks, joiners, control characters."""
    return all(unicodedata.category(sign) in _UNSEEN for sign in visible(text))


def alert(text: str) -> str:
    """Return the sentence as the answer to a callback query: plain, at most 200 units."""
    return utf16.shorten(plain(text), utf16.ALERT_UNITS)


def later(message: str) -> str:
    """Mark a message in a table for Babel; it is translated when it is said."""
    return message


def lines(*parts: str) -> Html:
    """Join sentences, one below the other; empty ones leave no line."""
    return Html("\n".join(escape(part) for part in parts if part))


def paragraphs(*parts: str) -> Html:
    """Join sentences with an empty line between them; empty ones leave nothing."""
    return Html("\n\n".join(escape(part) for part in parts if part))


class Speech:
    """The sentences of one topic in the language of a gettext catalogue."""

    def __init__(self, catalogue: NullTranslations) -> None:
        self._catalogue = catalogue

    def say(self, message: str, **values: object) -> Html:
        """Return the translated HTML message with the values escaped in it."""
        return _fill(self._catalogue.gettext(message), values)

    def count(self, one: str, many: str, number: int, **values: object) -> Html:
        """Return the message in the form that the language uses for ``number``."""
        return _fill(self._catalogue.ngettext(one, many, number), {"n": number, **values})

    def label(self, message: str, **values: object) -> str:
        """Return plain text, as buttons show it."""
        return self._catalogue.gettext(message).format(**values)


def _fill(message: str, values: dict[str, object]) -> Html:
    return Html(message.format(**{name: escape(value) for name, value in values.items()}))
