"""What captions mean, and how a card follows the number of its photos."""

from dataclasses import replace

import pytest

from bot.catalog import Change, Field
from bot.models import Mode, Options, Ratio
from handlers.requests import fresh_options, is_generate, read_caption, with_photos
from handlers.texts import Languages
from tests.handlers import samples

CATALOG = samples.catalog()
TEXTS = Languages().for_language("en")
DEFAULTS = Options("veo3_fast")


def card_with(photos: int, **chosen: object) -> tuple[Options, tuple[int, ...]]:
    options = replace(fresh_options(DEFAULTS, photos, CATALOG), **chosen)  # type: ignore[arg-type]  # by name
    return options, tuple(range(photos))


def moved_to(photos: int, before: int, **chosen: object) -> tuple[Options, tuple[Change, ...]]:
    options, had = card_with(before, **chosen)
    draft = samples.draft(options=options, photos=had)
    changed, changes = with_photos(draft, tuple(range(photos)), DEFAULTS, CATALOG)
    assert changed.photos == tuple(range(photos))
    return changed.options, changes


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("/generate", True),
        ("/generate A cat", True),
        ("/GENERATE\nA cat", True),
        ("/generate@veo_bot A cat", True),
        ("/generate@VEO_BOT", True),
        ("/generate@other_bot A cat", False),
        ("/generated", False),
        ("/generate@veo_bot!", False),
        ("A /generate", False),
        ("", False),
        (None, False),
    ],
)
def test_a_caption_is_a_command_when_it_begins_with_one_for_this_bot(
    text: str | None, means: bool
) -> None:
    assert is_generate(text, "veo_bot") is means


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(4))
def test_what_was_not_chosen_follows_the_number_of_photos(before: int, after: int) -> None:
    assert moved_to(after, before) == (fresh_options(DEFAULTS, after, CATALOG), ())


def test_a_mode_that_was_chosen_stays_until_it_is_impossible() -> None:
    assert moved_to(2, 1, mode=Mode.REFERENCE)[0].mode is Mode.REFERENCE
    options, changes = moved_to(0, 1, mode=Mode.REFERENCE)
    assert options.mode is Mode.TEXT
    assert Change(Field.MODE, Mode.REFERENCE, Mode.TEXT) in changes


def test_a_ratio_that_was_chosen_stays_until_it_is_impossible() -> None:
    assert moved_to(3, 1, ratio=Ratio.PORTRAIT)[0].ratio is Ratio.PORTRAIT
    assert moved_to(0, 3, ratio=Ratio.AUTO)[0].ratio is Ratio.LANDSCAPE


def test_a_model_without_references_moves_and_that_is_told() -> None:
    options, changes = moved_to(3, 2, model="veo3", seconds=4)
    assert (options.model, options.seconds) == ("veo3_fast", 8)
    assert [change.field for change in changes] == [Field.MODEL, Field.SECONDS]


@pytest.mark.parametrize(
    ("text", "prompt", "refused"),
    [
        (" A cat --ratio 9:16 ", "A cat --ratio 9:16", False),
        ("", None, False),
        (" \n ", None, False),
        ("x" * 21, None, True),
    ],
)
def test_a_caption_is_the_prompt_as_it_stands_or_none(
    text: str, prompt: str | None, refused: bool
) -> None:
    wish = read_caption(text, DEFAULTS, 2, CATALOG, TEXTS, 20)
    assert (wish.prompt, wish.refusal is not None) == (prompt, refused)
    assert wish.options == fresh_options(DEFAULTS, 2, CATALOG)
