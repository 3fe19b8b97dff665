"""Flags are read wherever they stand; everything else stays as it was typed."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.models import Mode, Options, Ratio, Resolution
from handlers.flags import FlagProblem, Flags, Trouble, read
from tests.handlers import samples

CATALOG = samples.catalog()
NAMES = (
    "ratio",
    "model",
    "mode",
    "seed",
    "seconds",
    "resolution",
    "watermark",
    "no-translate",
    "go",
)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("--ratio 16:9", {"ratio": Ratio.LANDSCAPE}),
        ("--ratio 9:16", {"ratio": Ratio.PORTRAIT}),
        ("--ratio auto", {"ratio": Ratio.AUTO}),
        ("--ratio Auto", {"ratio": Ratio.AUTO}),
        ("--model fast", {"model": "veo3_fast"}),
        ("--model Quality", {"model": "veo3"}),
        ("--model veo3_lite", {"model": "veo3_lite"}),
        ("--mode text", {"mode": Mode.TEXT}),
        ("--mode Frames", {"mode": Mode.FRAMES}),
        ("--mode reference", {"mode": Mode.REFERENCE}),
        ("--seed 10000", {"seed": 10000}),
        ("--seed 99999", {"seed": 99999}),
        ("--seconds 4", {"seconds": 4}),
        ("--seconds 6", {"seconds": 6}),
        ("--seconds 8", {"seconds": 8}),
        ("--resolution 720p", {"resolution": Resolution.P720}),
        ("--resolution 1080P", {"resolution": Resolution.P1080}),
        ("--resolution 4K", {"resolution": Resolution.K4}),
        ("--watermark me", {"watermark": "me"}),
        ("--watermark Bob's", {"watermark": "Bob's"}),
        ('--watermark "Bob & sons"', {"watermark": "Bob & sons"}),
        ("--watermark “two words”", {"watermark": "two words"}),
        ('--watermark="two words"', {"watermark": "two words"}),
        ("--no-translate", {"translate": False}),
        ("--go", {"go": True}),
        ("--ratio=9:16", {"ratio": Ratio.PORTRAIT}),
        ("—ratio 9:16", {"ratio": Ratio.PORTRAIT}),
        ("–ratio=9:16", {"ratio": Ratio.PORTRAIT}),
        ("—no-translate —go", {"translate": False, "go": True}),
        ("--Go", {"go": True}),
        ("--seed 12345 --seed 12345", {"seed": 12345}),
    ],
)
@pytest.mark.parametrize("around", ["{}", "a fox {}", "{} a fox", "a {} fox"])
def test_a_flag_is_read_anywhere_and_leaves_no_trace(
    text: str, given: dict[str, Any], around: str
) -> None:
    prompt = " ".join(around.replace("{}", "").split())

    assert read(around.format(text), CATALOG) == Flags(prompt, **given)


def test_all_flags_together_are_read_from_between_the_words() -> None:
    text = (
        '--go it\'s --ratio 9:16 a "fox" --model lite\n\n--mode frames jumps —seed 54321 '
        '--seconds 6 --resolution 4k --watermark "my film" --no-translate 🦊🏽'
    )

    assert read(text, CATALOG) == Flags(
        prompt='it\'s a "fox"\n\njumps 🦊🏽',
        model="veo3_lite",
        mode=Mode.FRAMES,
        ratio=Ratio.PORTRAIT,
        seconds=6,
        resolution=Resolution.K4,
        seed=54321,
        watermark="my film",
        translate=False,
        go=True,
    )


@pytest.mark.parametrize(
    "text",
    [
        "It's \"Bob's\" fox — a   red one",
        "a -- b",
        "foo--bar",
        "foo--go",
        "—",
        "--",
        "---go",
        "— go",
        "—hello",
        "–5°C outside",
        "--5 degrees",
        "--8 degrees",
        "he said (--go)",
        "-go",
        "line one\r\n\tline two\n\n\n  line three",
        "👩‍👩‍👧‍👦 --🦊",
        "prompt: <b>&amp;</b> {braces} %s \\n",
    ],
)
def test_what_only_resembles_a_flag_stays_verbatim(text: str) -> None:
    assert read(text, CATALOG) == Flags(text)


@given(st.text())
def test_text_without_known_flags_comes_back_verbatim_but_for_its_ends(text: str) -> None:
    words = text.split()
    assume(not any(word.startswith("--") for word in words))
    assume(not any(word[:1] in "—–" and word[1:].lower().startswith(NAMES) for word in words))

    assert read(text, CATALOG) == Flags(text.strip())


PIECES = st.sampled_from(
    [
        "--",
        "—",
        "–",
        "=",
        '"',
        "“",
        " ",
        "\n",
        "16:9",
        "12345",
        "fox",
        *NAMES,
        *map(str.upper, NAMES),
    ]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join))
def test_no_text_at_all_makes_the_reader_raise_or_invent_words(text: str) -> None:
    flags = read(text, CATALOG)

    assert flags.prompt == flags.prompt.strip()
    assert not set(flags.prompt) - set(text)


@given(
    st.text(st.characters(exclude_characters="-—–"), max_size=30),
    st.text(st.characters(exclude_characters="-—–"), max_size=30),
)
def test_taking_a_flag_out_keeps_the_words_around_it_verbatim(before: str, after: str) -> None:
    flags = read(f"{before} --go {after}", CATALOG)

    assert flags.go
    assert flags.prompt.startswith(before.strip())
    assert flags.prompt.endswith(after.strip())
    assert flags.prompt.split() == before.split() + after.split()


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("one\n--go\ntwo", "one\ntwo"),
        ("one\n--go two", "one\ntwo"),
        ("one --go\ntwo", "one\ntwo"),
        ("one\n\n--go\ntwo", "one\n\ntwo"),
        ("one --go two", "one two"),
        ("one --go --no-translate two", "one two"),
        ("one\n--go --no-translate two", "one\ntwo"),
    ],
)
def test_line_breaks_around_a_flag_stay(text: str, prompt: str) -> None:
    assert read(text, CATALOG).prompt == prompt


RATIOS = ("16:9", "9:16", "auto")
MODELS = ("Fast", "Quality", "Lite")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("--rato 16:9", FlagProblem("--rato", Trouble.UNKNOWN, meant="--ratio")),
        ("--Model=x --sed 1", FlagProblem("--model", Trouble.BAD, "x", MODELS)),
        ("--translate", FlagProblem("--translate", Trouble.UNKNOWN, meant="--no-translate")),
        ("--duration 8", FlagProblem("--duration", Trouble.UNKNOWN, meant="--seconds")),
        ("--fast", FlagProblem("--fast", Trouble.UNKNOWN, meant="--model fast")),
        ("--Quality", FlagProblem("--Quality", Trouble.UNKNOWN, meant="--model quality")),
        ("--4k", FlagProblem("--4k", Trouble.UNKNOWN, meant="--resolution 4k")),
        ("--9:16", FlagProblem("--9:16", Trouble.UNKNOWN, meant="--ratio 9:16")),
        ("--vertical", FlagProblem("--vertical", Trouble.UNKNOWN, meant="--ratio 9:16")),
        ("--frames", FlagProblem("--frames", Trouble.UNKNOWN, meant="--mode frames")),
        ("--go,", FlagProblem("--go,", Trouble.UNKNOWN, meant="--go")),
        ("--zzzzzz", FlagProblem("--zzzzzz", Trouble.UNKNOWN)),
        ("--été", FlagProblem("--été", Trouble.UNKNOWN)),
        ("--ratio", FlagProblem("--ratio", Trouble.MISSING, allowed=RATIOS)),
        ("--ratio=", FlagProblem("--ratio", Trouble.MISSING, allowed=RATIOS)),
        ("--ratio= 16:9", FlagProblem("--ratio", Trouble.MISSING, allowed=RATIOS)),
        ("--ratio --go", FlagProblem("--ratio", Trouble.MISSING, allowed=RATIOS)),
        ("--ratio —go", FlagProblem("--ratio", Trouble.MISSING, allowed=RATIOS)),
        ("--ratio 5:4", FlagProblem("--ratio", Trouble.BAD, "5:4", RATIOS)),
        ("--model veo9", FlagProblem("--model", Trouble.BAD, "veo9", MODELS)),
        ("--seed 9999", FlagProblem("--seed", Trouble.BAD, "9999", ("10000–99999",))),
        ("--seed 100000", FlagProblem("--seed", Trouble.BAD, "100000", ("10000–99999",))),
        ("--seed 01234", FlagProblem("--seed", Trouble.BAD, "01234", ("10000–99999",))),
        ("--seed ١٢٣٤٥", FlagProblem("--seed", Trouble.BAD, "١٢٣٤٥", ("10000–99999",))),
        ("--seconds 5", FlagProblem("--seconds", Trouble.BAD, "5", ("4", "6", "8"))),
        ("--watermark", FlagProblem("--watermark", Trouble.MISSING)),
        ('--watermark ""', FlagProblem("--watermark", Trouble.MISSING)),
        ('--watermark "   "', FlagProblem("--watermark", Trouble.MISSING)),
        ('--watermark "my film', FlagProblem("--watermark", Trouble.UNCLOSED, '"my')),
        ("--go=now", FlagProblem("--go", Trouble.NEEDLESS)),
        ("--ratio 16:9 --ratio 9:16", FlagProblem("--ratio", Trouble.TWICE)),
        ("--model fast --model veo3", FlagProblem("--model", Trouble.TWICE)),
    ],
)
def test_a_wrong_flag_is_named_with_what_could_stand_there(text: str, problem: FlagProblem) -> None:
    assert read(f"a fox {text}", CATALOG).problems[0] == problem


def test_all_problems_are_told_at_once_and_in_their_order() -> None:
    flags = read("--rato 1 --seed 5 a fox --seconds 4 --seconds 8 --model", CATALOG)

    assert [(problem.flag, problem.trouble) for problem in flags.problems] == [
        ("--rato", Trouble.UNKNOWN),
        ("--seed", Trouble.BAD),
        ("--model", Trouble.MISSING),
        ("--seconds", Trouble.TWICE),
    ]


def test_what_was_given_goes_over_the_options_and_nothing_else_does() -> None:
    options = Options("veo3", seconds=4, watermark="mine")

    changed = read("a fox --model lite --no-translate --seed 12345", CATALOG).over(options)

    assert changed == Options("veo3_lite", seconds=4, watermark="mine", translate=False, seed=12345)
    assert read("a fox", CATALOG).over(options) == options
