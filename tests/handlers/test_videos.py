"""How a finished video looks: what its caption says, which buttons stand below it."""

from bot.jobs.offers import Offers
from bot.models import Kind, Options, Video
from handlers import videos
from handlers.texts import Languages
from tests.handlers import samples
from tests.handlers.telegram_html import seen

CATALOG = samples.catalog()
TEXTS = Languages().for_language("en")
FILM = Video(None, 1280, 720, 15.04, 1000, "file")


def test_a_sharper_copy_is_named_by_its_own_resolution() -> None:
    copy = samples.job(kind=Kind.UPGRADE_4K, parent_id=1)

    assert seen(videos.caption(copy, CATALOG, TEXTS)).endswith("Fast · 16:9 · 8 s · 4K")


def test_a_film_is_named_by_its_part_and_whole_length() -> None:
    film = samples.job(kind=Kind.EXTEND, parent_id=1, part=2, video=FILM)

    caption = seen(videos.caption(film, CATALOG, TEXTS))

    assert caption == "A fox in the snow\npart 2\nFast · 16:9 · 15 s · 720p"


def test_in_a_list_a_film_is_named_by_its_part_too_and_without_a_length_until_it_is_made() -> None:
    film = samples.job(kind=Kind.EXTEND, parent_id=1, part=2)

    assert videos.entry(film, CATALOG, TEXTS.labels) == "Fast · 16:9 · 720p · part 2"
    assert videos.entry(samples.job(), CATALOG, TEXTS.labels) == "Fast · 16:9 · 8 s · 720p"


def test_in_a_list_a_prompt_takes_one_short_line() -> None:
    assert videos.listed_prompt(samples.job(prompt="one\n\n two")) == "one two"
    assert len(videos.listed_prompt(samples.job(prompt="word " * 100))) <= 60


def test_buttons_show_what_is_offered_and_what_is_on_its_way() -> None:
    made = Offers((Kind.UPGRADE_4K,), frozenset({Kind.UPGRADE_1080P}))
    job = samples.job(options=Options("veo3"))

    markup = videos.buttons(job, made, CATALOG, TEXTS.labels)

    assert [[button.text for button in row] for row in markup.inline_keyboard] == [
        ["⏳ 1080p…", "4K · 120"],
        ["Again", "Edit"],
    ]
