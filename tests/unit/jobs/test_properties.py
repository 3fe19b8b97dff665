"""Whatever is done to jobs, in whatever order and however late: the books stay in balance."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, create_engine

from bot.errors import QueueFull, QuotaExceeded
from bot.jobs import dispatch, orders, transactions
from bot.jobs.lifecycle import ENDED, HELD, may
from bot.models import Job, Kind, NewJob, Options, Place, Quota, Reason, State
from storage import jobs, ledger
from storage.audit import audit
from storage.database import Connection
from storage.schema import metadata
from tests.unit.jobs.life import RULES

DAY = 86400.0
NOON = 1_800_014_400.0
PEOPLE = st.sampled_from([11, 12])
ADMIN = 1
DAILY = 300
RULES_HERE = replace(RULES, daily_credits=DAILY, daily_credits_total=2000, max_concurrent=4)


class Books(RuleBasedStateMachine):
    """Jobs of three people, moved by hand through the transactions that the bot has."""

    ordered = Bundle("ordered")

    @initialize()
    def open(self) -> None:
        """Begin with an empty database at noon."""
        self.engine: Engine = create_engine("sqlite://")
        metadata.create_all(self.engine)
        self.now = NOON
        self.updates = 0
        self.tasks = 0
        self.ended: dict[int, State] = {}

    def teardown(self) -> None:
        """Let the database go."""
        if hasattr(self, "engine"):
            self.engine.dispose()

    def write(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Do something in a transaction, as the database does."""
        with self.engine.begin() as tx:
            return fn(tx, *args, **kwargs)

    def job(self, job_id: int) -> Job:
        """Read a job anew."""
        job = self.write(jobs.get, job_id)
        assert isinstance(job, Job)
        return job

    @rule(seconds=st.sampled_from([1.0, 60.0, 3600.0, DAY]))
    def pass_time(self, seconds: float) -> None:
        """Midnight passes sooner or later."""
        self.now += seconds

    @rule(user=PEOPLE, amount=st.integers(1, 500), again=st.booleans())
    def grant(self, user: int, amount: int, again: bool) -> None:
        """An update that is handled again grants nothing."""
        self.updates += 0 if again and self.updates else 1
        before = self.quota(user).granted
        granted = self.write(ledger.grant, user, amount, self.updates, self.now)
        assert self.quota(user).granted == before + (amount if granted else 0)

    @rule(
        target=ordered,
        user=st.sampled_from([11, 12, ADMIN]),
        price=st.sampled_from([5, 30, 60, 120, 250]),
    )
    def order(self, user: int, price: int) -> Any:
        """Ordered as far as the credits go, and never further."""
        before = self.quota(user)
        try:
            job = self.write(
                orders.place, _new(user, price), self.now, RULES_HERE, admin=user == ADMIN
            )
        except QuotaExceeded:
            assert before.available is not None
            assert before.available < price
            return multiple()
        except QueueFull:
            return multiple()
        assert before.available is None or before.available >= price
        assert self.quota(user).held == before.held + price
        return job.id

    @rule()
    def submit(self) -> None:
        """Take from the queue what the limits let through, and say that it is sent."""
        work = self.write(dispatch.take_work, self.now, RULES_HERE, 2, frozenset())
        for submission in work.submissions:
            assert self.write(transactions.mark_sent, submission.job, self.now)

    @rule(job_id=ordered, stale=st.booleans())
    def accept(self, job_id: int, stale: bool) -> None:
        """An answer that comes late, to an attempt that is over, moves nothing."""
        job = self.job(job_id)
        if job.state is not State.SUBMITTING:
            return
        self.tasks += 1
        if stale:
            self.move(transactions.put_back, job, self.now, self.now, "again")
        moved = self.write(
            transactions.accept, job, f"task-{self.tasks}", self.now, self.now, RULES_HERE
        )
        assert moved is not stale

    @rule(job_id=ordered, fallback=st.booleans())
    def succeed(self, job_id: int, fallback: bool) -> None:
        """What KIE made is paid for once; what was given back is not paid for again."""
        job = self.job(job_id)
        before = self.quota(job.user_id)
        moved = self.move(
            transactions.succeed, job, ("https://x/1.mp4",), self.now, RULES_HERE, fallback=fallback
        )
        after = self.quota(job.user_id)
        spent = job.price if moved and job.state in HELD else 0
        assert after.held == before.held - spent
        assert after.available == before.available

    @rule(job_id=ordered)
    def fail(self, job_id: int) -> None:
        """What was held comes back, the free part to the day of now."""
        self.give_back(job_id, transactions.fail, Reason.GENERATION_FAILED)

    @rule(job_id=ordered)
    def expire(self, job_id: int) -> None:
        """Waiting ends."""
        self.give_back(job_id, transactions.expire, Reason.TOO_LATE)

    @rule(job_id=ordered)
    def cancel(self, job_id: int) -> None:
        """Taken back while it waits."""
        self.give_back(job_id, transactions.cancel_queued)

    @rule(job_id=ordered)
    def lose_sight(self, job_id: int) -> None:
        """The answer to the paid request is lost."""
        self.give_back(job_id, transactions.lose_sight, rules=RULES_HERE)

    @rule(job_id=ordered)
    def deliver(self, job_id: int) -> None:
        """On its way into the chat, or there."""
        job = self.job(job_id)
        if job.state is State.READY:
            self.move(transactions.begin_delivery, job, self.now)
        elif job.state is State.DELIVERING:
            self.move(transactions.finish, job, self.now, message_id=9, file_id=None)

    @rule(job_id=ordered)
    def undeliver(self, job_id: int) -> None:
        """Not in the chat after all."""
        job = self.job(job_id)
        if job.state is State.DELIVERING:
            self.move(transactions.undeliver, job, self.now, None)

    def give_back(self, job_id: int, end: Any, *args: Any, **kwargs: Any) -> None:
        """End a job; free credits return, also after midnight and never more than were taken."""
        job = self.job(job_id)
        before = self.quota(job.user_id)
        if not self.move(end, job, *args, self.now, *kwargs.values()):
            return
        after, state = self.quota(job.user_id), self.job(job_id).state
        if state not in ENDED:
            return
        assert after.held == before.held - (job.price if job.state in HELD else 0)
        if job.user_id != ADMIN:
            assert after.free is not None
            assert before.free is not None
            returned = after.free - before.free + after.granted - before.granted
            came_late = job.error is not None  # what was held is given back since it expired
            assert returned == (0 if came_late else job.price)

    def move(self, fn: Any, job: Job, *args: Any, **kwargs: Any) -> bool:
        """Try a move; one that the life cycle does not know is a fault that changes nothing."""
        try:
            return bool(self.write(fn, job, *args, **kwargs))
        except ValueError:
            assert self.job(job.id).state is job.state
            return False

    def quota(self, user: int) -> Quota:
        """Return what somebody has."""
        found = self.write(
            ledger.quota, user, self.now, daily=DAILY, total=2000, admin=user == ADMIN
        )
        assert isinstance(found, Quota)
        return found

    @invariant()
    def the_books_are_in_balance(self) -> None:
        """Every hold has an open job, every sum its postings, and nothing is below zero."""
        if not hasattr(self, "engine"):
            return
        assert self.write(audit) == []
        for user in (11, 12, ADMIN):
            quota = self.quota(user)
            assert quota.held >= 0
            assert quota.granted >= 0

    @invariant()
    def nothing_leaves_its_end_but_what_comes_late(self) -> None:
        """Only what expired may still become ready."""
        if not hasattr(self, "engine"):
            return
        for job_id, state in self.write(_states).items():
            if (ended := self.ended.get(job_id)) is not None and ended is not state:
                assert ended is State.EXPIRED
                del self.ended[job_id]
            if state in ENDED:
                self.ended[job_id] = state
        assert self.write(_impossible_moves) == []


def _new(user: int, price: int) -> NewJob:
    return NewJob(
        user_id=user,
        place=Place(user),
        kind=Kind.GENERATE,
        prompt="A cat",
        options=Options("veo3_fast"),
        photos=(),
        price=price,
        status_message_id=None,
    )


def _states(tx: Connection) -> Mapping[int, State]:
    rows = tx.exec_driver_sql("SELECT id, state FROM jobs")
    return {job_id: State(state) for job_id, state in rows}


def _impossible_moves(tx: Connection) -> list[tuple[str, str]]:
    query = "SELECT DISTINCT from_state, to_state FROM events WHERE from_state IS NOT NULL"
    moves = [(State(old), State(new)) for old, new in tx.exec_driver_sql(query)]
    return [(old.value, new.value) for old, new in moves if not may(old, new)]


def test_no_order_of_deeds_brings_life_cycle_or_ledger_out_of_balance() -> None:
    run_state_machine_as_test(
        Books, settings=settings(max_examples=12, stateful_step_count=30, deadline=None)
    )
