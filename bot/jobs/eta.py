"""When a job is likely to be finished, learnt from earlier ones: pure arithmetic.

Durations of one model and kind are treated as log-normal, which is what generation services show:
a narrow body and a long tail to the right.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

# The spread (standard deviation of the logarithm) assumed before anything was learnt.
PRIOR_SPREAD = 0.35
# How many imagined jobs the setting counts for: a handful of real ones soon outweighs it.
PRIOR_WEIGHT = 3
# No sooner than this quantile is KIE asked at all.
FIRST_READ_QUANTILE = 0.02
# Pauses of the usual spread where a job is likely to end: some eleven questions a job in all.
PACE = 0.165
# From this quantile on a job is late, and asked after less often the later it is.
LATE_QUANTILE = 0.99
LONGEST_PAUSE_SECONDS = 300.0
# Where a callback is to say when, a record is read without one only beyond this quantile.
SAFETY_QUANTILE = 0.98


@dataclass(frozen=True, slots=True)
class Estimate:
    """A log-normal distribution of durations: ``median`` in seconds, ``spread`` of the log."""

    median: float
    spread: float

    def quantile(self, share: float) -> float:
        """Return the seconds within which ``share`` (0 < share < 1) of the jobs finish."""
        return self.median * math.exp(self.spread * NormalDist().inv_cdf(share))

    def hazard(self, elapsed: float) -> float:
        """Return the share per second of the jobs still running that end about now.

        ``elapsed`` in seconds, up to where hardly any still runs.
        """
        normal = NormalDist()
        position = math.log(elapsed / self.median) / self.spread
        still_running = normal.cdf(-position)
        return normal.pdf(position) / (self.spread * elapsed * still_running)


def learn(durations: Sequence[float], expected_seconds: float) -> Estimate:
    """Return what earlier ``durations`` (seconds) say, starting from the expected median."""
    logs = [math.log(max(seconds, 0.001)) for seconds in durations]
    prior = math.log(expected_seconds)
    weight = PRIOR_WEIGHT + len(logs)
    mean = (PRIOR_WEIGHT * prior + sum(logs)) / weight
    if not logs:
        return Estimate(expected_seconds, PRIOR_SPREAD)
    squares = sum((log - mean) ** 2 for log in logs) + PRIOR_WEIGHT * PRIOR_SPREAD**2
    return Estimate(math.exp(mean), min(max(math.sqrt(squares / weight), 0.1), 1.0))


def next_read(estimate: Estimate, elapsed: float, shortest_pause: float) -> float:
    """Return the seconds to wait before the record is read (again), ``elapsed`` after submission.

    Nothing is asked before a job of this kind can be ready; then the more often, the likelier it is
    to end now, given that it has not; a late one less and less often.
    """
    first = estimate.quantile(FIRST_READ_QUANTILE)
    if elapsed < first:
        return max(first - elapsed, shortest_pause)
    late_from = estimate.quantile(LATE_QUANTILE)
    pause = _pause(estimate, min(elapsed, late_from))
    late = (elapsed - late_from) / 6
    return min(max(pause, late, shortest_pause), LONGEST_PAUSE_SECONDS)


def _pause(estimate: Estimate, elapsed: float) -> float:
    """Return the pause that the chance of an end asks for.

    With the square root of the hazard as the pace the mean delay would be the smallest that so many
    questions allow, with even pauses the longest delay would be; the fourth root is in between.
    """
    usual = estimate.median * estimate.spread
    return PACE * usual / math.pow(usual * estimate.hazard(elapsed), 0.25)


def next_safety_read(estimate: Estimate, elapsed: float, shortest_pause: float) -> float:
    """Return the seconds to wait for a callback before the record is read without one.

    Not before nearly all jobs of the kind are finished, then in pauses that grow with the time
    already waited.
    """
    first = estimate.quantile(SAFETY_QUANTILE)
    if elapsed < first:
        return max(first - elapsed, shortest_pause)
    return min(max(elapsed / 2, shortest_pause), LONGEST_PAUSE_SECONDS)


def remaining(estimate: Estimate, elapsed: float) -> float | None:
    """Return the honest rest in seconds: the median of the jobs that took at least ``elapsed``.

    ``None`` once a job is beyond nearly all earlier ones and nothing honest can be said.
    """
    position = NormalDist().cdf(math.log(max(elapsed, 0.001) / estimate.median) / estimate.spread)
    if position > 0.98:  # noqa: PLR2004 - two jobs in a hundred
        return None
    return max(estimate.quantile((1 + position) / 2) - elapsed, 0.0)


def progress(estimate: Estimate, elapsed: float) -> float:
    """Return how full the bar is, from 0 to just below 1: it never claims to be finished."""
    rest = remaining(estimate, elapsed)
    return 0.95 if rest is None else min(elapsed / (elapsed + rest), 0.95) if elapsed > 0 else 0.0
