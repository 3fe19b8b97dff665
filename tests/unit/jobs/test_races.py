"""Two who want different things of one job at the same moment: one of them is first."""

import asyncio
import random

from bot.demo.kie_faults import Answer, Fate, Link
from bot.demo.kie_faults import Point as Call
from bot.jobs.knocks import Knocks, Verdict
from bot.jobs.service import Cancelled
from bot.models import Job, State
from storage.database import Connection
from tests.unit.jobs.life import ADA, Life

URL = "http://127.0.0.1:9/callbacks"
HOUR = 3600.0
ROUNDS = 20


async def shuffled(dice: random.Random, *deeds: object) -> list[object]:
    """Do things at the same moment, begun in any order and with any small delay between."""

    async def after_a_while(deed: object) -> object:
        for _ in range(dice.randrange(12)):
            await asyncio.sleep(0)
        return await deed  # type: ignore[misc]  # each is awaitable

    order = list(range(len(deeds)))
    dice.shuffle(order)
    done = await asyncio.gather(*(after_a_while(deeds[each]) for each in order))
    return [done[order.index(each)] for each in range(len(deeds))]


async def entries_of(here: Life, job: Job) -> list[str]:
    def read(tx: Connection) -> list[str]:
        query = "SELECT kind FROM entries WHERE job_id = ? ORDER BY id"
        return list(tx.exec_driver_sql(query, (job.id,)).scalars())

    assert await here.entries()  # audited
    return await here.database.read(read)


async def test_cancel_against_submit_has_one_winner(here: Life) -> None:
    here.build(daily_credits=100_000, creates_per_10s=1000)
    dice, winners = random.Random(26), set()  # noqa: S311 - no secret
    for number in range(ROUNDS):
        job = await here.order(f"Cat {number}")
        cancelling = here.service.cancel(job.id, ADA)
        cancelled, _ = await shuffled(dice, cancelling, here.worker.settle())
        posts = [each for each in here.kie.requests if each.json.get("prompt") == job.prompt]
        if cancelled is Cancelled.RELEASED:
            assert posts == []
            assert (await here.job(job)).state is State.CANCELLED
            assert await entries_of(here, job) == ["hold", "release"]
        else:
            assert cancelled is Cancelled.UNSEEN
            assert len(posts) == 1
            await here.pass_seconds(300)
            assert (await here.job(job)).state is State.DONE
            assert await entries_of(here, job) == ["hold", "capture"]
        assert here.chat.videos == []
        winners.add(cancelled)
    assert winners == {Cancelled.RELEASED, Cancelled.UNSEEN}


async def test_cancel_against_callback_has_one_winner(here: Life) -> None:
    here.build(daily_credits=100_000, creates_per_10s=1000, callback_url=URL)
    knocks = Knocks(
        database=here.database, rules=here.service.rules, nudge=lambda: None, clock=here.clock
    )
    dice = random.Random(9)  # noqa: S311 - no secret
    for number in range(ROUNDS):
        job = await here.order(f"Cat {number}")
        await here.settle()
        task = here.kie.tasks[-1]
        here.kie.finish(task.id)
        sent = [each.json for each in here.kie.requests if each.json.get("prompt") == job.prompt]
        token = str(sent[0]["callBackUrl"]).removeprefix(f"{URL}/")
        cancelled, verdict, _ = await shuffled(
            dice,
            here.service.cancel(job.id, ADA),
            knocks.take(token, task.id, genuine=True),
            here.worker.settle(),
        )
        assert verdict is Verdict.HEARD
        await here.pass_seconds(400)
        assert (await here.job(job)).state is State.DONE
        assert await entries_of(here, job) == ["hold", "capture"]
        if cancelled is Cancelled.UNSEEN:
            assert here.chat.videos.count(job.id) == 0
        else:
            assert here.chat.videos.count(job.id) == 1
    await knocks.close()


async def test_a_failure_called_back_after_the_success_changes_nothing(here: Life) -> None:
    here.build(callback_url=URL)
    knocks = Knocks(
        database=here.database, rules=here.service.rules, nudge=lambda: None, clock=here.clock
    )
    job = await here.order()
    await here.pass_seconds(400)
    token = str(here.kie.requests[0].json["callBackUrl"]).removeprefix(f"{URL}/")
    here.kie.script(Call.RECORD, Answer(501, "Video generation task failed."), times=None)
    assert await knocks.take(token, here.kie.tasks[0].id, genuine=True) is Verdict.HEARD
    await here.pass_seconds(HOUR)
    assert (await here.job(job)).state is State.DONE
    assert (here.chat.videos, here.chat.ends) == ([job.id], [])
    assert await here.entries() == ["hold", "capture"]
    await knocks.close()


async def test_a_success_called_back_after_the_refund_moves_no_credits(here: Life) -> None:
    here.build(callback_url=URL)
    knocks = Knocks(
        database=here.database, rules=here.service.rules, nudge=lambda: None, clock=here.clock
    )
    here.kie.script_task(Fate(link=Link.NOT_FOUND))
    job = await here.order()
    await here.pass_seconds(4 * HOUR, step=60)
    assert await here.entries() == ["hold", "capture", "refund"]
    token = str(here.kie.requests[0].json["callBackUrl"]).removeprefix(f"{URL}/")
    assert await knocks.take(token, here.kie.tasks[0].id, genuine=True) is Verdict.HEARD
    await here.pass_seconds(HOUR)
    assert (await here.job(job)).state is State.FAILED
    assert await here.entries() == ["hold", "capture", "refund"]
    await knocks.close()
