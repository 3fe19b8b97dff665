"""Pauses between tries, by table."""

import pytest

from bot.jobs.retry import Policy, pause

PLAIN = Policy(first=2, factor=3, cap=50, jitter=0)


@pytest.mark.parametrize(
    ("policy", "failures", "chance", "retry_after", "seconds"),
    [
        (PLAIN, 1, 0.0, None, 2),
        (PLAIN, 2, 0.0, None, 6),
        (PLAIN, 3, 0.0, None, 18),
        (PLAIN, 4, 0.0, None, 50),
        (PLAIN, 10_000, 0.0, None, 50),
        (Policy(first=2, jitter=0.5), 1, 0.5, None, 2.5),
        (Policy(first=2, tries=3), 2, 0.0, None, 4),
        (Policy(first=2, tries=3), 3, 0.0, None, None),
        (PLAIN, 1, 0.0, 30, 30),
        (PLAIN, 1, 0.0, -5, 0),
        (Policy(first=2, jitter=0, retry_after_cap=100), 1, 0.0, 10_000, 100),
        (Policy(first=2, tries=1), 1, 0.0, 30, None),
    ],
)
def test_the_pause_after_a_failure(
    policy: Policy, failures: int, chance: float, retry_after: float | None, seconds: float | None
) -> None:
    assert pause(policy, failures, chance=chance, retry_after=retry_after) == seconds
