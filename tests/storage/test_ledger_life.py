"""Whatever happens in whatever order, the ledger agrees with a simple model of it."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from bot.errors import QuotaExceeded
from bot.models import State
from storage import ledger
from storage.audit import audit
from tests.storage.conftest import add_job, set_state

DAILY, TOTAL = 100, 260
USERS = st.integers(1, 3)
AMOUNTS = st.integers(0, 130)


@dataclass
class Credits:
    """What the model knows of a job's credits."""

    user: int
    free: int
    granted: int
    operator: int
    day: int
    state: str = "held"

    @property
    def amount(self) -> int:
        return self.free + self.granted + self.operator


@dataclass
class Model:
    """The rules of quotas once more, as plain numbers."""

    day: int = 20_000
    free: dict[int, int] = field(default_factory=lambda: dict.fromkeys((1, 2, 3), DAILY))
    granted: dict[int, int] = field(default_factory=lambda: dict.fromkeys((1, 2, 3), 0))
    used: dict[int, int] = field(default_factory=dict)
    jobs: dict[int, Credits] = field(default_factory=dict)

    @property
    def total_left(self) -> int:
        return TOTAL - self.used.get(self.day, 0)

    def affords(self, user: int, amount: int, *, admin: bool) -> bool:
        own = admin or amount <= self.free[user] + self.granted[user]
        return own and amount <= self.total_left

    def hold(self, job_id: int, user: int, amount: int, *, admin: bool) -> None:
        free = 0 if admin else min(amount, self.free[user])
        granted = 0 if admin else amount - free
        self.free[user] -= free
        self.granted[user] -= granted
        self.used[self.day] = self.used.get(self.day, 0) + amount
        operator = amount if admin else 0
        self.jobs[job_id] = Credits(user, free, granted, operator, self.day)

    def end(self, job_id: int, source: str, target: str) -> bool:
        job = self.jobs[job_id]
        if job.state != source:
            return False
        job.state = target
        if target != "captured":
            self.free[job.user] += job.free
            self.granted[job.user] += job.granted
        if target == "released":
            self.used[job.day] -= job.amount
        return True


class LedgerLife(RuleBasedStateMachine):
    """Holds, ends, grants and midnights in any order."""

    jobs: Bundle[int] = Bundle("jobs")

    def __init__(self, memory: Engine) -> None:
        super().__init__()
        self.tx = memory.connect()
        self.model = Model()
        self.updates = 0

    @property
    def now(self) -> float:
        return self.model.day * 86_400.0 + 3600.0

    @rule(target=jobs, user=USERS, amount=AMOUNTS, admin=st.booleans())
    def hold(self, user: int, amount: int, *, admin: bool) -> int | MultipleResults[int]:
        undo = self.tx.begin_nested()
        job_id = add_job(self.tx, user, amount)
        possible = self.model.affords(user, amount, admin=admin)
        try:
            ledger.hold(
                self.tx, job_id, user, amount, self.now, daily=DAILY, total=TOTAL, admin=admin
            )
        except QuotaExceeded:
            assert not possible
            undo.rollback()
            return multiple()
        assert possible
        self.model.hold(job_id, user, amount, admin=admin)
        return job_id

    @rule(job_id=jobs)
    def capture(self, job_id: int) -> None:
        done = ledger.capture(self.tx, job_id, self.now)
        assert done == self.model.end(job_id, "held", "captured")
        if done:
            set_state(self.tx, job_id, State.READY)

    @rule(job_id=jobs)
    def release(self, job_id: int) -> None:
        done = ledger.release(self.tx, job_id, self.now)
        assert done == self.model.end(job_id, "held", "released")
        if done:
            set_state(self.tx, job_id, State.EXPIRED)

    @rule(job_id=jobs)
    def refund(self, job_id: int) -> None:
        done = ledger.refund(self.tx, job_id, self.now)
        assert done == self.model.end(job_id, "captured", "refunded")
        if done:
            set_state(self.tx, job_id, State.FAILED)

    @rule(user=USERS, amount=st.integers(1, 200), again=st.booleans())
    def grant(self, user: int, amount: int, *, again: bool) -> None:
        new = not (again and self.updates)
        self.updates += new
        assert ledger.grant(self.tx, user, amount, self.updates, self.now) == new
        if new:
            self.model.granted[user] += amount

    @rule()
    def midnight(self) -> None:
        self.model.day += 1
        self.model.free = dict.fromkeys(self.model.free, DAILY)

    @invariant()
    def adds_up(self) -> None:
        assert audit(self.tx) == []

    @invariant()
    def agrees_with_the_model(self) -> None:
        for user in self.model.free:
            found = ledger.quota(self.tx, user, self.now, daily=DAILY, total=TOTAL, admin=False)
            mine = [job for job in self.model.jobs.values() if job.user == user]
            assert found.free == self.model.free[user]
            assert found.granted == self.model.granted[user]
            assert found.held == sum(job.amount for job in mine if job.state == "held")
            assert found.total_left == self.model.total_left

    def teardown(self) -> None:
        self.tx.close()


def test_the_ledger_adds_up_and_agrees_with_the_model_after_every_step(memory: Engine) -> None:
    class LedgerLifeInMemory(LedgerLife):
        def __init__(self) -> None:
            super().__init__(memory)

    run_state_machine_as_test(
        LedgerLifeInMemory,
        settings=settings(max_examples=20, stateful_step_count=30, deadline=None),
    )
