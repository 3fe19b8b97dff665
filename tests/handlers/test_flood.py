"""The bucket that keeps one person from keeping the bot busy."""

from pathlib import Path

from handlers.flood import BURST, TELL_AGAIN_SECONDS, Flood, Verdict
from tests.conftest import Clock
from tests.e2e.whole import whole

EVE, BO = 4004, 2002
FLOOD = 100  # messages in a second


def test_what_is_too_much_is_told_once_and_left_out(clock: Clock) -> None:
    flood = Flood(clock)
    verdicts = [flood.judge(EVE) for _ in range(FLOOD)]
    assert verdicts[:BURST] == [Verdict.HANDLE] * BURST
    assert verdicts[BURST:] == [Verdict.TELL] + [Verdict.LEAVE_OUT] * (FLOOD - BURST - 1)
    assert flood.judge(BO) is Verdict.HANDLE


def test_a_second_gives_one_back_and_whoever_goes_on_is_told_again(clock: Clock) -> None:
    flood = Flood(clock)
    for _ in range(FLOOD):
        flood.judge(EVE)
    clock.advance(1)
    assert [flood.judge(EVE) for _ in range(2)] == [Verdict.HANDLE, Verdict.LEAVE_OUT]
    clock.advance(TELL_AGAIN_SECONDS)
    verdicts = [flood.judge(EVE) for _ in range(FLOOD)]
    assert verdicts.count(Verdict.HANDLE) == BURST
    assert verdicts.count(Verdict.TELL) == 1


def test_a_clock_set_back_keeps_nobody_out(clock: Clock) -> None:
    flood = Flood(clock)
    for _ in range(FLOOD):
        flood.judge(EVE)
    clock.advance(-3600)
    flood.judge(EVE)
    clock.advance(1)
    assert flood.judge(EVE) is Verdict.HANDLE


def test_thousands_of_people_leave_nothing_behind(clock: Clock) -> None:
    flood = Flood(clock)
    for number in range(5000):
        flood.judge(number)
        clock.advance(1)
    assert len(flood._buckets) < 1100


async def test_one_who_floods_is_told_and_another_is_answered(tmp_path: Path, clock: Clock) -> None:
    async with whole(tmp_path, clock, ACCESS="open") as here:
        eve, bo = here.telegram.user(EVE, "Eve"), here.telegram.user(BO, "Bo")
        for _ in range(FLOOD):
            await eve.send("/generate A cat --go")
        await bo.send("/generate A dog --go")
        await here.hear()
        told = [message.text for message in here.messages(eve)]
        assert sum("too much at once" in text for text in told) == 1
        assert len(told) == BURST + 1
        assert len(here.messages(bo)) == 1
        clock.advance(TELL_AGAIN_SECONDS)
        await here.say(eve, "/help")
        assert "/quota" in here.messages(eve)[-1].text
        assert await here.problems() == []
