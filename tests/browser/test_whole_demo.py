"""What a newcomer does with the demo, with the real bot as a process behind it."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Locator, Page, expect

from bot.demo.cast import ADMIN, RUSSIAN, STRANGER, USER
from tests.browser.conftest import PHONE, PLAYS, RESULT, House, OpenPage, begin, enter, part, say

pytestmark = pytest.mark.browser

PROMPT = "a paper boat on a rainy street"
VIDEO_MS = 60_000


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("log").get_by_role("button", name=name).last


async def order(page: Page, prompt: str = PROMPT) -> None:
    await say(page, prompt)
    await button(page, "Generate ·").click()


async def fault(page: Page, name: str) -> None:
    await page.locator("#faults").get_by_role("button", name=name).click()


async def test_the_first_minute_of_a_newcomer(open_page: OpenPage, house: House) -> None:
    page = await open_page(house)
    await begin(page)
    await say(page, PROMPT)
    card = page.get_by_role("article").last
    await expect(card.locator("blockquote")).to_have_text(PROMPT)
    await expect(card).to_contain_text("60")
    await button(page, "Generate · 60").click()
    video = page.locator(RESULT)
    await expect(video).to_be_visible(timeout=VIDEO_MS)
    assert await video.evaluate(PLAYS) == [1280, 720]
    await button(page, "1080p · 5").click()
    await expect(video).to_have_count(2, timeout=VIDEO_MS)

    assert await video.nth(1).evaluate(PLAYS) == [1920, 1080]
    jobs = page.locator(".job")
    await expect(jobs).to_have_count(2)
    await expect(jobs.locator(".states li:last-child")).to_have_text([re.compile("done")] * 2)
    await page.locator("summary", has_text="Ledger").click()
    for words in ("hold", "capture"):
        await expect(page.locator("#ledger")).to_contain_text(words)
    await expect(page.locator("#ledger")).to_contain_text("held +60")
    await expect(page.locator("#credit")).to_contain_text("9935 credits")
    assert [charge.credits for charge in house.show.kie.charges] == [60, 5]


async def test_an_album_by_the_file_picker_becomes_first_and_last_frame(
    open_page: OpenPage, house: House, tmp_path: Path
) -> None:
    page = await open_page(house)
    await begin(page)
    paths = []
    for name in ("dawn", "dusk"):
        paths.append(tmp_path / f"{name}.jpg")
        Image.new("RGB", (900, 600), "gold" if name == "dawn" else "navy").save(paths[-1])
    await page.set_input_files("#photos", paths)
    await say(page, "the sun crosses the sky")
    await button(page, "Generate ·").click()
    await expect(page.locator(RESULT)).to_be_visible(timeout=VIDEO_MS)

    sent = [task.order for task in house.show.kie.tasks]
    assert [len(order.image_urls) for order in sent] == [2]
    assert sent[0].sent["generationType"] == "FIRST_AND_LAST_FRAMES_2_VIDEO"


@pytest.mark.parametrize(
    ("name", "words"),
    [("KIE: Refusal", "refunded"), ("KIE: 402", "refunded"), ("KIE: Overload", "refunded")],
)
async def test_an_ordered_fault_ends_in_its_sentence_and_costs_nothing(
    open_page: OpenPage, house: House, name: str, words: str
) -> None:
    page = await open_page(house)
    await begin(page)
    await fault(page, name)
    await expect(page.locator("#faults .armed")).to_have_count(1)
    await order(page)
    log = page.get_by_role("log")

    await expect(log.get_by_text(words)).to_be_visible(timeout=VIDEO_MS)
    await expect(page.locator("#faults .armed")).to_have_count(0)
    await expect(page.locator(".job .states li:last-child")).to_have_class("failed")
    assert house.show.kie.charges == []


@pytest.mark.parametrize(
    "name",
    ["KIE: 429", "KIE: Lost callback"],
)
async def test_a_fault_that_passes_costs_time_only(
    open_page: OpenPage, house: House, name: str
) -> None:
    page = await open_page(house)
    await begin(page)
    await fault(page, name)
    await order(page)

    await expect(page.locator(RESULT)).to_be_visible(timeout=VIDEO_MS)
    await expect(page.locator("#faults .armed")).to_have_count(0)
    assert [charge.credits for charge in house.show.kie.charges] == [60]


@pytest.mark.parametrize("name", ["Telegram: 429", "Telegram: 502"])
async def test_a_fault_at_telegram_does_not_keep_the_video_away(
    open_page: OpenPage, house: House, name: str
) -> None:
    page = await open_page(house)
    await begin(page)
    await order(page)
    await expect(page.locator(".states .generating")).to_be_visible(timeout=VIDEO_MS)
    await fault(page, name)

    await expect(page.locator(RESULT)).to_be_visible(timeout=VIDEO_MS)
    await expect(page.locator("#faults .armed")).to_have_count(0)
    assert [charge.credits for charge in house.show.kie.charges] == [60]


async def test_a_lost_answer_is_found_again_by_the_callback(
    open_page: OpenPage, house: House
) -> None:
    page = await open_page(house)
    await begin(page)
    await fault(page, "KIE: Lost answer")
    await order(page)

    await expect(page.locator(RESULT)).to_be_visible(timeout=VIDEO_MS)
    lost = page.locator("#wire details.lost")
    await expect(lost).to_contain_text("POST /api/v1/veo/generate")
    assert [charge.credits for charge in house.show.kie.charges] == [60]


async def test_a_stranger_asks_the_admin_approves_and_the_stranger_generates(
    open_page: OpenPage, house: House
) -> None:
    page = await open_page(house)
    await enter(page, STRANGER.name)
    await begin(page)
    await expect(page.get_by_role("article").get_by_text("private")).to_be_visible()
    await button(page, "Ask for access").click()
    await page.get_by_role("dialog").get_by_role("button", name="OK").click()
    admin = part(page, ADMIN.name)
    await expect(admin.locator(".badge")).to_be_visible()
    assert house.show.kie.tasks == []
    await admin.click()
    await button(page, "Approve").click()
    await enter(page, STRANGER.name)
    await order(page)

    await expect(page.locator(RESULT)).to_be_visible(timeout=VIDEO_MS)


async def test_who_reads_russian_is_answered_in_russian(open_page: OpenPage, house: House) -> None:
    page = await open_page(house)
    await enter(page, RUSSIAN.name)
    await begin(page)

    await expect(page.get_by_role("article").last.locator(".text")).to_have_text(
        re.compile("[а-яё]{3}")
    )


async def test_in_the_group_everybody_has_their_own_card(open_page: OpenPage, house: House) -> None:
    page = await open_page(house)
    await enter(page, "Film club")
    await say(page, "/generate --go a paper boat")
    await expect(page.locator(RESULT)).to_be_visible(timeout=VIDEO_MS)
    await page.get_by_label("Write as").select_option(ADMIN.name)
    await say(page, "/generate a paper crane")
    await expect(button(page, "Generate ·")).to_be_visible()
    await page.get_by_label("Write as").select_option(USER.name)
    await button(page, "Generate ·").click()

    await expect(page.locator("#alert, #toast").filter(has_text="Only the person")).to_be_visible()
    assert len(house.show.kie.tasks) == 1


async def test_the_wire_shows_bodies_and_answers_and_neither_it_nor_the_export_a_secret(
    open_page: OpenPage, house: House
) -> None:
    page = await open_page(house)
    await begin(page)
    await order(page)
    await expect(page.locator(RESULT)).to_be_visible(timeout=VIDEO_MS)
    line = page.locator("#wire details").filter(has_text="POST /api/v1/veo/generate")
    await line.locator("summary").click()
    await expect(line.locator("pre")).to_contain_text(f'"prompt": "{PROMPT}"')
    await expect(line.locator("pre")).to_contain_text('"taskId"')
    await expect(line.locator("pre")).to_contain_text("/callbacks/•••")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Export").click()
    path = await (await download.value).path()
    text = path.read_text("utf-8")
    told = json.loads(text)

    assert [job["state"] for job in told["jobs"]] == ["done"]
    assert [entry["kind"] for entry in told["ledger"]] == ["hold", "capture"]
    assert any(PROMPT in message.get("text", "") for message in told["chats"][0]["messages"])
    assert {"sendVideo", "getUpdates"} <= {entry["request"].get("method") for entry in told["wire"]}
    settings = house.show.settings()
    for name in ("TELEGRAM_TOKEN", "KIE_API_KEY", "KIE_WEBHOOK_HMAC_KEY"):
        assert settings[name] not in text
        assert settings[name] not in await page.content()
    called = house.show.kie.knocks[0].url
    assert called.rpartition("/")[2] not in text


async def test_the_clock_is_changed_while_a_video_is_made_and_nothing_is_lost(
    open_page: OpenPage, house: House
) -> None:
    page = await open_page(house)
    await begin(page)
    await order(page)
    await page.get_by_label("real time").check()
    await expect(page.get_by_text("KIE works in real time.")).to_be_visible(timeout=VIDEO_MS)
    await expect(page.locator(RESULT)).to_be_visible(timeout=VIDEO_MS)

    assert house.show.kie.speed == 1
    assert house.show.settings()["POLL_EXPECTED_SECONDS"] == "180"


async def test_reset_begins_anew_with_empty_chats_and_other_secrets(
    open_page: OpenPage, house: House
) -> None:
    page = await open_page(house)
    before = house.show.settings()
    await begin(page)
    await page.get_by_role("button", name="Reset", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    # Until the next show nothing can be sent: nobody is there.
    await expect(page.locator("#footer")).to_have_attribute("inert", "")
    await expect(page.locator("#start")).to_be_visible(timeout=VIDEO_MS)
    await expect(page.locator("#footer")).not_to_have_attribute("inert", "", timeout=VIDEO_MS)

    after = house.show.settings()
    assert before["TELEGRAM_TOKEN"] != after["TELEGRAM_TOKEN"]
    assert before["DATA_DIR"] != after["DATA_DIR"]
    assert not Path(before["DATA_DIR"]).exists()
    await expect(page.get_by_role("article")).to_have_count(0)


async def test_on_a_dark_phone_a_video_is_made_and_plays(open_page: OpenPage, house: House) -> None:
    page = await open_page(
        house, viewport=PHONE, has_touch=True, is_mobile=True, color_scheme="dark"
    )
    await begin(page)
    await order(page, f"{PROMPT} --ratio")
    await expect(page.locator(RESULT)).to_be_in_viewport(timeout=VIDEO_MS)

    assert await page.locator(RESULT).evaluate(PLAYS) == [1280, 720]
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
