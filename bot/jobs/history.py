"""What somebody has had made: looking back, and having a video sent once more."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bot.errors import FetchError, NotAllowed, NotOffered, SendRefused, VideoGone
from bot.jobs.further import read_offers
from bot.jobs.messenger import Sent
from bot.jobs.offers import Offers
from bot.jobs.rules import Rules
from bot.media.videos import Prepared, Videos
from bot.models import Job, Place, State, Video
from storage import history, jobs, lineage, media
from storage.database import Connection, Database

ENTRIES_PER_PAGE = 5

Link = Callable[[Job], Awaitable[tuple[str, float]]]
"""Returns an address of a video too big for Telegram, and until when it is good."""


class Sender(Protocol):
    """The part of the messenger that is needed here; it raises what is below ``ChatError``."""

    async def send_copy(self, job: Job, offers: Offers) -> Sent | None:
        """Send a video that Telegram has already; ``None``: it never had it."""
        ...

    async def send_video(self, job: Job, video: Prepared) -> Sent:
        """Upload a video."""
        ...

    async def send_link(self, job: Job, url: str, expires_in_seconds: float) -> Sent:
        """Send a link to a video that is too big for an upload."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs, the newest first; ``number`` counts from 1 to ``count``."""

    number: int
    count: int
    jobs: tuple[Job, ...]

    @property
    def first(self) -> int:
        """The place of the first job among all of them, from 1."""
        return (self.number - 1) * ENTRIES_PER_PAGE + 1


class History:
    """Whoever asks sees what is theirs, and nothing else."""

    def __init__(
        self,
        *,
        database: Database,
        messenger: Sender,
        videos: Videos,
        link: Link,
        rules: Rules,
        data_dir: Path,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._messenger = messenger
        self._videos = videos
        self._link = link
        self._rules = rules
        self._data_dir = data_dir
        self._clock = clock

    async def page(self, user_id: int, number: int = 1) -> Page:
        """Return a page of a person's jobs, the last one where there are not so many."""
        return await self._database.read(_page, user_id, number)

    async def video(self, job_id: int, user_id: int) -> Job:
        """Return a person's finished job that had a video.

        Raises NotOffered, NotAllowed; VideoGone when nothing is left of the video.
        """
        job = await self._database.read(_own, job_id, user_id)
        if job.state is not State.DONE or job.video is None:
            raise VideoGone
        if job.video.file_id is None and job.video.path is None:
            raise VideoGone
        return job

    async def send_again(self, job: Job, place: Place) -> None:
        """Send a video of ``video`` once more, at no cost.

        Raises VideoGone; ChatError when Telegram does not take it.
        """
        here = replace(job, place=place)
        offers = await self._database.read(read_offers, job, self._clock())
        sent = None if job.video is None else await self._send(here, job.video, offers)
        if sent is None:
            raise VideoGone
        await self._database.write(_remember, job, place.chat_id, sent, offers, self._clock())

    async def _send(self, job: Job, video: Video, offers: Offers) -> Sent | None:
        if video.file_id is not None:
            try:
                return await self._messenger.send_copy(job, offers)
            except SendRefused:
                if video.path is None:
                    raise
        return await self._send_file(job, video)

    async def _send_file(self, job: Job, video: Video) -> Sent | None:
        """Send a video that Telegram does not have: it was never sent, or was too big for that."""
        path = None if video.path is None else self._data_dir / video.path
        if path is None or not await asyncio.to_thread(path.exists):
            return None
        if video.bytes > self._rules.upload_max_bytes:
            url, expires_at = await self._link(job)
            return await self._messenger.send_link(job, url, max(expires_at - self._clock(), 0.0))
        try:
            prepared = await self._videos.prepare(path)
        except FetchError as error:
            raise VideoGone from error
        return await self._messenger.send_video(job, prepared)


def _page(tx: Connection, user_id: int, number: int) -> Page:
    pages = -(-history.count(tx, user_id) // ENTRIES_PER_PAGE)
    shown = max(min(number, pages), 1)
    found = history.page(tx, user_id, (shown - 1) * ENTRIES_PER_PAGE, ENTRIES_PER_PAGE)
    return Page(shown, pages, tuple(found))


def _own(tx: Connection, job_id: int, user_id: int) -> Job:
    job = jobs.get(tx, job_id)
    if job is None or job.is_erased:
        raise NotOffered("gone")
    if job.user_id != user_id:
        raise NotAllowed
    return job


def _remember(
    tx: Connection, job: Job, chat_id: int, sent: Sent, offers: Offers, now: float
) -> None:
    """Next time the file is not needed; the buttons of this message are kept as they should be.

    ``offers``: as they were before it was sent, which may have taken a while.
    """
    lineage.add_copy(tx, job.id, chat_id, sent.message_id)
    is_new_to_telegram = job.video is None or job.video.file_id is None
    if is_new_to_telegram or read_offers(tx, job, now) != offers:
        lineage.redraw(tx, job.id, now)
    if is_new_to_telegram and sent.file_id is not None:
        media.set_file_id(tx, job.id, sent.file_id)
