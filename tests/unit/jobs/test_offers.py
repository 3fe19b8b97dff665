"""What can still be made of a video: the rules behind its buttons."""

import pytest

from bot.jobs.offers import first_offers, offered, resolution
from bot.models import Kind, Options, Resolution
from tests.handlers import samples

ALL = (Kind.EXTEND, Kind.UPGRADE_1080P, Kind.UPGRADE_4K)


def video(size: Resolution = Resolution.P720) -> Options:
    return Options("veo3_fast", resolution=size)


@pytest.mark.parametrize(
    ("size", "offers"),
    [
        (Resolution.P720, ALL),
        (Resolution.P1080, (Kind.UPGRADE_4K,)),
        (Resolution.K4, ()),
    ],
)
def test_a_new_video_offers_what_its_resolution_leaves_to_do(
    size: Resolution, offers: tuple[Kind, ...]
) -> None:
    assert offered(Kind.GENERATE, video(size)) == offers


@pytest.mark.parametrize(
    ("asked", "made", "offers"),
    [
        ({Kind.UPGRADE_1080P}, {Kind.UPGRADE_1080P}, (Kind.UPGRADE_4K,)),
        ({Kind.UPGRADE_4K}, {Kind.UPGRADE_4K}, (Kind.UPGRADE_1080P,)),
        ({Kind.UPGRADE_1080P, Kind.UPGRADE_4K}, {Kind.UPGRADE_1080P, Kind.UPGRADE_4K}, ()),
        ({Kind.UPGRADE_1080P}, set(), (Kind.UPGRADE_1080P, Kind.UPGRADE_4K)),
        ({Kind.EXTEND}, {Kind.EXTEND}, ALL),
    ],
)
def test_extend_is_gone_once_a_sharper_copy_was_asked_even_in_vain(
    asked: set[Kind], made: set[Kind], offers: tuple[Kind, ...]
) -> None:
    given = offered(Kind.GENERATE, video(), asked=asked, made=made)

    assert given == offers


def test_the_first_offers_are_those_of_a_video_nothing_was_asked_of() -> None:
    assert first_offers(samples.job()).kinds == ALL
    assert first_offers(samples.job(fallback=True)).kinds == ()


def test_nothing_is_offered_after_14_days_or_for_fallback_videos() -> None:
    days = 86_400.0

    young = offered(Kind.GENERATE, video(), age_seconds=14 * days)
    old = offered(Kind.GENERATE, video(), age_seconds=14 * days + 1)
    fallback = offered(Kind.GENERATE, video(), fallback=True)

    assert (young, old, fallback) == (ALL, (), ())


def test_an_extended_film_can_only_be_extended_and_a_sharper_copy_not_at_all() -> None:
    assert offered(Kind.EXTEND, video()) == (Kind.EXTEND,)
    assert offered(Kind.UPGRADE_1080P, video()) == ()


def test_a_copy_has_its_own_resolution_and_everything_else_that_of_its_options() -> None:
    sizes = [resolution(kind, video()) for kind in Kind]

    assert sizes == [Resolution.P720, Resolution.P720, Resolution.P1080, Resolution.K4]
