"""Alerts: told once, and kept until there is somebody to tell them to."""

from bot.errors import ChatGone
from bot.jobs import transactions
from bot.jobs.upkeep import (
    ALERT_AGAIN_SECONDS,
    CREDIT_LOOK_SECONDS,
    CREDITS_ALERT,
    DISK_ALERT,
    DISK_SHORT_BYTES,
    FOREIGN_ALERT_SECONDS,
    Upkeep,
)
from tests.unit.jobs.life import RULES, Life


def told(here: Life) -> list[str]:
    return [name for name, _ in here.chat.alerts]


async def test_an_alert_that_reached_nobody_is_told_later_and_once(here: Life) -> None:
    here.kie.credit = 10
    here.chat.refuses = [ChatGone()]
    await here.upkeep.round()
    await here.upkeep.round()
    assert told(here) == []
    here.clock.advance(ALERT_AGAIN_SECONDS)
    await here.upkeep.round()
    await here.upkeep.round()
    assert told(here) == [CREDITS_ALERT]


async def test_without_an_admin_an_alert_waits_for_the_first(here: Life) -> None:
    here.kie.credit = 10
    await here.close()
    here.build(admin_ids=frozenset())
    await here.upkeep.round()
    assert told(here) == []
    await here.close()
    here.build()
    await here.upkeep.round()
    assert told(here) == [CREDITS_ALERT]


async def test_foreign_callbacks_are_told_once_a_day_at_most(here: Life) -> None:
    job = await here.order()
    for wait in (0.0, 60.0, FOREIGN_ALERT_SECONDS):
        here.clock.advance(wait)
        await here.upkeep.round()
        await here.database.write(transactions.alert_foreign, job, here.clock.now)
        await here.upkeep.round()
    assert here.chat.alerts == [(transactions.FOREIGN_ALERT, job.ref)] * 2


async def test_a_foreign_callback_that_nobody_was_told_of_is_not_forgotten(here: Life) -> None:
    job = await here.order()
    await here.close()
    here.build(admin_ids=frozenset())
    await here.database.write(transactions.alert_foreign, job, here.clock.now)
    here.clock.advance(2 * FOREIGN_ALERT_SECONDS)
    await here.upkeep.round()
    await here.close()
    here.build()
    await here.upkeep.round()
    assert here.chat.alerts == [(transactions.FOREIGN_ALERT, job.ref)]


async def test_credit_that_wavers_around_its_limit_is_told_once(here: Life) -> None:
    for credit in (499, 520, 499, 520, 490):
        here.kie.credit = credit
        await here.upkeep.round()
        here.clock.advance(CREDIT_LOOK_SECONDS)
    assert told(here) == [CREDITS_ALERT]
    for credit in (5000, 499):
        here.kie.credit = credit
        await here.upkeep.round()
        here.clock.advance(CREDIT_LOOK_SECONDS)
    assert told(here) == [CREDITS_ALERT] * 2


async def test_a_disk_that_wavers_around_its_limit_is_told_once(here: Life) -> None:
    free = iter([-1, 1 << 20, -1, 1 << 20, -1])
    upkeep = Upkeep(
        database=here.database,
        kie=here.client,
        messenger=here.chat,
        rules=RULES,
        data_dir=here.folder,
        nudge=lambda: None,
        clock=here.clock,
        free_bytes=lambda _: DISK_SHORT_BYTES + next(free),
    )
    for _ in range(5):
        await upkeep.round()
    assert told(here) == [DISK_ALERT]
