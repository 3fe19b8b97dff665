"""The messages in the source, found as ``locales/babel.cfg`` describes it."""

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

import handlers
from handlers.texts import LOCALES

SOURCE = Path(handlers.__path__[0])


def collect(language: str) -> Catalog:
    """Return all messages, not translated."""
    with (LOCALES / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call] # Babel's
    found = extract_from_dir(SOURCE, methods, options, _documented_keywords())
    catalog = Catalog(locale=language, domain="veogram")
    for _, _, message, _, _ in found:
        catalog.add(message)
    return catalog


def _documented_keywords() -> dict[str, tuple[int, ...] | None]:
    """Return Babel's keywords from the command that stands in ``babel.cfg``."""
    options = re.findall(r"--keyword=(\S+)", (LOCALES / "babel.cfg").read_text("utf-8"))
    return {
        name: tuple(int(place) for place in places.split(",")) if places else None
        for name, _, places in (option.partition(":") for option in options)
    }


def messages(catalog: Catalog) -> Iterator[Message]:
    """Return the messages without the header."""
    return (message for message in catalog if message.id)


def forms(message: Message) -> tuple[str, ...]:
    """Return the English form, or both forms of what is counted."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)
