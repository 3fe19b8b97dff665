"""The status card: each stage of a job in its own words."""

import pytest

from bot.jobs.messenger import Sending, Status, Waiting, Working
from bot.models import State
from handlers.status import said
from handlers.texts import Languages
from tests.handlers import samples

CATALOG = samples.catalog()
TEXTS = Languages().for_language("en")


@pytest.mark.parametrize(
    ("state", "status", "words"),
    [
        (State.QUEUED, Waiting(1), "⏳ Next in the queue"),
        (State.QUEUED, Waiting(7), "⏳ Place 7 in the queue"),
        (State.QUEUED, Waiting(1, paused_account=True), "Making videos is paused"),
        (State.QUEUED, Waiting(1, paused_model=True), "Fast is down for maintenance"),
        (State.SUBMITTING, Working(0.0, 90.0, False), "⏳ Starting"),
        (State.GENERATING, Working(0.5, 61.0, False), "▰▰▰▰▰▱▱▱▱▱\nabout 1 min left"),
        (State.GENERATING, Working(0.95, None, True), "longer than usual"),
        (State.DELIVERING, Sending(trouble=False), "📤 Sending the video"),
        (State.DELIVERING, Sending(trouble=True), "several tries; I go on trying"),
    ],
)
def test_each_stage_is_told_in_its_own_words(state: State, status: Status, words: str) -> None:
    assert words in said(samples.job(state=state), status, CATALOG, TEXTS)
