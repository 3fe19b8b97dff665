"""The table of states: what it must say whatever else is built on it."""

import re
from pathlib import Path

import pytest

from bot.jobs.lifecycle import AT_KIE, ENDED, HELD, OPEN, TRANSITIONS, may
from bot.models import State

README = Path(__file__).parents[3] / "README.md"


def test_every_state_is_in_the_table_and_can_be_reached() -> None:
    assert set(TRANSITIONS) == set(State)
    reached = {State.QUEUED}.union(*TRANSITIONS.values())
    assert reached == set(State)


def test_only_an_expired_job_leaves_an_end_and_only_for_ready() -> None:
    leaving = {state: TRANSITIONS[state] for state in ENDED if TRANSITIONS[state]}
    assert leaving == {State.EXPIRED: frozenset({State.READY})}


def test_credits_are_held_exactly_before_the_record_says_success() -> None:
    assert HELD | {State.READY, State.DELIVERING} == OPEN
    assert AT_KIE | {State.QUEUED} == HELD


def test_only_a_waiting_job_can_be_cancelled() -> None:
    assert [state for state in State if may(state, State.CANCELLED)] == [State.QUEUED]


@pytest.mark.parametrize("state", sorted(OPEN))
def test_every_open_state_has_a_way_to_an_end(state: State) -> None:
    seen: set[State] = set()
    reached = {state}
    while reached - seen:
        seen |= reached
        reached = reached.union(*(TRANSITIONS[each] for each in reached))
    assert reached & ENDED


def test_the_readme_draws_this_table() -> None:
    drawn = set(re.findall(r"^ +(\w+) --> (\w+)", README.read_text("utf-8"), re.MULTILINE))
    table = {(old.value, new.value) for old, new_ in TRANSITIONS.items() for new in new_}
    assert {move for move in drawn if set(move) <= set(State)} == table
