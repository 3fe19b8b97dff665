"""What a measure found, and how it is told: a line about the machine, a table, JSON."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

HEADS = ("measure", "ours", "baseline", "ratio", "goal", "spread")


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound on the ratio, or with ``on_ours`` on our own figure.

    ``at_least``: more is better.
    """

    bound: float
    on_ours: bool = False
    at_least: bool = False

    def is_met(self, ours: float, ratio: float) -> bool:
        """Tell whether the bound is kept."""
        value = ours if self.on_ours else ratio
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.bound:g}{' (ours)' if self.on_ours else ''}"


@dataclass(frozen=True, slots=True)
class Line:
    """One measure: a figure of ours and one of the baseline for every round, in ``unit``.

    ``against`` says what the baseline is. Without a goal the line only informs.
    """

    name: str
    unit: str
    against: str
    ours: Sequence[float]
    baseline: Sequence[float]
    goal: Goal | None

    @property
    def ratios(self) -> list[float]:
        """Ours ÷ baseline in every round; 0 ÷ 0 counts as 0."""
        pairs = zip(self.ours, self.baseline, strict=True)
        return [own / other if other else own and float("inf") for own, other in pairs]

    @property
    def spread(self) -> float:
        """How far the rounds lie apart, as a share of their median."""
        judged = self.ours if self.goal is not None and self.goal.on_ours else self.ratios
        middle = median(judged)
        return (max(judged) - min(judged)) / middle if middle else 0.0

    @property
    def is_missed(self) -> bool:
        """Whether there is a goal and the medians do not reach it."""
        if self.goal is None:
            return False
        return not self.goal.is_met(median(self.ours), median(self.ratios))

    def cells(self) -> tuple[str, ...]:
        """Return the cells of the table's row."""
        goal = "" if self.goal is None else str(self.goal)
        return (
            f"{self.name}, {self.unit}",
            figure(median(self.ours)),
            f"{figure(median(self.baseline))} {self.against}",
            figure(median(self.ratios)),
            f"{goal} missed" if self.is_missed else goal,
            f"±{self.spread / 2:.0%}",
        )

    def as_json(self) -> dict[str, Any]:
        """Return everything, round by round."""
        return {
            "measure": self.name,
            "unit": self.unit,
            "ours": list(self.ours),
            "baseline": list(self.baseline),
            "against": self.against,
            "ratio": median(self.ratios),
            "goal": None if self.goal is None else str(self.goal),
            "missed": self.is_missed,
            "spread": self.spread,
        }


def figure(value: float) -> str:
    """Return three digits that count, or all of them where there are more before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> str:
    """Say what was measured on, with no name or path of it."""
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {system}"


def table(lines: Iterable[Line]) -> str:
    """Return a table in Markdown, as wide as its cells."""
    rows = [HEADS, *(line.cells() for line in lines)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    head, *body = ("| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows)
    return "\n".join([head, "|" + "|".join("-" * (width + 2) for width in widths) + "|", *body])


def as_json(lines: Iterable[Line]) -> str:
    """Return the machine and every line as a JSON document."""
    found = {"machine": machine(), "lines": [line.as_json() for line in lines]}
    return json.dumps(found, indent=2, ensure_ascii=False)
