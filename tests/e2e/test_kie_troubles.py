"""What KIE can answer instead of a video, and what becomes of job, credits and chat."""

import pytest

from bot.demo.kie_faults import (
    FLAGGED,
    GENERATION_FAILED,
    INTERNAL_ERROR,
    MINOR,
    NO_AUDIO,
    NOT_ENGLISH,
    PROMINENT_PEOPLE,
    UNSAFE_IMAGE,
    Answer,
    Fate,
    Form,
    Page,
    Point,
    Reset,
)
from tests.e2e.world import World

RELEASED = [("hold",), ("release",)]
CAPTURED = [("hold",), ("capture",)]


def entries(here: World) -> list[tuple[str]]:
    return here.rows("SELECT kind FROM entries ORDER BY id")


@pytest.mark.parametrize("form", Form)
async def test_every_form_of_a_record_is_read(here: World, form: Form) -> None:
    fate = Fate(forms=frozenset({form}))
    refused = form is Form.FAILED_AS_TWO
    here.kie.script_task(Fate(forms=fate.forms, refusal=GENERATION_FAILED) if refused else fate)
    async with here.bot():
        await here.order("A cat")
        await (here.message("refunded") if refused else here.video())
    assert entries(here) == (RELEASED if refused else CAPTURED)


async def test_a_record_that_is_null_at_first_and_has_its_link_late_still_counts(
    here: World,
) -> None:
    here.kie.script_task(Fate(null_seconds=1.5, grace_seconds=1.5))
    async with here.bot():
        await here.order("A cat")
        await here.video()
    assert entries(here) == CAPTURED


REFUSALS = {
    "safety": FLAGGED,
    "well-known": PROMINENT_PEOPLE,
    "child": MINOR,
    "photo": UNSAFE_IMAGE,
    "English": NOT_ENGLISH,
    "sound": NO_AUDIO,
    "finish": GENERATION_FAILED,
}


@pytest.mark.parametrize(("word", "refusal"), REFUSALS.items())
async def test_a_refusal_releases_and_says_why_in_own_words(
    here: World, word: str, refusal: tuple[int, str]
) -> None:
    here.kie.script_task(Fate(refusal=refusal))
    async with here.bot():
        await here.order("A cat")
        told = await here.message("refunded")
    assert word in told.text
    assert refusal[1] not in told.text
    assert {"Edit", "Again"} <= set(told.labels)
    assert entries(here) == RELEASED
    assert len(here.posts()) == 1


async def test_a_passing_failure_is_made_anew_twice_at_most(here: World) -> None:
    here.kie.script_task(Fate(refusal=INTERNAL_ERROR, seconds=0.2), times=2)
    async with here.bot():
        await here.order("A cat")
        await here.video()
    assert len(here.posts()) == 3
    assert entries(here) == CAPTURED


async def test_a_failure_that_does_not_pass_is_told_after_three_attempts(here: World) -> None:
    here.kie.script_task(Fate(refusal=INTERNAL_ERROR, seconds=0.2), times=3)
    async with here.bot():
        await here.order("A cat")
        await here.message("refunded")
    assert len(here.posts()) == 3
    assert entries(here) == RELEASED


@pytest.mark.parametrize("code", [401, 402, 433])
async def test_operator_trouble_pauses_alerts_once_and_is_never_shown_to_users(
    here: World, code: int
) -> None:
    user = here.telegram.user(2002, "Bo")
    here.kie.script(Point.CREATE, Answer(code, "your secret balance is 17"))
    async with here.bot(ACCESS="open", DAILY_CREDITS_TOTAL="100000"):
        await here.admin.send("/start")
        await here.message("/help")
        await here.order("A cat", user)
        told = await here.message("unavailable", user)
        await here.message("KIE")
        await user.send("/generate another --go")
        refused = await here.message("not charged", user)
    assert "your card stays" in refused.text
    assert {"Generate · 60", "Cancel"} <= set(refused.labels)
    for message in (told, refused):
        assert "balance" not in message.text
        assert str(code) not in message.text
    assert len(here.posts()) == 1
    assert entries(here) == RELEASED
    assert here.rows("SELECT scope FROM pauses") == [("account",)]
    alerts = [message for message in here.messages() if "KIE" in message.text]
    assert len(alerts) == 1


async def test_a_model_under_maintenance_keeps_its_jobs_waiting_and_cancellable(
    here: World,
) -> None:
    here.kie.script(Point.CREATE, Answer(455, "maintenance"))
    async with here.bot():
        status = await here.order("A cat")
        await here.until(lambda: "maintenance" in status.text, "the pause said")
        await here.admin.press(status, "Cancel")
        await here.message("Cancelled")
    assert here.states() == ["cancelled"]
    assert entries(here) == RELEASED


@pytest.mark.parametrize("fault", [Page(), Reset(accepted=True), Answer(500, "error")])
async def test_a_paid_request_of_unknown_outcome_is_not_repeated(
    here: World, fault: Page | Reset | Answer
) -> None:
    here.kie.script(Point.CREATE, fault)
    async with here.bot():
        await here.order("A cat")
        await here.message("refunded")
    assert len(here.posts()) == 1
    assert here.states() == ["expired"]
    assert entries(here) == RELEASED


async def test_a_burst_of_429_only_delays(here: World) -> None:
    here.kie.script(Point.CREATE, Answer(429, "too frequent"))
    async with here.bot():
        await here.order("A cat")
        await here.until(lambda: here.rows("SELECT scope FROM pauses") == [("rate",)])
        assert here.states() == ["queued"]
    assert entries(here) == [("hold",)]


async def test_an_unreachable_kie_is_tried_again(here: World) -> None:
    await here.kie.go_down()
    async with here.bot():
        await here.order("A cat")
        await here.until(lambda: here.rows("SELECT 1 FROM attempts WHERE error IS NOT NULL"))
        await here.kie.come_up()
        await here.video()
    assert len(here.posts()) == 1
    assert entries(here) == CAPTURED


async def test_errors_while_reading_records_never_end_a_job(here: World) -> None:
    here.kie.script(Point.RECORD, Page(), times=2)
    here.kie.script(Point.RECORD, Answer(500, "busy"), times=2)
    async with here.bot():
        await here.order("A cat")
        await here.video()
    assert entries(here) == CAPTURED


async def test_an_alert_that_no_admin_could_be_told_is_kept(here: World) -> None:
    here.kie.credit = 10
    async with here.bot():  # to which no admin has written yet
        await here.until(lambda: here.telegram.calls_of("sendMessage"), "the alert")
        await here.until(lambda: here.rows("SELECT name FROM alerts") != [], "its row")
    assert here.rows("SELECT name, told_at FROM alerts") == [("credits-low", None)]
