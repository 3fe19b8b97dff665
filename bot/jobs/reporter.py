"""Draws what has changed again: the status cards of open jobs, the buttons below videos."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from bot.errors import ChatError, ChatGone, ChatMoved, SendRefused
from bot.jobs import chats, eta, pace, transactions
from bot.jobs.further import read_offers
from bot.jobs.messenger import Messenger, Sending, Status, Waiting, Working
from bot.jobs.offers import Offers
from bot.jobs.rules import Rules, status_seconds
from bot.models import Job, State
from storage import jobs, lineage, operations, queue
from storage.database import Connection, Database
from storage.lineage import Stale

log = logging.getLogger(__name__)

# Far from the front of the queue little changes.
FAR_PLACE = 20
FAR_SECONDS = 60.0
# Cards drawn per round: beyond it they are drawn later.
CARDS_PER_ROUND = 20
# A chat that has to wait for longer, perhaps a flooded one, must not keep the others waiting.
PATIENCE_SECONDS = 5.0
# Buttons that Telegram does not take now are drawn again after this time.
BUTTONS_SECONDS = 15.0
# A delivery that took this many tries is told to be in trouble.
TRIES_OF_TROUBLE = 3


class Reporter:
    """Edits are silent, droppable and at least 5 s apart (groups 10 s)."""

    def __init__(
        self,
        *,
        database: Database,
        messenger: Messenger,
        rules: Rules,
        clock: Callable[[], float],
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._database = database
        self._messenger = messenger
        self._rules = rules
        self._clock = clock
        self._patience_seconds = patience_seconds

    async def round(self) -> None:
        """Draw the cards and the buttons that are due."""
        due, stale = await self._database.read(_due, self._clock(), self._rules)
        await asyncio.gather(
            *(self._draw(job, status) for job, status in due),
            *(self._draw_buttons(each, offers) for each, offers in stale),
        )

    async def _draw(self, job: Job, status: Status) -> None:
        due_at: float | None = self._clock() + _pause(job, status)
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._messenger.show_status(job, status)
        except (ChatGone, ChatMoved, SendRefused):
            due_at = None  # no card left to draw on
        except (ChatError, TimeoutError) as error:
            log.debug("a status was dropped", extra={"job": job.ref, "error": str(error)})
        await self._database.write(jobs.drawn, job, due_at)

    async def _draw_buttons(self, stale: Stale, offers: Offers) -> None:
        again_at = None
        for chat_id, message_id in stale.messages:
            try:
                async with asyncio.timeout(self._patience_seconds):
                    await self._messenger.show_buttons(stale.job, offers, chat_id, message_id)
            except (ChatGone, SendRefused):
                await self._database.write(lineage.forget_copy, chat_id, message_id)
            except ChatMoved as moved:
                await self._database.write(chats.follow, chat_id, moved.chat_id)
            except (ChatError, TimeoutError) as error:
                log.info("buttons wait", extra={"job": stale.job.ref, "error": str(error)})
                again_at = self._clock() + BUTTONS_SECONDS
        await self._database.write(lineage.redrawn, stale, again_at)


def _due(
    tx: Connection, now: float, rules: Rules
) -> tuple[list[tuple[Job, Status]], list[tuple[Stale, Offers]]]:
    stale = lineage.stale(tx, now, CARDS_PER_ROUND)
    offers = [(each, read_offers(tx, each.job, now)) for each in stale]
    return _due_statuses(tx, now, rules), offers


def _due_statuses(tx: Connection, now: float, rules: Rules) -> list[tuple[Job, Status]]:
    due = jobs.status_due(tx, now, CARDS_PER_ROUND)
    return list(zip(due, read_statuses(tx, due, now, rules), strict=True))


def read_statuses(tx: Connection, some: Sequence[Job], now: float, rules: Rules) -> list[Status]:
    """Return what there is to say about each of some open jobs."""
    queued = any(job.state is State.QUEUED for job in some)
    places = queue.places(tx, now) if queued else {}
    return [_read_status(tx, job, now, rules, places.get(job.id, 1)) for job in some]


def read_first_status(tx: Connection, job: Job, now: float, rules: Rules) -> Status:
    """Return what there is to say of a job just ordered.

    One that goes to KIE within moments counts as being made: its card is not drawn again so soon.
    """
    job = jobs.get(tx, job.id) or job
    [status] = read_statuses(tx, [job], now, rules)
    if status == Waiting(1) and _is_next(tx, job, now, rules):
        return _read_working(tx, job, now, rules)
    return status


def _is_next(tx: Connection, job: Job, now: float, rules: Rules) -> bool:
    """Tell whether a place at KIE is free, for the account and for the person."""
    if operations.pauses(tx).keys() & {transactions.RATE, transactions.DISK}:
        return False
    own = queue.count_at_kie(tx, now, job.user_id)
    return queue.count_at_kie(tx, now) < rules.max_concurrent and own < rules.max_jobs_per_user


def _read_status(tx: Connection, job: Job, now: float, rules: Rules, place: int) -> Status:
    match job.state:
        case State.QUEUED:
            pauses = operations.pauses(tx)
            return Waiting(
                place,
                paused_account=transactions.ACCOUNT in pauses,
                paused_model=transactions.model_scope(job.kind, job.options.model) in pauses,
            )
        case State.READY | State.DELIVERING:
            return Sending(trouble=job.tries >= TRIES_OF_TROUBLE)
        case _:
            return _read_working(tx, job, now, rules)


def _read_working(tx: Connection, job: Job, now: float, rules: Rules) -> Working:
    durations = operations.durations(tx, job.options.model, job.kind)
    return working(job, pace.estimate(job.kind, durations, rules), now)


def working(job: Job, estimate: eta.Estimate, now: float) -> Working:
    """Return how far a job at KIE is likely to be."""
    elapsed = max(now - (job.submitted_at or now), 0.0)  # the clock may have been set back
    slow = job.soft_deadline_at is not None and now >= job.soft_deadline_at
    rest = None if slow else eta.remaining(estimate, elapsed)
    return Working(eta.progress(estimate, elapsed), rest, slow)


def _pause(job: Job, status: Status) -> float:
    if isinstance(status, Waiting) and status.place > FAR_PLACE:
        return FAR_SECONDS
    return status_seconds(job.place)
