"""Do KIE's callbacks arrive? While they do, a record is read when one has knocked.

All of it runs inside the transactions of jobs and callbacks.
"""

from bot.catalog import UPGRADES
from bot.models import Job
from storage import knocks, operations
from storage.database import Connection

ALERT = "callbacks-silent"
# So many videos in a row without a callback, and nothing is expected of callbacks any more.
MISSES = 3
# The same for an address that no callback has ever reached: it is probably wrong.
MISSES_BEFORE_THE_FIRST = 1

_MISSED = "callbacks_missed"
_EVER_HEARD = "callbacks_heard"
_STARTED_AT = "started_at"


def started(tx: Connection, now: float) -> None:
    """The process begins to listen: what was submitted earlier may have knocked in vain."""
    operations.set_fact(tx, _STARTED_AT, repr(now))


def heard(tx: Connection) -> None:
    """A genuine callback came."""
    if _missed(tx) or not _ever_heard(tx):
        operations.set_fact(tx, _MISSED, "0")
        operations.set_fact(tx, _EVER_HEARD, "yes")
        operations.clear_alert(tx, ALERT)


def finished(tx: Connection, job: Job, now: float) -> bool:
    """Count whether a callback had told that a job's video is ready, as the record says.

    False: nobody told, and nobody looked for a while, so the video may have been ready long ago.
    """
    attempt = knocks.newest(tx, job)
    if attempt is None or attempt.knocked_at is not None:
        return True
    if (job.submitted_at or 0.0) < float(operations.fact(tx, _STARTED_AT) or 0.0):
        return False
    if not attempt.expected or job.kind in UPGRADES:  # those are asked after all the time
        return True
    was_waited_for = is_worth_waiting(tx, job)
    missed = _missed(tx) + 1
    operations.set_fact(tx, _MISSED, str(missed))
    if missed >= MISSES:
        operations.raise_alert(tx, ALERT, "", now)
    return not was_waited_for


def is_worth_waiting(tx: Connection, job: Job) -> bool:
    """Tell whether a callback will say when to read the job's record (again)."""
    attempt = knocks.newest(tx, job)
    if attempt is None or not attempt.expected or attempt.knocked_at is not None:
        return False
    return _missed(tx) < (MISSES if _ever_heard(tx) else MISSES_BEFORE_THE_FIRST)


def _missed(tx: Connection) -> int:
    return int(operations.fact(tx, _MISSED) or 0)


def _ever_heard(tx: Connection) -> bool:
    return operations.fact(tx, _EVER_HEARD) is not None
