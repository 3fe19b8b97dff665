"""What can still be made of a finished video: pure rules, drawn by buttons, asked by presses."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.catalog import UPGRADES
from bot.models import Job, Kind, Options, Resolution

UPGRADE_SECONDS = 14 * 86_400  # KIE, Veo 3.1, how long media is kept

# What a video can become, by the resolution it was made at.
_POSSIBLE: Mapping[Resolution, tuple[Kind, ...]] = MappingProxyType(
    {
        Resolution.P720: (Kind.EXTEND, Kind.UPGRADE_1080P, Kind.UPGRADE_4K),
        Resolution.P1080: (Kind.UPGRADE_4K,),
        Resolution.K4: (),
    }
)
_SHARPENED: Mapping[Kind, Resolution] = MappingProxyType(
    {Kind.UPGRADE_1080P: Resolution.P1080, Kind.UPGRADE_4K: Resolution.K4}
)


@dataclass(frozen=True, slots=True)
class Offers:
    """What can be made of a video now, and what is being made of it."""

    kinds: tuple[Kind, ...] = ()
    pending: frozenset[Kind] = frozenset()


def offered(
    kind: Kind,
    options: Options,
    *,
    asked: Collection[Kind] = (),
    made: Collection[Kind] = (),
    age_seconds: float = 0.0,
    fallback: bool = False,
) -> tuple[Kind, ...]:
    """Return what can still be made of a finished video, in the order of the buttons.

    ``asked``: what was ever asked of it, ``made``: what is there or on its way, ``age_seconds``:
    since it was made, ``fallback``: whether another model stood in for Veo. Only a 720p video is
    extended, and only before a sharper copy was asked for (KIE, Veo 3.1 "Extend Veo3.1 Video"); an
    extended film has no sharper copy.
    """
    if fallback or age_seconds > UPGRADE_SECONDS or kind in UPGRADES:
        return ()
    if kind is Kind.EXTEND:
        return (Kind.EXTEND,)
    gone = {*made, Kind.EXTEND} if is_sharper(asked) else set(made) - {Kind.EXTEND}
    return tuple(one for one in _POSSIBLE[options.resolution] if one not in gone)


def first_offers(job: Job) -> Offers:
    """Return what can be made of a video that is only just being sent."""
    return Offers(offered(job.kind, job.options, fallback=job.fallback))


def is_sharper(asked: Collection[Kind]) -> bool:
    """Tell whether a sharper copy is among what was asked of a video."""
    return any(upgrade in asked for upgrade in UPGRADES)


def resolution(kind: Kind, options: Options) -> Resolution:
    """Return the resolution of what a job makes; a sharper copy has its parent's options."""
    return _SHARPENED.get(kind, options.resolution)
