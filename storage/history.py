"""What a person has had made, page by page."""

from sqlalchemy import ColumnElement, func, or_, select

from bot.jobs.lifecycle import ENDED
from bot.models import Job
from storage import jobs as rows
from storage.database import Connection
from storage.schema import jobs


def count(tx: Connection, user_id: int) -> int:
    """Return how many of a person's jobs have ended, or run on unseen."""
    return tx.execute(select(func.count()).select_from(jobs).where(_past(user_id))).scalar_one()


def page(tx: Connection, user_id: int, offset: int, limit: int) -> list[Job]:
    """Return those jobs, newest first, without the newest ``offset`` ones."""
    query = select(jobs.c.id).where(_past(user_id)).order_by(jobs.c.id.desc())
    ids = tx.execute(query.offset(offset).limit(limit)).scalars().all()
    found = (rows.get(tx, job_id) for job_id in ids)
    return [job for job in found if job is not None]


def _past(user_id: int) -> ColumnElement[bool]:
    return (jobs.c.user_id == user_id) & or_(jobs.c.state.in_(ENDED), jobs.c.muted)
