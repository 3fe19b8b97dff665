"""The card: one message that shows a request, its price and the buttons to change it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from telegram import InlineKeyboardMarkup

from bot.catalog import Catalog, Change, Field, Problem
from bot.models import Draft, Kind, Options, Quota, Step
from handlers import keyboards, utf16
from handlers.sentences.speech import Html, lines, plain
from handlers.texts import Texts


class Card(NamedTuple):
    """A message to send or edit in: ``text`` is HTML."""

    text: Html
    markup: InlineKeyboardMarkup


def render(
    draft: Draft, quota: Quota, catalog: Catalog, texts: Texts, notes: Sequence[Html] = ()
) -> Card:
    """Draw a draft that has a prompt; ``notes`` are lines about what just happened.

    Options that the catalog cannot do (any more) are moved, with a line that says so. Raises
    ``Paused`` for an extension whose model the catalog does not hold any more.
    """
    options, changes = _fitted(draft, catalog)
    drawn = replace(draft, options=options)
    price = catalog.price(draft.kind, options)
    payable = quota.available is None or quota.available >= price
    below = lines(
        *_facts(drawn, catalog, texts),
        texts.card.go_on_or_not() if draft.step is Step.CHOICE else "",
        *notes,
        *moved(changes, catalog, texts),
        texts.card.price(price, quota) if payable else texts.money.unpayable(price, quota),
    )
    room = utf16.MESSAGE_UNITS - utf16.length(plain(below)) - 1
    text = lines(texts.card.quote(draft.prompt or "", room), below)
    return Card(text, keyboards.card(drawn, catalog, texts.labels, payable))


def _fitted(draft: Draft, catalog: Catalog) -> tuple[Options, tuple[Change, ...]]:
    """Fit a new video to the catalog; an extension keeps the options of what it goes on with."""
    if draft.kind is not Kind.GENERATE:
        return draft.options, ()
    return catalog.fit(draft.options, len(draft.photos))


def _facts(draft: Draft, catalog: Catalog, texts: Texts) -> list[Html]:
    options = draft.options
    model = texts.labels.value(catalog, Field.MODEL, options.model)
    if draft.kind is Kind.EXTEND:
        facts = [texts.card.extension(texts.labels, model, options)]
    else:
        facts = [
            texts.card.photos(len(draft.photos)),
            texts.card.options(texts.labels, model, options),
        ]
        if not options.translate:
            facts.append(texts.card.translation_off())
    if options.watermark is not None:
        facts.append(texts.card.watermark(options.watermark))
    return facts


def moved(changes: Sequence[Change], catalog: Catalog, texts: Texts) -> list[Html]:
    """Return a line for every option that had to follow another."""
    labels = texts.labels
    return [
        texts.card.moved(
            labels.field(change.field),
            labels.value(catalog, change.field, change.old),
            labels.value(catalog, change.field, change.new),
        )
        for change in changes
    ]


def contradictions(
    problems: Sequence[Problem],
    options: Options,
    photo_count: int,
    catalog: Catalog,
    texts: Texts,
) -> list[Html]:
    """Return a sentence for every problem that the catalog has with the options wanted."""
    causes: dict[Field, str | int] = {
        Field.MODE: options.mode,
        Field.MODEL: options.model,
        Field.PHOTOS: photo_count,
    }
    return [_contradiction(problem, causes, catalog, texts) for problem in problems]


def _contradiction(
    problem: Problem, causes: Mapping[Field, str | int], catalog: Catalog, texts: Texts
) -> Html:
    labels = texts.labels
    value = labels.value(catalog, problem.field, problem.value)
    allowed = [labels.value(catalog, problem.field, other) for other in problem.allowed]
    if problem.because is problem.field:
        return texts.request.not_offered(value, allowed)
    if problem.because is Field.PHOTOS and not causes[Field.PHOTOS]:
        return texts.request.needs_photos(value, allowed)
    cause = labels.value(catalog, problem.because, causes[problem.because])
    return texts.request.contradiction(value, cause, allowed)
