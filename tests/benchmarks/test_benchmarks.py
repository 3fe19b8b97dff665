"""That every benchmark still works, in tiny sizes; how fast it is, no test says."""

import json

import pytest

from tests.benchmarks.__main__ import measures
from tests.benchmarks.report import Goal, Line, as_json, table
from tests.benchmarks.size import TINY

# The others take long even when they do little; their parts are those of these.
QUICK = ("b01", "b02", "b03", "b04", "b05", "b06")
NAMES = ("b01", "b02", "b03", "b03b", "b04", "b05", "b06", "b07", "b08", "b09", "b10", "peers")


def line(ours: list[float], baseline: list[float], goal: Goal | None) -> Line:
    return Line("B0 something", "s", "floor", ours, baseline, goal)


def test_all_measures_are_found() -> None:
    assert tuple(measures()) == NAMES


@pytest.mark.parametrize("name", QUICK)
def test_a_benchmark_compares_with_its_baseline(name: str) -> None:
    lines = measures([name])[name](TINY)
    assert lines
    for each in lines:
        assert len(each.ours) == len(each.baseline) > 0
    lost = [each for each in lines if "lost" in each.name]
    assert all(max(each.ours) == 0 for each in lost)


@pytest.mark.parametrize(
    ("ours", "goal", "missed"),
    [
        (2.0, Goal(2.0), False),
        (2.1, Goal(2.0), True),
        (2.0, Goal(2.0, at_least=True), False),
        (1.9, Goal(2.0, at_least=True), True),
        (5.0, Goal(5.0, on_ours=True), False),
        (5.1, Goal(5.0, on_ours=True), True),
        (9.0, None, False),
    ],
)
def test_a_goal_that_is_not_reached_is_said_to_be_missed(
    ours: float, goal: Goal | None, *, missed: bool
) -> None:
    found = line([ours], [1.0], goal)
    assert found.is_missed is missed
    assert ("missed" in table([found])) is missed


def test_medians_of_the_rounds_are_shown_with_their_spread() -> None:
    found = line([2.0, 4.0, 3.0], [1.0, 1.0, 1.0], Goal(3.0))
    assert found.cells() == ("B0 something, s", "3", "1 floor", "3", "≤ 3", "±33%")
    assert json.loads(as_json([found]))["lines"][0]["ours"] == [2.0, 4.0, 3.0]


def test_nothing_compared_with_nothing_is_nothing() -> None:
    assert line([0.0], [0.0], Goal(0.0)).cells()[3:5] == ("0", "≤ 0")
