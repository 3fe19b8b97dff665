"""The second dialect: tasks made and read in the market form."""

import json

import pytest

from bot.demo.clips import Clip
from bot.demo.kie_faults import Fate
from tests.e2e.standin_kie.client import (
    CREATE_TASK,
    GOOD_MARKET,
    MP4,
    RECORD,
    TASK_RECORD,
    Account,
    Json,
    Time,
)


async def test_a_market_task_goes_through_its_states_to_a_json_text_of_results(
    account: Account, time: Time
) -> None:
    task_id = (await account.post(CREATE_TASK, GOOD_MARKET))["data"]["taskId"]
    states = []
    for _ in range(4):
        data = (await account.get(TASK_RECORD, taskId=task_id))["data"]
        states.append(data["state"])
        time.advance(80 / 4 + 1)
    data = (await account.get(TASK_RECORD, taskId=task_id))["data"]
    assert [*states, data["state"]] == ["waiting", "queuing", "generating", "generating", "success"]
    (url,) = json.loads(data["resultJson"])["resultUrls"]
    assert (await account.http.get(url)).content == MP4
    assert data["creditsConsumed"] == 60
    assert account.kie.violations == []


async def test_a_market_failure_is_told_in_strings(account: Account) -> None:
    account.kie.script_task(Fate(refusal=(400, "flagged")))
    task_id = (await account.post(CREATE_TASK, GOOD_MARKET))["data"]["taskId"]
    account.kie.finish(task_id)
    data = (await account.get(TASK_RECORD, taskId=task_id))["data"]
    assert (data["state"], data["failCode"], data["failMsg"]) == ("fail", "400", "flagged")
    assert (data["resultJson"], data["creditsConsumed"]) == ("", 0)


async def test_a_task_is_only_known_in_its_own_dialect(account: Account) -> None:
    veo = await account.create()
    market = (await account.post(CREATE_TASK, GOOD_MARKET))["data"]["taskId"]
    assert (await account.get(TASK_RECORD, taskId=veo))["code"] == 422
    assert (await account.get(RECORD, taskId=market))["code"] == 422


async def test_a_tier_at_the_top_level_is_billed_as_fast_and_a_violation(account: Account) -> None:
    body = {"model": "veo3", "input": {**GOOD_MARKET["input"], "model": "veo3"}}
    account.kie.finish((await account.post(CREATE_TASK, body))["data"]["taskId"])
    assert [charge.credits for charge in account.kie.charges] == [60]
    assert account.kie.violations == ["createTask: the tier belongs into input.model"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"model": "veo-3-1"},
        {"model": "veo-3-1", "input": "text"},
        {"model": "sora-2", "input": GOOD_MARKET["input"]},
        {"model": "veo-3-1", "input": {**GOOD_MARKET["input"], "model": "fast"}},
        {"model": "veo-3-1", "input": {**GOOD_MARKET["input"], "duration": "8"}},
        {"model": "veo/extend", "input": {"task_id": "unknown", "prompt": "on"}},
        {"model": "veo/get-4k-video", "input": {}},
    ],
)
async def test_a_bad_market_request_is_refused(account: Account, body: Json) -> None:
    assert (await account.post(CREATE_TASK, body))["code"] == 422
    assert account.kie.tasks == []


async def test_the_market_extends_and_upgrades_by_creating_tasks(
    account: Account, drawn: list[Clip]
) -> None:
    parent = (await account.post(CREATE_TASK, GOOD_MARKET))["data"]["taskId"]
    account.kie.finish(parent)
    body: Json = {"model": "veo/extend", "input": {"task_id": parent, "prompt": "it runs"}}
    child = (await account.post(CREATE_TASK, body))["data"]["taskId"]
    body = {"model": "veo/get-1080p-video", "input": {"task_id": parent}}
    upgrade = (await account.post(CREATE_TASK, body))["data"]["taskId"]
    for task_id in (child, upgrade):
        account.kie.finish(task_id)
    result = json.loads((await account.get(TASK_RECORD, taskId=upgrade))["data"]["resultJson"])
    await account.http.get(result["data"]["result_urls"][0])
    await account.http.get(result["data"]["origin_urls"][0])
    assert [clip.size for clip in drawn] == [(1920, 1080), (1280, 720)]
    assert sorted(charge.credits for charge in account.kie.charges) == [5, 60, 60]
    assert account.kie.violations == []
