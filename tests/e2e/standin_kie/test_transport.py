"""Who calls, and how, is checked before anything else; everything is remembered."""

import json

import httpx
import pytest

from bot.demo.clips import Clip
from tests.e2e.standin_kie.client import GENERATE, GOOD, KEY, RECORD, Account, Time, opened


@pytest.mark.parametrize("header", ["", "Bearer wrong", KEY, f"bearer {KEY}", "Bearer clé"])
async def test_a_wrong_key_gets_status_200_with_code_401(account: Account, header: str) -> None:
    headers = {b"Authorization": header.encode()}
    response = await account.http.post(GENERATE, json=GOOD, headers=headers)
    assert response.status_code == 200
    assert response.json() == {
        "code": 401,
        "msg": "You do not have access permissions",
        "data": None,
    }
    assert account.kie.tasks == []
    assert account.kie.requests[-1].authorised is False


@pytest.mark.parametrize("agent", ["python-httpx/0.28.1", "Python-urllib/3.11", ""])
async def test_a_client_that_does_not_name_itself_meets_cloudflare(
    account: Account, agent: str
) -> None:
    task_id = await account.create()
    account.kie.finish(task_id)
    (url,) = (await account.record(task_id))["response"]["resultUrls"]
    for path in (RECORD, url):
        response = await account.http.get(path, headers={"User-Agent": agent})
        assert (response.status_code, response.text) == (403, "error code: 1010")


@pytest.mark.parametrize("path", ["/api/v1/veo/get-veo-3-1080-p-video", "/api/v2/veo/generate"])
async def test_an_unknown_path_is_no_envelope_and_a_violation(account: Account, path: str) -> None:
    response = await account.http.get(path)
    assert response.status_code == 404
    assert "code" not in response.json()
    assert len(account.kie.violations) == 1


async def test_the_wrong_method_is_refused(account: Account) -> None:
    assert (await account.http.get(GENERATE)).status_code == 404
    assert (await account.http.post(RECORD)).status_code == 404


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 100_000, "application/json"),
        (json.dumps(GOOD).encode(), "text/plain"),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(
    account: Account, content: bytes, media_type: str
) -> None:
    headers = {"Content-Type": media_type}
    response = await account.http.post(GENERATE, content=content, headers=headers)
    assert response.json()["code"] == 422
    assert account.kie.tasks == []


async def test_everything_that_is_asked_is_remembered_without_the_key(
    time: Time, drawn: list[Clip]
) -> None:
    told: list[None] = []
    async with opened(time, drawn, changed=lambda: told.append(None)) as account:
        task_id = await account.create()
        await account.get(RECORD, taskId=task_id)
        create, read = account.kie.requests
    assert len(told) == 2
    assert (create.method, create.path, create.json) == ("POST", GENERATE, GOOD)
    assert create.answer == {"code": 200, "msg": "success", "data": {"taskId": task_id}}
    assert (create.at, create.status, create.authorised) == (time.now, 200, True)
    assert (read.path, read.params) == (RECORD, {"taskId": task_id})
    assert KEY not in repr(account.kie.requests)


async def test_it_names_every_address_that_it_answers(account: Account) -> None:
    assert {"POST /api/v1/veo/generate", "GET /api/v1/veo/record-info"} <= {*account.kie.endpoints}
    for endpoint in account.kie.endpoints:
        method, _, path = endpoint.partition(" ")
        if path.startswith("/api/"):
            answer = await account.http.request(method, path)
            assert answer.status_code == 200
    assert not any("404" in violation for violation in account.kie.violations)


async def test_it_can_go_down_and_come_up_where_it_was(account: Account) -> None:
    task_id = await account.create()
    await account.kie.go_down()
    with pytest.raises(httpx.ConnectError):
        await account.record(task_id)
    await account.kie.come_up()
    assert (await account.record(task_id))["successFlag"] == 0
