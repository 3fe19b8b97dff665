"""The audit finds whatever does not add up, and names it."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from bot.models import State
from storage import ledger
from storage.audit import SETTLED, audit
from storage.database import Connection
from tests.conftest import Clock
from tests.storage.conftest import add_job, set_state


def held(tx: Connection, now: float) -> int:
    job_id = add_job(tx, price=60)
    ledger.grant(tx, 1, 20, 1, now)
    ledger.hold(tx, job_id, 1, 60, now, daily=50, total=None, admin=False)
    return job_id


def captured(tx: Connection, now: float) -> int:
    job_id = held(tx, now)
    ledger.capture(tx, job_id, now)
    return job_id


def released(tx: Connection, now: float) -> int:
    job_id = held(tx, now)
    ledger.release(tx, job_id, now)
    return job_id


def refunded(tx: Connection, now: float) -> int:
    job_id = captured(tx, now)
    ledger.refund(tx, job_id, now)
    return job_id


def without_credits(tx: Connection, now: float) -> int:
    return add_job(tx)


FREE = "The free credits used by user 1, 2027-01-15"  # the day of the clock
HELD = {State.QUEUED, State.SUBMITTING, State.UNKNOWN, State.GENERATING}
MADE = {State.READY, State.DELIVERING, State.DONE}
STANDINGS: list[tuple[Callable[[Connection, float], int], set[State]]] = [
    (held, HELD),
    (captured, MADE),
    (released, {State.FAILED, State.EXPIRED, State.CANCELLED} | MADE),
    (refunded, {State.FAILED}),
    (without_credits, set()),
]


def test_every_state_is_known_to_the_audit() -> None:
    assert set(SETTLED) == set(State)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize(("make", "right"), STANDINGS)
def test_a_state_that_does_not_fit_the_credits_is_named(
    tx: Connection,
    clock: Clock,
    make: Callable[[Connection, float], int],
    right: set[State],
    state: State,
) -> None:
    set_state(tx, make(tx, clock()), state)
    found = audit(tx)
    assert len(found) == (state not in right)
    assert all(f"Job job0 is {state}" in sentence for sentence in found)


@pytest.mark.parametrize(
    ("damage", "sentences"),
    [
        (
            "UPDATE balances SET granted = granted + 1",
            ["The granted credits of user 1 are 10 in the postings, but 11 in the sums."],
        ),
        (
            "DELETE FROM balances",
            [
                "The granted credits of user 1 are 10 in the postings, but 0 in the sums.",
                "The held credits of user 1 are 60 in the postings, but 0 in the sums.",
            ],
        ),
        (
            "UPDATE daily SET used = 0",
            [
                f"{FREE} are 50 in the postings, but 0 in the sums.",
            ],
        ),
        (
            "INSERT INTO totals VALUES ('2027-01-16', 5)",
            ["The credits used by all on 2027-01-16 are 0 in the postings, but 5 in the sums."],
        ),
        (
            "UPDATE jobs SET price = 61",
            ["Job job0 at 61 has 60 instead of 61 as held."],
        ),
        (
            "UPDATE postings SET amount = -49 WHERE account = 'free'",
            [
                "The postings of entry 2 do not add up to zero but to 1.",
                f"{FREE} are 49 in the postings, but 50 in the sums.",
            ],
        ),
    ],
)
def test_a_number_that_does_not_add_up_is_named(
    tx: Connection, clock: Clock, damage: str, sentences: list[str]
) -> None:
    held(tx, clock())
    assert audit(tx) == []
    tx.execute(text(damage))
    assert audit(tx) == sentences


def test_credits_given_back_to_another_source_are_named(tx: Connection, clock: Clock) -> None:
    set_state(tx, released(tx, clock()), State.FAILED)
    tx.execute(
        text("UPDATE postings SET amount = amount - 1 WHERE entry_id = 3 AND account = 'free'")
    )
    tx.execute(
        text("UPDATE postings SET amount = amount + 1 WHERE entry_id = 3 AND account = 'granted'")
    )
    found = audit(tx)
    assert "Job job0 at 60 has -1 instead of 0 as free." in found
    assert "Job job0 at 60 has 1 instead of 0 as granted." in found
