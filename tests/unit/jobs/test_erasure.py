"""Somebody leaves while a step of their job is under way: it ends, and brings nothing back."""

import pytest
from sqlalchemy import func, select

from bot.errors import SendRefused
from bot.jobs import dispatch, transactions
from bot.jobs.erasure import COMPACT_SECONDS, UNCOMPACTED, Erasure
from bot.media.videos import Prepared
from bot.models import NOBODY, Job, Reason, State, Video
from storage import attempts, jobs, operations, schema
from storage.database import Connection
from tests.conftest import Clock
from tests.unit.jobs.life import ADA, RULES, Life

BEN = 1002
URLS = ("https://files.example/video.mp4",)
CLIP = Video("videos/clip.mp4", 1280, 720, 8.0, 1)


@pytest.fixture
def erasure(here: Life) -> Erasure:
    return Erasure(database=here.database, data_dir=here.folder, clock=here.clock)


async def taken(here: Life, *, sent: bool = True) -> Job:
    """Order a video, and read it as the step that submits it does."""
    await here.order()
    work = await here.database.write(dispatch.take_work, here.clock.now, RULES, 10, frozenset())
    (submission,) = work.submissions
    if sent:
        await here.database.write(transactions.mark_sent, submission.job, here.clock.now)
    return submission.job


async def generating(here: Life) -> Job:
    job = await taken(here)
    await here.database.write(
        transactions.accept, job, "task", here.clock.now, here.clock.now + 60, RULES
    )
    return await here.job(job)


async def ready(here: Life) -> Job:
    job = await generating(here)
    await here.database.write(
        transactions.succeed, job, URLS, here.clock.now, RULES, fallback=False
    )
    return await here.job(job)


async def leave(here: Life, erasure: Erasure) -> None:
    assert (await erasure.stake(ADA)).open_jobs == 1
    await erasure.erase(ADA, 10_000)


def left_of(tx: Connection, job_id: int) -> list[object]:
    """What a job that ended may hold no more."""
    row = tx.execute(select(schema.jobs).where(schema.jobs.c.id == job_id)).one()
    tasks = tx.execute(select(schema.attempts.c.task_id)).scalars().all()
    notes = tx.execute(select(schema.events.c.note)).scalars().all()
    kept = [row.prompt, row.task_id, row.status_message_id, row.due_at, row.media_id]
    told = [row.message_id, row.result_message_id, *tasks, *notes]
    return [value for value in [*kept, *told] if value not in {None, ""}]


async def assert_nothing_left(here: Life, job: Job, state: State) -> None:
    current = await here.job(job)
    assert (current.state, current.user_id, current.place.chat_id) == (state, NOBODY, NOBODY)
    assert current.result_urls == ()
    assert await here.database.read(left_of, job.id) == []
    rows = select(func.count()).select_from(schema.media)
    assert await here.database.read(lambda tx: tx.execute(rows).scalar_one()) == 0


async def test_an_order_that_has_not_left_is_not_sent(here: Life, erasure: Erasure) -> None:
    job = await taken(here, sent=False)
    await leave(here, erasure)
    assert not await here.database.write(transactions.mark_sent, job, here.clock.now)
    assert await here.entries() == ["hold", "release"]
    await assert_nothing_left(here, job, State.FAILED)


async def test_an_order_that_kie_has_taken_is_dropped_when_it_is_made(
    here: Life, erasure: Erasure
) -> None:
    job = await taken(here)
    await leave(here, erasure)
    assert await here.database.write(
        transactions.accept, job, "task", here.clock.now, here.clock.now, RULES
    )
    current = await here.job(job)
    await here.database.write(
        transactions.succeed, current, URLS, here.clock.now, RULES, fallback=False
    )
    assert await here.entries() == ["hold", "capture"]
    await assert_nothing_left(here, job, State.DONE)


async def test_an_order_that_would_be_sent_again_ends(here: Life, erasure: Erasure) -> None:
    job = await taken(here)
    await leave(here, erasure)
    now = here.clock.now
    await here.database.write(transactions.put_back, job, now, now, "too many requests")
    assert await here.entries() == ["hold", "release"]
    await assert_nothing_left(here, job, State.FAILED)


@pytest.mark.parametrize("reason", [Reason.PROMPT_REFUSED, Reason.OVERLOAD])
async def test_what_kie_says_about_a_failure_is_not_kept(
    here: Life, erasure: Erasure, reason: Reason
) -> None:
    job = await generating(here)
    await leave(here, erasure)
    await here.database.write(transactions.fail, job, reason, here.clock.now, "quotes the prompt")
    assert await here.entries() == ["hold", "release"]
    await assert_nothing_left(here, job, State.FAILED)


async def test_a_task_that_never_ends_is_not_looked_for_afterwards(
    here: Life, erasure: Erasure
) -> None:
    job = await generating(here)
    await leave(here, erasure)
    current = await here.job(job)
    await here.database.write(transactions.expire, current, Reason.TOO_LATE, here.clock.now)
    await here.database.write(transactions.told, current, here.clock.now)
    await assert_nothing_left(here, job, State.EXPIRED)


async def test_a_download_under_way_brings_nothing_back(here: Life, erasure: Erasure) -> None:
    job = await ready(here)
    await leave(here, erasure)
    now = here.clock.now
    await here.database.write(transactions.keep_video, job, CLIP, now)
    assert not await here.database.write(transactions.begin_delivery, job, now)
    assert not await here.database.write(transactions.postpone, job, now)
    assert not await here.database.write(jobs.show_on, job.id, 8, now)
    assert await here.entries() == ["hold", "capture"]
    await assert_nothing_left(here, job, State.DONE)


async def test_a_delivery_under_way_brings_nothing_back(here: Life, erasure: Erasure) -> None:
    job = await ready(here)
    now = here.clock.now
    await here.database.write(transactions.keep_video, job, CLIP, now)
    await here.database.write(transactions.begin_delivery, await here.job(job), now)
    delivering = await here.job(job)
    await leave(here, erasure)
    assert not await here.database.write(transactions.undeliver, delivering, now, now)
    assert not await here.database.write(
        transactions.finish, delivering, now, message_id=7, file_id="telegram-id"
    )
    assert await here.entries() == ["hold", "capture"]
    await assert_nothing_left(here, job, State.DONE)


async def test_the_worker_ends_what_runs_on_and_says_nothing(here: Life, erasure: Erasure) -> None:
    job = await here.order()
    await here.pass_seconds(10)
    assert (await here.job(job)).state is State.GENERATING
    await leave(here, erasure)
    said = len(here.chat.statuses)
    await here.pass_seconds(300)
    assert here.chat.videos == []
    assert len(here.chat.statuses) == said
    await assert_nothing_left(here, job, State.DONE)
    assert await here.database.read(attempts.errors, job.id) == []


async def test_many_who_leave_have_the_file_rewritten_once_a_minute(
    here: Life, erasure: Erasure, clock: Clock
) -> None:
    await here.user(ADA)
    await here.user(BEN)
    await erasure.erase(ADA, 1)
    assert await here.database.read(operations.fact, UNCOMPACTED) == ""
    await erasure.erase(BEN, 2)
    await erasure.round()
    assert await here.database.read(operations.fact, UNCOMPACTED) != ""
    clock.advance(COMPACT_SECONDS)
    await erasure.round()
    assert await here.database.read(operations.fact, UNCOMPACTED) == ""


async def test_a_clock_set_back_does_not_put_the_rewriting_off(
    here: Life, erasure: Erasure, clock: Clock
) -> None:
    await here.user(ADA)
    await here.user(BEN)
    await erasure.erase(ADA, 1)
    clock.advance(-3600)
    await erasure.erase(BEN, 2)
    assert await here.database.read(operations.fact, UNCOMPACTED) == ""


@pytest.mark.parametrize("refused", [None, SendRefused("message to edit not found")])
async def test_who_leaves_during_the_upload_is_sent_no_video(
    here: Life, erasure: Erasure, refused: SendRefused | None, caplog: pytest.LogCaptureFixture
) -> None:
    job = await here.order()
    await here.service.show_status_on(job, 77)
    upload = here.chat.upload_to_card

    async def leave_meanwhile(job: Job, video: Prepared) -> str:
        file_id = await upload(job, video)
        await leave(here, erasure)
        if refused is not None:
            raise refused
        return file_id

    here.chat.upload_to_card = leave_meanwhile  # type: ignore[method-assign]  # as they upload
    await here.pass_seconds(300)
    assert here.chat.videos == []
    assert "a step broke" not in caplog.text
    await assert_nothing_left(here, job, State.DONE)
