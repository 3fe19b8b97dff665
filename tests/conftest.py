"""What tests of every kind stand on."""

from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest
from hypothesis import settings

from storage.database import Database

# No test asserts how long something takes, not even through a tool's default.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make captured output fit to be passed between processes: tests log lone surrogates too."""
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report
