"""Buttons that have had their day: each says so, and costs nothing."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.demo.chats import Message
from bot.demo.kie_faults import GENERATION_FAILED, Fate
from bot.demo.people import Person
from tests.conftest import Clock
from tests.e2e.whole import Whole, whole

DAY = 86400.0
Scene = Callable[[Whole, Person], Awaitable[tuple[Message, str]]]


async def made(here: Whole, bo: Person) -> Message:
    await here.say(bo, "/generate A cat --go")
    await here.work()
    return here.last(bo, "1080p")


async def an_expired_card(here: Whole, bo: Person) -> tuple[Message, str]:
    await here.say(bo, "A cat")
    card = here.last(bo, "Generate")
    here.clock.advance(DAY + 1)
    return card, card.button("Generate")["callback_data"]


async def a_confirmed_card(here: Whole, bo: Person) -> tuple[Message, str]:
    await here.say(bo, "A cat")
    card = here.last(bo, "Generate")
    data = card.button("Generate")["callback_data"]
    await here.press(bo, "Generate")
    await here.work()
    return here.last(bo, "1080p"), data


async def a_failed_job(here: Whole, bo: Person) -> tuple[Message, str]:
    here.kie.script_task(Fate(refusal=GENERATION_FAILED))
    await here.say(bo, "/generate A cat --go")
    await here.work(10_000)
    failure = here.last(bo, "Again")
    job_id = failure.button("Again")["callback_data"].split(":")[2]
    return failure, f"v1:j:{job_id}:1080p"


async def a_job_of_somebody_forgotten(here: Whole, bo: Person) -> tuple[Message, str]:
    video = await made(here, bo)
    await here.say(bo, "/delete_me")
    await here.press(bo, "Delete everything")
    return video, video.button("1080p")["callback_data"]


async def a_video_of_long_ago(here: Whole, bo: Person) -> tuple[Message, str]:
    video = await made(here, bo)
    data = video.button("4K")["callback_data"]
    here.clock.advance(15 * DAY)
    return video, data


async def extend_after_a_sharper_copy(here: Whole, bo: Person) -> tuple[Message, str]:
    video = await made(here, bo)
    data = video.button("Extend")["callback_data"]
    await here.press(bo, "1080p")
    await here.work()
    return video, data


SCENES = [
    an_expired_card,
    a_confirmed_card,
    a_failed_job,
    a_job_of_somebody_forgotten,
    a_video_of_long_ago,
    extend_after_a_sharper_copy,
]


@pytest.mark.parametrize("scene", SCENES)
async def test_a_button_that_has_had_its_day_explains_itself_and_costs_nothing(
    tmp_path: Path, clock: Clock, scene: Scene
) -> None:
    async with whole(tmp_path, clock, ACCESS="open") as here:
        bo = here.telegram.user(2002, "Bo")
        message, data = await scene(here, bo)
        entries = await here.rows("SELECT count(*) FROM entries")
        asked = len(here.kie.requests)
        for _ in range(2):
            press = await bo.press_data(message, data)
            await here.hear()
            assert press.answer is not None
            assert press.answer.text
        assert await here.rows("SELECT count(*) FROM entries") == entries
        assert len(here.kie.requests) == asked
        assert await here.problems() == []


async def test_a_sharper_copy_that_is_there_is_sent_again_for_nothing(
    tmp_path: Path, clock: Clock
) -> None:
    async with whole(tmp_path, clock, ACCESS="open") as here:
        bo = here.telegram.user(2002, "Bo")
        video = await made(here, bo)
        data = video.button("1080p")["callback_data"]
        await here.press(bo, "1080p")
        await here.work()
        entries = await here.rows("SELECT count(*) FROM entries")
        before = len([each for each in here.messages(bo) if each.video])
        await bo.press_data(video, data)
        await here.hear()
        assert len([each for each in here.messages(bo) if each.video]) == before + 1
        assert await here.rows("SELECT count(*) FROM entries") == entries
