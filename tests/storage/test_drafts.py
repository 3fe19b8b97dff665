"""Drafts: one active per person and chat, none twice, none for ever."""

from dataclasses import replace
from itertools import count

import pytest

from bot.models import Draft, Kind, Mode, Options, Place, Ratio, Resolution, Step
from storage import drafts
from storage.database import Connection
from tests.storage.conftest import add_job

OPTIONS = Options("veo3_fast")
UPDATES = count(1)


def create(
    tx: Connection, user_id: int = 1, chat_id: int = 1, *, expires_at: float = 1000.0
) -> Draft:
    return drafts.create(
        tx,
        user_id=user_id,
        place=Place(chat_id, 5, 6),
        step=Step.CARD,
        prompt="a cat",
        options=OPTIONS,
        photos=(),
        expires_at=expires_at,
        update_id=next(UPDATES),
    )


def is_active(tx: Connection, draft: Draft) -> bool:
    found = drafts.get(tx, draft.id)
    assert found is not None
    return found.active


def test_a_draft_comes_back_as_it_was_made(tx: Connection) -> None:
    parent_id = add_job(tx)
    options = Options(
        "veo3", Mode.REFERENCE, Ratio.AUTO, 6, Resolution.P1080, 11111, translate=False,
        watermark="wm",
    )  # fmt: skip
    made = drafts.create(
        tx,
        user_id=7,
        place=Place(-100, 5, 6),
        step=Step.PROMPT,
        prompt=None,
        options=options,
        photos=(3, 1, 2),
        expires_at=1000.0,
        update_id=77_777,
        kind=Kind.EXTEND,
        parent_id=parent_id,
    )
    assert made == Draft(
        id=made.id,
        user_id=7,
        place=Place(-100, 5, 6),
        step=Step.PROMPT,
        active=True,
        prompt=None,
        options=options,
        photos=(3, 1, 2),
        card_message_id=None,
        more=False,
        expires_at=1000.0,
        kind=Kind.EXTEND,
        parent_id=parent_id,
        update_id=77_777,
    )
    assert drafts.get(tx, made.id) == made


def test_the_same_update_again_gives_the_draft_as_it_is_now(tx: Connection) -> None:
    def open_it(prompt: str) -> Draft:
        return drafts.create(
            tx,
            user_id=1,
            place=Place(1),
            step=Step.CARD,
            prompt=prompt,
            options=OPTIONS,
            photos=(),
            expires_at=1000.0,
            update_id=99_999,
        )

    first = open_it("a cat")
    changed = replace(first, prompt="a dog", card_message_id=8)
    drafts.save(tx, changed)
    assert open_it("a cat") == changed


def test_a_new_draft_parks_the_one_before_in_the_same_chat_only(tx: Connection) -> None:
    before, elsewhere, of_another = create(tx), create(tx, chat_id=2), create(tx, user_id=2)
    new = create(tx)
    assert not is_active(tx, before)
    assert all(is_active(tx, draft) for draft in (new, elsewhere, of_another))
    assert drafts.active(tx, 1, 1, 0.0) == new


def test_an_expired_draft_is_not_the_active_one(tx: Connection) -> None:
    create(tx, expires_at=1000.0)
    assert drafts.active(tx, 1, 1, 999.0) is not None
    assert drafts.active(tx, 1, 1, 1000.0) is None


def test_a_card_leads_to_its_draft(tx: Connection) -> None:
    draft = replace(create(tx), card_message_id=44)
    drafts.save(tx, draft)
    assert drafts.by_card(tx, 1, 44) == draft
    assert drafts.by_card(tx, 2, 44) is None
    assert drafts.by_card(tx, 1, 45) is None


def test_saving_keeps_every_change(tx: Connection) -> None:
    draft = create(tx)
    changed = replace(
        draft,
        step=Step.PROMPT,
        prompt="a dog",
        options=Options("veo3", seconds=4),
        photos=(2, 1),
        card_message_id=9,
        more=True,
        expires_at=2000.0,
    )
    assert drafts.save(tx, changed)
    assert drafts.get(tx, draft.id) == changed


def test_saving_does_not_make_a_parked_draft_active(tx: Connection) -> None:
    parked = create(tx)
    create(tx)
    drafts.save(tx, parked)
    assert not is_active(tx, parked)


def test_saving_a_draft_that_is_gone_says_so(tx: Connection) -> None:
    draft = create(tx)
    drafts.drop(tx, draft.id)
    assert not drafts.save(tx, draft)


def test_activating_a_parked_draft_parks_the_other(tx: Connection) -> None:
    first, second = create(tx), create(tx)
    assert drafts.activate(tx, first.id)
    assert is_active(tx, first)
    assert not is_active(tx, second)


def test_activating_a_draft_that_is_gone_leaves_the_other_active(tx: Connection) -> None:
    gone, other = create(tx), create(tx)
    drafts.drop(tx, gone.id)
    assert not drafts.activate(tx, gone.id)
    assert is_active(tx, other)


def test_a_draft_is_dropped_once(tx: Connection) -> None:
    draft = create(tx)
    assert [drafts.drop(tx, draft.id) for _ in range(3)] == [True, False, False]
    assert drafts.get(tx, draft.id) is None


def test_the_buttons_of_a_dropped_draft_never_lead_to_a_later_one(tx: Connection) -> None:
    gone = create(tx)
    drafts.drop(tx, gone.id)
    assert create(tx).id != gone.id


def test_expired_drafts_are_dropped_and_returned(tx: Connection) -> None:
    old, due, fresh = (create(tx, user, expires_at=100.0 * user) for user in (1, 2, 3))
    assert sorted(draft.id for draft in drafts.drop_expired(tx, 200.0)) == [old.id, due.id]
    assert drafts.get(tx, old.id) is None
    assert drafts.get(tx, fresh.id) == fresh
    assert drafts.drop_expired(tx, 200.0) == []


def test_steps_are_those_of_active_drafts_that_live(tx: Connection) -> None:
    asking = replace(create(tx), step=Step.PROMPT)
    drafts.save(tx, asking)
    create(tx)
    drafts.activate(tx, asking.id)
    create(tx, user_id=2, chat_id=-5)
    create(tx, user_id=3, expires_at=10.0)
    assert drafts.steps(tx, 500.0) == {(1, 1): Step.PROMPT, (-5, 2): Step.CARD}


def test_drafts_follow_their_group_without_its_messages_and_yield_to_a_newer_one(
    tx: Connection,
) -> None:
    drafts.save(tx, replace(create(tx, user_id=1, chat_id=-5), card_message_id=7))
    parked = create(tx, user_id=2, chat_id=-5)
    newer = create(tx, user_id=2, chat_id=-6)
    drafts.save(tx, replace(newer, card_message_id=8))
    elsewhere = create(tx, user_id=3, chat_id=-7)
    drafts.move_chat(tx, -5, -6)
    moved = drafts.active(tx, 1, -6, 500.0)
    assert moved is not None
    assert (moved.place, moved.card_message_id) == (Place(-6), None)
    assert not is_active(tx, parked)
    assert is_active(tx, newer)
    assert drafts.get(tx, elsewhere.id) == elsewhere
    assert drafts.unshown(tx, -6, 500.0) == [moved]


@pytest.mark.parametrize("chats", [1, 4])
def test_only_a_users_newest_drafts_are_kept(tx: Connection, chats: int) -> None:
    other = create(tx, user_id=2)
    made = [create(tx, chat_id=1 + number % chats) for number in range(13)]
    kept = [draft.id for draft in made if drafts.get(tx, draft.id)]
    assert kept == [draft.id for draft in made[3:]]
    assert drafts.get(tx, other.id) == other
