"""Lengths are Telegram's, and nothing is cut in the middle of what is seen as one sign."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.utf16 import length, shorten
from tests.handlers.telegram_html import units

FAMILY = "👩‍👩‍👧‍👦"
PIECES = st.sampled_from([FAMILY, "🇩🇪", "👍🏽", "e\u0301", "❤️", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "a", " ", "🦊"])


@given(st.text())
def test_length_is_what_utf16_takes(text: str) -> None:
    assert length(text) == units(text)


@given(st.text(), st.integers(0, 30))
def test_a_shortened_text_fits_and_begins_like_the_whole(text: str, most: int) -> None:
    short = shorten(text, most)

    assert units(short) <= most
    assert short == text or text.startswith(short.removesuffix("…"))


@given(st.lists(PIECES).map("".join), st.integers(0, 60))
def test_the_ellipsis_comes_only_where_something_was_cut(text: str, most: int) -> None:
    short = shorten(text, most)

    assert (short == text) == (units(text) <= most or not text)


@given(st.lists(PIECES, min_size=1), st.integers(1, 60))
def test_composed_signs_stay_whole_or_go_whole(pieces: list[str], most: int) -> None:
    short = shorten("".join(pieces), most).removesuffix("…")

    beginnings = {"".join(pieces[:count]).rstrip() for count in range(len(pieces) + 1)}
    assert short in beginnings | {"".join(pieces)}


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 5, "abcd…"),
        ("ab  cd", 5, "ab…"),
        ("a🦊b", 3, "a…"),
        ("a🦊b", 4, "a🦊b"),
        (f"a{FAMILY}", 11, "a…"),
        ("🇩🇪🇫🇷", 7, "🇩🇪…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("", 0, ""),
    ],
)
def test_texts_are_cut_at_the_last_place_that_fits(text: str, most: int, short: str) -> None:
    assert shorten(text, most) == short
