"""Sharper copies and next parts: asked for once, paid once, and shown as they stand."""

import asyncio
import math
from dataclasses import replace

import pytest

from bot.demo.kie_faults import Answer, Fate, Point
from bot.errors import AlreadyAsked, NotAllowed, NotOffered, QuotaExceeded, SendLater
from bot.jobs.further import read_offers
from bot.jobs.messenger import Working
from bot.jobs.offers import Offers
from bot.jobs.service import Cancelled
from bot.models import Dialect, Draft, Job, Kind, Place, Reason, State, Step
from storage import lineage
from tests.unit.jobs.life import ADA, Life

DAY = 86_400.0
HD, UHD = Kind.UPGRADE_1080P, Kind.UPGRADE_4K
ALL = (Kind.EXTEND, HD, UHD)


def never_ready(here: Life) -> None:
    here.kie.script_task(Fate(seconds=math.inf))


def finish_all(here: Life) -> None:
    for task in here.kie.tasks:
        here.kie.finish(task.id)


async def offers(here: Life, video: Job) -> Offers:
    return await here.database.read(read_offers, await here.job(video), here.clock())


async def change(here: Life, sql: str) -> None:
    await here.database.write(lambda tx: tx.exec_driver_sql(sql))


async def test_twenty_presses_at_once_make_one_copy(here: Life) -> None:
    video = await here.video()

    pressed = await asyncio.gather(*(here.sharpen(video, UHD) for _ in range(20)))

    assert [each.begun for each in pressed].count(True) == 1
    assert {each.job.id for each in pressed} == {video.id + 1}
    await here.pass_seconds(300)
    assert await here.entries() == ["hold", "capture"] * 2
    assert here.chat.videos == [video.id, video.id + 1]


async def test_a_press_handled_again_gives_the_copy_it_has_asked_for(here: Life) -> None:
    video, user = await here.video(), await here.user()
    order = (video.id, HD, user, Place(ADA), 77)

    first, second = await here.further.sharpen(*order), await here.further.sharpen(*order)

    assert first.begun
    assert second.begun
    assert first.job.id == second.job.id


async def test_only_the_owner_of_a_video_that_is_there_has_its_buttons(here: Life) -> None:
    video, stranger = await here.video(), await here.user(7)

    with pytest.raises(NotAllowed):
        await here.sharpen(video, user_id=7)
    with pytest.raises(NotAllowed):
        await here.further.extend(video.id, stranger, Place(7), 78)
    with pytest.raises(NotOffered) as gone:
        await here.sharpen(replace(video, id=404))
    assert gone.value.why == "gone"
    assert await here.further.shown_in(7, ADA, video.result_message_id or 0) is None


async def test_without_enough_credits_nothing_is_made(here: Life) -> None:
    video = await here.video()
    await here.close()
    here.build(daily_credits=64)

    with pytest.raises(QuotaExceeded):
        await here.sharpen(video)

    assert await here.entries() == ["hold", "capture"]
    assert (await offers(here, video)).kinds == ALL


async def test_extend_is_refused_once_a_sharper_copy_was_asked_for(here: Life) -> None:
    video, user = await here.video(), await here.user()
    draft = await here.further.extend(video.id, user, Place(ADA), 77)
    assert isinstance(draft, Draft)
    await here.service.save_draft(replace(draft, prompt="It jumps", step=Step.CARD))
    await here.sharpen(video)

    with pytest.raises(NotOffered) as pressed:
        await here.further.extend(video.id, user, Place(ADA), 78)
    with pytest.raises(NotOffered) as confirmed:
        await here.service.confirm(draft, user)

    assert (pressed.value.why, confirmed.value.why) == ("sharper", "sharper")
    assert await here.further.choose(video, Place(ADA), "It jumps", 79) is None
    assert await here.entries() == ["hold", "capture", "hold"]


async def test_a_sharper_copy_waits_until_kie_has_taken_the_next_part(here: Life) -> None:
    video = await here.video()
    never_ready(here)
    part = await here.extend(video)

    with pytest.raises(AlreadyAsked) as early:
        await here.sharpen(video)
    await here.pass_seconds(10)

    assert early.value.kind == Kind.EXTEND
    assert (await here.job(part)).state is State.GENERATING
    assert (await here.sharpen(video)).begun


async def test_a_copy_cancelled_in_the_queue_leaves_everything_as_it_was(here: Life) -> None:
    video = await here.video()
    copy = (await here.sharpen(video)).job

    assert await here.service.cancel(copy.id, ADA) is Cancelled.RELEASED

    assert await offers(here, video) == Offers(ALL)
    assert await here.entries() == ["hold", "capture", "hold", "release"]


async def test_after_14_days_nothing_is_made_of_a_video_any_more(here: Life) -> None:
    video = await here.video()
    here.clock.advance(14 * DAY + 1)

    for kind in (HD, UHD):
        with pytest.raises(NotOffered) as old:
            await here.sharpen(video, kind)
        assert old.value.why == "old"


async def test_a_copy_that_takes_long_is_told_and_asked_for_every_five_minutes(
    here: Life,
) -> None:
    video = await here.video()
    never_ready(here)
    copy = (await here.sharpen(video)).job
    await here.service.show_status_on(copy, 77)
    asked = len(here.kie.requests)
    await here.pass_seconds(590)
    early = len(here.kie.requests) - asked
    await here.reporter.round()
    before = here.chat.statuses[-1]
    await here.pass_seconds(3600)
    late = len(here.kie.requests) - asked - early
    await here.reporter.round()

    assert 590 // 25 <= early <= 590 // 25 + 2
    assert 3600 // 300 <= late <= 3600 // 300 + 2
    assert isinstance(before, Working)
    assert isinstance(here.chat.statuses[-1], Working)
    assert (before.slow, here.chat.statuses[-1].slow) == (False, True)
    assert (await here.job(copy)).state is State.GENERATING


@pytest.mark.parametrize("asked_before", [0, 1])
async def test_a_4k_copy_that_is_unavailable_is_not_asked_for_anew_whatever_else_kie_says(
    here: Life, asked_before: int
) -> None:
    video = await here.video()
    here.kie.script(Point.K4, Answer(422, "4k is processing"), times=asked_before)
    unavailable = "The 4K version of this video is unavailable. Internal Error, try again later."
    here.kie.script(Point.K4, Answer(500, unavailable))
    copy = (await here.sharpen(video, UHD)).job
    await here.pass_seconds(300)

    ended = await here.job(copy)
    assert (ended.state, ended.attempt) == (State.FAILED, 1)
    assert await here.entries() == ["hold", "capture", "hold", "release"]


async def test_one_part_is_made_at_a_time(here: Life) -> None:
    video, user = await here.video(), await here.user()
    never_ready(here)
    await here.extend(video)
    draft = await here.further.choose(video, Place(ADA), "It swims", 80)
    await here.pass_seconds(10)

    with pytest.raises(AlreadyAsked):
        await here.further.extend(video.id, user, Place(ADA), 81)
    assert draft is None
    finish_all(here)
    await here.pass_seconds(300)
    assert isinstance(await here.further.choose(video, Place(ADA), "It swims", 82), Draft)


async def test_extend_pressed_again_while_it_is_asked_is_the_same_question(here: Life) -> None:
    video, user = await here.video(), await here.user()
    pressed, elsewhere = Place(ADA, None, 900), Place(-5, 3, 902)
    first = await here.further.extend(video.id, user, pressed, 77)
    again = await here.further.extend(video.id, user, pressed, 78)
    other = await here.further.extend(video.id, user, elsewhere, 79)

    assert isinstance(first, Draft)
    assert isinstance(other, Draft)
    assert again == first
    assert other.id != first.id


async def test_a_copy_given_up_and_asked_for_again_comes_once(here: Life) -> None:
    video = await here.video()
    never_ready(here)
    first = (await here.sharpen(video)).job
    await here.pass_seconds(7500)
    assert (await here.job(first)).error is Reason.TOO_LATE
    second = await here.sharpen(video)
    assert second.begun
    finish_all(here)
    await here.pass_seconds(3 * DAY, step=3600)

    assert (await here.job(first)).state is State.EXPIRED
    assert (await here.job(second.job)).state is State.DONE
    assert here.chat.videos == [video.id, second.job.id]
    assert await here.entries() == ["hold", "capture", "hold", "release", "hold", "capture"]


async def test_a_copy_given_up_comes_after_all_for_nothing(here: Life) -> None:
    video = await here.video()
    never_ready(here)
    copy = (await here.sharpen(video)).job
    await here.pass_seconds(7500)
    finish_all(here)
    await here.pass_seconds(2 * DAY, step=3600)

    assert here.chat.videos == [video.id, copy.id]
    assert await here.entries() == ["hold", "capture", "hold", "release"]
    assert (await offers(here, video)).kinds == (UHD,)


async def test_asking_again_for_a_copy_that_runs_unseen_lets_it_be_seen(here: Life) -> None:
    video = await here.video()
    never_ready(here)
    copy = (await here.sharpen(video)).job
    await here.pass_seconds(10)
    assert await here.service.cancel(copy.id, ADA) is Cancelled.UNSEEN

    again = await here.sharpen(video)
    finish_all(here)
    await here.pass_seconds(300)

    assert not again.begun
    assert here.chat.videos == [video.id, copy.id]


async def test_buttons_follow_what_is_asked_and_made(here: Life) -> None:
    video = await here.video()
    never_ready(here)
    await here.sharpen(video)
    await here.pass_seconds(10)
    await here.reporter.round()
    await here.reporter.round()
    finish_all(here)
    await here.pass_seconds(300)
    here.chat.refuses.append(SendLater())
    await here.reporter.round()
    await here.reporter.round()
    here.clock.advance(60)
    await here.reporter.round()

    assert here.chat.buttons == [
        (video.id, Offers((UHD,), frozenset({HD}))),
        (video.id, Offers((UHD,))),
    ]


async def test_a_button_that_does_nothing_any_more_is_drawn_again(here: Life) -> None:
    video = await here.video()
    await here.sharpen(video)
    await here.pass_seconds(300)
    await here.reporter.round()
    here.chat.buttons.clear()

    with pytest.raises(NotOffered):
        await here.further.extend(video.id, await here.user(), Place(ADA), 77)
    await here.reporter.round()

    assert here.chat.buttons == [(video.id, Offers((UHD,)))]


async def test_what_comes_of_a_video_speaks_the_dialect_of_its_task(here: Life) -> None:
    video = await here.video()
    await here.close()
    here.build(dialect=Dialect.MARKET)
    part = await here.extend(video)
    await here.pass_seconds(300)
    copy = (await here.sharpen(video)).job
    await here.pass_seconds(300)

    made = [await here.job(each) for each in (part, copy)]
    assert [job.state for job in made] == [State.DONE, State.DONE]
    assert [job.dialect for job in made] == [Dialect.VEO, Dialect.VEO]


async def test_a_video_of_a_model_that_left_the_catalog_still_gets_sharper(here: Life) -> None:
    video = await here.video()
    await change(here, "UPDATE jobs SET options = replace(options, 'veo3_fast', 'veo2')")

    copy = (await here.sharpen(video)).job
    await here.pass_seconds(300)

    assert (await here.job(copy)).state is State.DONE


async def test_results_answer_the_message_that_shows_the_video(here: Life) -> None:
    here.build(daily_credits=1000)
    video, user = await here.video(), await here.user()
    await here.database.write(lineage.add_copy, video.id, ADA, 900)
    below_copy = await here.further.sharpen(video.id, HD, user, Place(ADA, None, 900), 77)
    below_other = await here.further.sharpen(video.id, UHD, user, Place(ADA, None, 901), 78)
    elsewhere = Place(-5, 3, 902)
    await here.pass_seconds(300)
    film = await here.video("A dog")
    part = await here.further.choose(film, elsewhere, "It jumps", 79)
    assert isinstance(part, Draft)

    assert below_copy.job.place.message_id == 900
    assert below_other.job.place.message_id == video.result_message_id
    assert (await here.service.confirm(part, user)).place == elsewhere
