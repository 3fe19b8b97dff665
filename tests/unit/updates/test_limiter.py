"""The pace of calls out, in a loop whose time leaps: a minute of waiting takes none."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TimedOut

from bot.updates.limiter import LOST_RETRY, Limiter, Priority, seconds_of

# The framework warns at every 429 that the type of retry_after will change.
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*attribute `retry_after`:telegram.warnings.PTBDeprecationWarning"
)


class LeapingSelector(selectors.SelectSelector):
    """Does not wait for a timer but moves the time on to it, and a little at every turn."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise AssertionError("everybody waits for something that will never come")
        self.now += max(timeout, 1e-7)
        return super().select(0)


class LeapingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leaping = LeapingSelector()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now


class Chat:
    """Telegram's end: notes what arrives, when and in which order; refuses by script."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.limiter = Limiter(self.loop.time, asyncio.sleep)
        self.arrived: list[tuple[float, str]] = []
        self.refusals: dict[str, list[Exception]] = {}
        self.slow: dict[str, float] = {}

    async def call(
        self,
        name: str,
        chat_id: int | str | None = 1,
        endpoint: str = "sendMessage",
        priority: Priority | None = None,
        **data: object,
    ) -> object:
        async def arrive() -> bool | dict[str, Any] | list[dict[str, Any]]:
            self.arrived.append((round(self.loop.time(), 3), name))
            await asyncio.sleep(self.slow.get(name, 0))
            if waiting := self.refusals.get(name):
                raise waiting.pop(0)
            return {"name": name}

        where = {} if chat_id is None else {"chat_id": chat_id}
        return await self.limiter.process_request(
            arrive, (), {}, endpoint, {**where, **data}, priority
        )

    async def edit(self, name: str, message_id: int = 5, chat_id: int = 1) -> object:
        return await self.call(
            name, chat_id, "editMessageText", Priority.PROGRESS, message_id=message_id
        )

    async def fill(self, chat_id: int = 1) -> None:
        """Use up what a private chat may get at once."""
        await asyncio.gather(*(self.call("filler", chat_id) for _ in range(3)))
        self.arrived.clear()

    @property
    def names(self) -> list[str]:
        return [name for _, name in self.arrived]

    @property
    def times(self) -> list[float]:
        return [at for at, _ in self.arrived]


def leap(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(scenario())


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def start(call: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
    return asyncio.create_task(call)


def most_within(times: list[float], seconds: float) -> int:
    return max(sum(start <= at < start + seconds for at in times) for start in times)


def test_a_person_gets_three_at_once_then_one_a_second() -> None:
    async def scenario() -> None:
        chat = Chat()
        await asyncio.gather(*(chat.call(str(each)) for each in range(6)))
        assert chat.times == pytest.approx([0, 0, 0, 1, 2, 3], abs=0.3)
        assert chat.names == ["0", "1", "2", "3", "4", "5"]

    leap(scenario)


@pytest.mark.parametrize("group", [-100, "@channel", "-100"])
def test_a_group_gets_twenty_in_any_minute(group: int | str) -> None:
    async def scenario() -> None:
        chat = Chat()
        await asyncio.gather(*(chat.call(str(each), group) for each in range(60)))
        assert 19 <= most_within(chat.times, 60) <= 20
        assert len(chat.times) == 60

    leap(scenario)


def test_all_chats_together_get_at_most_thirty_in_any_second() -> None:
    async def scenario() -> None:
        chat = Chat()
        await asyncio.gather(*(chat.call(str(each), each) for each in range(1, 201)))
        assert most_within(chat.times, 1) <= 30
        assert chat.times[-1] == pytest.approx(200 / 25, abs=0.5)

    leap(scenario)


def test_a_chat_that_has_to_wait_does_not_hold_up_another() -> None:
    async def scenario() -> None:
        chat = Chat()
        await chat.fill()
        waiting = [start(chat.call("flood")) for _ in range(20)]
        await turns()
        await chat.call("quiet", 2)
        assert chat.names == ["quiet"]
        await asyncio.gather(*waiting)

    leap(scenario)


def test_the_most_urgent_call_to_a_chat_goes_first() -> None:
    async def scenario() -> None:
        chat = Chat()
        await chat.fill()
        order = (None, Priority.PROGRESS, Priority.ANSWER, Priority.RESULT, Priority.PAYMENT)
        calls = [
            start(chat.call(f"{at} {priority.name if priority else None}", priority=priority))
            for at, priority in enumerate(order)
        ]
        await asyncio.gather(*calls)
        assert chat.names == ["4 PAYMENT", "3 RESULT", "0 None", "2 ANSWER", "1 PROGRESS"]

    leap(scenario)


def test_the_most_urgent_call_overall_goes_first() -> None:
    async def scenario() -> None:
        chat = Chat()
        await asyncio.gather(*(chat.call("filler", 100 + each) for each in range(5)))
        chat.arrived.clear()
        calls = [
            start(chat.call(priority.name, priority.value, priority=priority))
            for priority in reversed(Priority)
        ]
        await asyncio.gather(*calls)
        assert chat.names == ["PAYMENT", "RESULT", "ANSWER", "PROGRESS"]

    leap(scenario)


def test_no_priority_is_falsy_because_the_framework_drops_such_arguments() -> None:
    assert all(Priority)


@pytest.mark.parametrize(
    ("endpoint", "chat_id"),
    [("answerCallbackQuery", None), ("getMe", None), ("deleteMessage", 1), ("sendChatAction", 1)],
)
def test_what_is_no_message_is_not_paced(endpoint: str, chat_id: int | None) -> None:
    async def scenario() -> None:
        chat = Chat()
        await chat.fill()
        await asyncio.gather(*(chat.call("x", chat_id, endpoint) for _ in range(100)))
        assert chat.times == [round(chat.loop.time(), 3)] * 100

    leap(scenario)


# --- progress


def test_of_the_progress_of_a_message_only_the_newest_is_sent() -> None:
    async def scenario() -> None:
        chat = Chat()
        await chat.fill()
        edits = [start(chat.edit(f"{percent} %")) for percent in (10, 20, 30)]
        assert await asyncio.gather(*edits) == [True, True, {"name": "30 %"}]
        assert chat.names == ["30 %"]

    leap(scenario)


def test_superseded_progress_returns_before_the_newest_is_sent() -> None:
    async def scenario() -> None:
        chat = Chat()
        await chat.fill()
        old = start(chat.edit("10 %"))
        await turns()
        new = start(chat.edit("20 %"))
        assert await old is True
        assert chat.names == []
        await new

    leap(scenario)


def test_superseded_progress_uses_up_nothing_of_the_pace() -> None:
    async def scenario() -> None:
        chat = Chat()
        await chat.fill()
        begin = chat.loop.time()
        await asyncio.gather(*(chat.edit(str(each)) for each in range(50)))
        await chat.call("after")
        assert chat.loop.time() - begin == pytest.approx(2, abs=0.3)

    leap(scenario)


def test_progress_of_other_messages_is_left_alone() -> None:
    async def scenario() -> None:
        chat = Chat()
        await chat.fill()
        await asyncio.gather(chat.edit("a", message_id=5), chat.edit("b", message_id=6))
        assert chat.names == ["a", "b"]

    leap(scenario)


@pytest.mark.parametrize("endpoint", ["editMessageText", "editMessageMedia", "deleteMessage"])
def test_progress_never_comes_after_the_end_of_its_message(endpoint: str) -> None:
    async def scenario() -> None:
        chat = Chat()
        await chat.fill()
        progress = start(chat.edit("90 %"))
        await turns()
        await chat.call("the end", 1, endpoint, Priority.RESULT, message_id=5)
        assert await progress is True
        assert chat.names == ["the end"]

    leap(scenario)


def test_an_edit_waits_for_the_one_before_it_that_is_still_under_way() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.slow["90 %"] = 30
        progress = start(chat.edit("90 %"))
        await turns()
        ending = start(chat.call("the end", 1, "editMessageText", message_id=5))
        await chat.call("elsewhere")
        assert chat.names == ["90 %", "elsewhere"]
        await ending
        assert await progress == {"name": "90 %"}
        assert chat.times[-1] == pytest.approx(30, abs=0.1)

    leap(scenario)


def test_a_failed_edit_is_told_to_its_own_caller_only() -> None:
    async def scenario() -> None:
        chat = Chat()
        await chat.fill()
        chat.refusals["new"] = [BadRequest("message is not modified")]
        old, new = start(chat.edit("old")), start(chat.edit("new"))
        assert await old is True
        with pytest.raises(BadRequest):
            await new
        assert await chat.edit("later") == {"name": "later"}

    leap(scenario)


def test_a_caller_that_gives_up_holds_nobody_up() -> None:
    async def scenario() -> None:
        chat = Chat()
        await chat.fill()
        first, second = start(chat.call("first")), start(chat.edit("second"))
        await turns()
        first.cancel()
        await second
        assert chat.names == ["second"]
        assert chat.times == pytest.approx([1], abs=0.3)

    leap(scenario)


# --- 429


def test_after_a_429_nothing_goes_to_that_chat_until_the_pause_is_over() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["a"] = [RetryAfter(7)]
        first = start(chat.call("a"))
        await turns()
        await asyncio.gather(first, *(chat.call(name) for name in "bcde"))
        assert chat.arrived[0] == (0, "a")
        assert all(at >= 7 for at in chat.times[1:])
        assert sorted(chat.names) == ["a", "a", "b", "c", "d", "e"]

    leap(scenario)


def test_a_call_that_waited_for_its_pace_already_heeds_a_pause_that_begins_meanwhile() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["slow"] = [RetryAfter(20)]
        chat.slow["slow"] = 0.5
        calls = [start(chat.call(name)) for name in ("slow", "x", "y", "late", "later")]
        await asyncio.gather(*calls)
        assert chat.names[:3] == ["slow", "x", "y"]
        assert len(chat.names) == 6
        assert min(chat.times[3:]) >= 20.5

    leap(scenario)


def test_after_a_pause_what_waited_is_paced_again() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["a"] = [RetryAfter(30)]
        await asyncio.gather(*(chat.call(name) for name in "abcdefgh"))
        late = [at for at in chat.times if at >= 30]
        assert most_within(late, 1) <= 4

    leap(scenario)


def test_other_chats_go_on_during_a_pause() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["a"] = [RetryAfter(30)]
        first = start(chat.call("a"))
        await turns()
        await chat.call("b", 2)
        assert chat.times == [0, 0]
        await first

    leap(scenario)


def test_progress_is_dropped_during_a_pause() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["a"] = [RetryAfter(30)]
        first = start(chat.call("a"))
        await turns()
        assert await chat.edit("50 %") is True
        assert await chat.call("typing", 1, "sendChatAction") is True
        assert chat.loop.time() == pytest.approx(0, abs=0.001)
        await first
        assert chat.names == ["a", "a"]

    leap(scenario)


def test_progress_that_meets_a_429_is_dropped_and_pauses_the_chat() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["50 %"] = [RetryAfter(30)]
        assert await chat.edit("50 %") is True
        await chat.call("answer")
        assert chat.names == ["50 %", "answer"]
        assert chat.times[1] >= 30

    leap(scenario)


def test_a_new_message_called_progress_is_late_but_never_left_out() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["a"] = [RetryAfter(5)]
        first = start(chat.call("a"))
        await turns()
        assert await chat.call("card", priority=Priority.PROGRESS) == {"name": "card"}
        await first

    leap(scenario)


def test_a_call_is_tried_three_times_and_no_more() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["a"] = [RetryAfter(5) for _ in range(9)]
        with pytest.raises(RetryAfter):
            await chat.call("a", priority=Priority.RESULT)
        assert len(chat.names) == 3

    leap(scenario)


@pytest.mark.parametrize("lost", [NetworkError("Bad Gateway"), TimedOut()])
def test_an_answer_that_gets_lost_is_sent_again_for_a_quarter_of_a_minute(
    lost: NetworkError,
) -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["passing"] = [lost] * 4
        assert await chat.call("passing") == {"name": "passing"}
        assert chat.times == pytest.approx([0, 1, 3, 7, 15], abs=0.3)
        chat.refusals["lasting"] = [lost] * 9
        with pytest.raises(type(lost)):
            await chat.call("lasting")
        assert chat.names.count("lasting") == LOST_RETRY.tries

    leap(scenario)


def test_an_answer_sent_again_heeds_a_pause_that_began_meanwhile() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals = {"lost": [NetworkError("Bad Gateway")], "flooded": [RetryAfter(30)]}
        await asyncio.gather(chat.call("lost"), chat.call("flooded"))
        assert sorted(chat.times)[2:] == pytest.approx([30.5, 30.5], abs=0.3)

    leap(scenario)


def test_the_answer_to_a_press_is_sent_again_too() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["press"] = [NetworkError("Bad Gateway")]
        await chat.call("press", None, "answerCallbackQuery")
        assert chat.names == ["press"] * 2

    leap(scenario)


@pytest.mark.parametrize("priority", [Priority.PAYMENT, Priority.RESULT, Priority.PROGRESS])
def test_whether_to_send_anything_else_again_is_for_its_caller(priority: Priority) -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals = {name: [NetworkError("Bad Gateway")] for name in ("one", "me")}
        with pytest.raises(NetworkError):
            await chat.call("one", 1, "sendMessage", priority)
        with pytest.raises(NetworkError):
            await chat.call("me", None, "getMe")
        assert chat.names == ["one", "me"]

    leap(scenario)


@pytest.mark.parametrize("refusal", [BadRequest("gone"), Forbidden("blocked")])
def test_an_answer_that_is_refused_is_not_sent_again(refusal: Exception) -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["answer"] = [refusal]
        with pytest.raises(type(refusal)):
            await chat.call("answer")
        assert chat.names == ["answer"]

    leap(scenario)


def test_a_long_pause_is_told_to_the_caller_and_the_next_call_is_not_sent() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["a"] = [RetryAfter(300)]
        with pytest.raises(RetryAfter) as first:
            await chat.call("a")
        await asyncio.sleep(100)
        with pytest.raises(RetryAfter) as second:
            await chat.call("b")
        assert (seconds_of(first.value), seconds_of(second.value)) == (301, 201)
        assert chat.names == ["a"]
        await asyncio.sleep(201)
        await chat.call("b")
        assert chat.names == ["a", "b"]

    leap(scenario)


def test_an_absurd_pause_ends_after_an_hour() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["a"] = [RetryAfter(10**9)]
        with pytest.raises(RetryAfter):
            await chat.call("a")
        await asyncio.sleep(3601)
        await chat.call("b")
        assert chat.names == ["a", "b"]

    leap(scenario)


def test_a_429_without_a_chat_pauses_its_own_kind_of_call_only() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["tap"] = [RetryAfter(5)]
        tap = start(chat.call("tap", None, "answerCallbackQuery"))
        await turns()
        await chat.call("message")
        assert chat.times == [0, 0]
        assert await tap == {"name": "tap"}
        assert chat.arrived[-1][0] >= 5

    leap(scenario)


def test_when_several_chats_are_refused_at_a_time_all_of_them_pause() -> None:
    async def scenario() -> None:
        chat = Chat()
        for name in "abc":
            chat.refusals[name] = [RetryAfter(20)]
        refused = [start(chat.call(name, at)) for at, name in enumerate("abc", start=1)]
        await turns()
        await chat.call("other", 99)
        assert chat.times[-1] >= 20
        await asyncio.gather(*refused)

    leap(scenario)


def test_one_chat_refused_again_and_again_does_not_pause_the_others() -> None:
    async def scenario() -> None:
        chat = Chat()
        chat.refusals["a"] = [RetryAfter(1), RetryAfter(1), RetryAfter(40)]
        with pytest.raises(RetryAfter):
            await chat.call("a")
        now = round(chat.loop.time(), 3)
        await chat.call("other", 99)
        assert chat.arrived[-1] == (now, "other")

    leap(scenario)


# --- keeping clean


def test_idle_chats_are_forgotten() -> None:
    async def scenario() -> None:
        chat = Chat()
        for chat_id in range(1, 2001):
            await chat.call("x", chat_id)
        assert len(chat.limiter._gates) <= 600
        await chat.edit("x")
        assert not chat.limiter._progress
        assert not chat.limiter._sending

    leap(scenario)


def test_forgetting_idle_chats_loosens_the_pace_of_none_that_waits() -> None:
    async def scenario() -> None:
        chat = Chat()
        waiting = [start(chat.call("flood", 9_999)) for _ in range(60)]
        for chat_id in range(1, 1201):
            await chat.call("x", chat_id)
        waiting += [start(chat.call("flood", 9_999)) for _ in range(5)]
        await asyncio.gather(*waiting)
        flood = [at for at, name in chat.arrived if name == "flood"]
        assert most_within(flood[4:], 1) <= 2

    leap(scenario)


def test_shutdown_turns_away_what_waits_and_leaves_no_task() -> None:
    async def scenario() -> None:
        chat = Chat()
        await chat.limiter.initialize()
        await chat.fill()
        waiting = start(chat.call("late"))
        await turns()
        await chat.limiter.shutdown()
        with pytest.raises(RetryAfter):
            await waiting
        assert chat.names == []
        assert asyncio.all_tasks() == {asyncio.current_task()}

    leap(scenario)
