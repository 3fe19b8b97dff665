"""What the bot writes into its database, read from outside while it runs, never changed."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bot.demo.entities import Json

JOBS_SHOWN = 100
ENTRIES_SHOWN = 200
_BUSY_SECONDS = 1.0

_JOBS = """
    SELECT id, ref, user_id, kind, model, prompt, options, price, state, error, attempt, task_id
    FROM jobs ORDER BY id DESC LIMIT ?
"""
_EVENTS = """
    SELECT job_id, at, to_state AS state, note FROM events
    WHERE job_id IN (SELECT id FROM jobs ORDER BY id DESC LIMIT ?) ORDER BY id
"""
_ENTRIES = """
    SELECT entries.id, kind, user_id, job_id, day, at,
        json_group_object(account, amount) AS postings
    FROM (SELECT * FROM entries ORDER BY id DESC LIMIT ?) AS entries
    JOIN postings ON postings.entry_id = entries.id
    GROUP BY entries.id ORDER BY entries.id
"""


@dataclass(frozen=True, slots=True)
class Page:
    """Jobs with their states so far, and the ledger's entries, by id; the oldest are left out."""

    jobs: dict[int, Json] = field(default_factory=dict)
    entries: dict[int, Json] = field(default_factory=dict)


class Books:
    """The database at ``path``, opened read-only; use it in one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version: int | None = None
        self._connection: sqlite3.Connection | None = None

    def read(self) -> Page | None:
        """Return what is written there, ``None`` while nothing is new or it cannot be read."""
        try:
            return self._read(self._opened())
        except sqlite3.Error:
            # Not written yet, being rewritten, or gone: the next look tells.
            self.close()
            return None

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._version = None
            self._connection = sqlite3.connect(
                f"{self._path.as_uri()}?mode=ro",
                uri=True,
                timeout=_BUSY_SECONDS,
                check_same_thread=False,
            )
            self._connection.row_factory = sqlite3.Row
        return self._connection

    def _read(self, connection: sqlite3.Connection) -> Page | None:
        # It changes with every commit of another connection (sqlite.org, pragma data_version).
        with closing(connection.execute("PRAGMA data_version")) as cursor:
            version: int = cursor.fetchone()[0]
        if version == self._version:
            return None
        page = Page(
            {job["id"]: job | {"events": []} for job in _rows(connection, _JOBS, JOBS_SHOWN)},
            {entry["id"]: entry for entry in _rows(connection, _ENTRIES, ENTRIES_SHOWN)},
        )
        for event in _rows(connection, _EVENTS, JOBS_SHOWN):
            if event["job_id"] in page.jobs:
                page.jobs[event["job_id"]]["events"].append(event)
        self._version = version
        return page


def _rows(connection: sqlite3.Connection, query: str, limit: int) -> Iterator[Json]:
    with closing(connection.execute(query, (limit,))) as cursor:
        for row in cursor:
            yield {name: _plain(name, row[name]) for name in row.keys()}  # noqa: SIM118 - no mapping


def _plain(name: str, value: object) -> object:
    is_json = name in {"options", "postings"} and isinstance(value, str)
    return json.loads(str(value)) if is_json else value
