"""Status cards are drawn again as jobs move on, but never in a hurry."""

import asyncio
import math
from dataclasses import replace
from itertools import pairwise

import pytest

from bot.demo.kie_faults import Answer, Fate, Point
from bot.errors import ChatMoved
from bot.jobs import chats, transactions
from bot.jobs.messenger import Status, Waiting, Working
from bot.jobs.reporter import Reporter
from bot.jobs.service import Request
from bot.models import Draft, Job, Place, Reason
from storage import lineage
from tests.unit.jobs.life import ADA, RULES, Life

CARD_ID = 77
GROUP = -100


async def order_with_card(here: Life, chat_id: int) -> None:
    """Confirm a card that becomes the status card."""
    user = await here.user()
    place = Place(chat_id, None, 5)
    update_id = 10_000 + abs(chat_id)
    draft = await here.service.open_draft(Request(user, place, update_id, "A cat", user.defaults))
    assert isinstance(draft, Draft)
    await here.service.confirm(
        await here.service.save_draft(replace(draft, card_message_id=CARD_ID)), user
    )


async def drawn_at(here: Life, seconds: int) -> list[float]:
    """Let time pass second by second; return when the card was drawn, from the order on."""
    start, times = here.clock.now, [0.0]  # the order itself turns the card into a status
    for _ in range(seconds):
        count = len(here.chat.statuses)
        await here.worker.settle()
        await here.reporter.round()
        if len(here.chat.statuses) > count:
            times.append(here.clock.now - start)
        here.clock.advance(1)
    return times


@pytest.mark.parametrize(("chat_id", "pause"), [(ADA, 5), (GROUP, 10)])
async def test_a_card_is_drawn_no_sooner_than_its_pace_allows_whatever_happens(
    here: Life, chat_id: int, pause: int
) -> None:
    here.kie.script(Point.CREATE, Answer(429, "too frequent"))  # back into the queue, then on
    here.kie.script_task(Fate(seconds=math.inf))
    await order_with_card(here, chat_id)
    times = await drawn_at(here, 60)
    assert len(times) >= 60 // pause
    assert min(after - before for before, after in pairwise(times)) >= pause
    assert isinstance(here.chat.statuses[-1], Working)


async def test_who_waits_far_behind_sees_soon_that_it_is_their_turn(here: Life) -> None:
    await here.close()
    here.build(max_concurrent=0, max_jobs_per_user=100, daily_credits=10**6)
    for person in range(25):
        await here.order(user_id=3000 + person)
    await order_with_card(here, ADA)
    await drawn_at(here, 7)
    assert here.chat.statuses == [Waiting(26)]
    await here.close()
    here.build(max_concurrent=30, daily_credits=10**6)
    here.kie.script_task(Fate(seconds=math.inf), times=30)
    await drawn_at(here, 25)
    assert isinstance(here.chat.statuses[-1], Working)


@pytest.mark.parametrize("event", ["hidden", "ended", "moved"])
async def test_a_card_drawn_while_its_job_moves_on_is_not_drawn_again(
    here: Life, event: str
) -> None:
    here.kie.script_task(Fate(seconds=math.inf))
    await order_with_card(here, GROUP)
    await here.worker.settle()
    (shown,) = await here.service.open_jobs(ADA)
    show_status = here.chat.show_status

    async def meanwhile(job: Job, status: Status) -> None:
        match event:
            case "hidden":
                await here.service.cancel(job.id, ADA)
            case "ended":
                now = here.clock()
                await here.database.write(transactions.expire, job, Reason.TOO_LATE, now)
            case "moved":
                await here.database.write(chats.follow, GROUP, -200)
        await show_status(job, status)

    here.chat.show_status = meanwhile  # type: ignore[method-assign]  # a call takes its time
    here.clock.advance(10)
    await here.reporter.round()
    assert len(here.chat.statuses) == 1
    after = await here.job(shown.job)
    assert after.status_due_at is None
    assert after.status_message_id == (None if event == "moved" else CARD_ID)


async def test_a_chat_that_takes_no_card_now_keeps_no_other_chat_from_its_own(here: Life) -> None:
    here.kie.script_task(Fate(seconds=math.inf), times=2)
    await order_with_card(here, GROUP)
    await order_with_card(here, ADA)
    await here.worker.settle()
    show_status, drawn = here.chat.show_status, []

    async def slowly(job: Job, status: Status) -> None:
        if job.place.is_group:
            await asyncio.Event().wait()
        drawn.append(job.place.chat_id)
        await show_status(job, status)

    here.chat.show_status = slowly  # type: ignore[method-assign]  # Telegram lets the group wait
    reporter = Reporter(
        database=here.database,
        messenger=here.chat,
        rules=RULES,
        clock=here.clock,
        patience_seconds=0.01,
    )
    for _ in range(3):
        here.clock.advance(10)
        await reporter.round()
    assert drawn == [ADA] * 3


async def test_buttons_in_a_group_that_moved_are_left_with_it(here: Life) -> None:
    video = await here.video()
    await here.database.write(lineage.redraw, video.id, here.clock())
    here.chat.refuses = [ChatMoved(-200)] * 3
    for _ in range(3):
        await here.reporter.round()
        here.clock.advance(60)
    moved = await here.job(video)
    assert (moved.place.chat_id, moved.result_message_id) == (-200, None)
    assert len(here.chat.refuses) == 2
