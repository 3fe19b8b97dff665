"""What is left of a person who had their data deleted, and what coming back gives."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from bot.models import NOBODY, Access, Options, Place, State, Step, User, Video
from storage import audit, codec, drafts, erasure, inbox, ledger, media, operations, schema, users
from storage.database import Connection, Database
from storage.inbox import Incoming
from tests.storage.conftest import add_job, set_state

USER = 5_550_001
OTHER = 5_550_002
NAME = "Zebedee"
SECRET = "the crown of rhubarb"
BASE = Options("veo3_fast")
NOON = 1_800_014_400.0
DAY = 86_400.0


def meet(tx: Connection, user_id: int = USER, now: float = NOON) -> User:
    return users.meet(tx, user_id, NAME, "en", now, BASE)


def hold(tx: Connection, job_id: int, user_id: int = USER, now: float = NOON) -> None:
    ledger.hold(tx, job_id, user_id, 60, now, daily=100, total=None, admin=False)


def add_spent(tx: Connection, user_id: int = USER) -> int:
    job_id = add_job(tx, user_id)
    hold(tx, job_id, user_id)
    ledger.capture(tx, job_id, NOON)
    set_state(tx, job_id, State.DONE)
    return job_id


def forget(tx: Connection, user_id: int = USER, update_id: int = 1000, now: float = NOON) -> None:
    erasure.bury(tx, user_id, now)
    erasure.forget(tx, user_id, update_id)


def free_left(tx: Connection, now: float = NOON, user_id: int = USER) -> int | None:
    return ledger.quota(tx, user_id, now, daily=100, total=None, admin=False).free


def everything(tx: Connection) -> str:
    """All that stands in any column of any table, but for facts, which name nobody."""
    return "\n".join(
        f"{table.name}: {row}"
        for table in schema.metadata.sorted_tables
        if table is not schema.facts
        for row in tx.execute(select(table))
    )


def add_everything(tx: Connection) -> int:
    """Fill every table that holds something of a person; return the job."""
    meet(tx)
    users.change(tx, USER, watermark=SECRET)
    photo = media.insert(tx, USER, "photo", Video("photos/p.jpg", 1, 1, 0.0, 1, SECRET), NOON)
    clip = media.insert(tx, USER, "video", Video("videos/v.mp4", 1, 1, 8.0, 1, SECRET), NOON)
    job_id = add_spent(tx)
    tx.execute(
        update(schema.jobs)
        .where(schema.jobs.c.id == job_id)
        .values(
            prompt=SECRET,
            options=codec.dump_options(replace(BASE, watermark=SECRET, seed=12345)),
            photos=codec.dump_list([photo]),
            media_id=clip,
            task_id=SECRET,
            result_urls=codec.dump_list([SECRET]),
            status_message_id=71,
            result_message_id=72,
            due_at=NOON,
        )
    )
    tx.execute(
        insert(schema.attempts).values(
            job_id=job_id,
            number=1,
            dialect="veo",
            token_hash="h",
            callback=True,
            task_id=SECRET,
            begun_at=NOON,
        )
    )
    tx.execute(insert(schema.events).values(job_id=job_id, at=NOON, to_state="failed", note=SECRET))
    tx.execute(insert(schema.copies).values(chat_id=USER, message_id=73, job_id=job_id))
    tx.execute(
        insert(schema.links).values(
            token_hash="t", kind="result", job_ref=_ref(tx, job_id), path=SECRET, expires_at=NOON
        )
    )
    add_draft(tx)
    tx.execute(
        insert(schema.albums).values(
            chat_id=USER,
            group_id=SECRET,
            user_id=USER,
            update_id=3,
            opened_at=NOON,
            due_at=NOON,
            open=True,
        )
    )
    tx.execute(
        insert(schema.album_parts).values(
            update_id=3,
            chat_id=USER,
            group_id=SECRET,
            message_id=74,
            caption=SECRET,
            media_id=photo,
            taken=False,
        )
    )
    operations.raise_alert(tx, f"about-{USER}", "somebody", NOON)
    operations.raise_alert(tx, "foreign", _ref(tx, job_id), NOON)
    return job_id


def add_draft(tx: Connection) -> None:
    drafts.create(
        tx,
        user_id=USER,
        place=Place(USER),
        step=Step.CARD,
        prompt=SECRET,
        options=BASE,
        photos=(),
        expires_at=NOON + DAY,
        update_id=2,
    )


def _ref(tx: Connection, job_id: int) -> str:
    ref: str = tx.execute(select(schema.jobs.c.ref).where(schema.jobs.c.id == job_id)).scalar_one()
    return ref


def test_no_column_of_any_table_holds_the_person_any_more(tx: Connection) -> None:
    add_everything(tx)
    assert str(USER) in everything(tx)
    forget(tx)
    left = everything(tx)
    assert [found for found in (str(USER), NAME, SECRET) if found in left] == []
    assert operations.untold_alerts(tx) == []


def test_others_keep_what_is_theirs(tx: Connection) -> None:
    meet(tx, OTHER)
    add_spent(tx, OTHER)
    operations.raise_alert(tx, "disk", "1 MB", NOON)
    before = everything(tx)
    meet(tx)
    forget(tx)
    assert everything(tx) == before


def test_the_ledger_adds_up_without_the_person(tx: Connection) -> None:
    meet(tx)
    ledger.grant(tx, USER, 500, 9, NOON - DAY)
    add_spent(tx)
    running = add_job(tx, USER, state=State.GENERATING)
    hold(tx, running)
    forget(tx)
    assert audit.audit(tx) == []
    assert {user_id for (user_id,) in tx.execute(select(schema.entries.c.user_id))} == {NOBODY}
    ledger.release(tx, running, NOON + DAY)
    set_state(tx, running, State.FAILED)
    assert audit.audit(tx) == []


def test_two_who_leave_are_one_nobody(tx: Connection) -> None:
    for user_id in (USER, OTHER):
        meet(tx, user_id)
        ledger.grant(tx, user_id, 10, user_id, NOON)
        add_spent(tx, user_id)
        forget(tx, user_id)
    assert audit.audit(tx) == []


def test_coming_back_the_same_day_gives_no_fresh_credits(tx: Connection) -> None:
    meet(tx)
    add_spent(tx)
    assert free_left(tx) == 40
    forget(tx)
    assert free_left(tx) == 100  # nobody knows them now
    meet(tx)
    assert erasure.come_back(tx, USER, NOON + 60)
    assert free_left(tx) == 40
    assert audit.audit(tx) == []


def test_leaving_twice_the_same_day_adds_up(tx: Connection) -> None:
    meet(tx)
    add_spent(tx)
    forget(tx)
    for _ in range(2):
        meet(tx)
        erasure.come_back(tx, USER, NOON)
        assert free_left(tx) == 40
        forget(tx)
        assert audit.audit(tx) == []


def test_the_next_day_begins_anew(tx: Connection) -> None:
    meet(tx)
    add_spent(tx)
    forget(tx)
    meet(tx)
    erasure.come_back(tx, USER, NOON + DAY)
    assert free_left(tx, NOON + DAY) == 100
    assert audit.audit(tx) == []


@pytest.mark.parametrize("access", [Access.BANNED, Access.DENIED, Access.ASKED])
def test_a_refusal_outlives_the_data(tx: Connection, access: Access) -> None:
    meet(tx)
    users.set_access(tx, USER, access, NOON)
    forget(tx)
    meet(tx)
    assert erasure.come_back(tx, USER, NOON)
    back = users.get(tx, USER, BASE)
    assert back is not None
    assert back.access is access


def test_having_been_let_in_does_not(tx: Connection) -> None:
    meet(tx)
    users.set_access(tx, USER, Access.ALLOWED, NOON)
    forget(tx)
    assert tx.execute(select(schema.tombstones)).all() == []
    assert not erasure.come_back(tx, USER, NOON)


def test_the_hash_cannot_be_had_without_this_installations_key(tx: Connection) -> None:
    meet(tx)
    users.set_access(tx, USER, Access.BANNED, NOON)
    forget(tx)
    first = tx.execute(select(schema.tombstones.c.user_hash)).scalar_one()
    operations.set_fact(tx, erasure.KEY, "00" * 32)
    assert not erasure.come_back(tx, USER, NOON)
    assert len(first) == 64


def test_what_was_kept_for_a_day_goes_with_it_and_a_ban_stays(tx: Connection) -> None:
    meet(tx)
    add_spent(tx)
    forget(tx)
    meet(tx, OTHER)
    users.set_access(tx, OTHER, Access.BANNED, NOON)
    forget(tx, OTHER)
    erasure.purge(tx, NOON)
    assert len(tx.execute(select(schema.tombstones)).all()) == 2
    erasure.purge(tx, NOON + DAY)
    assert tx.execute(select(schema.tombstones.c.access)).scalars().all() == ["banned"]


def test_files_and_cards_of_the_person_are_named(tx: Connection) -> None:
    job_id = add_everything(tx)
    draft = drafts.active(tx, USER, USER, NOON)
    assert draft is not None
    drafts.save(tx, replace(draft, card_message_id=70))
    set_state(tx, job_id, State.GENERATING)
    found = erasure.belongings(tx, USER)
    assert set(found.paths) == {"photos/p.jpg", "videos/v.mp4"}
    assert found.refs == (_ref(tx, job_id),)
    assert found.cards == ((USER, 70), (USER, 71))


def test_credits_held_by_what_waits_count_among_those_lost(tx: Connection) -> None:
    meet(tx)
    ledger.grant(tx, USER, 500, 9, NOON)
    hold(tx, add_job(tx, USER))
    hold(tx, add_job(tx, USER))  # 40 free, 20 granted
    running = add_job(tx, USER)
    hold(tx, running)
    set_state(tx, running, State.GENERATING)
    assert erasure.stake(tx, USER) == erasure.Stake(granted=440, open_jobs=3)
    assert erasure.stake(tx, OTHER) == erasure.Stake(granted=0, open_jobs=0)


def test_a_job_that_ran_on_is_emptied_at_its_end(tx: Connection) -> None:
    job_id = add_everything(tx)
    set_state(tx, job_id, State.GENERATING)
    forget(tx)
    assert SECRET in everything(tx)  # the task is still to be asked for
    set_state(tx, job_id, State.FAILED)
    erasure.forget_ended(tx, job_id)
    assert SECRET not in everything(tx)
    assert erasure.is_erased(tx, job_id)


def test_somebody_elses_job_is_not_emptied_at_its_end(tx: Connection) -> None:
    job_id = add_everything(tx)
    erasure.forget_ended(tx, job_id)
    assert not erasure.is_erased(tx, job_id)
    assert tx.execute(select(schema.jobs.c.task_id)).scalar_one() == SECRET


def message(sender: int, chat: int, **more: Any) -> dict[str, Any]:
    return {"from": {"id": sender}, "chat": {"id": chat}, **more}


def store(tx: Connection, update_id: int, body: dict[str, Any], lane: int) -> None:
    text = json.dumps({"update_id": update_id, "message": body})
    inbox.store(tx, [Incoming(update_id, lane, text)], NOON)


def kept(tx: Connection) -> set[int]:
    """The updates that still have a content."""
    rows = tx.execute(select(schema.inbox.c.update_id, schema.inbox.c.body))
    return {row.update_id for row in rows if set(json.loads(row.body)) != {"update_id"}}


def test_what_the_person_wrote_is_emptied_but_stays_known(tx: Connection) -> None:
    group = -100
    store(tx, 1, message(USER, USER, text=SECRET), USER)
    store(tx, 2, message(USER, group, text=SECRET), group)
    store(tx, 3, message(OTHER, group, reply_to_message=message(USER, group, text=SECRET)), group)
    store(tx, 4, message(OTHER, group, text="hello"), group)
    store(tx, 5, message(OTHER, group, reply_to_message=message(USER, group)), group)
    store(tx, 8, message(USER, USER, text="after"), USER)
    inbox.mark_handled(tx, [(3, None), (4, None)], NOON)
    forget(tx, update_id=7)
    # 5 is somebody else's and not handled yet; 8 came after the wish to be forgotten.
    assert kept(tx) == {4, 5, 8}
    assert SECRET not in everything(tx)
    assert inbox.store(tx, [Incoming(1, USER, "{}")], NOON) == []


async def fill(database: Database) -> None:
    for number in range(200):
        body = {"update_id": number, "message": message(USER, USER, text=f"{SECRET} {number}")}
        await database.write(inbox.store, [Incoming(number, USER, json.dumps(body))], NOON)
    await database.write(add_everything)


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_the_files_hold_no_byte_of_it_once_they_are_rewritten(
    database: Database, tmp_path: Path
) -> None:
    await fill(database)
    assert SECRET.encode() in bytes_of(tmp_path)
    await database.write(forget)
    await database.compact()
    left = bytes_of(tmp_path)
    assert SECRET.encode() not in left
    assert NAME.encode() not in left
    assert str(USER).encode() not in left


async def test_a_reader_from_outside_puts_the_rewriting_off(
    database: Database, tmp_path: Path
) -> None:
    await fill(database)
    with closing(sqlite3.connect(tmp_path / "veogram.db", isolation_level=None)) as outside:
        outside.execute("BEGIN")
        outside.execute("SELECT count(*) FROM users").fetchone()
        await database.write(forget)
        with pytest.raises(Exception, match="Another process"):
            await database.compact()
    await database.compact()
    assert SECRET.encode() not in bytes_of(tmp_path)
