"""What storage tests share: jobs to attach credits to, and a watch over the statements they run."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, StaticPool, create_engine, event, func, insert, select, update
from sqlalchemy.dialects import postgresql

from bot.models import Kind, Options, State
from storage import codec, schema
from storage.database import Connection


@pytest.fixture(autouse=True)
def statements_suit_postgresql() -> Iterator[None]:
    """Every statement that a test has run on SQLite must compile for PostgreSQL too."""
    seen: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, sql: str, _values: Any, context: Any, *_: Any) -> None:
        if context is not None and context.compiled is not None:
            seen[sql] = context.compiled.statement

    event.listen(Engine, "before_cursor_execute", note)
    yield
    event.remove(Engine, "before_cursor_execute", note)
    for statement in seen.values():
        statement.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]  # theirs


@pytest.fixture(scope="session")
def memory() -> Iterator[Engine]:
    """Tables that live in memory; each test undoes what it did there."""
    engine = create_engine(
        "sqlite://", connect_args={"isolation_level": None}, poolclass=StaticPool
    )
    event.listen(engine, "begin", lambda tx: tx.exec_driver_sql("BEGIN IMMEDIATE"))
    schema.metadata.create_all(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")  # the pragma does nothing inside a transaction
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    yield engine
    engine.dispose()


@pytest.fixture
def tx(memory: Engine) -> Iterator[Connection]:
    """A transaction that is rolled back in the end."""
    with memory.connect() as connection:
        yield connection


def plans(tx: Connection, call: Callable[[], object]) -> list[str]:
    """Return how SQLite goes about each table that a call asks."""
    asked: list[tuple[str, Any]] = []

    def note(_tx: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        asked.append((sql, values))

    event.listen(tx, "before_cursor_execute", note)
    call()
    event.remove(tx, "before_cursor_execute", note)
    found = [tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values) for sql, values in asked]
    return [row[3] for rows in found for row in rows]


def add_job(
    tx: Connection,
    user_id: int = 1,
    price: int = 60,
    *,
    state: State = State.QUEUED,
    photos: tuple[int, ...] = (),
    media_id: int | None = None,
) -> int:
    """Insert a job row plainly, without credits."""
    number = tx.execute(select(func.count()).select_from(schema.jobs)).scalar_one()
    job_id: int = tx.execute(
        insert(schema.jobs)
        .values(
            ref=f"job{number}",
            user_id=user_id,
            chat_id=user_id,
            kind=Kind.GENERATE,
            model="veo3_fast",
            prompt="a cat",
            options=codec.dump_options(Options("veo3_fast")),
            photos=codec.dump_list(photos),
            price=price,
            language="en",
            state=state,
            created_at=0.0,
            media_id=media_id,
        )
        .returning(schema.jobs.c.id)
    ).scalar_one()
    return job_id


def set_state(tx: Connection, job_id: int, state: State) -> None:
    tx.execute(update(schema.jobs).where(schema.jobs.c.id == job_id).values(state=state))
