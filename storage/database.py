"""Transactions on SQLite: one connection that writes, one that reads, a thread for each."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

import aiosqlite
from sqlalchemy import Connection, StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from bot.errors import DatabaseDamaged, StorageError
from storage import files, migrate
from storage.files import Lock, backup, lock_data_dir

__all__ = ["Connection", "Database", "Lock", "backup", "lock_data_dir"]

P = ParamSpec("P")
T = TypeVar("T")

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # In kB: what is read again comes from the system's cache of the file nearly as fast.
    "PRAGMA cache_size = -250",
)
READ_ONLY = "PRAGMA query_only = ON"

# SQLite's primary result codes that mean the world, not the program (sqlite.org/rescode.html).
TROUBLES: dict[int, tuple[type[StorageError], str]] = {
    sqlite3.SQLITE_FULL: (StorageError, "The disk is full."),
    sqlite3.SQLITE_IOERR: (StorageError, "The disk does not work, or is full."),
    sqlite3.SQLITE_READONLY: (StorageError, "The database cannot be written."),
    sqlite3.SQLITE_CANTOPEN: (StorageError, "The database file cannot be opened."),
    sqlite3.SQLITE_BUSY: (StorageError, "Another process has locked the database."),
    sqlite3.SQLITE_CORRUPT: (DatabaseDamaged, "The database is damaged: start again to be told."),
    sqlite3.SQLITE_NOTADB: (DatabaseDamaged, "The database is damaged: start again to be told."),
}


class _Thread(aiosqlite.Connection):
    """A SQLite connection in its own thread, where whole functions can be run.

    Awaiting every statement by itself, as SQLAlchemy's asyncio extension does, takes three to four
    times as long as going to the thread and back once per transaction.
    """

    async def run(self, fn: Callable[[], T]) -> T:
        """Run ``fn`` in the thread after all that was asked before, even when not waited for."""
        result: T = await self._execute(fn)  # type: ignore[no-untyped-call]  # aiosqlite has none
        return result

    def connection(self) -> sqlite3.Connection:
        """Return the connection, for use in the thread only."""
        return self._conn


class _Line:
    """SQLAlchemy's connection over a ``_Thread``: transactions on it, one after the other."""

    def __init__(self, thread: _Thread, begin: str) -> None:
        self._thread = thread
        self._engine = create_engine(
            "sqlite://", creator=thread.connection, poolclass=StaticPool, hide_parameters=True
        )
        event.listen(self._engine, "begin", lambda tx: tx.exec_driver_sql(begin))

    @classmethod
    async def open(cls, path: Path, begin: str, *pragmas: str) -> Self:
        """Connect to the file; ``begin`` is the statement that begins each transaction."""
        thread = _Thread(partial(_connect, path, pragmas), iter_chunk_size=64)
        try:
            await thread
        except sqlite3.Error as error:
            raise StorageError(f"{path} cannot be opened: {error}.") from error
        return cls(thread, begin)

    async def run(self, fn: Callable[[Connection], T]) -> T:
        """Run ``fn`` in a transaction of its own."""

        def transaction() -> T:
            with self._engine.connect() as connection, connection.begin():
                return fn(connection)

        try:
            return await self._thread.run(transaction)
        except DBAPIError as error:
            trouble = _trouble(error.orig)
            if trouble is None:
                raise
            raise trouble from error

    async def compact(self) -> None:
        """See ``Database.compact``."""

        def rewrite() -> None:
            files.compact(self._thread.connection())

        try:
            await self._thread.run(rewrite)
        except sqlite3.Error as error:
            raise _trouble(error) or StorageError(f"It cannot be rewritten: {error}.") from error

    async def close(self) -> None:
        """Close the connection and end its thread, after what is still to be done there."""
        await self._thread.run(self._engine.dispose)
        await self._thread.close()


class Database:
    """The open database of this process; ``close`` it, or the process does not end."""

    def __init__(self, writer: _Line, reader: _Line) -> None:
        self._writer = writer
        self._reader = reader

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open the file, after checking it and bringing it to this program's schema.

        Raises DatabaseDamaged, DatabaseNewer, or StorageError where it cannot be used otherwise.
        """
        await asyncio.to_thread(migrate.upgrade, path)
        writer = await _Line.open(path, "BEGIN IMMEDIATE", *PRAGMAS)
        try:
            reader = await _Line.open(path, "BEGIN", *PRAGMAS, READ_ONLY)
        except BaseException:
            await writer.close()
            raise
        return cls(writer, reader)

    async def close(self) -> None:
        """Finish what was begun and close the file."""
        await self._reader.close()
        await self._writer.close()

    async def write(
        self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``fn(tx, …)`` in one writing transaction, committed unless it raises.

        ``fn`` runs in the writing thread, one after the other, and must not touch the event loop.
        It runs to its end even when the caller is cancelled. Raises what ``fn`` raises;
        StorageError when disk or file are in trouble: then nothing was changed.
        """
        return await self._writer.run(lambda tx: fn(tx, *args, **kwargs))

    async def read(
        self, fn: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``fn(tx, …)`` on one unchanging view of what was committed; it cannot write."""
        return await self._reader.run(lambda tx: fn(tx, *args, **kwargs))

    async def compact(self) -> None:
        """Rewrite the file without what was deleted: nothing of it is left there or beside it.

        Others wait meanwhile, about a second per 200 MB. Raises StorageError when the disk has no
        room for a second copy, or another process reads: it may be tried again.
        """
        await self._writer.compact()


def _connect(path: Path, pragmas: tuple[str, ...]) -> sqlite3.Connection:
    connection = files.connect(path)
    for pragma in pragmas:
        with closing(connection.execute(pragma)):
            pass
    return connection


def _trouble(error: BaseException | None) -> StorageError | None:
    """Return the error to raise when disk or file are to blame, ``None`` when the program is."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    kind, sentence = TROUBLES.get(code & 0xFF, (None, ""))
    return kind(sentence) if kind else None
