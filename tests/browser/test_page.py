"""The page in a browser, with a small bot behind it: typing, pressing, sending, looking."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Locator, Page, expect
from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.constants import KeyboardButtonStyle, ParseMode
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.demo.cast import USER
from bot.demo.clips import Clip, render
from bot.demo.people import Person
from tests.browser.conftest import PATH, PHONE, PLAYS, House, OpenPage, begin, enter, part, say

pytestmark = pytest.mark.browser

CARD = InlineKeyboardMarkup(
    [
        [
            InlineKeyboardButton(
                "Generate · 60", callback_data="go", style=KeyboardButtonStyle.SUCCESS
            ),
            InlineKeyboardButton(
                "Cancel", callback_data="cancel", style=KeyboardButtonStyle.DANGER
            ),
        ],
        [
            InlineKeyboardButton("Invite", url="https://t.me/veogram_demo_bot?start=claim_7"),
            InlineKeyboardButton("Copy", copy_text=CopyTextButton("a paper boat")),
        ],
    ]
)
# Makes a list of files out of pictures that the page draws itself.
FILES = """async (names) => {
  const files = new DataTransfer();
  for (const name of names) {
    const canvas = Object.assign(document.createElement("canvas"), { width: 60, height: 40 });
    canvas.getContext("2d").fillRect(0, 0, 60, 40);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    files.items.add(new File([blob], name, { type: "image/png" }));
  }
  return files;
}"""


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

    async def pressed(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        assert query is not None
        if query.data == "cancel":
            await query.answer("Nothing to cancel.", show_alert=True)
            return
        await query.answer("On its way")
        await query.edit_message_text("⏳ [███░░] 60 %")
        await query.get_bot().send_video(query.from_user.id, self._clip, caption="part 1")
        await query.delete_message()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    render(Clip("a paper boat", seconds=4), path)
    return path


@pytest.fixture
def emma(empty_house: House) -> Person:
    return empty_house.show.cast.people[USER.id]


@pytest.fixture
async def talk(empty_house: House, clip: Path) -> AsyncIterator[None]:
    talk = Talk(clip)
    settings = empty_house.show.settings()
    builder = Application.builder().token(settings["TELEGRAM_TOKEN"])
    application = builder.base_url(f"{settings['TELEGRAM_API_URL']}/bot").build()
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
async def page(open_page: OpenPage, empty_house: House, talk: None) -> Page:
    return await open_page(empty_house)


def picture(path: Path, colour: str = "teal") -> Path:
    Image.new("RGB", (600, 400), colour).save(path)
    return path


async def told_at_length(page: Page, person: Person, count: int) -> Locator:
    """Let the bot say that many lines, and see the last; return the log."""
    telegram, log = person.telegram, page.get_by_role("log")
    for number in range(count):
        telegram.post(person.private, telegram.me, {"text": f"line {number}"}, {})
    await expect(log.get_by_text(f"line {count - 1}", exact=True)).to_be_in_viewport()
    return log


async def test_a_new_chat_introduces_the_bot_and_the_start_button_begins_it(page: Page) -> None:
    await expect(page.get_by_text("Tell me what you want to see.")).to_be_visible()
    await expect(
        page.get_by_text("Nothing here is made by Veo and nothing is paid")
    ).to_be_visible()
    await expect(page.get_by_text("KIE works × 20 as fast as the real one.")).to_be_visible()
    await begin(page)

    await expect(page.get_by_label("Message", exact=True)).to_be_focused()


async def test_typed_words_are_answered_with_a_card_whose_markup_is_shown(page: Page) -> None:
    await begin(page)
    await say(page, "a <paper> boat")
    card = page.get_by_role("article").last

    await expect(card.locator("blockquote")).to_have_text("a <paper> boat")
    await expect(card.locator("strong")).to_have_text("Ready")
    await expect(card.locator(".text")).to_contain_text("it's <b>")
    await expect(card.get_by_role("button", name="Generate · 60")).to_have_class("success")
    await expect(card.get_by_role("button", name="Cancel")).to_have_class("danger")


async def test_a_pressed_button_becomes_a_video_that_plays(page: Page, emma: Person) -> None:
    await begin(page)
    await say(page, "a paper boat")
    await page.get_by_role("button", name="Generate · 60").click()
    await expect(page.locator("#toast")).to_have_text("On its way")
    video = page.locator("video")
    await expect(video).to_be_visible()

    assert await video.evaluate(PLAYS) == [1280, 720]
    box = await video.bounding_box()
    assert box is not None
    assert box["width"] / box["height"] == pytest.approx(16 / 9, rel=0.01)
    assert await video.get_attribute("poster")
    await expect(page.get_by_role("button", name="Generate · 60")).to_have_count(0)
    assert [message.text for message in emma.private.messages][-1] == "part 1"


async def test_an_edit_beside_a_video_leaves_it_playing(page: Page, emma: Person) -> None:
    await begin(page)
    await say(page, "a paper boat")
    await page.get_by_role("button", name="Generate · 60").click()
    await expect(page.locator(".length")).to_have_text("0:04")
    await page.get_by_role("button", name="Play the video, 4 seconds").click()
    await expect(page.locator(".length")).to_be_hidden()
    await page.locator("video").evaluate("video => { window.before = video; }")
    await emma.edit(emma.private.last, "another caption")

    await expect(page.get_by_role("article").get_by_text("another caption")).to_be_visible()
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

    await expect(page.get_by_role("article").get_by_text("Welcome claim_7")).to_be_visible()


async def test_photos_and_files_are_sent_with_their_caption(
    page: Page, emma: Person, tmp_path: Path
) -> None:
    await begin(page)
    path = picture(tmp_path / "boat.png")
    for field, kind in (("#photos", "photo"), ("#files", "file")):
        await page.set_input_files(field, path)
        await say(page, f"a boat as a {kind}")
        answer = f"Got a {kind}: a boat as a {kind}"
        await expect(page.get_by_role("article").get_by_text(answer)).to_be_visible()

    documents = [message.body.get("document") for message in emma.private.messages]
    names = [document["file_name"] for document in documents if document]
    assert names == ["boat.png"]
    with Image.open(io.BytesIO(path.read_bytes())) as sent:
        assert sent.size == (600, 400)
    await expect(page.locator(".media img")).to_have_js_property("naturalWidth", 600)


async def test_an_album_is_picked_thinned_out_and_shown_as_one_bubble(
    page: Page, emma: Person, tmp_path: Path
) -> None:
    await begin(page)
    colours = ("teal", "gold", "navy")
    await page.set_input_files("#photos", [picture(tmp_path / f"{c}.png", c) for c in colours])
    await page.get_by_role("button", name="Remove gold.png").click()
    await say(page, "from dawn to dusk")

    album = page.get_by_role("group", name="Album")
    await expect(album.locator("img")).to_have_count(2)
    await expect(album.locator(".text")).to_have_text("from dawn to dusk")
    parts = [message for message in emma.private.messages if "photo" in message.body]
    assert len({message.body["media_group_id"] for message in parts}) == 1
    assert [message.text for message in parts] == ["from dawn to dusk", ""]


@pytest.mark.parametrize("way", ["drop", "paste"])
async def test_pictures_dropped_or_pasted_are_sent_as_photos(
    page: Page, emma: Person, way: str
) -> None:
    await begin(page)
    files = await page.evaluate_handle(FILES, ["one.png", "two.png"])
    if way == "drop":
        await page.dispatch_event(".chat", "dragover", {"dataTransfer": files})
        await expect(page.get_by_text("Drop photos here")).to_be_visible()
        await page.dispatch_event(".chat", "drop", {"dataTransfer": files})
        await expect(page.get_by_text("Drop photos here")).to_be_hidden()
    else:
        await page.evaluate(
            """files => document.querySelector("#text").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: files, bubbles: true }))""",
            files,
        )
    await expect(page.get_by_role("img", name="two.png")).to_be_visible()
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("group", name="Album").locator("img")).to_have_count(2)
    assert sum("photo" in message.body for message in emma.private.messages) == 2


async def test_a_message_has_one_tick_until_the_bot_has_fetched_it_and_then_two(
    open_page: OpenPage, empty_house: House, emma: Person
) -> None:
    page = await open_page(empty_house)
    await begin(page, answers=0)
    await expect(page.get_by_role("img", name="sent")).to_have_count(1)
    settings, feed = empty_house.show.settings(), empty_house.show.telegram.telegram.feed
    address = f"{settings['TELEGRAM_API_URL']}/bot{settings['TELEGRAM_TOKEN']}/getUpdates"
    offset = feed.waiting[-1]["update_id"] + 1
    for confirmed in (0, offset):
        await page.request.get(address, params={"offset": confirmed})

    await expect(page.get_by_role("img", name="read", exact=True)).to_have_count(1)
    await expect(page.get_by_role("img", name="sent")).to_have_count(0)


async def test_the_header_tells_what_the_bot_is_doing_until_its_next_message(
    page: Page, emma: Person, empty_house: House
) -> None:
    await begin(page)
    telegram = empty_house.show.telegram.telegram
    settings = empty_house.show.settings()
    address = f"{settings['TELEGRAM_API_URL']}/bot{settings['TELEGRAM_TOKEN']}/sendChatAction"
    await page.request.get(address, params={"chat_id": emma.id, "action": "upload_video"})
    await expect(page.locator("#status")).to_have_text("sending video")
    telegram.post(emma.private, telegram.me, {"text": "here it is"}, {})

    await expect(page.locator("#status")).to_have_text("bot, seen as Emma (user)")


async def test_what_comes_while_one_reads_further_up_is_counted_behind_a_button(
    page: Page, emma: Person, empty_house: House
) -> None:
    await begin(page)
    telegram = empty_house.show.telegram.telegram
    log = await told_at_length(page, emma, 60)
    newest = page.get_by_role("button", name="To the newest message")
    await expect(newest).to_be_hidden()
    await page.locator("#main").evaluate("main => { main.scrollTop = 0; }")
    await expect(newest).to_be_visible()
    for words in ("one", "two"):
        telegram.post(emma.private, telegram.me, {"text": f"{words} more"}, {})
    await expect(newest).to_have_text("2")
    await expect(log.get_by_text("two more")).not_to_be_in_viewport()
    await newest.click()

    await expect(log.get_by_text("two more")).to_be_in_viewport()
    await expect(newest).to_be_hidden()


async def test_what_is_said_in_one_go_stands_together_below_the_day(
    page: Page, emma: Person, empty_house: House
) -> None:
    await begin(page)
    telegram = empty_house.show.telegram.telegram
    said = [telegram.post(emma.private, telegram.me, {"text": words}, {}) for words in "abc"]
    await expect(page.locator(".row")).to_have_count(5)
    await expect(page.locator(".row.joined .text")).to_have_text(["Welcome", "a", "b"])
    said[-1].deleted = True
    telegram.changed.set()

    await expect(page.locator(".row")).to_have_count(4)
    await expect(page.locator(".row.joined")).to_have_count(2)
    await expect(page.locator(".day")).to_have_text(["Today"])


async def test_a_reply_quotes_what_it_answers(page: Page, emma: Person) -> None:
    await begin(page)
    await page.get_by_role("article").nth(1).hover()
    await page.get_by_role("button", name="Reply").nth(1).click()
    await expect(page.locator("#context .what")).to_have_text("Reply to VeogramWelcome")
    await say(page, "thanks")

    await expect(page.get_by_role("article").get_by_role("button", name="Welcome")).to_be_visible()
    replied = next(one for one in emma.private.messages if one.text == "thanks")
    assert replied.body["reply_to_message"]["text"] == "Welcome"


async def test_the_chat_can_be_used_by_keyboard_alone(page: Page, emma: Person) -> None:
    await page.get_by_role("button", name="START").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Message", exact=True)).to_be_focused()
    await page.keyboard.type("/st")
    await expect(page.get_by_role("menuitem", name="/start")).to_be_visible()
    await expect(page.get_by_role("menuitem", name="/help")).to_be_hidden()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")

    log = page.get_by_role("log")
    await expect(log.get_by_text("Welcome", exact=True)).to_have_count(2)
    assert [message.text for message in emma.private.messages].count("/start") == 2


async def test_everything_that_can_be_used_has_a_name(page: Page) -> None:
    await begin(page)
    await say(page, "a paper boat")
    await expect(page.get_by_role("button", name="Generate · 60")).to_be_visible()
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, select, textarea, video, img")]
          .filter((one) => one.checkVisibility() && !(one.innerText || one.ariaLabel || one.alt
            || one.labels?.length || one.title)).map((one) => one.outerHTML)"""
    )

    assert nameless == []
    for role, name in (("navigation", "Whose chat"), ("log", "Messages"), ("main", None)):
        await expect(page.get_by_role(role, name=name)).to_be_visible()  # type: ignore[arg-type]


async def test_what_others_are_told_waits_as_unread_and_a_reload_stays_there(
    page: Page, empty_house: House
) -> None:
    await begin(page)
    await enter(page, "Sam")
    await begin(page)
    await enter(page, "Emma")
    sam = empty_house.show.cast.people[1_000_004]
    await sam.send("a secret plan")
    entry = part(page, "Sam")
    await expect(entry.get_by_label("1 unread")).to_be_visible()
    await expect(page.get_by_role("article").get_by_text("a secret plan")).to_have_count(0)
    await entry.click()
    await expect(page.get_by_role("article").get_by_text("a secret plan").first).to_be_visible()
    await page.reload()

    await expect(page.get_by_role("article").get_by_text("a secret plan").first).to_be_visible()
    await expect(entry.get_by_label("1 unread")).to_have_count(0)


async def test_in_the_group_several_people_write_and_the_bot_hears_commands_only(
    page: Page, empty_house: House
) -> None:
    await enter(page, "Film club")
    for name in ("Emma", "Ada"):
        await page.get_by_label("Write as").select_option(name)
        await say(page, f"I am {name}")
    await say(page, "/start")

    await expect(page.get_by_role("article").get_by_text("Welcome")).to_be_visible()
    messages = empty_house.show.cast.group.chat.messages
    names = [message.body["from"]["first_name"] for message in messages]
    assert names == ["Emma", "Ada", "Ada", "Veogram"]
    others = page.get_by_role("article").filter(has=page.locator(".sender"))
    await expect(others).to_have_count(2)


async def test_a_person_who_blocks_the_bot_can_only_unblock_it(page: Page, emma: Person) -> None:
    await begin(page)
    await page.get_by_role("button", name="Telegram: Blocked by Emma").click()
    await expect(page.get_by_label("Message", exact=True)).to_be_hidden()
    assert emma.private.blocked
    await page.get_by_role("button", name="UNBLOCK").click()

    await expect(page.get_by_label("Message", exact=True)).to_be_visible()
    assert not emma.private.blocked


async def test_of_500_messages_only_those_in_view_are_rendered(page: Page, emma: Person) -> None:
    await begin(page)
    log = await told_at_length(page, emma, 500)
    rendered = """() => [...document.querySelectorAll(".row article")].filter(
      (one) => one.checkVisibility({ contentVisibilityAuto: true })).length"""
    at_the_end = await page.evaluate(rendered)
    await page.locator("#main").evaluate("main => { main.scrollTop = 0; }")
    await expect(log.get_by_text("/start")).to_be_in_viewport()
    at_the_beginning = await page.evaluate(rendered)

    assert await page.locator(".row article").count() == 502
    assert 0 < at_the_end <= 60
    assert 0 < at_the_beginning <= 60


async def test_after_500_messages_one_more_touches_nothing_but_itself(
    page: Page, emma: Person, empty_house: House
) -> None:
    await begin(page)
    telegram = empty_house.show.telegram.telegram
    log = await told_at_length(page, emma, 500)
    await page.evaluate(
        """() => {
          window.touched = [];
          const told = ({ target, addedNodes, removedNodes }) =>
            [target.id || target.className, addedNodes.length, removedNodes.length];
          new MutationObserver((records) => window.touched.push(...records.map(told)))
            .observe(document.querySelector("#log"), { childList: true, subtree: true });
        }"""
    )
    telegram.post(emma.private, telegram.me, {"text": "one more"}, {})
    await expect(log.get_by_text("one more", exact=True)).to_be_in_viewport()

    assert await page.evaluate("window.touched") == [["log", 1, 0]]


async def test_what_is_not_emulated_is_shown_red(
    page: Page, empty_house: House, emma: Person
) -> None:
    settings = empty_house.show.settings()
    address = f"{settings['TELEGRAM_API_URL']}/bot{settings['TELEGRAM_TOKEN']}/sendDice"
    answer = await page.request.get(address, params={"chat_id": emma.id})
    assert answer.status == 404
    telegram = empty_house.show.telegram.telegram
    telegram.post(emma.private, telegram.me, {"dice": {"value": 6}}, {})

    await expect(page.get_by_text("1 not emulated")).to_be_visible()
    await expect(page.get_by_role("listitem").get_by_text("unknown method")).to_be_visible()
    line = page.locator("#wire details.strange")
    await expect(line).to_contain_text("sendDice")
    await expect(line).to_have_css("background-color", "rgb(179, 38, 30)")
    await expect(page.locator(".unknown")).to_contain_text("this page cannot show dice")
    await expect(page.locator(".unknown")).to_have_css("color", "rgb(179, 38, 30)")


async def test_a_list_tells_what_is_emulated_and_what_not(page: Page) -> None:
    await page.get_by_role("button", name="What is emulated").click()
    told = page.get_by_role("dialog", name="What is emulated")

    await expect(told).to_contain_text("Veo: a clip is drawn here")
    await expect(told).to_contain_text("sendVideo: ")
    await expect(told).to_contain_text("POST /api/v1/veo/generate")
    await expect(told).to_contain_text("#refuse")
    await page.keyboard.press("Escape")
    await expect(told).to_be_hidden()


async def test_on_a_phone_the_page_fits_and_backstage_folds_away(
    open_page: OpenPage, empty_house: House, talk: None
) -> None:
    page = await open_page(empty_house, viewport=PHONE, has_touch=True, is_mobile=True)
    await expect(page.get_by_role("heading", name="Backstage")).to_be_hidden()
    await begin(page)
    await say(page, "a paper boat")
    await expect(page.get_by_role("button", name="Generate · 60")).to_be_in_viewport()
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    await page.get_by_role("button", name="Backstage").click()
    await expect(page.get_by_role("heading", name="Backstage")).to_be_in_viewport()
    await page.get_by_role("button", name="Close backstage").click()

    await expect(page.get_by_role("button", name="Generate · 60")).to_be_in_viewport()


async def test_in_dark_mode_the_page_is_dark_and_stays_readable(
    open_page: OpenPage, empty_house: House, talk: None
) -> None:
    page = await open_page(empty_house, color_scheme="dark")
    await begin(page)

    for place in (".message.wide .bubble, .bubble", "#backstage", ".parts", "header"):
        dark, bright = await page.locator(place).first.evaluate(
            """one => {
              const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3)
                .reduce((sum, part) => sum + Number(part), 0) / 765;
              const panel = one.closest("body") && getComputedStyle(one);
              const back = panel.backgroundColor === "rgba(0, 0, 0, 0)"
                ? getComputedStyle(document.body).backgroundColor : panel.backgroundColor;
              return [light(back), light(panel.color)];
            }"""
        )
        assert dark < 0.35
        assert bright > 0.8


async def test_whoever_does_not_know_the_address_sees_nothing(
    page: Page, empty_house: House
) -> None:
    paths = ("/", "/demo/", "/demo/guess/", f"{PATH}/file/unknown", f"{PATH}/..%2fpage.py")
    answers = [await page.request.get(empty_house.url + path) for path in paths]

    assert [answer.status for answer in answers] == [404] * len(paths)
