"""What was made of a video, and the messages that show it with its buttons."""

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite understands it too

from bot.models import Job, Kind, State
from storage import jobs as rows
from storage.database import Connection
from storage.schema import copies, jobs

# A job in one of these has made nothing, and will not: what it was for may be asked for again.
UNMADE = frozenset({State.FAILED, State.EXPIRED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Child:
    """What was asked of a video; ``asked``: KIE may have heard of it."""

    job_id: int
    kind: Kind
    state: State
    asked: bool

    @property
    def stands(self) -> bool:
        """Whether it is there or on its way."""
        return self.state not in UNMADE


@dataclass(frozen=True, slots=True)
class Stale:
    """A video whose buttons are to be drawn again; ``messages``: chat and message ids."""

    job: Job
    due_at: float
    messages: tuple[tuple[int, int], ...]


def children(tx: Connection, job_id: int) -> list[Child]:
    """Return what was asked of a video, oldest first."""
    found = tx.execute(
        select(jobs.c.id, jobs.c.kind, jobs.c.state, jobs.c.attempt)
        .where(jobs.c.parent_id == job_id)
        .order_by(jobs.c.id)
    )
    return [
        Child(
            row.id,
            Kind(row.kind),
            State(row.state),
            row.attempt > 0 or State(row.state) not in UNMADE,
        )
        for row in found
    ]


def is_replaced(tx: Connection, job: Job) -> bool:
    """Tell whether a sharper copy that came to nothing was asked for once more."""
    return job.kind is not Kind.EXTEND and any(
        child.stands and child.kind is job.kind and child.job_id != job.id
        for child in (children(tx, job.parent_id) if job.parent_id is not None else ())
    )


def shown_in(tx: Connection, chat_id: int, message_id: int) -> Job | None:
    """Return the job whose video a message shows."""
    delivered = select(jobs.c.id).where(
        jobs.c.chat_id == chat_id, jobs.c.result_message_id == message_id
    )
    again = select(copies.c.job_id).where(
        copies.c.chat_id == chat_id, copies.c.message_id == message_id
    )
    for query in (delivered, again):
        if (job_id := tx.execute(query).scalar()) is not None:
            return rows.get(tx, job_id)
    return None


def add_copy(tx: Connection, job_id: int, chat_id: int, message_id: int) -> None:
    """Remember a further message that shows a job's video and its buttons."""
    tx.execute(
        upsert(copies)
        .values(chat_id=chat_id, message_id=message_id, job_id=job_id)
        .on_conflict_do_nothing(index_elements=[copies.c.chat_id, copies.c.message_id])
    )


def forget_copy(tx: Connection, chat_id: int, message_id: int) -> None:
    """A message is gone, or cannot be changed any more."""
    here = (copies.c.chat_id == chat_id, copies.c.message_id == message_id)
    tx.execute(delete(copies).where(*here))


def leave_chat(tx: Connection, chat_id: int) -> None:
    """A group got another id: its messages cannot be changed any more."""
    tx.execute(delete(copies).where(copies.c.chat_id == chat_id))


def redraw(tx: Connection, job_id: int, now: float) -> None:
    """Have the buttons below a video drawn again, wherever it is shown."""
    tx.execute(update(jobs).where(jobs.c.id == job_id).values(buttons_due_at=now))


def stale(tx: Connection, now: float, limit: int) -> list[Stale]:
    """Return videos whose buttons are to be drawn again, the longest due first."""
    due = tx.execute(
        select(jobs.c.id, jobs.c.buttons_due_at)
        .where(jobs.c.buttons_due_at <= now)
        .order_by(jobs.c.buttons_due_at)
        .limit(limit)
    ).all()
    found = ((rows.get(tx, row.id), row.buttons_due_at) for row in due)
    return [Stale(job, at, messages_of(tx, job)) for job, at in found if job is not None]


def messages_of(tx: Connection, job: Job) -> tuple[tuple[int, int], ...]:
    """Return chat and message ids of all messages that show a job's video."""
    sent = job.result_message_id
    delivered = () if sent is None else ((job.place.chat_id, sent),)
    query = select(copies.c.chat_id, copies.c.message_id).where(copies.c.job_id == job.id)
    again = tx.execute(query.order_by(copies.c.chat_id, copies.c.message_id))
    return (*delivered, *((row.chat_id, row.message_id) for row in again))


def redrawn(tx: Connection, drawn: Stale, again_at: float | None) -> None:
    """Note that the buttons are as they were when ``drawn`` was read; a change since then counts.

    ``again_at``: when to try again what could not be drawn.
    """
    tx.execute(
        update(jobs)
        .where(jobs.c.id == drawn.job.id, jobs.c.buttons_due_at == drawn.due_at)
        .values(buttons_due_at=again_at)
    )
