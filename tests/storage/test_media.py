"""Files of photos and videos, and which of them may go."""

from typing import Literal

from bot.models import Options, Place, State, Step, Video
from storage import drafts, media
from storage.database import Connection
from tests.storage.conftest import add_job, plans

PHOTO = Video("photos/1.jpg", 1280, 720, 0.0, 50_000, "tg-photo")
CLIP = Video("videos/1.mp4", 1920, 1080, 8.0, 3_000_000)
NEVER = float("-inf")


def add(
    tx: Connection, path: str, *, kind: Literal["photo", "video"] = "photo", at: float = 0.0
) -> int:
    return media.insert(tx, 1, kind, Video(path, 1280, 720, 0.0, 1), at)


def add_draft(tx: Connection, photos: tuple[int, ...]) -> None:
    drafts.create(
        tx,
        user_id=1,
        place=Place(1),
        step=Step.CARD,
        prompt="a cat",
        options=Options("veo3_fast"),
        photos=photos,
        expires_at=1000.0,
        update_id=1,
    )


def test_a_file_comes_back_as_it_was_stored(tx: Connection) -> None:
    photo, clip = media.insert(tx, 1, "photo", PHOTO, 0.0), media.insert(tx, 1, "video", CLIP, 0.0)
    assert media.get(tx, photo) == PHOTO
    assert media.get(tx, clip) == CLIP
    assert media.get(tx, 99) is None


def test_paths_keep_the_users_order_and_leave_out_what_is_gone(tx: Connection) -> None:
    first, gone, last = add(tx, "a"), add(tx, "b"), add(tx, "c")
    media.forget_files(tx, [gone])
    assert media.paths(tx, (last, gone, first)) == ["c", "a"]
    assert media.paths(tx, ()) == []


def test_a_jobs_video_gets_its_file_id_and_loses_its_file(tx: Connection) -> None:
    clip, other = media.insert(tx, 1, "video", CLIP, 0.0), media.insert(tx, 1, "video", CLIP, 0.0)
    job_id = add_job(tx, media_id=clip)
    media.set_file_id(tx, job_id, "tg-video")
    media.forget_file(tx, job_id)
    assert media.get(tx, clip) == Video(None, 1920, 1080, 8.0, 3_000_000, "tg-video")
    assert media.get(tx, other) == CLIP


def test_a_video_may_go_once_telegram_has_it_and_its_job_is_done(tx: Connection) -> None:
    clip = add(tx, "clip", kind="video")
    job_id = add_job(tx, media_id=clip, state=State.DONE)
    assert media.deletable(tx, NEVER) == {}
    media.set_file_id(tx, job_id, "tg-video")
    assert media.deletable(tx, NEVER) == {clip: "clip"}


def test_a_video_stays_while_its_job_is_open(tx: Connection) -> None:
    clip = add(tx, "clip", kind="video")
    job_id = add_job(tx, media_id=clip, state=State.DELIVERING)
    media.set_file_id(tx, job_id, "tg-video")
    assert media.deletable(tx, 1e12) == {}


def test_other_files_go_with_their_age(tx: Connection) -> None:
    old, _new = add(tx, "old", at=100.0), add(tx, "new", at=101.0)
    assert media.deletable(tx, 100.0) == {old: "old"}


def test_photos_stay_while_a_draft_or_an_open_job_needs_them(tx: Connection) -> None:
    in_draft, in_job, in_ended_job = add(tx, "a"), add(tx, "b"), add(tx, "c")
    add_draft(tx, (in_draft,))
    add_job(tx, photos=(in_job,), state=State.GENERATING)
    add_job(tx, photos=(in_ended_job,), state=State.FAILED)
    assert media.deletable(tx, 1.0) == {in_ended_job: "c"}


def test_files_that_are_gone_are_not_named_again(tx: Connection) -> None:
    photo = add(tx, "a")
    media.forget_files(tx, list(media.deletable(tx, 1.0)))
    assert media.deletable(tx, 1.0) == {}
    assert media.paths(tx, (photo,)) == []


def test_the_file_that_an_update_brought_is_found_by_it(tx: Connection) -> None:
    photo = media.insert(tx, 1, "photo", PHOTO, 0.0, update_id=77)
    add(tx, "of no update")
    assert media.brought_by(tx, 77) == photo
    assert media.brought_by(tx, 78) is None


def test_of_several_files_those_that_are_kept_are_named_in_order(tx: Connection) -> None:
    first, gone, last = add(tx, "a"), add(tx, "b"), add(tx, "c", kind="video")
    media.forget_files(tx, [gone])
    assert media.kept(tx, (last, gone, first)) == (last, first)
    assert media.photo_paths(tx) == {"a"}


def test_looking_for_files_to_delete_reads_only_those_that_are_kept(tx: Connection) -> None:
    plan = plans(tx, lambda: media.deletable(tx, 0.0))
    assert plan == ["SCAN media USING INDEX ix_media_kept"]
