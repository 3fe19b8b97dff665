"""The long storm: ``python -m tests.storm --jobs 300 --kills 12 [--seed N]``."""

import argparse
import asyncio
import random
import sys
import tempfile
from pathlib import Path

from tests.storm.storm import Force, storm


def say(*lines: str) -> None:
    """Print lines at once: a storm takes its time."""
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Let it pass, tell what it left; return 0 when nothing was lost or wrongly charged."""
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--keep", type=Path, help="folder for log and database; default: none")
    given = parser.parse_args()
    say(f"seed {given.seed}")
    with tempfile.TemporaryDirectory(prefix="veogram-storm-") as folder:
        where = given.keep or Path(folder)
        where.mkdir(parents=True, exist_ok=True)
        figures = asyncio.run(storm(where, Force(given.jobs, given.kills, given.seed)))
    say(*figures.lines())
    return 0 if figures.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
