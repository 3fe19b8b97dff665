"""How many updates in a row one person may have handled: what is too many is left out."""

from collections.abc import Callable
from enum import StrEnum

# More than anybody types or presses, photos of several albums included.
BURST = 40
PER_SECOND = 1.0
# Whoever goes on is told again, but not at every message.
TELL_AGAIN_SECONDS = 60.0
_SWEEP_AT = 1024


class Verdict(StrEnum):
    """What is to be done with an update."""

    HANDLE = "handle"
    TELL = "tell"
    LEAVE_OUT = "leave-out"


class Flood:
    """A bucket for each person, lost with the process: it guards work, not money."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[int, tuple[float, float]] = {}  # what is left, and when
        self._told: dict[int, float] = {}

    def judge(self, user_id: int) -> Verdict:
        """Count an update of a person."""
        now = self._clock()
        left = self._left(user_id, now)
        if left >= 1:
            self._buckets[user_id] = (left - 1, now)
            self._sweep(now)
            return Verdict.HANDLE
        self._buckets[user_id] = (left, now)
        if self._was_told(user_id, now):
            return Verdict.LEAVE_OUT
        self._told[user_id] = now
        return Verdict.TELL

    def _left(self, user_id: int, now: float) -> float:
        left, at = self._buckets.get(user_id, (float(BURST), now))
        # The clock may have been set back.
        return min(left + max(now - at, 0.0) * PER_SECOND, BURST)

    def _was_told(self, user_id: int, now: float) -> bool:
        return abs(now - self._told.get(user_id, float("-inf"))) < TELL_AGAIN_SECONDS

    def _sweep(self, now: float) -> None:
        """Forget those whose buckets are full again, now and then."""
        if len(self._buckets) < _SWEEP_AT:
            return
        busy = {each for each in self._buckets if self._left(each, now) < BURST}
        self._buckets = {each: self._buckets[each] for each in busy}
        self._told = {each: at for each, at in self._told.items() if each in busy}
