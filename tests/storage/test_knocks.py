"""What callbacks find and leave in the database."""

from dataclasses import replace

from sqlalchemy import insert

from bot.models import Job, State
from storage import jobs, knocks, schema
from storage.database import Connection
from storage.knocks import Attempt
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


def attempt_of(tx: Connection, job: Job, number: int) -> Attempt:
    token = f"hash-{job.id}-{number}"
    return knocks.attempts_of(tx, [token])[token]


def test_tokens_lead_to_their_attempts(tx: Connection) -> None:
    job = generating(tx)
    attempt = attempt_of(tx, job, 1)
    assert (attempt.job_id, attempt.number, attempt.task_id) == (job.id, 1, "old")
    assert knocks.attempts_of(tx, ["guess"]) == {}
    assert knocks.attempts_of(tx, []) == {}


def test_the_newest_attempt_is_the_one_the_job_names(tx: Connection) -> None:
    job = generating(tx)
    newest = knocks.newest(tx, job)
    assert newest == attempt_of(tx, job, 2)
    assert newest is not None
    assert (newest.number, newest.sent_at, newest.expected) == (2, 101.0, True)
    assert knocks.newest(tx, replace(job, attempt=0)) is None


def test_knocks_are_noted_with_the_tasks_they_named_where_none_was_known(tx: Connection) -> None:
    job, other = generating(tx), generating(tx)
    heard = [
        (attempt_of(tx, job, 1), "never"),
        (attempt_of(tx, job, 2), "task"),
        (attempt_of(tx, other, 2), None),
    ]
    knocks.note(tx, heard, 200.0)
    noted = [attempt_of(tx, job, 1), attempt_of(tx, job, 2), attempt_of(tx, other, 2)]
    assert [each.task_id for each in noted] == ["old", "task", None]
    assert [each.knocked_at for each in noted] == [200.0] * 3
    assert attempt_of(tx, other, 1).knocked_at is None


def test_who_made_a_task(tx: Connection) -> None:
    job, other = generating(tx), generating(tx)
    assert knocks.makers(tx, ["old", "unheard"]) == {"old": {job.id, other.id}}
    assert knocks.makers(tx, []) == {}


def test_a_job_made_due_keeps_its_new_time_when_its_step_ends(tx: Connection) -> None:
    job, other = generating(tx), generating(tx)
    knocks.make_due(tx, [job], 200.0)
    assert jobs.put_off(tx, job, 800.0, tries=3)
    assert (read(tx, job.id).due_at, read(tx, job.id).tries) == (200.0, 3)
    assert read(tx, other.id) == other


def test_a_lost_task_is_revealed(tx: Connection) -> None:
    job = generating(tx)
    assert knocks.reveal(tx, job, "task", 101.0)
    assert read(tx, job.id) == replace(job, task_id="task", submitted_at=101.0)


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
    failed = read(tx, job.id)
    knocks.make_due(tx, [job], 200.0)
    assert not knocks.reveal(tx, job, "task", 101.0)
    assert not jobs.put_off(tx, job, 200.0)
    assert read(tx, job.id) == failed
