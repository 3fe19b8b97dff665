"""Compares calls and objects with the machine-readable Bot API, ``tests/data/botapi-10.1.json``."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, Self

_SCHEMA = Path(__file__).parents[1] / "data" / "botapi-10.1.json"
_ARRAY = "Array of "


class RecordedFile(Protocol):
    """A file that came with a call."""

    @property
    def field(self) -> str: ...


class RecordedCall(Protocol):
    """A call as the stand-in records it, its parameters decoded."""

    @property
    def method(self) -> str: ...
    @property
    def params(self) -> Mapping[str, Any]: ...
    @property
    def files(self) -> Collection[RecordedFile]: ...


@dataclass(frozen=True)
class BotApi:
    """Every method and every type of the Bot API with its fields."""

    methods: Mapping[str, Mapping[str, Any]]
    types: Mapping[str, Mapping[str, Any]]

    @classmethod
    def load(cls) -> Self:
        schema = json.loads(_SCHEMA.read_text("utf-8"))
        return cls(schema["methods"], schema["types"])

    def call_problems(
        self, method: str, params: Mapping[str, Any], files: Collection[str] = ()
    ) -> list[str]:
        """Tell what is wrong with a call; ``files`` are the form fields that hold a file."""
        if method not in self.methods:
            return [f"{method}: no such method"]
        fields = self.methods[method].get("fields", ())
        attached = {name for name in files if any(field["name"] == name for field in fields)}
        given = {name: value for name, value in params.items() if name not in attached}
        # A file in a field of its own stands for that parameter.
        known = [
            field | {"required": False} if field["name"] in attached else field for field in fields
        ]
        return [f"{method}.{problem}" for problem in self._fields(known, given)]

    def value_problems(self, types: Iterable[str], value: object, where: str = "") -> list[str]:
        """Tell what is wrong with a value that should be of one of the types."""
        attempts = [list(self._value(name, value, where or name)) for name in types]
        return min(attempts, key=len, default=[])

    def _value(self, name: str, value: object, where: str) -> Iterator[str]:
        if name.startswith(_ARRAY):
            yield from self._array(name.removeprefix(_ARRAY), value, where)
        elif name in _PLAIN:
            if not _PLAIN[name](value):
                yield f"{where}: {value!r:.60} is no {name}"
        elif subtypes := self.types.get(name, {}).get("subtypes"):
            yield from self.value_problems(subtypes, value, where)
        elif not isinstance(value, dict):
            yield f"{where}: {value!r:.60} is no {name}"
        else:
            fields = self.types.get(name, {}).get("fields", ())
            yield from (f"{where}.{problem}" for problem in self._fields(fields, value))

    def _array(self, item: str, value: object, where: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{where}: {value!r:.60} is no array"
            return
        for index, one in enumerate(value):
            yield from self._value(item, one, f"{where}[{index}]")

    def _fields(
        self, fields: Iterable[Mapping[str, Any]], given: Mapping[str, Any]
    ) -> Iterator[str]:
        known = {field["name"]: field for field in fields}
        for name in given.keys() - known.keys():
            yield f"{name}: unknown"
        for name, field in known.items():
            if name in given:
                yield from self.value_problems(field["types"], given[name], name)
                yield from _constant(field, given[name])
            elif field["required"]:
                yield f"{name}: missing"


def _constant(field: Mapping[str, Any], value: object) -> Iterator[str]:
    """Check what tells subtypes apart: `type`, `status` and `source` that must be one word."""
    if field["name"] not in {"type", "status", "source"}:
        return
    for mark in (", must be ", ", always "):
        _, found, word = field["description"].partition(mark)
        word = word.strip('"“”.').split(",")[0]
        if found and " " not in word and value != word:
            yield f"{field['name']}: {value!r:.60} is not {word}"


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_float(value: object) -> bool:
    return isinstance(value, float) or _is_integer(value)


def _is_boolean(value: object) -> bool:
    return isinstance(value, bool)


def _is_string(value: object) -> bool:
    return isinstance(value, str)


_PLAIN: Mapping[str, Callable[[object], bool]] = {
    "Integer": _is_integer,
    "Float": _is_float,
    "Boolean": _is_boolean,
    "String": _is_string,
}


@cache
def bot_api() -> BotApi:
    """Return the Bot API, read once."""
    return BotApi.load()


def problems(calls: Iterable[RecordedCall]) -> list[str]:
    """Tell everything that is wrong with recorded calls."""
    return [
        problem
        for call in calls
        for problem in bot_api().call_problems(
            call.method, call.params, [file.field for file in call.files]
        )
    ]
