"""A task is told about in the documented forms, and in the odd ones."""

import json

import pytest

from bot.demo.clips import Clip
from bot.demo.kie_faults import Fate, Form
from tests.e2e.standin_kie.client import DAY, GOOD, RECORD, Account, Time, opened


async def test_a_task_is_pending_until_its_time_has_come(account: Account, time: Time) -> None:
    task_id = await account.create()
    time.advance(79)
    record = await account.record(task_id)
    assert (record["successFlag"], record["response"]) == (0, None)
    assert (record["errorCode"], record["completeTime"]) == (None, None)
    time.advance(1)
    record = await account.record(task_id)
    assert record["successFlag"] == 1
    assert record["completeTime"] - record["createTime"] == 80_000


async def test_speed_shortens_what_tasks_take(time: Time, drawn: list[Clip]) -> None:
    async with opened(time, drawn, speed=20.0) as account:
        task_id = await account.create()
        time.advance(4)
        assert (await account.record(task_id))["successFlag"] == 1


async def test_a_finished_record_has_the_documented_fields(account: Account) -> None:
    task_id = await account.create(seeds=12_345)
    account.kie.finish(task_id)
    record = await account.record(task_id)
    assert (record["errorCode"], record["errorMessage"], record["fallbackFlag"]) == (
        None,
        "",
        False,
    )
    assert json.loads(record["paramJson"])["prompt"] == GOOD["prompt"]
    response = record["response"]
    assert len(response["resultUrls"]) == 1
    assert response["resultUrls"][0].startswith(f"{account.kie.url}/files/")
    assert (response["originUrls"], response["fullResultUrls"]) == ([], None)
    assert (response["seeds"], response["hasAudioList"]) == ([12_345], [True])


async def test_only_a_portrait_video_has_an_uncropped_original_which_is_another_one(
    account: Account, drawn: list[Clip]
) -> None:
    task_id = await account.create(aspect_ratio="9:16")
    account.kie.finish(task_id)
    response = (await account.record(task_id))["response"]
    for url in (*response["resultUrls"], *response["originUrls"]):
        await account.http.get(url)
    assert [clip.size for clip in drawn] == [(720, 1280), (1280, 720)]


async def test_a_refusal_comes_with_time_in_the_record_while_msg_says_success(
    account: Account, time: Time
) -> None:
    account.kie.script_task(Fate(refusal=(400, "Your prompt was flagged")))
    task_id = await account.create()
    assert (await account.record(task_id))["successFlag"] == 0
    time.advance(80)
    record = await account.record(task_id)
    assert record["successFlag"] == 3
    assert (record["errorCode"], record["errorMessage"]) == (400, "Your prompt was flagged")
    assert record["response"] is None


@pytest.mark.parametrize("task_id", ["veo_task_unknown", "../x", "x" * 1_000])
async def test_an_unknown_task_is_null(account: Account, task_id: str) -> None:
    answer = await account.get(RECORD, taskId=task_id)
    assert (answer["code"], answer["msg"]) == (422, "record is null")


async def test_a_record_without_task_id_is_refused(account: Account) -> None:
    assert (await account.get(RECORD))["code"] == 422


async def test_records_and_videos_are_gone_after_14_days(account: Account, time: Time) -> None:
    task_id = await account.create()
    time.advance(80)
    (url,) = (await account.record(task_id))["response"]["resultUrls"]
    time.advance(14 * DAY - 80)
    assert (await account.http.get(url)).status_code == 200
    assert (await account.get(RECORD, taskId=task_id))["code"] == 200
    time.advance(81)
    assert (await account.http.get(url)).status_code == 404
    assert (await account.get(RECORD, taskId=task_id))["msg"] == "record is null"


@pytest.mark.parametrize("form", list(Form))
async def test_every_odd_form_of_a_record_can_be_had(account: Account, form: Form) -> None:
    account.kie.script_task(Fate(forms=frozenset({form})))
    account.kie.script_task(Fate(forms=frozenset({form}), refusal=(501, "no")))
    good, bad = await account.create(), await account.create()
    account.kie.finish(good)
    account.kie.finish(bad)
    success, failure = await account.record(good), await account.record(bad)
    response = success.get("response")
    seen = {
        Form.RESPONSE_AS_TEXT: isinstance(response, str) and "resultUrls" in json.loads(response),
        Form.FLAG_AS_TEXT: (success.get("successFlag"), failure.get("successFlag")) == ("1", "3"),
        Form.URLS_AS_TEXT: isinstance(response, dict) and isinstance(response["resultUrls"], str),
        Form.URLS_ON_TOP: len(json.loads(success.get("resultUrls", "[]"))) == 1,
        Form.STATUS_AND_VIDEO_URL: success.get("status") == 1
        and str(success.get("videoUrl")).endswith(".mp4")
        and (failure.get("status"), failure.get("videoUrl")) == (2, None),
        Form.FAILED_AS_TWO: (success.get("successFlag"), failure.get("successFlag")) == (1, 2),
    }
    assert [name for name, is_seen in seen.items() if is_seen] == [form]
