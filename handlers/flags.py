"""Reads the flags out of what follows a command and leaves the rest of the text as it was typed."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from bot.catalog import Catalog
from bot.models import Mode, Options, Ratio, Resolution

# A token that looks like a flag: two hyphens and a letter or digit, or the dash that phones make.
_TOKEN = re.compile(r"(?<!\S)(?:--(?=[^\W_])|(?P<dash>[—–]))(?P<word>[^\s=]+)(?P<equals>=?)")
_VALUE = re.compile(r'["“”„«»](?P<quoted>[^"“”„«»\n]*)["“”„«»]|(?P<bare>\S+)')
_QUOTES = '"“”„«»'
# Names that other programs have for the same thing.
_MEANT = MappingProxyType(
    {"aspect": "ratio", "aspect-ratio": "ratio", "duration": "seconds", "length": "seconds"}
)
# Values by other names.
_SHAPES = MappingProxyType(
    {
        "vertical": "--ratio 9:16",
        "portrait": "--ratio 9:16",
        "horizontal": "--ratio 16:9",
        "landscape": "--ratio 16:9",
    }
)
_SEEDS = range(10_000, 100_000)  # KIE, Veo 3.1 "Generate Video", seeds


class Trouble(StrEnum):
    """What is wrong with a flag."""

    UNKNOWN = "unknown"
    MISSING = "missing"
    BAD = "bad"
    NEEDLESS = "needless"
    TWICE = "twice"
    UNCLOSED = "unclosed"


@dataclass(frozen=True, slots=True)
class FlagProblem:
    """A flag that cannot be followed; ``given`` is the value as typed.

    ``allowed`` lists what could stand there, ``meant`` the flag that an unknown one resembles.
    """

    flag: str
    trouble: Trouble
    given: str = ""
    allowed: tuple[str, ...] = ()
    meant: str | None = None


@dataclass(frozen=True, slots=True)
class Flags:
    """What was read: ``None`` where a flag was not given; ``prompt`` is the rest, verbatim."""

    prompt: str
    model: str | None = None
    mode: Mode | None = None
    ratio: Ratio | None = None
    seconds: int | None = None
    resolution: Resolution | None = None
    seed: int | None = None
    watermark: str | None = None
    translate: bool | None = None
    go: bool = False
    problems: tuple[FlagProblem, ...] = ()

    def over(self, options: Options) -> Options:
        """Return the options with everything that was given put in their place."""
        names = (
            "model",
            "mode",
            "ratio",
            "seconds",
            "resolution",
            "seed",
            "watermark",
            "translate",
        )
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return replace(options, **given)


@dataclass(frozen=True, slots=True)
class _Rule:
    """How one flag is read: a switch stands for ``means``, the others go through ``read``."""

    field: str
    read: Callable[[str], object] | None = None
    allowed: tuple[str, ...] = ()
    means: bool = True


@dataclass(frozen=True, slots=True)
class _Found:
    """A flag in the text: what it says and the span from ``start`` to ``end`` that goes."""

    name: str
    start: int
    end: int
    field: str = ""
    value: object = None
    problem: FlagProblem | None = None


def read(text: str, catalog: Catalog) -> Flags:
    """Return the flags in ``text`` and the text without them; never raises.

    Flags may stand anywhere. An unknown ``--word`` is a problem, an unknown ``—word`` is prose.
    """
    found = _found(text, _rules(catalog))
    values: dict[str, Any] = {flag.field: flag.value for flag in found if flag.problem is None}
    problems = [flag.problem for flag in found if flag.problem is not None]
    return replace(
        Flags(prompt=_without(text, [(flag.start, flag.end) for flag in found])),
        **values,
        problems=(*problems, *_contradictions(found)),
    )


def _rules(catalog: Catalog) -> Mapping[str, _Rule]:
    return {
        "ratio": _one_of("ratio", {ratio.lower(): ratio for ratio in Ratio}),
        "model": _model_rule(catalog),
        "mode": _one_of("mode", {mode.value: mode for mode in Mode}),
        "seed": _Rule("seed", _seed, (f"{_SEEDS[0]}–{_SEEDS[-1]}",)),
        "seconds": _one_of("seconds", {str(length): length for length in _lengths(catalog)}),
        "resolution": _one_of("resolution", {size.value: size for size in Resolution}),
        "watermark": _Rule("watermark", lambda given: given),
        "no-translate": _Rule("translate", means=False),
        "go": _Rule("go"),
    }


def _model_rule(catalog: Catalog) -> _Rule:
    def known(given: str) -> str | None:
        model = catalog.model(given)
        return None if model is None else model.id

    return _Rule("model", known, tuple(model.label for model in catalog.offered))


def _lengths(catalog: Catalog) -> list[int]:
    models = catalog.offered
    return sorted({length for model in models for row in model.seconds.values() for length in row})


def _one_of(field: str, choices: Mapping[str, object]) -> _Rule:
    return _Rule(field, lambda given: choices.get(given.lower()), tuple(choices))


def _seed(given: str) -> int | None:
    number = int(given) if re.fullmatch("[0-9]{5}", given) else 0
    return number if number in _SEEDS else None


def _found(text: str, rules: Mapping[str, _Rule]) -> list[_Found]:
    found: list[_Found] = []
    at = 0
    while token := _TOKEN.search(text, at):
        flag = _flag(text, token, rules)
        if flag is not None:
            found.append(flag)
        at = token.end() if flag is None else max(flag.end, token.end())
    return found


def _flag(text: str, token: re.Match[str], rules: Mapping[str, _Rule]) -> _Found | None:
    name = token["word"].lower()
    rule = rules.get(name)
    if rule is not None and rule.read is not None:
        return _valued(name, token, rule, _value_after(text, token, rules))
    if rule is not None:
        return _switch(name, token, rule)
    if token["dash"]:
        return None
    meant = _meant(name, rules)
    if meant is None and name[0].isdigit():
        return None
    problem = FlagProblem(f"--{token['word']}", Trouble.UNKNOWN, meant=meant)
    # Nothing is taken out of the text: it will have to be sent again anyway.
    return _Found(name, token.end(), token.end(), problem=problem)


def _meant(name: str, rules: Mapping[str, _Rule]) -> str | None:
    """Return what somebody wanted who wrote a value like a flag, or a flag not quite right."""
    values = {value.lower(): flag for flag, rule in rules.items() for value in rule.allowed}
    if name in values and not name.isdigit():
        return f"--{values[name]} {name}"
    if name in _SHAPES:
        return _SHAPES[name]
    near = difflib.get_close_matches(name[:32], [*rules, *_MEANT], n=1)
    return f"--{_MEANT.get(near[0], near[0])}" if near else None


def _switch(name: str, token: re.Match[str], rule: _Rule) -> _Found:
    problem = FlagProblem(f"--{name}", Trouble.NEEDLESS) if token["equals"] else None
    return _Found(name, *token.span(), rule.field, rule.means, problem)


def _valued(name: str, token: re.Match[str], rule: _Rule, given: re.Match[str] | None) -> _Found:
    typed = "" if given is None else (given["bare"] or given["quoted"].strip())
    value = rule.read(typed) if rule.read is not None else None
    trouble = _trouble(typed, value)
    problem = None if trouble is None else FlagProblem(f"--{name}", trouble, typed, rule.allowed)
    end = token.end() if given is None else given.end()
    return _Found(name, token.start(), end, rule.field, value, problem)


def _trouble(typed: str, value: object) -> Trouble | None:
    if not typed:
        return Trouble.MISSING
    if typed[0] in _QUOTES:
        return Trouble.UNCLOSED
    return Trouble.BAD if value is None else None


def _value_after(
    text: str, token: re.Match[str], rules: Mapping[str, _Rule]
) -> re.Match[str] | None:
    if token["equals"]:
        return _VALUE.match(text, token.end())
    at = len(text) - len(text[token.end() :].lstrip())
    following = _TOKEN.match(text, at)
    if following and (not following["dash"] or following["word"].lower() in rules):
        return None
    return _VALUE.match(text, at)


def _contradictions(found: Sequence[_Found]) -> tuple[FlagProblem, ...]:
    values: dict[str, set[object]] = {}
    for flag in found:
        if flag.problem is None:
            values.setdefault(flag.name, set()).add(flag.value)
    return tuple(
        FlagProblem(f"--{name}", Trouble.TWICE) for name, given in values.items() if len(given) > 1
    )


def _without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    rest, at = "", 0
    for start, end in spans:
        rest = _joined(rest, text[at:start])
        at = end
    return _joined(rest, text[at:]).strip()


def _joined(before: str, after: str) -> str:
    """Close the gap that a flag left: one of the spaces around it stays, line breaks win."""
    head, tail = before.rstrip(), after.lstrip()
    gaps = (before[len(head) :], after[: len(after) - len(tail)])
    return head + max(gaps, key=lambda gap: gap.count("\n")) + tail
