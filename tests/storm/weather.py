"""What goes wrong in a storm besides kills: faults of Telegram and KIE, and tasks with moods."""

import asyncio
import random
from dataclasses import replace

from bot.demo.faults import BadGateway, LoseAnswer, flooded
from bot.demo.faults import Fault as TelegramFault
from bot.demo.kie_faults import (
    FLAGGED,
    GENERATION_FAILED,
    INTERNAL_ERROR,
    Answer,
    Fate,
    Fault,
    Form,
    Link,
    Page,
    Point,
    Reset,
)
from tests.e2e.world import World

# A video that Telegram has sent while its answer was lost is seen twice: nothing tells the bot
# which message it became. Here only the kills cause that; by a script it is shown elsewhere.
TELEGRAM: tuple[tuple[str, TelegramFault], ...] = (
    ("sendVideo", LoseAnswer(accept=False)),
    ("sendVideo", BadGateway()),
    ("sendVideo", flooded(1)),
    ("sendMessage", flooded(1)),
    ("sendMessage", BadGateway()),
    ("sendMessage", LoseAnswer()),
    ("editMessageMedia", LoseAnswer()),
    ("editMessageMedia", BadGateway()),
    ("editMessageMedia", flooded(1)),
    ("editMessageText", LoseAnswer()),
    ("editMessageText", flooded(1)),
    ("deleteMessage", BadGateway()),
    ("answerCallbackQuery", LoseAnswer()),
    ("getUpdates", BadGateway()),
    ("getUpdates", LoseAnswer()),
)
BUSY = Answer(500, "Server exception, please try again later.")
KIE: tuple[tuple[Point, Fault], ...] = (
    (Point.RECORD, Page()),
    (Point.RECORD, BUSY),
    (Point.RECORD, Reset()),
    (Point.RECORD, Answer(429, "Your call frequency is too high.")),
    (Point.ORDER, Page()),
    (Point.ORDER, BUSY),
    (Point.ORDER, Reset(accepted=True)),
    (Point.UPLOAD, Reset()),
    (Point.UPLOAD, Page()),
    (Point.P1080, Page()),
    (Point.P1080, Reset(accepted=True)),
    (Point.K4, Reset(accepted=True)),
    (Point.CREDIT, Page()),
)
# Each holds the whole queue for ten seconds or more: a storm has few of them.
TOO_MANY = (Point.ORDER, Answer(429, "Your call frequency is too high."))
MOODS: tuple[tuple[Fate, int], ...] = (
    (Fate(), 60),
    (Fate(refusal=FLAGGED), 4),
    (Fate(refusal=GENERATION_FAILED), 3),
    (Fate(refusal=INTERNAL_ERROR), 5),
    (Fate(early=True), 4),
    (Fate(copies=0), 5),
    (Fate(copies=2), 5),
    (Fate(link=Link.NOT_FOUND, link_times=1), 3),
    (Fate(link=Link.CUT, link_times=1), 3),
    (Fate(null_seconds=0.7), 3),
    (Fate(grace_seconds=0.7), 3),
    (Fate(forms=frozenset({Form.URLS_AS_TEXT})), 2),
    (Fate(snake_case=True, callback_urls_as_text=True), 2),
    (Fate(bad_signature=True), 2),
    (Fate(fallback=True), 2),
)


def brew(here: World, dice: random.Random, tasks: int) -> None:
    """Give each of the coming tasks a mood."""
    moods, weights = zip(*MOODS, strict=True)
    for mood in dice.choices(moods, weights, k=tasks):
        here.kie.script_task(mood)


def make_up_its_mind(here: World) -> None:
    """Let KIE say that a sharper copy has failed which it calls an internal error for ever."""
    for task in here.kie._account.upgrades.values():
        if task.fate.refusal == INTERNAL_ERROR:
            task.fate = replace(task.fate, refusal=GENERATION_FAILED)


def disturb(here: World, method: str, fault: TelegramFault) -> None:
    """Let a call go wrong, unless the one before it waits still: weather does not pile up."""
    if not here.telegram._api.faults._planned.get(method):
        here.telegram.fail_next(method, fault)


async def blow(here: World, dice: random.Random, pause_seconds: float) -> None:
    """Let something go wrong every now and then, until cancelled."""
    while True:
        await asyncio.sleep(dice.uniform(0.2, 1.8) * pause_seconds)
        make_up_its_mind(here)
        if dice.random() < 0.02:
            here.kie.script(*TOO_MANY)
        elif dice.random() < 0.5:
            here.kie.script(*dice.choice(KIE))
        else:
            disturb(here, *dice.choice(TELEGRAM))
