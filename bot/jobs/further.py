"""The use cases below a finished video: a sharper copy of it, and what happens next."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.catalog import UPGRADES, Catalog
from bot.errors import AlreadyAsked, NotAllowed, NotOffered, Paused
from bot.jobs import orders
from bot.jobs.lifecycle import OPEN
from bot.jobs.offers import UPGRADE_SECONDS, Offers, is_sharper, offered
from bot.jobs.rules import DRAFT_SECONDS, Rules
from bot.models import Dialect, Draft, Job, Kind, NewJob, Options, Place, State, Step, User
from storage import drafts, jobs, lineage
from storage.database import Connection, Database

T = TypeVar("T")

# An extension in one of these is not yet known to be taken by KIE, and a sharper copy asked for
# meanwhile would have it refused.
_BEFORE_KIE = frozenset({State.QUEUED, State.SUBMITTING, State.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Sharpened:
    """A sharper copy; ``begun``: this very press has asked for it."""

    job: Job
    begun: bool


class Further:
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
        self._database = database
        self._catalog = catalog
        self._rules = rules
        self._nudge = nudge
        self._clock = clock

    async def shown_in(self, user_id: int, chat_id: int, message_id: int) -> Job | None:
        """Return a person's own job whose video that message shows."""
        job = await self._database.read(lineage.shown_in, chat_id, message_id)
        return job if job is not None and job.user_id == user_id else None

    async def sharpen(
        self, job_id: int, kind: Kind, user: User, place: Place, update_id: int
    ) -> Sharpened:
        """Order a 1080p or 4K copy of a video, or return the one that stands: there is one only.

        ``place`` is where it is to be sent. Asking again for one that runs on unseen lets it be
        seen. Raises NotOffered, NotAllowed, AlreadyAsked, Paused, QueueFull, QuotaExceeded.
        """
        sharpened = await self._pressed(job_id, self._sharpen, job_id, kind, user, place, update_id)
        self._nudge()
        return sharpened

    def _sharpen(
        self, tx: Connection, job_id: int, kind: Kind, user: User, place: Place, update_id: int
    ) -> Sharpened:
        now = self._clock()
        if (made := jobs.by_update(tx, update_id)) is not None:
            return Sharpened(made, begun=True)
        parent = _own_video(tx, job_id, user.id)
        if (there := _standing(tx, parent, kind)) is not None:
            lineage.redraw(tx, parent.id, now)
            return Sharpened(_let_see(tx, there, now), begun=False)
        _require(tx, parent, kind, now)
        price = self._catalog.price(kind, parent.options)
        new = NewJob(
            user_id=user.id,
            place=_beside(tx, parent, place),
            kind=kind,
            prompt=parent.prompt,
            options=parent.options,
            photos=(),
            price=price,
            status_message_id=None,
            parent_id=parent.id,
            language=user.language,
            update_id=update_id,
        )
        admin = self._rules.is_admin(user)
        return Sharpened(orders.place(tx, new, now, self._rules, admin=admin), begun=True)

    async def extend(self, job_id: int, user: User, place: Place, update_id: int) -> Draft | Job:
        """Ask what happens next in a video; pressed again while it is asked, it is asked once.

        An update that is handled again gets what it made before. Raises NotOffered, NotAllowed,
        AlreadyAsked.
        """
        return await self._pressed(job_id, self._extend, job_id, user, place, update_id)

    def _extend(
        self, tx: Connection, job_id: int, user: User, place: Place, update_id: int
    ) -> Draft | Job:
        if (made := jobs.by_update(tx, update_id)) is not None:
            return made
        parent = _own_video(tx, job_id, user.id)
        _require_extension(tx, parent, self._clock())
        self._require_model(parent.options)
        asked = drafts.active(tx, user.id, place.chat_id, self._clock())
        same = (parent.id, place, Step.PROMPT)
        if asked is not None and (asked.parent_id, asked.place, asked.step) == same:
            return asked
        return self._open(tx, parent, place, update_id, Step.PROMPT, None)

    async def choose(
        self, video: Job, place: Place, prompt: str, update_id: int
    ) -> Draft | Job | None:
        """Let a person choose what a prompt is for that answers their video.

        ``None``: the video cannot be extended, so there is no choice.
        """
        return await self._database.write(self._choose, video, place, prompt, update_id)

    def _choose(
        self, tx: Connection, video: Job, place: Place, prompt: str, update_id: int
    ) -> Draft | Job | None:
        if (made := jobs.by_update(tx, update_id)) is not None:
            return made
        offers = read_offers(tx, video, self._clock())
        if Kind.EXTEND not in offers.kinds or Kind.EXTEND in offers.pending:
            return None
        try:
            self._require_model(video.options)
        except Paused:
            return None
        return self._open(tx, video, place, update_id, Step.CHOICE, prompt)

    def _require_model(self, options: Options) -> None:
        """A model that the operator has switched off extends nothing."""
        model = self._catalog.model(options.model)
        if model is None or not model.enabled:
            raise Paused(options.model)

    def _open(
        self,
        tx: Connection,
        parent: Job,
        place: Place,
        update_id: int,
        step: Step,
        prompt: str | None,
    ) -> Draft:
        return drafts.create(
            tx,
            user_id=parent.user_id,
            place=place,
            step=step,
            prompt=prompt,
            options=parent.options,
            photos=(),
            expires_at=self._clock() + DRAFT_SECONDS,
            update_id=update_id,
            kind=Kind.EXTEND,
            parent_id=parent.id,
        )

    async def _pressed(self, job_id: int, use: Callable[..., T], *args: object) -> T:
        """A button that does nothing any more is drawn again where it was pressed."""
        try:
            return await self._database.write(use, *args)
        except (NotOffered, AlreadyAsked):
            await self._database.write(lineage.redraw, job_id, self._clock())
            raise


def read_offers(tx: Connection, job: Job, now: float) -> Offers:
    """Return what can be made of a video, and what is being made of it."""
    if job.state is not State.DONE:
        return Offers()
    children = lineage.children(tx, job.id)
    kinds = offered(
        job.kind,
        job.options,
        asked={child.kind for child in children if child.asked},
        made={child.kind for child in children if child.stands},
        age_seconds=now - (job.ready_at or job.created_at),
        fallback=job.fallback,
    )
    return Offers(kinds, frozenset(child.kind for child in children if child.state in OPEN))


def as_extension(tx: Connection, draft: Draft, now: float) -> Draft:
    """Return the draft of an extension as its video rules it.

    Raises NotOffered, NotAllowed; AlreadyAsked while another one is on its way.
    """
    if draft.parent_id is None:
        raise NotOffered
    parent = _own_video(tx, draft.parent_id, draft.user_id)
    _require_extension(tx, parent, now)
    # The market form documents no seed.
    seed = None if parent.dialect is Dialect.MARKET else parent.options.seed
    options = replace(parent.options, seed=seed)
    return replace(draft, options=options, photos=(), place=_beside(tx, parent, draft.place))


def _own_video(tx: Connection, job_id: int, user_id: int) -> Job:
    job = jobs.get(tx, job_id)
    if job is None or job.is_erased:
        raise NotOffered("gone")
    if job.user_id != user_id:
        raise NotAllowed
    return job


def _standing(tx: Connection, parent: Job, kind: Kind) -> Job | None:
    """Return the sharper copy that is there or on its way."""
    same = (child for child in lineage.children(tx, parent.id) if child.kind is kind)
    child = next((child for child in same if child.stands), None)
    return None if child is None else jobs.get(tx, child.job_id)


def _let_see(tx: Connection, job: Job, now: float) -> Job:
    if job.muted and job.state in OPEN:
        jobs.unmute(tx, job.id, now)
    return job


def _require(tx: Connection, parent: Job, kind: Kind, now: float) -> None:
    """Raise NotOffered, with the reason, unless the video still has that button."""
    children = lineage.children(tx, parent.id)
    if kind in read_offers(tx, parent, now).kinds:
        if kind in UPGRADES and any(
            child.kind is Kind.EXTEND and child.state in _BEFORE_KIE for child in children
        ):
            raise AlreadyAsked(Kind.EXTEND)
        return
    if kind is Kind.EXTEND and is_sharper({child.kind for child in children if child.asked}):
        raise NotOffered("sharper")
    is_old = now - (parent.ready_at or parent.created_at) > UPGRADE_SECONDS
    raise NotOffered("old" if is_old else "never")


def _require_extension(tx: Connection, parent: Job, now: float) -> None:
    """Raise AlreadyAsked or NotOffered unless the video can be extended now: one at a time."""
    if Kind.EXTEND in read_offers(tx, parent, now).pending:
        raise AlreadyAsked(Kind.EXTEND)
    _require(tx, parent, Kind.EXTEND, now)


def _beside(tx: Connection, parent: Job, place: Place) -> Place:
    """What comes of a video answers the message that shows it, where there is one."""
    shown = lineage.messages_of(tx, parent)
    if place.message_id is not None and (place.chat_id, place.message_id) in shown:
        return place
    here = [message_id for chat_id, message_id in shown if chat_id == place.chat_id]
    return replace(place, message_id=here[0]) if here else place
