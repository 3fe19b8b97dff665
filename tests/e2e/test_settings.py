"""What somebody sets once holds for every new card, and for nobody else."""

from io import BytesIO
from typing import Any

from PIL import Image

from bot.demo.chats import Message
from bot.demo.messenger import Press
from bot.demo.people import Person
from tests.e2e.world import World


async def settings(here: World, person: Person | None = None, title: str = "Settings") -> Message:
    await (person or here.admin).send("/settings")
    return await here.message(title, person)


async def press(here: World, card: Message, *labels: str) -> None:
    """Press one button after the other, each once the one before shows."""
    for label in labels:
        await _press_one(here, card, label)


async def _press_one(here: World, card: Message, label: str) -> None:
    edits = card.edits
    await here.admin.press(card, label)
    await here.until(lambda: card.edits > edits, f"{label} to be shown")


async def answered(here: World, pressed: Press) -> None:
    await here.until(lambda: pressed.answer, "an answer")


async def order(here: World, prompt: str) -> dict[str, Any]:
    """Order with a card as it comes, and return what KIE was asked for."""
    count = len(here.posts())
    await here.admin.send(prompt)
    await here.message(prompt)
    await here.admin.press(await here.card(), "Generate")
    await here.until(lambda: len(here.posts()) > count, "a paid request")
    return dict(here.posts()[-1])


async def test_everything_that_is_set_is_what_a_new_card_begins_with(here: World) -> None:
    async with here.bot():
        card = await settings(here)
        await press(here, card, "9:16", "Lite", "6 s", "1080p", "Translation")
        assert {"✓ 9:16", "✓ Lite", "✓ 6 s", "✓ 1080p", "Translation"} <= set(card.labels)
        await here.admin.press(card, "Watermark")
        question = await here.message("burnt into the picture")
        await here.admin.reply(question, "  my   own\nbrand ")
        await here.until(lambda: "Watermark: my own brand" in card.text, "the watermark")
        assert question.deleted
        sent = await order(here, "A cat on a wall")
    assert sent == {
        "prompt": "A cat on a wall",
        "model": "veo3_lite",
        "generationType": "TEXT_2_VIDEO",
        "aspect_ratio": "9:16",
        "resolution": "1080p",
        "duration": 6,
        "enableTranslation": False,
        "watermark": "my own brand",
    }


async def test_a_card_that_differs_leaves_translation_and_watermark_as_they_are_set(
    here: World,
) -> None:
    async with here.bot():
        await here.admin.send("/generate A cat --no-translate --watermark once --go")
        await here.until(here.posts, "a paid request")
        sent = await order(here, "A dog on a roof")
    assert sent["enableTranslation"] is True
    assert "watermark" not in sent


async def test_the_defaults_come_back(here: World) -> None:
    async with here.bot():
        card = await settings(here)
        await press(here, card, "9:16", "Quality", "4K", "Translation", "Reset to defaults")
        assert {"✓ 16:9", "✓ Fast", "✓ 8 s", "✓ 720p", "✓ Translation"} <= set(card.labels)
    columns = "model, ratio, seconds, resolution, translate, watermark"
    assert here.rows(f"SELECT {columns} FROM users") == [(None,) * 6]  # noqa: S608 - written above


async def test_a_watermark_is_taken_off_again(here: World) -> None:
    async with here.bot():
        card = await settings(here)
        await here.admin.press(card, "Watermark")
        await here.message("burnt into the picture")
        await here.admin.send("mine")
        await here.until(lambda: "mine" in card.text, "the watermark")
        await press(here, card, "Watermark")
        assert "mine" not in card.text
    assert here.rows("SELECT watermark FROM users") == [(None,)]
    assert here.rows("SELECT id FROM drafts") == []


async def test_the_question_outlives_a_kill_and_can_be_left(here: World) -> None:
    await here.start()
    card = await settings(here)
    await here.admin.press(card, "Watermark")
    asked = "SELECT id FROM drafts WHERE card_message_id IS NOT NULL"
    await here.until(lambda: here.rows(asked), "the question")
    await here.kill()
    await here.start()
    await here.admin.send("after the crash")
    await here.until(lambda: "after the crash" in card.text, "the watermark")
    await press(here, card, "Watermark")
    await here.admin.press(card, "Watermark")
    question = await here.message("burnt into the picture")
    await here.admin.send("/cancel")
    await here.until(lambda: question.deleted, "the question gone")
    await here.admin.send("A cat")
    assert "A cat" in (await here.card()).text


async def test_a_picture_does_not_answer_the_question(here: World) -> None:
    picture = BytesIO()
    Image.new("RGB", (640, 360), "green").save(picture, "JPEG")
    async with here.bot():
        card = await settings(here)
        await here.admin.press(card, "Watermark")
        await here.message("burnt into the picture")
        await here.admin.send_photo(picture.getvalue(), "A cat")
        assert "A cat" in (await here.card()).text
    assert here.rows("SELECT watermark FROM users") == [(None,)]


async def test_settings_are_each_persons_own(here: World) -> None:
    eve = here.telegram.user(4004, "Eve")
    async with here.bot(ACCESS="open"):
        await press(here, await settings(here), "Quality")
        card = await settings(here, eve)
        assert "✓ Fast" in card.labels


async def test_a_language_is_chosen_by_its_own_name_and_spoken_from_then_on(here: World) -> None:
    async with here.bot():
        card = await settings(here)
        assert {"✓ English", "Русский"} <= set(card.labels)
        await press(here, card, "Русский")
        assert {"English", "✓ Русский"} <= set(card.labels)
        await here.admin.send("/quota")
        await here.message("кредит")
        await press(here, card, "English")
        assert "Settings" in card.text


async def test_who_speaks_russian_is_spoken_to_in_russian(here: World) -> None:
    vera = here.telegram.user(4005, "Vera", language_code="ru")
    async with here.bot(ACCESS="open"):
        await vera.send("/generate Кот на стене")
        card = await here.until(
            lambda: next((each for each in here.messages(vera) if each.rows), None), "a card"
        )
        assert "Создать · 60" in card.labels
        await vera.press(card, "Создать")
        video = await here.video(vera)
    assert "8 с" in video.text
    assert "Ещё раз" in video.labels


async def test_forged_values_change_nothing(here: World) -> None:
    async with here.bot():
        card = await settings(here)
        for data in ("v1:s:lang:xx", "v1:s:model:nothing", "v1:s:secs:59"):
            pressed = await here.admin.press_data(card, data)
            await answered(here, pressed)
        await press(here, card, "9:16")
        assert {"✓ 9:16", "✓ Fast", "✓ 8 s", "✓ English"} <= set(card.labels)
