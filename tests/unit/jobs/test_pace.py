"""How often KIE is asked for a sharper copy, and when it is told to take longer."""

from dataclasses import replace

import pytest

from bot.jobs import pace
from bot.models import Kind
from tests.unit.jobs.life import RULES

HD, UHD = Kind.UPGRADE_1080P, Kind.UPGRADE_4K


@pytest.mark.parametrize(
    ("kind", "elapsed", "pause"),
    [(HD, 0, 25), (HD, 599, 25), (HD, 600, 300), (UHD, 0, 30), (UHD, 1199, 30), (UHD, 1200, 300)],
)
def test_a_copy_is_asked_for_steadily_and_after_its_time_every_five_minutes(
    kind: Kind, elapsed: float, pause: float
) -> None:
    assert pace.next_read(kind, elapsed, RULES) == pytest.approx(pause)


def test_pauses_scale_with_the_expected_length_but_not_below_the_shortest() -> None:
    half = replace(RULES, expected_seconds=90.0)
    tiny = replace(RULES, expected_seconds=0.9)

    assert pace.next_read(HD, 0, half) == pytest.approx(12.5)
    assert pace.next_read(UHD, 0, tiny) == 5.0


@pytest.mark.parametrize(
    ("kind", "patience"), [(Kind.GENERATE, 900), (Kind.EXTEND, 900), (HD, 600), (UHD, 1200)]
)
def test_each_kind_has_its_own_patience_on_the_scale_of_the_setting(
    kind: Kind, patience: float
) -> None:
    assert pace.patience_seconds(kind, RULES) == pytest.approx(patience)
    doubled = replace(RULES, soft_deadline_seconds=1800.0)
    assert pace.patience_seconds(kind, doubled) == pytest.approx(2 * patience)


@pytest.mark.parametrize(
    ("kind", "usual"), [(Kind.GENERATE, 180), (Kind.EXTEND, 180), (HD, 120), (UHD, 450)]
)
def test_before_anything_is_learnt_a_copy_takes_its_usual_share_of_a_video(
    kind: Kind, usual: float
) -> None:
    assert pace.estimate(kind, [], RULES).median == pytest.approx(usual)
    assert pace.estimate(kind, [60.0] * 50, RULES).median == pytest.approx(60, rel=0.2)
