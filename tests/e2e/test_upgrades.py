"""What is made of a finished video: 1080p, 4K, what happens next; once each, whatever happens."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.demo.chats import Message
from bot.demo.clips import Clip
from bot.demo.faults import Hang as TelegramHang
from bot.demo.kie_faults import Answer, Fate, Hang, Link, Point
from bot.demo.kie_records import Forms
from bot.demo.messenger import Press
from bot.models import Kind, Resolution
from tests.clips import draw_once
from tests.e2e.world import World

DIALECTS = ["veo", "market"]
CAPTURED = [("hold",), ("capture",)]
RELEASED = [("hold",), ("release",)]


@pytest.fixture
def draw() -> Callable[[Clip, Path], None]:
    """Draw sharp videos short: they take long, and nobody looks at their length."""

    def draw_short(clip: Clip, path: Path) -> None:
        is_sharp = clip.resolution is not Resolution.P720
        draw_once(replace(clip, seconds=1) if is_sharp else clip, path)

    return draw_short


def entries(here: World, job_id: int) -> list[tuple[str]]:
    return here.rows("SELECT kind FROM entries WHERE job_id = ? ORDER BY id", job_id)


def charged(here: World) -> list[tuple[Kind, int]]:
    return [(charge.kind, charge.credits) for charge in here.kie.charges]


def shape(message: Message) -> tuple[int, int]:
    assert message.video is not None
    return message.video["width"], message.video["height"]


def answers(message: Message) -> int:
    return int(message.body["reply_to_message"]["message_id"])


def extras(message: Message) -> list[str]:
    """Return the buttons above Again and Edit."""
    return [label for label in message.labels if label not in {"Again", "Edit"}]


async def buttons(here: World, message: Message, *labels: str) -> None:
    await here.until(lambda: extras(message) == list(labels), f"buttons {labels}")


async def make(here: World, text: str = "A fox", count: int = 1) -> Message:
    await here.order(text)
    return await here.video(count=count)


async def answer(here: World, press: Press) -> str:
    """Return what a press was answered with."""
    return (await here.until(lambda: press.answer, "an answer")).text or ""


async def extend(here: World, video: Message, prompt: str) -> None:
    await here.admin.press(video, "Extend")
    await here.message("What happens next?")
    await here.admin.send(prompt)
    card = await here.message(prompt)
    assert card.labels == ("Generate · 60", "Cancel")
    await here.admin.press(card, "Generate")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_video_gets_sharper_twice_and_each_copy_is_charged_once(
    here: World, dialect: str
) -> None:
    async with here.bot(KIE_DIALECT=dialect):
        video = await make(here)
        assert extras(video) == ["Extend · 60", "1080p · 5", "4K · 120"]
        await here.admin.press(video, "1080p")
        hd = await here.video(count=2)
        await buttons(here, video, "4K · 120")
        await here.admin.press(video, "4K")
        uhd = await here.video(count=3)
        await buttons(here, video)
    assert [shape(each) for each in (video, hd, uhd)] == [(1280, 720), (1920, 1080), (3840, 2160)]
    assert [answers(hd), answers(uhd)] == [video.id, video.id]
    assert "Fast · 16:9 · 8 s · 1080p" in hd.text
    assert "Fast · 16:9 · 8 s · 4K" in uhd.text
    assert extras(hd) == extras(uhd) == []
    assert charged(here) == [(Kind.GENERATE, 60), (Kind.UPGRADE_1080P, 5), (Kind.UPGRADE_4K, 120)]
    assert [entries(here, job_id) for job_id in (1, 2, 3)] == [CAPTURED] * 3
    assert here.rows("SELECT DISTINCT dialect FROM attempts") == [(dialect,)]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_film_grows_part_by_part_each_answering_the_one_before(
    here: World, dialect: str
) -> None:
    async with here.bot(KIE_DIALECT=dialect):
        first = await make(here)
        await extend(here, first, "It jumps")
        second = await here.video(count=2)
        await extend(here, second, "It lands")
        third = await here.video(count=3)
        await buttons(here, second, "Extend · 60")
        await here.admin.send("/history")
        past = await here.message("Your videos")
    assert "part" not in first.text
    assert "It jumps\npart 2\nFast · 16:9 · 15 s · 720p" in second.text
    assert "It lands\npart 3\nFast · 16:9 · 22 s · 720p" in third.text
    assert [answers(second), answers(third)] == [first.id, second.id]
    assert extras(third) == ["Extend · 60"]
    assert "Fast · 16:9 · 22 s · 720p · part 3" in past.text
    assert "Fast · 16:9 · 15 s · 720p · part 2" in past.text
    assert charged(here) == [(Kind.GENERATE, 60), (Kind.EXTEND, 60), (Kind.EXTEND, 60)]
    tasks = here.kie.tasks
    assert [task.order.parent for task in tasks] == [None, tasks[0].id, tasks[1].id]


async def test_every_copy_of_a_video_shows_what_is_being_made_of_it(here: World) -> None:
    async with here.bot():
        video = await make(here)
        await here.until(lambda: here.states() == ["done"])
        await here.admin.send("/history")
        await here.admin.press(await here.message("Your videos"), "Send 1")
        copy = await here.video(count=2)
        assert extras(copy) == ["Extend · 60", "1080p · 5", "4K · 120"]
        here.kie.script_task(Fate(seconds=math.inf))
        await here.admin.press(copy, "1080p")
        for each in (video, copy):
            await buttons(here, each, "⏳ 1080p…", "4K · 120")
        here.kie.finish(here.kie.tasks[0].id)
        sharper = await here.video(count=3)
        for each in (video, copy):
            await buttons(here, each, "4K · 120")
    assert answers(sharper) == copy.id


@pytest.mark.parametrize("label", ["1080p", "4K"])
async def test_three_quick_presses_make_one_copy(here: World, label: str) -> None:
    async with here.bot():
        video = await make(here)
        presses = [await here.admin.press(video, label) for _ in range(3)]
        await here.video(count=2)
        answered = [await answer(here, press) for press in presses]
    assert len(here.videos()) == 2
    assert [("being made already" in answer, "not charged" in answer) for answer in answered] == [
        (False, False),
        (True, True),
        (True, True),
    ]
    assert len(here.states()) == 2
    assert len(here.kie.charges) == 2


async def test_what_is_being_made_is_an_hourglass_until_it_is_refused(here: World) -> None:
    async with here.bot():
        video = await make(here)
        here.kie.script_task(Fate(seconds=math.inf, refusal=(422, "This video is not eligible.")))
        await here.admin.press(video, "1080p")
        await buttons(here, video, "⏳ 1080p…", "4K · 120")
        again = await here.admin.press(video, "⏳ 1080p…")
        assert "being made already" in await answer(here, again)
        here.kie.finish(here.kie.tasks[0].id)
        told = await here.message("refunded")
        await buttons(here, video, "1080p · 5", "4K · 120")
    assert "sharper" in told.text
    assert "eligible" not in told.text
    assert told.labels == ("1080p · 5", "Again", "Edit")
    assert entries(here, 2) == RELEASED
    assert charged(here) == [(Kind.GENERATE, 60)]


async def test_a_refused_copy_may_be_asked_for_again_from_the_message_about_it(
    here: World,
) -> None:
    async with here.bot():
        video = await make(here)
        here.kie.script(Point.P1080, Answer(422, "This video is not eligible."))
        await here.admin.press(video, "1080p")
        await here.admin.press(await here.message("refunded"), "1080p")
        copy = await here.video(count=2)
    assert answers(copy) == video.id
    assert [entries(here, job_id) for job_id in (2, 3)] == [RELEASED, CAPTURED]


async def test_extend_explains_why_it_is_gone_after_1080p(here: World) -> None:
    async with here.bot():
        video = await make(here)
        data = video.button("Extend")["callback_data"]
        await here.admin.press(video, "Extend")
        await here.message("What happens next?")
        await here.admin.send("It jumps")
        card = await here.message("It jumps")
        await here.admin.press(video, "1080p")
        await here.video(count=2)
        pressed = await answer(here, await here.admin.press_data(video, data))
        confirmed = await answer(here, await here.admin.press(card, "Generate"))
    assert "cannot be extended" in pressed
    assert confirmed == pressed
    assert len(here.posts()) == 1
    assert here.states() == ["done", "done"]


async def test_a_4k_copy_that_is_unavailable_is_told_and_released(here: World) -> None:
    here.kie.script_task(Fate(no_4k=True))
    async with here.bot():
        video = await make(here)
        await here.admin.press(video, "4K")
        told = await here.message("refunded")
    assert "sharper" in told.text
    assert entries(here, 2) == RELEASED
    assert charged(here) == [(Kind.GENERATE, 60)]


FORMS = [
    ("1080p", Forms(pending_1080p=400)),
    ("1080p", Forms(pending_1080p=422)),
    ("1080p", Forms(pending_1080p=500)),
    ("4K", Forms(pending_4k=200, done_4k=200)),
    ("4K", Forms(pending_4k=422, done_4k=422)),
]


@pytest.mark.parametrize(("label", "forms"), FORMS)
async def test_every_form_of_not_yet_and_of_done_is_understood(
    here: World, label: str, forms: Forms
) -> None:
    here.kie.forms = forms
    async with here.bot():
        await here.admin.press(await make(here), label)
        await here.video(count=2)
    asked = [each for each in here.kie.requests if each.path.endswith("-video")]
    assert len(asked) > 1
    assert entries(here, 2) == CAPTURED


async def test_maintenance_of_1080p_is_told_can_be_cancelled_and_leaves_the_model_alone(
    here: World,
) -> None:
    async with here.bot():
        video = await make(here)
        here.kie.script(Point.P1080, Answer(455, "switched off"), times=3)
        await here.admin.press(video, "1080p")
        waiting = await here.message("1080p is down for maintenance")
        await make(here, "Another", count=2)
        await here.admin.press(waiting, "Cancel")
        await here.message("refunded")
        await buttons(here, video, "1080p · 5", "4K · 120")
    assert entries(here, 2) == RELEASED


async def test_three_quick_presses_on_extend_ask_once_and_a_second_part_waits_its_turn(
    here: World,
) -> None:
    async with here.bot():
        video = await make(here)
        for _ in range(3):
            await here.admin.press(video, "Extend")
        await here.until(lambda: all(press.answer for press in here.telegram.presses))
        await here.admin.send("It jumps")
        card = await here.card()
        asks = "What happens next?"
        await here.until(lambda: not any(asks in each.text for each in here.messages()))
        await here.admin.reply(video, "It swims")
        other = await here.message("It swims")
        here.kie.script_task(Fate(seconds=math.inf))
        await here.admin.press(card, "Generate")
        await here.until(lambda: here.states() == ["done", "generating"], "the next part")
        pressed = await answer(here, await here.admin.press(other, "Extend"))
        await here.admin.reply(video, "It flies")
        later = await here.message("It flies")
        here.kie.finish(here.kie.tasks[1].id)
        await here.video(count=2)
        await here.admin.press(other, "Extend")
        await here.video(count=3)
    assert "being made already" in pressed
    assert not any("Extend" in label for label in later.labels)
    assert [post["prompt"] for post in here.posts()] == ["A fox", "It jumps", "It swims"]


async def test_an_extension_refused_at_once_is_told_and_released(here: World) -> None:
    here.kie.script(Point.EXTEND, Answer(422, "switched off"))
    async with here.bot():
        video = await make(here)
        await extend(here, video, "It jumps")
        told = await here.message("refunded")
        await buttons(here, video, "Extend · 60", "1080p · 5", "4K · 120")
    assert "switched" not in told.text
    assert {"Again", "Edit"} <= set(told.labels)
    assert entries(here, 2) == RELEASED


STAGES = [
    ("1080p", "submitting"),
    ("1080p", "ready"),
    ("4K", "generating"),
    ("4K", "delivering"),
    ("Extend", "queued"),
    ("Extend", "generating"),
    ("Extend", "ready"),
]


@pytest.mark.parametrize(("label", "stage"), STAGES)
async def test_killed_while_more_is_made_of_a_video_it_still_comes_once(
    here: World, label: str, stage: str
) -> None:
    await here.start()
    video = await make(here)
    await here.until(lambda: here.states() == ["done"])
    match stage:
        case "queued":
            here.kie.script(Point.EXTEND, Answer(455, "maintenance"))
        case "submitting":
            here.kie.script(Point.P1080, Hang(600))
        case "generating":
            here.kie.script_task(Fate(seconds=math.inf))
        case "ready":
            here.kie.script_task(Fate(link=Link.SLOW, link_times=1))
        case "delivering":
            here.telegram.fail_next("sendVideo", TelegramHang(accept=False))
    if label == "Extend":
        await extend(here, video, "It jumps")
    else:
        await here.admin.press(video, label)
    sent = "SELECT 1 FROM attempts WHERE job_id = 2 AND sent_at > 0"
    await here.until(lambda: here.states() == ["done", stage] and here.rows(sent), stage)
    await here.kill()
    here.telegram.release()
    here.change("UPDATE pauses SET probe_at = 0")
    here.change("UPDATE jobs SET due_at = 0 WHERE state = 'queued'")
    for task in here.kie.tasks:
        here.kie.finish(task.id)
    await here.start()
    await here.video(count=2)
    await here.until(lambda: here.states() == ["done", "done"])
    assert await here.terminate() == 0
    assert len(here.videos()) == 2
    assert entries(here, 2) == CAPTURED
    price = {"1080p": 5, "4K": 120, "Extend": 60}[label]
    assert [charge.credits for charge in here.kie.charges] == [60, price]


async def test_killed_while_an_extension_is_ordered_it_is_never_ordered_twice(
    here: World,
) -> None:
    await here.start()
    video = await make(here)
    here.kie.script(Point.EXTEND, Hang(600))
    await extend(here, video, "It jumps")
    await here.until(lambda: len(here.kie.tasks) == 2, "the task at KIE")
    await here.kill()
    await here.start()
    await here.message("refunded")
    await buttons(here, video, "Extend · 60", "1080p · 5", "4K · 120")
    assert await here.terminate() == 0
    assert len(here.kie.tasks) == 2
    assert entries(here, 2) == RELEASED


async def test_a_copy_that_was_made_is_sent_again_for_nothing(here: World) -> None:
    async with here.bot():
        video = await make(here)
        data = video.button("1080p")["callback_data"]
        await here.admin.press(video, "1080p")
        copy = await here.video(count=2)
        await here.until(lambda: here.states() == ["done", "done"])
        await here.admin.press_data(video, data)
        again = await here.video(count=3)
    assert again.text == copy.text
    assert answers(again) == video.id
    uploads = [call for call in here.telegram.calls_of("editMessageMedia") if call.files]
    assert len(uploads) == 2
    assert len(here.kie.charges) == 2
    assert here.rows("SELECT job_id, message_id FROM copies") == [(2, again.id)]


async def test_a_reply_to_a_video_goes_on_with_it_at_the_price_on_the_button(
    here: World,
) -> None:
    async with here.bot():
        video = await make(here)
        await here.admin.reply(video, "It jumps")
        choice = await here.message("It jumps")
        assert choice.labels == ("Extend · 60", "New video", "Cancel")
        await here.admin.press(choice, "Extend")
        film = await here.video(count=2)
    assert "part 2" in film.text
    assert answers(film) == video.id
    assert here.posts()[1]["prompt"] == "It jumps"
    assert charged(here) == [(Kind.GENERATE, 60), (Kind.EXTEND, 60)]


async def test_a_reply_to_a_video_may_be_a_new_video_instead(here: World) -> None:
    async with here.bot():
        video = await make(here, "A fox --ratio 9:16")
        await here.admin.reply(video, "A hound")
        choice = await here.message("A hound")
        await here.admin.press(choice, "New video")
        card = await here.card()
        assert {"16:9", "✓ 9:16", "Generate · 60"} <= set(card.labels)
        await here.admin.press(card, "Generate")
        other = await here.video(count=2)
    assert "part" not in other.text
    assert [post["prompt"] for post in here.posts()] == ["A fox", "A hound"]
    assert here.rows("SELECT parent_id FROM jobs") == [(None,), (None,)]


async def test_again_below_a_copy_is_the_card_of_its_video(here: World) -> None:
    async with here.bot():
        video = await make(here, "A fox --ratio 9:16 --seconds 6")
        await here.admin.press(video, "1080p")
        await here.admin.press(await here.video(count=2), "Again")
        card = await here.card()
    assert "A fox" in card.text
    assert "9:16 · 6 s · 720p" in card.text


async def test_again_below_a_film_is_the_card_of_its_last_part(here: World) -> None:
    async with here.bot():
        await extend(here, await make(here), "It jumps")
        film = await here.video(count=2)
        await here.admin.press(film, "Again")
        card = await here.card()
    assert "It jumps" in card.text
    assert card.labels == ("Generate · 60", "Cancel")


async def test_a_task_goes_on_in_its_own_dialect_when_the_setting_has_changed(
    here: World,
) -> None:
    here.seconds = math.inf
    await here.start()
    await here.order("A fox")
    await here.until(lambda: here.states() == ["generating"])
    assert await here.terminate() == 0
    here.seconds = 1.0
    here.kie.finish(here.kie.tasks[0].id)
    await here.start(KIE_DIALECT="market")
    video = await here.video()
    await here.until(lambda: here.states() == ["done"])
    await here.admin.press(video, "1080p")
    await here.video(count=2)
    await make(here, "A hound", count=3)
    assert await here.terminate() == 0
    assert here.rows("SELECT dialect FROM attempts ORDER BY id") == [
        ("veo",),
        ("veo",),
        ("market",),
    ]


async def test_the_market_form_has_no_seed(here: World) -> None:
    async with here.bot(KIE_DIALECT="market"):
        await here.admin.send("/generate A fox --seed 12345")
        await here.message("--seed is not offered")
        await here.admin.send("/generate A fox")
        card = await here.card()
        await here.admin.press(card, "More")
        await here.until(lambda: "Less" in card.labels)
        assert "Translation" in "".join(card.labels)
        assert "Seed" not in card.labels
        await here.admin.press(card, "Generate")
        await here.video()
    assert [post["model"] for post in here.posts()] == ["veo-3-1"]


async def test_killed_while_a_market_copy_is_ordered_it_is_released_and_can_be_asked_again(
    here: World,
) -> None:
    await here.start(KIE_DIALECT="market")
    video = await make(here)
    here.kie.script(Point.CREATE, Hang(600))
    await here.admin.press(video, "1080p")
    await here.until(lambda: len(here.kie.tasks) == 2, "the task at KIE")
    await here.kill()
    await here.start(KIE_DIALECT="market")
    await here.message("refunded")
    await buttons(here, video, "1080p · 5", "4K · 120")
    await here.admin.press(video, "1080p")
    await here.video(count=2)
    await here.until(lambda: here.states() == ["done", "expired", "done"])
    assert await here.terminate() == 0
    assert [entries(here, job_id) for job_id in (2, 3)] == [RELEASED, CAPTURED]
