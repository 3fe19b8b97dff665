"""The demo reads the bot's database from outside, while it is written, and never changes it."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.books import Books
from storage import ledger
from storage.database import Database

EMMA = 1002


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    return tmp_path / "with space" / "veogram.db"


@pytest.fixture
async def written(path: Path) -> AsyncIterator[Database]:
    path.parent.mkdir()
    opened = await Database.open(path)
    yield opened
    await opened.close()


async def grant(database: Database, amount: int, update_id: int) -> None:
    await database.write(ledger.grant, EMMA, amount, update_id, 1_800_014_400.0)


async def test_entries_come_with_their_postings_as_they_are_written(
    path: Path, written: Database
) -> None:
    books = Books(path)
    first = books.read()
    await grant(written, 40, 1)
    page = books.read()
    books.close()

    assert first is not None
    assert first.entries == {}
    assert page is not None
    (entry,) = page.entries.values()
    assert (entry["kind"], entry["user_id"]) == ("grant", EMMA)
    assert entry["postings"] == {"granted": 40, "bank": -40}


async def test_nothing_new_is_no_page(path: Path, written: Database) -> None:
    books = Books(path)
    assert books.read() is not None
    assert books.read() is None
    await grant(written, 40, 1)
    assert books.read() is not None
    books.close()


async def test_the_books_cannot_be_written_to(path: Path, written: Database) -> None:
    books = Books(path)
    books.read()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        books._opened().execute("DELETE FROM users")
    books.close()


def test_a_database_that_is_not_there_yet_is_no_page_and_not_made(path: Path) -> None:
    assert Books(path).read() is None
    assert not path.exists()


def test_what_is_no_database_is_no_page(tmp_path: Path) -> None:
    (tmp_path / "veogram.db").write_bytes(b"not a database, but long enough to be taken for one")
    assert Books(tmp_path / "veogram.db").read() is None
