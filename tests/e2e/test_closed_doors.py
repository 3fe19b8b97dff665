"""Who pretends to be somebody, what is no amount, and a topic in which nobody may write."""

from pathlib import Path

import pytest

from tests.conftest import Clock
from tests.e2e.whole import whole

EVE, BO = 4004, 2002
HOUR = 3600.0


async def test_who_only_looks_like_an_admin_is_none(tmp_path: Path, clock: Clock) -> None:
    async with whole(tmp_path, clock, ACCESS="open") as here:
        here.telegram.user(1001, "Ada", "ada_admin", met=True)
        eve = here.telegram.user(EVE, "Ada", "Ada_Admin")
        bo = here.telegram.user(BO, "Bo")
        await here.say(bo, "/quota")
        before = await here.rows("SELECT access FROM users WHERE id = ?", BO)
        mine = await eve.send("/help")
        await here.hear()
        await here.say(eve, f"/grant {BO} 500")
        for data in (f"v1:u:approve:{BO}", f"v1:u:deny:{BO}", "v1:u:approve:1001"):
            await eve.press_data(mine, data)
        await here.hear()
        answers = [press.answer.text for press in here.telegram.presses if press.answer]
        assert len(answers) == 3
        assert await here.rows("SELECT 1 FROM entries") == []
        assert await here.rows("SELECT access FROM users WHERE id = ?", BO) == before
        assert "admin" in here.messages(eve)[-1].text


AMOUNTS = [
    *("0", "-1", "+5", "-9223372036854775809", "9223372036854775807", "9223372036854775808"),
    *("1.5", "1e3", "1_000", "1,000", "0x10", "٣", "٣٠٠", "five", "5 5", "nan", "inf", "", "½"),
]


async def test_whatever_is_no_amount_moves_nothing(tmp_path: Path, clock: Clock) -> None:
    async with whole(tmp_path, clock, ACCESS="open") as here:
        await here.say(here.telegram.user(BO, "Bo"), "/quota")
        for amount in AMOUNTS:
            await here.say(here.admin, f"/grant {BO} {amount}")
        assert len(here.messages(here.admin)) == len(AMOUNTS)
        assert await here.rows("SELECT 1 FROM entries") == []
        await here.say(here.admin, f"/grant {BO} 1000000")
        assert await here.rows("SELECT granted FROM balances WHERE user_id = ?", BO) == [
            (1_000_000,)
        ]
        assert await here.problems() == []


async def test_a_video_for_a_closed_topic_waits_until_its_person_is_back(
    tmp_path: Path, clock: Clock
) -> None:
    async with whole(tmp_path, clock, ACCESS="open") as here:
        group = here.telegram.group("Friends", forum=True)
        cats, bo = group.topic("Cats"), here.telegram.user(BO, "Bo")
        await bo.send("/generate A cat --go", chat=group, thread=cats)
        await here.hear()
        group.close_topic(cats)
        await here.work(2 * HOUR)
        tried = len(here.telegram.calls_of("sendVideo", "sendMessage", "editMessageMedia"))
        assert tried <= 6
        assert await here.rows("SELECT state, due_at FROM jobs") == [("ready", None)]
        group.chat.topics[cats].closed = False
        await here.say(bo, "/help")
        await here.work()
        videos = [message for message in group.chat.from_bot if message.video]
        assert [message.thread_id for message in videos] == [cats]
        assert await here.problems() == []


ODD_PROMPTS = [
    ("\N{GRINNING FACE}" * 4096, None),  # more than a message holds, so no client sends it
    (" \n\t ", None),
    ("A\0cat", "A\0cat"),
    ("A cat\r\n\x1b[2J\x07", "A cat\r\n\x1b[2J\x07"),
    ("&lt;b&gt; & <i>", "&lt;b&gt; & <i>"),
]


@pytest.mark.parametrize(("prompt", "sent"), ODD_PROMPTS)
async def test_a_prompt_is_sent_verbatim_or_refused_with_the_limit(
    tmp_path: Path, clock: Clock, prompt: str, sent: str | None
) -> None:
    async with whole(tmp_path, clock, ACCESS="open") as here:
        bo = here.telegram.user(BO, "Bo", met=True)
        body = (await bo.send("x")).body | {"text": prompt}
        here.telegram.telegram.feed.clear()
        await here.put([{"update_id": 600_000_000, "message": body}])
        if sent is None:
            assert here.kie.requests == []
            assert await here.rows("SELECT 1 FROM drafts WHERE prompt IS NOT NULL") == []
            assert len(here.messages(bo)) == 1
            return
        await here.press(bo, "Generate")
        await here.work()
        assert [request.json["prompt"] for request in here.kie.requests if request.json] == [sent]
        assert any(message.video for message in here.messages(bo))
