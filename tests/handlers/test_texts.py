"""Sentences: safe as HTML whatever is put in, short enough, honest about credits."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Kind, Mode, Options, Ratio, Reason, Resolution, State
from handlers.flags import FlagProblem, Trouble
from handlers.sentences.progress import bar
from handlers.sentences.speech import Html, alert, escape, lines, paragraphs, plain
from handlers.texts import Languages
from tests.handlers import samples
from tests.handlers.sentences import HOSTILE, URL, Sentence, sentences
from tests.handlers.telegram_html import seen, units

TEXTS = Languages().for_language("en")
CHARGED = re.compile("refunded|not charged")


@pytest.mark.parametrize(
    "broken",
    ["<b>", "</b>", "<b><i></b></i>", "a < b", "a & b", "&nbsp;", "<p>a</p>", "<a href='x'>a</a>",
     "<code><b>a</b></code>", "<b><b>a</b></b>", "a > b", "<b", '<b class="x">a</b>'],
)  # fmt: skip
def test_the_checker_of_these_tests_finds_what_telegram_would_refuse(broken: str) -> None:
    with pytest.raises(ValueError, match="in "):
        seen(broken)


@pytest.mark.parametrize("sentence", sentences(TEXTS), ids=str)
def test_every_sentence_is_valid_html_with_what_was_put_in_shown_as_it_is(
    sentence: Sentence,
) -> None:
    shown = seen(sentence.said())

    assert units(shown) <= 4096
    assert "{" not in shown.replace(HOSTILE, "")
    assert shown == plain(sentence.said())


@given(st.text(st.characters(codec=None)))
def test_escaped_text_is_valid_html_and_can_be_sent(text: str) -> None:
    shown = seen(escape(text))

    assert shown == shown.encode().decode()
    assert escape(escape(text)) == escape(text)


def test_typed_text_is_shown_with_its_apostrophes_and_without_control_signs() -> None:
    assert escape('it\'s <b>\x00\u202e & "x"\r\n') == "it's &lt;b&gt; &amp; &quot;x&quot;\n"


def test_joining_escapes_plain_parts_and_leaves_out_empty_ones() -> None:
    parts = (Html("<b>a</b>"), "", "<c>")

    assert lines(*parts) == "<b>a</b>\n&lt;c&gt;"
    assert paragraphs(*parts) == "<b>a</b>\n\n&lt;c&gt;"


def test_an_alert_is_plain_and_short_enough_for_a_callback_answer() -> None:
    assert alert(Html("<b>a &amp; b</b>")) == "a & b"
    assert units(alert(Html("🦊" * 300))) <= 200


@pytest.mark.parametrize("reason", Reason)
def test_every_failure_says_what_became_of_the_credits_and_how_to_find_it(reason: Reason) -> None:
    paid = seen(TEXTS.failure.told(reason, 60, "a1b2"))
    free = seen(TEXTS.failure.told(reason, 0, "a1b2"))

    assert "60 credits were refunded" in paid
    assert "not charged" in free
    assert "refunded" not in free
    assert "Reference: a1b2" in paid
    assert len(paid.split("\n\n")) == 3


def test_every_reason_has_a_sentence_of_its_own() -> None:
    told = {TEXTS.failure.told(reason, 60, "a").split("\n")[0] for reason in Reason}

    assert len(told) == len(Reason)


def test_one_credit_is_one_credit() -> None:
    assert "1 credit was refunded" in TEXTS.failure.given_back(1)


REFUSALS = [
    TEXTS.failure.account_paused(),
    TEXTS.failure.model_paused("Fast"),
    TEXTS.failure.queue_full(20),
    TEXTS.money.own_too_little(60, 20),
    TEXTS.money.total_too_little(60, 20),
    TEXTS.progress.cancelled(60),
    TEXTS.progress.cancelled(0),
    TEXTS.progress.cancelled_late(),
    TEXTS.progress.waiting_for_account(),
    TEXTS.progress.waiting_for_model("Fast"),
    TEXTS.request.too_long(1000, 1200),
    TEXTS.request.refusal([Html("x")]),
    TEXTS.request.card_gone(),
    TEXTS.request.confirmed_before(),
    TEXTS.photo.refused(Html("x")),
    TEXTS.photo.some_refused([(2, Html("x"))]),
    TEXTS.welcome.trouble("a1b2"),
    TEXTS.result.late(),
    TEXTS.result.extend_gone(),
    TEXTS.result.upgrades_gone(),
    TEXTS.result.not_possible(),
    *(TEXTS.result.asked(kind) for kind in Kind),
]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_every_refusal_says_what_it_did_not_cost(refusal: Html) -> None:
    assert CHARGED.search(refusal)


ALERTS = [
    TEXTS.failure.account_paused(),
    TEXTS.failure.model_paused("A model of 24 characters"),
    TEXTS.failure.queue_full(20),
    TEXTS.money.own_too_little(380, 120),
    TEXTS.money.total_too_little(380, 120),
    TEXTS.money.admins_only(),
    TEXTS.progress.cancelled(60),
    TEXTS.progress.cancelled_late(),
    TEXTS.progress.too_late_to_cancel(),
    TEXTS.request.card_gone(),
    TEXTS.request.confirmed_before(),
    TEXTS.request.not_yours(),
    TEXTS.request.old_button(),
    TEXTS.result.extend_gone(),
    TEXTS.result.upgrades_gone(),
    TEXTS.result.not_possible(),
    TEXTS.result.again_gone(),
    TEXTS.access.asked(),
    TEXTS.access.asked_before(),
    TEXTS.access.not_open(),
    TEXTS.access.decided_before(),
    *(TEXTS.result.asked(kind) for kind in Kind),
]


@pytest.mark.parametrize("sentence", ALERTS)
def test_answers_to_presses_are_not_cut(sentence: Html) -> None:
    assert not alert(sentence).endswith("…")
    assert units(alert(sentence)) <= 200


def test_the_labels_of_the_contract_are_spelled_as_promised() -> None:
    labels = TEXTS.labels

    assert [labels.mode(mode) for mode in Mode] == ["Text", "Frames", "Reference"]
    assert [labels.ratio(ratio) for ratio in Ratio] == ["16:9", "9:16", "Auto"]
    assert [labels.resolution(size) for size in Resolution] == ["720p", "1080p", "4K"]
    assert [labels.kind(kind) for kind in Kind] == ["Generate", "Extend", "1080p", "4K"]
    assert [labels.cancel(), labels.again(), labels.edit()] == ["Cancel", "Again", "Edit"]
    assert [labels.more(), labels.approve(), labels.deny()] == ["More", "Approve", "Deny"]
    assert labels.ask_for_access() == "Ask for access"
    assert [model.label for model in samples.catalog().models] == ["Fast", "Quality", "Lite"]


def test_the_greeting_has_at_most_six_lines_and_three_different_examples() -> None:
    assert seen(TEXTS.welcome.start(8)).count("\n") < 6
    assert "8 videos today" in TEXTS.welcome.start(8)
    assert "1 video today" in TEXTS.welcome.start(1)
    assert "left for the usual video; /quota" in TEXTS.welcome.start(0)
    assert "today" not in TEXTS.welcome.start(None)
    assert len({example.prompt for example in TEXTS.welcome.examples()}) == 3


def test_help_names_every_flag() -> None:
    flags = ("ratio", "model", "mode", "seed", "seconds", "resolution", "watermark")

    assert all(f"--{flag}" in TEXTS.welcome.help() for flag in (*flags, "no-translate", "go"))


def test_help_names_the_admins_command_to_admins_only() -> None:
    assert "/grant" in TEXTS.welcome.help(admin=True)
    assert "/grant" not in TEXTS.welcome.help()


def test_the_questions_are_asked_as_promised() -> None:
    assert TEXTS.request.ask_prompt() == "Describe the video…"
    assert TEXTS.request.ask_prompt(Kind.EXTEND) == "What happens next?"
    assert TEXTS.request.ask_prompt_for_photos(2).endswith("Describe the video…")
    assert "This bot is private" in TEXTS.access.private()


def test_a_prompt_that_is_too_long_is_told_the_limit_and_its_length() -> None:
    said = TEXTS.request.too_long(1000, 1234)

    assert "1234 characters" in said
    assert "1000" in said


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (FlagProblem("--rato", Trouble.UNKNOWN, meant="--ratio"),
         "I don't know --rato. Did you mean --ratio?"),
        (FlagProblem("--x", Trouble.UNKNOWN), "I don't know --x. /help lists what I know."),
        (FlagProblem("--ratio", Trouble.MISSING, allowed=("16:9", "auto")),
         "--ratio needs a value. Possible: 16:9, auto."),
        (FlagProblem("--ratio", Trouble.BAD, "<5>", ("16:9",)),
         "--ratio cannot be <5>. Possible: 16:9."),
        (FlagProblem("--go", Trouble.NEEDLESS), "--go takes no value."),
        (FlagProblem("--seed", Trouble.TWICE),
         "--seed stands there twice with different values."),
        (FlagProblem("--watermark", Trouble.UNCLOSED, '"a'),
         "The quotation mark after --watermark is never closed."),
        (FlagProblem("--" + "x" * 5000, Trouble.UNKNOWN),
         f"I don't know --{'x' * 38}…. /help lists what I know."),
    ],
)  # fmt: skip
def test_flag_problems_are_said_in_words(problem: FlagProblem, said: str) -> None:
    assert seen(TEXTS.request.flag_problem(problem)) == said


def test_many_flag_problems_still_fit_into_a_message() -> None:
    problem = FlagProblem("--ratio", Trouble.BAD, "x" * 5000, ("16:9", "9:16", "auto"))

    said = seen(TEXTS.request.flag_problems([problem] * 800))

    assert units(said) <= 4096
    assert said.startswith("• --ratio cannot be xxxx")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "less than a minute left"),
        (59.9, "less than a minute left"),
        (60, "about 1 min left"),
        (89, "about 1 min left"),
        (91, "about 2 min left"),
        (700, "about 12 min left"),
    ],
)
def test_what_is_left_is_told_in_minutes(seconds: float, said: str) -> None:
    assert TEXTS.progress.rest(seconds) == said


def test_the_status_draws_a_bar_and_says_when_it_takes_longer() -> None:
    on_time = TEXTS.progress.generating(Kind.GENERATE, 0.42, 61.0)
    overdue = TEXTS.progress.generating(Kind.EXTEND, 0.95, None)

    assert on_time == "🎬 Making the video\n▰▰▰▰▱▱▱▱▱▱\nabout 1 min left"
    assert overdue.endswith("It takes longer than usual, I keep looking.")
    assert "It is paid already, I won't send it" in TEXTS.progress.cancelled_late()


@given(st.floats(allow_nan=False))
def test_the_bar_has_ten_cells_whatever_the_share(share: float) -> None:
    assert re.fullmatch("▰{0,10}▱{0,10}", bar(share))
    assert len(bar(share)) == 10


def test_the_queue_tells_its_places() -> None:
    assert TEXTS.progress.queued(1) == "⏳ Next in the queue"
    assert TEXTS.progress.queued(4) == "⏳ Place 4 in the queue"


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_word_in_the_list(state: State) -> None:
    row = TEXTS.jobs.row(1, "Fast · 16:9", "<fox>", TEXTS.jobs.state(state))

    assert seen(row).startswith("1. Fast · 16:9, ")
    assert seen(row).endswith("\n<fox>")


def test_a_caption_is_the_prompt_above_the_options() -> None:
    facts = TEXTS.labels.facts("Fast", Options("veo3_fast", seed=12345))

    assert TEXTS.result.caption("A <fox>", facts) == (
        "A &lt;fox&gt;\nFast · 16:9 · 8 s · 720p · seed 12345"
    )
    assert TEXTS.labels.facts("Fast", Options("veo3_fast"), 15) == "Fast · 16:9 · 15 s · 720p"
    assert "\npart 2\nFast" in TEXTS.result.caption("A fox", "Fast", 2)


@given(st.text(max_size=50).map(lambda text: text * 60), st.integers(1, 20))
def test_captions_fit_whatever_the_prompt(prompt: str, part: int) -> None:
    caption = seen(TEXTS.result.caption(prompt, "Fast · 16:9 · 8 s · 720p", part))

    assert units(caption) <= 1024
    assert caption.endswith("Fast · 16:9 · 8 s · 720p")


def test_a_video_too_big_for_telegram_comes_as_a_link_with_its_end() -> None:
    said = TEXTS.result.too_big(52_428_801, URL, samples.MIDNIGHT)

    assert seen(said).startswith("The video is 51 MB, too large for Telegram.")
    assert seen(said).endswith(URL)
    assert "until 2027-01-16 00:00 UTC" in said


def test_quota_names_what_is_left_when_more_comes_and_what_it_buys() -> None:
    quota = samples.quota(free=240, granted=100, held=60, total_left=5000)

    said = seen(TEXTS.money.quota(quota, samples.MIDNIGHT - 3 * 3600 - 90, [("Fast", 60)]))

    assert said == (
        "Left today: 240 of 300 free credits\n"
        "Granted to you: 100 credits, used after the free ones\n"
        "Set aside for what is being made: 60 credits\n"
        "Left today for everybody together: 5000 credits\n"
        "New free credits at 00:00 UTC, in 3 h 1 min\n\n"
        "That buys, for example\n"
        "5 videos with Fast (60 each)"
    )


def test_quota_of_a_plain_user_is_short_and_never_below_zero() -> None:
    said = seen(TEXTS.money.quota(samples.quota(free=-60), samples.MIDNIGHT, [("Fast", 60)]))

    assert said.splitlines()[0] == "Left today: 0 of 300 free credits"
    assert said.splitlines()[-1] == "0 videos with Fast (60 each)"
    assert len(said.splitlines()) == 5


def test_an_admin_has_no_limit_and_sees_prices() -> None:
    said = seen(TEXTS.money.quota(samples.quota(free=None), samples.MIDNIGHT, [("Fast", 60)]))

    assert said == (
        "You are an admin: your credits have no limit.\n\nWhat a video costs\nFast: 60 credits"
    )


def test_an_admin_is_told_what_is_left_for_everybody_and_when_there_is_more() -> None:
    quota = samples.quota(free=None, total_left=5000)

    said = seen(TEXTS.money.quota(quota, samples.MIDNIGHT - 60, [("Fast", 60)]))

    assert "everybody together: 5000 credits\nNew free credits at 00:00 UTC, in 1 min" in said


def test_the_reason_of_a_stopped_account_is_told_to_admins_by_its_code() -> None:
    said = {code: TEXTS.admin.account_stopped(code) for code in ("401", "402", "433", "403")}

    assert "API key" in said["401"]
    assert said["402"] == said["433"]
    assert "no credits" in said["402"]
    assert "network" in said["403"]
