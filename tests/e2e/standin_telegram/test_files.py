"""Videos, photos and files are kept, looked into and sent again."""

from pathlib import Path

import pytest
from telegram import (
    Bot,
    InputMediaPhoto,
)
from telegram.error import BadRequest, NetworkError

from bot.demo.clips import Clip, render
from bot.demo.people import Person
from bot.demo.telegram import TelegramStandin
from tests.e2e.botapi import bot_api, problems
from tests.e2e.standin_telegram.conftest import picture


async def test_a_video_is_kept_with_its_bytes_and_sent_again_by_its_id(
    telegram: TelegramStandin, bot: Bot, ada: Person, clip: Path
) -> None:
    sent = await bot.send_video(
        ada.id,
        clip,
        duration=4,
        width=1280,
        height=720,
        thumbnail=picture(320, 180),
        cover=picture(),
        supports_streaming=True,
    )
    assert sent.video is not None
    again = await bot.send_video(ada.id, sent.video.file_id, caption="again")
    file = await bot.get_file(sent.video.file_id)

    assert bytes(await file.download_as_bytearray()) == clip.read_bytes()
    assert again.video == sent.video
    assert sent.video.thumbnail is not None
    assert (sent.video.thumbnail.width, sent.video.cover is not None) == (320, True)
    assert telegram.calls_of("sendVideo")[0].files[0].size == clip.stat().st_size
    assert problems(telegram.calls) == []
    assert bot_api().value_problems(["Message"], ada.private.last.body) == []
    with pytest.raises(BadRequest, match=r"(?i)can't use file of type Video as Photo"):
        await bot.send_photo(ada.id, sent.video.file_id)


async def test_a_small_video_is_looked_into(bot: Bot, ada: Person, clip: Path) -> None:
    video = (await bot.send_video(ada.id, clip)).video

    assert video is not None
    assert (video.width, video.height) == (1280, 720)
    assert video.thumbnail is not None


async def test_a_clip_without_sound_is_recorded_for_it_may_become_a_gif(
    telegram: TelegramStandin, bot: Bot, ada: Person, tmp_path: Path
) -> None:
    path = tmp_path / "silent.mp4"
    render(Clip("a paper boat", seconds=4, sound=False), path)
    await bot.send_video(ada.id, path)

    assert telegram.violations == ["sendVideo: a clip without sound may become a GIF"]


async def test_a_large_video_that_nobody_describes_is_a_square_of_no_length(
    bot: Bot, ada: Person, clip: Path
) -> None:
    large = clip.read_bytes() + b"\0" * (10 * 1024 * 1024)
    plain = (await bot.send_video(ada.id, large)).video
    described = (await bot.send_video(ada.id, large, width=1280, height=720, duration=4)).video

    assert plain is not None
    assert described is not None
    assert (plain.width, plain.height, plain.thumbnail) == (320, 320, None)
    assert (described.width, described.height) == (1280, 720)


@pytest.mark.parametrize("thumbnail", [picture(640, 360), picture(320, 180, "PNG"), b"no picture"])
async def test_a_thumbnail_that_breaks_the_rules_is_ignored(
    ada: Person, bot: Bot, clip: Path, thumbnail: bytes
) -> None:
    large = clip.read_bytes() + b"\0" * (10 * 1024 * 1024)
    sent = await bot.send_video(ada.id, large, thumbnail=thumbnail)

    assert sent.video is not None
    assert sent.video.thumbnail is None


async def test_a_page_sent_as_a_video_becomes_a_document(bot: Bot, ada: Person) -> None:
    sent = await bot.send_video(ada.id, b"<html>not found</html>", filename="a.mp4")

    assert (sent.video, sent.document is not None) == (None, True)


async def test_an_upload_above_50_mb_and_a_download_above_20_mb_are_refused(
    telegram: TelegramStandin, bot: Bot, ada: Person, tmp_path: Path
) -> None:
    big, too_big = tmp_path / "big.bin", tmp_path / "too_big.bin"
    for path, size in ((big, 21 << 20), (too_big, (50 << 20) + 1)):
        with path.open("wb") as file:
            file.truncate(size)
    sent = await bot.send_document(ada.id, big)
    assert sent.document is not None

    with pytest.raises(BadRequest, match="File is too big"):
        await bot.get_file(sent.document.file_id)
    with pytest.raises(NetworkError, match="Request Entity Too Large"):
        await bot.send_document(ada.id, too_big)
    assert len(ada.private.messages) == 1


async def test_photos_that_are_none_or_misshapen_are_refused(bot: Bot, ada: Person) -> None:
    with pytest.raises(BadRequest, match=r"(?i)IMAGE_PROCESS_FAILED"):
        await bot.send_photo(ada.id, b"no picture")
    with pytest.raises(BadRequest, match=r"(?i)PHOTO_INVALID_DIMENSIONS"):
        await bot.send_photo(ada.id, picture(2100, 100))


async def test_a_person_may_send_a_photo_that_is_none(bot: Bot, ada: Person) -> None:
    await ada.send_photo(b"\xff\xd8 cut off")
    message = (await bot.get_updates())[0].message

    assert message is not None
    file = await bot.get_file(message.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == b"\xff\xd8 cut off"


async def test_an_album_is_one_group_of_messages(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    photos = [InputMediaPhoto(picture(), caption=words) for words in ("one", "two")]
    sent = await bot.send_media_group(ada.id, photos)

    assert len({message.media_group_id for message in sent}) == 1
    assert [message.caption for message in sent] == ["one", "two"]
    assert telegram.violations == []
