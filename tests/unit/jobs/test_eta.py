"""What is learnt from earlier durations, and when KIE is asked because of it."""

import random
from statistics import median, quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.eta import (
    PRIOR_SPREAD,
    Estimate,
    learn,
    next_read,
    next_safety_read,
    progress,
    remaining,
)

FAST = Estimate(180.0, 0.35)
DURATIONS = st.lists(st.floats(0.01, 1e5), max_size=60)


def test_before_anything_is_learnt_the_setting_counts() -> None:
    assert learn([], 180) == Estimate(180, PRIOR_SPREAD)


def test_many_jobs_outweigh_the_setting() -> None:
    assert learn([60.0] * 50, 180).median == pytest.approx(60, rel=0.15)


@given(DURATIONS, st.floats(0.1, 1e4))
def test_every_past_gives_a_usable_estimate(durations: list[float], expected: float) -> None:
    estimate = learn(durations, expected)
    assert 0 < estimate.quantile(0.1) < estimate.median < estimate.quantile(0.9)


@given(DURATIONS, st.floats(0, 1e6), st.floats(0.1, 60))
def test_a_pause_is_never_shorter_than_the_setting(
    durations: list[float], elapsed: float, shortest: float
) -> None:
    assert next_read(learn(durations, 180), elapsed, shortest) >= shortest


def test_nothing_is_asked_before_a_job_can_be_ready() -> None:
    assert next_read(FAST, 0, 5) == pytest.approx(FAST.quantile(0.02))


def test_polling_alone_asks_seldom_and_learns_of_results_soon() -> None:
    """The goals for polling only: 2 × 6 requests a job, known within 6 s (median) and 15 s."""
    chance = random.Random(1)  # noqa: S311 - no secret
    reads, delays = [], []
    for _ in range(2000):
        takes = chance.lognormvariate(5.193, 0.35)
        elapsed, count = next_read(FAST, 0, 5), 1
        while elapsed < takes:
            elapsed += next_read(FAST, elapsed, 5)
            count += 1
        reads.append(count)
        delays.append(elapsed - takes)
    assert sum(reads) / len(reads) + 1 <= 12
    assert median(delays) <= 6
    assert quantiles(delays, n=20)[-1] <= 15


def test_where_callbacks_tell_nearly_no_job_is_asked_after_before_it_is_ready() -> None:
    first = next_safety_read(FAST, 0, 5)
    assert first == pytest.approx(FAST.quantile(0.98))
    assert next_safety_read(FAST, 100, 5) == pytest.approx(first - 100)


@given(st.floats(0, 1e6), st.floats(0.1, 60))
def test_safety_reads_keep_their_distance_and_never_end(elapsed: float, shortest: float) -> None:
    first = FAST.quantile(0.98)
    pause = next_safety_read(FAST, elapsed, shortest)
    assert shortest <= pause <= max(first, 300)
    if elapsed > first:
        assert pause >= min(elapsed / 2, 300)


def test_the_rest_shrinks_and_is_not_made_up_at_the_end() -> None:
    rests = [remaining(FAST, elapsed) for elapsed in (0, 60, 120, 180)]
    assert rests == sorted(rests, key=lambda rest: -(rest or 0))
    assert remaining(FAST, 0) == pytest.approx(180)
    assert remaining(FAST, 3600) is None


@given(st.floats(0, 1e6))
def test_the_bar_never_claims_to_be_full(elapsed: float) -> None:
    assert 0 <= progress(FAST, elapsed) < 1
