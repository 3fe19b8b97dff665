"""Answers what is asked at the same time together: a commit costs the same for one and for many."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

LARGEST = 200


class Batches(Generic[Question, Answer]):
    """What is asked while one batch is at work makes up the next.

    ``answer`` gets the questions and returns their answers in the same order; what it raises, every
    asker of that batch gets. A batch at work goes on when an asker is cancelled.
    """

    def __init__(self, answer: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]]) -> None:
        self._answer = answer
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._work: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        """Return the answer; raises what ``answer`` raises."""
        asked: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, asked))
        if self._work is None:
            self._work = asyncio.create_task(self._run(), name="batches")
        return await asked

    async def close(self) -> None:
        """Wait until all that was asked is answered."""
        if self._work is not None:
            await self._work

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
                await self._settle(batch)
        finally:
            self._work = None

    async def _settle(self, batch: Sequence[tuple[Question, asyncio.Future[Answer]]]) -> None:
        still_asked = [(question, asked) for question, asked in batch if not asked.done()]
        if not still_asked:
            return
        try:
            answers = await self._answer([question for question, _ in still_asked])
        except Exception as error:  # noqa: BLE001 - it is not lost: every asker gets it
            for _, asked in still_asked:
                if not asked.done():
                    asked.set_exception(error)
            return
        for (_, asked), answer in zip(still_asked, answers, strict=True):
            if not asked.done():
                asked.set_result(answer)
