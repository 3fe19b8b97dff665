"""What was made of a video: one sharper copy of each kind, parts, messages that show it."""

from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.errors import AlreadyAsked
from bot.models import Job, Kind, NewJob, Options, Place, State
from storage import jobs, lineage, schema
from storage.database import Connection
from tests.storage.conftest import add_job, set_state

UNMADE = [State.FAILED, State.EXPIRED, State.CANCELLED]
STANDING = [state for state in State if state not in UNMADE]


def add_child(tx: Connection, parent_id: int, kind: Kind, now: float = 1.0) -> Job:
    new = NewJob(1, Place(1), kind, "a cat", Options("veo3_fast"), (), 5, None, parent_id)
    return jobs.insert_job(tx, new, now, now + 100)


def get(tx: Connection, job_id: int) -> Job:
    job = jobs.get(tx, job_id)
    assert job is not None
    return job


@pytest.mark.parametrize("kind", [Kind.UPGRADE_1080P, Kind.UPGRADE_4K])
@pytest.mark.parametrize("state", STANDING)
def test_a_sharper_copy_that_stands_cannot_be_asked_for_again(
    tx: Connection, kind: Kind, state: State
) -> None:
    parent_id = add_job(tx, state=State.DONE)
    set_state(tx, add_child(tx, parent_id, kind).id, state)

    with pytest.raises(AlreadyAsked):
        add_child(tx, parent_id, kind)


@pytest.mark.parametrize("state", UNMADE)
def test_a_sharper_copy_that_came_to_nothing_may_be_asked_for_again(
    tx: Connection, state: State
) -> None:
    parent_id = add_job(tx, state=State.DONE)
    first = add_child(tx, parent_id, Kind.UPGRADE_4K)
    set_state(tx, first.id, state)

    second = add_child(tx, parent_id, Kind.UPGRADE_4K)

    assert second.id != first.id
    assert lineage.is_replaced(tx, first)
    assert not lineage.is_replaced(tx, second)


def test_the_table_itself_refuses_a_second_copy_that_stands(tx: Connection) -> None:
    parent_id = add_job(tx, state=State.DONE)
    set_state(tx, add_child(tx, parent_id, Kind.UPGRADE_4K).id, State.FAILED)
    failed_id = lineage.children(tx, parent_id)[0].job_id
    add_child(tx, parent_id, Kind.UPGRADE_4K)

    with pytest.raises(IntegrityError), tx.begin_nested():
        set_state(tx, failed_id, State.READY)


def test_a_video_has_both_sharper_copies_and_any_number_of_extensions(tx: Connection) -> None:
    parent_id = add_job(tx, state=State.DONE)
    kinds = [Kind.UPGRADE_1080P, Kind.UPGRADE_4K, Kind.EXTEND, Kind.EXTEND]

    for kind in kinds:
        add_child(tx, parent_id, kind)

    assert [child.kind for child in lineage.children(tx, parent_id)] == kinds
    assert all(child.stands and child.asked for child in lineage.children(tx, parent_id))


def test_a_wish_cancelled_before_kie_heard_of_it_was_never_asked(tx: Connection) -> None:
    parent_id = add_job(tx, state=State.DONE)
    early = add_child(tx, parent_id, Kind.UPGRADE_1080P)
    set_state(tx, early.id, State.CANCELLED)
    late = add_child(tx, parent_id, Kind.UPGRADE_4K)
    tx.execute(
        update(schema.jobs).where(schema.jobs.c.id == late.id).values(state=State.FAILED, attempt=1)
    )

    assert [child.asked for child in lineage.children(tx, parent_id)] == [False, True]
    assert not any(child.stands for child in lineage.children(tx, parent_id))


def test_parts_are_counted_along_the_extensions_of_a_film(tx: Connection) -> None:
    first = get(tx, add_job(tx, state=State.DONE))
    second = add_child(tx, first.id, Kind.EXTEND)
    third = add_child(tx, second.id, Kind.EXTEND)
    sharper = add_child(tx, second.id, Kind.UPGRADE_1080P)

    assert [job.part for job in (first, second, third, sharper)] == [1, 2, 3, 2]


def test_a_message_is_known_by_the_video_it_shows(tx: Connection) -> None:
    job_id = add_job(tx, user_id=7, state=State.DONE)
    tx.execute(update(schema.jobs).values(result_message_id=50))
    lineage.add_copy(tx, job_id, -9, 60)
    lineage.add_copy(tx, job_id, -9, 60)

    assert [get(tx, job_id)] == [lineage.shown_in(tx, 7, 50)] == [lineage.shown_in(tx, -9, 60)]
    assert lineage.shown_in(tx, 7, 60) is None
    assert lineage.messages_of(tx, get(tx, job_id)) == ((7, 50), (-9, 60))
    lineage.forget_copy(tx, -9, 60)
    assert lineage.messages_of(tx, get(tx, job_id)) == ((7, 50),)
    lineage.add_copy(tx, job_id, -9, 61)
    lineage.leave_chat(tx, -9)
    assert lineage.messages_of(tx, get(tx, job_id)) == ((7, 50),)


def test_buttons_are_drawn_again_when_a_child_begins_and_when_it_ends(tx: Connection) -> None:
    parent_id = add_job(tx, state=State.DONE)
    child = add_child(tx, parent_id, Kind.UPGRADE_1080P, now=1.0)
    began = lineage.stale(tx, 1.0, 5)
    lineage.redrawn(tx, began[0], None)
    still = lineage.stale(tx, 9.0, 5)
    jobs.move(tx, child, State.CANCELLED, 9.0)
    ended = lineage.stale(tx, 9.0, 5)

    assert [(each.job.id, each.due_at) for each in began] == [(parent_id, 1.0)]
    assert still == []
    assert [(each.job.id, each.due_at) for each in ended] == [(parent_id, 9.0)]


def test_a_change_while_buttons_are_drawn_has_them_drawn_once_more(tx: Connection) -> None:
    job_id = add_job(tx, state=State.DONE)
    lineage.redraw(tx, job_id, 1.0)
    seen = lineage.stale(tx, 2.0, 5)[0]
    lineage.redraw(tx, job_id, 2.0)

    lineage.redrawn(tx, seen, None)

    assert [each.due_at for each in lineage.stale(tx, 2.0, 5)] == [2.0]
    lineage.redrawn(tx, replace(seen, due_at=2.0), 7.0)
    assert lineage.stale(tx, 6.0, 5) == []
    assert [each.due_at for each in lineage.stale(tx, 7.0, 5)] == [7.0]


def test_copies_go_with_their_job(tx: Connection) -> None:
    job_id = add_job(tx)
    tx.execute(insert(schema.copies).values(chat_id=1, message_id=2, job_id=job_id))

    tx.execute(schema.jobs.delete().where(schema.jobs.c.id == job_id))

    assert tx.execute(select(schema.copies)).all() == []
