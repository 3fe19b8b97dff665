"""From nothing, from an older, from a newer program, and from something else altogether."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect

from bot.errors import DatabaseNewer, StorageError
from storage import migrate, schema

NEWER = "9999"
NEXT = f"""
import sqlalchemy as sa
from alembic import op

revision = "{NEWER}"
down_revision = "{migrate.HEAD}"


def upgrade() -> None:
    with op.batch_alter_table("facts") as facts:
        facts.add_column(sa.Column("note", sa.Text))
"""
ORPHAN = "INSERT INTO events VALUES (1, 7, 0, NULL, 'done', NULL)"
FAILS_LATE = NEXT + '\n    raise RuntimeError("power cut")\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "veogram.db"


def scripts_with(folder: Path, revision: str) -> Path:
    scripts = folder / "scripts"
    shutil.copytree(migrate.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / f"{NEWER}_next.py").write_text(revision)
    return scripts


def rows(path: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def run(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def engine_of(path: Path) -> Engine:
    return create_engine(f"sqlite:///{path}")


def described(engine: Engine) -> dict[str, Any]:
    """Return what SQLite knows of each table, beyond what alembic compares."""
    inspector = inspect(engine)
    names = set(inspector.get_table_names()) - {"alembic_version"}

    def ordered(parts: list[Any]) -> list[str]:
        return sorted(repr(part) for part in parts)

    return {
        name: {
            "columns": [repr(column) for column in inspector.get_columns(name)],
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "checks": ordered(inspector.get_check_constraints(name)),
            "unique": ordered(inspector.get_unique_constraints(name)),
            "references": ordered(inspector.get_foreign_keys(name)),
        }
        for name in names
    }


def test_the_revisions_make_exactly_the_schema(path: Path, tmp_path: Path) -> None:
    migrate.upgrade(path)
    migrated, created = engine_of(path), engine_of(tmp_path / "created.db")
    schema.metadata.create_all(created)
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []
    assert described(migrated) == described(created)
    indexes = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql <> '' ORDER BY name"
    assert rows(path, indexes) == rows(tmp_path / "created.db", indexes)
    migrated.dispose()
    created.dispose()


@pytest.mark.parametrize("table", ["drafts", "jobs", "media"])
def test_ids_that_buttons_name_are_never_given_twice(path: Path, table: str) -> None:
    migrate.upgrade(path)
    found = rows(path, f"SELECT sql FROM sqlite_master WHERE name = '{table}'")  # noqa: S608 - ours
    assert "AUTOINCREMENT" in found[0][0]


def test_head_is_the_newest_revision() -> None:
    assert ScriptDirectory(str(migrate.SCRIPTS)).get_current_head() == migrate.HEAD


def test_a_file_at_the_head_is_left_alone(path: Path, tmp_path: Path) -> None:
    migrate.upgrade(path)
    before = path.read_bytes()
    migrate.upgrade(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_older_file_is_upgraded_with_its_rows_after_a_backup(path: Path, tmp_path: Path) -> None:
    migrate.upgrade(path)
    run(path, "INSERT INTO facts VALUES ('name', 'veo')")
    migrate.upgrade(path, head=NEWER, scripts=scripts_with(tmp_path, NEXT))
    assert rows(path, "SELECT * FROM facts") == [("name", "veo", None)]
    assert rows(path, "SELECT version_num FROM alembic_version") == [(NEWER,)]
    copy = tmp_path / f"veogram.db.{migrate.HEAD}.bak"
    assert rows(copy, "SELECT * FROM facts") == [("name", "veo")]
    assert rows(copy, "SELECT version_num FROM alembic_version") == [(migrate.HEAD,)]


def test_an_upgrade_that_fails_leaves_the_former_schema_and_rows(
    path: Path, tmp_path: Path
) -> None:
    migrate.upgrade(path)
    run(path, "INSERT INTO facts VALUES ('name', 'veo')")
    with pytest.raises(RuntimeError):
        migrate.upgrade(path, head=NEWER, scripts=scripts_with(tmp_path, FAILS_LATE))
    assert rows(path, "SELECT * FROM facts") == [("name", "veo")]
    migrate.upgrade(path)


def test_an_upgrade_that_would_break_references_is_undone(path: Path, tmp_path: Path) -> None:
    migrate.upgrade(path)
    breaks = NEXT + f"    op.execute({ORPHAN!r})\n"
    with pytest.raises(StorageError, match="references"):
        migrate.upgrade(path, head=NEWER, scripts=scripts_with(tmp_path, breaks))
    assert rows(path, "SELECT * FROM events") == []


def test_an_upgrade_that_sqlite_refuses_is_explained_and_undone(path: Path, tmp_path: Path) -> None:
    migrate.upgrade(path)
    refused = NEXT + '    op.execute("DROP TABLE songs")\n'
    with pytest.raises(StorageError, match="no such table: songs"):
        migrate.upgrade(path, head=NEWER, scripts=scripts_with(tmp_path, refused))
    migrate.upgrade(path)


def test_a_first_start_that_fails_leaves_no_half_made_file(path: Path, tmp_path: Path) -> None:
    scripts = scripts_with(tmp_path, FAILS_LATE)
    with pytest.raises(RuntimeError):
        migrate.upgrade(path, head=NEWER, scripts=scripts)
    assert list(tmp_path.iterdir()) == [scripts]


def test_a_newer_file_is_refused_and_left_alone(path: Path) -> None:
    migrate.upgrade(path)
    run(path, "UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(DatabaseNewer, match="9999"):
        migrate.upgrade(path)
    assert path.read_bytes() == before


def test_somebody_elses_database_is_refused(path: Path) -> None:
    run(path, "CREATE TABLE songs (title TEXT)")
    with pytest.raises(StorageError, match="not a database of this program"):
        migrate.upgrade(path)
    assert rows(path, "SELECT name FROM sqlite_master") == [("songs",)]


def test_a_file_without_a_revision_is_refused(path: Path) -> None:
    migrate.upgrade(path)
    run(path, "DELETE FROM alembic_version")
    with pytest.raises(StorageError, match="no revision"):
        migrate.upgrade(path)
