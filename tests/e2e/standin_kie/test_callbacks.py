"""Callbacks come as documented, and as they were seen to come."""

import asyncio
import base64
import hashlib
import hmac
import json

from bot.demo.clips import Clip
from bot.demo.kie_faults import Fate
from tests.e2e.standin_kie.client import (
    CREATE_TASK,
    DAY,
    GET_4K,
    GOOD_MARKET,
    TASK_RECORD,
    Account,
    Receiver,
    Time,
    opened,
    until,
)


async def test_a_callback_comes_when_the_video_is_ready(
    account: Account, time: Time, receiver: Receiver
) -> None:
    task_id = await account.create(callBackUrl=receiver.url)
    time.advance(80)
    (body,) = await receiver.has(1)
    assert (body["code"], body["data"]["taskId"]) == (200, task_id)
    record = await account.record(task_id)
    assert body["data"]["info"]["resultUrls"] == record["response"]["resultUrls"]
    assert body["data"]["fallbackFlag"] is False
    assert "x-webhook-signature" not in receiver.headers[0]
    assert [charge.task_id for charge in account.kie.charges] == [task_id]


async def test_a_callback_of_a_failure_has_its_code_and_no_info(
    account: Account, time: Time, receiver: Receiver
) -> None:
    account.kie.script_task(Fate(refusal=(400, "flagged")))
    await account.create(callBackUrl=receiver.url)
    time.advance(80)
    (body,) = await receiver.has(1)
    assert (body["code"], body["msg"]) == (400, "flagged")
    assert "info" not in body["data"]


async def test_a_callback_in_the_market_form_is_like_its_record(
    account: Account, time: Time, receiver: Receiver
) -> None:
    answer = await account.post(CREATE_TASK, {**GOOD_MARKET, "callBackUrl": receiver.url})
    time.advance(80)
    (body,) = await receiver.has(1)
    record = await account.get(TASK_RECORD, taskId=answer["data"]["taskId"])
    assert body["data"] == record["data"]


async def test_a_callback_is_signed_over_task_and_time_when_there_is_a_key(
    time: Time, drawn: list[Clip], receiver: Receiver
) -> None:
    async with opened(time, drawn, hmac_key="secret") as account:
        task_id = await account.create(callBackUrl=receiver.url)
        account.kie.script_task(Fate(bad_signature=True))
        other = await account.create(callBackUrl=receiver.url)
        time.advance(80)
        bodies = await receiver.has(2)
    signed = {
        body["data"]["taskId"]: headers["x-webhook-signature"]
        for body, headers in zip(bodies, receiver.headers, strict=True)
    }
    for name, is_right in ((task_id, True), (other, False)):
        text = f"{name}.{int(time.now)}".encode()
        right = base64.b64encode(hmac.new(b"secret", text, hashlib.sha256).digest()).decode()
        assert (signed[name] == right) is is_right
    assert {headers["x-webhook-timestamp"] for headers in receiver.headers} == {f"{int(time.now)}"}


async def test_a_callback_that_fails_is_tried_three_times_in_all(
    account: Account, time: Time, receiver: Receiver
) -> None:
    receiver.statuses = iter((500, 404, 503, 503))
    await account.create(callBackUrl=receiver.url)
    time.advance(80)
    tried = account.kie.knocks
    for count in (1, 2, 3):
        await until(lambda: len(tried) == count)  # noqa: B023 - over before the next round
        time.advance(60)
    time.advance(DAY)
    await account.get("/api/v1/chat/credit")
    assert [knock.status for knock in account.kie.knocks] == [500, 404, 503]


async def test_a_callback_to_nobody_is_noted(account: Account) -> None:
    task_id = await account.create(callBackUrl="http://127.0.0.1:9/cb")
    knocking = asyncio.create_task(account.kie.knock(task_id))
    await until(lambda: bool(account.kie.knocks))
    knocking.cancel()
    assert account.kie.knocks[0].status is None


async def test_callbacks_can_be_doubled_and_lost(
    account: Account, time: Time, receiver: Receiver
) -> None:
    account.kie.script_task(Fate(copies=0))
    lost = await account.create(callBackUrl=receiver.url)
    account.kie.script_task(Fate(copies=2))
    doubled = await account.create(callBackUrl=receiver.url)
    time.advance(80)
    bodies = await receiver.has(2)
    assert [body["data"]["taskId"] for body in bodies] == [doubled, doubled]
    assert (await account.record(lost))["successFlag"] == 1


async def test_an_early_callback_comes_before_the_create_is_answered(
    account: Account, receiver: Receiver
) -> None:
    account.kie.script_task(Fate(early=True, callback_urls_as_text=True, snake_case=True))
    task_id = await account.create(callBackUrl=receiver.url)
    (body,) = receiver.bodies
    assert body["data"]["task_id"] == task_id
    assert len(json.loads(body["data"]["info"]["resultUrls"])) == 1
    assert (await account.record(task_id))["successFlag"] == 1


async def test_4k_has_a_callback_of_its_own(
    account: Account, time: Time, receiver: Receiver
) -> None:
    task_id = await account.create()
    account.kie.finish(task_id)
    body = {"taskId": task_id, "index": 0, "callBackUrl": receiver.url}
    await account.post(GET_4K, body)
    time.advance(400)
    (callback,) = await receiver.has(1)
    assert callback["msg"] == "4K Video generated successfully."
    assert callback["data"]["info"]["resolution"] == "4k"
