"""``kill -9`` at every stage of the main job: after a restart everything goes on."""

import math

import pytest

from bot.demo.faults import Hang as TelegramHang
from bot.demo.faults import LoseAnswer
from bot.demo.kie_faults import Fate, Hang, Link, Point
from tests.e2e.world import World

HELD_AND_CAPTURED = [("hold",), ("capture",)]


def assert_paid_and_seen_once(here: World) -> None:
    assert len(here.videos()) == 1
    assert len(here.posts()) == 1
    assert entries(here) == HELD_AND_CAPTURED


def entries(here: World) -> list[tuple[str]]:
    return here.rows("SELECT kind FROM entries ORDER BY id")


async def test_killed_while_the_question_is_open_the_answer_still_counts(here: World) -> None:
    await here.start()
    await here.admin.send("/generate --ratio 9:16")
    await here.message("Describe the video")
    await here.kill()
    await here.admin.send("A lighthouse")
    await here.start()
    await here.admin.press(await here.card(), "Generate")
    await here.video()
    assert [(post["prompt"], post["aspect_ratio"]) for post in here.posts()] == [
        ("A lighthouse", "9:16")
    ]


async def test_killed_while_the_card_is_open_its_buttons_still_work(here: World) -> None:
    await here.start()
    await here.admin.send("/generate A lighthouse")
    card = await here.card()
    await here.kill()
    await here.admin.press(card, "9:16")
    await here.admin.press(card, "Generate")
    await here.start()
    await here.video()
    assert [post["aspect_ratio"] for post in here.posts()] == ["9:16"]


async def test_killed_while_the_paid_request_is_unanswered_it_is_never_repeated(
    here: World,
) -> None:
    here.kie.script(Point.CREATE, Hang(600))
    await here.start()
    await here.order("A lighthouse")
    await here.until(lambda: here.kie.tasks, "the task at KIE")
    await here.kill()
    await here.start()
    told = await here.message("refunded")
    assert {"Edit", "Again"} <= set(told.labels)
    assert await here.terminate() == 0
    assert len(here.kie.tasks) == 1
    assert here.states() == ["expired"]
    assert entries(here) == [("hold",), ("release",)]


async def test_killed_while_generating_the_video_still_comes(here: World) -> None:
    here.seconds = math.inf
    await here.start()
    await here.order("A lighthouse")
    await here.until(lambda: here.states() == ["generating"])
    await here.kill()
    here.kie.finish(here.kie.tasks[0].id)
    await here.start()
    await here.video()
    await here.until(lambda: here.states() == ["done"])
    assert len(here.posts()) == 1
    assert entries(here) == HELD_AND_CAPTURED


async def test_killed_while_fetching_nothing_half_done_is_left_of_a_video_that_stays_here(
    here: World,
) -> None:
    here.kie.script_task(Fate(seconds=math.inf, link=Link.SLOW, link_times=1))
    await here.start()
    card = await here.order("A lighthouse")
    await here.until(lambda: here.states() == ["generating"])
    await here.admin.press(card, "Cancel")
    here.kie.finish(here.kie.tasks[0].id)
    await here.until(lambda: list(here.data_dir.glob("videos/*.part")), "the first bytes")
    await here.kill()
    await here.start()
    await here.until(lambda: here.states() == ["done"])
    assert [path.suffix for path in here.data_dir.glob("videos/*")] == [".mp4"]


@pytest.mark.parametrize("accepted", [True, False])
async def test_killed_while_uploading_the_video_comes_once(here: World, *, accepted: bool) -> None:
    here.telegram.fail_next("editMessageMedia", TelegramHang(accept=accepted))
    await here.start()
    card = await here.order("A lighthouse")
    await here.until(lambda: here.telegram.calls_of("editMessageMedia"), "the upload")
    await here.kill()
    here.telegram.release()
    await here.start()
    video = await here.video()
    await here.until(lambda: card.deleted, "the card gone")
    assert video.id != card.id
    assert here.states() == ["done"]
    assert_paid_and_seen_once(here)


async def test_killed_while_sending_the_video_stays_on_the_status_card(here: World) -> None:
    here.telegram.fail_next("sendVideo", TelegramHang(accept=False))
    await here.start()
    card = await here.order("A lighthouse")
    await here.until(lambda: here.telegram.calls_of("sendVideo"), "the new message")
    await here.kill()
    here.telegram.release()
    await here.start()
    video = await here.video()
    await here.until(lambda: here.states() == ["done"])
    assert video.id == card.id
    assert video.video is not None
    assert (video.video["width"], video.video["height"]) == (1280, 720)
    assert_paid_and_seen_once(here)


@pytest.mark.parametrize("accepted", [True, False])
async def test_killed_while_the_card_is_removed_it_goes_after_the_restart(
    here: World, *, accepted: bool
) -> None:
    here.telegram.fail_next("deleteMessage", TelegramHang(accept=accepted))
    await here.start()
    card = await here.order("A lighthouse")
    await here.until(lambda: here.telegram.calls_of("deleteMessage"), "the removal")
    await here.kill()
    here.telegram.release()
    await here.start()
    await here.until(lambda: card.deleted, "the card gone")
    assert len([each for each in here.messages() if each.video]) == 1
    assert entries(here) == HELD_AND_CAPTURED


async def test_a_lost_answer_to_the_message_charges_and_makes_nothing_twice(here: World) -> None:
    here.telegram.fail_next("sendVideo", LoseAnswer(accept=False))
    async with here.bot():
        await here.order("A lighthouse")
        await here.until(lambda: here.states() == ["done"])
    assert_paid_and_seen_once(here)


async def test_updates_handled_again_after_a_crash_repeat_nothing(here: World) -> None:
    async with here.bot():
        await here.admin.send("/generate A lighthouse --go")
        await here.video()
        await here.admin.send("/generate A tower")
        card = await here.card()
        await here.admin.press(card, "Generate")
        await here.video(count=2)
    here.change("UPDATE inbox SET handled_at = NULL")
    async with here.bot():
        await here.admin.send("/jobs")
        await here.message("Nothing is being made")
    assert len(here.posts()) == 2
    assert entries(here) == HELD_AND_CAPTURED * 2
