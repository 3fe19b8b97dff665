"""The one loop: when it looks, what it takes, and what it does while the disk is full."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.demo.kie_faults import Answer, Fate, Point
from bot.errors import StorageError
from bot.jobs import dispatch, transactions
from bot.jobs.dispatch import Work
from bot.jobs.rules import Rules
from bot.jobs.transactions import LEASE_SECONDS
from bot.jobs.worker import MAX_STEPS
from bot.models import Reason, State
from storage.database import Database
from tests.unit.jobs.life import RULES, Life

BO = 2002
HARD_SECONDS = 400.0
DAY_SECONDS = 86_400.0
RULES_OF_TWO = replace(RULES, creates_per_10s=2)


class FullDisk:
    """A database that cannot keep so many of the writes that are named."""

    def __init__(self, database: Database, **fail: int) -> None:
        self._database = database
        self.fail = Counter(fail)
        self.read = database.read

    async def write(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self.fail[fn.__name__] > 0:
            self.fail[fn.__name__] -= 1
            raise StorageError("The disk is full.")
        return await self._database.write(fn, *args, **kwargs)


async def with_full_disk(here: Life, **fail: int) -> FullDisk:
    """Begin anew on a disk that is full for some writes, with a deadline that is soon."""
    await here.close()
    disk = FullDisk(here.database, **fail)
    here.database = disk  # type: ignore[assignment]  # all that is asked of one
    here.build(hard_deadline_seconds=HARD_SECONDS)
    return disk


async def look(here: Life, rules: Rules = RULES, *running: int) -> Work:
    return await here.database.write(
        dispatch.take_work, here.clock(), rules, MAX_STEPS, frozenset(running)
    )


def is_at_rest(here: Life, work: Work) -> bool:
    """Tell whether only an event, or time that passes, brings the loop to look again."""
    return work.look_again_at is None or work.look_again_at > here.clock()


async def test_a_job_above_its_users_limit_waits_for_an_end_not_in_a_busy_loop(here: Life) -> None:
    here.kie.script_task(Fate(seconds=math.inf), times=3)
    for _ in range(4):
        await here.order()
    await here.worker.settle()
    work = await look(here)
    assert work.submissions == []
    assert is_at_rest(here, work)


async def test_jobs_of_a_paused_model_wait_for_its_end_not_in_a_busy_loop(here: Life) -> None:
    here.kie.script(Point.CREATE, Answer(455, "maintenance"))
    await here.order()
    await here.worker.settle()
    await here.order(user_id=BO)
    work = await look(here)
    assert work.submissions == []
    assert is_at_rest(here, work)


async def test_due_jobs_beyond_the_steps_at_once_wait_for_one_to_end(here: Life) -> None:
    await here.order()
    await here.worker.settle()
    here.clock.advance(1000)
    work = await here.database.write(dispatch.take_work, here.clock(), RULES, 0, frozenset())
    assert work.due == []
    assert is_at_rest(here, work)


async def test_requests_that_are_being_prepared_count_against_the_rate(here: Life) -> None:
    for person in range(4):
        await here.order(user_id=BO + person)
    hurried = [await look(here, RULES_OF_TWO) for _ in range(3)]
    assert [len(work.submissions) for work in hurried] == [2, 0, 0]


async def test_a_paid_request_gets_a_whole_lease_however_long_its_photos_took(here: Life) -> None:
    await here.order()
    (submission,) = (await look(here)).submissions
    here.clock.advance(LEASE_SECONDS - 1)
    assert await here.database.write(transactions.mark_sent, submission.job, here.clock())
    here.clock.advance(2)
    assert (await look(here)).due == []


async def test_a_job_whose_former_step_has_not_ended_is_not_taken_from_the_queue(
    here: Life,
) -> None:
    job = await here.order()
    assert (await look(here, RULES, job.id)).submissions == []
    assert [taken.job.id for taken in (await look(here)).submissions] == [job.id]


async def test_what_is_taken_while_the_worker_stops_is_left_to_the_next_process(
    here: Life,
) -> None:
    job = await here.order()
    await here.worker.stop(0)
    await here.worker.settle()
    assert (await here.job(job)).state is State.SUBMITTING
    assert here.kie.tasks == []
    await here.close()
    here.build()
    await here.worker.recover()
    await here.pass_seconds(300)
    assert (await here.job(job)).state is State.DONE
    assert len(here.kie.tasks) == 1


async def test_a_full_disk_delays_the_loop_and_does_not_end_it(here: Life) -> None:
    disk = await with_full_disk(here, take_work=1)
    running = asyncio.create_task(here.worker.run())
    while disk.fail["take_work"]:
        await asyncio.sleep(0.01)
    await here.order()
    while not here.kie.tasks:
        await asyncio.sleep(0.01)
    await here.worker.stop(5)
    await running


async def test_the_task_of_a_paid_request_is_kept_as_soon_as_the_disk_allows(here: Life) -> None:
    await with_full_disk(here, accept=3)
    job = await here.order()
    await here.pass_seconds(300)
    assert (await here.job(job)).state is State.DONE
    assert len(here.kie.tasks) == 1
    assert await here.entries() == ["hold", "capture"]


async def test_a_step_whose_end_cannot_be_kept_is_logged_and_taken_up_after_its_lease(
    here: Life, caplog: pytest.LogCaptureFixture
) -> None:
    await with_full_disk(here, begin_delivery=1, stumble=1)
    job = await here.order()
    with pytest.raises(StorageError):
        await here.pass_seconds(300)
    assert "a step's end was not kept" in caplog.text
    await here.pass_seconds(1000)
    assert (await here.job(job)).state is State.DONE


async def test_a_step_that_breaks_on_its_way_is_taken_up_where_it_was(here: Life) -> None:
    await with_full_disk(here, finish=1)
    job = await here.order()
    await here.service.show_status_on(job, 77)
    await here.pass_seconds(240)
    assert (await here.job(job)).state is State.DONE
    assert (here.chat.videos, here.chat.kept) == ([job.id], [job.id])


async def test_a_step_that_always_breaks_ends_with_a_refund_at_the_hard_deadline(
    here: Life,
) -> None:
    await with_full_disk(here, begin_delivery=10_000)
    job = await here.order()
    await here.pass_seconds(2 * HARD_SECONDS)
    ended = await here.job(job)
    assert (ended.state, ended.error) == (State.FAILED, Reason.NOT_DELIVERED)
    assert await here.entries() == ["hold", "capture", "refund"]


async def test_an_end_that_breaks_while_it_is_told_is_told_and_looked_after_all_the_same(
    here: Life,
) -> None:
    await with_full_disk(here, told=1)
    here.kie.script_task(Fate(seconds=math.inf))
    job = await here.order()
    await here.pass_seconds(2 * HARD_SECONDS)
    here.kie.finish(here.kie.tasks[0].id)
    await here.pass_seconds(DAY_SECONDS)
    assert (await here.job(job)).state is State.DONE
    assert await here.entries() == ["hold", "release"]


async def test_a_submission_that_always_breaks_ends_with_a_release(here: Life) -> None:
    await with_full_disk(here, mark_sent=10_000)
    job = await here.order()
    await here.pass_seconds(2 * HARD_SECONDS)
    ended = await here.job(job)
    assert (ended.state, ended.error) == (State.FAILED, Reason.UNAVAILABLE)
    assert here.kie.tasks == []
    assert await here.entries() == ["hold", "release"]
