"""The way of a translation: collected as documented, translated, spoken."""

import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from handlers.sentences.speech import later
from handlers.texts import Languages, Texts
from tests.handlers.catalogues import collect, forms, messages
from tests.handlers.sentences import Sentence, sentences

MARK = "¤"
# What only shows values that were named elsewhere.
WORDLESS = ("card.quote", "card.options", "card.moved", "photo.refused", "result.caption")


@pytest.fixture(scope="module")
def collected() -> Catalog:
    return collect("de")


@pytest.fixture(scope="module")
def german(collected: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Texts:
    """English with a mark on every message, through the files that translators edit."""
    for message in messages(collected):
        translated = tuple(f"{MARK}{form}" for form in forms(message))
        message.string = translated if message.pluralizable else translated[0]
    folder = tmp_path_factory.mktemp("locales")
    written = folder / "de" / "LC_MESSAGES" / "veogram.po"
    written.parent.mkdir(parents=True)
    with written.open("wb") as file:
        write_po(file, collected)
    return Languages(folder).for_language("de")


def test_the_documented_command_collects_the_sentences(collected: Catalog) -> None:
    ids = [message.id for message in messages(collected)]

    assert "Describe the video…" in ids
    assert "Veo's safety check refused this prompt." in ids
    assert ("{n} credit was refunded.", "{n} credits were refunded.") in ids
    assert len(ids) > 200


def test_both_forms_of_a_counted_sentence_use_the_same_values(collected: Catalog) -> None:
    counted = [forms(message) for message in messages(collected) if message.pluralizable]

    for one, many in counted:
        assert names(one) | {"n"} == names(many) | {"n"}
    assert len(counted) > 20


def names(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


def test_every_sentence_is_spoken_in_the_translation(german: Texts) -> None:
    untranslated = [
        str(sentence)
        for sentence in sentences(german)
        if not sentence.name.startswith(WORDLESS) and speaks_english(sentence)
    ]

    assert untranslated == []


def speaks_english(sentence: Sentence) -> bool:
    said = sentence.said()
    return bool(said) and MARK not in said


def test_buttons_are_translated_too(german: Texts) -> None:
    assert german.labels.generate(60) == f"{MARK}Generate · 60"
    assert german.labels.seconds(8) == f"{MARK}8 s"
    assert german.welcome.examples()[0].caption.startswith(MARK)


def test_the_number_chooses_the_form(german: Texts) -> None:
    assert german.failure.given_back(1) == f"{MARK}1 credit was refunded."
    assert german.failure.given_back(2) == f"{MARK}2 credits were refunded."


def test_a_message_in_a_table_is_itself() -> None:
    assert later("a {b}") == "a {b}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for language in ("de", "pt", "pt_BR"):
        path = tmp_path / language / "LC_MESSAGES" / "veogram.po"
        path.parent.mkdir(parents=True)
        translation = Catalog(locale=language)
        translation.add("More", f"More in {language}")
        with path.open("wb") as file:
            write_po(file, translation)
    return tmp_path


@pytest.mark.parametrize(
    ("code", "language", "more"),
    [
        ("de", "de", "More in de"),
        ("de-AT", "de", "More in de"),
        ("pt-br", "pt_BR", "More in pt_BR"),
        ("pt-PT", "pt", "More in pt"),
        ("en", "en", "More"),
        ("zh-hans", "en", "More"),
        ("", "en", "More"),
        (None, "en", "More"),
        ("../../etc", "en", "More"),
        ("de/../pt", "en", "More"),
    ],
)
def test_the_nearest_language_is_spoken(
    folder: Path, code: str | None, language: str, more: str
) -> None:
    texts = Languages(folder).for_language(code)

    assert (texts.language, texts.labels.more()) == (language, more)


def test_what_is_not_translated_is_english(folder: Path) -> None:
    assert Languages(folder).for_language("de").labels.less() == "Less"


def test_the_languages_are_listed_with_english_first(folder: Path) -> None:
    assert Languages(folder).codes == ("en", "de", "pt", "pt_BR")
    assert Languages().codes[0] == "en"


def test_texts_of_a_language_are_made_once(folder: Path) -> None:
    languages = Languages(folder)

    assert languages.for_language("de") is languages.for_language("de-at")


def test_no_message_ends_or_begins_with_space(collected: Catalog) -> None:
    for message in messages(collected):
        assert not [form for form in forms(message) if form != form.strip()]
