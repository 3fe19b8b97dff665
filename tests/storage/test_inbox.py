"""The table of updates: what is known, what is open, what goes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, select

from storage import schema
from storage.inbox import Incoming, Stored, mark_handled, open_updates, purge, store
from tests.storage.conftest import plans


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path / 'inbox.sqlite3'}")
    schema.inbox.create(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def incoming(*update_ids: int) -> list[Incoming]:
    return [Incoming(update_id, lane=-5, body="{}") for update_id in update_ids]


def test_new_updates_are_open_in_the_order_of_their_ids(tx: Connection) -> None:
    assert sorted(store(tx, incoming(3, 1, 2), now=10.0)) == [1, 2, 3]
    assert open_updates(tx, after=-1, limit=10) == [Stored(each, -5, "{}") for each in (1, 2, 3)]


def test_a_known_update_is_not_new_again_and_keeps_its_body(tx: Connection) -> None:
    store(tx, incoming(1), now=10.0)
    assert store(tx, [Incoming(1, 7, '{"other": 1}'), Incoming(2, 7, "{}")], now=20.0) == [2]
    assert open_updates(tx, after=-1, limit=1) == [Stored(1, -5, "{}")]


def test_an_update_twice_in_one_batch_is_stored_once(tx: Connection) -> None:
    assert store(tx, incoming(4, 4), now=10.0) == [4]


def test_nothing_to_store_and_nothing_to_mark_change_nothing(tx: Connection) -> None:
    assert store(tx, [], now=10.0) == []
    mark_handled(tx, [], now=10.0)
    assert open_updates(tx, after=-1, limit=10) == []


def test_more_updates_than_one_statement_takes_are_all_stored(tx: Connection) -> None:
    assert sorted(store(tx, incoming(*range(2500)), now=10.0)) == list(range(2500))


def test_open_updates_come_page_by_page(tx: Connection) -> None:
    store(tx, incoming(*range(5)), now=10.0)
    pages = [[each.update_id for each in open_updates(tx, after, 2)] for after in (-1, 1, 3, 4)]
    assert pages == [[0, 1], [2, 3], [4], []]


def test_a_handled_update_is_open_no_more_and_keeps_its_first_outcome(tx: Connection) -> None:
    store(tx, incoming(1, 2, 3), now=10.0)
    mark_handled(tx, [(1, None), (2, "ValueError")], now=11.0)
    mark_handled(tx, [(2, None), (99, None)], now=12.0)
    columns = (schema.inbox.c.update_id, schema.inbox.c.handled_at, schema.inbox.c.error)
    rows = tx.execute(select(*columns).order_by(schema.inbox.c.update_id)).all()
    assert [tuple(row) for row in rows] == [
        (1, 11.0, None),
        (2, 11.0, "ValueError"),
        (3, None, None),
    ]
    assert [each.update_id for each in open_updates(tx, after=-1, limit=9)] == [3]


def test_purge_takes_what_was_handled_before_and_never_what_is_open(tx: Connection) -> None:
    store(tx, incoming(1, 2, 3), now=10.0)
    mark_handled(tx, [(1, None)], now=20.0)
    mark_handled(tx, [(2, None)], now=30.0)
    assert purge(tx, before=30.0) == 1
    assert store(tx, incoming(1, 2, 3), now=40.0) == [1]


def test_looking_for_open_updates_reads_no_handled_ones(tx: Connection) -> None:
    plan = plans(tx, lambda: open_updates(tx, after=5, limit=10))
    assert plan[0].startswith("SEARCH inbox USING INDEX ix_inbox_")


def test_the_largest_ids_keep_their_value(tx: Connection) -> None:
    largest = (1 << 63) - 1
    store(tx, [Incoming(largest, -largest, "{}")], now=1.0)
    assert open_updates(tx, after=largest - 1, limit=1) == [Stored(largest, -largest, "{}")]
