"""The demo as somebody watches it: one show at a time, begun anew and sped up at will."""

import asyncio
from collections.abc import Awaitable

from bot.demo.messenger import Signal
from bot.demo.show import BotDied, Show, Stage


class Theatre:
    """``changed`` is set whenever there is something new to see.

    ``over`` is set when it cannot go on; ``trouble`` then says why.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._one_at_a_time = asyncio.Lock()
        self._count = 0
        self._show: Show | None = None
        self._watch: asyncio.Task[None] | None = None  # there while it plays
        self.speed = stage.speed
        self.changed = Signal()
        self.closed = False
        self.over = asyncio.Event()
        self.trouble = ""

    @property
    def show(self) -> Show | None:
        """What plays; ``None`` before, after and between."""
        return self._show if self._watch is not None else None

    async def open(self) -> None:
        """Begin a show, after the end of any former one; what goes wrong is in ``trouble``."""
        async with self._one_at_a_time:
            await self._end()
            self._count += 1
            self._show = Show(self._stage, self.speed, self.changed, self._count)
            await self._play(self._show, self._show.open())

    async def set_speed(self, speed: float) -> None:
        """Play on at another speed; what goes wrong is in ``trouble``."""
        async with self._one_at_a_time:
            self._interrupt()
            self.speed = speed
            if self._show is not None:
                await self._play(self._show, self._show.set_speed(speed))

    async def close(self) -> None:
        """End the show; whoever watches is sent home."""
        self.closed = True
        async with self._one_at_a_time:
            await self._end()

    async def _play(self, show: Show, begun: Awaitable[None]) -> None:
        try:
            await begun
        except BotDied:
            self._give_up(f"the bot has died, with exit code {show.bot.code}.")
        except TimeoutError:
            self._give_up("the bot did not begin to listen.")
        else:
            self._watch = asyncio.create_task(self._until_death(show), name="demo-watch")
            self.changed.set()

    async def _until_death(self, show: Show) -> None:
        await show.bot.died.wait()
        self._give_up(f"the bot has died, with exit code {show.bot.code}.")

    def _give_up(self, why: str) -> None:
        self.trouble = f"The demo ends: {why}"
        self.over.set()

    def _interrupt(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self.changed.set()

    async def _end(self) -> None:
        self._interrupt()
        show, self._show = self._show, None
        if show is not None:
            await show.close()
