"""What nobody should send: a sentence that says what to do, nothing charged, nothing changed."""

from collections import Counter
from typing import Any

import pytest

from bot.demo.chats import Message
from bot.demo.faults import BadGateway, Fault, LoseAnswer
from bot.demo.people import Person
from tests.e2e.world import ADMIN_ID, World

OPEN = {"ACCESS": "open", "DAILY_CREDITS_TOTAL": "100000"}


def person(here: World, number: int) -> Person:
    """Return somebody of whom there are many."""
    return here.telegram.user(5000 + number, f"Person {number}")


def nothing_happened(here: World) -> bool:
    """Whether there is neither job nor ledger entry nor paid request."""
    made = here.rows("SELECT id FROM jobs") + here.rows("SELECT id FROM entries")
    return not made and not here.posts()


REFUSED = {
    "\u200b\u200d \u2060": "The prompt is empty",
    "\x00\x01": "The prompt is empty",
    "x" * 1001: "too long: 1001 characters, and the limit is 1000",
    "x" * 100_000: "too long: 100000 characters",
    "/generate a cat --foo 1": "I don't know --foo",
    "/generate a cat --ration 9:16": "Did you mean --ratio?",
    "/generate a cat --ratio 4:3": "--ratio cannot be 4:3. Possible: 16:9, 9:16",
    "/generate a cat --ratio auto": "Auto does not go with Text",
    "/generate a cat --ratio": "--ratio needs a value",
    "/generate a cat --seed 12": "--seed cannot be 12",
    "/generate a cat --go=yes": "--go takes no value",
    "/generate a cat --ratio 9:16 —ratio 16:9": "twice with different values",
    "/generate a cat --mode frames": "Frames needs photos",
    "/generate a cat --mode reference --model quality": "Quality does not go with Reference",
    '/generate a cat --watermark "mine': "never closed",
    "/generate --go " + "x" * 1001: "too long",
    "/nonsense": "I don't know this command",
    "/cancel": "nothing to cancel",
}


async def test_every_input_that_cannot_be_used_is_answered_with_what_to_do(here: World) -> None:
    async with here.bot(**OPEN):
        for number, text in enumerate(REFUSED):  # Telegram wants a pause between messages to one
            await person(here, number).send(text)
        for number, answer in enumerate(REFUSED.values()):
            await here.message(answer, person(here, number))
        assert nothing_happened(here)
        assert all(len(here.messages(person(here, n))) == 1 for n in range(len(REFUSED)))


async def test_amounts_that_are_none_are_refused(here: World) -> None:
    async with here.bot():
        for given in ("1001 -5", "1001 9223372036854775808", "1001 1.5", "me 5", "1001"):
            await here.admin.send(f"/grant {given}")
        await here.until(lambda: len(here.messages()) == 5, "five refusals")
        assert here.rows("SELECT id FROM entries") == []


ODD = [
    "<b>bold</b> &amp; <script>alert('&lt;')</script>",
    "*_`[link](http://example.org)` {0} {name} %s \\n",
    '\'; DROP TABLE jobs; -- {"json": [1, null]}',
    "line one\n\nline two\n\x1b[31mred\x1b[0m \u202egnp.exe",
    'it\'s "quoted" — really, a dash—in words',
    "\N{GRINNING FACE}" * 2048,
]


async def test_odd_prompts_are_shown_as_they_are_and_reach_kie_verbatim(here: World) -> None:
    async with here.bot(**OPEN, PROMPT_MAX_CHARS="5000"):
        for number, prompt in enumerate(ODD):
            await here.order(prompt, person(here, number))
        for number, prompt in enumerate(ODD):
            video = await here.video(person(here, number))
            assert video.text[:8] == prompt[:8]
    assert {post["prompt"] for post in here.posts()} == set(ODD)


async def pressed(here: World, by: Person, message: Message, data: str) -> str:
    """Press what need not stand on any button; return what is said."""
    press = await by.press_data(message, data)
    answer = await here.until(lambda: press.answer, f"an answer to {data}")
    return answer.text


FORGED = [
    "garbage",
    "v1:",
    "v2:d:1:go",
    "v1:d:0:go",
    "v1:d:-1:go",
    "v1:d:9223372036854775808:go",
    "v1:d:1:ratio:4:3",
    "v1:u:example:99",
    "x" * 64,
]
GONE = ["v1:d:999:go", "v1:d:999:cancel", "v1:j:999:cancel", "v1:j:999:again", "v1:j:999:1080p"]


async def test_forged_and_outdated_buttons_are_explained_and_do_nothing(here: World) -> None:
    async with here.bot():
        await here.admin.send("/generate A cat")
        card = await here.card()
        before = (card.text, card.labels)
        for data in FORGED:
            assert "another version" in await pressed(here, here.admin, card, data)
        for data in GONE:
            assert await pressed(here, here.admin, card, data)
        assert nothing_happened(here)
        assert (card.text, card.labels) == before


async def test_options_that_cannot_be_chosen_are_moved_to_ones_that_can(here: World) -> None:
    async with here.bot():
        await here.admin.send("/generate A cat")
        card = await here.card()
        draft = card.button("Generate")["callback_data"].split(":")[2]
        for value in ("ratio:Auto", "mode:reference", "model:nope", "secs:99", "res:4k"):
            await pressed(here, here.admin, card, f"v1:d:{draft}:{value}")
        await here.admin.press(card, "Generate")
        await here.until(here.posts, "a paid request")
    sent = here.posts()[0]
    assert (sent["generationType"], sent["aspect_ratio"]) == ("TEXT_2_VIDEO", "16:9")
    assert (sent["model"], sent["duration"], sent["resolution"]) == ("veo3_fast", 8, "4k")


async def test_buttons_of_a_card_that_is_gone_explain_themselves(here: World) -> None:
    async with here.bot():
        await here.admin.send("/generate A cat")
        card = await here.card()
        data = card.button("Generate")["callback_data"]
        await here.admin.press(card, "Cancel")
        await here.message("Cancelled. Nothing was spent.")
        assert "not charged" in await pressed(here, here.admin, card, data)
        assert nothing_happened(here)


async def test_nobody_presses_buttons_of_somebody_else(here: World) -> None:
    eve = here.telegram.user(4004, "Eve")
    async with here.bot(**OPEN):
        await here.admin.send("/generate A cat")
        card = await here.card()
        draft = card.button("Generate")["callback_data"].split(":")[2]
        for action in ("go", "cancel", "more", "ratio:9:16"):
            said = await pressed(here, eve, card, f"v1:d:{draft}:{action}")
            assert "Only the person who asked" in said
        assert nothing_happened(here)
        await here.admin.press(card, "Generate")
        await here.until(here.states, "the job")
        for action in ("cancel", "again", "edit"):
            assert "Only the person" in await pressed(here, eve, card, f"v1:j:1:{action}")
        await here.video()


async def test_who_cannot_pay_sees_why_and_cannot_generate(here: World) -> None:
    bo = here.telegram.user(2002, "Bo")
    async with here.bot(**OPEN, DAILY_CREDITS="59"):
        await bo.send("/generate A cat")
        card = await here.message("A cat", bo)
        assert not any("Generate" in label for label in card.labels)
        draft = card.button("Cancel")["callback_data"].split(":")[2]
        assert "not charged" in await pressed(here, bo, card, f"v1:d:{draft}:go")
        await bo.send("/generate A dog --go")
        refused = await here.message("A dog", bo)
        assert "This was not started and not charged.\n⚠ Too expensive: 60" in refused.text
        assert "Cancel" in refused.labels
        assert nothing_happened(here)


async def test_a_press_that_cannot_be_answered_still_does_what_it_is_for(here: World) -> None:
    async with here.bot():
        await here.admin.send("/generate A cat")
        card = await here.card()
        here.telegram.fail_next("answerCallbackQuery", BadGateway())
        await here.admin.press(card, "Generate")
        await here.video()
    assert not any("went wrong" in message.text for message in here.messages())


@pytest.mark.parametrize("fault", [BadGateway(), LoseAnswer(accept=True)])
async def test_a_card_that_gets_lost_on_its_way_is_sent_again(here: World, fault: Fault) -> None:
    here.telegram.fail_next("sendMessage", fault)
    async with here.bot():
        await here.admin.send("/generate A cat")
        await here.until(lambda: len(here.telegram.calls_of("sendMessage")) == 2)
        await here.until(lambda: here.rows("SELECT 1 FROM drafts WHERE card_message_id > 0"))
        # Where both have arrived, the one that nobody knows of is as good.
        first = next(each for each in here.messages() if "A cat" in each.text)
        await here.admin.press(first, "Generate")
        await here.video()
    assert len(here.posts()) == 1
    assert not any("went wrong" in message.text for message in here.messages())


async def test_presses_handled_again_after_a_crash_are_no_trouble(here: World) -> None:
    async with here.bot():
        await here.admin.send("/generate A cat")
        card = await here.card()
        await here.admin.press(card, "9:16")
        await here.admin.press(card, "Generate")
        await here.video()
    here.change("UPDATE inbox SET handled_at = NULL")
    async with here.bot():
        await here.admin.send("/jobs")
        await here.message("Nothing is being made")
    assert len(here.messages()) == 2
    assert len(here.posts()) == 1


async def test_an_edited_message_changes_nothing(here: World) -> None:
    async with here.bot():
        asked = await here.admin.send("/generate A cat")
        await here.card()
        await here.admin.edit(asked, "/generate A dog --go")
        await here.admin.send("/help")
        await here.message("/quota")
        assert nothing_happened(here)
        assert len(here.messages()) == 2


CHAT = {"id": ADMIN_ID, "type": "private", "first_name": "Ada"}
ADA = {"id": ADMIN_ID, "is_bot": False, "first_name": "Ada"}
CHANNEL = {"id": -1_000_000_000_005, "type": "channel", "title": "News"}
GROUP = {"id": -1_000_000_000_006, "type": "supergroup", "title": "Group"}
UNREADABLE: list[dict[str, Any]] = [
    {"message": "text"},
    {"message": {"message_id": "x", "date": [], "chat": 5}},
]
NOBODYS: list[dict[str, Any]] = [
    {},
    {"unheard_of": {"a": 1}},
    {"message": {"message_id": 1, "date": 1, "chat": GROUP, "text": "/generate A cat --go"}},
    {"channel_post": {"message_id": 1, "date": 1, "chat": CHANNEL, "text": "/generate A --go"}},
    {"edited_channel_post": {"message_id": 1, "date": 1, "chat": CHANNEL, "text": "/start"}},
    {"callback_query": {"id": "1", "from": ADA, "chat_instance": "1", "data": "v1:d:1:go"}},
    {"inline_query": {"id": "1", "from": ADA, "query": "cat", "offset": ""}},
    {"poll": {"id": "1"}},
]


async def test_updates_that_make_no_sense_are_logged_once_and_skipped(
    here: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with here.bot():
        for number, update in enumerate([*UNREADABLE, *NOBODYS]):
            here.telegram.push_raw({"update_id": 500_000_000 + number, **update})
        await here.admin.send("A cat")
        await here.card()
        await here.until(
            lambda: here.rows("SELECT 1 FROM inbox WHERE handled_at IS NULL") == [], "all handled"
        )
        assert nothing_happened(here)
    assert len(here.messages()) == 1
    logged = Counter(
        record.getMessage() for record in caplog.records if record.name == "bot.updates.lanes"
    )
    assert {text.split()[1] for text in logged} >= {"500000000", "500000001"}
    assert set(logged.values()) == {1}
