"""From a finished video at KIE to a message in the chat: fetch, check, upload, send, once.

An edit can be repeated and a message cannot. So the upload, which takes long, goes into the status
card; then one short call sends what Telegram has already as a new message, which notifies. Only
when that call's outcome is unknown the card stays, as the result: nothing is sent a second time.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from bot.errors import (
    ChatError,
    ChatGone,
    FetchError,
    KieError,
    SendLater,
    SendRefused,
    SendUnknown,
)
from bot.jobs import retry, transactions
from bot.jobs.lifecycle import is_over
from bot.jobs.messenger import Messenger, Sent
from bot.jobs.offers import first_offers
from bot.jobs.reading import read_record
from bot.jobs.rules import RECORD_SECONDS, Rules
from bot.kie.client import KieClient
from bot.kie.wire import secure_url
from bot.media.links import LinkKind, Links
from bot.media.videos import Prepared, Videos
from bot.models import Job, Reason, Video
from storage import erasure, jobs, media
from storage.database import Database

log = logging.getLogger(__name__)

FETCH_RETRY = retry.Policy(first=3, cap=600)
SEND_RETRY = retry.Policy(first=2, cap=300)
TIDY_RETRY = retry.Policy(first=2, cap=300, tries=8)


class Fetches(Protocol):
    """Downloads a result to a file; see ``bot.media.fetch``."""

    async def fetch(self, url: str, target: Path, max_bytes: int) -> int:
        """Return the bytes written; FetchError when that failed."""
        ...


class Delivery:
    """The steps of jobs in ``ready`` and ``delivering``."""

    def __init__(
        self,
        *,
        database: Database,
        fetcher: Fetches,
        videos: Videos,
        kie: KieClient,
        messenger: Messenger,
        rules: Rules,
        data_dir: Path,
        trusted_hosts: frozenset[str],
        clock: Callable[[], float],
        chance: Callable[[], float],
        links: Links | None = None,
    ) -> None:
        self._database = database
        self._fetcher = fetcher
        self._kie = kie
        self._messenger = messenger
        self._links = links
        self._rules = rules
        self._data_dir = data_dir
        self._videos_dir = data_dir / "videos"
        self._videos = videos
        self._trusted_hosts = trusted_hosts
        self._clock = clock
        self._chance = chance

    async def deliver(self, job: Job) -> None:
        """Bring a ready video to disk, commit the intent, send it."""
        prepared = None
        if not _is_uploaded(job):
            prepared = await self._obtain_wanted(job)
            if prepared is None:
                return
            job = await self._keep(job, prepared)
        if not await self._database.write(transactions.begin_delivery, job, self._clock()):
            return
        delivering = await self._database.read(jobs.get, job.id)
        if delivering is not None:
            await self._send(delivering, prepared, unsure=False)

    async def heal(self, job: Job) -> None:
        """Finish a delivery of which nobody knows how far it came."""
        if _is_uploaded(job):
            await self._send(job, None, unsure=True)
        elif (prepared := await self._obtain_wanted(job)) is not None:
            # An upload into the card can be repeated, one into the chat may have arrived.
            await self._send(job, prepared, unsure=job.status_message_id is None)

    async def _obtain_wanted(self, job: Job) -> Prepared | None:
        """Obtain a video, unless its person had everything deleted while it was on its way."""
        prepared = await self._obtain(job)
        if not await self._database.read(erasure.is_erased, job.id):
            return prepared
        await asyncio.to_thread(self._remove_files, job)
        return None

    async def _obtain(self, job: Job) -> Prepared | None:
        """Return the video on disk, fetched if need be; None: put off, or given up."""
        path = self._videos_dir / f"{job.ref}.mp4"
        try:
            if job.video is not None and await asyncio.to_thread(path.exists):
                return await self._prepare(path)
            return await self._fetch_any(job, path)
        except FetchError as error:
            await self._fetch_later(job, error)
            return None

    async def _fetch_any(self, job: Job, path: Path) -> Prepared:
        failure = FetchError("no result link")
        for url in job.result_urls if job.tries == 0 else await self._fresh_urls(job):
            try:
                await self._fetcher.fetch(
                    secure_url(url, self._trusted_hosts), path, self._rules.result_max_bytes
                )
                return await self._prepare(path)
            except FetchError as error:
                failure = error
        raise failure

    async def _prepare(self, path: Path) -> Prepared:
        """A file that is no whole video does not stay: the next try fetches it anew."""
        try:
            return await self._videos.prepare(path)
        except FetchError:
            await asyncio.to_thread(path.unlink, missing_ok=True)
            raise

    async def _fresh_urls(self, job: Job) -> tuple[str, ...]:
        """Links die after a day or so; the record may hold newer ones."""
        try:
            return (await read_record(self._kie, job)).urls or job.result_urls
        except KieError as error:
            log.info("fresh links cannot be read", extra={"job": job.ref, "error": str(error)})
            return job.result_urls

    async def _keep(self, job: Job, prepared: Prepared) -> Job:
        if job.video is not None:
            return job
        probe = prepared.probe
        video = Video(
            path=str(prepared.path.relative_to(self._data_dir)),
            width=probe.width,
            height=probe.height,
            seconds=probe.seconds,
            bytes=probe.bytes,
        )
        self._compare_ratio(job, video)
        await self._database.write(transactions.keep_video, job, video, self._clock())
        return await self._database.read(jobs.get, job.id) or job

    @staticmethod
    def _compare_ratio(job: Job, video: Video) -> None:
        """KIE was seen to ignore the ratio under one of its two spellings; the log shows it."""
        wanted = {"16:9": True, "9:16": False}.get(job.options.ratio)
        if wanted is not None and wanted != (video.width > video.height):
            log.warning(
                "the video's shape is not what was asked",
                extra={
                    "job": job.ref,
                    "asked": job.options.ratio,
                    "got": f"{video.width}x{video.height}",
                },
            )

    async def _fetch_later(self, job: Job, error: FetchError) -> None:
        now = self._clock()
        log.warning(
            "the result cannot be fetched yet",
            extra={"job": job.ref, "tries": job.tries + 1, "error": str(error)},
        )
        if is_over(job, now):
            await self._database.write(transactions.fail, job, Reason.NO_RESULT, now)
            return
        due_at = now + _pause(FETCH_RETRY, job.tries + 1, self._chance())
        await self._database.write(transactions.postpone, job, due_at)

    async def _send(self, job: Job, video: Prepared | None, *, unsure: bool) -> None:
        """Send a video, ``None``: the uploaded one; ``unsure``: perhaps it is in the chat."""
        try:
            sent = await self._put_into_chat(job, video, unsure=unsure)
        except ChatGone:
            # Parked: the person may come back, and the video is theirs.
            await self._database.write(transactions.undeliver, job, self._clock(), None)
        except SendUnknown:
            await self._send_later(job, None, certain=False)
        except SendLater as error:
            await self._send_later(job, error.retry_after, certain=not unsure)
        except SendRefused as error:
            log.warning("the video was refused", extra={"job": job.ref, "error": str(error)})
            await self._send_later(job, None, certain=not unsure)
        else:
            await self._finish(job, sent)

    async def _put_into_chat(
        self, job: Job, video: Prepared | None, *, unsure: bool
    ) -> Sent | None:
        if job.muted:
            return None
        if video is None:
            return await self._send_uploaded(job, unsure=unsure)
        if video.probe.bytes > self._rules.upload_max_bytes:
            return await self._send_link(job)
        uploaded = await self._upload(job, video)
        if await self._database.read(erasure.is_erased, job.id):
            return None  # an upload takes long enough to change one's mind
        if uploaded is not None:
            return await self._send_uploaded(uploaded, unsure=False)
        try:
            return await self._messenger.send_video(job, video)
        except SendRefused as error:
            log.warning("a link instead of the video", extra={"job": job.ref, "error": str(error)})
            return await self._send_link(job)

    async def _upload(self, job: Job, video: Prepared) -> Job | None:
        """Put the video into the status card; ``None``: there is none to put it into."""
        if job.status_message_id is None or job.video is None:
            return None
        try:
            file_id = await self._messenger.upload_to_card(job, video)
        except SendRefused as error:
            log.info("no status card to upload to", extra={"job": job.ref, "error": str(error)})
            return None
        await self._database.write(media.set_file_id, job.id, file_id)
        return replace(job, video=replace(job.video, file_id=file_id))

    async def _send_uploaded(self, job: Job, *, unsure: bool) -> Sent:
        """Send the video once more as a message of its own, or leave it where it was uploaded."""
        ways = (self._messenger.send_uploaded, self._keep_card)
        first, second = reversed(ways) if unsure else ways
        try:
            return await first(job)
        except SendRefused as error:
            log.info(
                "the video goes into the chat the other way",
                extra={"job": job.ref, "error": str(error)},
            )
            return await second(job)

    async def _keep_card(self, job: Job) -> Sent:
        """Let the status card, which shows the video, be the result: safe to repeat."""
        if job.status_message_id is None or job.video is None:
            raise SendRefused("there is no status card")
        card = job.status_message_id
        await self._messenger.show_buttons(job, first_offers(job), job.place.chat_id, card)
        return Sent(card, job.video.file_id)

    async def _send_link(self, job: Job) -> Sent:
        url, expires_at = await self.link(job)
        left = max(expires_at - self._clock(), 0.0)
        return await self._messenger.send_link(job, url, left)

    async def link(self, job: Job) -> tuple[str, float]:
        """Return an address of the video and when it ends: an own one where there can be any."""
        ready_at = job.ready_at or self._clock()
        kept_until = ready_at + self._rules.keep_videos_seconds
        path = job.video.path if job.video is not None else None
        if self._links is None or path is None or kept_until <= self._clock():
            return (await self._fresh_urls(job))[0], ready_at + RECORD_SECONDS
        file = self._data_dir / path
        return await self._links.share(LinkKind.RESULT, file, job.ref, kept_until), kept_until

    async def _send_later(self, job: Job, retry_after: float | None, *, certain: bool) -> None:
        """Try again later; ``certain``: nothing is in the chat, so nothing needs healing."""
        now = self._clock()
        if is_over(job, now):
            await self._database.write(transactions.fail, job, Reason.NOT_DELIVERED, now)
            return
        failures = job.tries + 1
        due_at = now + _pause(SEND_RETRY, failures, self._chance(), retry_after)
        if certain:
            await self._database.write(transactions.undeliver, job, now, due_at)
        else:
            await self._database.write(transactions.postpone, job, due_at)

    async def _finish(self, job: Job, sent: Sent | None) -> None:
        finished = await self._database.write(
            transactions.finish,
            job,
            self._clock(),
            message_id=sent.message_id if sent else None,
            file_id=sent.file_id if sent else None,
        )
        done = await self._database.read(jobs.get, job.id) if finished else None
        if done is not None:
            await self.tidy(done)

    async def tidy(self, job: Job) -> None:
        """Take away what a delivered job needs no more.

        The status card shows the video a second time; its file goes once Telegram has it.
        """
        due_at = await self._remove_card(job)
        if _is_uploaded(job):
            await asyncio.to_thread(self._remove_files, job)
        await self._database.write(transactions.tidied, job, due_at)

    async def _remove_card(self, job: Job) -> float | None:
        """Return when to try again."""
        if job.status_message_id in {None, job.result_message_id}:
            return None
        try:
            await self._messenger.remove_status(job)
        except (SendLater, SendUnknown) as error:
            wish = error.retry_after if isinstance(error, SendLater) else None
            failures, chance = job.tries + 1, self._chance()
            wait = retry.pause(TIDY_RETRY, failures, chance=chance, retry_after=wish)
            return None if wait is None else self._clock() + wait
        except ChatError as error:
            log.info("a status card stays", extra={"job": job.ref, "error": str(error)})
        return None

    def _remove_files(self, job: Job) -> None:
        for path in self._videos_dir.glob(f"{job.ref}.*"):
            path.unlink(missing_ok=True)


def _is_uploaded(job: Job) -> bool:
    return job.video is not None and job.video.file_id is not None


def _pause(
    policy: retry.Policy, failures: int, chance: float, retry_after: float | None = None
) -> float:
    """Only the job's deadline ends these tries, never their number."""
    wait = retry.pause(policy, failures, chance=chance, retry_after=retry_after)
    return policy.cap if wait is None else wait
