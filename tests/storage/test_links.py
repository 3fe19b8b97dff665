"""Shared files in the database."""

import pytest
from sqlalchemy import select

from bot.models import State
from storage import links, schema
from storage.database import Connection
from storage.links import PHOTO, RESULT, Link
from tests.storage.conftest import add_job, set_state


def ref_of(tx: Connection, job_id: int) -> str:
    ref: str = tx.execute(select(schema.jobs.c.ref).where(schema.jobs.c.id == job_id)).scalar_one()
    return ref


def test_a_token_leads_to_its_file_of_its_kind_in_its_time(tx: Connection) -> None:
    link = Link(ref_of(tx, add_job(tx)), "photos/a.jpg")
    links.add(tx, "hash", PHOTO, link, expires_at=100.0)
    assert links.find(tx, "hash", PHOTO, 99.0) == link
    assert links.find(tx, "hash", PHOTO, 100.0) is None
    assert links.find(tx, "hash", RESULT, 99.0) is None
    assert links.find(tx, "other", PHOTO, 99.0) is None


@pytest.mark.parametrize("state", State)
def test_photos_end_with_their_job_results_do_not(tx: Connection, state: State) -> None:
    job_id = add_job(tx)
    link = Link(ref_of(tx, job_id), "a")
    links.add(tx, "photo", PHOTO, link, expires_at=100.0)
    links.add(tx, "result", RESULT, link, expires_at=100.0)
    set_state(tx, job_id, state)
    ended = state in {State.DONE, State.FAILED, State.EXPIRED, State.CANCELLED}
    assert (links.find(tx, "photo", PHOTO, 1.0) is None) == ended
    assert links.find(tx, "result", RESULT, 1.0) == link


def test_what_has_expired_is_forgotten(tx: Connection) -> None:
    link = Link(ref_of(tx, add_job(tx)), "a")
    links.add(tx, "old", PHOTO, link, expires_at=100.0)
    links.add(tx, "new", PHOTO, link, expires_at=101.0)
    assert links.purge(tx, 100.0) == 1
    assert links.find(tx, "new", PHOTO, 1.0) == link
