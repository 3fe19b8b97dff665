"""A life of jobs for every test, its ledger audited at the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.audit import audit
from tests.clips import draw_once
from tests.conftest import Clock
from tests.unit.jobs.life import Life, life


@pytest.fixture
async def here(tmp_path: Path, clock: Clock) -> AsyncIterator[Life]:
    async with life(tmp_path, clock, draw_once) as opened:
        yield opened
        assert await opened.database.read(audit) == []
