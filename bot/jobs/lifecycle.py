"""The life of a job as a table: which state may follow which, and what each means for money.

Pure: the worker does what is decided here, ``storage.jobs`` guards every move with it, the README
draws it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.models import Job, State

TRANSITIONS: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        State.QUEUED: frozenset({State.SUBMITTING, State.CANCELLED, State.FAILED}),
        State.SUBMITTING: frozenset(
            {State.GENERATING, State.UNKNOWN, State.QUEUED, State.FAILED, State.EXPIRED}
        ),
        State.UNKNOWN: frozenset({State.GENERATING, State.EXPIRED}),
        State.GENERATING: frozenset({State.READY, State.QUEUED, State.FAILED, State.EXPIRED}),
        State.READY: frozenset({State.DELIVERING, State.FAILED}),
        State.DELIVERING: frozenset({State.DONE, State.READY, State.FAILED}),
        State.DONE: frozenset(),
        State.FAILED: frozenset(),
        State.EXPIRED: frozenset({State.READY}),
        State.CANCELLED: frozenset(),
    }
)

# The credits of a job in one of these are held, neither spent nor given back.
HELD = frozenset({State.QUEUED, State.SUBMITTING, State.UNKNOWN, State.GENERATING})
AT_KIE = frozenset({State.SUBMITTING, State.UNKNOWN, State.GENERATING})
OPEN = HELD | {State.READY, State.DELIVERING}
ENDED = frozenset(State) - OPEN


def may(source: State, target: State) -> bool:
    """Tell whether the table allows the move."""
    return target in TRANSITIONS[source]


def is_over(job: Job, now: float) -> bool:
    """Tell whether the time is up in which a job must have come to its end."""
    return job.hard_deadline_at is not None and now >= job.hard_deadline_at
