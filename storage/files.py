"""The database as a file: one process at a time, is it whole, a copy while it is in use."""

import fcntl
import os
import shlex
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.errors import DatabaseDamaged, DataDirInUse, StorageError

LOCK_NAME = "veogram.lock"
BUSY_SECONDS = 10.0
# Who writes waits for the rewriting of the file, which can be tried again.
COMPACT_BUSY_SECONDS = 0.25


class Lock:
    """The right to be the only process that works in a data folder; ends with the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> None:
        """Let the next process in; the file stays, removing it would let two in."""
        os.close(self._descriptor)


def lock_data_dir(path: Path) -> Lock:
    """Take the lock of a data folder, which is made where it does not exist.

    Raises DataDirInUse while another process holds it, StorageError where it cannot be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(
            f"The data folder {path} cannot be written: {error.strerror}."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise DataDirInUse(
            f"Another process uses the data folder {path}."
            " Stop it first, or give this one a folder of its own with DATA_DIR."
        ) from error
    return Lock(descriptor)


def check(path: Path) -> None:
    """Raise DatabaseDamaged, which names the way back, unless SQLite finds the file whole."""
    try:
        with closing(connect(path)) as connection:
            connection.execute("PRAGMA cache_size = -250")
            finding = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        raise StorageError(f"{path} cannot be opened: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise DatabaseDamaged(_way_back(path, str(error))) from error
    if path.stat().st_size == 0:  # SQLite takes it for a new one
        raise DatabaseDamaged(_way_back(path, "it is empty"))
    if finding != "ok":
        raise DatabaseDamaged(_way_back(path, " ".join(finding.split())))


def backup(source: Path, target: Path) -> None:
    """Copy a database, while others read and write it, to ``target``, whole or not at all.

    A former copy is replaced. Raises StorageError when that is not possible.
    """
    if source.resolve() == target.resolve() or _sidecars(target):
        raise StorageError(f"{target} is a database in use: give another file for the backup.")
    if not source.is_file():
        raise StorageError(f"There is no database at {source} to back up.")
    try:
        _copy(source, target)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"The backup to {target} did not work: {error}.") from error


def compact(connection: sqlite3.Connection) -> None:
    """Rewrite a database without its free pages, and empty the log of former pages beside it.

    Raises sqlite3.Error; StorageError while another process reads what was deleted.
    """
    _run(connection, f"PRAGMA busy_timeout = {COMPACT_BUSY_SECONDS * 1000:.0f}")
    try:
        _run(connection, "VACUUM")
        if _run(connection, "PRAGMA wal_checkpoint(TRUNCATE)")[0]:
            raise StorageError("Another process reads the database.")
    finally:
        _run(connection, f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")


def _run(connection: sqlite3.Connection, statement: str) -> tuple[int, ...]:
    with closing(connection.execute(statement)) as cursor:
        return cursor.fetchone() or ()


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing database file plainly, in autocommit mode."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_SECONDS
    )


def new_file(beside: Path) -> Path:
    """Make an empty file that only its owner can read, to become ``beside`` by renaming."""
    descriptor, name = tempfile.mkstemp(prefix=f".{beside.name}.", dir=beside.parent)
    os.close(descriptor)
    return Path(name)


def settle(new: Path, target: Path) -> None:
    """Give a finished file its name, so that a power cut leaves the former or the new one."""
    _sync(new)
    new.replace(target)
    _sync(target.parent)


def _copy(source: Path, target: Path) -> None:
    new = new_file(target)
    try:
        with closing(connect(source)) as connection:
            connection.execute("VACUUM INTO ?", (str(new),))
        settle(new, target)
    finally:
        new.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sidecars(path: Path) -> list[Path]:
    """Return the files that SQLite keeps beside a database in use or after a crash."""
    names = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal"))
    return [name for name in names if name.exists()]


def _way_back(path: Path, finding: str) -> str:
    aside = path.with_name("damaged")
    files = " ".join(shlex.quote(str(file)) for file in (path, *_sidecars(path)))
    command = (
        f"mkdir -p {shlex.quote(str(aside))} && mv {files} {shlex.quote(str(aside))}/"
        f" && cp BACKUP {shlex.quote(str(path))}"
    )
    return (
        f"The database {path} is damaged: {finding}."
        f" Put a backup in its place and start again: {command}"
    )
