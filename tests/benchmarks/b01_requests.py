"""B1: how many requests to KIE a finished job takes, beside the two that it must."""

from tests.benchmarks.lives import pass_jobs
from tests.benchmarks.report import Goal, Line
from tests.benchmarks.size import Size

JOBS_PER_ROUND = 100
MUST = 2.0


def measure(size: Size) -> list[Line]:
    """Let jobs pass in leaps, with callbacks and without."""
    count = size.of(JOBS_PER_ROUND)
    lines = []
    for name, with_callbacks, bound in (("callbacks", True, 1.25), ("polling only", False, 6.0)):
        rounds = range(size.rounds)
        seen = [pass_jobs(count, seed, with_callbacks=with_callbacks) for seed in rounds]
        lines.append(
            Line(
                f"B1 KIE requests per job, {name}",
                "requests",
                "POST and record",
                [each.requests for each in seen],
                [MUST for _ in seen],
                Goal(bound),
            )
        )
    return lines
