"""The list of what is being made: where each job is, and how long it will take."""

import pytest

from bot.jobs.messenger import Sending, Status, Waiting, Working
from bot.jobs.service import OpenJob
from bot.models import Options, Resolution, State
from handlers import jobs
from handlers.texts import Languages
from tests.handlers import samples
from tests.handlers.telegram_html import seen, units

TEXTS = Languages().for_language("en")


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        (State.QUEUED, Waiting(1), "next in the queue"),
        (State.QUEUED, Waiting(4), "place 4 in the queue"),
        (State.QUEUED, Waiting(1, paused_account=True), "waiting"),
        (State.GENERATING, Working(0.5, 130.0, False), "being made, about 2 min left"),
        (State.GENERATING, Working(0.95, None, True), "being made"),
        (State.DELIVERING, Sending(trouble=False), "being sent"),
    ],
)
def test_a_row_tells_where_a_job_is_and_how_long_it_takes(
    state: State, status: Status, said: str
) -> None:
    running = OpenJob(samples.job(state=state), status)

    row = seen(jobs.row(1, running, samples.catalog(), TEXTS))

    assert row == f"1. Fast · 16:9 · 8 s · 720p, {said}\nA fox in the snow"


@pytest.mark.parametrize("code", Languages().codes)
def test_as_many_rows_as_are_listed_fit_into_a_message(code: str) -> None:
    texts = Languages().for_language(code)
    options = Options("veo3", seed=12345, resolution=Resolution.P1080)
    job = samples.job(state=State.GENERATING, options=options, part=12, prompt="🦊" * 500)
    longest = OpenJob(job, Working(0.5, 12 * 60.0, False))

    rows = [jobs.row(99, longest, samples.catalog(), texts) for _ in range(jobs.MOST_ROWS)]

    assert units(seen(texts.jobs.jobs(rows, 1000))) <= 4096
    assert seen(texts.jobs.jobs(rows, 1000)).endswith(" 1000 more" if code == "en" else " 1000")
