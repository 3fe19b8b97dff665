"""Who is let in: the first admin, strangers who ask, and those who decide."""

import re

from bot.demo.chats import Message
from bot.demo.messenger import Press
from bot.demo.people import Person
from tests.e2e.world import ADMIN_ID, World

NO_ADMIN = {"ADMIN_IDS": ""}
TWO_ADMINS = {"ADMIN_IDS": f"{ADMIN_ID},1002"}
LINK = re.compile(r"https://t\.me/veogram_demo_bot\?start=(claim_[A-Za-z0-9_-]{16,58})\b")


def payload(text: str) -> str:
    found = LINK.findall(text)
    assert len(found) == 1, text
    return str(found[0])


async def link(here: World, number: int = 1) -> str:
    """Wait for the ``number``-th link and return what it sends."""
    await here.until(lambda: len(here.announced) >= number, "the link for the first admin")
    return payload(here.announced[number - 1])


async def answered(here: World, press: Press) -> str:
    return (await here.until(lambda: press.answer, "an answer to the press")).text


async def asks(here: World, stranger: Person) -> str:
    await stranger.send("/start")
    notice = await here.message("This bot is private", stranger)
    return await answered(here, await stranger.press(notice, "Ask for access"))


async def request(here: World, about: Person, admin: Person | None = None) -> Message:
    return await here.message(f"({about.id}) asks for access", admin)


async def test_the_first_to_open_the_link_becomes_admin_and_nobody_after_them(
    here: World,
) -> None:
    first, second = here.telegram.user(11, "Ann"), here.telegram.user(12, "Bob")
    async with here.bot(**NO_ADMIN):
        claim = await link(here)
        await first.send("/start claim_wrong")
        await here.message("not valid", first)
        await first.send(f"/start {claim}")
        await here.message("You are the admin", first)
        await second.send(f"/start {claim}")
        await here.message("not valid", second)
        await second.send("/grant 12 500")
        await here.message("This bot is private", second)
        await first.send("/grant 11 500")
        await here.message("500", first)
    assert here.rows("SELECT id FROM users WHERE access = 'admin'") == [(11,)]
    assert here.rows("SELECT user_id FROM entries") == [(11,)]


async def test_the_link_is_printed_before_the_first_update_is_asked_for(here: World) -> None:
    await here.start(**NO_ADMIN)
    await here.until(lambda: here.telegram.calls_of("getUpdates"), "the first getUpdates")
    claim = payload(here.output.read_text())
    assert await here.terminate() == 0
    secret = claim.removeprefix("claim_")
    assert secret not in here.log.read_text()
    assert secret not in str(here.rows("SELECT name, value FROM facts"))


async def test_every_start_without_an_admin_prints_a_new_link_and_voids_the_former(
    here: World,
) -> None:
    ann = here.telegram.user(11, "Ann")
    async with here.bot(**NO_ADMIN):
        former = await link(here)
    async with here.bot(**NO_ADMIN):
        newest = await link(here, 2)
        await ann.send(f"/start {former}")
        await here.message("not valid", ann)
        await ann.send(f"/start {newest}")
        await here.message("You are the admin", ann)
    async with here.bot(**NO_ADMIN):
        await ann.send("/start")
        await here.message("I make short videos", ann)
    assert len(here.announced) == 2


async def test_an_admin_by_setting_voids_a_link_that_was_printed_before(here: World) -> None:
    ann = here.telegram.user(11, "Ann")
    async with here.bot(**NO_ADMIN):
        former = await link(here)
    async with here.bot():
        await ann.send(f"/start {former}")
        await here.message("not valid", ann)
    assert len(here.announced) == 1
    assert here.rows("SELECT value FROM facts WHERE name = 'claim'") == []


async def test_opening_the_link_is_safe_to_repeat_after_a_crash(here: World) -> None:
    ann = here.telegram.user(11, "Ann")
    async with here.bot(**NO_ADMIN):
        await ann.send(f"/start {await link(here)}")
        await here.message("You are the admin", ann)
    here.change("UPDATE inbox SET handled_at = NULL")
    async with here.bot(**NO_ADMIN):
        await here.until(
            lambda: len([1 for each in here.messages(ann) if "You are the admin" in each.text]) == 2
        )
    assert here.rows("SELECT id FROM users WHERE access = 'admin'") == [(11,)]


async def test_a_stranger_asks_is_let_in_by_one_of_two_admins_and_gets_a_video(
    here: World,
) -> None:
    eve, cleo = here.telegram.user(4004, "Eve <b>"), here.telegram.user(1002, "Cleo", met=True)
    here.admin.private.met = True
    async with here.bot(**TWO_ADMINS):
        await eve.send("/generate a cat --go")
        assert "I have asked" in await asks(here, eve)
        hers, other = await request(here, eve), await request(here, eve, cleo)
        assert "Eve <b>" in hers.text
        await here.admin.press(hers, "Approve")
        await here.message("You are in", eve)
        await here.until(lambda: "let in" in hers.text and not hers.rows, "the own copy edited")
        await here.until(lambda: "let in" in other.text and not other.rows, "the other edited")
        late = await cleo.press_data(other, "v1:u:deny:4004")
        assert "Another admin was faster" in await answered(here, late)
        again = await here.admin.press_data(hers, "v1:u:approve:4004")
        assert await answered(here, again) == ""
        assert here.posts() == []
        await here.order("a dog", eve)
        await here.video(eve)
    assert [post["prompt"] for post in here.posts()] == ["a dog"]
    assert here.rows("SELECT kind, user_id FROM entries ORDER BY id") == [
        ("hold", 4004),
        ("capture", 4004),
    ]


async def test_whoever_asks_twice_is_put_before_the_admins_once(here: World) -> None:
    here.admin.private.met = True
    eve = here.telegram.user(4004, "Eve")
    async with here.bot():
        await asks(here, eve)
        copy = await request(here, eve)
        again = await eve.press(here.messages(eve)[0], "Ask for access")
        assert "You have asked already" in await answered(here, again)
        await here.admin.press(copy, "Deny")
        await here.message("declined", eve)
        await here.until(lambda: "not let in" in copy.text, "the copy edited")
        once_more = await eve.press(here.messages(eve)[0], "Ask for access")
        assert "takes no request" in await answered(here, once_more)
        await eve.send("a cat")
        refusal = await here.message("takes no request", eve)
    assert refusal.rows == ()
    assert len([1 for each in here.messages() if "(4004)" in each.text]) == 1
    assert here.rows("SELECT id FROM jobs") == []


async def test_an_admin_who_could_not_be_told_is_told_later_and_only_once(here: World) -> None:
    eve = here.telegram.user(4004, "Eve")
    async with here.bot():
        await asks(here, eve)
        await here.until(
            lambda: [
                call
                for call in here.telegram.calls_of("sendMessage")
                if call.params["chat_id"] == ADMIN_ID
            ],
            "a try to reach the admin, who never met the bot",
        )
    await here.admin.send("/start")
    async with here.bot():
        await request(here, eve)
    async with here.bot():
        await here.admin.send("/jobs")
        await here.message("Nothing is being made")
    assert len([1 for each in here.messages() if "(4004)" in each.text]) == 1


async def test_asking_is_safe_to_repeat_after_a_crash(here: World) -> None:
    here.admin.private.met = True
    eve = here.telegram.user(4004, "Eve")
    async with here.bot():
        await asks(here, eve)
        copy = await request(here, eve)
        await here.admin.press(copy, "Approve")
        await here.message("You are in", eve)
        await here.until(lambda: not copy.rows, "the copy edited")
    here.change("UPDATE inbox SET handled_at = NULL")
    async with here.bot():
        await eve.send("/jobs")
        await here.message("Nothing is being made", eve)
    assert here.rows("SELECT access FROM users WHERE id = 4004") == [("allowed",)]
    assert len([1 for each in here.messages() if "(4004)" in each.text]) == 1
    assert len([1 for each in here.messages(eve) if "You are in" in each.text]) == 1


async def test_only_admins_decide_whatever_data_others_send(here: World) -> None:
    here.admin.private.met = True
    eve, bob = here.telegram.user(4004, "Eve"), here.telegram.user(12, "Bob")
    async with here.bot():
        for person in (bob, eve):
            await asks(here, person)
        await here.admin.press(await request(here, bob), "Approve")
        own = await here.message("You are in", bob)
        forged = await bob.press_data(own, "v1:u:approve:4004")
        assert "Only an admin" in await answered(here, forged)
        notice = here.messages(eve)[0]
        forged = await eve.press_data(notice, "v1:u:approve:4004")
        assert "You have asked already" in await answered(here, forged)
    assert here.rows("SELECT access FROM users WHERE id = 4004") == [("asked",)]


async def test_open_access_lets_everybody_in_but_those_who_were_denied(here: World) -> None:
    here.admin.private.met = True
    eve, bob = here.telegram.user(4004, "Eve"), here.telegram.user(12, "Bob")
    async with here.bot():
        await asks(here, eve)
        await here.admin.press(await request(here, eve), "Deny")
        await here.message("declined", eve)
    async with here.bot(ACCESS="open", DAILY_CREDITS_TOTAL="1000"):
        await bob.send("/generate a cat")
        await here.card(bob)
        await eve.send("/generate a cat")
        await here.message("takes no request", eve)


async def test_any_other_deep_link_greets(here: World) -> None:
    async with here.bot():
        await here.admin.send("/start from_a_friend")
        await here.message("I make short videos")
