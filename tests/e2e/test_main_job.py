"""From a prompt to the video in the chat, as a person sees it."""

import math
from functools import partial

import pytest

from bot.demo.chats import Message
from tests.e2e.public import reachable
from tests.e2e.world import World


def shown_video(message: Message) -> tuple[int, int, int]:
    assert message.video is not None
    return message.video["width"], message.video["height"], message.video["duration"]


@pytest.mark.parametrize("mode", ["polling", "webhook"])
@pytest.mark.parametrize("dialect", ["veo", "market"])
async def test_a_prompt_is_asked_for_priced_made_and_delivered(
    here: World, dialect: str, mode: str
) -> None:
    async with here.bot(**reachable(TELEGRAM_MODE=mode, KIE_DIALECT=dialect)):
        await here.admin.send("/generate")
        await here.message("Describe the video")
        await here.admin.send("A fox's <b>jump</b> & fall")
        card = await here.card()
        assert "A fox's <b>jump</b> & fall" in card.text
        assert "60" in card.text
        await here.admin.press(card, "Generate")
        video = await here.video()
    assert shown_video(video) == (1280, 720, 8)
    assert video.video is not None
    assert video.video["thumbnail"]["width"] <= 320
    assert "A fox's <b>jump</b> & fall" in video.text
    assert "Fast · 16:9 · 8 s · 720p" in video.text
    assert {"Again", "Edit"} <= set(video.labels)
    prompts = [post.get("input", post)["prompt"] for post in here.posts()]
    assert prompts == ["A fox's <b>jump</b> & fall"]
    assert here.rows("SELECT state, dialect FROM jobs") == [("done", dialect)]
    assert bool(here.telegram.calls_of("getUpdates")) == (mode == "polling")
    assert here.rows("SELECT kind FROM entries ORDER BY id") == [("hold",), ("capture",)]


async def test_the_status_card_is_gone_once_the_video_is_there(here: World) -> None:
    async with here.bot():
        await here.order("A quiet lake")
        await here.video()
        await here.until(lambda: len(here.messages()) == 1, "only the video")


FLAGS = [
    ("--ratio 9:16", {"aspect_ratio": "9:16"}),
    ("--model quality", {"model": "veo3"}),
    ("--model lite --seconds 4", {"model": "veo3_lite", "duration": 4}),
    ("--seconds=6", {"duration": 6}),
    ("--resolution 1080p", {"resolution": "1080p"}),
    ("--resolution 4K", {"resolution": "4k"}),
    ("--seed 12345", {"seeds": 12345}),
    ('--watermark "my brand"', {"watermark": "my brand"}),
    ("--no-translate", {"enableTranslation": False}),
    ("—ratio 9:16", {"aspect_ratio": "9:16"}),
]


@pytest.mark.parametrize(("flags", "sent"), FLAGS)
async def test_every_flag_reaches_kie_as_documented(
    here: World, flags: str, sent: dict[str, object]
) -> None:
    usual = {
        "prompt": "it's a cat -- really",
        "model": "veo3_fast",
        "generationType": "TEXT_2_VIDEO",
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "duration": 8,
        "enableTranslation": True,
    }
    async with here.bot():
        await here.admin.send(f"/generate it's a cat {flags} --go -- really")
        await here.until(here.posts, "a paid request")
    assert here.posts() == [usual | sent]


async def test_every_button_of_the_card_reaches_kie(here: World) -> None:
    async with here.bot():
        await here.admin.send("/generate A cat")
        card = await here.card()
        for label in ("9:16", "Lite", "More", "6 s", "1080p", "Translation"):
            await here.admin.press(card, label)
            await here.until(partial(_pressed, card, label), f"{label} to be shown")
        await here.admin.press(card, "Seed")
        await here.admin.reply(await here.message("seed, a number"), "54321")
        card = await here.card()
        await here.admin.press(card, "Watermark")
        await here.admin.send("  own   brand ")
        await here.message("own brand")
        await here.admin.press(await here.card(), "Generate")
        await here.until(here.posts, "a paid request")
    assert here.posts() == [
        {
            "prompt": "A cat",
            "model": "veo3_lite",
            "generationType": "TEXT_2_VIDEO",
            "aspect_ratio": "9:16",
            "resolution": "1080p",
            "duration": 6,
            "enableTranslation": False,
            "seeds": 54321,
            "watermark": "own brand",
        }
    ]


async def test_cancel_leads_from_a_cards_question_back_to_the_card(here: World) -> None:
    asks = {"Seed": ("seed, a number", "10000"), "Watermark": ("burnt into the picture", "words")}
    async with here.bot():
        await here.admin.send("/generate A cat")
        await here.admin.press(await here.card(), "More")
        for label, (asked, grey) in asks.items():
            card = await here.card()
            await here.until(partial(_pressed, card, "More"), "all buttons")
            await here.admin.press(card, label)
            question = await here.message(asked)
            assert question.markup is not None
            assert grey in question.markup["input_field_placeholder"]
            await here.admin.send("/cancel")
            await here.until(partial(_is_gone, question), "the question gone")
        assert "A cat" in (await here.card()).text
        await here.admin.send("/cancel")
        await here.message("Cancelled. Nothing was spent.")


def _posted(here: World, count: int) -> bool:
    return len(here.posts()) >= count


def _is_gone(message: Message) -> bool:
    return message.deleted


def _pressed(card: Message, label: str) -> bool:
    marked = any("✓" in each and label in each for each in card.labels)
    return (
        marked
        or (label == "More" and "Less" in card.labels)
        or (label == "Translation" and ("Translation" in card.labels))
    )


async def test_a_new_prompt_moves_the_open_card_below(here: World) -> None:
    async with here.bot():
        await here.admin.send("A dog")
        first = await here.card()
        await here.admin.send("A cat")
        second = await here.message("A cat")
        await here.until(lambda: first.deleted, "the first card removed")
        await here.admin.press(second, "Generate")
        await here.until(here.posts, "a paid request")
    assert [post["prompt"] for post in here.posts()] == ["A cat"]


async def test_twenty_taps_on_generate_make_one_job(here: World) -> None:
    async with here.bot():
        await here.admin.send("/generate A cat")
        card = await here.card()
        for _ in range(20):
            await here.admin.press(card, "Generate")
        await here.video()
        await here.until(lambda: all(press.answer for press in here.telegram.presses))
    assert len(here.posts()) == 1
    assert len(here.rows("SELECT id FROM jobs")) == 1
    assert here.rows("SELECT kind FROM entries ORDER BY id") == [("hold",), ("capture",)]


async def test_twenty_requests_with_credit_for_one_make_one(here: World) -> None:
    user = here.telegram.user(2002, "Bo")
    async with here.bot(ACCESS="open", DAILY_CREDITS="60", DAILY_CREDITS_TOTAL="100000"):
        for number in range(20):
            await user.send(f"/generate cat {number} --go")
        await here.video(user)
        await here.until(
            lambda: (
                len([1 for each in here.messages(user) if "not charged" in each.text]) == 19 or None
            ),
            "nineteen refusals",
        )
    assert len(here.posts()) == 1


async def test_four_at_once_serve_twelve_people_in_fair_order(here: World) -> None:
    here.seconds = math.inf
    people = [here.telegram.user(3000 + number, f"P{number}") for number in range(12)]
    greedy, polite = people[0], people[1:]
    async with here.bot(
        ACCESS="open", DAILY_CREDITS="600", KIE_MAX_CONCURRENT="4", DAILY_CREDITS_TOTAL="100000"
    ):
        for number in range(5):
            await greedy.send(f"/generate greedy {number} --go --model lite")
        await here.until(lambda: len(here.posts()) == 3, "the greedy one's share")
        for person in polite:
            await person.send(f"/generate polite {person.id} --go --model lite")
        await here.until(lambda: len(here.states()) == 16, "all jobs")
        for served in range(16):
            await here.until(partial(_posted, here, min(served + 4, 16)))
            assert len(here.kie.tasks) - served <= 4
            here.kie.finish(here.kie.tasks[served].id)
        await here.until(lambda: set(here.states()) == {"done"}, "all sixteen done")
    order = [str(post["prompt"]).split()[0] for post in here.posts()]
    assert order == ["greedy"] * 3 + ["polite"] * 11 + ["greedy"] * 2


async def test_a_separate_process_with_a_plain_environment_does_the_same(here: World) -> None:
    await here.start(POLL_EXPECTED_SECONDS="2", POLL_MIN_SECONDS="0.3")
    await here.order("A separate process")
    await here.video()
    assert await here.terminate() == 0
    assert here.states() == ["done"]


async def test_cancel_in_the_queue_gives_the_credits_back(here: World) -> None:
    async with here.bot(KIE_MAX_CONCURRENT="1"):
        await here.order("first --model quality")
        await here.until(here.posts)
        status = await here.order("second")
        await here.until(lambda: "in the queue" in status.text)
        await here.admin.press(status, "Cancel")
        await here.message("refunded")
        await here.video()
    assert len(here.posts()) == 1
    assert here.states() == ["done", "cancelled"]


async def test_cancel_at_kie_lets_it_run_unseen(here: World) -> None:
    here.seconds = math.inf
    async with here.bot():
        status = await here.order("A cat")
        await here.until(lambda: here.states() == ["generating"])
        await here.admin.press(status, "Cancel")
        await here.message("I won't send it")
        here.kie.finish(here.kie.tasks[0].id)
        await here.until(lambda: here.states() == ["done"], "the job finished")
    assert here.videos() == []
    assert here.rows("SELECT kind FROM entries ORDER BY id") == [("hold",), ("capture",)]


async def test_again_and_edit_open_the_same_card_without_spending(here: World) -> None:
    async with here.bot():
        await here.order("A cat --ratio 9:16 --seed 12345")
        video = await here.video()
        await here.admin.press(video, "Again")
        card = await here.card()
        assert "9:16" in card.text
        assert "12345" not in card.text
        await here.admin.press(card, "Cancel")
        await here.admin.press(video, "Edit")
        question = await here.message("Describe the video")
        assert question.text.endswith("copies it):\nA cat\n\nDescribe the video…")
        await here.admin.send("A dog")
        await here.admin.press(await here.card(), "Generate")
        await here.video(count=2)
    assert [post["prompt"] for post in here.posts()] == ["A cat", "A dog"]
    assert [post["aspect_ratio"] for post in here.posts()] == ["9:16", "9:16"]


async def test_strangers_are_told_and_cost_nothing(here: World) -> None:
    stranger = here.telegram.user(4004, "Eve")
    async with here.bot():
        await stranger.send("/generate a cat --go")
        await here.message("This bot is private", stranger)
    assert here.posts() == []
    assert here.rows("SELECT id FROM jobs") == []


async def test_sigterm_while_a_video_is_made_ends_cleanly_and_the_next_start_goes_on(
    here: World,
) -> None:
    await here.start()
    await here.order("A cat")
    await here.until(here.posts)
    assert await here.terminate() == 0
    await here.start()
    await here.video()
    assert await here.terminate() == 0
    assert len(here.posts()) == 1
