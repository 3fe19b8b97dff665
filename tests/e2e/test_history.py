"""Looking back: what is there, having it sent again, and asking for it again."""

import math

from bot.demo.chats import Message
from bot.demo.messenger import Press
from tests.e2e.world import World


def said(press: Press) -> str:
    return press.answer.text or "" if press.answer is not None else ""


async def history(here: World) -> Message:
    await here.admin.send("/history")
    return await here.message("Your videos")


async def test_a_video_is_sent_again_by_its_id_and_at_no_cost(here: World) -> None:
    async with here.bot():
        await here.order("A fox's <b>leap</b> --ratio 9:16")
        first = await here.video()
        page = await history(here)
        assert "A fox's <b>leap</b>" in page.text
        assert "Fast · 9:16 · 8 s · 720p" in page.text
        assert "done" in page.text
        await here.admin.press(page, "Send 1")
        again = await here.video(count=2)
    assert again.text == first.text
    assert {"Again", "Edit"} <= set(again.labels)
    sends = [call for call in here.telegram.calls if call.method == "sendVideo"]
    assert isinstance(sends[1].params["video"], str)
    assert len(here.posts()) == 1
    assert here.rows("SELECT kind FROM entries ORDER BY id") == [("hold",), ("capture",)]


async def test_a_video_cancelled_too_late_is_uploaded_from_disk_once(here: World) -> None:
    async with here.bot():
        here.seconds = math.inf
        status = await here.order("A cat")
        await here.until(lambda: here.states() == ["generating"], "the task")
        await here.admin.press(status, "Cancel")
        await here.message("I won't send it")
        here.kie.finish(here.kie.tasks[0].id)
        await here.until(lambda: here.states() == ["done"], "the job finished")
        page = await history(here)
        await here.admin.press(page, "Send 1")
        video = await here.video()
        assert video.video is not None
        assert video.video["duration"] == 8
        await here.until(lambda: not list((here.data_dir / "videos").iterdir()), "the file gone")
        await here.admin.press(page, "Send 1")
        await here.video(count=2)
    assert len(here.posts()) == 1


async def test_a_video_of_which_nothing_is_left_is_explained(here: World) -> None:
    async with here.bot():
        await here.order("A cat")
        await here.video()
    here.change("UPDATE media SET file_id = NULL, path = NULL")
    async with here.bot():
        page = await history(here)
        pressed = await here.admin.press(page, "Send 1")
        await here.until(lambda: pressed.answer, "an answer")
    assert "too old" in said(pressed)
    assert len(here.videos()) == 1


async def test_pages_are_turned_in_place_and_again_opens_the_card(here: World) -> None:
    async with here.bot(MAX_JOBS_PER_USER="20", KIE_MAX_CONCURRENT="20"):
        for number in range(6):
            await here.admin.send(f"/generate clip number {number} --go --seed 12345")
        await here.video(count=6)
        page = await history(here)
        assert "page 1 of 2" in page.text
        assert "clip number 5" in page.text
        assert "clip number 0" not in page.text
        assert "◀" not in page.labels
        await here.admin.press(page, "▶")
        await here.until(lambda: "page 2 of 2" in page.text, "the second page")
        assert "6. " in page.text
        assert "clip number 0" in page.text
        assert "▶" not in page.labels
        await here.admin.press(page, "Again 6")
        card = await here.card()
        assert "clip number 0" in card.text
        assert "12345" not in card.text
        await here.admin.press(page, "◀")
        await here.until(lambda: "page 1 of 2" in page.text, "the first page")
    assert len(here.posts()) == 6


async def test_what_failed_is_listed_without_a_video(here: World) -> None:
    async with here.bot(KIE_MAX_CONCURRENT="1"):
        await here.order("first --model quality")
        await here.until(here.posts, "a paid request")
        status = await here.order("second")
        await here.until(lambda: "in the queue" in status.text, "the queue")
        await here.admin.press(status, "Cancel")
        await here.message("refunded")
        await here.video()
        page = await history(here)
    assert "cancelled" in page.text
    assert page.labels == ("Again 1", "📹 Send 2", "Again 2")


async def test_nobody_sees_or_gets_what_is_another_persons(here: World) -> None:
    eve = here.telegram.user(4004, "Eve")
    async with here.bot(ACCESS="open"):
        await here.order("A secret")
        await here.video()
        page = await history(here)
        await eve.send("/history")
        own = await here.message("no videos yet", eve)
        pressed = await eve.press_data(own, page.button("Send 1")["callback_data"])
        await here.until(lambda: pressed.answer, "an answer")
        repeated = await eve.press_data(own, page.button("Again 1")["callback_data"])
        await here.until(lambda: repeated.answer, "an answer")
    assert "Only the person" in said(pressed)
    assert "Only the person" in said(repeated)
    assert here.videos(eve) == []


async def test_in_a_group_it_is_not_shown(here: World) -> None:
    group = here.telegram.group("Friends")
    async with here.bot():
        await here.admin.send("/history", chat=group)
        await here.until(
            lambda: any("private chat" in each.text for each in group.chat.from_bot), "an answer"
        )
