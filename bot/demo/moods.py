"""The faults that somebody who tries the demo can order, each for what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.demo import faults, kie_faults
from bot.demo.faults import BadGateway
from bot.demo.faults import Fault as TelegramFault
from bot.demo.kie import KieStandin
from bot.demo.kie_faults import Answer, Fate, Point, Reset
from bot.demo.telegram import TelegramStandin

_SLOW = 15


@dataclass(frozen=True, slots=True)
class AtKie:
    """A fault of the next paid request (an answer), or of the next task (a fate)."""

    key: str
    label: str
    about: str
    what: Answer | Reset | Fate
    times: int = 1


@dataclass(frozen=True, slots=True)
class AtTelegram:
    """A fault of the bot's next call, whichever it is but the one that fetches updates."""

    key: str
    label: str
    about: str
    what: TelegramFault
    times: int = 1


Mood = AtKie | AtTelegram

MOODS: tuple[Mood, ...] = (
    AtKie(
        "kie-refusal",
        "Refusal",
        "The next video is refused by moderation.",
        Fate(refusal=kie_faults.FLAGGED),
    ),
    AtKie(
        "kie-overload",
        "Overload",
        "KIE fails three times in a row: once more than the bot tries again.",
        Fate(refusal=kie_faults.INTERNAL_ERROR),
        times=3,
    ),
    AtKie(
        "kie-402",
        "402, no credits",
        "The operator's account at KIE is empty at the next paid request, and new orders wait for "
        "the bot's next look at it, a minute later.",
        Answer(402, "The current credits are insufficient. Please top up."),
    ),
    AtKie(
        "kie-429",
        "429, too many",
        "The next paid request is one too many.",
        Answer(429, "Your call frequency is too high. Please try again later."),
    ),
    AtKie(
        "kie-lost-answer",
        "Lost answer",
        "KIE accepts the next paid request, but its answer never arrives.",
        Reset(accepted=True),
    ),
    AtKie(
        "kie-lost-callback",
        "Lost callback",
        "KIE does not tell when the next video is ready.",
        Fate(copies=0),
    ),
    AtKie(
        "kie-slow",
        "Slow",
        f"The next video takes {_SLOW} times as long.",
        Fate(times_slower=_SLOW),
    ),
    AtTelegram(
        "telegram-429",
        "429, flood control",
        "The bot's next call has to wait three seconds.",
        faults.flooded(3),
    ),
    AtTelegram(
        "telegram-502",
        "502, bad gateway",
        "The bot's next call meets a page of HTML.",
        BadGateway(),
    ),
)
BY_KEY = {mood.key: mood for mood in MOODS}


def order(mood: Mood, telegram: TelegramStandin, kie: KieStandin) -> None:
    """Let it happen as soon as it can."""
    if isinstance(mood, AtTelegram):
        telegram.fail_next(faults.ANY, mood.what, mood.times)
    elif isinstance(mood.what, Fate):
        kie.script_task(mood.what, mood.times)
    else:
        kie.script(Point.ORDER, mood.what, mood.times)


def to_come(mood: Mood, telegram: TelegramStandin, kie: KieStandin) -> int:
    """Return how often it is still to happen."""
    waiting: Sequence[object] = (
        telegram.faults_to_come if isinstance(mood, AtTelegram) else kie.faults_to_come
    )
    return waiting.count(mood.what)
