"""Questions that are answered together."""

import asyncio
from collections.abc import Sequence

import pytest

from bot.errors import StorageError
from bot.jobs.batches import LARGEST, Batches


class Doubler:
    """Doubles numbers, a batch at a time, when ``gate`` is open; 13 is too much for it."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.work = Batches(self._answer)

    async def _answer(self, numbers: Sequence[int]) -> list[int]:
        self.batches.append(list(numbers))
        await self.gate.wait()
        if 13 in numbers:
            raise StorageError
        return [2 * number for number in numbers]


def ask(doubler: Doubler, *numbers: int) -> list[asyncio.Task[int]]:
    return [asyncio.create_task(doubler.work.ask(number)) for number in numbers]


async def test_what_is_asked_meanwhile_makes_up_the_next_batch() -> None:
    doubler = Doubler()
    asked = ask(doubler, 1)
    await asyncio.sleep(0.01)
    asked += ask(doubler, 2, 3, 4)
    await asyncio.sleep(0.01)
    doubler.gate.set()
    assert await asyncio.gather(*asked) == [2, 4, 6, 8]
    assert doubler.batches == [[1], [2, 3, 4]]


async def test_a_batch_is_not_larger_than_its_limit() -> None:
    doubler = Doubler()
    doubler.gate.set()
    await asyncio.gather(*ask(doubler, *range(100, 100 + LARGEST + 5)))
    assert [len(batch) for batch in doubler.batches] == [LARGEST, 5]


async def test_trouble_is_told_to_every_asker_of_its_batch_and_to_no_other() -> None:
    doubler = Doubler()
    doubler.gate.set()
    bad = await asyncio.gather(*ask(doubler, 12, 13), return_exceptions=True)
    assert [type(each) for each in bad] == [StorageError, StorageError]
    assert await doubler.work.ask(14) == 28


async def test_an_asker_that_goes_away_harms_nobody() -> None:
    doubler = Doubler()
    gone, stays = ask(doubler, 1, 2)
    await asyncio.sleep(0.01)
    gone.cancel()
    late = ask(doubler, 3)[0]
    await asyncio.sleep(0.01)
    late.cancel()
    doubler.gate.set()
    assert await stays == 4
    await doubler.work.close()
    assert doubler.batches == [[1, 2]]


async def test_closing_waits_for_what_was_asked() -> None:
    doubler = Doubler()
    [asked] = ask(doubler, 1)
    await asyncio.sleep(0.01)
    closing = asyncio.create_task(doubler.work.close())
    await asyncio.sleep(0.01)
    assert not closing.done()
    doubler.gate.set()
    await closing
    assert await asked == 2


async def test_closing_what_was_never_asked_ends_at_once() -> None:
    await Doubler().work.close()


@pytest.mark.parametrize("count", [1, 50])
async def test_work_ends_when_nothing_is_asked(count: int) -> None:
    doubler = Doubler()
    doubler.gate.set()
    await asyncio.gather(*ask(doubler, *range(100, 100 + count)))
    await doubler.work.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
