"""Credits: held once, ended once, given back to where they came from."""

import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from bot.errors import QuotaExceeded
from bot.models import Quota, State
from storage import ledger, schema
from storage.audit import audit
from storage.database import Connection, Database
from tests.conftest import Clock
from tests.storage.conftest import add_job, set_state

DAY = 86_400.0
ANN, BOB = 1, 2


def hold(
    tx: Connection,
    now: float,
    amount: int = 60,
    *,
    user_id: int = ANN,
    daily: int = 100,
    total: int | None = None,
    admin: bool = False,
) -> int:
    with tx.begin_nested():
        job_id = add_job(tx, user_id, amount)
        ledger.hold(tx, job_id, user_id, amount, now, daily=daily, total=total, admin=admin)
    return job_id


def capture(tx: Connection, job_id: int, now: float) -> bool:
    set_state(tx, job_id, State.DONE)
    return ledger.capture(tx, job_id, now)


def release(tx: Connection, job_id: int, now: float) -> bool:
    set_state(tx, job_id, State.FAILED)
    return ledger.release(tx, job_id, now)


def refund(tx: Connection, job_id: int, now: float) -> bool:
    set_state(tx, job_id, State.FAILED)
    return ledger.refund(tx, job_id, now)


def left(
    tx: Connection, now: float, *, user_id: int = ANN, total: int | None = None
) -> tuple[int | None, int, int]:
    """Return free, granted and held credits, after an audit."""
    assert audit(tx) == []
    found = ledger.quota(tx, user_id, now, daily=100, total=total, admin=False)
    return found.free, found.granted, found.held


def total_left(tx: Connection, now: float, total: int = 1000) -> int | None:
    return ledger.quota(tx, ANN, now, daily=100, total=total, admin=False).total_left


def count_entries(tx: Connection) -> int:
    return tx.execute(select(func.count()).select_from(schema.entries)).scalar_one()


def test_somebody_new_has_the_free_credits_of_the_day(tx: Connection, clock: Clock) -> None:
    noon_until_midnight = DAY / 2
    assert ledger.quota(tx, ANN, clock(), daily=100, total=500, admin=False) == Quota(
        free=100,
        granted=0,
        held=0,
        daily=100,
        total_left=500,
        resets_at=clock() + noon_until_midnight,
    )


def test_an_admin_has_no_limit_of_their_own(tx: Connection, clock: Clock) -> None:
    found = ledger.quota(tx, ANN, clock(), daily=100, total=None, admin=True)
    assert (found.free, found.available) == (None, None)


def test_free_credits_go_before_granted_ones(tx: Connection, clock: Clock) -> None:
    ledger.grant(tx, ANN, 50, 1, clock())
    hold(tx, clock(), 120)
    assert left(tx, clock()) == (0, 30, 120)


def test_the_free_credits_come_again_at_midnight_utc_and_granted_ones_stay(
    tx: Connection, clock: Clock
) -> None:
    ledger.grant(tx, ANN, 50, 1, clock())
    hold(tx, clock(), 120)
    clock.advance(DAY / 2 - 1)
    assert left(tx, clock()) == (0, 30, 120)
    clock.advance(1)
    assert left(tx, clock()) == (100, 30, 120)


def test_a_price_above_what_is_left_is_refused_and_changes_nothing(
    tx: Connection, clock: Clock
) -> None:
    ledger.grant(tx, ANN, 10, 1, clock())
    job_id = add_job(tx, ANN, 111)
    before = count_entries(tx)
    with pytest.raises(QuotaExceeded) as caught:
        ledger.hold(tx, job_id, ANN, 111, clock(), daily=100, total=None, admin=False)
    assert (caught.value.price, caught.value.available, caught.value.limit) == (111, 110, "own")
    assert count_entries(tx) == before
    found = ledger.quota(tx, ANN, clock(), daily=100, total=None, admin=False)
    assert (found.free, found.granted, found.held) == (100, 10, 0)


def test_the_last_credit_can_be_spent(tx: Connection, clock: Clock) -> None:
    ledger.grant(tx, ANN, 10, 1, clock())
    hold(tx, clock(), 110, total=110)
    assert left(tx, clock()) == (0, 0, 110)


@pytest.mark.parametrize("admin", [False, True])
def test_the_total_of_the_day_limits_everybody_admins_too(
    tx: Connection, clock: Clock, admin: object
) -> None:
    hold(tx, clock(), 60, total=100)
    with pytest.raises(QuotaExceeded) as caught:
        hold(tx, clock(), 41, user_id=BOB, total=100, admin=bool(admin))
    assert (caught.value.price, caught.value.available, caught.value.limit) == (41, 40, "total")
    clock.advance(DAY)
    hold(tx, clock(), 100, user_id=BOB, total=100, admin=bool(admin))


def test_a_lowered_daily_limit_leaves_nothing_rather_than_debt(
    tx: Connection, clock: Clock
) -> None:
    ledger.grant(tx, ANN, 5, 1, clock())
    hold(tx, clock(), 60)
    with pytest.raises(QuotaExceeded) as caught:
        hold(tx, clock(), 6, daily=10)
    assert caught.value.available == 5
    hold(tx, clock(), 5, daily=10)
    assert left(tx, clock()) == (40, 0, 65)


def test_a_lowered_total_is_named_as_nothing_left(tx: Connection, clock: Clock) -> None:
    hold(tx, clock(), 60)
    with pytest.raises(QuotaExceeded) as caught:
        hold(tx, clock(), 1, total=10)
    assert (caught.value.available, caught.value.limit) == (0, "total")


def test_what_an_admin_spends_is_recorded_but_not_theirs(tx: Connection, clock: Clock) -> None:
    job_id = hold(tx, clock(), 500, admin=True)
    assert left(tx, clock()) == (100, 0, 500)
    assert capture(tx, job_id, clock())
    assert left(tx, clock()) == (100, 0, 0)
    assert total_left(tx, clock()) == 500


def test_a_job_is_held_for_once(tx: Connection, clock: Clock) -> None:
    job_id = hold(tx, clock(), 10)
    with pytest.raises(IntegrityError, match=r"entries\.job_id, entries\.kind"):
        ledger.hold(tx, job_id, ANN, 10, clock(), daily=100, total=None, admin=False)


def test_a_negative_price_is_refused(tx: Connection, clock: Clock) -> None:
    job_id = add_job(tx)
    with pytest.raises(ValueError, match="-1"):
        ledger.hold(tx, job_id, ANN, -1, clock(), daily=100, total=None, admin=True)


def test_a_job_without_price_runs_through_with_nothing_posted(tx: Connection, clock: Clock) -> None:
    job_id = hold(tx, clock(), 0, daily=0)
    assert audit(tx) == []
    assert capture(tx, job_id, clock())
    assert audit(tx) == []
    assert refund(tx, job_id, clock())
    assert left(tx, clock()) == (100, 0, 0)


def test_a_capture_spends_once(tx: Connection, clock: Clock) -> None:
    job_id = hold(tx, clock())
    assert [capture(tx, job_id, clock()) for _ in range(3)] == [True, False, False]
    assert left(tx, clock()) == (40, 0, 0)
    assert total_left(tx, clock()) == 940


def test_a_release_gives_back_once_to_the_same_sources(tx: Connection, clock: Clock) -> None:
    ledger.grant(tx, ANN, 50, 1, clock())
    job_id = hold(tx, clock(), 120)
    assert [release(tx, job_id, clock()) for _ in range(3)] == [True, False, False]
    assert left(tx, clock()) == (100, 50, 0)
    assert total_left(tx, clock()) == 1000


def test_a_free_part_released_after_midnight_counts_for_the_new_day(
    tx: Connection, clock: Clock
) -> None:
    ledger.grant(tx, ANN, 50, 1, clock())
    yesterday = clock()
    job_id = hold(tx, clock(), 120)
    clock.advance(DAY)
    hold(tx, clock(), 30)
    release(tx, job_id, clock())
    assert left(tx, clock()) == (170, 50, 30)
    assert left(tx, yesterday) == (0, 50, 30)
    assert total_left(tx, yesterday) == 1000
    assert total_left(tx, clock()) == 970


def test_a_refund_gives_back_once_and_the_total_stays(tx: Connection, clock: Clock) -> None:
    ledger.grant(tx, ANN, 50, 1, clock())
    job_id = hold(tx, clock(), 120)
    capture(tx, job_id, clock())
    assert [refund(tx, job_id, clock()) for _ in range(3)] == [True, False, False]
    assert left(tx, clock()) == (100, 50, 0)
    assert total_left(tx, clock()) == 880


def test_what_was_released_cannot_be_captured_or_refunded(tx: Connection, clock: Clock) -> None:
    job_id = hold(tx, clock())
    release(tx, job_id, clock())
    assert not ledger.capture(tx, job_id, clock())
    assert not ledger.refund(tx, job_id, clock())
    assert left(tx, clock()) == (100, 0, 0)


def test_what_was_captured_cannot_be_released(tx: Connection, clock: Clock) -> None:
    job_id = hold(tx, clock())
    capture(tx, job_id, clock())
    assert not ledger.release(tx, job_id, clock())
    assert left(tx, clock()) == (40, 0, 0)


def test_what_is_still_held_cannot_be_refunded(tx: Connection, clock: Clock) -> None:
    job_id = hold(tx, clock())
    assert not ledger.refund(tx, job_id, clock())
    assert left(tx, clock()) == (40, 0, 60)


def test_a_job_that_holds_nothing_has_nothing_to_end(tx: Connection, clock: Clock) -> None:
    job_id = add_job(tx)
    ends = (ledger.capture, ledger.release, ledger.refund)
    assert [end(tx, job_id, clock()) for end in ends] == [False, False, False]
    assert count_entries(tx) == 0


def test_a_grant_happens_once_per_update(tx: Connection, clock: Clock) -> None:
    assert [ledger.grant(tx, ANN, 50, 7, clock()) for _ in range(3)] == [True, False, False]
    assert ledger.grant(tx, ANN, 50, 8, clock())
    assert left(tx, clock()) == (100, 100, 0)


@pytest.mark.parametrize("amount", [0, -5, 2**63, ledger.GRANT_MAX + 1])
def test_an_amount_that_cannot_be_meant_is_not_granted(
    tx: Connection, clock: Clock, amount: int
) -> None:
    with pytest.raises(ValueError, match="cannot be granted"):
        ledger.grant(tx, ANN, amount, 7, clock())
    assert count_entries(tx) == 0


def test_sums_that_others_used_up_meanwhile_refuse_the_hold(tx: Connection, clock: Clock) -> None:
    """As between two processes that both looked before either wrote."""
    hold(tx, clock(), 100)
    for sources in ({"free": 1}, {"granted": 1}):
        late = ledger._Hold(add_job(tx), ANN, ledger.day_of(clock()), 1, sources)
        with pytest.raises(QuotaExceeded):
            ledger._use(tx, late, 100, None)
    late = ledger._Hold(add_job(tx), ANN, ledger.day_of(clock()), 1, {"operator": 1})
    with pytest.raises(QuotaExceeded):
        ledger._use(tx, late, 100, 100)


async def test_of_twenty_parallel_holds_with_credit_for_one_exactly_one_succeeds(
    database: Database, clock: Clock
) -> None:
    results = await asyncio.gather(
        *(database.write(hold, clock()) for _ in range(20)), return_exceptions=True
    )
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, QuotaExceeded) for result in results) == 19
    assert await database.read(left, clock()) == (40, 0, 60)


async def test_of_parallel_ends_of_one_job_exactly_one_succeeds(
    database: Database, clock: Clock
) -> None:
    job_id = await database.write(hold, clock())
    ends = [ledger.capture, ledger.release] * 10
    results = await asyncio.gather(*(database.write(end, job_id, clock()) for end in ends))
    assert results == [True] + [False] * 19
