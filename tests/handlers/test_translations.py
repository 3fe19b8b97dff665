"""Every translation says everything that English says, with the same names and tags in it."""

import re
import string

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from handlers.texts import LOCALES, Languages, Texts
from tests.handlers.catalogues import collect, forms, messages
from tests.handlers.sentences import Sentence, sentences
from tests.handlers.telegram_html import seen, units

TRANSLATED = Languages().codes[1:]
# What a translation must hand on as it is: names in braces, tags, commands, flags, settings.
_KEPT = re.compile(r"</?[a-z][^>]*>|(?<![\w/])/[a-z_]+|--[a-z-]+|[A-Z]+_[A-Z_]+")


@pytest.fixture(scope="module")
def collected() -> Catalog:
    return collect("en")


def translation(code: str) -> Catalog:
    with (LOCALES / code / "LC_MESSAGES" / "veogram.po").open("rb") as file:
        return read_po(file, locale=code, domain="veogram")


def said(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def names(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


def kept(message: str) -> list[str]:
    return sorted(_KEPT.findall(message))


def test_russian_is_there() -> None:
    assert "ru" in TRANSLATED


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_message_is_translated_and_none_that_is_not_said_any_more(
    code: str, collected: Catalog
) -> None:
    translated = translation(code)
    known = {message.id for message in messages(translated)}
    wanted = {message.id for message in messages(collected)}
    assert wanted - known == set()
    assert known - wanted == set()
    assert [each.id for each in messages(translated) if each.fuzzy or not all(said(each))] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_each_number_has_its_form(code: str) -> None:
    translated = translation(code)
    counted = [message for message in messages(translated) if message.pluralizable]
    assert {len(said(message)) for message in counted} == {translated.num_plurals}


@pytest.mark.parametrize("code", TRANSLATED)
def test_names_tags_commands_and_flags_are_the_same(code: str) -> None:
    different = [
        (form, english)
        for message in messages(translation(code))
        for form in said(message)
        for english in [forms(message)[-1]]
        if names(form) != names(english) or kept(form) != kept(english)
    ]
    assert different == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_language_names_itself(code: str) -> None:
    assert Languages().for_language(code).labels.language() != "English"


def _all_sentences() -> list[tuple[str, Sentence]]:
    texts = {code: Languages().for_language(code) for code in TRANSLATED}
    return [(code, each) for code in texts for each in sentences(texts[code])]


@pytest.mark.parametrize(("code", "sentence"), _all_sentences(), ids=str)
def test_every_translated_sentence_is_valid_html(code: str, sentence: Sentence) -> None:
    assert units(seen(sentence.said())) <= 4096


@pytest.fixture(params=TRANSLATED)
def texts(request: pytest.FixtureRequest) -> Texts:
    return Languages().for_language(request.param)


def test_the_greeting_stays_short(texts: Texts) -> None:
    assert len(texts.welcome.start(5).splitlines()) <= 6


def test_what_telegram_shows_of_the_bot_fits(texts: Texts) -> None:
    """Bot API, setMyDescription, setMyShortDescription, BotCommand."""
    assert len(texts.menu.description()) <= 512
    assert len(texts.menu.short_description()) <= 120
    assert all(len(each.description) <= 256 for each in texts.menu.for_admins())


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1 кредит."), (3, "3 кредита."), (5, "5 кредитов."), (21, "21 кредит.")],
)
def test_russian_counts_in_three_forms(number: int, words: str) -> None:
    assert words in Languages().for_language("ru").failure.given_back(number)
