"""What Telegram shows of the bot: its commands and descriptions."""

from typing import Any

from tests.e2e.world import ADMIN_ID, World

SETTERS = ("setMyCommands", "setMyDescription", "setMyShortDescription")
ALL = 2 * 5  # in two languages: commands for all, groups and the admin, both descriptions
DEFAULT = {"type": "default"}
GROUPS = {"type": "all_group_chats"}
ADMIN = {"type": "chat", "chat_id": ADMIN_ID}


def commands(here: World, scope: dict[str, Any]) -> list[str]:
    calls = here.telegram.calls_of("setMyCommands")
    (found,) = [
        call
        for call in calls
        if call.params.get("scope", DEFAULT) == scope and "language_code" not in call.params
    ]
    return [each["command"] for each in found.params["commands"]]


async def test_commands_and_descriptions_are_set_once_and_only_where_they_differ(
    here: World,
) -> None:
    here.admin.private.met = True
    async with here.bot():
        await here.until(lambda: len(here.telegram.calls_of(*SETTERS)) == ALL, "all of it set")
    asked = len(here.telegram.calls_of("getMyCommands"))
    async with here.bot():
        await here.until(
            lambda: len(here.telegram.calls_of("getMyCommands")) == 2 * asked, "asked again"
        )
    assert len(here.telegram.calls_of(*SETTERS)) == ALL
    assert {"generate", "quota", "help"} <= set(commands(here, DEFAULT))
    assert "quota" not in commands(here, GROUPS)
    assert commands(here, ADMIN) == [*commands(here, DEFAULT), "grant"]


async def test_a_first_admin_gets_the_commands_of_admins_when_claiming(here: World) -> None:
    ann = here.telegram.user(11, "Ann")
    async with here.bot(ADMIN_IDS=""):
        await here.until(lambda: here.announced, "the link")
        await ann.send(f"/start {here.announced[0].partition('=')[2]}")
        await here.until(
            lambda: [
                call
                for call in here.telegram.calls_of("setMyCommands")
                if call.params.get("scope") == {"type": "chat", "chat_id": 11}
            ],
            "the admin's commands",
        )
