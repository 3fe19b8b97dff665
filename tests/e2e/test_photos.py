"""Photos: alone, as albums, as files; what KIE is given of them, and what the chat says."""

import asyncio
import random
import struct
import time
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from bot.demo.chats import Message
from bot.demo.faults import Hang, refused
from bot.demo.people import Group
from tests.e2e.pictures import BLUE, GREEN, RED, WHITE, Colour, encoded, picture, shown_in
from tests.e2e.world import TOKEN, World

FRAMES, REFERENCE = "FIRST_AND_LAST_FRAMES_2_VIDEO", "REFERENCE_2_VIDEO"
LIMITS = "I take JPEG, PNG and WebP up to 10 MB. You were not charged."


def fetched(here: World) -> list[Colour]:
    return [shown_in(each.content) for each in here.kie.fetched]


async def ordered(here: World, card: Message | None = None) -> dict[str, Any]:
    """Press Generate and return the one body that KIE was sent, once it has begun the task."""
    await here.admin.press(card or await here.card(), "Generate")
    await here.until(lambda: here.kie.tasks, "a task at KIE")
    (post,) = here.posts()
    return dict(post)


async def card_with(here: World, *texts: str) -> Message:
    def look() -> Message | None:
        found = [each for each in here.messages() if all(text in each.text for text in texts)]
        return next((each for each in found if "Cancel" in each.labels), None)

    return await here.until(look, f"a card with {texts}")


# One photo


async def test_a_photo_with_a_caption_makes_a_card_and_becomes_the_first_frame(here: World) -> None:
    async with here.bot():
        await here.admin.send_photo(picture(GREEN), "The grass -- grows")
        card = await card_with(here, "The grass -- grows", "Photos: 1", "Frames · Fast · Auto")
        post = await ordered(here, card)
        await here.video()
    assert post["generationType"] == FRAMES
    assert post["aspect_ratio"] == "Auto"
    assert post["prompt"] == "The grass -- grows"
    assert len(post["imageUrls"]) == 1
    assert fetched(here) == [GREEN]


async def test_a_photo_without_a_caption_is_asked_about(here: World) -> None:
    async with here.bot():
        await here.admin.send_photo(picture(BLUE))
        await here.message("1 photo is here. Describe the video…")
        await here.admin.send("The sea")
        await card_with(here, "The sea", "Photos: 1")
        post = await ordered(here)
    assert (post["prompt"], len(post["imageUrls"])) == ("The sea", 1)


async def test_kie_is_given_an_upright_jpeg_without_metadata_or_telegrams_address(
    here: World,
) -> None:
    image = Image.new("RGB", (400, 200), RED)
    image.paste(BLUE, (200, 0, 400, 200))
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    async with here.bot():
        await here.admin.send_document(encoded(image, exif=exif), caption="Two halves")
        post = await ordered(here)
    (sent,) = here.kie.fetched
    with Image.open(BytesIO(sent.content)) as seen:
        assert (seen.format, seen.size) == ("JPEG", (200, 400))
        assert not seen.getexif()
        assert shown_in(encoded(seen.crop((0, 0, 200, 200)))) == RED
        assert shown_in(encoded(seen.crop((0, 200, 200, 400)))) == BLUE
    assert not any(secret in repr(post) for secret in (TOKEN, "/file/bot", here.telegram.url))


@pytest.mark.parametrize(
    ("kind", "name", "mime_type"),
    [
        ("PNG", "frame.png", "image/png"),
        ("WEBP", "frame.webp", "image/webp"),
        ("JPEG", "FRAME.JPG", "application/octet-stream"),
    ],
)
async def test_an_image_file_is_a_photo(here: World, kind: str, name: str, mime_type: str) -> None:
    async with here.bot():
        await here.admin.send_document(picture(WHITE, (2000, 1000), kind), name, mime_type, "Snow")
        post = await ordered(here)
    assert len(post["imageUrls"]) == 1
    with Image.open(BytesIO(here.kie.fetched[0].content)) as seen:
        assert (seen.format, seen.size) == ("JPEG", (2000, 1000))


async def test_flags_are_read_in_a_caption_that_begins_with_the_command(here: World) -> None:
    async with here.bot():
        await here.admin.send_photo(
            picture(), "/generate@veogram_demo_bot --ratio 9:16 A --mode reference cat --go"
        )
        await here.until(lambda: here.kie.tasks)
    (post,) = here.posts()
    assert (post["prompt"], post["aspect_ratio"]) == ("A cat", "9:16")
    assert (post["generationType"], len(post["imageUrls"])) == (REFERENCE, 1)


async def test_another_caption_is_never_scanned_for_flags(here: World) -> None:
    async with here.bot():
        await here.admin.send_photo(picture(), "A cat --ratio 9:16 --go")
        post = await ordered(here, await card_with(here, "A cat --ratio 9:16 --go"))
    assert (post["prompt"], post["aspect_ratio"]) == ("A cat --ratio 9:16 --go", "Auto")


async def test_flags_that_cannot_be_followed_open_no_card(here: World) -> None:
    async with here.bot():
        await here.admin.send_photo(picture(), "/generate A cat --mode text")
        await here.message("Text does not go with 1 photo")
    assert here.rows("SELECT id FROM drafts") == []


async def test_a_caption_that_is_too_long_leaves_the_photo_and_the_question(here: World) -> None:
    async with here.bot(PROMPT_MAX_CHARS="20"):
        await here.admin.send_photo(picture(), "x" * 21)
        question = await here.message("The prompt is too long")
        assert "1 photo is here" in question.text
        await here.admin.send("Short")
        post = await ordered(here)
    assert (post["prompt"], len(post["imageUrls"])) == ("Short", 1)


# Several photos


async def test_an_album_of_two_becomes_first_and_last_frame_in_order(here: World) -> None:
    async with here.bot():
        await here.admin.send_album([picture(RED), picture(BLUE)], "From red to blue")
        card = await card_with(here, "From red to blue", "Photos: 2", "Frames")
        post = await ordered(here, card)
    assert (post["generationType"], len(post["imageUrls"])) == (FRAMES, 2)
    assert fetched(here) == [RED, BLUE]
    assert len(here.telegram.calls_of("sendMessage")) == 1


async def test_parts_that_come_slowly_are_one_album(here: World) -> None:
    album = here.telegram.telegram.next_album()
    async with here.bot():
        for colour, words in ((RED, None), (GREEN, "Slowly"), (BLUE, None)):
            await here.admin.send_photo(picture(colour), words, media_group_id=album)
            await asyncio.sleep(0.7)
        post = await ordered(here, await card_with(here, "Slowly", "Photos: 3"))
    assert fetched(here) == [RED, GREEN, BLUE]
    assert post["generationType"] == REFERENCE
    assert here.rows("SELECT count(*) FROM drafts UNION ALL SELECT count(*) FROM jobs") == [
        (0,),
        (1,),
    ]


async def test_a_part_that_loads_slowly_keeps_its_place(here: World) -> None:
    album = here.telegram.telegram.next_album()
    async with here.bot():
        await here.admin.send_photo(picture(RED), "In order", media_group_id=album)
        await here.until(lambda: here.rows("SELECT 1 FROM album_parts WHERE media_id > 0"))
        here.telegram.fail_next("getFile", Hang())
        await here.admin.send_photo(picture(BLUE), media_group_id=album)
        await here.until(
            lambda: here.rows("SELECT 1 FROM albums WHERE due_at < ?", time.time() - 0.5),
            "the wait to be over",
        )
        here.telegram.release()
        await ordered(here, await card_with(here, "In order", "Photos: 2"))
    assert fetched(here) == [RED, BLUE]


async def test_parts_out_of_order_are_put_in_order(here: World) -> None:
    await here.admin.send_album([picture(RED), picture(BLUE)], "In order")
    feed = here.telegram.telegram.feed
    first, second = feed.waiting
    feed.clear()
    feed.push_raw(first | {"message": second["message"]})
    feed.push_raw(second | {"message": first["message"]})
    async with here.bot():
        await ordered(here, await card_with(here, "In order", "Photos: 2"))
    assert fetched(here) == [RED, BLUE]


async def test_a_part_that_comes_too_late_joins_the_open_card(here: World) -> None:
    album = here.telegram.telegram.next_album()
    async with here.bot():
        await here.admin.send_photo(picture(RED), media_group_id=album)
        await here.message("1 photo is here")
        await here.admin.send_photo(
            picture(BLUE), "/generate Late --ratio 9:16", media_group_id=album
        )
        post = await ordered(here, await card_with(here, "Late", "Photos: 2", "9:16"))
    assert (post["prompt"], post["aspect_ratio"]) == ("Late", "9:16")
    assert fetched(here) == [RED, BLUE]


async def test_the_caption_may_stand_on_any_part_and_hold_flags(here: World) -> None:
    album = here.telegram.telegram.next_album()
    async with here.bot():
        await here.admin.send_photo(picture(RED), media_group_id=album)
        await here.admin.send_photo(
            picture(BLUE), "/generate --ratio 16:9 Second", media_group_id=album
        )
        post = await ordered(here, await card_with(here, "Second", "Photos: 2"))
    assert (post["prompt"], post["aspect_ratio"]) == ("Second", "16:9")
    assert fetched(here) == [RED, BLUE]


async def test_an_album_without_a_caption_is_asked_about_once(here: World) -> None:
    async with here.bot():
        await here.admin.send_album([picture(RED), picture(BLUE)])
        await here.message("2 photos are here. Describe the video…")
        assert len(here.messages()) == 1
        await here.admin.send("Between them")
        post = await ordered(here, await card_with(here, "Between them", "Photos: 2"))
    assert len(post["imageUrls"]) == 2


async def test_of_more_than_three_the_first_are_used_and_that_is_said(here: World) -> None:
    album = here.telegram.telegram.next_album()
    colours = [RED, GREEN, BLUE, WHITE, RED] * 2  # as many as an album can hold
    async with here.bot():
        for number, colour in enumerate(colours):
            words = "Many" if number == 1 else None
            if number % 2:
                await here.admin.send_document(picture(colour), caption=words, media_group_id=album)
            else:
                await here.admin.send_photo(picture(colour), words, media_group_id=album)
        card = await card_with(here, "Many", "Photos: 3", "Only the first 3 photos are used")
        post = await ordered(here, card)
    assert (post["generationType"], len(post["imageUrls"])) == (REFERENCE, 3)
    assert fetched(here) == [RED, GREEN, BLUE]


async def test_three_references_move_a_model_that_has_none(here: World) -> None:
    async with here.bot():
        await here.admin.send_photo(picture(RED), "/generate --model quality Three")
        await card_with(here, "Photos: 1", "Quality")
        await here.admin.send_album([picture(GREEN), picture(BLUE)])
        card = await card_with(here, "Photos: 3", "↪ Model: Quality → Fast")
        post = await ordered(here, card)
    assert (post["model"], post["generationType"]) == ("veo3_fast", REFERENCE)


async def test_the_good_of_an_album_stay_and_the_bad_are_named(here: World) -> None:
    album = here.telegram.telegram.next_album()
    bad = Image.new("P", (64, 64))
    async with here.bot():
        await here.admin.send_document(picture(RED), media_group_id=album)
        await here.admin.send_document(
            encoded(bad, "GIF", save_all=True, append_images=[bad]),
            "a.gif",
            "image/gif",
            "Mixed",
            media_group_id=album,
        )
        await here.admin.send_document(picture(BLUE), media_group_id=album)
        card = await card_with(
            here, "Photos: 2", "Photo 2: This is not a JPEG, PNG or WebP picture.", LIMITS
        )
        post = await ordered(here, card)
    assert (post["prompt"], len(post["imageUrls"])) == ("Mixed", 2)
    assert fetched(here) == [RED, BLUE]


async def test_an_album_of_bad_files_opens_no_card_and_its_caption_is_no_prompt(
    here: World,
) -> None:
    async with here.bot():
        await here.admin.send_album([b"no picture", b"nor this"], "A prompt?")
        said = await here.message(LIMITS)
        assert "Photo 1: " in said.text
        assert "Photo 2: " in said.text
        await here.until(lambda: here.rows("SELECT 1 FROM albums WHERE NOT open"))
    assert len(here.messages()) == 1
    assert here.rows("SELECT id FROM drafts") == []


# Open questions and cards


async def test_a_photo_is_added_to_the_open_card_behind_the_others(here: World) -> None:
    async with here.bot():
        await here.admin.send("A cat")
        first = await here.card()
        await here.admin.send_photo(picture(RED))
        await card_with(here, "A cat", "Photos: 1", "Frames · Fast · Auto")
        await here.admin.send_photo(picture(BLUE))
        card = await card_with(here, "A cat", "Photos: 2")
        await here.until(lambda: first.deleted and len(here.messages()) == 1)
        post = await ordered(here, card)
    assert (post["prompt"], post["generationType"]) == ("A cat", FRAMES)
    assert fetched(here) == [RED, BLUE]


async def test_a_photo_joins_the_open_question(here: World) -> None:
    async with here.bot():
        await here.admin.send("/generate")
        await here.message("Describe the video…")
        await here.admin.send_photo(picture(RED))
        await here.message("1 photo is here")
        await here.admin.send_photo(picture(BLUE), "Said below")
        post = await ordered(here, await card_with(here, "Said below", "Photos: 2"))
    assert len(post["imageUrls"]) == 2


async def test_a_mode_that_was_chosen_stays_while_it_is_possible(here: World) -> None:
    async with here.bot():
        await here.admin.send_photo(picture(RED), "A cat")
        card = await here.card()
        await here.admin.press(card, "Reference")
        await here.until(lambda: "✓ Reference" in card.labels)
        await here.admin.send_photo(picture(BLUE))
        post = await ordered(here, await card_with(here, "Photos: 2", "Reference"))
    assert post["generationType"] == REFERENCE


async def test_a_ratio_that_was_chosen_stays(here: World) -> None:
    async with here.bot():
        await here.admin.send_photo(picture(RED), "A cat")
        card = await here.card()
        await here.admin.press(card, "9:16")
        await here.until(lambda: "✓ 9:16" in card.labels)
        await here.admin.send_photo(picture(BLUE))
        post = await ordered(here, await card_with(here, "Photos: 2", "9:16"))
    assert post["aspect_ratio"] == "9:16"


async def test_photos_are_removed_from_a_card_and_others_put_there(here: World) -> None:
    async with here.bot():
        await here.admin.send_photo(picture(RED), "A cat")
        card = await card_with(here, "Photos: 1")
        await here.admin.press(card, "Remove photos")
        await here.until(lambda: "Text · Fast · 16:9" in card.text)
        assert "Photos" not in card.text
        await here.admin.send_photo(picture(BLUE))
        await ordered(here, await card_with(here, "A cat", "Photos: 1"))
    assert fetched(here) == [BLUE]


async def test_a_photo_that_answers_a_parked_card_goes_there(here: World) -> None:
    async with here.bot():
        await here.admin.send("/generate First")
        parked = await card_with(here, "First")
        await here.admin.send("/generate Second")
        await card_with(here, "Second")
        await here.admin.send_photo(picture(RED), reply_to=parked)
        await card_with(here, "First", "Photos: 1")
        await here.until(
            lambda: (
                here.rows("SELECT prompt, photos <> '[]' FROM drafts ORDER BY id")
                == [("First", 1), ("Second", 0)]
            )
        )


async def test_the_command_as_an_answer_to_a_photo_uses_that_photo(here: World) -> None:
    async with here.bot():
        photo = await here.admin.send_photo(picture(GREEN))
        await here.message("1 photo is here")
        await here.admin.reply(photo, "/generate Grass --ratio 9:16")
        post = await ordered(here, await card_with(here, "Grass", "Photos: 1"))
    assert (post["aspect_ratio"], fetched(here)) == ("9:16", [GREEN])


async def test_a_photo_does_not_join_the_question_after_an_extension(here: World) -> None:
    async with here.bot():
        await here.admin.send("A cat")
        await here.card()
    here.change("UPDATE drafts SET kind = 'extend', step = 'prompt', prompt = NULL")
    async with here.bot():
        await here.admin.send_photo(picture(GREEN), "Grass")
        await card_with(here, "Grass", "Photos: 1")
    assert here.rows("SELECT kind, photos <> '[]' FROM drafts ORDER BY id") == [
        ("extend", 0),
        ("generate", 1),
    ]


async def test_again_keeps_the_photos_while_they_are_kept(here: World) -> None:
    async with here.bot():
        await here.admin.send_photo(picture(GREEN), "Grass")
        await ordered(here)
        await here.admin.press(await here.video(), "Again")
        await here.admin.press(await card_with(here, "Grass", "Photos: 1"), "Generate")
        video = await here.video(count=2)
        here.change("UPDATE media SET path = NULL WHERE kind = 'photo'")
        await here.admin.press(video, "Again")
        await card_with(here, "Grass", "Text · Fast · 16:9")
    urls = [post["imageUrls"] for post in here.posts()]
    assert len({url for each in urls for url in each}) == 2  # uploaded anew


# Groups


def said_in(here: World, group: Group) -> list[Message]:
    return here.telegram.chat(group.id).from_bot


async def test_in_a_group_photos_count_only_with_the_command(here: World) -> None:
    group = here.telegram.group("Film club")
    async with here.bot():
        await here.admin.send_photo(picture(RED), "Look at this", chat=group)
        await here.admin.send_photo(picture(RED), "/generate@another_bot A cat", chat=group)
        await here.admin.send_album([picture(RED), picture(RED)], "My holidays", chat=group)
        await here.admin.send_album(
            [picture(GREEN), picture(BLUE)], "/generate@veogram_demo_bot A cat", chat=group
        )
        (card,) = await here.until(lambda: said_in(here, group))
        assert "Photos: 2" in card.text
        await here.until(lambda: here.rows("SELECT count(*) FROM albums WHERE NOT open") == [(2,)])
        await ordered(here, card)
    assert fetched(here) == [GREEN, BLUE]
    assert len(here.rows("SELECT id FROM media WHERE kind = 'photo'")) == 2  # nothing else loaded


async def test_in_a_group_somebodys_photo_is_used_by_answering_it(here: World) -> None:
    group = here.telegram.group("Film club")
    guest = here.telegram.user(2002, "Bo")
    async with here.bot():
        photo = await guest.send_photo(picture(BLUE), chat=group)
        await here.admin.reply(photo, "/generate The sea")
        (card,) = await here.until(lambda: said_in(here, group))
        await here.admin.send_photo(picture(RED), chat=group, reply_to=card)
        await here.until(lambda: "Photos: 2" in said_in(here, group)[-1].text)
        await ordered(here, said_in(here, group)[-1])
    assert fetched(here) == [BLUE, RED]


# What is no photo


def png_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def moving(kind: str) -> bytes:
    frames = [Image.new("RGB", (64, 64), colour) for colour in (RED, BLUE)]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:])


def noise(number_of_bytes: int) -> bytes:
    return random.Random(7).randbytes(number_of_bytes)  # noqa: S311 - no secret


BAD_FILES: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("bomb.png", "image/png", lambda: png_header(30_000, 30_000), "too large"),
    ("long.png", "image/png", lambda: picture(RED, (20_000, 10), "PNG"), "too large"),
    ("dot.png", "image/png", lambda: picture(RED, (1, 1), "PNG"), "too small"),
    ("moving.png", "image/png", lambda: moving("PNG"), "animated"),
    ("moving.webp", "image/webp", lambda: moving("WEBP"), "animated"),
    ("moving.gif", "image/gif", lambda: moving("GIF"), "not a JPEG, PNG or WebP"),
    ("a.svg", "image/svg+xml", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG"),
    ("a.heic", "image/heic", lambda: b"\0\0\0\x18ftypheic" + bytes(64), "not a JPEG"),
    ("a.pdf", "application/pdf", lambda: b"%PDF-1.7\n", "not a JPEG"),
    ("a.jpg", "image/jpeg", lambda: picture()[:-400], "damaged or cut off"),
    ("empty.jpg", "image/jpeg", lambda: b"", "empty"),
    ("heavy.jpg", "image/jpeg", lambda: noise(21 << 20), "larger than 10 MB"),
]


@pytest.mark.parametrize(("name", "mime_type", "make", "why"), BAD_FILES)
async def test_what_is_no_usable_photo_is_refused_in_a_sentence_and_costs_nothing(
    here: World, name: str, mime_type: str, make: Callable[[], bytes], why: str
) -> None:
    async with here.bot():
        await here.admin.send_document(make(), name, mime_type, "A prompt?")
        said = await here.message(why)
        await here.admin.send_photo(picture(GREEN))
        await here.message("1 photo is here. Describe the video…")
    assert LIMITS in said.text
    assert (here.posts(), here.rows("SELECT id FROM entries")) == ([], [])
    assert [path.suffix for path in (here.data_dir / "photos").iterdir()] == [".jpg"]


async def test_a_size_that_lies_ends_the_download_at_the_limit(here: World) -> None:
    await here.admin.send_document(noise(11 << 20), "small.jpg", "image/jpeg", "A prompt?")
    (update,) = here.telegram.telegram.feed.waiting
    update["message"]["document"]["file_size"] = 1000
    async with here.bot():
        await here.message("The file is larger than 10 MB.")
    assert list((here.data_dir / "photos").iterdir()) == []


async def test_a_photo_that_telegram_does_not_give_is_said(here: World) -> None:
    here.telegram.fail_next("getFile", refused("wrong file_id or the file is unavailable"))
    async with here.bot():
        await here.admin.send_photo(picture(), "A prompt?")
        await here.message("Telegram did not let me load the picture. Send it again.")
    assert here.rows("SELECT id FROM drafts") == []


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\..\\x.jpg",
        "a\0b.jpg",
        "x" * 300 + ".jpg",
        "\u202egpj.exe",
        "/a.jpg",
    ],
)
async def test_a_file_name_is_never_a_path(here: World, name: str) -> None:
    async with here.bot():
        await here.admin.send_document(picture(GREEN), name, "image/jpeg", "Grass")
        await ordered(here)
    ((path,),) = here.rows("SELECT path FROM media WHERE kind = 'photo'")
    assert [f"photos/{each.name}" for each in (here.data_dir / "photos").iterdir()] == [path]
    assert path.removeprefix("photos/").removesuffix(".jpg").isalnum()
    assert fetched(here) == [GREEN]


# Restarts


async def test_kill_9_between_the_parts_of_an_album_loses_none(here: World) -> None:
    album = here.telegram.telegram.next_album()
    await here.start()
    await here.admin.send_photo(picture(RED), "A restart", media_group_id=album)
    await here.until(lambda: here.rows("SELECT 1 FROM album_parts"))
    await here.kill()
    await here.admin.send_photo(picture(BLUE), media_group_id=album)
    await here.start()
    card = await card_with(here, "A restart", "Photos: 2")
    await ordered(here, card)
    assert fetched(here) == [RED, BLUE]
    assert await here.terminate() == 0


async def test_an_album_left_by_a_killed_process_is_ended_at_the_next_start(here: World) -> None:
    await here.start()
    await here.admin.send_album([picture(RED), picture(BLUE)])
    await here.until(lambda: len(here.rows("SELECT 1 FROM album_parts WHERE media_id > 0")) == 2)
    await here.kill()
    await here.start()
    await here.message("2 photos are here")
    await here.kill()
    await here.start()
    await here.admin.send("Between them")
    await card_with(here, "Between them", "Photos: 2")
    await here.kill()
    await here.start()
    await ordered(here)
    assert fetched(here) == [RED, BLUE]


async def all_handled(here: World) -> None:
    open_updates = "SELECT 1 FROM inbox WHERE handled_at IS NULL"
    await here.until(lambda: here.rows(open_updates) == [], "every update handled")


async def test_updates_handled_twice_add_nothing_twice(here: World) -> None:
    async with here.bot():
        await here.admin.send_photo(picture(RED))
        await here.message("1 photo is here")
        await here.admin.send_photo(picture(GREEN), "Twice")
        await card_with(here, "Twice", "Photos: 2")
        await all_handled(here)
    here.change("UPDATE inbox SET handled_at = NULL")
    async with here.bot():
        await all_handled(here)
        card = await card_with(here, "Twice", "Photos: 2")
        await ordered(here, card)
    assert fetched(here) == [RED, GREEN]
    assert len(here.messages()) <= 2  # the status, or the video
    assert len(here.rows("SELECT id FROM media WHERE kind = 'photo'")) == 2


async def test_an_album_handled_twice_opens_one_card(here: World) -> None:
    async with here.bot():
        await here.admin.send_album([picture(RED), picture(GREEN)], "Twice")
        await card_with(here, "Twice", "Photos: 2")
        await here.until(lambda: here.rows("SELECT 1 FROM albums WHERE NOT open"))
    here.change("UPDATE inbox SET handled_at = NULL")
    here.change("UPDATE albums SET open = TRUE")
    here.change("UPDATE album_parts SET taken = FALSE")
    async with here.bot():
        await here.until(lambda: here.rows("SELECT 1 FROM albums WHERE NOT open"))
        card = await card_with(here, "Twice", "Photos: 2")
        assert len(here.messages()) == 1
        await ordered(here, card)
    assert fetched(here) == [RED, GREEN]


async def test_what_a_killed_process_left_half_done_is_deleted(here: World) -> None:
    folder = here.data_dir / "photos"
    async with here.bot():
        await here.admin.send_photo(picture(), "Kept")
        await here.card()
    (kept,) = folder.iterdir()
    (folder / "0123.part").write_bytes(b"half")
    (folder / "4567.jpg").write_bytes(b"of no row")
    async with here.bot():
        await here.admin.send("Something new")
        await card_with(here, "Something new")
    assert list(folder.iterdir()) == [kept]
