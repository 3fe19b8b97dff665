"""How long what KIE makes of a video takes, and how often it is asked for it: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.jobs import eta
from bot.jobs.rules import Rules
from bot.models import Kind


@dataclass(frozen=True, slots=True)
class _Upgrade:
    """Seconds at the default settings (KIE, Veo 3.1 "Get 1080P Video", "Get 4K Video").

    ``pause`` between questions, ``usual`` length, ``patience`` until it is told to take longer.
    """

    pause: float
    usual: float
    patience: float


_UPGRADES: Mapping[Kind, _Upgrade] = MappingProxyType(
    {
        Kind.UPGRADE_1080P: _Upgrade(pause=25.0, usual=120.0, patience=600.0),
        Kind.UPGRADE_4K: _Upgrade(pause=30.0, usual=450.0, patience=1200.0),
    }
)
# A copy that takes longer is asked after less often.
_PATIENT_PAUSE = 300.0
# The defaults of POLL_EXPECTED_SECONDS and SOFT_DEADLINE_SECONDS, which those figures belong to.
_EXPECTED = 180.0
_SOFT_DEADLINE = 900.0


def estimate(kind: Kind, durations: Sequence[float], rules: Rules) -> eta.Estimate:
    """Return how long a task is likely to take, from earlier ones of its sort, in seconds."""
    upgrade = _UPGRADES.get(kind)
    usual = rules.expected_seconds if upgrade is None else _scaled(upgrade.usual, rules)
    return eta.learn(durations, usual)


def patience_seconds(kind: Kind, rules: Rules) -> float:
    """Return after how long a task is told to take longer than it should."""
    upgrade = _UPGRADES.get(kind)
    if upgrade is None:
        return rules.soft_deadline_seconds
    return upgrade.patience * rules.soft_deadline_seconds / _SOFT_DEADLINE


def next_read(kind: Kind, elapsed: float, rules: Rules) -> float:
    """Return the seconds until KIE is asked for a sharper copy again, ``elapsed`` since the first.

    Raises KeyError for any other kind: of those ``eta`` has learnt more.
    """
    upgrade = _UPGRADES[kind]
    slow = elapsed >= patience_seconds(kind, rules)
    pause = _scaled(_PATIENT_PAUSE if slow else upgrade.pause, rules)
    return max(pause, rules.shortest_pause_seconds)


def _scaled(seconds: float, rules: Rules) -> float:
    return seconds * rules.expected_seconds / _EXPECTED
