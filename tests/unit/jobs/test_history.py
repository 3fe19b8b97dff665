"""A video sent once more: its buttons are right from then on."""

import math
from collections.abc import Awaitable, Callable

from bot.demo.kie_faults import Fate
from bot.jobs.history import History
from bot.jobs.messenger import Sent
from bot.jobs.offers import Offers
from bot.models import Job, Place
from storage import lineage
from tests.unit.jobs.life import ADA, RULES, Chat, Life

COPY = 900


class SlowChat(Chat):
    """Something happens while a copy is under way."""

    def __init__(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self.meanwhile = meanwhile

    async def send_copy(self, job: Job, offers: Offers) -> Sent | None:  # noqa: ARG002 - drawn elsewhere
        await self.meanwhile()
        return Sent(COPY, f"file-{job.id}")


async def no_link(job: Job) -> tuple[str, float]:
    raise AssertionError(f"nobody asks for a link to {job.ref}")


async def send_again(here: Life, video: Job, meanwhile: Callable[[], Awaitable[None]]) -> None:
    past = History(
        database=here.database,
        messenger=SlowChat(meanwhile),
        videos=here.videos,
        link=no_link,
        rules=RULES,
        data_dir=here.folder,
        clock=here.clock,
    )
    await past.send_again(await here.job(video), Place(ADA))


async def stale(here: Life) -> list[tuple[tuple[int, int], ...]]:
    found = await here.database.read(lineage.stale, here.clock(), 10)
    return [each.messages for each in found]


async def test_buttons_that_changed_while_a_copy_was_under_way_are_drawn_again(here: Life) -> None:
    video = await here.video()
    here.kie.script_task(Fate(seconds=math.inf))

    async def press() -> None:
        await here.sharpen(video)
        await here.reporter.round()  # of the copy it does not know yet

    await send_again(here, video, press)

    assert await stale(here) == [((ADA, video.result_message_id), (ADA, COPY))]


async def test_buttons_that_did_not_change_are_left_alone(here: Life) -> None:
    video = await here.video()

    async def nothing() -> None:
        return

    await send_again(here, video, nothing)

    assert await stale(here) == []
