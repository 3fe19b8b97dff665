"""The card: what was asked for, what it costs, what is left, and the reason where it cannot be."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import InlineKeyboardMarkup

from bot.catalog import Change, Field, without_seeds
from bot.errors import Paused
from bot.models import Kind, Mode, Options, Quota, Ratio, Resolution, Step
from handlers import card
from handlers.texts import Languages
from tests.handlers import samples
from tests.handlers.telegram_html import seen, units

CATALOG = samples.catalog()
TEXTS = Languages().for_language("en")


def shown(quota: Quota | None = None, **changes: Any) -> str:
    drawn = card.render(samples.draft(**changes), quota or samples.quota(), CATALOG, TEXTS)
    return seen(drawn.text)


def names(markup: InlineKeyboardMarkup) -> list[str]:
    return [button.text for row in markup.inline_keyboard for button in row]


def test_a_card_quotes_the_prompt_and_names_options_price_and_what_is_left() -> None:
    text, markup = card.render(samples.draft(), samples.quota(), CATALOG, TEXTS)

    assert text == (
        "<blockquote>A fox in the snow</blockquote>\n"
        "Text · Fast · 16:9 · 8 s · 720p\n"
        "Price: <b>60 credits</b> of the 240 you have left"
    )
    assert names(markup)[-2:] == ["Generate · 60", "Cancel"]


def test_photos_are_counted() -> None:
    options = Options("veo3_fast", mode=Mode.FRAMES, ratio=Ratio.AUTO)

    text = shown(photos=(4, 9), options=options)

    assert "Photos: 2\nFrames · Fast · Auto · 8 s · 720p\n" in text


def test_without_photos_none_are_mentioned() -> None:
    assert "Photos" not in shown()


def test_rare_options_are_named_once_they_are_chosen() -> None:
    options = Options("veo3_fast", seed=12345, translate=False, watermark="<Bob & sons>")

    text = shown(options=options)

    assert "720p · seed 12345\nTranslation: off\nWatermark: <Bob & sons>\n" in text


def test_without_enough_own_credits_the_reason_stands_instead_of_generate() -> None:
    quota = samples.quota(free=20, granted=5, total_left=1000)

    text, markup = card.render(samples.draft(), quota, CATALOG, TEXTS)

    assert "60 credits, and you have 25 left." in text
    assert "after 00:00 UTC" in text
    assert not any(name.startswith("Generate") for name in names(markup))


def test_without_enough_credits_of_everybody_that_is_the_reason() -> None:
    text, markup = card.render(samples.draft(), samples.quota(total_left=59), CATALOG, TEXTS)

    assert "60 credits, and the whole bot has 59 left for today." in text
    assert not any(name.startswith("Generate") for name in names(markup))


def test_exactly_enough_is_enough() -> None:
    _, markup = card.render(samples.draft(), samples.quota(free=60), CATALOG, TEXTS)

    assert "Generate · 60" in names(markup)


def test_an_admin_without_limit_sees_the_price_only() -> None:
    assert shown(samples.quota(free=None)).endswith("\nPrice: 60 credits")


def test_an_admin_is_bound_by_the_total() -> None:
    _, markup = card.render(
        samples.draft(), samples.quota(free=None, total_left=10), CATALOG, TEXTS
    )

    assert "Generate · 60" not in names(markup)


def test_what_was_moved_is_said() -> None:
    options = Options("veo3", mode=Mode.REFERENCE, seconds=4, ratio=Ratio.AUTO)

    text = shown(options=options, photos=(1, 2, 3))

    assert "Reference · Fast · Auto · 8 s · 720p" in text
    assert "↪ Model: Quality → Fast" in text
    assert "↪ Length: 4 s → 8 s" in text


def test_changes_of_every_field_have_a_line() -> None:
    changes = (
        Change(Field.MODE, Mode.FRAMES, Mode.TEXT),
        Change(Field.MODEL, "veo2", "veo3_lite"),
        Change(Field.RATIO, Ratio.AUTO, Ratio.PORTRAIT),
        Change(Field.SECONDS, 4, 8),
        Change(Field.RESOLUTION, Resolution.K4, Resolution.P720),
    )

    assert card.moved(changes, CATALOG, TEXTS) == [
        "↪ Mode: Frames → Text",
        "↪ Model: veo2 → Lite",
        "↪ Ratio: Auto → 9:16",
        "↪ Length: 4 s → 8 s",
        "↪ Resolution: 4K → 720p",
    ]


def test_notes_stand_below_the_options() -> None:
    text, _ = card.render(samples.draft(), samples.quota(), CATALOG, TEXTS, [TEXTS.photo.used(3)])

    assert "720p\nOnly the first 3 photos are used; more do not fit.\nPrice" in text


def test_an_extension_keeps_the_options_of_its_film() -> None:
    options = Options("veo3_fast", mode=Mode.REFERENCE)

    text = shown(kind=Kind.EXTEND, parent_id=1, options=options)

    assert text.startswith("A fox in the snow\nExtend · Fast · 16:9 · 720p\nPrice: 60 credits")


def test_a_prompt_that_answered_a_video_is_asked_what_it_is_for() -> None:
    text = shown(kind=Kind.EXTEND, parent_id=1, step=Step.CHOICE)

    assert "720p\nGo on with that video, or make a new one?\nPrice" in text


def test_an_extension_of_a_model_that_is_gone_is_refused() -> None:
    with pytest.raises(Paused):
        shown(kind=Kind.EXTEND, options=Options("veo2"))


@pytest.mark.parametrize(
    "prompt",
    [
        '<b>&amp; it\'s "quoted" & {braces}',
        "🦊" * 4096,
        "a" * 100_000,
        "&" * 100_000,
        "line\n" * 2000,
        "👩‍👩‍👧‍👦" * 1000,
    ],
)
def test_any_prompt_fits_into_a_message_and_shows_its_beginning_as_typed(prompt: str) -> None:
    text = shown(prompt=prompt)

    assert units(text) <= 4096
    assert text.startswith(prompt[:20])
    assert "Price: 60 credits of the 240 you have left" in text


@given(st.text(st.characters(codec=None)))
def test_no_prompt_breaks_the_markup(prompt: str) -> None:
    text = shown(prompt=prompt)

    assert units(text) <= 4096
    text.encode()


def test_a_seed_that_cannot_be_sent_is_not_shown() -> None:
    chosen = samples.draft(options=Options("veo3_fast", seed=12345))

    hidden, _ = card.render(chosen, samples.quota(), without_seeds(CATALOG), TEXTS)

    assert "seed 12345" in card.render(chosen, samples.quota(), CATALOG, TEXTS)[0]
    assert "seed" not in hidden


def test_long_prompts_are_folded_short_ones_are_not() -> None:
    long, _ = card.render(samples.draft(prompt="word " * 200), samples.quota(), CATALOG, TEXTS)
    high, _ = card.render(samples.draft(prompt="a\n" * 8), samples.quota(), CATALOG, TEXTS)
    short, _ = card.render(samples.draft(prompt="word"), samples.quota(), CATALOG, TEXTS)

    assert long.startswith("<blockquote expandable>")
    assert high.startswith("<blockquote expandable>")
    assert short.startswith("<blockquote>")


def test_signs_that_cannot_be_shown_are_left_out() -> None:
    text = shown(prompt="a\x00b\x1b[31m\u202ec\ud800d\r\ne")

    assert text.startswith("ab[31mcd\ne\n")


@pytest.mark.parametrize(
    ("options", "photos", "sentences"),
    [
        (Options("veo3", mode=Mode.TEXT, ratio=Ratio.AUTO), 0,
         ["Auto does not go with Text. Possible: 16:9, 9:16."]),
        (Options("veo3", mode=Mode.REFERENCE), 3,
         ["Quality does not go with Reference. Possible: Fast, Lite."]),
        (Options("veo3_fast", mode=Mode.REFERENCE, seconds=4), 2,
         ["4 s does not go with Reference. Possible: 8 s."]),
        (Options("veo3_fast", mode=Mode.FRAMES, ratio=Ratio.AUTO), 0,
         ["Frames needs photos: send the command as their caption. Without photos: Text."]),
        (Options("veo2"), 0,
         ["veo2 is not offered at the moment. Possible: Fast, Quality, Lite."]),
    ],
)  # fmt: skip
def test_contradicting_wishes_are_named_as_on_the_buttons(
    options: Options, photos: int, sentences: list[str]
) -> None:
    problems = CATALOG.problems(options, photos)

    assert card.contradictions(problems, options, photos, CATALOG, TEXTS) == sentences
