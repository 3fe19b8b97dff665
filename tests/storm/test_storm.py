"""A short storm in every run of the tests; ``make storm`` is the long one."""

import sys
from pathlib import Path

from tests.storm.storm import Force, storm

JOBS, KILLS, SEED = 24, 4, 20261121


async def test_a_storm_of_kills_and_faults_loses_nothing_and_charges_nobody_wrongly(
    tmp_path: Path,
) -> None:
    figures = await storm(tmp_path, Force(JOBS, KILLS, SEED))
    sys.stdout.write("\n".join([f"seed {SEED}", *figures.lines(), ""]))
    assert figures.lost == figures.mischarged == figures.wrong == []
    assert len(figures.duplicates) <= KILLS
    assert figures.jobs > 0
