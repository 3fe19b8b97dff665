"""Everything that can go wrong at KIE can be made to, by a script or by words in a prompt."""

import asyncio

import httpx
import pytest

from bot.demo.clips import Clip
from bot.demo.kie_faults import (
    INTERNAL_ERROR,
    TRIGGERS,
    Answer,
    Fate,
    Hang,
    Link,
    Page,
    Point,
    Reset,
    Trigger,
)
from tests.e2e.standin_kie.client import (
    CREATE_TASK,
    CREDIT,
    EXTEND,
    GENERATE,
    GET_4K,
    GET_1080P,
    GOOD,
    GOOD_MARKET,
    MP4,
    RECORD,
    TASK_RECORD,
    Account,
    Json,
    Receiver,
    Time,
    opened,
    until,
)

CODES = [400, 401, 402, 404, 408, 422, 429, 433, 451, 455, 500, 501, 505]


@pytest.mark.parametrize("code", CODES)
async def test_a_scripted_code_is_answered_once_and_nothing_is_made(
    account: Account, code: int
) -> None:
    account.kie.script(Point.CREATE, Answer(code, "no"))
    response = await account.http.post(GENERATE, json=GOOD)
    assert response.status_code == 200
    assert response.json() == {"code": code, "msg": "no", "data": None}
    assert account.kie.tasks == []
    await account.create()


@pytest.mark.parametrize(
    ("point", "method", "path", "body"),
    [
        (Point.CREATE, "POST", GENERATE, GOOD),
        (Point.CREATE, "POST", CREATE_TASK, GOOD_MARKET),
        (Point.EXTEND, "POST", EXTEND, {}),
        (Point.RECORD, "GET", RECORD, None),
        (Point.RECORD, "GET", TASK_RECORD, None),
        (Point.P1080, "GET", GET_1080P, None),
        (Point.K4, "POST", GET_4K, {}),
        (Point.CREDIT, "GET", CREDIT, None),
        (Point.UPLOAD, "POST", "/api/file-base64-upload", {}),
        (Point.DOWNLOAD_URL, "POST", "/api/v1/common/download-url", {}),
    ],
)
async def test_every_call_can_be_interfered_with(
    account: Account, point: Point, method: str, path: str, body: Json | None
) -> None:
    account.kie.script(point, Answer(455, "maintenance"))
    answer = (await account.http.request(method, path, json=body)).json()
    assert answer["code"] == 455


async def test_faults_happen_in_order_and_as_often_as_said(account: Account) -> None:
    account.kie.script(Point.CREDIT, Answer(429, "slow down"), times=2)
    account.kie.script(Point.CREDIT, Answer(500, "oops"))
    codes = [(await account.get(CREDIT))["code"] for _ in range(4)]
    assert codes == [429, 429, 500, 200]


async def test_a_standing_fault_stays_until_the_script_is_cleared(account: Account) -> None:
    account.kie.script(Point.CREDIT, Answer(401, "no"), times=None)
    account.kie.script_task(Fate(refusal=INTERNAL_ERROR))
    assert [(await account.get(CREDIT))["code"] for _ in range(3)] == [401] * 3
    account.kie.clear_script()
    assert (await account.get(CREDIT))["code"] == 200
    task_id = await account.create()
    account.kie.finish(task_id)
    assert (await account.record(task_id))["successFlag"] == 1


async def test_a_page_of_html_comes_instead_of_an_envelope(account: Account) -> None:
    account.kie.script(Point.CREATE, Page())
    response = await account.http.post(GENERATE, json=GOOD)
    assert (response.status_code, response.headers["content-type"][:9]) == (502, "text/html")
    assert account.kie.tasks == []
    assert (account.kie.requests[-1].status, account.kie.requests[-1].answer) == (502, None)


@pytest.mark.parametrize("accepted", [True, False])
async def test_a_reset_breaks_the_connection_before_or_after_accepting(
    account: Account, accepted: bool
) -> None:
    account.kie.script(Point.CREATE, Reset(accepted=accepted))
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await account.http.post(GENERATE, json=GOOD)
    assert len(account.kie.tasks) == accepted
    assert (account.kie.requests[-1].status, account.kie.requests[-1].answer) == (0, None)
    await account.get(CREDIT)


async def test_a_hanging_call_is_accepted_but_answered_late(account: Account, time: Time) -> None:
    account.kie.script(Point.CREATE, Hang(600))
    call = asyncio.create_task(account.create())
    await until(lambda: len(account.kie.tasks) == 1)
    await account.get(CREDIT)
    assert not call.done()
    time.advance(600)
    assert await call == account.kie.tasks[0].id


async def test_stopping_ends_a_hanging_call(time: Time, drawn: list[Clip]) -> None:
    async with opened(time, drawn) as account:
        account.kie.script(Point.CREATE, Hang(600))
        call = asyncio.create_task(account.create())
        await until(lambda: len(account.kie.tasks) == 1)
        await account.kie.stop()
        assert await call == account.kie.tasks[0].id


async def test_a_record_can_be_null_right_after_creation(account: Account, time: Time) -> None:
    account.kie.script_task(Fate(null_seconds=5))
    task_id = await account.create()
    assert (await account.get(RECORD, taskId=task_id))["msg"] == "record is null"
    time.advance(5)
    assert (await account.record(task_id))["successFlag"] == 0


async def test_success_can_be_told_before_there_are_urls(account: Account, time: Time) -> None:
    account.kie.script_task(Fate(grace_seconds=5))
    task_id = await account.create()
    account.kie.finish(task_id)
    record = await account.record(task_id)
    assert (record["successFlag"], record["response"]) == (1, None)
    time.advance(5)
    assert (await account.record(task_id))["response"]["resultUrls"]


async def test_a_task_can_be_slow_or_wait_until_it_is_told_to_finish(
    account: Account, time: Time
) -> None:
    account.kie.script_task(Fate(seconds=900))
    slow = await account.create()
    account.kie.script_task(Fate(seconds=float("inf")))
    endless = await account.create()
    time.advance(899)
    assert (await account.record(slow))["successFlag"] == 0
    time.advance(1)
    assert (await account.record(slow))["successFlag"] == 1
    assert (await account.record(endless))["successFlag"] == 0
    account.kie.finish(endless)
    assert (await account.record(endless))["successFlag"] == 1


async def test_finishing_a_task_sends_its_callback(account: Account, receiver: Receiver) -> None:
    account.kie.script_task(Fate(seconds=float("inf")))
    task_id = await account.create(callBackUrl=receiver.url)
    account.kie.finish(task_id)
    (body,) = await receiver.has(1)
    assert body["data"]["taskId"] == task_id


async def test_a_video_can_be_made_without_sound_and_by_the_fallback(
    account: Account, drawn: list[Clip]
) -> None:
    account.kie.script_task(Fate(sound=False, fallback=True))
    task_id = await account.create()
    await account.http.get(await account.result_url(task_id))
    record = await account.record(task_id)
    assert record["fallbackFlag"] is True
    assert record["response"]["hasAudioList"] == [False]
    assert [clip.sound for clip in drawn] == [False]


async def _linked(account: Account, link: Link, times: int | None = None) -> str:
    account.kie.script_task(Fate(link=link, link_times=times))
    return await account.result_url(await account.create())


@pytest.mark.parametrize(
    ("link", "status", "content"),
    [
        (Link.NOT_FOUND, 404, b"404 Not Found"),
        (Link.EMPTY, 200, b""),
        (Link.CUT, 200, MP4[: len(MP4) // 2]),
        (Link.PAGE, 200, b"<html><body>Sign in to continue</body></html>"),
    ],
)
async def test_something_else_can_lie_behind_a_result_link(
    account: Account, link: Link, status: int, content: bytes
) -> None:
    response = await account.http.get(await _linked(account, link))
    assert (response.status_code, response.content) == (status, content)


async def test_a_result_can_break_off(account: Account) -> None:
    url = await _linked(account, Link.TRUNCATED)
    async with account.http.stream("GET", url) as response:
        assert response.headers["content-length"] == str(len(MP4))
        with pytest.raises(httpx.RemoteProtocolError):
            await response.aread()


@pytest.mark.parametrize("link", [Link.OVERSIZED, Link.ENDLESS])
async def test_a_result_can_be_larger_than_anybody_wants(account: Account, link: Link) -> None:
    url = await _linked(account, link)
    async with account.http.stream("GET", url) as response:
        length = response.headers.get("content-length")
        assert length == (str(3 * 1024**3) if link is Link.OVERSIZED else None)
        got = 0
        async for chunk in response.aiter_raw():
            got += len(chunk)
            if got > 20 * len(MP4):
                break
    assert (await account.get(CREDIT))["code"] == 200


async def test_a_result_can_come_in_drops(account: Account, time: Time) -> None:
    url = await _linked(account, Link.SLOW)
    download = asyncio.create_task(account.http.get(url))
    while not download.done():
        time.advance(1)
        await asyncio.sleep(0)
    assert (await download).content == MP4


async def test_a_result_can_be_a_bomb(account: Account) -> None:
    url = await _linked(account, Link.GZIP_BOMB)
    async with account.http.stream("GET", url) as response:
        assert response.headers["content-encoding"] == "gzip"
        packed = sum([len(chunk) async for chunk in response.aiter_raw()])
    assert packed < 2 * 1024**2


async def test_a_result_can_redirect_inward(account: Account) -> None:
    response = await account.http.get(await _linked(account, Link.REDIRECT))
    assert (response.status_code, response.headers["location"][:17]) == (307, "http://127.0.0.1:")


async def test_a_dead_link_can_come_back_to_life(account: Account) -> None:
    url = await _linked(account, Link.NOT_FOUND, times=2)
    assert [(await account.http.get(url)).status_code for _ in range(3)] == [404, 404, 200]


@pytest.mark.parametrize(
    "trigger",
    [trigger for trigger in TRIGGERS if isinstance(trigger.what, Fate) and trigger.what.refusal],
    ids=lambda trigger: trigger.word,
)
async def test_a_word_makes_a_task_fail(account: Account, trigger: Trigger) -> None:
    assert isinstance(trigger.what, Fate)
    task_id = await account.create(prompt=f"a fox #{trigger.word.upper()}, running")
    account.kie.finish(task_id)
    record = await account.record(task_id)
    assert (record["errorCode"], record["errorMessage"]) == trigger.what.refusal
    assert account.kie.charges == []


@pytest.mark.parametrize(
    "trigger",
    [trigger for trigger in TRIGGERS if isinstance(trigger.what, Answer)],
    ids=lambda trigger: trigger.word,
)
async def test_a_word_gets_a_code_as_often_as_it_says(account: Account, trigger: Trigger) -> None:
    body = {**GOOD, "prompt": f"#{trigger.word} a fox"}
    times = trigger.times or 3
    codes = [(await account.post(GENERATE, body))["code"] for _ in range(times)]
    assert codes == [int(trigger.word)] * times
    if trigger.times is not None:
        assert (await account.post(GENERATE, body))["code"] == 200


async def test_a_hiccup_happens_to_the_first_task_of_a_prompt_only(account: Account) -> None:
    flags = []
    for _ in range(2):
        task_id = await account.create(prompt="a fox #hiccup")
        account.kie.finish(task_id)
        flags.append((await account.record(task_id))["successFlag"])
    assert flags == [3, 1]


async def test_words_count_in_the_market_form_too(account: Account) -> None:
    given = {**GOOD_MARKET["input"], "prompt": "#402"}
    assert (await account.post(CREATE_TASK, {**GOOD_MARKET, "input": given}))["code"] == 402


async def test_several_words_act_together(account: Account) -> None:
    await account.create(prompt="#slow #silent #nothing fox")
    (task,) = account.kie.tasks
    assert (task.ready_at - task.created_at, task.fate.sound) == (1_200, False)


async def test_without_triggers_a_prompt_is_only_a_prompt(time: Time, drawn: list[Clip]) -> None:
    async with opened(time, drawn, triggers=()) as account:
        await account.create(prompt="#402 #refuse")
        assert account.kie.tasks[0].fate == Fate()


def test_every_word_is_there_once_and_explains_itself() -> None:
    words = [trigger.word for trigger in TRIGGERS]
    assert len(set(words)) == len(words)
    assert all(trigger.about and trigger.word == trigger.word.lower() for trigger in TRIGGERS)


async def test_a_fault_of_the_next_order_waits_for_it_whatever_it_is(account: Account) -> None:
    fault = Answer(402, "no credits")
    task_id = await account.create()
    account.kie.finish(task_id)
    account.kie.script(Point.ORDER, fault, times=2)
    assert account.kie.faults_to_come == [fault, fault]
    await account.record(task_id)
    refused = [
        await account.post(EXTEND, {"taskId": task_id, "prompt": "on", "model": "fast"}),
        await account.post(GENERATE, GOOD),
    ]
    assert [answer["code"] for answer in refused] == [402, 402]
    assert account.kie.faults_to_come == []
    await account.create()


async def test_what_is_to_come_is_known_until_it_has_happened(account: Account) -> None:
    account.kie.script_task(Fate(copies=0))
    assert account.kie.faults_to_come == [Fate(copies=0)]
    await account.create()
    assert account.kie.faults_to_come == []


async def test_another_speed_holds_for_what_begins_later(account: Account) -> None:
    before = await account.create()
    account.kie.speed = 10.0
    after = await account.create()
    slow, fast = account.kie.tasks
    assert (slow.id, fast.id) == (before, after)
    usual = slow.ready_at - slow.created_at
    assert fast.ready_at - fast.created_at == pytest.approx(usual / 10)
