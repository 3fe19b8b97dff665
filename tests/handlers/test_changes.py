"""What a press on a card makes of its draft."""

import pytest

from bot.catalog import Change, Field
from bot.models import Draft, Kind, Mode, Options, Ratio, Step
from handlers.callback_data import DraftAction, DraftPress
from handlers.changes import changed
from tests.handlers import samples

CATALOG = samples.catalog()
DEFAULTS = Options("veo3", ratio=Ratio.PORTRAIT)


def press(draft: Draft, action: DraftAction, value: str | None = None) -> Draft:
    return changed(draft, DraftPress(draft.id, action, value), DEFAULTS, CATALOG)[0]


@pytest.mark.parametrize(
    ("action", "value", "field", "chosen"),
    [
        (DraftAction.RATIO, "9:16", "ratio", Ratio.PORTRAIT),
        (DraftAction.MODEL, "veo3_lite", "model", "veo3_lite"),
        (DraftAction.SECONDS, "4", "seconds", 4),
        (DraftAction.RESOLUTION, "4k", "resolution", "4k"),
        (DraftAction.TRANSLATE, "off", "translate", False),
        (DraftAction.SEED, "none", "seed", None),
        (DraftAction.WATERMARK, "none", "watermark", None),
    ],
)
def test_a_value_that_is_pressed_is_chosen(
    action: DraftAction, value: str, field: str, chosen: object
) -> None:
    draft = samples.draft(options=Options("veo3_fast", seed=12345, watermark="mine"))

    assert getattr(press(draft, action, value).options, field) == chosen


def test_what_does_not_go_with_a_choice_follows_and_is_named() -> None:
    options = Options("veo3", mode=Mode.FRAMES, seconds=4)
    draft = samples.draft(options=options, photos=(1,))
    pressed = DraftPress(draft.id, DraftAction.MODE, "reference")

    after, changes = changed(draft, pressed, DEFAULTS, CATALOG)

    assert (after.options.model, after.options.seconds) == ("veo3_fast", 8)
    assert set(changes) == {
        Change(Field.MODEL, "veo3", "veo3_fast"),
        Change(Field.SECONDS, 4, 8),
    }


def test_more_and_less_open_and_close_the_rarer_options() -> None:
    assert press(samples.draft(), DraftAction.MORE).more
    assert not press(samples.draft(more=True), DraftAction.LESS).more


def test_without_its_photos_a_request_is_one_for_text() -> None:
    draft = samples.draft(options=Options("veo3_fast", mode=Mode.FRAMES), photos=(1, 2))

    after = press(draft, DraftAction.REMOVE_PHOTOS)

    assert (after.photos, after.options.mode) == ((), Mode.TEXT)


def test_a_prompt_that_answered_a_video_becomes_a_request_of_its_own() -> None:
    choice = samples.draft(
        kind=Kind.EXTEND, parent_id=1, step=Step.CHOICE, options=Options("veo3_lite", seed=12345)
    )

    after = press(choice, DraftAction.NEW)

    assert (after.kind, after.parent_id, after.step) == (Kind.GENERATE, None, Step.CARD)
    assert after.prompt == choice.prompt
    assert after.options == DEFAULTS
