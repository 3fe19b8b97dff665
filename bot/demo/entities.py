"""Text the way the Bot API reads it: HTML, UTF-16 offsets, entities found by themselves.

Rules and error texts: Bot API, "HTML style", and TDLib, ``parse_html``.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
UserOf = Callable[[int], Json | None]

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "blockquote": "blockquote",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(lt|gt|amp|quot));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SPACES = " \t\r\n\v"
_SPACE = re.compile(r"[ \t\r\n\v]*")
_TAG_NAME = re.compile(r"[^ \t\r\n\v>]*")
_ATTRIBUTE_NAME = re.compile(r"[^ \t\r\n\v=>/\"']*")
_NAME_TOKEN = re.compile(r"[0-9A-Za-z.-]*")
_MENTION_LINK = re.compile(r"tg://user/?\?id=(\d+)", re.IGNORECASE)
_LINK = re.compile(r"(?:(https?)://)?([^\s/?#]+)(\S*)|(tg|ton)://(\S+)", re.IGNORECASE)
_LAST_CODE_POINT = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)

_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"']*[^\s<>\"'.,:;!?)])"
    r"|(?<![\w/@])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/@])"
    r"|(?<![\w@/])(?P<mention>@[A-Za-z][A-Za-z0-9_]{2,31})(?!\w)"
    r"|(?<![\w#&])(?P<hashtag>\#\w*[^\W\d_]\w*)(?!\w)",
)


class CannotParse(Exception):
    """The markup is wrong; the message is what follows ``can't parse entities:``."""


@dataclass(frozen=True, slots=True)
class Formatted:
    """Plain text and its ``MessageEntity`` objects, offsets and lengths in UTF-16 units."""

    text: str
    entities: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class _Open:
    name: str
    attributes: Mapping[str, str]
    offset: int
    begins: int


def utf16_length(text: str) -> int:
    """Return how many UTF-16 units the text has, which is what Telegram counts in."""
    return len(text) + sum(char > "\uffff" for char in text)


def parse_html(source: str, user_of: UserOf) -> Formatted:
    """Return text and entities of HTML; ``user_of`` finds the user that a tg://user link names.

    Raises ``CannotParse``.
    """
    return _Reader(source, user_of).read()


def tidied(formatted: Formatted) -> Formatted:
    """Return it as Telegram keeps it: without white space around, entities found and in order."""
    text = formatted.text.replace("\r", "").strip()
    leading = formatted.text.replace("\r", "")
    skipped = utf16_length(leading) - utf16_length(leading.lstrip())
    limit = utf16_length(text)
    shifted = (_clipped(entity, skipped, limit) for entity in formatted.entities)
    kept = [entity for entity in shifted if entity["length"] > 0]
    kept += _found(text, kept)
    kept.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return Formatted(text, tuple(kept))


def is_link(url: str) -> bool:
    """Whether Telegram takes it for a link: a host without a dot is none."""
    match = _LINK.fullmatch(url)
    return match is not None and (match[4] is not None or "." in match[2])


def _clipped(entity: Json, skipped: int, limit: int) -> Json:
    begins = max(entity["offset"] - skipped, 0)
    ends = min(entity["offset"] + entity["length"] - skipped, limit)
    return entity | {"offset": begins, "length": ends - begins}


def _found(text: str, given: Iterable[Json]) -> list[Json]:
    taken = [
        range(entity["offset"], entity["offset"] + entity["length"])
        for entity in given
        if entity["type"] in {"code", "pre", "text_link", "text_mention"}
    ]
    found = []
    for match in _FOUND.finditer(text):
        offset = utf16_length(text[: match.start()])
        if not any(offset in span for span in taken):
            length = utf16_length(match[0])
            found.append({"type": match.lastgroup, "offset": offset, "length": length})
    return found


class _Reader:
    """One pass over the source, with a stack of the tags that are open."""

    def __init__(self, source: str, user_of: UserOf) -> None:
        self._source = source
        self._user_of = user_of
        self._at = 0
        self._text: list[str] = []
        self._length = 0
        self._open: list[_Open] = []
        self._entities: list[Json] = []

    def read(self) -> Formatted:
        while self._at < len(self._source):
            if self._peek() != "<":
                self._literal()
            elif self._source.startswith("</", self._at):
                self._end_tag()
            else:
                self._start_tag()
        if self._open:
            name = self._open[-1].name
            raise CannotParse(f'Can\'t find end tag corresponding to start tag "{name}"')
        return Formatted("".join(self._text), tuple(self._entities))

    def _peek(self) -> str:
        return self._source[self._at : self._at + 1]

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._source, self._at)
        self._at = match.end() if match else self._at
        return match[0] if match else ""

    def _bytes(self, index: int) -> int:
        return len(self._source[:index].encode("utf-8", "surrogatepass"))

    def _wrong(self, what: str, at: int) -> CannotParse:
        return CannotParse(f"{what} at byte offset {self._bytes(at)}")

    def _literal(self) -> None:
        char, self._at = _next_char(self._source, self._at)
        self._text.append(char)
        self._length += utf16_length(char)

    def _start_tag(self) -> None:
        begin = self._at
        self._at += 1
        name = self._take(_TAG_NAME).lower()
        if not self._peek():
            raise self._wrong("Unclosed start tag", begin)
        if name not in _TYPES:
            raise self._wrong(f'Unsupported start tag "{name}"', begin)
        attributes = self._attributes(name, begin)
        self._at += 1
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self._wrong('Tag "span" must have class "tg-spoiler"', begin)
        self._open.append(_Open(name, attributes, self._length, len(self._text)))

    def _attributes(self, tag: str, begin: int) -> dict[str, str]:
        attributes: dict[str, str] = {}
        while self._peek() != ">":
            self._take(_SPACE)
            if self._peek() == ">":
                break
            name = self._take(_ATTRIBUTE_NAME)
            if not name:
                raise self._wrong(f'Empty attribute name in the tag "{tag}"', begin)
            self._take(_SPACE)
            attributes[name] = self._value(tag, begin) if self._peek() == "=" else "1"
            if not self._peek():
                raise self._wrong(f'Unclosed start tag "{tag}"', begin)
        return attributes

    def _value(self, tag: str, begin: int) -> str:
        self._at += 1
        self._take(_SPACE)
        quote = self._peek()
        if not quote:
            raise self._wrong(f'Unclosed start tag "{tag}"', begin)
        value = self._quoted(quote) if quote in "'\"" else self._name_token()
        if not self._peek():
            raise self._wrong("Unclosed start tag", begin)
        return value

    def _name_token(self) -> str:
        begin = self._at
        token = self._take(_NAME_TOKEN).lower()
        if self._peek() and self._peek() not in _SPACES + ">":
            raise self._wrong("Unexpected end of name token", begin)
        return token

    def _quoted(self, quote: str) -> str:
        self._at += 1
        value = []
        while self._peek() not in {quote, ""}:
            char, self._at = _next_char(self._source, self._at)
            value.append(char)
        self._at += 1
        return "".join(value)

    def _end_tag(self) -> None:
        begin = self._at
        if not self._open:
            raise self._wrong("Unexpected end tag", begin)
        self._at += 2
        name = self._take(_TAG_NAME).lower()
        self._take(_SPACE)
        if self._peek() != ">":
            raise self._wrong("Unclosed end tag", begin)
        self._at += 1
        opened = self._open[-1]
        if name and name != opened.name:
            expected = f'expected "</{opened.name}>", found "</{name}>"'
            raise CannotParse(f"Unmatched end tag at byte offset {self._bytes(begin)}, {expected}")
        self._close(self._open.pop())

    def _close(self, tag: _Open) -> None:
        if self._length == tag.offset:
            return
        span = {"offset": tag.offset, "length": self._length - tag.offset}
        if tag.name == "pre" and self._inner_code(span):
            return
        extra = self._extra(tag)
        if extra is not None:
            self._entities.append({"type": _TYPES[tag.name], **span, **extra})

    def _inner_code(self, span: Json) -> bool:
        """Make <pre><code class="language-x"> one entity."""
        last = self._entities[-1] if self._entities else {}
        same = all(last.get(key) == value for key, value in span.items())
        if last.get("type") == "code" and same:
            last["type"] = "pre"
            return True
        return False

    def _extra(self, tag: _Open) -> Json | None:
        """Return what the entity holds besides its place; ``None``: there is no entity."""
        given = tag.attributes
        match tag.name:
            case "a":
                return self._link(given.get("href") or "".join(self._text[tag.begins :]))
            case "code":
                language = given.get("class", "").removeprefix("language-")
                return {"language": language} if language else {}
            case "blockquote" if "expandable" in given:
                return {"type": "expandable_blockquote"}
            case "tg-emoji":
                return _custom_emoji(given.get("emoji-id", ""))
            case "tg-time":
                return {"unix_time": int(given["unix"])} if "unix" in given else None
        return {}

    def _link(self, url: str) -> Json | None:
        if mention := _MENTION_LINK.fullmatch(url):
            user = self._user_of(int(mention[1]))
            return {"type": "text_mention", "user": user} if user else None
        if not is_link(url):
            return None
        return {"url": url if "://" in url else f"http://{url}"}


def _custom_emoji(number: str) -> Json:
    if not number.isdecimal() or int(number) == 0:
        raise CannotParse("Invalid custom emoji identifier specified")
    return {"custom_emoji_id": number}


def _next_char(source: str, at: int) -> tuple[str, int]:
    """Return the character that stands or is meant at an index, and the index after it."""
    match = _REFERENCE.match(source, at)
    if match is None:
        return source[at], at + 1
    if match[3]:
        return _NAMED[match[3]], match.end()
    code = int(match[1], 16) if match[1] else int(match[2])
    if code == 0 or code >= _LAST_CODE_POINT:
        return source[at], at + 1
    if code in _SURROGATES:
        raise CannotParse(
            "Text contains invalid Unicode characters after decoding HTML entities, "
            "check for unmatched surrogate code units"
        )
    return chr(code), match.end()
