"""Flood control, and everything that can be made to go wrong."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from telegram import (
    Bot,
)
from telegram.error import Forbidden, NetworkError, RetryAfter

from bot.demo import faults
from bot.demo.people import Person
from bot.demo.telegram import TelegramStandin
from tests.conftest import Clock


async def test_flood_control_names_the_seconds_and_lets_go_after_them(
    telegram: TelegramStandin, clock: Clock, bot: Bot, ada: Person
) -> None:
    telegram.flood.enabled = True
    for number in range(5):
        await bot.send_message(ada.id, str(number))
    with pytest.raises(RetryAfter) as error:
        await bot.send_message(ada.id, "too much")
    await bot.send_chat_action(ada.id, "typing")
    clock.advance(1)
    await bot.send_message(ada.id, "in time")

    assert telegram.flood.refusals == 1
    assert error.value.retry_after == timedelta(seconds=1)
    assert ada.private.last.text == "in time"


async def test_a_group_takes_20_messages_a_minute(
    telegram: TelegramStandin, clock: Clock, http: httpx.AsyncClient
) -> None:
    telegram.flood.enabled = True
    group = telegram.group("Friends")
    for number in range(20):
        await http.post("sendMessage", json={"chat_id": group.id, "text": str(number)})
    answer = await http.post("sendMessage", json={"chat_id": group.id, "text": "x"})

    assert answer.json() == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 3",
        "parameters": {"retry_after": 3},
    }
    assert answer.headers["Retry-After"] == "3"


async def test_everybody_together_gets_30_messages_a_second(
    telegram: TelegramStandin, http: httpx.AsyncClient
) -> None:
    telegram.flood.enabled = True
    people = [telegram.user(2000 + number, "x", met=True) for number in range(31)]
    answers = [
        await http.post("sendMessage", json={"chat_id": person.id, "text": "x"})
        for person in people
    ]

    assert [answer.status_code for answer in answers] == [200] * 30 + [429]


async def test_scripted_refusals_hit_the_next_calls_of_their_method_only(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    telegram.fail_next("sendMessage", faults.flooded(7), times=2)
    telegram.fail_next("sendMessage", faults.blocked())
    other = faults.refused("no")
    telegram.fail_next("getMe", other)
    assert len(telegram.faults_to_come) == 4

    for _ in range(2):
        with pytest.raises(RetryAfter):
            await bot.send_message(ada.id, "x")
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(ada.id, "x")
    await bot.send_message(ada.id, "through")
    assert [message.text for message in ada.private.messages] == ["through"]
    assert telegram.faults_to_come == [other]


async def test_a_bad_gateway_is_a_page_and_nothing_was_sent(
    telegram: TelegramStandin, http: httpx.AsyncClient, ada: Person
) -> None:
    telegram.fail_next(faults.ANY, faults.BadGateway())
    answer = await http.post("sendMessage", json={"chat_id": ada.id, "text": "x"})

    assert (answer.status_code, answer.headers["content-type"][:9]) == (502, "text/html")
    assert [call.lost for call in telegram.calls] == ["502 Bad Gateway"]
    assert ada.private.messages == []


@pytest.mark.parametrize("accept", [True, False])
async def test_a_lost_answer_may_have_been_accepted(
    telegram: TelegramStandin, bot: Bot, ada: Person, *, accept: bool
) -> None:
    telegram.fail_next("sendMessage", faults.LoseAnswer(accept=accept))
    with pytest.raises(NetworkError):
        await bot.send_message(ada.id, "x")

    assert len(ada.private.messages) == accept
    words = "the answer was lost" if accept else "the connection broke"
    assert [call.lost for call in telegram.calls_of("sendMessage")] == [words]


async def test_a_call_that_hangs_ends_when_it_is_released(
    telegram: TelegramStandin, bot: Bot, ada: Person
) -> None:
    telegram.fail_next("sendMessage", faults.Hang())
    hanging = asyncio.create_task(bot.send_message(ada.id, "x", read_timeout=30))
    await telegram.wait_for(lambda: telegram.calls_of("sendMessage"))
    telegram.release()

    with pytest.raises(NetworkError):
        await hanging
    assert ada.private.messages == []


async def test_waiting_in_vain_tells_the_last_calls(telegram: TelegramStandin, bot: Bot) -> None:
    await bot.get_me()

    with pytest.raises(TimeoutError, match=r"last calls:\s+getMe"):
        await telegram.wait_for(lambda: False, timeout_seconds=0.01)
