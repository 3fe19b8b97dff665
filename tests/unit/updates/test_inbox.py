"""Nothing that was acknowledged is lost, nothing runs twice without a crash, nothing stops it."""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from telegram import Bot, Update

from bot.jobs.upkeep import INBOX_SECONDS
from bot.updates.inbox import PAGE, Inbox, read_update, reader, update_id_of
from bot.updates.lanes import Handle, Lanes
from storage.database import Connection, Database
from storage.inbox import Incoming, Stored, open_updates, purge, store
from storage.schema import inbox as inbox_table

NOW = 1_700_000_000.0


def message(update_id: int, chat_id: int = 1, **fields: object) -> dict[str, Any]:
    chat = {"id": chat_id, "type": "private", "first_name": "A"}
    return {
        "update_id": update_id,
        "message": {"message_id": update_id, "date": 1, "chat": chat, "text": "hi", **fields},
    }


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "veogram.sqlite3")
    yield opened
    await opened.close()


class Run:
    """An inbox over its lanes, as one run of the program has them."""

    def __init__(self, database: Database, handle: Handle | None = None, limit: int = 8) -> None:
        self.handled: list[int] = []
        self.lanes = Lanes(handle or self.note, limit=limit)
        self.inbox = Inbox(database, self.lanes, lambda: NOW, self.sleep)
        self.slept: list[float] = []

    async def note(self, update: Stored) -> None:
        self.handled.append(update.update_id)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    async def close(self) -> None:
        await self.lanes.drain(timeout_seconds=0)
        await self.inbox.close()


async def rows(database: Database) -> list[tuple[int, float | None, str | None]]:
    def read(tx: Connection) -> list[tuple[int, float | None, str | None]]:
        columns = (inbox_table.c.update_id, inbox_table.c.handled_at, inbox_table.c.error)
        found = tx.execute(select(*columns).order_by(inbox_table.c.update_id))
        return [(update_id, at, error) for update_id, at, error in found]

    return await database.read(read)


# --- the border


@pytest.mark.parametrize(
    ("part", "lane"),
    [
        ({"message": {"chat": {"id": -100}, "from": {"id": 5}}}, -100),
        ({"edited_message": {"chat": {"id": 7}}}, 7),
        ({"channel_post": {"chat": {"id": -8}}}, -8),
        ({"my_chat_member": {"chat": {"id": 9}, "from": {"id": 5}}}, 9),
        ({"callback_query": {"from": {"id": 5}, "message": {"chat": {"id": -3}}}}, -3),
        ({"callback_query": {"from": {"id": 5}, "inline_message_id": "x"}}, 5),
        ({"inline_query": {"from": {"id": 5}}}, 5),
        ({"pre_checkout_query": {"from": {"id": 6}}}, 6),
        ({"poll_answer": {"user": {"id": 6}}}, 6),
        ({"poll": {"id": "17"}}, 0),
        ({"something_new": {"chat": {"id": 3}}}, 3),
        ({"message": {"chat": {"id": "7"}}}, 0),
        ({"message": {"chat": {"id": True}}}, 0),
        ({"message": {"chat": {"id": 1 << 63}, "from": {"id": 5}}}, 5),
        ({"message": "text"}, 0),
        ({}, 0),
    ],
)
def test_the_lane_is_the_chat_else_the_sender_else_zero(part: dict[str, Any], lane: int) -> None:
    read = read_update({"update_id": 4, **part})
    assert read is not None
    assert (read.update_id, read.lane) == (4, lane)
    assert json.loads(read.body) == {"update_id": 4, **part}


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        "update",
        7,
        {},
        {"update_id": None},
        {"update_id": "4"},
        {"update_id": True},
        {"update_id": 4.0},
        {"update_id": -1},
        {"update_id": 1 << 63},
        {"update_id": 4, "message": {1, 2}},
    ],
)
def test_what_is_no_update_is_not_read(raw: object) -> None:
    assert read_update(raw) is None


def test_an_update_of_any_depth_is_read_or_refused_without_an_error() -> None:
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert read_update({"update_id": 4, "message": deep}) is None
    assert update_id_of({"update_id": 4, "message": deep}) == 4


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\N{PILE OF POO}", "line\nbreak"])
async def test_any_text_survives_the_way_through_the_table(database: Database, text: str) -> None:
    read = read_update(message(4, text=text))
    assert read is not None
    await database.write(store, [read], NOW)
    [stored] = await database.read(open_updates, -1, 9)
    assert json.loads(stored.body)["message"]["text"] == text


NAMES = ("message", "callback_query", "chat", "from", "user", "id")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(NAMES), json_values), json_values)
def test_whatever_an_update_holds_only_its_id_decides_whether_it_is_read(
    parts: dict[str, object], update_id: object
) -> None:
    assert read_update({**parts, "update_id": 4}) is not None
    raw = {**parts, "update_id": update_id}
    assert (read_update(raw) is None) == (update_id_of(raw) is None)


# --- put


async def test_put_commits_before_it_returns(database: Database) -> None:
    run = Run(database)
    await run.inbox.put([message(1), message(2)])
    assert [row[0] for row in await rows(database)] == [1, 2]


async def test_updates_are_handled_and_marked(database: Database) -> None:
    run = Run(database)
    await run.inbox.recover()
    await run.inbox.put([message(1), message(2, chat_id=2)])
    await run.lanes.settle()
    await run.close()
    assert sorted(run.handled) == [1, 2]
    assert await rows(database) == [(1, NOW, None), (2, NOW, None)]


async def test_one_update_fifty_times_at_once_has_one_effect(database: Database) -> None:
    run = Run(database)
    await run.inbox.recover()
    await asyncio.gather(*(run.inbox.put([message(1), message(1)]) for _ in range(50)))
    await run.lanes.settle()
    await run.inbox.put([message(1)])
    await run.lanes.settle()
    await run.close()
    assert run.handled == [1]


async def test_an_update_that_comes_again_a_day_later_has_no_second_effect(
    database: Database,
) -> None:
    run = Run(database)
    await run.inbox.recover()
    await run.inbox.put([message(1)])
    await run.lanes.settle()
    await run.close()
    # Telegram brings an update for a day at most (Bot API, "Getting updates").
    assert await database.write(purge, NOW + 24 * 3600.0 - INBOX_SECONDS) == 0
    again = Run(database)
    await again.inbox.recover()
    await again.inbox.put([message(1), message(2)])
    await again.lanes.settle()
    await again.close()
    assert again.handled == [2]


async def test_updates_that_come_out_of_order_are_all_handled(database: Database) -> None:
    run = Run(database)
    await run.inbox.recover()
    for update_id in (30, 10, 20):
        await run.inbox.put([message(update_id)])
    await run.lanes.settle()
    await run.close()
    assert run.handled == [30, 10, 20]


async def test_what_is_no_update_is_left_out_and_logged_and_the_rest_stored(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    run = Run(database)
    await run.inbox.recover()
    await run.inbox.put(["junk", message(1), {"update_id": 2, "message": {1}}])
    await run.lanes.settle()
    await run.close()
    assert run.handled == [1]
    assert [record.getMessage() for record in caplog.records] == [
        "update None cannot be stored and is left out",
        "update 2 cannot be stored and is left out",
    ]


async def test_a_put_whose_caller_goes_away_is_still_handled(database: Database) -> None:
    run = Run(database)
    await run.inbox.recover()
    putting = asyncio.create_task(run.inbox.put([message(1)]))
    await asyncio.sleep(0)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    await run.inbox.put([])
    await run.inbox.close()
    await run.lanes.settle()
    await run.close()
    assert run.handled == [1]


async def test_a_put_that_cannot_be_stored_raises_and_offers_nothing(database: Database) -> None:
    run = Run(database)
    await run.inbox.recover()
    await database.write(lambda tx: tx.exec_driver_sql("ALTER TABLE inbox RENAME TO gone"))
    with pytest.raises(Exception, match="no such table"):
        await run.inbox.put([message(1)])
    await run.close()
    assert run.handled == []


# --- what handling leaves behind


async def test_an_update_whose_handler_raises_is_closed_with_the_class_of_the_error(
    database: Database,
) -> None:
    async def handle(update: Stored) -> None:
        raise LookupError(update.update_id)

    run = Run(database, handle)
    await run.inbox.recover()
    await run.inbox.put([message(1)])
    await run.lanes.settle()
    await run.close()
    assert await rows(database) == [(1, NOW, "LookupError")]


async def test_marks_are_written_together_and_none_is_lost_on_a_stop(database: Database) -> None:
    run = Run(database)
    await run.inbox.recover()
    await run.inbox.put([message(each, chat_id=each % 7) for each in range(200)])
    await run.lanes.settle()
    await run.close()
    assert all(at == NOW for _, at, _ in await rows(database))
    assert len(run.slept) < 100  # one pause a write


async def test_marks_that_cannot_be_written_are_kept_for_the_next_time(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    run = Run(database)
    await run.inbox.recover()
    await run.inbox.put([message(1)])
    await database.write(lambda tx: tx.exec_driver_sql("ALTER TABLE inbox RENAME TO away"))
    await run.lanes.settle()
    while not caplog.records:
        await asyncio.sleep(0.001)
    await database.write(lambda tx: tx.exec_driver_sql("ALTER TABLE away RENAME TO inbox"))
    await run.close()
    assert await rows(database) == [(1, NOW, None)]
    assert caplog.records[0].getMessage().startswith("handled updates cannot be marked")


async def test_an_interrupted_update_stays_open(database: Database) -> None:
    async def handle(_update: Stored) -> None:
        await asyncio.Event().wait()

    run = Run(database, handle)
    await run.inbox.recover()
    await run.inbox.put([message(1)])
    await asyncio.sleep(0)
    await run.close()
    assert await rows(database) == [(1, None, None)]


# --- after a restart


async def test_what_was_committed_but_not_handled_comes_first_and_in_order(
    database: Database,
) -> None:
    before = Run(database)  # it never recovers: as if it died right after each commit
    await before.inbox.put([message(2), message(1)])
    await before.inbox.put([message(3, chat_id=2)])
    after = Run(database, limit=1)
    await after.inbox.put([message(4)])
    assert after.handled == []
    assert await after.inbox.recover() == 4
    await after.inbox.put([message(5)])
    await after.lanes.settle()
    await after.close()
    assert [each for each in after.handled if each != 3] == [1, 2, 4, 5]
    assert 3 in after.handled


async def test_a_backlog_of_many_pages_is_handled_once_each_beside_new_updates(
    database: Database,
) -> None:
    old = [Incoming(each, each % 3, "{}") for each in range(10, 2 * PAGE + 50)]
    await database.write(store, old, NOW)
    run = Run(database)
    later = [message(5), *(message(9_999 + each, chat_id=each % 3) for each in range(40))]

    async def put_one_by_one() -> None:
        for each in later:
            await run.inbox.put([each])

    await asyncio.gather(run.inbox.recover(), put_one_by_one())
    await run.lanes.settle()
    await run.close()
    expected = [each.update_id for each in old] + [each["update_id"] for each in later]
    assert sorted(run.handled) == sorted(expected)
    for lane in range(3):
        mine = [each for each in run.handled if each > 5 and each % 3 == lane]
        assert mine == sorted(mine)


async def test_recovering_again_offers_nothing_twice(database: Database) -> None:
    run = Run(database)
    await run.inbox.put([message(1)])
    assert await run.inbox.recover() == 1
    assert await run.inbox.recover() == 0
    await run.lanes.settle()
    await run.close()
    assert run.handled == [1]


CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from bot.updates.inbox import Inbox
from bot.updates.lanes import Lanes
from storage.database import Database

async def handle(update):
    if update.update_id == 12:
        os.kill(os.getpid(), signal.SIGKILL)
    print(update.update_id, flush=True)
    await asyncio.sleep(0)

async def main():
    database = await Database.open(Path(sys.argv[1]))
    inbox = Inbox(database, Lanes(handle, limit=4), lambda: 1.0, asyncio.sleep)
    await inbox.recover()
    await inbox.put([
        {"update_id": each, "message": {"chat": {"id": each % 5}}} for each in range(40)
    ])
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_after_kill_9_in_a_handler_every_committed_update_is_handled_in_order(
    tmp_path: Path,
) -> None:
    path = tmp_path / "killed.sqlite3"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(path), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await child.communicate()
    assert child.returncode == -signal.SIGKILL
    before = {int(line) for line in printed.split()}
    database = await Database.open(path)
    run = Run(database, limit=1)
    await run.inbox.recover()
    await run.lanes.settle()
    await run.close()
    await database.close()
    assert before | set(run.handled) == set(range(40))
    assert 12 in run.handled
    for lane in range(5):
        mine = [each for each in run.handled if each % 5 == lane]
        assert mine == sorted(mine)


# --- reading by the framework


def read_by_framework(process: Callable[[Update], Awaitable[None]]) -> Handle:
    return reader(Bot("1:none"), process)


async def test_the_framework_gets_updates_of_its_own_kind() -> None:
    seen: list[Update] = []

    async def process(update: Update) -> None:
        seen.append(update)

    await read_by_framework(process)(Stored(4, 1, json.dumps(message(4, text="a cat"))))
    assert seen[0].effective_message is not None
    assert seen[0].effective_message.text == "a cat"


@pytest.mark.parametrize(
    "bad",
    [
        {"message": "text"},
        {"message": {"chat": {"id": 1}}},
        {"callback_query": [1]},
        {"message": {"message_id": 1, "date": "x", "chat": {"id": 1, "type": "private"}}},
        {"message": {"message_id": 1, "date": 1, "chat": {"id": "1", "type": "private"}}},
        {"callback_query": {"id": "1", "from": {"id": "5", "is_bot": False, "first_name": "A"}}},
        {"message": {"message_id": 10**30, "date": 1, "chat": {"id": 1, "type": "private"}}},
    ],
)
async def test_an_update_that_the_framework_cannot_read_is_logged_once_and_passed_over(
    database: Database, caplog: pytest.LogCaptureFixture, bad: dict[str, Any]
) -> None:
    seen: list[int] = []

    async def process(update: Update) -> None:
        seen.append(update.update_id)

    run = Run(database, read_by_framework(process))
    await run.inbox.recover()
    with caplog.at_level(logging.ERROR):
        await run.inbox.put([message(1), {"update_id": 2, **bad}, message(3)])
        await run.lanes.settle()
    await run.close()
    assert seen == [1, 3]
    assert (2, NOW, "UpdateUnreadable") in await rows(database)
    assert len(caplog.records) == 1


async def test_a_handled_update_goes_through_its_lane_again_behind_what_waits(
    database: Database,
) -> None:
    run = Run(database, limit=1)
    await run.inbox.recover()
    await run.inbox.put([message(1)])
    await run.lanes.settle()
    done: list[bool] = []
    await run.inbox.put([message(2)])
    assert await run.inbox.again(1, lambda: done.append(True))
    await run.lanes.settle()
    assert not await run.inbox.again(99, lambda: done.append(False))
    await run.close()
    assert (run.handled, done) == ([1, 2, 1], [True])
    assert [(update_id, error) for update_id, _, error in await rows(database)] == [
        (1, None),
        (2, None),
    ]
