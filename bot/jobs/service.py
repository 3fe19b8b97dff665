"""The use cases of people: drafts, confirming, cancelling, quota. Handlers call nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.catalog import UPGRADES, Catalog
from bot.errors import DraftGone, NotAllowed, NotOffered
from bot.jobs import further, orders, transactions
from bot.jobs.lifecycle import AT_KIE
from bot.jobs.messenger import Status
from bot.jobs.reporter import read_first_status, read_statuses
from bot.jobs.rules import DRAFT_SECONDS, Rules, status_seconds
from bot.models import (
    Access,
    Draft,
    Job,
    Kind,
    NewJob,
    Options,
    Place,
    Quota,
    State,
    Step,
    User,
)
from storage import drafts, erasure, jobs, ledger, media, users
from storage.database import Connection, Database

# How stale ``users.seen_at`` may become before an update writes it again.
SEEN_SECONDS = 3600.0


class Cancelled(StrEnum):
    """What became of a wish to cancel."""

    RELEASED = "released"
    UNSEEN = "unseen"
    TOO_LATE = "too-late"


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for before there is a card."""

    user: User
    place: Place
    update_id: int
    prompt: str | None
    options: Options
    photos: tuple[int, ...] = ()
    kind: Kind = Kind.GENERATE
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job under way and what there is to say about it."""

    job: Job
    status: Status


class Service:
    """Every method is one transaction; it raises UserError where the person has to know."""

    def __init__(
        self,
        *,
        database: Database,
        catalog: Catalog,
        rules: Rules,
        nudge: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self.catalog = catalog
        self.rules = rules
        self._base = catalog.default_options()
        self._database = database
        self._nudge = nudge
        self._clock = clock

    # People

    async def meet(self, user_id: int, name: str, language: str) -> User:
        """Return the person behind an update, stored when new or changed."""
        now = self._clock()
        base = self._base
        user = await self._database.read(_recall, user_id, name, now, base)
        if user is not None:
            return user
        give_up_at = now + self.rules.hard_deadline_seconds
        if await self._database.write(jobs.unpark, user_id, now, give_up_at):
            self._nudge()
        return await self._database.write(_meet, user_id, name, language, now, base)

    def is_admin(self, user: User) -> bool:
        """Tell by the numeric id, never by a name."""
        return self.rules.is_admin(user)

    def may_use(self, user: User) -> bool:
        """Tell whether the person is let in."""
        if self.is_admin(user):
            return True
        if user.access in {Access.BANNED, Access.DENIED}:
            return False
        return self.rules.open_to_all or user.access is Access.ALLOWED

    async def quota(self, user: User) -> Quota:
        """Return what the person can still spend."""
        return await self._database.read(self._quota, user)

    def _quota(self, tx: Connection, user: User) -> Quota:
        return ledger.quota(
            tx,
            user.id,
            self._clock(),
            daily=self.rules.daily_credits,
            total=self.rules.daily_credits_total,
            admin=self.is_admin(user),
        )

    async def grant(self, user_id: int, amount: int, update_id: int) -> bool:
        """Give credits on top of the daily ones; False when this update has done so already."""
        return await self._database.write(ledger.grant, user_id, amount, update_id, self._clock())

    async def known(self, user_id: int) -> User | None:
        """Return somebody the bot has met."""
        return await self._database.read(users.get, user_id, self._base)

    # Drafts

    async def open_draft(self, request: Request) -> Draft | Job:
        """Open a question or card; another open one of that person and chat is parked.

        An update that is handled again gets what it made before: its draft, or the job that came
        of it.
        """
        return await self._database.write(_open_draft, request, self._clock())

    async def open_steps(self) -> dict[tuple[int, int], Step]:
        """Return what every active draft waits for, by chat id and user id."""
        return await self._database.read(drafts.steps, self._clock())

    async def active_draft(self, user_id: int, chat_id: int) -> Draft | None:
        """Return the draft that the person's texts and photos in that chat go to."""
        return await self._database.read(drafts.active, user_id, chat_id, self._clock())

    async def draft_of_card(self, user_id: int, chat_id: int, message_id: int) -> Draft | None:
        """Return the person's draft whose question or card is that message, and make it active."""
        return await self._database.write(_draft_of_card, user_id, chat_id, message_id)

    async def activate(self, draft: Draft) -> None:
        """Let the person's texts and photos in that chat go to this draft; the former is parked."""
        await self._database.write(drafts.activate, draft.id)

    async def draft(self, draft_id: int, user_id: int) -> Draft:
        """Return a person's own draft. Raises DraftGone, NotAllowed."""
        return await self._database.read(_own_draft, draft_id, user_id, self._clock())

    async def save_draft(self, draft: Draft) -> Draft:
        """Keep a changed draft, which lives on for another day. Raises DraftGone."""
        kept = replace(draft, expires_at=self._clock() + DRAFT_SECONDS)
        if not await self._database.write(drafts.save, kept):
            raise DraftGone
        return kept

    async def drop_draft(self, draft_id: int, user_id: int) -> Draft:
        """Throw a person's own draft away. Raises DraftGone, NotAllowed."""
        return await self._database.write(_drop_draft, draft_id, user_id, self._clock())

    # Jobs

    async def confirm(self, draft: Draft, user: User) -> Job:
        """Hold the price, make the job, drop the draft: all or nothing.

        Raises DraftGone, also for one that is confirmed already, NotAllowed, Paused, QueueFull,
        QuotaExceeded; NotOffered or AlreadyAsked for a video that cannot be extended (now).
        """
        job = await self._database.write(self._confirm, draft.id, user)
        self._nudge()
        return job

    def _confirm(self, tx: Connection, draft_id: int, user: User) -> Job:
        now = self._clock()
        draft = _own_draft(tx, draft_id, user.id, now)
        if draft.prompt is None:
            raise DraftGone
        prompt = draft.prompt
        if draft.kind is Kind.EXTEND:
            draft = further.as_extension(tx, draft, now)
        else:
            draft = replace(draft, options=self.catalog.sendable(draft.options))
            users.remember(tx, user.id, draft.options)
        price = self.catalog.price(draft.kind, draft.options)
        new = _new_job(draft, prompt, price, user.language)
        job = orders.place(tx, new, now, self.rules, admin=self.is_admin(user))
        drafts.drop(tx, draft.id)
        return job

    async def job_of_card(self, user_id: int, chat_id: int, message_id: int) -> Job | None:
        """Return a person's job whose status card is that message."""
        job = await self._database.read(jobs.by_status_card, chat_id, message_id)
        return job if job is not None and job.user_id == user_id else None

    async def job(self, job_id: int, user_id: int) -> Job:
        """Return a person's own job. Raises NotOffered when it is gone, NotAllowed."""
        return await self._database.read(_own_job, job_id, user_id)

    async def first_status(self, job: Job) -> Status:
        """Return what there is to say of a job just ordered."""
        return await self._database.read(read_first_status, job, self._clock(), self.rules)

    async def show_status_on(self, job: Job, message_id: int) -> bool:
        """Make a message the status card of a job that has none; False: the job has ended."""
        due_at = self._clock() + status_seconds(job.place)
        return await self._database.write(jobs.show_on, job.id, message_id, due_at)

    async def open_jobs(self, user_id: int) -> list[OpenJob]:
        """Return a person's jobs under way with their status, oldest first."""
        return await self._database.read(self._open_jobs, user_id)

    def _open_jobs(self, tx: Connection, user_id: int) -> list[OpenJob]:
        shown = [job for job in jobs.open_of(tx, user_id) if not job.muted]
        statuses = read_statuses(tx, shown, self._clock(), self.rules)
        return [OpenJob(*each) for each in zip(shown, statuses, strict=True)]

    async def cancel(self, job_id: int, user_id: int) -> Cancelled:
        """Take a job back while it waits; later it runs on unseen. Raises like ``job``."""
        return await self._database.write(_cancel, job_id, user_id, self._clock())

    async def again(self, job_id: int, user: User, place: Place, update_id: int) -> Draft | Job:
        """Open the card of a former request once more, without its seed."""
        job = await self._repeatable(job_id, user.id)
        return await self.open_draft(_repeat(job, user, place, update_id, job.prompt))

    async def edit(self, job_id: int, user: User, place: Place, update_id: int) -> Draft | Job:
        """Ask for a new prompt for a former request."""
        job = await self._repeatable(job_id, user.id)
        return await self.open_draft(_repeat(job, user, place, update_id, None))

    async def _repeatable(self, job_id: int, user_id: int) -> Job:
        """Return a job with those of its photos that are still kept, and options that suit them.

        A sharper copy stands for the video that it was made of.
        """
        job = await self.job(job_id, user_id)
        if job.kind in UPGRADES and job.parent_id is not None:
            job = await self.job(job.parent_id, user_id)
        photos = await self._database.read(media.kept, job.photos)
        if photos == job.photos:
            return job
        options, _ = self.catalog.fit(job.options, len(photos))
        return replace(job, photos=photos, options=options)


def _recall(tx: Connection, user_id: int, name: str, now: float, base: Options) -> User | None:
    """Return the user, unless something about them is to be written."""
    user = users.seen_since(tx, user_id, now - SEEN_SECONDS, base)
    if user is None or user.name != name or jobs.has_parked(tx, user_id):
        return None
    return user


def _meet(
    tx: Connection, user_id: int, name: str, language: str, now: float, base: Options
) -> User:
    """Store somebody; who had their data deleted before is not quite new."""
    known = users.get(tx, user_id, base)
    met = users.meet(tx, user_id, name, language, now, base)
    if known is None and erasure.come_back(tx, user_id, now):
        return users.get(tx, user_id, base) or met
    return met


def _open_draft(tx: Connection, request: Request, now: float) -> Draft | Job:
    made = jobs.by_update(tx, request.update_id)
    if made is not None:
        return made
    return drafts.create(
        tx,
        user_id=request.user.id,
        place=request.place,
        step=Step.PROMPT if request.prompt is None else Step.CARD,
        prompt=request.prompt,
        options=request.options,
        photos=request.photos,
        expires_at=now + DRAFT_SECONDS,
        update_id=request.update_id,
        kind=request.kind,
        parent_id=request.parent_id,
    )


def _repeat(job: Job, user: User, place: Place, update_id: int, prompt: str | None) -> Request:
    return Request(
        user=user,
        place=place,
        update_id=update_id,
        prompt=prompt,
        options=replace(job.options, seed=None),
        photos=job.photos,
        kind=job.kind,
        parent_id=job.parent_id,
    )


def _own_draft(tx: Connection, draft_id: int, user_id: int, now: float) -> Draft:
    draft = drafts.get(tx, draft_id)
    if draft is None or draft.expires_at <= now:
        raise DraftGone
    if draft.user_id != user_id:
        raise NotAllowed
    return draft


def _drop_draft(tx: Connection, draft_id: int, user_id: int, now: float) -> Draft:
    draft = _own_draft(tx, draft_id, user_id, now)
    drafts.drop(tx, draft.id)
    return draft


def _draft_of_card(tx: Connection, user_id: int, chat_id: int, message_id: int) -> Draft | None:
    draft = drafts.by_card(tx, chat_id, message_id)
    if draft is None or draft.user_id != user_id:
        return None
    drafts.activate(tx, draft.id)
    return replace(draft, active=True)


def _new_job(draft: Draft, prompt: str, price: int, language: str) -> NewJob:
    return NewJob(
        user_id=draft.user_id,
        place=draft.place,
        kind=draft.kind,
        prompt=prompt,
        options=draft.options,
        photos=draft.photos,
        price=price,
        status_message_id=draft.card_message_id,
        parent_id=draft.parent_id,
        language=language,
        update_id=draft.update_id,
    )


def _own_job(tx: Connection, job_id: int, user_id: int) -> Job:
    job = jobs.get(tx, job_id)
    if job is None or job.is_erased:
        raise NotOffered("gone")
    if job.user_id != user_id:
        raise NotAllowed
    return job


def _cancel(tx: Connection, job_id: int, user_id: int, now: float) -> Cancelled:
    job = _own_job(tx, job_id, user_id)
    if job.state is State.CANCELLED or transactions.cancel_queued(tx, job, now):
        return Cancelled.RELEASED
    if job.state in AT_KIE:
        jobs.mute(tx, job.id)
        return Cancelled.UNSEEN
    return Cancelled.TOO_LATE
