"""Rounds that outlive a full disk, and calls at start that a stop interrupts."""

import asyncio

import pytest
from telegram.error import InvalidToken, TimedOut

from bot.errors import DatabaseDamaged, StorageError
from bot.running import every, insist
from bot.updates.polling import TokenRefused


async def test_a_round_that_meets_a_full_disk_is_followed_by_the_next() -> None:
    rounds = iter([StorageError("The disk is full."), None, DatabaseDamaged()])
    done = []

    async def work() -> None:
        error = next(rounds)
        done.append(error)
        if error is not None:
            raise error

    with pytest.raises(DatabaseDamaged):
        await every(0.0, work)
    assert len(done) == 3


async def test_a_defect_in_a_round_ends_it() -> None:
    async def work() -> None:
        raise KeyError("defect")

    with pytest.raises(KeyError):
        await every(0.0, work)


async def test_a_call_that_hangs_is_given_up_when_the_process_is_stopped() -> None:
    stop, called, ended = asyncio.Event(), asyncio.Event(), []

    async def hang() -> None:
        called.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    insisting = asyncio.create_task(insist(stop, hang))
    await called.wait()
    stop.set()
    assert await insisting is False
    assert ended == ["cancelled"]


async def test_a_call_that_fails_is_repeated_until_it_succeeds() -> None:
    answers = iter([TimedOut(), None])

    async def call() -> None:
        error = next(answers)
        if error is not None:
            raise error

    assert await insist(asyncio.Event(), call)


async def test_a_refused_token_is_not_tried_again() -> None:
    async def call() -> None:
        raise InvalidToken

    with pytest.raises(TokenRefused):
        await insist(asyncio.Event(), call)


async def test_a_process_that_is_stopped_already_calls_nothing() -> None:
    stop = asyncio.Event()
    stop.set()

    async def call() -> None:
        raise AssertionError("called")

    assert await insist(stop, call) is False
