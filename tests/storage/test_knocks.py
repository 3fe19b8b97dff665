"""What callbacks find and leave in the database."""

from dataclasses import replace

import pytest
from sqlalchemy import insert

from bot.models import Job, State
from storage import jobs, knocks, schema
from storage.database import Connection
from tests.storage.conftest import add_job


def add_attempt(tx: Connection, job_id: int, number: int, **columns: object) -> None:
    usual = {"dialect": "veo", "callback": True, "begun_at": 100.0}
    row = usual | {"token_hash": f"hash-{job_id}-{number}", **columns}
    tx.execute(insert(schema.attempts).values(job_id=job_id, number=number, **row))


def read(tx: Connection, job_id: int) -> Job:
    job = jobs.get(tx, job_id)
    assert job is not None
    return job


def generating(tx: Connection) -> Job:
    """Add a job that waits for the second of its attempts."""
    job_id = add_job(tx, state=State.GENERATING)
    add_attempt(tx, job_id, 1, error="overload", task_id="old")
    add_attempt(tx, job_id, 2, sent_at=101.0)
    job = read(tx, job_id)
    assert jobs.change(tx, job, attempt=2, due_at=500.0, lease_until=900.0)
    return read(tx, job_id)


def test_known_are_the_tokens_of_the_last_days(tx: Connection) -> None:
    job = generating(tx)
    first, second = f"hash-{job.id}-1", f"hash-{job.id}-2"
    assert knocks.known(tx, {first, second, "guess"}, since=99.0) == {first, second}
    assert knocks.known(tx, {first}, since=100.0) == frozenset()
    assert knocks.known(tx, set(), since=0.0) == frozenset()


def test_a_token_leads_to_its_attempt(tx: Connection) -> None:
    job = generating(tx)
    attempt = knocks.attempt_of(tx, f"hash-{job.id}-1")
    assert attempt is not None
    assert (attempt.job_id, attempt.number, attempt.task_id) == (job.id, 1, "old")
    assert knocks.attempt_of(tx, "guess") is None


def test_the_newest_attempt_is_the_one_the_job_names(tx: Connection) -> None:
    job = generating(tx)
    newest = knocks.newest(tx, job)
    assert newest is not None
    assert (newest.number, newest.sent_at, newest.expected) == (2, 101.0, True)
    assert knocks.newest(tx, replace(job, attempt=0)) is None


@pytest.mark.parametrize(("named", "kept"), [("task", "task"), (None, None)])
def test_a_knock_is_noted_with_the_task_it_named(
    tx: Connection, named: str | None, kept: str | None
) -> None:
    job = generating(tx)
    attempt = knocks.newest(tx, job)
    assert attempt is not None
    knocks.note(tx, attempt, named, 200.0)
    noted = knocks.newest(tx, job)
    assert noted == replace(attempt, knocked_at=200.0, task_id=kept)


def test_a_task_that_is_known_is_not_noted_over(tx: Connection) -> None:
    job = generating(tx)
    attempt = knocks.attempt_of(tx, f"hash-{job.id}-1")
    assert attempt is not None
    knocks.note(tx, attempt, "other", 200.0)
    noted = knocks.attempt_of(tx, f"hash-{job.id}-1")
    assert noted is not None
    assert noted.task_id == "old"


def test_whose_a_task_is(tx: Connection) -> None:
    job = generating(tx)
    assert not knocks.is_of_another(tx, "old", job.id)
    assert knocks.is_of_another(tx, "old", job.id + 1)
    assert not knocks.is_of_another(tx, "unheard", job.id)


def test_a_job_made_due_keeps_its_lease_and_its_new_time(tx: Connection) -> None:
    job = generating(tx)
    assert knocks.make_due(tx, job, 200.0, task_id="task")
    assert jobs.put_off(tx, job, 800.0, tries=3)
    after = read(tx, job.id)
    assert (after.due_at, after.tries, after.task_id) == (200.0, 3, "task")


def test_a_job_that_nobody_made_due_is_put_off(tx: Connection) -> None:
    job = generating(tx)
    assert jobs.put_off(tx, job, None)
    parked = read(tx, job.id)
    assert parked.due_at is None
    assert jobs.put_off(tx, parked, 800.0)
    assert read(tx, job.id).due_at == 800.0


def test_a_job_that_moved_on_is_left_alone(tx: Connection) -> None:
    job = generating(tx)
    jobs.move(tx, job, State.FAILED, 150.0)
    assert not knocks.make_due(tx, job, 200.0)
    assert not jobs.put_off(tx, job, 200.0)
    assert read(tx, job.id).due_at is None
