"""Databases of released programs, frozen as they were: each is brought to this program's form."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from bot.models import Job, State
from storage import jobs, migrate
from storage.audit import audit
from storage.database import Connection, Database
from tests.storage.frozen import RELEASED

FROZEN = sorted(RELEASED.glob("*.sql"))


@pytest.fixture(params=FROZEN, ids=lambda path: path.stem)
def released(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The database that a released program has left."""
    path = tmp_path / "veogram.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(request.param.read_text("utf-8"))
    return path


def counted(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as database:
        names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        return {
            name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608 - its own names
            for (name,) in database.execute(names).fetchall()
        }


async def test_it_opens_with_all_its_rows_and_its_ledger_in_balance(released: Path) -> None:
    before = counted(released)
    assert before["jobs"] > 0
    assert before["entries"] > 0
    database = await Database.open(released)
    try:
        assert await database.read(audit) == []
        assert await database.read(_foreign_keys) == []
        found = await database.read(_all_jobs)
        assert {State.DONE, State.FAILED, State.GENERATING} <= {job.state for job in found}
    finally:
        await database.close()
    assert counted(released).items() >= before.items()


def _foreign_keys(tx: Connection) -> list[object]:
    return list(tx.exec_driver_sql("PRAGMA foreign_key_check"))


def _all_jobs(tx: Connection) -> list[Job]:
    ids = list(tx.exec_driver_sql("SELECT id FROM jobs ORDER BY id").scalars())
    return [jobs.require(tx, job_id) for job_id in ids]


def schema_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        query = "SELECT sql FROM sqlite_master WHERE sql <> '' AND name NOT LIKE 'sqlite_%'"
        return sorted(sql for (sql,) in database.execute(query))


def test_an_upgraded_one_has_the_schema_of_a_new_one(released: Path, tmp_path: Path) -> None:
    """Where this fails for the newest revision, that was changed after it was frozen.

    Before its release ``python -m tests.storage.frozen`` freezes it anew, afterwards the change
    belongs into a revision of its own.
    """
    migrate.upgrade(released)
    migrate.upgrade(tmp_path / "new.db")
    assert schema_of(released) == schema_of(tmp_path / "new.db")


def test_every_revision_before_the_newest_is_frozen() -> None:
    known = {script.revision for script in ScriptDirectory(str(migrate.SCRIPTS)).walk_revisions()}
    assert known - {migrate.HEAD} <= {path.stem for path in FROZEN} <= known
    assert FROZEN
