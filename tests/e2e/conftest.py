"""A world for every end-to-end test; whatever it did must be legal."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot.demo.clips import Clip
from tests.clips import draw_once
from tests.e2e.botapi import problems
from tests.e2e.world import KEY, TOKEN, World, world

Draw = Callable[[Clip, Path], None]


@pytest.fixture
def draw() -> Draw:
    """How KIE's stand-in makes videos; tests of large ones draw shorter ones."""
    return draw_once


@pytest.fixture
async def here(tmp_path: Path, draw: Draw) -> AsyncIterator[World]:
    """Both stand-ins; afterwards every call is held against Bot API and KIE's documents."""
    async with world(tmp_path, draw=draw) as opened:
        yield opened
        assert opened.telegram.violations == []
        assert opened.kie.violations == []
        assert problems(opened.telegram.calls) == []
        assert_secrets_kept(opened)


def assert_secrets_kept(here: World) -> None:
    """Neither token nor key stand in what was logged or sent anywhere."""
    told = [here.log.read_text()] if here.log.exists() else []
    told += [repr((call.params, call.answer)) for call in here.telegram.calls]
    told += [repr((request.params, request.json)) for request in here.kie.requests]
    for secret in (TOKEN, TOKEN.partition(":")[2], KEY):
        assert not any(secret in text for text in told)
