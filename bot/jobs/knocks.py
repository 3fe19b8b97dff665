"""The use case of KIE's callbacks: a knock makes a job due, or tells which task a job has.

What a callback says is never believed beyond that: the record, read from KIE, decides.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.jobs import silence, transactions
from bot.jobs.batches import Batches
from bot.jobs.rules import RECORD_SECONDS, Rules
from bot.kie import wire
from bot.models import Job, State
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


@dataclass(frozen=True, slots=True)
class _Knock:
    """A callback that counts: whose it is, and the task it names."""

    job: Job
    attempt: Attempt
    task_id: str | None


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
        if forged := verdicts.count(Verdict.FORGED):
            log.warning("callbacks are not signed with our key", extra={"count": forged})
        if heard:
            await self._database.write(knock_all, tuple(heard), now, self._rules)
            self._nudge()
        return verdicts


def _verdict(callback: Callback, known: frozenset[str]) -> Verdict:
    if callback.token_hash not in known:
        return Verdict.UNKNOWN
    return Verdict.HEARD if callback.genuine else Verdict.FORGED


def knock_all(tx: Connection, callbacks: Sequence[Callback], now: float, rules: Rules) -> None:
    """Do what genuine callbacks ask for, in the transaction that precedes their answers."""
    heard = list(_heard(tx, callbacks, now))
    if heard:
        silence.heard(tx)
    knocks.note(tx, [(each.attempt, each.task_id) for each in heard], now)
    for each in heard:
        _tell_task(tx, each, now, rules)
    knocks.make_due(tx, [each.job for each in heard if _is_to_be_read(each)], now)


def _heard(tx: Connection, callbacks: Sequence[Callback], now: float) -> Iterator[_Knock]:
    """Find what the callbacks are about; alert where one names a task that is not its own."""
    attempts = knocks.attempts_of(tx, {each.token_hash for each in callbacks})
    current = jobs.get_all(tx, sorted({attempt.job_id for attempt in attempts.values()}))
    by_id = {job.id: job for job in current}
    makers = knocks.makers(tx, {each.task_id for each in callbacks if each.task_id is not None})
    for callback in callbacks:
        attempt = attempts.get(callback.token_hash)
        job = by_id.get(attempt.job_id) if attempt is not None else None
        if attempt is None or job is None or attempt.number != job.attempt:
            continue  # only the newest attempt may finish a job
        heard = _Knock(job, attempt, callback.task_id)
        if _is_foreign(heard, makers):
            extra = {"job": job.ref, "task": callback.task_id}
            log.warning("a callback named another task", extra=extra)
            transactions.alert_foreign(tx, job, now)
        else:
            yield heard if _names_its_task(job) else replace(heard, task_id=None)


def _is_foreign(heard: _Knock, makers: Mapping[str, Collection[int]]) -> bool:
    named, known = heard.task_id, heard.attempt.task_id
    if named is None or named == known:
        return False
    is_of_another = any(job_id != heard.job.id for job_id in makers.get(named, ()))
    if _names_its_task(heard.job):
        return is_of_another or known is not None
    return is_of_another and known is not None


def _names_its_task(job: Job) -> bool:
    """An upgrade that KIE keeps with its video's task may be called by that name, or any other."""
    return job.dialect is not None and wire.has_own_task(job.kind, job.dialect)


def _is_to_be_read(heard: _Knock) -> bool:
    """What has its result, or has failed, needs no look at KIE any more."""
    if heard.job.state is State.EXPIRED:
        return heard.job.task_id is not None or heard.task_id is not None
    return heard.job.state is State.GENERATING


def _tell_task(tx: Connection, heard: _Knock, now: float, rules: Rules) -> None:
    """Let a job know its task, if the answer that should have told it was lost.

    A submission that is under way finds it in the attempt when it is answered, or is not.
    """
    job, attempt, named = heard.job, heard.attempt, heard.task_id
    if named is None:
        return
    if job.state is State.UNKNOWN:
        transactions.settle(tx, job, attempt, named, now, rules)
    elif job.state is State.EXPIRED and job.task_id is None:
        knocks.reveal(tx, job, named, attempt.sent_at or now)
