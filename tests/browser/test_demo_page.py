"""The chat page in a real browser: typing, pressing, watching, and nothing in the console."""

import io
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect
from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import ParseMode
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.demo.clips import Clip, render
from bot.demo.page import ChatPage
from bot.demo.people import Person
from bot.demo.telegram import TelegramStandin

pytestmark = pytest.mark.browser

TOKEN = "123456:made-up"
ADA = 1001
# Resolves once the picture moves, from a place that the browser has to ask for.
PLAYS = """video => new Promise((done, failed) => {
  video.addEventListener("error", () => failed(new Error(video.error.message)), { once: true });
  video.addEventListener("timeupdate", () => {
    if (video.currentTime > 2.1) done([video.videoWidth, video.videoHeight]);
  });
  video.muted = true;
  video.currentTime = 2;
  video.play();
})"""
CARD = InlineKeyboardMarkup(
    [
        [
            InlineKeyboardButton("Generate · 60", callback_data="go"),
            InlineKeyboardButton("Cancel", callback_data="cancel"),
        ],
        [
            InlineKeyboardButton("Invite", url="https://t.me/veogram_demo_bot?start=claim_7"),
            InlineKeyboardButton("Copy", copy_text=CopyTextButton("a paper boat")),
        ],
    ]
)


class Talk:
    """A small bot: it shows a card, sends a clip, and names what it was sent."""

    def __init__(self, clip: Path) -> None:
        self._clip = clip

    async def start(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        await update.message.reply_text(f"Welcome {' '.join(context.args or [])}".strip())

    async def card(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        quoted = f"<blockquote>{update.message.text_html}</blockquote>"
        words = f"<b>Ready</b> {quoted} <i>it's</i> &lt;b&gt;"
        await update.message.reply_text(words, ParseMode.HTML, reply_markup=CARD)

    async def files(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.message is not None
        kind = "photo" if update.message.photo else "file"
        await update.message.reply_text(f"Got a {kind}: {update.message.caption}")

    async def pressed(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        assert query is not None
        if query.data == "cancel":
            await query.answer("Nothing to cancel.", show_alert=True)
            return
        await query.answer("On its way")
        await query.edit_message_text("⏳ [███░░] 60 %")
        await context.bot.send_video(ADA, self._clip, caption="part 1")
        await query.delete_message()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    render(Clip("a paper boat", seconds=4), path)
    return path


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramStandin]:
    standin = TelegramStandin(TOKEN, time.time)
    await standin.start()
    yield standin
    await standin.stop()


@pytest.fixture
def ada(telegram: TelegramStandin) -> Person:
    person = telegram.user(ADA, "Ada")
    telegram.mount("/demo/secret", ChatPage(person).app)
    return person


@pytest.fixture
async def bot(telegram: TelegramStandin, clip: Path) -> AsyncIterator[None]:
    talk = Talk(clip)
    application = Application.builder().token(TOKEN).base_url(f"{telegram.url}/bot").build()
    application.add_handler(CommandHandler("start", talk.start))
    application.add_handler(CallbackQueryHandler(talk.pressed))
    application.add_handler(MessageHandler(filters.TEXT, talk.card))
    application.add_handler(MessageHandler(filters.ALL, talk.files))
    assert application.updater is not None
    async with application:
        await application.bot.set_my_description("Tell me what you want to see.")
        await application.bot.set_my_commands([("start", "begin"), ("help", "what I can do")])
        await application.start()
        await application.updater.start_polling(timeout=10)
        yield
        await application.updater.stop()
        await application.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "no Chromium on PATH"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def page(
    browser: Browser, telegram: TelegramStandin, ada: Person, bot: None
) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 400, "height": 760})
    page = await context.new_page()
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        said.append(f"{message.type}: {message.text}")

    page.on("console", listen)
    page.on("pageerror", lambda error: said.append(str(error)))
    await page.goto(f"{telegram.url}/demo/secret/")
    yield page
    await context.close()
    assert said == []


async def begin(page: Page) -> None:
    await page.get_by_role("button", name="START").click()
    await expect(page.get_by_text("Welcome", exact=True)).to_be_visible()


async def say(page: Page, words: str) -> None:
    await page.get_by_label("Message").fill(words)
    await page.keyboard.press("Enter")


async def test_a_new_chat_introduces_the_bot_and_the_start_button_begins_it(page: Page) -> None:
    await expect(page.get_by_text("Tell me what you want to see.")).to_be_visible()
    await expect(
        page.get_by_text("Nothing here is made by Veo and nothing is paid")
    ).to_be_visible()
    await begin(page)

    await expect(page.get_by_label("Message")).to_be_visible()


async def test_typed_words_are_answered_with_a_card_whose_markup_is_shown(page: Page) -> None:
    await begin(page)
    await say(page, "a <paper> boat")
    card = page.get_by_role("article").last

    await expect(card.locator("blockquote")).to_have_text("a <paper> boat")
    await expect(card.locator("strong")).to_have_text("Ready")
    await expect(card.locator(".text")).to_contain_text("it's <b>")


async def test_a_pressed_button_becomes_a_video_that_plays(page: Page, ada: Person) -> None:
    await begin(page)
    await say(page, "a paper boat")
    await page.get_by_role("button", name="Generate · 60").click()
    await expect(page.get_by_text("On its way")).to_be_visible()
    video = page.locator("video")
    await expect(video).to_be_visible()

    assert await video.evaluate(PLAYS) == [1280, 720]
    box = await video.bounding_box()
    assert box is not None
    assert box["width"] / box["height"] == pytest.approx(16 / 9, rel=0.01)
    assert await video.evaluate("video => video.readyState") >= 2
    assert await video.get_attribute("poster")
    await expect(page.get_by_role("button", name="Generate · 60")).to_have_count(0)
    assert [message.text for message in ada.private.messages][-1] == "part 1"


async def test_an_edit_beside_a_video_leaves_it_playing(page: Page, ada: Person) -> None:
    await begin(page)
    await say(page, "a paper boat")
    await page.get_by_role("button", name="Generate · 60").click()
    await page.locator("video").evaluate("video => { window.before = video; }")
    await ada.edit(ada.private.last, "another caption")

    await expect(page.get_by_text("another caption")).to_be_visible()
    assert await page.evaluate("window.before === document.querySelector('video')")


async def test_an_alert_must_be_closed(page: Page) -> None:
    await begin(page)
    await say(page, "a paper boat")
    await page.get_by_role("button", name="Cancel").click()
    alert = page.get_by_role("dialog")
    await expect(alert).to_contain_text("Nothing to cancel.")
    await page.keyboard.press("Enter")

    await expect(alert).to_be_hidden()


async def test_a_link_to_the_bot_itself_starts_it_with_the_payload(page: Page) -> None:
    await begin(page)
    await say(page, "a paper boat")
    await page.get_by_role("button", name="Invite").click()

    await expect(page.get_by_text("Welcome claim_7")).to_be_visible()


async def test_photos_and_files_are_sent_with_their_caption(
    page: Page, ada: Person, tmp_path: Path
) -> None:
    await begin(page)
    path = tmp_path / "boat.png"
    Image.new("RGB", (600, 400), "teal").save(path)
    for field, kind in (("#photos", "photo"), ("#files", "file")):
        await page.set_input_files(field, path)
        await say(page, f"a boat as a {kind}")
        await expect(page.get_by_text(f"Got a {kind}: a boat as a {kind}")).to_be_visible()

    documents = [message.body.get("document") for message in ada.private.messages]
    names = [document["file_name"] for document in documents if document]
    assert names == ["boat.png"]
    with Image.open(io.BytesIO(path.read_bytes())) as sent:
        assert sent.size == (600, 400)
    await expect(page.locator(".media img")).to_have_js_property("naturalWidth", 600)


async def test_the_chat_can_be_used_by_keyboard_alone(page: Page, ada: Person) -> None:
    await page.get_by_role("button", name="START").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Welcome", exact=True)).to_be_visible()
    await page.get_by_label("Message").focus()
    await page.keyboard.type("/st")
    await expect(page.get_by_role("menuitem", name="/start")).to_be_visible()
    await expect(page.get_by_role("menuitem", name="/help")).to_be_hidden()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")

    await expect(page.get_by_text("Welcome", exact=True)).to_have_count(2)
    assert [message.text for message in ada.private.messages].count("/start") == 2


@pytest.mark.parametrize("path", ["/demo/", "/demo/guess/", "/demo/secret/file/unknown"])
async def test_whoever_does_not_know_the_address_sees_nothing(
    browser: Browser, telegram: TelegramStandin, ada: Person, path: str
) -> None:
    page = await browser.new_page()
    answer = await page.goto(telegram.url + path)

    assert answer is not None
    assert answer.status == 404
