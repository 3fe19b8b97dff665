"""The menu holds to the limits of the Bot API, and names only commands that are answered."""

import re

from handlers.texts import Languages
from tests.handlers.telegram_html import units

MENU = Languages().for_language("en").menu


def test_every_command_is_within_the_limits_and_named_once() -> None:
    for commands in (MENU.private(), MENU.in_groups(), MENU.for_admins()):
        names = [each.name for each in commands]
        assert len(names) == len(set(names)) <= 100
        assert all(re.fullmatch("[a-z0-9_]{1,32}", name) for name in names)
        assert all(0 < units(each.description) <= 256 for each in commands)


def test_the_descriptions_are_within_the_limits() -> None:
    assert 0 < units(MENU.description()) <= 512
    assert 0 < units(MENU.short_description()) <= 120


def test_admins_see_what_everybody_sees_and_more() -> None:
    assert set(MENU.in_groups()) <= set(MENU.private()) < set(MENU.for_admins())
