"""Buttons: the labels are a contract, and what cannot be done is not offered."""

from dataclasses import replace

import pytest
from telegram import InlineKeyboardMarkup

from bot.catalog import without_seeds
from bot.models import Draft, Kind, Mode, Options, Ratio, Resolution, Step
from handlers import keyboards
from handlers.callback_data import (
    DraftAction,
    DraftPress,
    JobAction,
    JobPress,
    UserAction,
    UserPress,
    parse,
)
from handlers.texts import Languages
from tests.handlers import samples

CATALOG = samples.catalog()
TEXTS = Languages().for_language("en")
LABELS = TEXTS.labels
ALL = (Kind.EXTEND, Kind.UPGRADE_1080P, Kind.UPGRADE_4K)


def names(markup: InlineKeyboardMarkup) -> list[list[str]]:
    return [[button.text for button in row] for row in markup.inline_keyboard]


def presses(markup: InlineKeyboardMarkup) -> dict[str, object]:
    return {
        button.text: parse(button.callback_data) for row in markup.inline_keyboard for button in row
    }


def card(draft: Draft, *, payable: bool = True) -> InlineKeyboardMarkup:
    return keyboards.card(draft, CATALOG, LABELS, payable)


def test_a_new_card_offers_ratio_model_more_generate_and_cancel() -> None:
    assert names(card(samples.draft())) == [
        ["✓ 16:9", "9:16"],
        ["✓ Fast · 60", "Quality · 250", "Lite · 30"],
        ["More"],
        ["Generate · 60", "Cancel"],
    ]


def test_more_opens_length_resolution_seed_translation_and_watermark() -> None:
    assert names(card(samples.draft(more=True)))[2:5] == [
        ["4 s", "6 s", "✓ 8 s"],
        ["✓ 720p", "1080p", "4K"],
        ["Seed", "✓ Translation", "Watermark"],
    ]
    assert ["Less"] in names(card(samples.draft(more=True)))


def test_one_photo_offers_the_modes_it_is_enough_for_and_auto() -> None:
    options = Options("veo3_fast", mode=Mode.FRAMES, ratio=Ratio.AUTO)

    rows = names(card(samples.draft(options=options, photos=(1,))))

    assert rows[:2] == [["✓ Frames", "Reference"], ["16:9", "9:16", "✓ Auto"]]


def test_without_photos_there_is_neither_a_choice_of_modes_nor_auto() -> None:
    offered = presses(card(samples.draft(more=True)))

    assert not {"Text", "✓ Text", "Frames", "Reference", "Auto"} & offered.keys()


def test_reference_leaves_out_the_model_and_the_lengths_that_cannot() -> None:
    options = Options("veo3_lite", mode=Mode.REFERENCE)

    rows = names(card(samples.draft(options=options, photos=(1, 2, 3), more=True)))

    assert ["Fast · 60", "✓ Lite · 30"] in rows
    assert ["✓ 8 s"] in rows
    assert rows[-1] == ["Generate · 30", "Cancel"]


def test_models_show_what_this_very_video_would_cost() -> None:
    options = Options("veo3", resolution=Resolution.K4)

    rows = names(card(samples.draft(options=options)))

    assert rows[1] == ["Fast · 180", "✓ Quality · 380", "Lite · 150"]
    assert rows[-1] == ["Generate · 380", "Cancel"]


def test_without_enough_credits_there_is_no_generate() -> None:
    assert names(card(samples.draft(), payable=False))[-1] == ["Cancel"]


def test_generate_stands_out() -> None:
    button = card(samples.draft()).inline_keyboard[-1][0]

    assert (button.text, button.style) == ("Generate · 60", "success")


def test_seed_translation_and_watermark_turn_around_what_is_set() -> None:
    asked = presses(card(samples.draft(more=True)))
    options = Options("veo3_fast", seed=12345, translate=False, watermark="mine")
    dropped = presses(card(samples.draft(options=options, more=True)))

    assert asked["Seed"] == DraftPress(5, DraftAction.SEED, "ask")
    assert asked["✓ Translation"] == DraftPress(5, DraftAction.TRANSLATE, "off")
    assert asked["Watermark"] == DraftPress(5, DraftAction.WATERMARK, "ask")
    assert dropped["✓ Seed 12345"] == DraftPress(5, DraftAction.SEED, "none")
    assert dropped["Translation"] == DraftPress(5, DraftAction.TRANSLATE, "on")
    assert dropped["✓ Watermark"] == DraftPress(5, DraftAction.WATERMARK, "none")


def test_an_extension_offers_no_options() -> None:
    extension = samples.draft(kind=Kind.EXTEND, parent_id=1, more=True)

    assert names(card(extension)) == [["Generate · 60", "Cancel"]]


def test_a_prompt_that_answers_a_video_extends_it_or_begins_a_new_one() -> None:
    choice = samples.draft(kind=Kind.EXTEND, parent_id=1, step=Step.CHOICE)

    assert names(card(choice)) == [["Extend · 60", "New video", "Cancel"]]
    assert names(card(choice, payable=False)) == [["New video", "Cancel"]]
    assert presses(card(choice))["Extend · 60"] == DraftPress(5, DraftAction.GENERATE)
    assert presses(card(choice))["New video"] == DraftPress(5, DraftAction.NEW)


def test_without_seeds_in_the_catalog_there_is_no_button_for_one() -> None:
    seedless = without_seeds(CATALOG)
    rows = names(keyboards.card(samples.draft(more=True), seedless, LABELS, payable=True))

    assert ["✓ Translation", "Watermark"] in rows


@pytest.mark.parametrize("photos", range(5))
@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("more", [True, False])
def test_every_button_of_every_card_can_be_read_back(photos: int, mode: Mode, more: bool) -> None:
    options, _ = CATALOG.fit(Options("veo3_fast", mode=mode), photos)
    draft = samples.draft(id=2**63 - 1, options=options, photos=tuple(range(photos)), more=more)

    buttons = [button for row in card(draft).inline_keyboard for button in row]

    assert all(isinstance(parse(button.callback_data), DraftPress) for button in buttons)
    assert all(len(str(button.callback_data).encode()) <= 64 for button in buttons)
    assert len({button.callback_data for button in buttons}) == len(buttons)


def test_every_choice_on_a_card_is_one_that_the_catalog_has_no_problem_with() -> None:
    options = Options("veo3_fast", mode=Mode.FRAMES, ratio=Ratio.AUTO)
    draft = samples.draft(options=options, photos=(1, 2), more=True)
    fields = {
        DraftAction.RATIO: ("ratio", Ratio),
        DraftAction.MODEL: ("model", str),
        DraftAction.SECONDS: ("seconds", int),
        DraftAction.RESOLUTION: ("resolution", Resolution),
    }
    tried = 0

    for press in presses(card(draft)).values():
        assert isinstance(press, DraftPress)
        if press.action in fields:
            field, read = fields[press.action]
            chosen = replace(options, **{field: read(press.value)})
            assert CATALOG.problems(chosen, 2) == ()
            tried += 1
    assert tried == 12


def video() -> Options:
    return Options("veo3_fast")


def test_a_result_shows_prices_then_again_and_edit() -> None:
    markup = keyboards.result(3, video(), CATALOG, LABELS, offers=ALL)

    assert names(markup) == [["Extend · 60", "1080p · 5", "4K · 120"], ["Again", "Edit"]]
    assert presses(markup) == {
        "Extend · 60": JobPress(3, JobAction.EXTEND),
        "1080p · 5": JobPress(3, JobAction.UPGRADE_1080P),
        "4K · 120": JobPress(3, JobAction.UPGRADE_4K),
        "Again": JobPress(3, JobAction.AGAIN),
        "Edit": JobPress(3, JobAction.EDIT),
    }


def test_a_result_without_offers_has_again_and_edit_only() -> None:
    assert names(keyboards.result(3, video(), CATALOG, LABELS)) == [["Again", "Edit"]]


def test_a_pressed_button_turns_into_an_hourglass() -> None:
    pending = {Kind.UPGRADE_1080P}

    markup = keyboards.result(
        3, video(), CATALOG, LABELS, offers=[Kind.UPGRADE_4K], pending=pending
    )

    assert names(markup)[0] == ["⏳ 1080p…", "4K · 120"]


def test_a_model_that_left_the_catalog_is_not_extended_but_made_sharper() -> None:
    gone = Options("veo2")

    markup = keyboards.result(3, gone, CATALOG, LABELS, offers=ALL)

    assert names(markup)[0] == ["1080p · 5", "4K · 120"]


def test_a_failure_offers_edit_and_again_and_a_status_cancel() -> None:
    assert names(keyboards.failure(3, LABELS)) == [["Edit", "Again"]]
    assert presses(keyboards.status(3, LABELS)) == {"Cancel": JobPress(3, JobAction.CANCEL)}


def test_a_failed_copy_can_be_asked_for_again_and_its_video_made_anew() -> None:
    copy = samples.job(id=9, kind=Kind.UPGRADE_4K, parent_id=3)

    markup = keyboards.upgrade_failure(copy, CATALOG, LABELS)

    assert names(markup) == [["4K · 120"], ["Again", "Edit"]]
    assert presses(markup) == {
        "4K · 120": JobPress(3, JobAction.UPGRADE_4K),
        "Again": JobPress(3, JobAction.AGAIN),
        "Edit": JobPress(3, JobAction.EDIT),
    }


def test_each_job_in_the_list_has_its_numbered_cancel() -> None:
    markup = keyboards.jobs(range(11, 17), LABELS)

    assert names(markup) == [
        ["Cancel 1", "Cancel 2", "Cancel 3", "Cancel 4"],
        ["Cancel 5", "Cancel 6"],
    ]
    assert presses(markup)["Cancel 6"] == JobPress(16, JobAction.CANCEL)


def test_start_has_three_examples() -> None:
    pressed = presses(keyboards.examples(TEXTS.welcome.examples()))

    assert list(pressed.values()) == [UserPress(UserAction.EXAMPLE, n) for n in (1, 2, 3)]


def test_a_stranger_asks_and_admins_decide() -> None:
    assert presses(keyboards.ask_for_access(LABELS)) == {
        "Ask for access": UserPress(UserAction.ASK_ACCESS)
    }
    assert presses(keyboards.decide_access(2**52, LABELS)) == {
        "Approve": UserPress(UserAction.APPROVE, 2**52),
        "Deny": UserPress(UserAction.DENY, 2**52),
    }


def test_photos_can_be_removed_from_a_card_that_has_some() -> None:
    assert ["Remove photos", "More"] in names(card(samples.draft(photos=(1,))))
    assert "Remove photos" not in presses(card(samples.draft()))
