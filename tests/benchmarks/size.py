"""How much a benchmark does: all of it, or just enough to see that it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """``rounds`` are medians' worth; ``share`` of the full amounts is done in each."""

    rounds: int
    share: float

    def of(self, full: int, least: int = 1) -> int:
        """Return that share of a full amount."""
        return max(round(full * self.share), least)


FULL = Size(rounds=3, share=1.0)
TINY = Size(rounds=1, share=0.02)
