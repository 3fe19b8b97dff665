"""Transactions: whole or not at all, one after the other, and what happens in trouble."""

import asyncio
import resource
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from bot.errors import StorageError
from storage import operations
from storage.database import Connection, Database

LARGE = "x" * 200_000


class Surprise(Exception):
    """Raised in the middle of a transaction."""


def count_up(tx: Connection) -> None:
    value = int(operations.fact(tx, "count") or 0)
    operations.set_fact(tx, "count", str(value + 1))


def set_then_fail(tx: Connection) -> None:
    operations.set_fact(tx, "half", "done")
    raise Surprise


async def test_what_was_written_can_be_read(database: Database) -> None:
    await database.write(operations.set_fact, "name", value="veo")
    assert await database.read(operations.fact, "name") == "veo"


async def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "veogram.db"
    first = await Database.open(path)
    await first.write(operations.set_fact, "name", "veo")
    await first.close()
    second = await Database.open(path)
    assert await second.read(operations.fact, "name") == "veo"
    await second.close()


async def test_a_file_whose_journal_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "veogram.db-wal").mkdir()
    with pytest.raises(StorageError, match=r"veogram\.db cannot be opened"):
        await Database.open(tmp_path / "veogram.db")


async def test_an_exception_in_a_transaction_undoes_all_of_it(database: Database) -> None:
    with pytest.raises(Surprise):
        await database.write(set_then_fail)
    assert await database.read(operations.fact, "half") is None


async def test_parallel_transactions_do_not_lose_each_others_changes(database: Database) -> None:
    await asyncio.gather(*(database.write(count_up) for _ in range(50)))
    assert await database.read(operations.fact, "count") == "50"


async def test_a_read_transaction_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError):
        await database.read(operations.set_fact, "name", "veo")
    assert await database.read(operations.fact, "name") is None


async def test_a_read_transaction_sees_one_moment_while_others_write(database: Database) -> None:
    looked, written = threading.Event(), threading.Event()

    def look_twice(tx: Connection) -> tuple[str | None, str | None]:
        before = operations.fact(tx, "name")
        looked.set()
        written.wait(10)
        return before, operations.fact(tx, "name")

    reading = asyncio.create_task(database.read(look_twice))
    await asyncio.to_thread(looked.wait, 10)
    await database.write(operations.set_fact, "name", "veo")
    written.set()
    assert await reading == (None, None)
    assert await database.read(operations.fact, "name") == "veo"


async def test_a_cancelled_caller_leaves_a_whole_transaction_and_a_usable_database(
    database: Database,
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(tx: Connection) -> None:
        operations.set_fact(tx, "first", "1")
        begun.set()
        go_on.wait(10)
        operations.set_fact(tx, "second", "2")

    writing = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(begun.wait, 10)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    go_on.set()
    await database.write(count_up)
    assert await database.read(operations.fact, "first") == "1"
    assert await database.read(operations.fact, "second") == "2"


async def test_a_broken_constraint_is_the_programs_own_error(database: Database) -> None:
    def orphan(tx: Connection) -> None:
        tx.execute(text("INSERT INTO events (job_id, at, to_state) VALUES (7, 0, 'queued')"))

    with pytest.raises(IntegrityError):
        await database.write(orphan)


async def test_every_connection_is_durable_and_checks_references(database: Database) -> None:
    def pragmas(tx: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [tx.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]

    assert await database.write(pragmas) == ["wal", 2, 1]
    assert await database.read(pragmas) == ["wal", 2, 1]


async def test_a_full_disk_in_mid_transaction_changes_nothing_and_passes(
    database: Database,
) -> None:
    def allow_pages(tx: Connection, count: int) -> None:
        tx.exec_driver_sql(f"PRAGMA max_page_count = {count}")

    def write_much(tx: Connection) -> None:
        operations.set_fact(tx, "small", "x")
        operations.set_fact(tx, "large", LARGE)

    await database.write(allow_pages, 1)  # no page more than there are
    with pytest.raises(StorageError, match="disk is full"):
        await database.write(write_much)
    await database.write(allow_pages, 1_000_000)
    assert await database.read(operations.fact, "small") is None
    await database.write(write_much)
    assert await database.read(operations.fact, "large") == LARGE


async def test_a_commit_that_the_disk_refuses_changes_nothing_and_passes(
    database: Database, tmp_path: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (tmp_path / "veogram.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50_000, hard))
    try:
        with pytest.raises(StorageError, match="disk"):
            await database.write(operations.set_fact, "large", LARGE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert await database.read(operations.fact, "large") is None
    await database.write(operations.set_fact, "large", LARGE)
    assert await database.read(operations.fact, "large") == LARGE


async def test_a_file_that_another_program_locks_changes_nothing_and_passes(
    database: Database, tmp_path: Path
) -> None:
    def be_impatient(tx: Connection) -> None:
        tx.exec_driver_sql("PRAGMA busy_timeout = 50")

    await database.write(be_impatient)
    with closing(sqlite3.connect(tmp_path / "veogram.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="Another process has locked the database"):
            await database.write(operations.set_fact, "name", "veo")
        assert await database.read(operations.fact, "name") is None
        other.execute("ROLLBACK")
    await database.write(operations.set_fact, "name", "veo")
    assert await database.read(operations.fact, "name") == "veo"


async def test_errors_do_not_repeat_what_people_wrote(database: Database) -> None:
    def fail(tx: Connection) -> None:
        tx.execute(text("INSERT INTO facts (name, value) VALUES (:name, NULL)"), {"name": "secret"})

    with pytest.raises(IntegrityError) as caught:
        await database.write(fail)
    assert "secret" not in str(caught.value)


PROGRAM = """
import asyncio, sys
from pathlib import Path
from storage import operations
from storage.database import Database

async def main():
    database = await Database.open(Path(sys.argv[1]))
    await database.write(operations.set_fact, "name", "veo")
    await database.close()

asyncio.run(main())
print("alembic" in sys.modules)
"""


def run_program(path: Path) -> str:
    program = [sys.executable, "-W", "error", "-c", PROGRAM, str(path)]
    return subprocess.check_output(program, text=True, timeout=60)


def test_the_process_ends_after_closing_and_later_starts_do_without_alembic(
    tmp_path: Path,
) -> None:
    path = tmp_path / "veogram.db"
    assert run_program(path).strip() == "True"
    assert run_program(path).strip() == "False"
    assert not path.with_name("veogram.db-wal").exists()
