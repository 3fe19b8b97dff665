"""1080p, 4K and extensions follow their own rules."""

from dataclasses import replace

import pytest

from bot.demo.clips import Clip
from bot.demo.kie_faults import Fate
from tests.e2e.standin_kie.client import DAY, EXTEND, GET_4K, GET_1080P, Account, Json, Time


async def test_1080p_is_processing_then_a_link_and_charged_once(
    account: Account, time: Time, drawn: list[Clip]
) -> None:
    task_id = await account.create()
    time.advance(80)
    for _ in range(2):
        answer = await account.get(GET_1080P, taskId=task_id, index=0)
        assert answer["code"] == 400
        assert "is processing" in answer["msg"]
    time.advance(100)
    for _ in range(2):
        answer = await account.get(GET_1080P, taskId=task_id, index=0)
        assert answer["code"] == 200
    await account.http.get(answer["data"]["resultUrl"])
    assert drawn[0].size == (1920, 1080)
    assert [charge.credits for charge in account.kie.charges] == [60, 5]


@pytest.mark.parametrize("code", [422, 500])
async def test_1080p_can_be_pending_under_other_codes(account: Account, code: int) -> None:
    account.kie.forms = replace(account.kie.forms, pending_1080p=code)
    task_id = await account.create()
    account.kie.finish(task_id)
    assert (await account.get(GET_1080P, taskId=task_id, index=0))["code"] == code


@pytest.mark.parametrize(
    ("pending", "done", "says"), [(422, 200, "success"), (200, 422, "generated successfully")]
)
async def test_4k_answers_with_codes_that_do_not_tell_pending_from_done(
    account: Account, drawn: list[Clip], pending: int, done: int, says: str
) -> None:
    account.kie.forms = replace(account.kie.forms, pending_4k=pending, done_4k=done)
    task_id = await account.create()
    account.kie.finish(task_id)
    answer = await account.post(GET_4K, {"taskId": task_id, "index": 0})
    assert (answer["code"], answer["data"]["resultUrls"]) == (pending, None)
    account.kie.finish(task_id)
    answer = await account.post(GET_4K, {"taskId": task_id, "index": 0})
    assert answer["code"] == done
    assert says in answer["msg"]
    await account.http.get(answer["data"]["resultUrls"][0])
    assert drawn[0].size == (3840, 2160)
    assert [charge.credits for charge in account.kie.charges] == [60, 120]


async def test_4k_that_is_unavailable_is_final_and_free(account: Account) -> None:
    account.kie.script_task(Fate(no_4k=True))
    task_id = await account.create()
    account.kie.finish(task_id)
    await account.post(GET_4K, {"taskId": task_id, "index": 0})
    account.kie.finish(task_id)
    answer = await account.post(GET_4K, {"taskId": task_id, "index": 0})
    assert answer["code"] == 500
    assert "unavailable" in answer["msg"]
    assert [charge.credits for charge in account.kie.charges] == [60]


@pytest.mark.parametrize(
    ("fate", "changes"),
    [
        (Fate(fallback=True), {}),
        (Fate(seconds=1e9), {}),
        (Fate(refusal=(501, "failed")), {}),
        (Fate(), {"resolution": "4k"}),
    ],
)
async def test_what_cannot_be_upgraded_is_refused(
    account: Account, time: Time, fate: Fate, changes: Json
) -> None:
    account.kie.script_task(fate)
    task_id = await account.create(**changes)
    time.advance(1_000)
    assert (await account.get(GET_1080P, taskId=task_id, index=0))["code"] == 422
    assert (await account.post(GET_4K, {"taskId": task_id, "index": 0}))["code"] == 422
    assert (await account.get(GET_1080P, taskId="unknown", index=0))["code"] == 422


async def test_a_1080p_video_can_only_become_4k(account: Account) -> None:
    task_id = await account.create(resolution="1080p")
    account.kie.finish(task_id)
    assert "support" in (await account.get(GET_1080P, taskId=task_id, index=0))["msg"]
    assert "processing" in (await account.post(GET_4K, {"taskId": task_id, "index": 0}))["msg"]


async def test_an_extension_holds_the_whole_film_apart_from_its_new_part(
    account: Account, drawn: list[Clip]
) -> None:
    parent = await account.create(aspect_ratio="9:16")
    account.kie.finish(parent)
    body = {"taskId": parent, "prompt": "it runs away", "model": "fast"}
    child = (await account.post(EXTEND, body))["data"]["taskId"]
    assert child != parent
    account.kie.finish(child)
    response = (await account.record(child))["response"]
    for url in (*response["fullResultUrls"], *response["resultUrls"]):
        await account.http.get(url)
    assert [(clip.seconds, clip.size, clip.text) for clip in drawn] == [
        (15, (720, 1280), "it runs away"),
        (7, (720, 1280), "it runs away"),
    ]
    assert [charge.credits for charge in account.kie.charges] == [60, 60]
    assert account.kie.violations == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"prompt": ""}, "Prompt"),
        ({"taskId": ""}, "taskId"),
        ({"taskId": "unknown"}, "record is null"),
        ({"model": "veo3_fast"}, "Invalid model"),
        ({"seeds": 1}, "Seeds"),
    ],
)
async def test_a_bad_extension_is_refused(account: Account, changes: Json, says: str) -> None:
    parent = await account.create()
    account.kie.finish(parent)
    body = {"taskId": parent, "prompt": "it runs away", "model": "fast", **changes}
    answer = await account.post(EXTEND, body)
    assert answer["code"] == 422
    assert says in answer["msg"]


async def test_a_video_with_an_upgrade_cannot_be_extended_any_more(account: Account) -> None:
    parent = await account.create()
    account.kie.finish(parent)
    await account.get(GET_1080P, taskId=parent, index=0)
    body = {"taskId": parent, "prompt": "it runs away", "model": "fast"}
    answer = await account.post(EXTEND, body)
    assert answer["code"] == 422
    assert "cannot be extended" in answer["msg"]


async def test_a_larger_or_unfinished_video_cannot_be_extended(account: Account) -> None:
    larger, unfinished = await account.create(resolution="1080p"), await account.create()
    account.kie.finish(larger)
    for parent in (larger, unfinished):
        body = {"taskId": parent, "prompt": "it runs away", "model": "fast"}
        assert (await account.post(EXTEND, body))["code"] == 422


async def test_upgrades_end_with_the_record_after_14_days(account: Account, time: Time) -> None:
    task_id = await account.create()
    time.advance(80)
    await account.get(GET_1080P, taskId=task_id, index=0)
    time.advance(14 * DAY)
    assert (await account.get(GET_1080P, taskId=task_id, index=0))["msg"] == "record is null"
    assert (await account.post(GET_4K, {"taskId": task_id, "index": 0}))["msg"] == "record is null"
