"""Thousands of jobs that are open, in a database as the bot itself would have left it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from bot.demo.kie import KieStandin
from bot.demo.kie_faults import Fate
from bot.demo.kie_rules import generate_order
from bot.jobs import dispatch, orders, transactions
from bot.models import Kind, NewJob, Options, Place, Ratio
from bot.tokens import hash_token
from storage import schema, users
from storage.database import Connection, Database
from tests.benchmarks.lives import default_rules

JOBS_PER_USER = 3
PRICE = 60
FIRST_ID = 20_000
# What is different in the copies of a person and their jobs; ids have room for that between them.
SHIFT = 100
SHIFTED = frozenset({"id", "job_id", "entry_id", "user_id", "chat_id", "update_id"})
TEXTS = frozenset({"ref", "token_hash"})
OPTIONS = Options("veo3_fast")
ORDER = {
    "prompt": "A cat",
    "model": "veo3_fast",
    "generationType": "TEXT_2_VIDEO",
    "aspect_ratio": "16:9",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job at KIE: the task, and the token of its callback's URL."""

    job_id: int
    task_id: str
    token: str


async def gather(
    path: Path, task_ids: Sequence[str], first_due_at: float, last_due_at: float
) -> list[Waiting]:
    """Write a database with a job for each task, all being made, due evenly between two times.

    Three jobs of one person are made as the bot makes them, all others are their copies.
    """
    database = await Database.open(path)
    try:
        await database.write(_make_three, time.time())
        return await database.write(_copy_all, task_ids, first_due_at, last_due_at)
    finally:
        await database.close()


def _make_three(tx: Connection, now: float) -> None:
    rules = default_rules("http://127.0.0.1:9/callbacks")
    for number in range(JOBS_PER_USER):
        users.meet(tx, FIRST_ID, "Guest", "en", now, OPTIONS)
        place = Place(FIRST_ID, None, number)
        new = NewJob(
            FIRST_ID, place, Kind.GENERATE, "A cat", OPTIONS, (), PRICE, None, update_id=number
        )
        orders.place(tx, new, now, rules, admin=False)
    for submission in dispatch.take_work(tx, now, rules, JOBS_PER_USER, frozenset()).submissions:
        transactions.mark_sent(tx, submission.job, now)
        transactions.accept(tx, submission.job, str(submission.job.id), now, now, rules)


def _copy_all(
    tx: Connection, task_ids: Sequence[str], first_due_at: float, last_due_at: float
) -> list[Waiting]:
    people = len(task_ids) // JOBS_PER_USER
    for table in schema.metadata.sorted_tables:
        rows = [dict(row) for row in tx.execute(select(table)).mappings()]
        if rows and SHIFTED.intersection(table.columns.keys()):
            copies = [_shifted(row, number) for number in range(1, people) for row in rows]
            tx.execute(insert(table), copies)
    tx.execute(update(schema.totals).values(used=schema.totals.c.used * people))
    ids = list(tx.scalars(select(schema.jobs.c.id).order_by(schema.jobs.c.id)))
    waiting = [
        Waiting(job_id, task_id, f"token-{job_id}")
        for job_id, task_id in zip(ids, task_ids, strict=True)
    ]
    span = (last_due_at - first_due_at) / len(waiting)
    due = [first_due_at + number * span for number in range(len(waiting))]
    _name_tasks(tx, waiting, due)
    return waiting


def _shifted(row: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the row as that of another person's job."""
    moved = {name: row[name] + number * SHIFT for name in SHIFTED if row.get(name) is not None}
    texts = {name: f"{row[name]}-{number}" for name in TEXTS if name in row}
    return row | moved | texts


def _name_tasks(tx: Connection, waiting: Sequence[Waiting], due: Sequence[float]) -> None:
    jobs, attempts = schema.jobs, schema.attempts
    tx.execute(
        update(jobs)
        .where(jobs.c.id == bindparam("job"))
        .values(task_id=bindparam("task"), due_at=bindparam("due")),
        [
            {"job": each.job_id, "task": each.task_id, "due": at}
            for each, at in zip(waiting, due, strict=True)
        ],
    )
    tx.execute(
        update(attempts)
        .where(attempts.c.job_id == bindparam("job"))
        .values(task_id=bindparam("task"), token_hash=bindparam("hash")),
        [
            {"job": each.job_id, "task": each.task_id, "hash": hash_token(each.token)}
            for each in waiting
        ],
    )


async def begin_tasks(kie: KieStandin, count: int) -> list[str]:
    """Let KIE's stand-in work on as many tasks that nobody has asked it for."""
    order = generate_order(dict(ORDER))
    begun = [await kie._api._begin(order, Fate(), (), Ratio.LANDSCAPE) for _ in range(count)]
    return [task.id for task in begun]
