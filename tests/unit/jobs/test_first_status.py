"""What a new order is told first: its card is not drawn again for some seconds."""

import math

import pytest

from bot.demo.kie_faults import Answer, Fate, Point
from bot.jobs.messenger import Waiting, Working
from tests.unit.jobs.life import Life


async def test_what_can_go_to_kie_at_once_is_told_as_being_made_with_the_time_it_takes(
    here: Life,
) -> None:
    here.kie.script_task(Fate(seconds=math.inf))
    job = await here.order()
    before = await here.service.first_status(job)
    await here.worker.settle()
    after = await here.service.first_status(job)  # as it was ordered: the bot may be quicker

    assert isinstance(before, Working)
    assert (before.progress, before.remaining) == (0, here.service.rules.expected_seconds)
    assert isinstance(after, Working)


@pytest.mark.parametrize("limits", [{"max_concurrent": 1}, {"max_jobs_per_user": 1}])
async def test_what_has_to_wait_is_told_to_be_queued(here: Life, limits: dict[str, int]) -> None:
    await here.close()
    here.build(**limits)
    here.kie.script_task(Fate(seconds=math.inf))
    await here.order("first")
    await here.worker.settle()

    assert await here.service.first_status(await here.order("second")) == Waiting(1)


async def test_what_waits_for_the_account_is_told_so(here: Life) -> None:
    here.kie.script(Point.CREATE, Answer(455, "maintenance"))
    await here.order("first")
    await here.worker.settle()
    status = await here.service.first_status(await here.order("second"))

    assert isinstance(status, Waiting)
    assert status.paused_model
