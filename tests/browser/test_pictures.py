"""The README's pictures: taken of the demo, so that they are never older than what they show.

PICTURES names the folder they are written to; without it they are made and thrown away.
"""

import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from tests.browser.conftest import PLAYS, RESULT, House, OpenPage, begin, say

pytestmark = pytest.mark.browser

CHAT = {"width": 520, "height": 760}
WIDE = {"width": 1280, "height": 800}
MAX_BYTES = 400_000
PROMPT = "a paper boat on a rainy street, cinematic, the sound of rain"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    named = os.environ.get("PICTURES")
    return Path(named) if named else tmp_path


async def take(page: Page, path: Path) -> None:
    """Photograph the window, small enough for a README."""
    await page.evaluate("document.activeElement.blur()")
    await page.mouse.move(0, 0)
    await page.wait_for_function(
        "() => [...document.images].every((one) => one.complete)"
        " && document.getAnimations().every((one) => one.playState === 'finished')"
    )
    await page.screenshot(path=path)
    with Image.open(path) as picture:
        picture.convert("RGB").save(path, optimize=True)
    assert 5_000 < path.stat().st_size <= MAX_BYTES


async def shown(page: Page) -> None:
    """Wait for the video, and let it show a picture from its middle."""
    await expect(page.locator(RESULT)).to_be_in_viewport(timeout=60_000)
    assert await page.locator(RESULT).evaluate(PLAYS)
    await page.locator(RESULT).evaluate("video => video.pause()")


async def test_pictures_of_a_chat_its_card_and_its_result(
    open_page: OpenPage, house: House, folder: Path
) -> None:
    page = await open_page(house, viewport=CHAT, device_scale_factor=1.5)
    await begin(page)
    await take(page, folder / "chat.png")
    await say(page, PROMPT)
    await page.get_by_role("button", name="More", exact=True).click()
    await expect(page.get_by_role("button", name="1080p")).to_be_visible()
    await take(page, folder / "card.png")
    await page.get_by_role("button", name="Generate ·").click()
    await shown(page)
    await take(page, folder / "result.png")


async def test_a_picture_of_a_failure(open_page: OpenPage, house: House, folder: Path) -> None:
    page = await open_page(house, viewport=CHAT, device_scale_factor=1.5)
    await begin(page)
    await say(page, f"{PROMPT} #refuse")
    await page.get_by_role("button", name="Generate ·").click()
    await expect(page.get_by_text("refunded", exact=False).last).to_be_in_viewport(timeout=60_000)
    await expect(page.get_by_role("article").last.get_by_role("button")).not_to_have_count(0)
    await take(page, folder / "failure.png")


async def test_a_picture_of_the_wire_in_the_dark(
    open_page: OpenPage, house: House, folder: Path
) -> None:
    page = await open_page(house, viewport=WIDE, color_scheme="dark")
    await begin(page)
    await say(page, PROMPT)
    await page.get_by_role("button", name="Generate ·").click()
    await shown(page)
    for closed in ("Clock", "Faults"):
        await page.locator("summary", has_text=closed).click()
    await page.locator("summary", has_text="Ledger").click()
    line = page.locator("#wire details", has_text="POST /api/v1/veo/generate")
    await line.locator("summary").click()
    await expect(line.locator("pre")).to_contain_text("taskId")
    await page.locator("#wire").scroll_into_view_if_needed()
    await take(page, folder / "wire.png")
