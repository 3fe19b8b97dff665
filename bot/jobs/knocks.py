"""The use case of KIE's callbacks: a knock makes a job due, or tells which task a job has.

What a callback says is never believed beyond that: the record, read from KIE, decides.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.jobs import silence, transactions
from bot.jobs.batches import Batches
from bot.jobs.rules import RECORD_SECONDS, Rules
from bot.kie import wire
from bot.models import Job, Reason, State
from bot.tokens import hash_token
from storage import jobs, knocks
from storage.database import Connection, Database
from storage.knocks import Attempt

log = logging.getLogger(__name__)


class Verdict(StrEnum):
    """What is to be answered to a callback."""

    HEARD = "heard"
    UNKNOWN = "unknown"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Callback:
    """One callback: the hash of its URL's token, the task its body names.

    ``genuine``: it is signed as it must be.
    """

    token_hash: str
    task_id: str | None
    genuine: bool


class Knocks:
    """Takes callbacks; those that come together are committed together."""

    def __init__(
        self,
        *,
        database: Database,
        rules: Rules,
        nudge: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._rules = rules
        self._nudge = nudge
        self._clock = clock
        self._batches = Batches(self._take_all)

    async def take(self, token: str, task_id: str | None, *, genuine: bool) -> Verdict:
        """Return once all that follows of a callback is committed; safe to repeat.

        Raises StorageError; nothing is changed then. An unknown, old or unsigned one changes
        nothing either.
        """
        callback = Callback(hash_token(token), task_id, genuine)
        return await self._batches.ask(callback)

    async def close(self) -> None:
        """Finish what has begun, before the database closes."""
        await self._batches.close()

    async def _take_all(self, callbacks: Sequence[Callback]) -> list[Verdict]:
        now = self._clock()
        hashes = {each.token_hash for each in callbacks}
        known = await self._database.read(knocks.known, hashes, now - RECORD_SECONDS)
        verdicts = [_verdict(each, known) for each in callbacks]
        heard = {
            callback: None
            for callback, verdict in zip(callbacks, verdicts, strict=True)
            if verdict is Verdict.HEARD
        }
        if heard:
            await self._database.write(_knock_all, tuple(heard), now, self._rules)
            self._nudge()
        return verdicts


def _verdict(callback: Callback, known: frozenset[str]) -> Verdict:
    if callback.token_hash not in known:
        return Verdict.UNKNOWN
    return Verdict.HEARD if callback.genuine else Verdict.FORGED


def _knock_all(tx: Connection, callbacks: Sequence[Callback], now: float, rules: Rules) -> None:
    for callback in callbacks:
        knock(tx, callback, now, rules)


def knock(tx: Connection, callback: Callback, now: float, rules: Rules) -> None:
    """Do what a genuine callback asks for, in the transaction that precedes its answer."""
    attempt = knocks.attempt_of(tx, callback.token_hash)
    job = None if attempt is None else jobs.get(tx, attempt.job_id)
    if attempt is None or job is None or attempt.number != job.attempt:
        return  # only the newest attempt may finish a job
    named = callback.task_id
    if named is not None and _is_foreign(tx, job, attempt, named):
        log.warning("a callback named another task", extra={"job": job.ref, "task": named})
        transactions.alert_foreign(tx, job, now)
        return
    if named is not None and not _names_its_task(job):
        named = None
    silence.heard(tx)
    knocks.note(tx, attempt, named, now)
    _move_on(tx, job, attempt, named, now, rules)


def _is_foreign(tx: Connection, job: Job, attempt: Attempt, named: str) -> bool:
    if attempt.task_id is not None and named != attempt.task_id and _names_its_task(job):
        return True
    return named != attempt.task_id and knocks.is_of_another(tx, named, job.id)


def _names_its_task(job: Job) -> bool:
    """An upgrade that KIE keeps with its video's task may be called by whatever name."""
    return job.dialect is not None and wire.has_own_task(job.kind, job.dialect)


def _move_on(
    tx: Connection, job: Job, attempt: Attempt, named: str | None, now: float, rules: Rules
) -> None:
    match job.state:
        case State.GENERATING:
            knocks.make_due(tx, job, now)
        case State.UNKNOWN if named is not None:
            transactions.settle(tx, job, attempt, named, now, rules)
        case State.EXPIRED if job.task_id is not None:
            knocks.make_due(tx, job, now)
        case State.EXPIRED if named is not None and job.error is Reason.UNKNOWN_OUTCOME:
            sent_at = attempt.sent_at or now
            knocks.make_due(tx, job, now, task_id=named, submitted_at=sent_at)
        case _:
            # A submission that is under way finds the note when it is answered, or its answer
            # is lost; what has its result, or has failed, needs no look.
            return
