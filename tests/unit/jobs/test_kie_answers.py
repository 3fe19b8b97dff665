"""KIE at its worst in the middle of a job: floods, odd ids, words that are somebody else's."""

import pytest

from bot.demo.kie_faults import Answer
from bot.demo.kie_faults import Point as Call
from bot.models import Reason, State
from storage import operations
from tests.unit.jobs.life import KEY, Life

MINUTE = 60.0


async def requests_in(here: Life, seconds: float) -> int:
    before = len(here.kie.requests)
    await here.pass_seconds(seconds, step=1.0)
    return len(here.kie.requests) - before


async def test_ten_minutes_of_429_make_no_hot_loop_and_lose_nothing(here: Life) -> None:
    here.kie.script(Call.CREATE, Answer(429, "Your call frequency is too high."), times=None)
    jobs = [await here.order(str(number)) for number in range(3)]
    assert await requests_in(here, 10 * MINUTE) <= 3 * 10 * MINUTE / 10
    here.kie.clear_script()
    await here.pass_seconds(10 * MINUTE)
    assert [(await here.job(job)).state for job in jobs] == [State.DONE] * 3
    assert await here.entries() == ["hold"] * 3 + ["capture"] * 3


async def test_ten_minutes_of_429_while_reading_make_no_hot_loop(here: Life) -> None:
    job = await here.order()
    await here.settle()
    here.kie.script(Call.RECORD, Answer(429, "Your call frequency is too high."), times=None)
    assert await requests_in(here, 10 * MINUTE) <= 10 * MINUTE / 5
    here.kie.clear_script()
    await here.pass_seconds(2 * MINUTE)
    assert (await here.job(job)).state is State.DONE


async def test_a_key_refused_in_mid_run_is_told_once_and_asked_after_seldom(here: Life) -> None:
    await here.order()
    await here.settle()
    here.kie.script(Call.RECORD, Answer(401, "bad key"), times=None)
    here.kie.script(Call.CREDIT, Answer(401, "bad key"), times=None)
    before = len(here.kie.requests)
    for _ in range(60):
        await here.pass_seconds(10)
        await here.upkeep.round()
    assert len(here.kie.requests) - before <= 80
    assert [name for name, _ in here.chat.alerts].count("kie-account") == 1


ODD_ANSWERS = [
    Answer("200", "success", None),  # type: ignore[arg-type]  # code as text, no data
    Answer(200, "success", None),
    Answer(200, "success", []),
    Answer(200, "success", {"taskId": "x" * 10_000}),
    Answer(200, "success", {"taskId": None}),
]


@pytest.mark.parametrize("answer", ODD_ANSWERS)
async def test_an_answer_without_a_usable_task_is_never_paid_for_again(
    here: Life, answer: Answer
) -> None:
    here.kie.script(Call.CREATE, answer)
    job = await here.order()
    await here.pass_seconds(30 * MINUTE)
    ended = await here.job(job)
    assert (ended.state, ended.error) == (State.EXPIRED, Reason.UNKNOWN_OUTCOME)
    assert sum(request.path.endswith("generate") for request in here.kie.requests) == 1
    assert await here.entries() == ["hold", "release"]


@pytest.mark.parametrize("task_id", ["../x", "..%2F..%2Fcredit", "a&taskId=b", "a?b#c", "'--"])
async def test_a_task_id_is_never_a_part_of_a_path(here: Life, task_id: str) -> None:
    here.kie.script(Call.CREATE, Answer(200, "success", {"taskId": task_id}))
    await here.order()
    await here.pass_seconds(10 * MINUTE)
    reads = [request for request in here.kie.requests if request.method == "GET"]
    assert reads
    assert {request.path for request in reads} == {"/api/v1/veo/record-info"}
    assert {request.params["taskId"] for request in reads} == {task_id}
    assert here.kie.violations == []


FOREIGN = f"<b>Pay</b> at https://evil.example/?k={KEY} \x1b[31m\n@everyone " + "x" * 5000


async def test_kies_words_are_cut_and_redacted_and_reach_nobody(here: Life) -> None:
    here.kie.script(Call.CREATE, Answer(422, FOREIGN))
    job = await here.order()
    await here.pass_seconds(MINUTE)
    ended = await here.job(job)
    assert (ended.state, ended.error) == (State.FAILED, Reason.REFUSED)
    notes = await here.database.read(
        lambda tx: list(tx.exec_driver_sql("SELECT note FROM events WHERE note <> ''").scalars())
    )
    [note] = [each for each in notes if "Pay" in each]
    assert KEY not in note
    assert "***" in note
    assert note.isprintable()
    assert len(note) < 400
    told = repr([here.chat.ends, here.chat.alerts, await here.database.read(operations.pauses)])
    assert "evil" not in told
