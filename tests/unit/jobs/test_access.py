"""How many may ask, how often, and whose decision counts."""

import pytest

from bot.errors import NotAllowed
from bot.jobs.access import ASK_AGAIN_SECONDS, MAX_OPEN, Admission, Asked, Copy
from bot.jobs.rules import Rules
from bot.models import Access, Dialect, Options, Place, User
from storage import users
from storage.database import Database
from tests.conftest import Clock

BASE = Options("veo3_fast")
HOME = Place(1, None, 7)
ADMIN = User(100, "Ada", "en", Access.STRANGER, BASE)
OTHER_ADMIN = User(101, "Cleo", "en", Access.STRANGER, BASE)


def rules(*admin_ids: int) -> Rules:
    return Rules(
        dialect=Dialect.VEO,
        max_concurrent=1,
        creates_per_10s=1,
        max_jobs_per_user=1,
        expected_seconds=1,
        shortest_pause_seconds=1,
        soft_deadline_seconds=1,
        hard_deadline_seconds=1,
        daily_credits=0,
        daily_credits_total=None,
        credits_low=0,
        admin_ids=frozenset(admin_ids),
        open_to_all=False,
        prompt_max_chars=1,
        upload_max_bytes=1,
        result_max_bytes=1,
        keep_videos_seconds=1,
    )


@pytest.fixture
def rings() -> list[str]:
    return []


@pytest.fixture
def admission(database: Database, clock: Clock, rings: list[str]) -> Admission:
    return made(database, clock, rings, ADMIN.id, OTHER_ADMIN.id)


def made(database: Database, clock: Clock, rings: list[str], *admin_ids: int) -> Admission:
    return Admission(
        database=database,
        rules=rules(*admin_ids),
        base=BASE,
        ring=lambda: rings.append("ring"),
        clock=clock,
    )


async def met(database: Database, user_id: int) -> User:
    return await database.write(users.meet, user_id, f"P{user_id}", "en", 0.0, BASE)


async def access_of(database: Database, user_id: int) -> Access:
    user = await database.read(users.get, user_id, BASE)
    assert user is not None
    return user.access


async def test_so_many_may_wait_for_a_decision_and_the_next_can_ask_after_one(
    database: Database, admission: Admission
) -> None:
    people = [await met(database, number) for number in range(1, MAX_OPEN + 2)]
    asked = [await admission.ask(each, HOME, each.id) for each in people]
    assert asked == [*[Asked.NEW] * MAX_OPEN, Asked.NOT_OPEN]
    assert await access_of(database, people[-1].id) is Access.STRANGER
    await admission.decide(people[0].id, ADMIN, allow=False)
    assert await admission.ask(people[-1], HOME, 999) is Asked.NEW


async def test_whoever_waits_may_remind_the_admins_after_a_day_even_when_many_wait(
    database: Database, admission: Admission, clock: Clock
) -> None:
    people = [await met(database, number) for number in range(1, MAX_OPEN + 1)]
    for each in people:
        await admission.ask(each, HOME, each.id)
    first = (await admission.news()).requests[0]
    await admission.told_admin(Copy(first[0].id, 50), first[1])
    assert await admission.ask(people[0], HOME, 998) is Asked.BEFORE
    clock.advance(ASK_AGAIN_SECONDS)
    assert await admission.ask(people[0], HOME, 999) is Asked.NEW
    told_anew = [(admin.id, asking.user_id) for admin, asking in (await admission.news()).requests]
    assert (first[0].id, people[0].id) in told_anew
    await admission.decide(people[0].id, ADMIN, allow=True)
    assert [copy.message_id for _, copy, _ in (await admission.news()).outdated] == [50]


@pytest.mark.parametrize("access", [Access.DENIED, Access.BANNED])
async def test_whoever_was_refused_cannot_ask(
    database: Database, admission: Admission, access: Access
) -> None:
    person = await met(database, 1)
    await database.write(users.set_access, 1, access, 0.0)
    assert await admission.ask(person, HOME, 1) is Asked.NOT_OPEN
    assert (await admission.news()).requests == []


async def test_an_update_that_is_handled_again_gets_its_answer_and_changes_nothing(
    database: Database, admission: Admission
) -> None:
    person = await met(database, 1)
    assert await admission.ask(person, HOME, 1) is Asked.NEW
    assert await admission.decide(1, ADMIN, allow=True)
    assert await admission.ask(person, HOME, 1) is Asked.NEW
    assert await access_of(database, 1) is Access.ALLOWED
    assert await admission.decide(1, ADMIN, allow=True)


async def test_the_first_decision_stands_whatever_others_decide(
    database: Database, admission: Admission
) -> None:
    person = await met(database, 1)
    await admission.ask(person, HOME, 1)
    assert await admission.decide(1, ADMIN, allow=False)
    assert not await admission.decide(1, OTHER_ADMIN, allow=False)
    assert not await admission.decide(1, ADMIN, allow=True)
    assert await access_of(database, 1) is Access.DENIED


async def test_nobody_is_let_in_who_did_not_ask_or_by_whom_is_no_admin(
    database: Database, admission: Admission
) -> None:
    person = await met(database, 1)
    assert not await admission.decide(1, ADMIN, allow=True)
    assert not await admission.decide(2, ADMIN, allow=True)
    await admission.ask(person, HOME, 1)
    with pytest.raises(NotAllowed):
        await admission.decide(1, person, allow=True)
    assert await access_of(database, 1) is Access.ASKED


async def test_a_ban_in_between_is_not_lifted_by_a_late_approval(
    database: Database, admission: Admission
) -> None:
    person = await met(database, 1)
    await admission.ask(person, HOME, 1)
    await database.write(users.set_access, 1, Access.BANNED, 0.0)
    await admission.decide(1, ADMIN, allow=True)
    assert await access_of(database, 1) is Access.BANNED


async def test_news_is_told_to_each_admin_and_asker_until_marked_as_told(
    database: Database, admission: Admission, rings: list[str]
) -> None:
    person = await met(database, 1)
    await admission.ask(person, HOME, 1)
    assert rings == ["ring"]
    for number, (admin, asking) in enumerate((await admission.news()).requests):
        assert asking.name == "P1"
        await admission.told_admin(Copy(admin.id, number), asking)
    assert (await admission.news()).requests == []
    await admission.decide(1, ADMIN, allow=True)
    news = await admission.news()
    assert sorted(admin.id for admin, _, _ in news.outdated) == [ADMIN.id, OTHER_ADMIN.id]
    assert [(asking.place, asking.allowed) for asking in news.decided] == [(HOME, True)]
    for _, copy, _ in news.outdated:
        await admission.closed(copy)
    await admission.told_asker(news.decided[0])
    news = await admission.news()
    assert (news.requests, news.outdated, news.decided) == ([], [], [])


async def test_a_code_is_good_once_and_only_the_newest(
    database: Database, clock: Clock, rings: list[str]
) -> None:
    admission = made(database, clock, rings)
    first, second = await met(database, 1), await met(database, 2)
    former, newest = await admission.new_claim(), await admission.new_claim()
    assert former
    assert newest
    assert not await admission.claim(former, first)
    assert not await admission.claim("", first)
    assert await admission.claim(newest, first)
    assert await admission.claim(newest, first)
    assert not await admission.claim(newest, second)
    assert [admin.id for admin in await admission.admins()] == [1]
    await database.write(users.set_access, 1, Access.STRANGER, 0.0)
    assert not await admission.claim(newest, second)


async def test_a_code_dies_once_there_is_an_admin_by_setting(
    database: Database, clock: Clock, rings: list[str]
) -> None:
    person = await met(database, 1)
    code = await made(database, clock, rings).new_claim()
    assert code
    assert await made(database, clock, rings, ADMIN.id).new_claim() is None
    assert not await made(database, clock, rings, ADMIN.id).claim(code, person)
    assert not await made(database, clock, rings).claim(code, person)
    assert await access_of(database, 1) is Access.STRANGER
