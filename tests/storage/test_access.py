"""Requests to be let in and the messages about them."""

import pytest
from sqlalchemy import delete

from bot.models import Access, Options, Place
from storage import access, schema, users
from storage.access import Copy
from storage.database import Connection

HERE = Place(-5, 3, 7)


def request(tx: Connection, user_id: int = 1, update_id: int = 10) -> access.Asking:
    users.meet(tx, user_id, "Eve", "de", 0.0, Options("veo3_fast"))
    access.put(tx, user_id, HERE, update_id)
    found = access.get(tx, user_id)
    assert found is not None
    return found


def test_a_request_is_read_back_with_its_person(tx: Connection) -> None:
    assert request(tx) == access.Asking(1, "Eve", "de", 10, HERE, None, None)
    assert access.get(tx, 2) is None


def test_a_request_is_decided_once(tx: Connection) -> None:
    request(tx)
    assert access.decide(tx, 1, 100, allowed=True)
    assert not access.decide(tx, 1, 101, allowed=False)
    assert not access.decide(tx, 2, 100, allowed=True)
    found = access.get(tx, 1)
    assert found is not None
    assert (found.decided_by, found.allowed) == (100, True)


def test_every_admin_without_a_message_about_this_asking_is_untold(tx: Connection) -> None:
    first, second = request(tx, 1, 10), request(tx, 2, 20)
    access.add_copy(tx, Copy(100, 50), first)
    assert access.untold_admins(tx, {101, 100}) == [(101, first), (100, second), (101, second)]
    again = request(tx, 1, 30)
    assert (100, again) in access.untold_admins(tx, {100})
    access.decide(tx, 1, 100, allowed=False)
    assert access.untold_admins(tx, {100}) == [(100, second)]


def test_messages_about_decided_requests_are_outdated_until_dropped(tx: Connection) -> None:
    asking, copy = request(tx), Copy(100, 50)
    access.add_copy(tx, copy, asking)
    access.add_copy(tx, copy, asking)
    assert access.outdated_copies(tx) == []
    access.decide(tx, 1, 100, allowed=True)
    assert access.outdated_copies(tx) == [(copy, access.get(tx, 1))]
    access.drop_copy(tx, copy)
    assert access.outdated_copies(tx) == []


def test_an_asker_is_untold_until_marked_and_again_after_another_request(tx: Connection) -> None:
    asking = request(tx)
    assert access.untold_askers(tx) == []
    access.decide(tx, 1, 100, allowed=True)
    assert access.untold_askers(tx) == [access.get(tx, 1)]
    access.mark_told(tx, asking)
    assert access.untold_askers(tx) == []
    request(tx, 1, 11)
    access.mark_told(tx, asking)
    access.decide(tx, 1, 100, allowed=False)
    assert [each.allowed for each in access.untold_askers(tx)] == [False]


def test_a_request_follows_its_group_without_the_message_it_answered(tx: Connection) -> None:
    request(tx)
    access.move_chat(tx, -5, -6)
    found = access.get(tx, 1)
    assert found is not None
    assert found.place == Place(-6)


@pytest.mark.parametrize("admin_id", [100, 101])
def test_a_person_who_is_deleted_takes_request_and_messages_along(
    tx: Connection, admin_id: int
) -> None:
    asking = request(tx)
    users.set_access(tx, 1, Access.ASKED, 0.0)
    access.add_copy(tx, Copy(admin_id, 50), asking)
    tx.execute(delete(schema.users).where(schema.users.c.id == 1))
    assert access.get(tx, 1) is None
    access.add_copy(tx, Copy(admin_id, 51), asking)
    access.decide(tx, 1, admin_id, allowed=True)
    assert access.outdated_copies(tx) == []
