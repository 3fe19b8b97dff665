"""Telegram's HTML as the Bot API describes it ("HTML style"), read more strictly than there."""

import html
import re

_PARTS = re.compile(r"<(?P<end>/?)(?P<tag>[^<>]*)>|(?P<entity>&[^;\s]*;)|(?P<stray>[<>&])")
_TAGS = re.compile(r"(b|i|u|s|code|pre|blockquote(?: expandable)?|a href=\"https?://[^\"<>]+\")")
_ENTITIES = re.compile("&(lt|gt|amp|quot|#[0-9]+|#x[0-9a-fA-F]+);")


def seen(markup: str) -> str:
    """Return the text that a reader sees; ValueError for anything Telegram might not parse."""
    open_tags: list[str] = []
    for part in _PARTS.finditer(markup):
        if part["stray"]:
            raise ValueError(f"stray {part['stray']} in {markup!r}")
        if part["entity"]:
            if not _ENTITIES.fullmatch(part["entity"]):
                raise ValueError(f"unknown entity {part['entity']} in {markup!r}")
        elif part["end"]:
            if not open_tags or open_tags.pop() != part["tag"]:
                raise ValueError(f"</{part['tag']}> closes nothing in {markup!r}")
        else:
            open_tags.append(_opened(part["tag"], open_tags, markup))
    if open_tags:
        raise ValueError(f"{open_tags} never closed in {markup!r}")
    return html.unescape(re.sub("<[^<>]*>", "", markup))


def _opened(tag: str, inside: list[str], markup: str) -> str:
    name = tag.split(" ", maxsplit=1)[0]
    if not _TAGS.fullmatch(tag):
        raise ValueError(f"unknown <{tag}> in {markup!r}")
    if name in inside or {"code", "pre"} & set(inside):
        raise ValueError(f"<{tag}> inside {inside} in {markup!r}")
    return name


def units(text: str) -> int:
    """Count UTF-16 code units the plain way."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
