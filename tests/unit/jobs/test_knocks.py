"""What callbacks do to jobs, and what they cannot do; the clock is told."""

import asyncio
import math
import secrets
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from bot.demo.kie_faults import Fate, Point, Reset
from bot.jobs import dispatch, orders, transactions
from bot.jobs.knocks import Knocks, Verdict
from bot.models import Job, Kind, NewJob, Reason, Resolution, State
from storage import jobs, operations
from tests.unit.jobs.life import Life

URL = "http://127.0.0.1:9/callbacks"
DAY = 86400.0


class Caller:
    """Knocks as KIE would, knowing the URLs that it was given."""

    def __init__(self, here: Life) -> None:
        self.here = here
        here.build(callback_url=URL)
        self.rings = 0
        self.knocks = Knocks(
            database=here.database, rules=here.service.rules, nudge=self._ring, clock=here.clock
        )

    def _ring(self) -> None:
        self.rings += 1

    def tokens(self) -> list[str]:
        sent = [request.json for request in self.here.kie.requests if request.json]
        return [str(body["callBackUrl"]).removeprefix(f"{URL}/") for body in sent]

    async def knock(
        self, task_id: str | None = None, *, number: int = 0, genuine: bool = True
    ) -> Verdict:
        return await self.knocks.take(self.tokens()[number], task_id, genuine=genuine)

    def reads(self) -> int:
        return sum(request.path.endswith("record-info") for request in self.here.kie.requests)

    async def alerts(self) -> list[tuple[str, str]]:
        found = await self.here.database.read(operations.untold_alerts)
        return [(alert.name, alert.text) for alert in found]

    def stored(self) -> list[str]:
        """Return everything that is in the database."""
        with closing(sqlite3.connect(self.here.folder / "veogram.db")) as database:
            return list(database.iterdump())


@pytest.fixture
async def caller(here: Life) -> Caller:
    await here.close()
    return Caller(here)


async def ordered(caller: Caller, **fate: object) -> Job:
    """Order a video that is ready only when it is told to be, and submit it."""
    caller.here.kie.script_task(Fate(**({"seconds": math.inf} | fate)))  # type: ignore[arg-type]
    job = await caller.here.order()
    await caller.here.settle()
    return await caller.here.job(job)


async def test_a_knock_makes_the_job_due_and_one_read_finds_the_video(caller: Caller) -> None:
    job = await ordered(caller)
    [task] = caller.here.kie.tasks
    await caller.here.pass_seconds(120)
    assert caller.reads() == 0
    caller.here.kie.finish(task.id)
    assert await caller.knock(task.id) is Verdict.HEARD
    assert caller.rings == 1
    await caller.here.settle()
    assert (await caller.here.job(job)).state is State.DONE
    assert caller.reads() == 1
    assert await caller.here.entries() == ["hold", "capture"]


@pytest.mark.parametrize("named", [None, "its task"])
async def test_a_knock_before_its_time_changes_nothing_but_the_pace(
    caller: Caller, named: str | None
) -> None:
    job = await ordered(caller)
    [task] = caller.here.kie.tasks
    await caller.knock(task.id if named else None)
    await caller.here.settle()
    assert (await caller.here.job(job)).state is State.GENERATING
    assert await caller.alerts() == []
    caller.here.kie.finish(task.id)
    await caller.here.pass_seconds(200)
    assert (await caller.here.job(job)).state is State.DONE


async def test_twenty_knocks_at_once_finish_a_job_once(caller: Caller) -> None:
    job = await ordered(caller)
    [task] = caller.here.kie.tasks
    caller.here.kie.finish(task.id)
    verdicts = await asyncio.gather(*(caller.knock(task.id) for _ in range(20)))
    assert verdicts == [Verdict.HEARD] * 20
    await caller.here.settle()
    assert await caller.knock(task.id) is Verdict.HEARD
    await caller.here.settle()
    assert (await caller.here.job(job)).state is State.DONE
    assert caller.reads() == 1
    assert caller.here.chat.videos == [job.id]


async def test_a_knock_during_a_read_is_followed_by_another_read(caller: Caller) -> None:
    await ordered(caller)
    [task] = caller.here.kie.tasks
    await caller.here.pass_seconds(360)
    [job] = await caller.here.database.read(jobs.open_of, 1001)
    as_the_step_read_it = job
    caller.here.clock.advance(1)
    await caller.knock(task.id)
    later = caller.here.clock.now + 500
    await caller.here.database.write(transactions.reschedule, as_the_step_read_it, later)
    assert (await caller.here.job(job)).due_at == caller.here.clock.now


async def test_a_lost_answer_is_settled_by_the_callback(caller: Caller) -> None:
    caller.here.kie.script(Point.CREATE, Reset(accepted=True))
    job = await ordered(caller)
    assert job.state is State.UNKNOWN
    [task] = caller.here.kie.tasks
    caller.here.clock.advance(60)
    caller.here.kie.finish(task.id)
    await caller.knock(task.id)
    await caller.here.settle()
    done = await caller.here.job(job)
    assert (done.state, done.task_id) == (State.DONE, task.id)
    assert len(caller.here.kie.tasks) == 1
    assert await caller.here.entries() == ["hold", "capture"]


async def test_a_callback_without_a_task_leaves_a_lost_answer_lost(caller: Caller) -> None:
    caller.here.kie.script(Point.CREATE, Reset(accepted=True))
    job = await ordered(caller)
    await caller.knock(None)
    await caller.here.settle()
    assert (await caller.here.job(job)).state is State.UNKNOWN


async def test_a_callback_after_the_credits_were_released_brings_the_video_free(
    caller: Caller,
) -> None:
    caller.here.kie.script(Point.CREATE, Reset(accepted=True))
    job = await ordered(caller)
    await caller.here.pass_seconds(1000)
    expired = await caller.here.job(job)
    assert (expired.state, expired.error) == (State.EXPIRED, Reason.UNKNOWN_OUTCOME)
    [task] = caller.here.kie.tasks
    caller.here.kie.finish(task.id)
    await caller.knock(task.id)
    await caller.here.settle()
    assert (await caller.here.job(job)).state is State.DONE
    assert caller.here.chat.videos == [job.id]
    assert await caller.here.entries() == ["hold", "release"]


async def test_a_callback_before_the_end_is_told_is_looked_at_after_it(caller: Caller) -> None:
    caller.here.kie.script(Point.CREATE, Reset(accepted=True))
    job = await ordered(caller)
    [task] = caller.here.kie.tasks
    caller.here.kie.finish(task.id)
    await caller.here.database.write(
        transactions.expire, job, Reason.UNKNOWN_OUTCOME, caller.here.clock.now
    )
    await caller.knock(task.id)
    await caller.here.pass_seconds(10)
    assert (await caller.here.job(job)).state is State.DONE


async def test_a_late_callback_for_a_job_that_was_given_up_is_looked_at(caller: Caller) -> None:
    job = await ordered(caller)
    await caller.here.pass_seconds(3 * 3600)
    assert (await caller.here.job(job)).error is Reason.TOO_LATE
    [task] = caller.here.kie.tasks
    caller.here.kie.finish(task.id)
    await caller.knock(task.id)
    await caller.here.settle()
    assert (await caller.here.job(job)).state is State.DONE
    assert await caller.here.entries() == ["hold", "release"]


async def submitting(caller: Caller) -> tuple[Job, str]:
    """Return a job whose paid request has left, unanswered, and its token."""
    await caller.here.order()
    now, rules = caller.here.clock.now, caller.here.service.rules
    take = dispatch.take_work
    work = await caller.here.database.write(take, now, rules, 1, frozenset())
    [submission] = work.submissions
    await caller.here.database.write(transactions.mark_sent, submission.job, now)
    assert submission.callback_url is not None
    return submission.job, submission.callback_url.removeprefix(f"{URL}/")


async def test_a_callback_before_our_post_returned_does_not_disturb_it(caller: Caller) -> None:
    job, token = await submitting(caller)
    await caller.knocks.take(token, "task-1", genuine=True)
    assert await caller.here.job(job) == job
    now = caller.here.clock.now
    accept = transactions.accept
    rules = caller.here.service.rules
    await caller.here.database.write(accept, job, "task-1", now, now + 300, rules)
    accepted = await caller.here.job(job)
    assert (accepted.state, accepted.due_at) == (State.GENERATING, now)
    assert await caller.alerts() == []


async def test_an_answer_that_contradicts_the_early_callback_wins_and_is_told(
    caller: Caller,
) -> None:
    job, token = await submitting(caller)
    await caller.knocks.take(token, "task-of-somebody", genuine=True)
    now, rules = caller.here.clock.now, caller.here.service.rules
    await caller.here.database.write(transactions.accept, job, "task-1", now, now + 300, rules)
    assert (await caller.here.job(job)).task_id == "task-1"
    assert await caller.alerts() == [("callback-foreign-task", job.ref)]


async def test_a_process_that_died_while_submitting_goes_on_with_what_was_called_back(
    caller: Caller,
) -> None:
    job, token = await submitting(caller)
    await caller.knocks.take(token, "task-1", genuine=True)
    await caller.here.worker.recover()
    now, rules = caller.here.clock.now, caller.here.service.rules
    assert await caller.here.database.write(transactions.lose_sight, job, now, rules)
    settled = await caller.here.job(job)
    assert (settled.state, settled.task_id, settled.due_at) == (State.GENERATING, "task-1", now)


async def test_a_callback_naming_another_jobs_task_changes_nothing_and_is_told(
    caller: Caller,
) -> None:
    job = await ordered(caller)
    await ordered(caller)
    foreign = caller.here.kie.tasks[1]
    before = await caller.here.job(job)
    assert await caller.knock(foreign.id, number=0) is Verdict.HEARD
    assert await caller.here.job(job) == before
    assert await caller.alerts() == [("callback-foreign-task", job.ref)]


async def test_a_lost_answer_is_not_settled_with_another_jobs_task(caller: Caller) -> None:
    await ordered(caller)
    caller.here.kie.script(Point.CREATE, Reset(accepted=True))
    lost = await ordered(caller)
    known = caller.here.kie.tasks[0]
    await caller.knock(known.id, number=1)
    assert await caller.here.job(lost) == lost
    assert await caller.alerts() == [("callback-foreign-task", lost.ref)]


async def test_only_the_newest_attempt_is_knocked_for(caller: Caller) -> None:
    job = await ordered(caller, refusal=(500, "Internal Error, Please try again later."))
    [first] = caller.here.kie.tasks
    caller.here.kie.finish(first.id)
    caller.here.kie.script_task(Fate(seconds=math.inf))
    await caller.knock(first.id)
    await caller.here.pass_seconds(30)
    assert len(caller.here.kie.tasks) == 2
    before = await caller.here.job(job)
    assert before.state is State.GENERATING
    assert await caller.knock(first.id, number=0) is Verdict.HEARD
    assert await caller.here.job(job) == before


async def test_a_token_is_good_for_fourteen_days(caller: Caller) -> None:
    await ordered(caller)
    caller.here.clock.advance(14 * DAY - 1)
    assert await caller.knock() is Verdict.HEARD
    caller.here.clock.advance(2)
    assert await caller.knock() is Verdict.UNKNOWN


async def test_ten_thousand_guesses_write_nothing(caller: Caller) -> None:
    await ordered(caller)
    before = caller.stored()
    guesses = [
        caller.knocks.take(secrets.token_urlsafe(24), "task-1", genuine=True) for _ in range(10_000)
    ]
    assert set(await asyncio.gather(*guesses)) == {Verdict.UNKNOWN}
    assert caller.stored() == before
    assert caller.rings == 0


async def test_what_is_not_signed_changes_nothing_and_is_logged(
    caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    await ordered(caller)
    before = caller.stored()
    [task] = caller.here.kie.tasks
    assert await caller.knock(task.id, genuine=False) is Verdict.FORGED
    assert caller.stored() == before
    assert "not signed with our key" in caplog.text


# --- when callbacks do not come


async def test_a_lost_callback_is_made_good_by_the_safety_read(caller: Caller) -> None:
    job = await caller.here.order()
    await caller.here.pass_seconds(600)
    assert (await caller.here.job(job)).state is State.DONE
    assert caller.reads() == 1


async def test_after_three_silent_jobs_the_admins_hear_and_polling_goes_on_alone(
    caller: Caller,
) -> None:
    await ordered(caller)
    caller.here.kie.finish(caller.here.kie.tasks[0].id)
    await caller.knock(caller.here.kie.tasks[0].id)
    await caller.here.settle()
    for number in range(3):
        assert await caller.alerts() == [], f"silent jobs so far: {number}"
        await caller.here.order()
        await caller.here.pass_seconds(600)
    assert await caller.alerts() == [("callbacks-silent", "")]
    job = await ordered(caller)
    assert job.due_at is not None
    assert job.due_at - caller.here.clock.now < 180


async def test_a_url_that_was_never_called_is_not_trusted_for_long(caller: Caller) -> None:
    await caller.here.order()
    await caller.here.pass_seconds(600)
    job = await ordered(caller)
    assert job.due_at is not None
    assert job.due_at - caller.here.clock.now < 180
    assert await caller.alerts() == []


async def test_callbacks_that_come_again_are_trusted_again(caller: Caller) -> None:
    for _ in range(3):
        await caller.here.order()
        await caller.here.pass_seconds(600)
    assert await caller.alerts() == [("callbacks-silent", "")]
    await ordered(caller)
    await caller.knock(caller.here.kie.tasks[-1].id, number=-1)
    assert await caller.alerts() == []
    job = await ordered(caller)
    assert job.due_at is not None
    assert job.due_at - caller.here.clock.now > 100


async def test_what_ended_while_the_bot_was_down_does_not_count_as_silence(
    caller: Caller,
) -> None:
    submitted = [await caller.here.order() for _ in range(3)]
    await caller.here.settle()
    caller.here.clock.advance(900)
    await caller.here.worker.recover()
    await caller.here.settle()
    assert {(await caller.here.job(job)).state for job in submitted} == {State.DONE}
    assert await caller.alerts() == []


async def test_without_a_callback_url_nothing_is_expected(here: Life) -> None:
    for _ in range(4):
        await here.order()
        await here.pass_seconds(300)
    assert await here.database.read(operations.untold_alerts) == []


# --- sharper copies, which KIE keeps with the task of their video


async def sharper(caller: Caller) -> tuple[Job, Job]:
    """Return a finished video, and a 4K copy of it that KIE works on."""
    here = caller.here
    video = await here.order()
    await here.pass_seconds(600)
    here.kie.script_task(Fate(seconds=math.inf))
    copy = await sharpen(caller, video)
    await here.settle()
    return await here.job(video), await here.job(copy)


async def sharpen(caller: Caller, video: Job) -> Job:
    here = caller.here
    options = replace(video.options, resolution=Resolution.K4)
    new = NewJob(video.user_id, video.place, Kind.UPGRADE_4K, "", options, (), 0, None, video.id)
    rules = here.service.rules
    return await here.database.write(orders.place, new, here.clock.now, rules, admin=True)


async def test_4k_copies_found_before_their_callbacks_are_no_silence(caller: Caller) -> None:
    videos = []
    for _ in range(3):
        videos.append(await ordered(caller))
        task = caller.here.kie.tasks[-1]
        caller.here.kie.finish(task.id)
        await caller.knock(task.id, number=-1)
        await caller.here.settle()
    copies = [await sharpen(caller, video) for video in videos]
    await caller.here.pass_seconds(600)
    assert {(await caller.here.job(copy)).state for copy in copies} == {State.DONE}
    assert await caller.alerts() == []


@pytest.mark.parametrize("named", ["its video's", "one of its own", None])
async def test_a_4k_copy_is_called_by_whatever_name(caller: Caller, named: str | None) -> None:
    video, copy = await sharper(caller)
    assert (copy.state, copy.task_id) == (State.GENERATING, video.task_id)
    names = {"its video's": video.task_id, "one of its own": "veo_task_other", None: None}
    caller.here.clock.advance(1)
    await caller.knock(names[named], number=-1)
    assert (await caller.here.job(copy)).due_at == caller.here.clock.now
    assert await caller.alerts() == []


async def test_a_4k_copy_is_not_called_by_the_name_of_a_strangers_task(caller: Caller) -> None:
    _, copy = await sharper(caller)
    stranger = await ordered(caller)
    caller.here.clock.advance(1)
    await caller.knock(stranger.task_id, number=-2)
    assert await caller.here.job(copy) == copy
    assert await caller.alerts() == [("callback-foreign-task", copy.ref)]


async def test_when_a_silent_video_was_ready_is_not_learnt_from(caller: Caller) -> None:
    """A safety read comes long after the end: it would make all later ones come later still."""
    await caller.here.order()
    await caller.here.pass_seconds(600)
    assert await durations(caller) == []
    await caller.here.order()
    await caller.here.pass_seconds(600)
    [polled] = await durations(caller)
    assert polled == pytest.approx(60, abs=60)


async def test_when_a_called_back_video_was_ready_is_learnt(caller: Caller) -> None:
    await ordered(caller)
    caller.here.clock.advance(70)
    [task] = caller.here.kie.tasks
    caller.here.kie.finish(task.id)
    await caller.knock(task.id)
    await caller.here.settle()
    assert await durations(caller) == [70]


async def durations(caller: Caller) -> list[float]:
    model = (await caller.here.user()).defaults.model
    return await caller.here.database.read(operations.durations, model, Kind.GENERATE)
