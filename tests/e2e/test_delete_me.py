"""Who leaves leaves nothing: not in the database, not on disk, and nothing that could go wrong."""

import math
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.demo.chats import Message
from bot.demo.kie_faults import INTERNAL_ERROR, Answer, Fate, Hang, Link, Point
from bot.demo.people import Person
from storage import audit
from storage.database import Database
from tests.e2e.world import World

EVE_ID = 5_550_404
EVE = "Evangelina"
SECRET = "crown of rhubarb"
OPEN = {"ACCESS": "open"}


@pytest.fixture
def eve(here: World) -> Person:
    return here.telegram.user(EVE_ID, EVE)


def picture() -> bytes:
    drawn = BytesIO()
    Image.new("RGB", (640, 360), "green").save(drawn, "JPEG")
    return drawn.getvalue()


async def ask(here: World, eve: Person) -> Message:
    await eve.send("/delete_me")
    return await here.message("Delete everything I know", eve)


async def leave(here: World, eve: Person) -> Message:
    question = await ask(here, eve)
    await eve.press(question, "Delete everything")
    await here.until(lambda: "is deleted" in question.text, "the deletion")
    return question


async def order(here: World, eve: Person, prompt: str = SECRET) -> None:
    count = len(here.posts())
    await eve.send(f"/generate {prompt} --go")
    await here.until(lambda: len(here.posts()) > count, "a paid request")


async def ledger_problems(here: World) -> list[str]:
    """Ask the ledger of a bot that does not run."""
    database = await Database.open(here.data_dir / "veogram.db")
    try:
        return await database.read(audit.audit)
    finally:
        await database.close()


def left_on_disk(folder: Path, *words: str) -> list[tuple[str, str]]:
    """Search every byte of the data folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [
        (path.name, word) for path in files for word in words if word.encode() in path.read_bytes()
    ]


def files_in(here: World, *folders: str) -> list[str]:
    return [path.name for folder in folders for path in (here.data_dir / folder).iterdir()]


def tables_naming(here: World, value: Any) -> list[str]:
    """Return the tables that hold a value in any column."""
    names = here.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [
        name
        for (name,) in names
        if any(str(value) in str(row) for row in here.rows(f"SELECT * FROM {name}"))  # noqa: S608 - the database's own names
    ]


async def test_nothing_is_found_of_a_person_who_left(here: World, eve: Person) -> None:
    async with here.bot(**OPEN):
        await eve.send_photo(picture(), SECRET)
        await eve.press(await here.card(eve), "Generate")
        await here.video(eve)
        here.seconds = math.inf
        await order(here, eve, f"{SECRET} unseen --watermark rhubarb")
        await here.until(lambda: here.states() == ["done", "generating"], "the task")
        await here.until(lambda: here.messages(eve)[-1].labels == ("Cancel",), "its status card")
        await eve.press(here.messages(eve)[-1], "Cancel")
        await here.message("I won't send it", eve)
        here.kie.finish(here.kie.tasks[1].id)
        await here.until(lambda: here.states() == ["done"] * 2, "the second video")
        await eve.send_photo(picture(), f"{SECRET} on a card")
        await here.message("on a card", eve)
        assert tables_naming(here, EVE_ID)
        assert left_on_disk(here.data_dir, SECRET)
        assert files_in(here, "photos", "videos")
        await leave(here, eve)
        assert tables_naming(here, EVE_ID) == []
        assert left_on_disk(here.data_dir, SECRET, "rhubarb", EVE, str(EVE_ID)) == []
        assert files_in(here, "photos", "videos") == []
    assert left_on_disk(here.data_dir, SECRET, "rhubarb", EVE, str(EVE_ID)) == []
    assert await ledger_problems(here) == []
    assert here.rows("SELECT count(*) FROM entries") == [(4,)]


async def test_the_question_names_what_is_lost_and_keeping_changes_nothing(
    here: World, eve: Person
) -> None:
    async with here.bot(KIE_MAX_CONCURRENT="1", **OPEN):
        await eve.send("/quota")
        await here.message("Left today", eve)
        await here.admin.send(f"/grant {EVE_ID} 500")
        await here.message("granted now")
        here.seconds = math.inf
        await order(here, eve)
        question = await ask(here, eve)
        assert "500 granted credits" in question.text
        assert "1 video is not finished" in question.text
        await eve.press(question, "Keep it")
        await here.until(lambda: "Nothing was deleted" in question.text, "the answer")
        await eve.send("/quota")
        await here.message("500 credits", eve)
    assert here.states() == ["generating"]


async def test_coming_back_the_same_day_gives_no_fresh_credits(here: World, eve: Person) -> None:
    async with here.bot(DAILY_CREDITS="60", **OPEN):
        await order(here, eve)
        await here.video(eve)
        await leave(here, eve)
        await eve.send("/generate once more --go")
        await here.message("you have 0 left", eve)
    assert len(here.posts()) == 1
    assert await ledger_problems(here) == []


async def test_a_ban_outlives_it(here: World, eve: Person) -> None:
    async with here.bot(**OPEN):
        await eve.send("/start")
        await here.message("Veo 3.1", eve)
    here.change("UPDATE users SET access = 'banned'")
    async with here.bot(**OPEN):
        await leave(here, eve)
        assert here.rows("SELECT id FROM users") == []
        before = len(here.messages(eve))
        await eve.send("/generate a cat --go")
        await here.until(lambda: len(here.messages(eve)) > before, "an answer")
    assert here.rows("SELECT access FROM users") == [("banned",)]
    assert here.posts() == []


async def test_a_stranger_may_leave_too(here: World, eve: Person) -> None:
    async with here.bot():
        question = await ask(here, eve)
        assert "ask to be let in again" in question.text
        await eve.press(question, "Delete everything")
        await here.until(lambda: "is deleted" in question.text, "the deletion")
    assert tables_naming(here, EVE_ID) == []


async def test_what_waits_is_given_back_and_what_kie_makes_is_dropped(
    here: World, eve: Person
) -> None:
    here.seconds = math.inf
    async with here.bot(KIE_MAX_CONCURRENT="1", **OPEN):
        await order(here, eve)
        await here.until(lambda: here.states() == ["generating"], "the task")
        (status,) = here.messages(eve)
        await eve.send(f"/generate {SECRET} waiting --go")
        await here.until(lambda: len(here.messages(eve)) == 2, "the second status card")
        await leave(here, eve)
        await here.until(lambda: status.deleted, "the status card gone")
        assert here.states() == ["generating", "cancelled"]
        assert tables_naming(here, EVE_ID) == []
        here.kie.finish(here.kie.tasks[0].id)
        await here.until(lambda: here.states()[0] == "done", "the end of the job")
    assert here.videos(eve) == []
    assert files_in(here, "videos") == []
    assert tables_naming(here, here.kie.tasks[0].id) == []
    assert await ledger_problems(here) == []
    assert here.rows("SELECT kind FROM entries WHERE job_id = 1 ORDER BY id") == [
        ("hold",),
        ("capture",),
    ]


async def test_what_kie_fails_to_make_is_released_without_a_word(here: World, eve: Person) -> None:
    here.seconds = math.inf
    here.kie.script_task(Fate(refusal=INTERNAL_ERROR))
    async with here.bot(**OPEN):
        await order(here, eve)
        await leave(here, eve)
        here.kie.finish(here.kie.tasks[0].id)
        await here.until(lambda: here.states() == ["failed"], "the end of the job")
    assert [message.text[:16] for message in here.messages(eve)] == ["Everything about"]
    assert len(here.posts()) == 1
    assert await ledger_problems(here) == []


async def test_a_video_on_its_way_here_is_dropped(here: World, eve: Person) -> None:
    here.kie.script_task(Fate(link=Link.SLOW))
    async with here.bot(**OPEN):
        await order(here, eve)
        await here.until(lambda: files_in(here, "videos"), "the download begun")
        await leave(here, eve)
        assert here.states() == ["done"]
        await here.until(lambda: not files_in(here, "videos"), "the download dropped")
    assert here.videos(eve) == []
    assert here.rows("SELECT id FROM media") == []
    assert tables_naming(here, EVE_ID) == []
    assert await ledger_problems(here) == []


async def test_an_order_on_its_way_to_kie_is_dropped_at_its_end(here: World, eve: Person) -> None:
    here.kie.script(Point.CREATE, Hang(4.0))
    async with here.bot(**OPEN):
        question = await ask(here, eve)
        await eve.send(f"/generate {SECRET} --go")
        sent = "SELECT id FROM attempts WHERE sent_at IS NOT NULL"
        await here.until(lambda: here.rows(sent), "the request on its way")
        await eve.press(question, "Delete everything")
        await here.until(lambda: here.rows("SELECT id FROM users") == [], "the deletion")
        assert here.states() == ["submitting"]
        await here.until(lambda: here.states() == ["done"], "the end of the job")
    assert here.videos(eve) == []
    assert tables_naming(here, EVE_ID) == []
    assert tables_naming(here, here.kie.tasks[0].id) == []
    assert await ledger_problems(here) == []


async def test_what_would_be_sent_to_kie_again_is_given_up(here: World, eve: Person) -> None:
    here.kie.script(Point.CREATE, Answer(429, "too many requests"), None)
    async with here.bot(**OPEN):
        await order(here, eve)
        await here.until(lambda: here.states() == ["queued"], "the job put back")
        await leave(here, eve)
        assert here.states() == ["cancelled"]
    assert await ledger_problems(here) == []


async def test_a_file_that_a_killed_process_left_goes_at_the_next_start(
    here: World, eve: Person
) -> None:
    async with here.bot(**OPEN):
        await order(here, eve)
        await here.video(eve)
        await leave(here, eve)
    ((ref,),) = here.rows("SELECT ref FROM jobs")
    for name in (f"{ref}.mp4", f"{ref}.mp4.0123.part", "somebody.mp4"):
        (here.data_dir / "videos" / name).write_bytes(b"video")
    async with here.bot(**OPEN):
        await here.until(lambda: files_in(here, "videos") == ["somebody.mp4"], "the files gone")


async def test_leaving_works_once_more_after_a_crash(here: World, eve: Person) -> None:
    await here.start(**OPEN)
    await order(here, eve)
    await here.video(eve)
    question = await ask(here, eve)
    await here.kill()
    await eve.press(question, "Delete everything")
    await here.start(**OPEN)
    await here.until(lambda: "is deleted" in question.text, "the deletion")
    await here.kill()
    await here.start(**OPEN)
    pressed = await eve.press_data(question, "v1:u:delete")
    await here.until(lambda: pressed.answer, "an answer")
    assert await here.terminate() == 0
    assert tables_naming(here, EVE_ID) == []
    assert left_on_disk(here.data_dir, SECRET, EVE) == []


async def test_old_buttons_say_that_it_is_gone(here: World, eve: Person) -> None:
    async with here.bot(**OPEN):
        await order(here, eve)
        video = await here.video(eve)
        await eve.send("A card that is open")
        card = await here.card(eve)
        await leave(here, eve)
        await here.until(lambda: card.deleted, "the card gone")
        again = await eve.press(video, "Again")
        await here.until(lambda: again.answer, "an answer")
        assert again.answer is not None
        assert "not known any more" in again.answer.text
        await eve.send("/history")
        await here.message("no videos yet", eve)


async def test_somebody_elses_question_deletes_nobody(here: World, eve: Person) -> None:
    group = here.telegram.group("Friends")
    async with here.bot(**OPEN):
        await eve.send("/delete_me", chat=group)
        refused = await here.until(
            lambda: next((m for m in group.chat.from_bot if "private chat" in m.text), None),
            "an answer",
        )
        pressed = await here.admin.press_data(refused, "v1:u:delete")
        await here.until(lambda: pressed.answer, "an answer")
    assert len(here.rows("SELECT id FROM users")) == 2
