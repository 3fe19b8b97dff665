"""A job's life over hours and days, in milliseconds."""

import math

import pytest

from bot.demo.kie_faults import Answer, Fate, Link, Page, Point, Reset
from bot.errors import (
    ChatGone,
    NotAllowed,
    NotOffered,
    Paused,
    QueueFull,
    QuotaExceeded,
    SendLater,
    SendRefused,
    SendUnknown,
)
from bot.jobs import dispatch, transactions
from bot.jobs.dispatch import Work
from bot.jobs.messenger import Sending, Waiting, Working
from bot.jobs.service import Cancelled
from bot.models import Dialect, Kind, Reason, State
from storage import attempts, knocks
from storage.database import Connection
from tests.unit.jobs.life import Life

HOUR = 3600.0
DAY = 24 * HOUR


def finish_all(here: Life) -> None:
    for task in here.kie.tasks:
        here.kie.finish(task.id)


def never_ready(here: Life) -> None:
    here.kie.script_task(Fate(seconds=math.inf))


async def test_a_video_is_submitted_read_fetched_and_sent_once(here: Life) -> None:
    job = await here.order()
    await here.pass_seconds(300)
    done = await here.job(job)
    assert done.state is State.DONE
    assert done.result_message_id == 500 + job.id
    assert done.video is not None
    assert done.video.file_id == f"file-{job.id}"
    assert here.chat.videos == [job.id]
    assert await here.entries() == ["hold", "capture"]
    assert list((here.folder / "videos").iterdir()) == []


async def test_slow_is_told_after_the_soft_deadline_and_is_not_failed(here: Life) -> None:
    never_ready(here)
    job = await here.order()
    await here.service.show_status_on(job, 77)
    await here.pass_seconds(1000, step=20)
    await here.reporter.round()
    assert here.chat.statuses[-1] == Working(0.95, None, slow=True)
    finish_all(here)
    await here.pass_seconds(600, step=20)
    assert (await here.job(job)).state is State.DONE
    assert await here.entries() == ["hold", "capture"]


async def test_the_hard_deadline_gives_up_releases_and_tells(here: Life) -> None:
    never_ready(here)
    job = await here.order()
    await here.pass_seconds(3 * HOUR)
    expired = await here.job(job)
    assert (expired.state, expired.error) == (State.EXPIRED, Reason.TOO_LATE)
    assert [each.id for each in here.chat.ends] == [job.id]
    assert await here.entries() == ["hold", "release"]


async def test_a_video_that_comes_after_all_is_delivered_free(here: Life) -> None:
    never_ready(here)
    job = await here.order()
    await here.pass_seconds(3 * HOUR)
    finish_all(here)
    await here.pass_seconds(DAY)
    assert (await here.job(job)).state is State.DONE
    assert here.chat.videos == [job.id]
    assert await here.entries() == ["hold", "release"]


async def test_a_video_that_comes_before_its_end_could_be_told_is_not_looked_for_a_day_later(
    here: Life,
) -> None:
    never_ready(here)
    job = await here.order()
    here.chat.refuses = [SendLater(600)]
    while (await here.job(job)).state is not State.EXPIRED:
        await here.pass_seconds(60)
    finish_all(here)
    await here.database.write(knocks.make_due, [await here.job(job)], here.clock())
    await here.pass_seconds(HOUR)
    assert (await here.job(job)).state is State.DONE


async def test_late_videos_are_looked_for_no_longer_than_kie_keeps_records(here: Life) -> None:
    never_ready(here)
    job = await here.order()
    await here.pass_seconds(16 * DAY, step=HOUR)
    assert (await here.job(job)).due_at is None


async def test_an_unknown_outcome_is_released_at_once_where_no_callback_can_tell(
    here: Life,
) -> None:
    here.kie.script(Point.CREATE, Reset(accepted=True))
    job = await here.order()
    await here.pass_seconds(60)
    ended = await here.job(job)
    assert (ended.state, ended.error) == (State.EXPIRED, Reason.UNKNOWN_OUTCOME)
    assert len(here.kie.tasks) == 1
    assert await here.entries() == ["hold", "release"]


async def test_an_unknown_outcome_waits_for_the_callback_until_the_soft_deadline(
    here: Life,
) -> None:
    here.build(callback_url="http://127.0.0.1:9/callbacks")
    here.kie.script(Point.CREATE, Reset(accepted=True))
    job = await here.order()
    await here.pass_seconds(60)
    assert (await here.job(job)).state is State.UNKNOWN
    assert await here.entries() == ["hold"]
    await here.pass_seconds(900, step=60)
    assert (await here.job(job)).state is State.EXPIRED
    assert await here.entries() == ["hold", "release"]


async def test_operator_trouble_pauses_and_ends_by_itself(here: Life) -> None:
    here.kie.credit = 17
    first, second = await here.order("first"), await here.order("second")
    here.kie.script(Point.CREATE, Answer(402, "Insufficient"), times=2)
    await here.pass_seconds(10)
    await here.upkeep.round()
    assert {(await here.job(job)).error for job in (first, second)} == {Reason.UNAVAILABLE}
    assert [name for name, _ in here.chat.alerts if name == "kie-account"] == ["kie-account"]
    with pytest.raises(Paused):
        await here.order("refused")
    await here.pass_seconds(70)
    await here.upkeep.round()
    with pytest.raises(Paused):
        await here.order("still too little credit at KIE")
    here.kie.credit = 1000
    await here.pass_seconds(70)
    await here.upkeep.round()
    job = await here.order("goes on")
    await here.pass_seconds(300)
    assert (await here.job(job)).state is State.DONE


async def test_waiting_jobs_keep_their_holds_through_operator_trouble(here: Life) -> None:
    here.build(max_concurrent=1)
    here.kie.script(Point.CREATE, Answer(401, "bad key"))
    first = await here.order("first")
    second = await here.order("second")
    await here.pass_seconds(10)
    assert (await here.job(first)).state is State.FAILED
    assert (await here.job(second)).state is State.QUEUED
    assert await here.service.cancel(second.id, second.user_id) is Cancelled.RELEASED
    assert await here.entries() == ["hold", "hold", "release", "release"]


async def test_while_the_account_is_in_trouble_one_job_at_a_time_finds_out_whether_it_still_is(
    here: Life,
) -> None:
    """The credit suffices, but KIE caps the key: nothing but a paid request can tell."""
    here.build(creates_per_10s=1)
    here.kie.script(Point.CREATE, Answer(433, "sub-key cap"), times=None)
    ordered = [await here.order(str(number), user_id=3000 + number) for number in range(5)]
    await here.settle()
    here.build()
    for _ in range(2):
        await here.pass_seconds(60)
        await here.upkeep.round()
        await here.settle()
    states = [(await here.job(job)).state for job in ordered]
    assert (states.count(State.FAILED), states.count(State.QUEUED)) == (3, 2)
    here.kie.clear_script()
    await here.pass_seconds(60)
    await here.upkeep.round()
    await here.pass_seconds(300)
    states = [(await here.job(job)).state for job in ordered]
    assert (states.count(State.FAILED), states.count(State.DONE)) == (3, 2)


async def test_a_model_that_is_switched_off_is_tried_again_later(here: Life) -> None:
    here.kie.script(Point.CREATE, Answer(455, "maintenance"))
    job = await here.order()
    await here.service.show_status_on(job, 77)
    await here.pass_seconds(10)
    await here.reporter.round()
    assert here.chat.statuses == [Waiting(1, paused_model=True)]
    await here.pass_seconds(600, step=20)
    assert (await here.job(job)).state is State.DONE


@pytest.mark.parametrize(
    ("kind", "dialect", "code"),
    [
        (Kind.EXTEND, Dialect.VEO, 455),
        (Kind.EXTEND, Dialect.MARKET, 505),
        (Kind.UPGRADE_1080P, Dialect.VEO, 505),
        (Kind.UPGRADE_1080P, Dialect.MARKET, 455),
    ],
)
async def test_what_is_switched_off_waits_while_its_model_makes_videos(
    here: Life, kind: Kind, dialect: Dialect, code: int
) -> None:
    here.build(dialect=dialect, daily_credits=1000)
    video = await here.video()
    own = {Kind.EXTEND: Point.EXTEND, Kind.UPGRADE_1080P: Point.P1080}
    point = Point.CREATE if dialect is Dialect.MARKET else own[kind]
    tries = 3 if point is Point.P1080 else 1  # in a row, of what is free to repeat
    here.kie.script(point, Answer(code, "maintenance"), times=tries)
    if kind is Kind.EXTEND:
        more = await here.extend(video)
    else:
        more = (await here.sharpen(video, kind)).job
    await here.service.show_status_on(more, 77)
    await here.pass_seconds(10)
    await here.reporter.round()
    assert here.chat.statuses == [Waiting(1, paused_model=True)]
    await here.order()
    await here.pass_seconds(200, step=20)
    assert (await here.job(more)).state is State.QUEUED
    assert len(here.chat.videos) == 2
    await here.pass_seconds(1000, step=20)
    assert (await here.job(more)).state is State.DONE
    assert await here.entries() == ["hold", "capture", "hold", "hold", "capture", "capture"]


async def test_too_many_requests_hold_the_whole_queue_for_a_window(here: Life) -> None:
    here.build(max_concurrent=1)
    here.kie.script(Point.CREATE, Answer(429, "frequency"))
    await here.order("first")
    await here.order("second")
    await here.pass_seconds(9, step=1)
    assert len(here.kie.tasks) == 0
    await here.pass_seconds(20)
    assert len(here.kie.tasks) == 1


async def test_no_more_are_created_in_ten_seconds_than_the_account_may(here: Life) -> None:
    here.build(creates_per_10s=2, max_jobs_per_user=9, daily_credits=9999)
    for number in range(5):
        await here.order(str(number))
    await here.settle()
    assert len(here.kie.tasks) == 2
    await here.pass_seconds(9, step=1)
    assert len(here.kie.tasks) == 2
    await here.pass_seconds(2, step=1)
    assert len(here.kie.tasks) == 4


async def test_an_unreachable_kie_costs_nothing_and_ends_at_the_hard_deadline(here: Life) -> None:
    await here.kie.go_down()
    job = await here.order()
    await here.pass_seconds(3 * HOUR)
    await here.kie.come_up()
    assert (await here.job(job)).error is Reason.UNAVAILABLE
    assert await here.entries() == ["hold", "release"]


async def test_a_kie_that_is_asked_too_often_all_day_ends_the_job_at_the_hard_deadline(
    here: Life,
) -> None:
    here.kie.script(Point.CREATE, Answer(429, "frequency"), times=None)
    job = await here.order()
    await here.pass_seconds(3 * HOUR)
    assert (await here.job(job)).error is Reason.UNAVAILABLE
    assert await here.entries() == ["hold", "release"]


@pytest.mark.parametrize("link", [Link.NOT_FOUND, Link.PAGE, Link.EMPTY, Link.CUT, Link.TRUNCATED])
async def test_a_bad_result_is_fetched_again_until_it_is_good(here: Life, link: Link) -> None:
    here.kie.script_task(Fate(link=link, link_times=2))
    job = await here.order()
    await here.pass_seconds(400)
    assert (await here.job(job)).state is State.DONE
    assert await here.entries() == ["hold", "capture"]


async def test_a_result_that_never_can_be_fetched_is_refunded_in_the_end(here: Life) -> None:
    here.kie.script_task(Fate(link=Link.NOT_FOUND))
    job = await here.order()
    await here.service.show_status_on(job, 77)
    await here.pass_seconds(300)
    await here.reporter.round()
    assert here.chat.statuses[-1] == Sending(trouble=True)
    await here.pass_seconds(3 * HOUR)
    assert (await here.job(job)).error is Reason.NO_RESULT
    assert await here.entries() == ["hold", "capture", "refund"]
    assert list((here.folder / "videos").iterdir()) == []


async def test_a_video_is_uploaded_to_the_card_then_sent_as_a_message_and_the_card_goes(
    here: Life,
) -> None:
    job = await here.order()
    await here.service.show_status_on(job, 77)
    await here.pass_seconds(300)
    done = await here.job(job)
    assert (done.state, done.due_at, done.result_message_id) == (State.DONE, None, 500 + job.id)
    chat = here.chat
    assert (chat.uploads, chat.videos, chat.removed) == ([job.id], [job.id], [job.id])
    assert list((here.folder / "videos").iterdir()) == []


async def test_a_card_that_comes_after_the_end_is_no_status_card(here: Life) -> None:
    job = await here.video()
    assert not await here.service.show_status_on(job, 77)
    assert (await here.job(job)).status_message_id is None


async def test_an_ambiguous_send_leaves_the_video_on_the_status_card(here: Life) -> None:
    here.chat.refuses = [None, SendUnknown()]
    job = await here.order()
    await here.service.show_status_on(job, 77)
    await here.pass_seconds(300)
    done = await here.job(job)
    assert (done.state, done.result_message_id) == (State.DONE, 77)
    chat = here.chat
    assert (chat.videos, chat.kept, chat.removed) == ([], [job.id], [])


async def test_an_ambiguous_upload_is_repeated_and_the_video_sent_once(here: Life) -> None:
    here.chat.refuses = [SendUnknown(), SendUnknown()]
    job = await here.order()
    await here.service.show_status_on(job, 77)
    await here.pass_seconds(300)
    assert (await here.job(job)).state is State.DONE
    chat = here.chat
    assert (chat.uploads, chat.videos, chat.removed) == ([job.id], [job.id], [job.id])


async def test_an_ambiguous_send_whose_card_is_gone_is_sent_again(here: Life) -> None:
    here.chat.refuses = [None, SendUnknown(), SendRefused("message to edit not found")]
    job = await here.order()
    await here.service.show_status_on(job, 77)
    await here.pass_seconds(300)
    assert (await here.job(job)).state is State.DONE
    assert (here.chat.videos, here.chat.kept) == ([job.id], [])


async def test_a_video_that_may_not_be_sent_stays_on_the_card(here: Life) -> None:
    here.chat.refuses = [None, SendRefused("TOPIC_CLOSED")]
    job = await here.order()
    await here.service.show_status_on(job, 77)
    await here.pass_seconds(300)
    assert (await here.job(job)).result_message_id == 77
    assert (here.chat.videos, here.chat.kept) == ([], [job.id])


async def test_an_uploaded_video_is_neither_fetched_nor_uploaded_again(here: Life) -> None:
    here.chat.refuses = [None, SendLater(300)]
    job = await here.order()
    await here.service.show_status_on(job, 77)
    await here.pass_seconds(200)
    for path in (here.folder / "videos").iterdir():
        path.unlink()
    await here.pass_seconds(400)
    assert (await here.job(job)).state is State.DONE
    chat = here.chat
    assert (chat.uploads, chat.videos, chat.kept) == ([job.id], [job.id], [])


async def test_a_card_that_cannot_be_removed_now_is_removed_later(here: Life) -> None:
    here.chat.refuses = [None, None, SendUnknown(), SendLater(30)]
    job = await here.order()
    await here.service.show_status_on(job, 77)
    await here.pass_seconds(400)
    assert here.chat.removed == [job.id]
    assert (await here.job(job)).due_at is None


async def test_a_card_that_never_can_be_removed_is_left_in_the_end(here: Life) -> None:
    here.chat.refuses = [None, None, *[SendUnknown()] * 100]
    job = await here.order()
    await here.service.show_status_on(job, 77)
    await here.pass_seconds(HOUR)
    assert (await here.job(job)).due_at is None
    assert len(here.chat.refuses) == 100 - 8


async def test_a_flood_limit_only_delays_the_video(here: Life) -> None:
    here.chat.refuses = [SendLater(300)]
    job = await here.order()
    await here.pass_seconds(250)
    assert (await here.job(job)).state is State.READY
    await here.pass_seconds(400)
    assert here.chat.videos == [job.id]
    assert here.chat.kept == []


async def test_a_video_that_telegram_refuses_becomes_a_link(here: Life) -> None:
    here.chat.refuses = [SendRefused()]
    job = await here.order()
    await here.pass_seconds(300)
    assert (await here.job(job)).state is State.DONE
    assert len(here.chat.links) == 1


async def test_a_video_too_big_for_telegram_becomes_a_link(here: Life) -> None:
    here.build(upload_max_bytes=1000)
    job = await here.order()
    await here.pass_seconds(300)
    assert (await here.job(job)).state is State.DONE
    assert len(here.chat.links) == 1
    assert here.chat.videos == []


async def test_a_blocked_bot_keeps_the_video_until_they_come_back(here: Life) -> None:
    here.chat.refuses = [ChatGone()]
    job = await here.order()
    await here.pass_seconds(2 * DAY, step=600)
    parked = await here.job(job)
    assert (parked.state, parked.due_at) == (State.READY, None)
    assert await here.entries() == ["hold", "capture"]
    await here.user()
    await here.pass_seconds(60)
    assert (await here.job(job)).state is State.DONE


async def test_a_video_that_waited_for_its_person_has_its_time_to_be_sent(here: Life) -> None:
    here.chat.refuses = [ChatGone()]
    job = await here.order()
    await here.pass_seconds(2 * DAY, step=600)
    here.chat.refuses = [SendLater(30)]
    await here.user()
    await here.pass_seconds(60)
    assert (await here.job(job)).state is State.DONE
    assert await here.entries() == ["hold", "capture"]


async def test_cancelling_at_kie_lets_the_job_run_unseen(here: Life) -> None:
    job = await here.order()
    await here.pass_seconds(10)
    assert await here.service.cancel(job.id, job.user_id) is Cancelled.UNSEEN
    await here.pass_seconds(300)
    done = await here.job(job)
    assert done.state is State.DONE
    assert here.chat.videos == []
    assert done.video is not None
    assert done.video.path is not None
    assert (here.folder / done.video.path).exists()
    assert await here.entries() == ["hold", "capture"]
    assert await here.service.cancel(job.id, job.user_id) is Cancelled.TOO_LATE


async def test_a_cancelled_job_that_fails_unseen_is_released_and_not_told(here: Life) -> None:
    here.kie.script_task(Fate(refusal=(501, "Video generation task failed.")))
    job = await here.order()
    await here.pass_seconds(10)
    await here.service.cancel(job.id, job.user_id)
    await here.pass_seconds(300)
    assert (await here.job(job)).state is State.FAILED
    assert here.chat.ends == []
    assert await here.entries() == ["hold", "release"]


async def test_an_end_is_told_again_until_telegram_takes_it(here: Life) -> None:
    here.chat.refuses = [SendLater(30), SendLater()]
    here.kie.script_task(Fate(refusal=(501, "failed")))
    job = await here.order()
    await here.pass_seconds(400)
    assert [each.id for each in here.chat.ends] == [job.id]


async def test_an_end_that_was_perhaps_told_is_told_again_but_not_for_ever(here: Life) -> None:
    here.chat.refuses = [SendUnknown()]
    here.kie.script_task(Fate(refusal=(501, "failed")))
    first = await here.order()
    await here.pass_seconds(400)
    assert [each.id for each in here.chat.ends] == [first.id]
    here.chat.refuses = [SendUnknown()] * 100
    here.kie.script_task(Fate(refusal=(501, "failed")))
    second = await here.order()
    await here.pass_seconds(2000)
    assert len(here.chat.refuses) == 100 - 4
    assert not (await here.job(second)).untold


async def test_only_the_owner_may_cancel_and_unknown_jobs_are_gone(here: Life) -> None:
    job = await here.order()
    with pytest.raises(NotAllowed):
        await here.service.cancel(job.id, 4242)
    with pytest.raises(NotOffered):
        await here.service.cancel(999, job.user_id)


async def test_a_twenty_first_waiting_job_is_refused(here: Life) -> None:
    here.build(daily_credits=100_000)
    for number in range(20):
        await here.order(str(number))
    with pytest.raises(QueueFull):
        await here.order("one too many")


async def test_too_little_quota_changes_nothing(here: Life) -> None:
    here.build(daily_credits=59)
    with pytest.raises(QuotaExceeded):
        await here.order()
    assert await here.entries() == []


async def test_the_total_of_all_caps_admins_too(here: Life) -> None:
    here.build(daily_credits_total=100)
    await here.order(user_id=1)
    with pytest.raises(QuotaExceeded) as caught:
        await here.order(user_id=1)
    assert caught.value.limit == "total"


async def test_a_process_that_died_before_sending_puts_the_job_back(here: Life) -> None:
    job = await here.order()
    await here.database.write(_claim, here)
    await here.worker.recover()
    await here.pass_seconds(300)
    assert (await here.job(job)).state is State.DONE
    assert len(here.kie.tasks) == 1


def _claim(tx: Connection, here: Life) -> Work:
    return dispatch.take_work(tx, here.clock(), here.service.rules, 10, frozenset())


async def test_records_that_cannot_be_read_for_hours_end_nothing(here: Life) -> None:
    job = await here.order()
    await here.pass_seconds(10)
    here.kie.script(Point.RECORD, Page(), times=None)
    await here.pass_seconds(HOUR)
    assert (await here.job(job)).state is State.GENERATING
    here.kie.clear_script()
    await here.pass_seconds(600, step=20)
    assert (await here.job(job)).state is State.DONE


async def test_reads_that_fail_do_not_use_up_the_grace_of_a_record_without_a_link(
    here: Life,
) -> None:
    here.kie.script_task(Fate(grace_seconds=math.inf))
    here.kie.script(Point.RECORD, Page(), times=21)  # seven looks: the client tries three times
    job = await here.order()
    while here.kie.faults_to_come:
        await here.pass_seconds(5)
    await here.pass_seconds(20)
    assert (await here.job(job)).state is State.GENERATING
    await here.pass_seconds(60)
    assert (await here.job(job)).error is Reason.NO_RESULT


@pytest.mark.parametrize(
    "answer", [Answer(429, "frequency"), Answer(455, "maintenance"), Answer(451, "image")]
)
async def test_a_job_cancelled_while_kie_refuses_it_is_not_sent_again(
    here: Life, answer: Answer
) -> None:
    here.kie.script(Point.CREATE, answer)
    job = await here.order()
    (submission,) = (await here.database.write(_claim, here)).submissions
    assert await here.service.cancel(job.id, job.user_id) is Cancelled.UNSEEN
    await here.steps.submit(submission)
    await here.pass_seconds(HOUR)
    assert (await here.job(job)).state is State.FAILED
    assert here.kie.tasks == []
    assert here.chat.ends == []
    assert await here.entries() == ["hold", "release"]


async def test_a_step_that_comes_too_late_changes_nothing(here: Life) -> None:
    job = await here.order()
    await here.pass_seconds(10)
    stale = await here.job(job)
    now = here.clock()
    await here.database.write(transactions.expire, stale, Reason.TOO_LATE, now)
    assert not await here.database.write(transactions.put_back, stale, now, now, "overload")
    assert not await here.database.write(transactions.fail, stale, Reason.REFUSED, now)
    assert await here.database.read(attempts.errors, job.id) == []
    assert await here.entries() == ["hold", "release"]
