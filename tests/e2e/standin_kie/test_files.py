"""Uploads, results and links to them."""

import base64
from dataclasses import replace
from pathlib import Path

import av
import httpx
import pytest

from bot.demo.kie import KieStandin
from tests.e2e.standin_kie.client import DAY, KEY, MP4, Account, Json, Time, picture


async def test_an_upload_is_served_for_a_day(account: Account, time: Time) -> None:
    response = await account.http.post(
        f"{account.kie.upload_url}/api/file-stream-upload",
        data={"uploadPath": "veogram", "fileName": "a b.jpg"},
        files={"file": ("x.jpg", picture("x"), "image/jpeg")},
    )
    url = response.json()["data"]["downloadUrl"]
    got = await account.http.get(url)
    assert (got.content, got.headers["content-type"]) == (picture("x"), "image/jpeg")
    time.advance(DAY + 1)
    assert (await account.http.get(url)).status_code == 404


async def test_an_uploaded_photo_can_be_used_for_a_video(account: Account) -> None:
    body = {"base64Data": base64.b64encode(picture("x")).decode(), "uploadPath": "v"}
    url = (await account.post("/api/file-base64-upload", body))["data"]["downloadUrl"]
    await account.create(generationType="FIRST_AND_LAST_FRAMES_2_VIDEO", imageUrls=[url])
    assert [image.content for image in account.kie.fetched] == [picture("x")]


@pytest.mark.parametrize(
    ("data", "has_file"),
    [({"uploadPath": "v"}, False), ({}, True), ({"uploadPath": "../v"}, True)],
)
async def test_a_bad_upload_is_refused(account: Account, data: Json, has_file: bool) -> None:
    files = {"file" if has_file else "other": ("x.jpg", b"x", "image/jpeg")}
    response = await account.http.post("/api/file-stream-upload", data=data, files=files)
    assert response.json()["code"] == 400


@pytest.mark.parametrize("text", ["", "%%%", "data:image/png;base64,"])
async def test_bad_base64_is_refused(account: Account, text: str) -> None:
    body = {"base64Data": text, "uploadPath": "v"}
    assert (await account.post("/api/file-base64-upload", body))["code"] == 400


async def test_a_reused_upload_name_is_a_violation(account: Account) -> None:
    body = {"base64Data": "eHg=", "uploadPath": "v", "fileName": "x.jpg"}
    account.kie.forms = replace(account.kie.forms, upload_key="fileUrl")
    first = await account.post("/api/file-base64-upload", body)
    await account.post("/api/file-base64-upload", body)
    assert first["data"]["fileUrl"].endswith("/uploads/v/x.jpg")
    assert account.kie.violations == ["upload: /uploads/v/x.jpg replaced another file"]


async def test_a_download_url_is_good_for_twenty_minutes(account: Account, time: Time) -> None:
    task_id = await account.create()
    account.kie.finish(task_id)
    (url,) = (await account.record(task_id))["response"]["resultUrls"]
    link = (await account.post("/api/v1/common/download-url", {"url": url}))["data"]
    assert link != url
    assert (await account.http.get(link)).content == MP4
    time.advance(1_201)
    assert (await account.http.get(link)).status_code == 404
    foreign = {"url": "https://example.com/x.mp4"}
    assert (await account.post("/api/v1/common/download-url", foreign))["code"] == 422


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=0-7", 206, MP4[:8]),
        ("bytes=100-", 206, MP4[100:]),
        ("bytes=-10", 206, MP4[-10:]),
        ("bytes=9999999-", 416, None),
    ],
)
async def test_a_part_of_a_video_can_be_asked_for(
    account: Account, asked: str, status: int, content: bytes | None
) -> None:
    task_id = await account.create()
    account.kie.finish(task_id)
    (url,) = (await account.record(task_id))["response"]["resultUrls"]
    response = await account.http.get(url, headers={"Range": asked})
    assert response.status_code == status
    assert content is None or response.content == content


async def test_the_video_behind_a_link_is_a_real_one(time: Time, tmp_path: Path) -> None:
    kie = KieStandin(time, time.sleep, api_key=KEY)
    await kie.start()
    headers = {"Authorization": f"Bearer {KEY}", "User-Agent": "test/1.0"}
    async with httpx.AsyncClient(base_url=kie.url, headers=headers) as http:
        account = Account(kie, http)
        task_id = await account.create(aspect_ratio="9:16", duration=4)
        kie.finish(task_id)
        (url,) = (await account.record(task_id))["response"]["resultUrls"]
        path = tmp_path / "got.mp4"
        path.write_bytes((await http.get(url, timeout=60)).content)
    await kie.stop()
    with av.open(str(path)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (720, 1280)
        assert len(container.streams.audio) == 1
