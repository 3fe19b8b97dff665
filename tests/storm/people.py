"""People in a storm: they order, press and answer, and give up when nothing comes back."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum, auto
from io import BytesIO
from typing import TypeVar

from PIL import Image

from bot.demo.chats import Message
from bot.demo.people import Person

Found = TypeVar("Found")

# People do not wait longer than this for an answer of a bot that may be dead.
PATIENCE_SECONDS = 20.0
# How often somebody makes something of a video rather than order another.
GOES_ON = 0.5
QUESTION = "What happens next?"


class Deed(StrEnum):
    """What somebody asks for."""

    AT_ONCE = auto()  # /generate … --go
    BY_CARD = auto()
    BY_PHOTO = auto()
    P1080 = auto()
    K4 = auto()
    EXTEND = auto()


_ORDERS = (Deed.AT_ONCE, Deed.AT_ONCE, Deed.BY_CARD, Deed.BY_PHOTO)
_FURTHER = {Deed.P1080: "1080p · ", Deed.K4: "4K · ", Deed.EXTEND: "Extend · "}


@dataclass
class Guest:
    """One person and the dice that decide what they do."""

    person: Person
    dice: random.Random
    prompts: dict[str, Deed] = field(default_factory=dict)  # of every order and its kind
    hope_seconds: float = 8.0  # that the first video is waited for before another is ordered
    given_up: int = 0
    deeds: int = 0

    async def live(self, deeds: int) -> None:
        """Do so many things, one after the other."""
        for number in range(deeds):
            await asyncio.sleep(self.dice.uniform(0.0, 0.6))
            try:
                await self._do(f"Storm {self.person.id}-{number}")
            except TimeoutError:
                self.given_up += 1
            self.deeds += 1

    async def _do(self, prompt: str) -> None:
        if self.prompts and self.dice.random() < GOES_ON:
            found = await self._offer()
            if found is not None:
                await self._go_on(*found, prompt)
                return
        await self._order(self.dice.choice(_ORDERS), prompt)

    async def _offer(self) -> tuple[Deed, Message] | None:
        """Wait a while for a video of which more can be made, and choose what."""

        def look() -> list[tuple[Deed, Message]] | None:
            offers = [
                (deed, video)
                for video in self._videos()
                for deed, label in _FURTHER.items()
                if _button(video, label)
            ]
            return offers or None

        try:
            return self.dice.choice(await self._until(look, self.hope_seconds))
        except TimeoutError:
            return None

    async def _order(self, deed: Deed, prompt: str) -> None:
        self.prompts[prompt] = deed
        match deed:
            case Deed.BY_PHOTO:
                await self.person.send_photo(_photo(self.dice), f"/generate {prompt} --go")
            case Deed.BY_CARD:
                await self.person.send(f"/generate {prompt}")
                card = await self._until(lambda: self._said(prompt, "Generate"))
                for _ in range(self.dice.randint(1, 3)):
                    await self._press(card, "Generate")
            case _:
                await self.person.send(f"/generate {prompt} --go")

    async def _go_on(self, deed: Deed, video: Message, prompt: str) -> None:
        before = {each.id for each in self._messages()}
        for _ in range(self.dice.randint(1, 2)):
            await self._press(video, _FURTHER[deed])
        if deed is not Deed.EXTEND:
            return
        self.prompts[prompt] = deed
        question = await self._until(lambda: self._said(QUESTION, "", but=before))
        await self.person.reply(question, prompt)
        card = await self._until(lambda: self._said(prompt, "Generate"))
        await self._press(card, "Generate")

    async def _press(self, message: Message, label: str) -> None:
        if (found := _button(message, label)) is not None:
            await self.person.press(message, found)

    def _messages(self) -> list[Message]:
        return self.person.private.from_bot

    def _videos(self) -> list[Message]:
        return [each for each in self._messages() if each.video]

    def _said(
        self, text: str, label: str, but: frozenset[int] | set[int] = frozenset()
    ) -> Message | None:
        found = [
            each
            for each in self._messages()
            if text in each.text and each.id not in but and (not label or _button(each, label))
        ]
        return found[-1] if found else None

    async def _until(
        self, look: Callable[[], Found | None], seconds: float = PATIENCE_SECONDS
    ) -> Found:
        async with asyncio.timeout(seconds):
            while (found := look()) is None:
                await asyncio.sleep(0.05)
        return found


def _button(message: Message, label: str) -> str | None:
    """Return the data of the button that begins so."""
    for row in message.rows:
        for button in row:
            if button["text"].removeprefix("✨ ").startswith(label) and "callback_data" in button:
                return str(button["callback_data"])
    return None


def _photo(dice: random.Random) -> bytes:
    colour = (dice.randrange(256), dice.randrange(256), dice.randrange(256))
    file = BytesIO()
    Image.new("RGB", (640, 360), colour).save(file, "JPEG")
    return file.getvalue()
