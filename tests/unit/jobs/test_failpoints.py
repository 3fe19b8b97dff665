"""Dying once at every point of a video's life: before and after each commit and each call out."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PIL import Image

from bot.demo.kie_faults import GENERATION_FAILED, INTERNAL_ERROR, Fate, Reset
from bot.demo.kie_faults import Point as Call
from bot.errors import ChatGone, SendLater, SendUnknown
from bot.jobs.knocks import Callback, Knocks
from bot.jobs.service import Request
from bot.jobs.worker import Worker
from bot.models import Draft, Job, Kind, Place, State, Step, Video
from bot.tokens import hash_token
from storage import media
from storage.audit import audit
from storage.database import Connection
from tests.clips import draw_once
from tests.conftest import Clock
from tests.unit.jobs.failpoints import Died, Failpoints, Point, Seam
from tests.unit.jobs.life import Life, life

T = TypeVar("T")

URL = "http://127.0.0.1:9/callbacks"
HOUR, DAY = 3600.0, 86400.0
CAPTURED, RELEASED = ("hold", "capture"), ("hold", "release")
UNKNOWN = (State.EXPIRED, RELEASED)
# Who dies between these two never learns whether KIE has taken the request.
SENT, KNOWN = "after mark_sent", ("before accept", "before lose_sight")
# Who dies between these does not know what is in the chat already.
SEEN_TWICE = ("after send_uploaded", "after send_video", "after send_link")


class Mortal:
    """A life that ends once, and begins again on the same database; one person per end."""

    def __init__(self, here: Life) -> None:
        self.here = here
        self.chat = here.chat
        self.points = Failpoints()
        self.person = 2000
        self.updates = 0
        self.video: Job | None = None  # what there was before the story began
        here.seam = self.around
        here.database, here.chat = self.around(here.database), self.around(here.chat)

    def around(self, part: Any) -> Any:
        """Put points around each call of a part."""
        return Seam(part, self.points)

    async def build(self, rules: Mapping[str, Any]) -> None:
        """Construct the parts, each with its points."""
        await self.here.close()
        self.here.build(**rules)

    async def restart(self) -> None:
        """Begin anew, as a start of the process does: only the worker remembers what it is at."""
        former = self.here.worker
        running = list(former._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self.points.revive()
        self.here.worker = Worker(
            database=self.here.database,
            steps=former._steps,
            rules=former._rules,
            bell=asyncio.Event(),
            clock=self.here.clock,
        )
        await self.here.worker.recover()

    async def live(self, deed: Callable[[], Awaitable[T]]) -> T:
        """Do something until it is done: what a crash interrupts is begun again by itself."""
        while True:
            try:
                return await deed()
            except Died:
                await self.restart()

    async def pass_seconds(self, seconds: float) -> None:
        """Let time pass, and go on after a crash."""
        end = self.here.clock.now + seconds
        await self.live(lambda: self.here.pass_seconds(end - self.here.clock.now, step=30.0))

    async def order(self, *, photo: bool = False, status: bool = True) -> Job:
        """Order a video as an update does that is handled until it was handled to its end."""
        photos = (await self._photo(),) if photo else ()
        update_id = self._next_update()
        prompt = f"Prompt {self.person}"

        async def handled() -> Job:
            user = await self.here.user(self.person)
            place = Place(self.person, None, 5)
            options = user.defaults
            if photos:
                options, _ = self.here.service.catalog.fit(options, len(photos))
            request = Request(user, place, update_id, prompt, options, photos)
            opened = await self.here.service.open_draft(request)
            if isinstance(opened, Draft):
                opened = await self.here.service.confirm(opened, user)
            if status:
                await self.here.service.show_status_on(opened, 7000 + self.person)
            return opened

        return await self.live(handled)

    async def further(self, video: Job, kind: Kind) -> Job:
        """Press a button below a video, and answer what is asked."""
        update_id = self._next_update()

        async def pressed() -> Job:
            user = await self.here.user(self.person)
            place = Place(self.person, None, video.result_message_id)
            if kind is not Kind.EXTEND:
                use = self.here.further.sharpen
                return (await use(video.id, kind, user, place, update_id)).job
            opened = await self.here.further.extend(video.id, user, place, update_id)
            if isinstance(opened, Draft):
                asked = replace(opened, prompt=f"More {self.person}", step=Step.CARD)
                opened = await self.here.service.confirm(
                    await self.here.service.save_draft(asked), user
                )
            return opened

        return await self.live(pressed)

    async def cancel(self, job: Job) -> None:
        """Press Cancel."""
        await self.live(lambda: self.here.service.cancel(job.id, self.person))

    async def knock(self, task_id: str) -> None:
        """Call back as KIE does: until it is answered, and perhaps once more."""
        token = str(self.posts()[-1]["callBackUrl"]).removeprefix(f"{URL}/")

        async def called() -> None:
            knocks = Knocks(
                database=self.here.database,
                rules=self.here.service.rules,
                nudge=lambda: None,
                clock=self.here.clock,
            )
            await knocks._take_all([Callback(hash_token(token), task_id, genuine=True)])

        await self.live(called)

    def posts(self) -> list[dict[str, Any]]:
        """Return the paid requests for this person."""
        return [
            dict(request.json)
            for request in self.here.kie.requests
            if str(request.json.get("prompt", "")).endswith(f" {self.person}")
        ]

    async def _photo(self) -> int:
        path = self.here.folder / f"{self.person}.jpg"
        await asyncio.to_thread(Image.new("RGB", (64, 36)).save, path, "JPEG")
        photo = Video(path.name, 64, 36, 0.0, path.stat().st_size)
        return await self.live(
            lambda: self.here.database.write(media.insert, self.person, "photo", photo, 0.0)
        )

    def _next_update(self) -> int:
        self.updates += 1
        return self.updates

    def seen(self, job: Job) -> int:
        """Return how many messages in the chat show the job's video."""
        sent = self.chat.videos.count(job.id) + len(self.chat.links)
        on_card = job.id in self.chat.uploads and job.id not in self.chat.removed
        return sent + on_card

    async def find(self, job: Job) -> tuple[State, tuple[str, ...]]:
        """Return where a job stands, and its ledger entries, after auditing all of it."""
        assert await self.here.database.read(audit) == []
        return (await self.here.job(job)).state, await self.here.database.read(_kinds, job.id)


def _kinds(tx: Connection, job_id: int) -> tuple[str, ...]:
    query = "SELECT kind FROM entries WHERE job_id = ? ORDER BY id"
    return tuple(tx.exec_driver_sql(query, (job_id,)).scalars())


# Each story is told once without a death, and once for each point with a death there.


async def a_prompt(mortal: Mortal) -> Job:
    job = await mortal.order()
    await mortal.pass_seconds(300)
    return job


async def a_photo(mortal: Mortal) -> Job:
    job = await mortal.order(photo=True)
    await mortal.pass_seconds(300)
    return job


async def without_a_status_card(mortal: Mortal) -> Job:
    job = await mortal.order(status=False)
    await mortal.pass_seconds(300)
    return job


async def a_refusal(mortal: Mortal) -> Job:
    mortal.here.kie.script_task(Fate(refusal=GENERATION_FAILED))
    return await a_prompt(mortal)


async def a_passing_failure(mortal: Mortal) -> Job:
    mortal.here.kie.script_task(Fate(refusal=INTERNAL_ERROR))
    return await a_prompt(mortal)


async def a_late_video(mortal: Mortal) -> Job:
    mortal.here.kie.script_task(Fate(seconds=math.inf))
    job = await mortal.order()
    await mortal.pass_seconds(3 * HOUR)
    for task in mortal.here.kie.tasks:
        mortal.here.kie.finish(task.id)
    await mortal.pass_seconds(1.2 * DAY)
    return job


async def a_lost_answer_and_a_callback(mortal: Mortal) -> Job:
    mortal.here.kie.script(Call.CREATE, Reset(accepted=True))
    job = await mortal.order()
    await mortal.pass_seconds(100)
    if mortal.posts():
        await mortal.knock(mortal.here.kie.tasks[-1].id)
    await mortal.pass_seconds(1000)
    return job


async def a_callback_that_comes_twice(mortal: Mortal) -> Job:
    job = await mortal.order()
    await mortal.pass_seconds(70)
    if mortal.posts():
        for _ in range(2):
            await mortal.knock(mortal.here.kie.tasks[-1].id)
    await mortal.pass_seconds(1000)
    return job


async def a_cancelled_one(mortal: Mortal) -> Job:
    job = await mortal.order()
    await mortal.cancel(job)
    await mortal.pass_seconds(300)
    return job


async def a_blocked_bot(mortal: Mortal) -> Job:
    mortal.chat.refuses = [ChatGone()]
    job = await a_prompt(mortal)
    await mortal.live(lambda: mortal.here.user(mortal.person))
    await mortal.pass_seconds(60)
    return job


async def a_flooded_chat(mortal: Mortal) -> Job:
    mortal.chat.refuses = [SendLater(30), None, SendUnknown()]
    return await a_prompt(mortal)


def sharper(kind: Kind) -> Callable[[Mortal], Awaitable[Job]]:
    async def story(mortal: Mortal) -> Job:
        assert mortal.video is not None
        job = await mortal.further(mortal.video, kind)
        await mortal.pass_seconds(700)
        return job

    return story


@dataclass(frozen=True)
class Story:
    """What happens, how it ends when nobody dies, and under which rules it does."""

    play: Callable[[Mortal], Awaitable[Job]]
    end: tuple[State, tuple[str, ...]] = (State.DONE, CAPTURED)
    points: frozenset[str] = frozenset()  # among others
    rules: Mapping[str, Any] = field(default_factory=dict)
    of_a_video: bool = False
    videos: int = 1
    blocked: bool = False  # nobody is there to be told


STORIES = {
    "a photo": Story(
        a_photo,
        points=frozenset(
            [
                "confirm",
                "upload",
                "take_work",
                "mark_sent",
                "create",
                "accept",
                "record",
                "succeed",
                "begin_delivery",
                "fetch",
                "keep_video",
                "upload_to_card",
                "set_file_id",
                "send_uploaded",
                "finish",
                "remove_status",
                "tidied",
            ]
        ),
    ),
    "no status card": Story(without_a_status_card, points=frozenset({"send_video"})),
    "a refusal": Story(
        a_refusal, (State.FAILED, RELEASED), frozenset({"fail", "tell_end", "told"}), videos=0
    ),
    "a passing failure": Story(a_passing_failure, points=frozenset({"put_back"})),
    "a late video": Story(a_late_video, (State.DONE, RELEASED), frozenset({"expire"})),
    "a lost answer": Story(
        a_lost_answer_and_a_callback,
        points=frozenset({"knock_all", "lose_sight"}),
        rules={"callback_url": URL},
    ),
    "callbacks": Story(
        a_callback_that_comes_twice,
        points=frozenset({"knock_all"}),
        rules={"callback_url": URL},
    ),
    "cancelled": Story(
        a_cancelled_one,
        (State.CANCELLED, RELEASED),
        frozenset({"cancel"}),
        {"max_concurrent": 0},
        videos=0,
    ),
    "a blocked bot": Story(a_blocked_bot, points=frozenset({"undeliver", "unpark"}), blocked=True),
    "a flooded chat": Story(a_flooded_chat, points=frozenset({"undeliver", "show_buttons"})),
    "a link": Story(a_prompt, points=frozenset({"send_link"}), rules={"upload_max_bytes": 1000}),
    "1080p": Story(sharper(Kind.UPGRADE_1080P), points=frozenset({"sharpen"}), of_a_video=True),
    "4K": Story(sharper(Kind.UPGRADE_4K), points=frozenset({"sharpen"}), of_a_video=True),
    "an extension": Story(sharper(Kind.EXTEND), points=frozenset({"extend"}), of_a_video=True),
}


@dataclass(frozen=True)
class Telling:
    """What one telling of a story has left."""

    end: tuple[State, tuple[str, ...]]
    points: list[Point]
    deadly: list[Point]
    died_while_sending: bool
    posts: int
    charges: int
    videos: int
    told: bool


async def told(mortal: Mortal, story: Story, deadly: Point | None) -> Telling:
    """Tell a story of a new person who dies at that point."""
    mortal.person += 1
    mortal.here.kie.clear_script()
    mortal.here.kie.credit = 10_000
    mortal.chat.refuses, mortal.chat.links = [], []
    mortal.video = await mortal.here.job(await a_prompt(mortal)) if story.of_a_video else None
    charged, posted = len(mortal.here.kie.charges), len(mortal.posts())
    mortal.points.die_at(deadly)
    job = await story.play(mortal)
    points, fatal = mortal.points, mortal.points.died_after
    return Telling(
        end=await mortal.find(job),
        points=points.points(),
        deadly=points.deadly(),
        died_while_sending=bool(fatal) and died_while_sending(fatal),
        posts=len(mortal.posts()) - posted,
        charges=len(mortal.here.kie.charges) - charged,
        videos=mortal.seen(job),
        told=any(each.id == job.id for each in mortal.chat.ends),
    )


def died_while_sending(points: Sequence[str]) -> bool:
    """Tell whether a paid request was under way at the last of these points."""
    last = next((each for each in points[::-1] if each == SENT or each in KNOWN), "")
    return last == SENT or points[-1] in KNOWN


@pytest.fixture
async def mortal(tmp_path: Path, clock: Clock) -> AsyncIterator[Mortal]:
    async with life(tmp_path, clock, draw_once) as here:
        yield Mortal(here)


@pytest.mark.parametrize("name", STORIES)
async def test_dying_once_at_any_point_loses_nothing_and_charges_nothing_twice(
    mortal: Mortal, name: str
) -> None:
    story = STORIES[name]
    await mortal.build(story.rules)
    usual = await told(mortal, story, None)
    assert usual.end == story.end
    assert usual.videos == story.videos
    assert {f"before {point}" for point in story.points} <= {point for point, _ in usual.points}
    for point in usual.deadly:
        found = await told(mortal, story, point)
        where = f"{name}, dead {point}: {found}"
        assert found.end in {story.end} | ({UNKNOWN} if found.died_while_sending else set()), where
        assert found.posts <= usual.posts, where
        assert found.charges <= usual.charges, where
        must_be_told = found.end[0] in {State.FAILED, State.EXPIRED} and not story.blocked
        assert found.told >= must_be_told, where
        if found.end == story.end:
            assert found.charges == usual.charges, where
            more = point[0] in SEEN_TWICE
            assert story.videos <= found.videos <= story.videos + more, where
