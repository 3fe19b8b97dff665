"""What tests of every kind stand on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Database


class Clock:
    """Time that passes only when a test says so, in epoch seconds."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    """Noon of a day in UTC."""
    return Clock(1_800_014_400.0)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "veogram.db")
    yield opened
    await opened.close()
