"""B2: how long after KIE has made a video the bot knows it."""

from statistics import quantiles

from tests.benchmarks.b01_requests import JOBS_PER_ROUND
from tests.benchmarks.lives import pass_jobs
from tests.benchmarks.report import Goal, Line
from tests.benchmarks.size import Size

GOALS = (("callbacks", True, 1.5, 2.0), ("polling only", False, 6.0, 15.0))


def measure(size: Size) -> list[Line]:
    """Look at the same jobs as B1."""
    count = size.of(JOBS_PER_ROUND)
    lines = []
    for name, with_callbacks, *bounds in GOALS:
        rounds = range(size.rounds)
        seen = [pass_jobs(count, seed, with_callbacks=with_callbacks) for seed in rounds]
        for percent, bound in zip((50, 95), bounds, strict=True):
            lines.append(
                Line(
                    f"B2 ready at KIE → known here, p{percent}, {name}",
                    "s",
                    "asking every 5 s",
                    [_percentile(each.delays, percent) for each in seen],
                    [_percentile(each.naive_delays, percent) for each in seen],
                    Goal(bound, on_ours=True),
                )
            )
    return lines


def _percentile(values: list[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]
