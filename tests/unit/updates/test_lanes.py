"""Order within a lane, company across lanes, fair turns, and an end that loses nothing."""

import asyncio
import contextlib
import logging
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.updates.lanes import Lanes
from storage.inbox import Stored


class Log:
    """What the inbox would be told."""

    def __init__(self) -> None:
        self.outcomes: dict[int, str | None] = {}

    def done(self, update_id: int, error: str | None) -> None:
        self.outcomes[update_id] = error


class Handlers:
    """A handler that notes its begin and end, and waits for ``gates`` where there is one."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int]] = []
        self.running: set[int] = set()
        self.most = 0
        self.gates: dict[int, asyncio.Event] = {}

    async def __call__(self, update: Stored) -> None:
        self.events.append(("begin", update.update_id))
        self.running.add(update.update_id)
        self.most = max(self.most, len(self.running))
        if update.update_id in self.gates:
            await self.gates[update.update_id].wait()
        else:
            await asyncio.sleep(0)
        self.running.remove(update.update_id)
        self.events.append(("end", update.update_id))

    @property
    def begun(self) -> list[int]:
        return [update_id for what, update_id in self.events if what == "begin"]

    def hold(self, update_id: int) -> asyncio.Event:
        return self.gates.setdefault(update_id, asyncio.Event())


def updates(lane: int, *update_ids: int) -> list[Stored]:
    return [Stored(update_id, lane, "{}") for update_id in update_ids]


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_updates_of_one_lane_run_one_after_another_in_their_order() -> None:
    handlers, log = Handlers(), Log()
    lanes = Lanes(handlers, limit=8)
    lanes.offer(updates(1, 5, 3, 4), log.done)
    await lanes.settle()
    assert handlers.events == [
        (what, update_id) for update_id in (5, 3, 4) for what in ("begin", "end")
    ]
    assert log.outcomes == {5: None, 3: None, 4: None}


async def test_a_lane_that_waits_does_not_hold_up_another() -> None:
    handlers, log = Handlers(), Log()
    slow = handlers.hold(1)
    lanes = Lanes(handlers, limit=8)
    lanes.offer([*updates(1, 1, 2), *updates(2, 3, 4)], log.done)
    await turns()
    assert log.outcomes == {3: None, 4: None}
    slow.set()
    await lanes.settle()
    assert list(log.outcomes) == [3, 4, 1, 2]


async def test_what_is_offered_while_a_handler_runs_waits_its_turn() -> None:
    handlers, log = Handlers(), Log()
    slow = handlers.hold(1)
    lanes = Lanes(handlers, limit=8)
    lanes.offer(updates(1, 1), log.done)
    await turns()
    lanes.offer(updates(1, 2), log.done)
    await turns()
    assert handlers.begun == [1]
    slow.set()
    await lanes.settle()
    assert handlers.begun == [1, 2]


async def test_never_more_handlers_run_than_the_limit() -> None:
    handlers, log = Handlers(), Log()
    lanes = Lanes(handlers, limit=3)
    for lane in range(20):
        lanes.offer(updates(lane, lane * 2, lane * 2 + 1), log.done)
    await lanes.settle()
    assert handlers.most == 3
    assert len(log.outcomes) == 40


@pytest.mark.parametrize("limit", [1, 2])
async def test_a_flooding_chat_does_not_delay_the_others(limit: int) -> None:
    handlers, log = Handlers(), Log()
    lanes = Lanes(handlers, limit=limit)
    lanes.offer(updates(666, *range(1000, 1100)), log.done)
    for quiet in range(1, 6):
        lanes.offer(updates(quiet, quiet), log.done)
    await lanes.settle()
    quiet_places = [handlers.begun.index(quiet) for quiet in range(1, 6)]
    assert max(quiet_places) < 12  # among a hundred of the flood


async def test_a_thousand_people_at_once_are_served_beside_one_who_floods() -> None:
    handlers, log = Handlers(), Log()
    lanes = Lanes(handlers, limit=32)
    lanes.offer(updates(6666, *range(10_000, 20_000)), log.done)
    for person in range(1, 1001):
        lanes.offer(updates(person, person), log.done)
    while len([each for each in log.outcomes if each <= 1000]) < 1000:
        await asyncio.sleep(0)
    # Each person had one turn, and so had the flood at most as often as its turn came round.
    assert len(log.outcomes) < 1000 + 1000
    assert handlers.most <= 32
    await lanes.drain(timeout_seconds=1)


async def test_a_flooding_chat_occupies_one_place_only() -> None:
    handlers, log = Handlers(), Log()
    for update_id in range(1000, 1010):
        handlers.hold(update_id)
    lanes = Lanes(handlers, limit=2)
    lanes.offer(updates(666, *range(1000, 1010)), log.done)
    await turns()
    lanes.offer(updates(1, 1), log.done)
    await turns()
    assert log.outcomes == {1: None}
    await lanes.drain(timeout_seconds=0)


async def test_a_handler_that_dies_is_logged_once_and_its_lane_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handle(update: Stored) -> None:
        if update.update_id == 1:
            raise LookupError("no such card")

    log = Log()
    lanes = Lanes(handle, limit=2)
    with caplog.at_level(logging.ERROR):
        lanes.offer(updates(7, 1, 2), log.done)
        await lanes.settle()
    assert log.outcomes == {1: "LookupError", 2: None}
    assert [record.getMessage() for record in caplog.records] == ["update 1 of lane 7 failed"]
    assert "no such card" in caplog.text


async def test_a_handler_that_meets_a_foreign_cancellation_does_not_end_its_lane() -> None:
    async def handle(update: Stored) -> None:
        if update.update_id == 1:
            raise asyncio.CancelledError

    log = Log()
    lanes = Lanes(handle, limit=1)
    lanes.offer(updates(7, 1, 2), log.done)
    await lanes.settle()
    assert log.outcomes == {1: "CancelledError", 2: None}


async def test_nothing_is_left_when_all_is_handled() -> None:
    lanes = Lanes(Handlers(), limit=4)
    for lane in range(10):
        lanes.offer(updates(lane, lane), Log().done)
    await lanes.settle()
    await turns()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert lanes.backlog == 0
    assert not lanes._waiting


async def test_handlers_that_wait_for_nothing_leave_the_loop_to_others() -> None:
    handled = []

    async def handle(update: Stored) -> None:
        handled.append(update.update_id)

    lanes = Lanes(handle, limit=1)
    lanes.offer(updates(1, *range(100)), Log().done)
    await turns(10)
    assert 0 < len(handled) < 20
    await lanes.settle()


async def test_settle_returns_as_soon_as_few_enough_are_left() -> None:
    handlers, log = Handlers(), Log()
    last = handlers.hold(9)
    lanes = Lanes(handlers, limit=4)
    lanes.offer(updates(1, *range(10)), log.done)
    await lanes.settle(backlog=1)
    assert len(log.outcomes) == 9
    last.set()
    await lanes.settle()


async def test_drain_lets_what_runs_end_and_begins_nothing_new() -> None:
    handlers, log = Handlers(), Log()
    running = handlers.hold(1)
    lanes = Lanes(handlers, limit=1)
    lanes.offer([*updates(1, 1, 2), *updates(2, 3)], log.done)
    await turns()
    draining = asyncio.create_task(lanes.drain(timeout_seconds=60))
    await turns()
    running.set()
    await draining
    lanes.offer(updates(4, 4), log.done)
    await turns()
    assert log.outcomes == {1: None}
    assert handlers.begun == [1]


async def test_drain_cancels_what_outlasts_its_time_and_does_not_call_it_handled() -> None:
    handlers, log = Handlers(), Log()
    handlers.hold(1)
    lanes = Lanes(handlers, limit=1)
    lanes.offer(updates(1, 1, 2), log.done)
    await turns()
    await lanes.drain(timeout_seconds=0)
    await turns()
    assert log.outcomes == {}
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_drain_gives_up_on_a_handler_that_refuses_to_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    released = asyncio.Event()

    async def handle(_update: Stored) -> None:
        while not released.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await released.wait()

    lanes = Lanes(handle, limit=1)
    lanes.offer(updates(1, 1), Log().done)
    await turns()
    await lanes.drain(timeout_seconds=0)
    assert "1 handlers do not end" in caplog.text
    released.set()
    await turns()


async def test_drain_ends_a_settle_that_could_not_end_any_more() -> None:
    handlers = Handlers()
    handlers.hold(1)
    lanes = Lanes(handlers, limit=1)
    lanes.offer(updates(1, 1), Log().done)
    settling = asyncio.create_task(lanes.settle())
    await turns()
    await lanes.drain(timeout_seconds=0)
    await settling


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 4), max_size=60), st.integers(1, 4), st.integers(1, 7))
def test_any_mix_of_lanes_keeps_each_in_order(lanes_of: list[int], limit: int, size: int) -> None:
    everything = [Stored(at, lane, "{}") for at, lane in enumerate(lanes_of)]

    async def scenario() -> list[int]:
        handlers = Handlers()
        lanes = Lanes(handlers, limit=limit)
        for start in range(0, len(everything), size):
            lanes.offer(everything[start : start + size], Log().done)
            await asyncio.sleep(0)
        await lanes.settle()
        assert handlers.most <= limit
        return handlers.begun

    by_lane: dict[int, list[int]] = defaultdict(list)
    begun = asyncio.run(scenario())
    for update_id in begun:
        by_lane[lanes_of[update_id]].append(update_id)
    assert sorted(begun) == list(range(len(everything)))
    assert all(ids == sorted(ids) for ids in by_lane.values())
