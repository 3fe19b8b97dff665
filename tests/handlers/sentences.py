"""Finds every sentence there is, by asking the topics of ``Texts`` for their methods."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, get_type_hints

from bot.media.headers import ImageProblem
from bot.models import Kind, Options, Quota, Reason, State
from handlers.flags import FlagProblem, Trouble
from handlers.sentences.labels import Labels
from handlers.sentences.speech import Html, Speech
from handlers.texts import Texts
from tests.handlers import samples

URL = 'https://bot.example/v/abc?a=1&b="2"'
HOSTILE = "<b>it's &amp; {x}\"</i>"


@dataclass(frozen=True)
class Sentence:
    """One method of one topic, with a value for each of its parameters."""

    name: str
    method: Callable[..., Any]
    values: dict[str, Any]

    def __str__(self) -> str:
        return self.name

    def said(self) -> Html:
        said = self.method(**self.values)
        assert isinstance(said, Html)
        return said


def sentences(texts: Texts) -> list[Sentence]:
    """Return all methods that say HTML, each with every member of its enumerations."""
    topics = [(field.name, getattr(texts, field.name)) for field in fields(texts)]
    return [
        sentence
        for name, topic in topics
        if isinstance(topic, Speech) and not isinstance(topic, Labels)
        for sentence in _of_topic(name, topic, texts.labels)
    ]


def _of_topic(topic_name: str, topic: Speech, labels: Labels) -> Iterator[Sentence]:
    for name, method in inspect.getmembers(topic, inspect.ismethod):
        hints = get_type_hints(method)
        said = hints.pop("return", None)
        if name.startswith("_") or said is not Html or hasattr(Speech, name):
            continue
        for values in _values(hints, labels):
            shown = ", ".join(str(value)[:20] for value in values.values())
            yield Sentence(f"{topic_name}.{name}({shown})", method, values)


def _values(hints: dict[str, Any], labels: Labels) -> list[dict[str, Any]]:
    combinations: list[dict[str, Any]] = [{}]
    for name, hint in hints.items():
        combinations = [
            {**values, name: value}
            for values in combinations
            for value in ([URL] if name == "url" else _samples(hint, labels))
        ]
    return combinations


def _samples(hint: Any, labels: Labels) -> list[Any]:
    known: dict[Any, list[Any]] = {
        str: [HOSTILE],
        Html: [Html("<i>why</i>")],
        int: [1, 2],
        float: [30.0, 90.0],
        float | None: [None, 30.0],
        str | None: [None, HOSTILE],
        int | None: [1, 2],
        bool: [True, False],
        Labels: [labels],
        Options: [Options("veo3_fast", watermark=HOSTILE)],
        Quota: [samples.quota(), samples.quota(free=None, granted=5, held=5, total_left=5)],
        Kind: list(Kind),
        Reason: list(Reason),
        State: list(State),
        ImageProblem: list(ImageProblem),
        FlagProblem: [FlagProblem("--x", trouble, HOSTILE, (HOSTILE,)) for trouble in Trouble],
        Sequence[FlagProblem]: [[FlagProblem(HOSTILE, Trouble.UNKNOWN, meant="--ratio")]],
        Sequence[Html]: [[Html("<i>why</i>")]],
        Sequence[str]: [[], [HOSTILE]],
        Sequence[tuple[int, Html]]: [[(2, Html("<i>why</i>"))]],
        Sequence[tuple[str, int]]: [[(HOSTILE, 60)]],
    }
    return known[hint]
