"""What buttons carry comes back as it was, and nothing else comes back at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Mode, Ratio, Resolution
from handlers.callback_data import (
    MAX_BYTES,
    DraftAction,
    DraftPress,
    JobAction,
    JobPress,
    Press,
    SettingAction,
    SettingPress,
    Switch,
    UserAction,
    UserPress,
    Wish,
    encode,
    parse,
)

IDS = st.integers(1, 2**63 - 1)
VALUES = {
    DraftAction.MODE: st.sampled_from(Mode).map(str),
    DraftAction.RATIO: st.sampled_from(Ratio).map(str),
    DraftAction.MODEL: st.from_regex(r"[A-Za-z0-9._/-]{1,32}", fullmatch=True),
    DraftAction.SECONDS: st.integers(1, 60).map(str),
    DraftAction.RESOLUTION: st.sampled_from(Resolution).map(str),
    DraftAction.SEED: st.sampled_from(Wish).map(str),
    DraftAction.TRANSLATE: st.sampled_from(Switch).map(str),
    DraftAction.WATERMARK: st.sampled_from(Wish).map(str),
}
SETTINGS = {
    SettingAction.MODEL: VALUES[DraftAction.MODEL],
    SettingAction.RATIO: VALUES[DraftAction.RATIO],
    SettingAction.SECONDS: VALUES[DraftAction.SECONDS],
    SettingAction.RESOLUTION: VALUES[DraftAction.RESOLUTION],
    SettingAction.TRANSLATE: VALUES[DraftAction.TRANSLATE],
    SettingAction.WATERMARK: VALUES[DraftAction.WATERMARK],
    SettingAction.LANGUAGE: st.sampled_from(["en", "pt_BR", "zh_Hans_CN"]),
}
NUMBERED = (UserAction.APPROVE, UserAction.DENY, UserAction.EXAMPLE, UserAction.HISTORY)


def draft_presses() -> st.SearchStrategy[Press]:
    return st.sampled_from(DraftAction).flatmap(
        lambda action: st.builds(DraftPress, IDS, st.just(action), VALUES.get(action, st.none()))
    )


def user_presses() -> st.SearchStrategy[Press]:
    return st.sampled_from(UserAction).flatmap(
        lambda action: st.builds(
            UserPress, st.just(action), IDS if action in NUMBERED else st.none()
        )
    )


def job_presses() -> st.SearchStrategy[Press]:
    return st.builds(JobPress, IDS, st.sampled_from(JobAction))


def setting_presses() -> st.SearchStrategy[Press]:
    return st.sampled_from(SettingAction).flatmap(
        lambda action: st.builds(SettingPress, st.just(action), SETTINGS.get(action, st.none()))
    )


@given(draft_presses() | job_presses() | setting_presses() | user_presses())
def test_every_press_fits_into_a_button_and_comes_back(press: Press) -> None:
    data = encode(press)

    assert len(data.encode()) <= MAX_BYTES
    assert parse(data) == press


def test_the_form_of_the_strings_is_fixed_because_old_messages_keep_their_buttons() -> None:
    assert encode(DraftPress(12, DraftAction.RATIO, "16:9")) == "v1:d:12:ratio:16:9"
    assert encode(DraftPress(12, DraftAction.GENERATE)) == "v1:d:12:go"
    assert encode(JobPress(3, JobAction.UPGRADE_4K)) == "v1:j:3:4k"
    assert encode(SettingPress(SettingAction.RATIO, "16:9")) == "v1:s:ratio:16:9"
    assert encode(SettingPress(SettingAction.RESET)) == "v1:s:reset"
    assert encode(UserPress(UserAction.HISTORY, 2)) == "v1:u:past:2"
    assert encode(UserPress(UserAction.APPROVE, 99)) == "v1:u:approve:99"
    assert encode(UserPress(UserAction.ASK_ACCESS)) == "v1:u:ask"


@pytest.mark.parametrize(
    "data",
    [
        None,
        5,
        b"v1:d:12:go",
        "",
        "v1",
        "v1:",
        "v0:d:12:go",
        "v2:d:12:go",
        "v1:x:12:go",
        "v1:d:12",
        "v1:d:12:fly",
        "v1:d:0:go",
        "v1:d:-1:go",
        "v1:d:012:go",
        "v1:d:+1:go",
        "v1:d:1_0:go",
        "v1:d:١٢:go",
        "v1:d:9223372036854775808:go",
        "v1:d:12:go:",
        "v1:d:12:go:now",
        "v1:d:12:ratio",
        "v1:d:12:ratio:",
        "v1:d:12:ratio:5:4",
        "v1:d:12:ratio:16:9:",
        "v1:d:12:ratio:16:9\n",
        "v1:d:12:secs:0",
        "v1:d:12:secs:100",
        "v1:d:12:model:../x y",
        "v1:d:12:model:veo3\n",
        "v1:d:12:seed:12345",
        "v1:d:12\n:go",
        "v1:j:3",
        "v1:j:3:steal",
        "v1:j:3:4k:1",
        "v1:j:three:4k",
        "v1:s",
        "v1:s:reset:now",
        "v1:s:ratio",
        "v1:s:ratio:5:4",
        "v1:s:lang:../../etc",
        "v1:s:lang:",
        "v1:u:past",
        "v1:u:past:0",
        "v1:u:approve",
        "v1:u:approve:x",
        "v1:u:ask:1",
        "v1:u:root",
        "v1:u:approve:1:2",
        "v1:d:12:go" + " " * 60,
        "v1:d:12:model:" + "é" * 32,
        "\ud800",
    ],
)
def test_foreign_old_oversized_or_forged_data_means_nothing(data: object) -> None:
    assert parse(data) is None


@given(st.text())
def test_any_text_is_survived(data: str) -> None:
    press = parse(data)

    assert press is None or encode(press) == data


@pytest.mark.parametrize(
    "press",
    [
        DraftPress(0, DraftAction.GENERATE),
        DraftPress(1, DraftAction.GENERATE, "twice"),
        DraftPress(1, DraftAction.MODEL, "a" * 33),
        DraftPress(1, DraftAction.RATIO),
        JobPress(2**63, JobAction.EDIT),
        UserPress(UserAction.APPROVE),
        UserPress(UserAction.ASK_ACCESS, 1),
    ],
)
def test_a_press_that_could_not_be_read_back_is_never_put_on_a_button(press: Press) -> None:
    with pytest.raises(ValueError, match="no button"):
        encode(press)
