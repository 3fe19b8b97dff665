"""``python -m tests.benchmarks [b01 …]``: measures, prints a table, keeps it as JSON."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from time import perf_counter

from tests.benchmarks.report import Line, as_json, machine, table
from tests.benchmarks.size import FULL, TINY, Size

FOLDER = Path(__file__).parent
JSON = FOLDER.parents[1] / "build" / "bench.json"
# What a benchmark may take; longer is a defect of the benchmark.
LIMIT_SECONDS = 60.0

Measure = Callable[[Size], list[Line]]


def measures(names: Sequence[str] = ()) -> dict[str, Measure]:
    """Return what measures, by the beginning of its file's name; without names: all."""
    files = [*sorted(FOLDER.glob("b[01]*_*.py")), FOLDER / "peers.py"]
    found = {path.stem.partition("_")[0]: path.stem for path in files}
    return {
        name: import_module(f"tests.benchmarks.{stem}").measure
        for name, stem in found.items()
        if not names or name in names
    }


def run(chosen: dict[str, Measure], size: Size) -> list[Line]:
    """Measure one after the other, telling on standard error how long each took."""
    lines = []
    for name, measure in chosen.items():
        begun = perf_counter()
        lines += measure(size)
        seconds = perf_counter() - begun
        note = f", more than {LIMIT_SECONDS:.0f} s" if seconds > LIMIT_SECONDS else ""
        sys.stderr.write(f"{name}: {seconds:.0f} s{note}\n")
    return lines


def main() -> int:
    """Print the table; what is not met is said there, only a broken benchmark is an error."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="b01 … b10, peers; default: all")
    parser.add_argument("--tiny", action="store_true", help="only see that they work")
    given = parser.parse_args()
    sys.stdout.write(f"{machine()}\n")
    sys.stdout.flush()
    lines = run(measures(given.names), TINY if given.tiny else FULL)
    sys.stdout.write(f"\n{table(lines)}\n")
    JSON.parent.mkdir(exist_ok=True)
    JSON.write_text(as_json(lines) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
