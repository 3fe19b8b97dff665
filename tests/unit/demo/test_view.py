"""A watching browser is told what has changed, and only that."""

from bot.demo.view import difference


def test_what_is_new_changed_and_gone_is_told_by_section() -> None:
    before = {"messages": {"1": "a", "2": "b", "3": "c"}, "jobs": {"7": "x"}, "faults": {"f": "0"}}
    now = {"messages": {"1": "a", "2": "B", "4": "d"}, "jobs": {}, "faults": {"f": "0"}}

    assert difference(before, now) == (
        {"messages": ["2", "4"]},
        {"messages": ["3"], "jobs": ["7"]},
    )


def test_the_first_look_gets_everything() -> None:
    assert difference({}, {"jobs": {"7": "x"}, "ledger": {}}) == ({"jobs": ["7"]}, {})
