"""Dying once at every point of an update's way: stored, acknowledged, handled, marked, answered.

The points of a job's further life stand in ``tests/unit/jobs/test_failpoints.py``.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.demo.people import Person
from bot.jobs.erasure import COMPACT_SECONDS
from tests.conftest import Clock
from tests.e2e.botapi import problems
from tests.e2e.whole import PUBLIC_URL, Whole, whole, written_log
from tests.e2e.world import KEY, TOKEN
from tests.unit.jobs.failpoints import Point

CAPTURED = ("hold", "capture")
PUBLIC = {"PUBLIC_URL": PUBLIC_URL}
OPEN = {"ACCESS": "open", "DAILY_CREDITS_TOTAL": "1000000"}
# Every update comes by these, so that dying there in one story tells it of all.
COMMON = frozenset({"getUpdates", "store", "unpark", "meet", "mark_handled"})
SECRETS = (TOKEN, TOKEN.partition(":")[2], KEY)


def picture(colour: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (64, 40), colour).save(file, "JPEG")
    return file.getvalue()


@dataclass
class Telling:
    """One telling of a story: by whom, and how often the bot was heard to say what."""

    here: Whole
    person: Person

    @property
    def words(self) -> str:
        """The end of this person's prompts."""
        return f"of {self.person.id}"

    async def say(self, text: str) -> None:
        await self.here.say(self.person, text)

    async def press(self, label: str) -> None:
        await self.here.press(self.person, label)

    async def video(self) -> None:
        """Have a video made, at whose points "at once" dies."""
        with self.here.unwatched():
            await self.say(f"/generate A cat {self.words} --go")
        await self.here.work()

    async def order(self) -> None:
        """Press Generate, which "a card" dies at, and have the video made."""
        with self.here.unwatched():
            await self.press("Generate")
        await self.here.work()

    async def known(self, *people: Person) -> None:
        """Let the bot know people before the story begins."""
        with self.here.unwatched():
            for person in people:
                await self.here.say(person, "/help")


Story = Callable[[Telling], Awaitable[None]]


async def a_card(telling: Telling) -> None:
    await telling.say(f"/generate A cat {telling.words}")
    await telling.press("9:16")
    await telling.press("Generate")
    await telling.here.work()


async def a_question(telling: Telling) -> None:
    await telling.say("/generate")
    await telling.say(f"A cat {telling.words}")
    await telling.order()


async def at_once(telling: Telling) -> None:
    await telling.say(f"/generate A cat {telling.words} --go")
    await telling.here.work()


async def brought_by_webhook(telling: Telling) -> None:
    await telling.person.send(f"/generate A cat {telling.words} --go")
    await telling.here.take_pushed()
    await telling.here.work()


async def called_back(telling: Telling) -> None:
    here = telling.here
    here.seconds = 1000.0
    await telling.say(f"/generate A cat {telling.words} --go")
    await here.work(1.0)
    [post] = here.posts(telling.words)
    task = here.kie.tasks[-1]
    here.kie.finish(task.id)
    path = str(post["callBackUrl"]).removeprefix(PUBLIC_URL)

    async def knock() -> None:
        answer = await here.post(path, {"code": 200, "data": {"taskId": task.id}})
        assert answer.status_code == 200

    for _ in range(2):
        await here.live(knock)
    await here.work()


async def a_photo(telling: Telling) -> None:
    await telling.person.send_photo(picture("red"), f"A cat {telling.words}")
    await telling.here.hear()
    await telling.order()


async def an_album(telling: Telling) -> None:
    photos = [picture("red"), picture("blue")]
    await telling.person.send_album(photos, f"A cat {telling.words}")
    await telling.here.hear()
    await telling.order()


async def a_sharper_copy(telling: Telling) -> None:
    await telling.video()
    await telling.press("1080p")
    await telling.here.work()


async def an_extension(telling: Telling) -> None:
    await telling.video()
    await telling.press("Extend")
    await telling.say(f"It jumps {telling.words}")
    await telling.order()


async def taken_back(telling: Telling) -> None:
    await telling.say(f"/generate A cat {telling.words} --go")
    await telling.press("Cancel")
    await telling.here.work()


async def a_grant(telling: Telling) -> None:
    await telling.known(telling.person, telling.here.admin)
    await telling.here.say(telling.here.admin, f"/grant {telling.person.id} 500")
    found = "SELECT granted FROM balances WHERE user_id = ?"
    assert await telling.here.rows(found, telling.person.id) == [(500,)]


async def let_in(telling: Telling) -> None:
    await telling.known(telling.here.admin)
    await telling.say("/start")
    await telling.press("Ask for access")
    await telling.here.press(telling.here.admin, "Approve")
    await telling.video()


async def leaving(telling: Telling) -> None:
    telling.here.clock.advance(COMPACT_SECONDS)
    await telling.video()
    await telling.say("/delete_me")
    await telling.press("Delete everything")
    if "Delete everything" in telling.here.messages(telling.person)[-1].labels:
        # Who died after that had forgotten the wish too; another press is answered.
        await telling.press("Delete everything")
    for table in ("users", "balances", "daily", "drafts", "media"):
        column = "id" if table == "users" else "user_id"
        found = f"SELECT 1 FROM {table} WHERE {column} = ?"  # noqa: S608 - own names
        assert await telling.here.rows(found, telling.person.id) == [], table


@dataclass(frozen=True)
class Told:
    """What is to come of a story, and under which settings it plays."""

    play: Story
    entries: tuple[str, ...] = CAPTURED
    posts: int = 1
    videos: int = 1
    points: frozenset[str] = frozenset()  # among others
    common: bool = False  # dies at the common points as well
    settings: Mapping[str, str] = field(default_factory=lambda: OPEN)


STORIES = {
    "a card": Told(
        a_card,
        points=frozenset(
            [
                *("getUpdates", "store", "open_draft", "sendMessage", "save"),
                *("answerCallbackQuery", "confirm", "editMessageText", "mark_handled"),
            ]
        ),
        common=True,
    ),
    "a question": Told(a_question, points=frozenset({"save", "deleteMessage"})),
    "at once": Told(at_once, points=frozenset({"confirm", "show_on"})),
    "a webhook": Told(
        brought_by_webhook,
        points=frozenset({"store", "mark_handled"}),
        common=True,
        settings=OPEN | PUBLIC | {"TELEGRAM_MODE": "webhook"},
    ),
    "a callback": Told(called_back, points=frozenset({"knock_all"}), settings=OPEN | PUBLIC),
    "a photo": Told(a_photo, points=frozenset({"getFile", "insert"})),
    "an album": Told(an_album, points=frozenset({"arrive", "settle", "close", "getFile"})),
    "1080p": Told(a_sharper_copy, CAPTURED * 2, videos=2, points=frozenset({"sharpen", "show_on"})),
    "an extension": Told(
        an_extension, CAPTURED * 2, posts=2, videos=2, points=frozenset({"extend", "save"})
    ),
    "taken back": Told(
        taken_back, ("hold", "release"), posts=0, videos=0, points=frozenset({"cancel"})
    ),
    "a grant": Told(a_grant, (), posts=0, videos=0, points=frozenset({"grant"})),
    "let in": Told(let_in, points=frozenset({"ask", "decide", "mark_told"}), settings={}),
    "leaving": Told(leaving, points=frozenset({"erase"})),
}


@dataclass(frozen=True)
class End:
    """What one telling has left."""

    deadly: list[Point]
    points: set[str]
    entries: tuple[str, ...]
    posts: int
    videos: int
    said: Counter[str]


def _verb(point: str) -> str:
    return point.partition(" ")[2]


async def told(here: Whole, number: int, story: Told, deadly: Point | None) -> End:
    """Tell a story of a new person, with a death at that point."""
    person = here.telegram.user(5000 + number, "Bo")
    telling = Telling(here, person)
    here.seconds = 1.0
    here.points.die_at(deadly)
    before = await here.rows("SELECT coalesce(max(id), 0) FROM entries")
    await story.play(telling)
    assert await here.problems() == []
    entries = "SELECT kind FROM entries WHERE job_id IS NOT NULL AND id > ? ORDER BY id"
    shown = here.messages(person)
    return End(
        deadly=here.points.deadly(),
        points=set(map(_verb, here.points.reached)),
        entries=tuple(kind for (kind,) in await here.rows(entries, *before[0])),
        posts=len(here.posts(telling.words)),
        videos=sum(message.video is not None for message in shown),
        said=Counter(message.text.replace(str(person.id), "") for message in shown),
    )


@pytest.fixture
async def here(tmp_path: Path, clock: Clock, name: str) -> AsyncIterator[Whole]:
    with written_log(SECRETS) as log:
        async with whole(tmp_path, clock, **STORIES[name].settings) as opened:
            yield opened
            assert_legal_and_secret(opened, log.getvalue())


def assert_legal_and_secret(here: Whole, log: str) -> None:
    assert (here.telegram.violations, here.kie.violations) == ([], [])
    assert problems(here.telegram.calls) == []
    told_outside: list[Any] = [call.params for call in here.telegram.calls]
    told_outside += [(request.params, request.json) for request in here.kie.requests]
    callbacks = [str(request.json.get("callBackUrl", "")) for request in here.kie.requests]
    tokens = [url.rpartition("/")[2] for url in callbacks if url]
    assert not any(secret in log or secret in repr(told_outside) for secret in SECRETS)
    assert not any(token in log for token in tokens)


@pytest.mark.parametrize("name", STORIES)
async def test_dying_once_at_any_point_of_an_updates_way_repeats_and_loses_nothing(
    here: Whole, name: str
) -> None:
    story = STORIES[name]
    usual = await told(here, 0, story, None)
    assert (usual.entries, usual.posts, usual.videos) == (story.entries, story.posts, story.videos)
    assert story.points <= usual.points
    deadly = [each for each in usual.deadly if story.common or _verb(each[0]) not in COMMON]
    for number, point in enumerate(deadly, start=1):
        found = await told(here, number, story, point)
        where = f"{name}, dead {point}: {found.said} instead of {usual.said}"
        assert here.points.died_after, where
        ended = (found.entries, found.posts, found.videos)
        assert ended == (story.entries, story.posts, story.videos), where
        assert usual.said <= found.said, where
        assert (found.said - usual.said).total() <= 1, where
