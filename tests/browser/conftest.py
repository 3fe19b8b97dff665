"""Chromium, and the demo's page in it: whatever it says in the console fails the test."""

import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.demo.loopback import Loopback
from bot.demo.page import DemoPage
from bot.demo.process import BOT
from bot.demo.show import Show, Stage
from bot.demo.theatre import Theatre
from tests.e2e.botapi import problems

PATH = "/demo/secret"
PHONE = {"width": 390, "height": 780}
DESKTOP = {"width": 1440, "height": 900}
# Asks for updates once, which is all the theatre waits for; the test is the bot.
IDLE = (
    sys.executable,
    "-c",
    """import os, signal, urllib.request
urllib.request.urlopen("{TELEGRAM_API_URL}/bot{TELEGRAM_TOKEN}/getUpdates".format_map(os.environ))
signal.sigwait([signal.SIGTERM])""",
)
OpenPage = Callable[..., Awaitable[Page]]


def chromium() -> str:
    """Return the system's Chromium: what CHROMIUM names, or one on PATH."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    assert found, "There is no Chromium: install it, or name it in CHROMIUM."
    return found


class House:
    """A theatre with its page; ``url`` is where. ``windows`` are closed before it."""

    def __init__(self, theatre: Theatre, url: str) -> None:
        self.theatre = theatre
        self.url = url
        self.windows: list[BrowserContext] = []

    @property
    def show(self) -> Show:
        """What plays now."""
        assert self.theatre.show is not None, self.theatre.trouble
        return self.theatre.show


@asynccontextmanager
async def opened(stage: Stage) -> AsyncIterator[House]:
    """Open a theatre and its page."""
    theatre = Theatre(stage)
    server = Loopback(Starlette(routes=[Mount(PATH, DemoPage(theatre).app)]), "demo")
    await server.start("127.0.0.1", 0)
    house = House(theatre, server.url)
    try:
        await theatre.open()
        yield house
    finally:
        for window in house.windows:
            await window.close()
        await theatre.close()
        await server.stop()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """The demo as ``make demo`` starts it; what the bot does there must be emulated."""
    async with opened(Stage(command=BOT)) as house:
        yield house
        assert house.show.telegram.violations == []
        assert house.show.kie.violations == []
        assert problems(house.show.telegram.calls) == []


@pytest.fixture
async def empty_house() -> AsyncIterator[House]:
    """The demo without a bot: who tests it plays that part."""
    async with opened(Stage(command=IDLE)) as house:
        yield house


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    # Chromium's own sandbox does not work for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield browser
        await browser.close()


@pytest.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Open the page of a house, in a window of some size and colour scheme."""
    said: list[str] = []

    async def open_one(house: House, **options: Any) -> Page:
        context = await browser.new_context(**{"viewport": DESKTOP} | options)
        house.windows.append(context)
        page = await context.new_page()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        await page.goto(f"{house.url}{PATH}/")
        return page

    yield open_one
    assert said == []


async def begin(page: Page, *, answers: int = 1) -> None:
    await page.get_by_role("button", name="START").click()
    await expect(page.get_by_role("article").nth(answers)).to_be_visible()


async def say(page: Page, words: str) -> None:
    await page.get_by_label("Message", exact=True).fill(words)
    await page.keyboard.press("Enter")


async def enter(page: Page, name: str) -> None:
    """Look into somebody's chat."""
    await part(page, name).click()


def part(page: Page, name: str) -> Locator:
    """Return the entry of somebody in the list of chats."""
    listed = page.get_by_label("Whose chat").get_by_role("button")
    return listed.and_(page.get_by_role("button", name=re.compile(f"^{name} ")))


# Resolves once the picture moves, from a place that the browser has to ask for.
# One on a status card has no buttons: it is still to be sent, and the card goes.
RESULT = "article.message:has(.keys) video"
PLAYS = """video => new Promise((done, failed) => {
  video.addEventListener("error", () => failed(new Error(video.error.message)), { once: true });
  video.addEventListener("timeupdate", () => {
    if (video.currentTime > 2.1) done([video.videoWidth, video.videoHeight]);
  });
  video.muted = true;
  video.currentTime = 2;
  video.play();
})"""
