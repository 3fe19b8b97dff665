"""KIE calls back: what people see of it, and what it saves."""

import asyncio
import base64
import hmac
import math
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.demo.kie_faults import Fate, Hang, Point, Reset
from tests.e2e.public import reachable
from tests.e2e.world import World, world

KEY = "hmac-key-0123456789"
# Callbacks alone tell in time: by itself the bot would look after minutes.
SLOW = {"POLL_EXPECTED_SECONDS": "180", "POLL_MIN_SECONDS": "60"}
CHARGED_ONCE = [("hold",), ("capture",)]


@pytest.fixture
async def signing(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose KIE signs its callbacks."""
    async with world(tmp_path, hmac_key=KEY) as opened:
        yield opened
        assert opened.kie.violations == []


def reads(here: World) -> int:
    return sum(request.path.endswith("record-info") for request in here.kie.requests)


def entries(here: World) -> list[tuple[str]]:
    return here.rows("SELECT kind FROM entries ORDER BY id")


def statuses(here: World) -> list[int | None]:
    return [knock.status for knock in here.kie.knocks]


async def done(here: World) -> None:
    await here.until(lambda: here.states() == ["done"], "the job done")


async def test_with_callbacks_a_video_takes_one_post_and_at_most_two_reads(here: World) -> None:
    async with here.bot(**reachable(**SLOW)):
        await here.order("A lighthouse")
        await here.video()
        await done(here)
    assert len(here.posts()) == 1
    assert reads(here) <= 2
    assert statuses(here) == [200]
    assert entries(here) == CHARGED_ONCE


async def test_signed_callbacks_are_taken(signing: World) -> None:
    env = reachable(KIE_WEBHOOK_HMAC_KEY=KEY, **SLOW)
    async with signing.bot(**env):
        await signing.order("A lighthouse")
        await signing.video()
    assert statuses(signing) == [200]


async def test_a_callback_signed_with_another_key_changes_nothing(signing: World) -> None:
    signing.kie.script_task(Fate(bad_signature=True))
    async with signing.bot(**reachable(KIE_WEBHOOK_HMAC_KEY=KEY, **SLOW)):
        await signing.order("A lighthouse")
        await signing.until(lambda: signing.kie.knocks, "the callback")
        assert signing.states() == ["generating"]
        assert reads(signing) == 0
    assert statuses(signing)[0] == 401


async def test_links_in_a_callback_are_not_followed_whoever_signed_it(signing: World) -> None:
    signing.kie.script_task(Fate(seconds=math.inf, copies=0))
    env = reachable(KIE_WEBHOOK_HMAC_KEY=KEY, **SLOW)
    async with signing.bot(**env), httpx.AsyncClient() as client:
        await signing.order("A lighthouse")
        await signing.until(lambda: signing.states() == ["generating"], "the task")
        task_id, now = signing.kie.tasks[0].id, str(int(time.time()))
        signing.kie.finish(task_id)
        link = f"{signing.kie.url}/files/another.mp4"
        body = {"code": 200, "data": {"taskId": task_id, "info": {"resultUrls": [link] * 1000}}}
        digest = hmac.digest(KEY.encode(), f"{task_id}.{now}".encode(), "sha256")
        signature = base64.b64encode(digest).decode()
        headers = {"X-Webhook-Timestamp": now, "X-Webhook-Signature": signature}
        answer = await client.post(signing.posts()[0]["callBackUrl"], json=body, headers=headers)
        await signing.video()
    assert answer.status_code == 200
    assert not any("another" in request.path for request in signing.kie.requests)
    assert "another" not in str(signing.rows("SELECT result_urls FROM jobs"))


async def test_a_lost_answer_and_a_callback_make_one_post_and_one_video(here: World) -> None:
    here.kie.script(Point.CREATE, Reset(accepted=True))
    async with here.bot(**reachable(**SLOW)):
        await here.order("A lighthouse")
        await here.video()
        await done(here)
    assert len(here.posts()) == 1
    assert len(here.kie.tasks) == 1
    assert entries(here) == CHARGED_ONCE


async def test_killed_while_the_post_is_unanswered_the_callback_brings_the_video(
    here: World,
) -> None:
    env = reachable(**SLOW)
    here.seconds = math.inf
    here.kie.script(Point.CREATE, Hang(600))
    await here.start(**env)
    await here.order("A lighthouse")
    await here.until(lambda: here.kie.tasks, "the task at KIE")
    await here.kill()
    await here.start(**env)
    await here.until(lambda: here.states() == ["unknown"], "the crash noticed")
    here.kie.finish(here.kie.tasks[0].id)
    await here.video()
    await done(here)
    assert await here.terminate() == 0
    assert len(here.kie.tasks) == 1
    assert entries(here) == CHARGED_ONCE


async def test_a_callback_before_the_answer_and_another_one_after_do_no_harm(here: World) -> None:
    here.kie.script_task(Fate(early=True, copies=2))
    async with here.bot(**reachable(**SLOW)):
        await here.order("A lighthouse")
        await here.video()
        await here.kie.knock(here.kie.tasks[0].id)
        await done(here)
    assert set(statuses(here)) == {200}
    assert len(here.videos()) == 1
    assert entries(here) == CHARGED_ONCE


async def test_twenty_callbacks_at_once_bring_one_video(here: World) -> None:
    here.kie.script_task(Fate(seconds=math.inf))
    async with here.bot(**reachable(**SLOW)):
        await here.order("A lighthouse")
        await here.until(lambda: here.states() == ["generating"], "the task")
        task_id = here.kie.tasks[0].id
        here.kie.finish(task_id)
        await asyncio.gather(*(here.kie.knock(task_id) for _ in range(20)))
        await here.video()
        await done(here)
    assert set(statuses(here)) == {200}
    assert len(here.videos()) == 1
    assert entries(here) == CHARGED_ONCE


async def test_a_failure_is_called_back_told_and_released(here: World) -> None:
    async with here.bot(**reachable(**SLOW)):
        await here.order("A lighthouse #refuse")
        await here.message("refunded")
    assert entries(here) == [("hold",), ("release",)]


@pytest.mark.parametrize("fate", [Fate(snake_case=True), Fate(callback_urls_as_text=True)])
async def test_other_spellings_of_a_callback_are_understood(here: World, fate: Fate) -> None:
    here.kie.script_task(fate)
    async with here.bot(**reachable(**SLOW)):
        await here.order("A lighthouse")
        await here.video()


async def test_the_market_dialect_calls_back_too(here: World) -> None:
    async with here.bot(**reachable(KIE_DIALECT="market", **SLOW)):
        await here.order("A lighthouse")
        await here.video()
    assert statuses(here) == [200]


async def test_a_lost_callback_is_made_good_by_the_safety_read(here: World) -> None:
    here.kie.script_task(Fate(copies=0))
    async with here.bot(**reachable()):
        await here.order("A lighthouse")
        await here.video()
    assert here.kie.knocks == []


async def test_callbacks_that_never_come_are_told_to_the_admins_once(here: World) -> None:
    here.kie.script_task(Fate(copies=0), times=3)
    async with here.bot(**reachable(POLL_EXPECTED_SECONDS="1")):
        for number in range(3):
            await here.order(f"Lighthouse {number}")
            await here.video(count=number + 1)
        await here.message("callbacks do not arrive")
        await here.order("Lighthouse 3")
        await here.until(lambda: here.kie.knocks, "a callback again")
        await here.video(count=4)
    told = [each for each in here.messages() if "callbacks do not arrive" in each.text]
    assert len(told) == 1
    assert here.rows("SELECT name FROM alerts WHERE name = 'callbacks-silent'") == []


async def test_a_callback_that_names_another_jobs_task_is_told_to_the_admins(here: World) -> None:
    here.seconds = math.inf
    async with here.bot(**reachable(**SLOW)), httpx.AsyncClient() as client:
        await here.order("First")
        await here.until(lambda: here.states() == ["generating"])
        await here.order("Second")
        await here.until(lambda: here.states() == ["generating"] * 2)
        url = here.posts()[0]["callBackUrl"]
        foreign = {"code": 200, "data": {"taskId": here.kie.tasks[1].id}}
        answer = await client.post(url, json=foreign)
        assert answer.status_code == 200
        unchanged = [("generating", task.id) for task in here.kie.tasks]
        assert here.rows("SELECT state, task_id FROM jobs ORDER BY id") == unchanged
        await here.message("another job's task")
    assert reads(here) == 0


async def test_guessed_tokens_are_not_found_and_write_nothing(here: World) -> None:
    env = reachable(**SLOW)
    here.seconds = math.inf
    async with here.bot(**env), httpx.AsyncClient(base_url=env["PUBLIC_URL"]) as client:
        await here.order("A lighthouse")
        await here.until(lambda: here.states() == ["generating"])
        before = here.rows("SELECT due_at, knocked_at FROM jobs JOIN attempts")
        for _ in range(50):
            answer = await client.post("/callbacks/guess", json={"data": {"taskId": "x"}})
            assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})
        assert here.rows("SELECT due_at, knocked_at FROM jobs JOIN attempts") == before


async def test_no_token_of_a_callback_is_stored_or_logged(here: World) -> None:
    await here.start(**reachable(**SLOW))
    await here.order("A lighthouse")
    await here.video()
    assert await here.terminate() == 0
    token = str(here.posts()[0]["callBackUrl"]).rpartition("/")[2]
    assert len(token) >= 22
    assert token not in here.log.read_text()
    assert all(token.encode() not in file.read_bytes() for file in here.data_dir.glob("*.db*"))
