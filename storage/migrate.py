"""Brings a database file to the schema of this program: a new one, or an older one."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from bot.errors import DatabaseNewer, StorageError
from storage import files

HEAD = "0002"  # the newest revision in SCRIPTS; revisions are numbered, so that they sort
SCRIPTS = Path(__file__).parent / "migrations"


def upgrade(path: Path, *, head: str = HEAD, scripts: Path = SCRIPTS) -> None:
    """Check the file and upgrade it to ``head``, after a backup beside it; make it if missing.

    Raises DatabaseDamaged, DatabaseNewer, or StorageError when the file is not ours.
    """
    if not path.exists():
        _create(path, scripts)
        return
    files.check(path)
    stored = _revision(path)
    if stored > head:
        raise DatabaseNewer(
            f"The database {path} was written by a newer version of this program"
            f" (revision {stored}, this one knows {head}). Install that version again."
        )
    if stored < head:
        files.backup(path, path.with_name(f"{path.name}.{stored}.bak"))
        _run(path, scripts)


def _create(path: Path, scripts: Path) -> None:
    """Make a complete file or none: an unfinished one would be taken for a damaged one."""
    try:
        new = files.new_file(path)
    except OSError as error:
        raise StorageError(f"The folder {path.parent} cannot be written: {error}.") from error
    try:
        _run(new, scripts)
        files.settle(new, path)
    finally:
        new.unlink(missing_ok=True)


def _revision(path: Path) -> str:
    try:
        with closing(files.connect(path)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        raise StorageError(f"{path} is not a database of this program: {error}.") from error
    if row is None:
        raise StorageError(f"{path} is not a database of this program: it has no revision.")
    return str(row[0])


def _run(path: Path, scripts: Path) -> None:
    """Run all that is missing in one transaction: a crash leaves the former schema."""
    # Alembic takes long to load, and nearly every start finds the schema as it should be.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    engine = create_engine("sqlite://", creator=lambda: files.connect(path), poolclass=StaticPool)
    event.listen(engine, "begin", lambda tx: tx.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise StorageError(
                    f"Upgrading {path} would break references: it was left as it is."
                )
    except DBAPIError as error:
        raise StorageError(f"Upgrading {path} did not work: {error.orig}.") from error
    finally:
        engine.dispose()
