"""The catalog: what it accepts as a file, and what it lets people choose."""

from dataclasses import FrozenInstanceError, replace
from importlib.resources import files
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog import (
    PHOTOS,
    Catalog,
    Change,
    Field,
    Problem,
    default_ratio,
    parse,
    without_seeds,
)
from bot.errors import ConfigurationError, Paused, UserError
from bot.models import Kind, Mode, Options, Ratio, Resolution

BUILT_IN = files("bot").joinpath("catalog.toml").read_text(encoding="utf-8")
CATALOG = parse(BUILT_IN)

MODES = st.sampled_from(Mode)
OPTIONS = st.builds(
    Options,
    model=st.sampled_from(["veo3_fast", "veo3", "veo3_lite", "gone"]),
    mode=MODES,
    ratio=st.sampled_from(Ratio),
    seconds=st.integers(0, 100),
    resolution=st.sampled_from(Resolution),
    seed=st.none() | st.integers(10000, 99999),
)


def without(model_id: str, catalog_text: str = BUILT_IN) -> str:
    head, tail = catalog_text.split(f'id = "{model_id}"')
    return f'{head}id = "{model_id}"' + tail.replace("enabled = true", "enabled = false", 1)


def some_catalog(*models: str) -> Catalog:
    return parse('upgrades = { "1080p" = 5, "4k" = 120 }\n' + "\n".join(models))


def some_model(model_id: str, seconds: str, prices: str = '{ "720p" = 10 }') -> str:
    return f"""
        [[models]]
        id = "{model_id}"
        label = "{model_id.title()}"
        tier = "{model_id}"
        ratios = ["Auto", "16:9"]
        seconds = {seconds}
        prices = {prices}
        extend_price = 7
        enabled = true
    """


# --- the built-in data


@pytest.mark.parametrize(
    ("label", "resolution", "price"),
    [
        ("Lite", "720p", 30),
        ("Lite", "1080p", 35),
        ("Lite", "4k", 150),
        ("Fast", "720p", 60),
        ("Fast", "1080p", 65),
        ("Fast", "4k", 180),
        ("Quality", "720p", 250),
        ("Quality", "1080p", 255),
        ("Quality", "4k", 380),
    ],
)
def test_a_video_costs_what_its_model_and_resolution_cost(
    label: str, resolution: str, price: int
) -> None:
    model = CATALOG.model(label)
    assert model is not None
    options = Options(model=model.id, resolution=Resolution(resolution), seconds=4)
    assert CATALOG.price(Kind.GENERATE, options) == price


@pytest.mark.parametrize(
    ("kind", "model", "price"),
    [
        (Kind.EXTEND, "veo3_lite", 30),
        (Kind.EXTEND, "veo3_fast", 60),
        (Kind.EXTEND, "veo3", 250),
        (Kind.UPGRADE_1080P, "veo3", 5),
        (Kind.UPGRADE_4K, "veo3_lite", 120),
        (Kind.UPGRADE_4K, "gone", 120),
    ],
)
def test_a_later_wish_has_its_own_price(kind: Kind, model: str, price: int) -> None:
    assert CATALOG.price(kind, Options(model=model)) == price


def test_a_new_user_starts_with_fast_eight_seconds_at_720p_translated() -> None:
    assert CATALOG.default_options() == Options(
        model="veo3_fast",
        mode=Mode.TEXT,
        ratio=Ratio.LANDSCAPE,
        seconds=8,
        resolution=Resolution.P720,
        translate=True,
    )


def test_only_fast_and_lite_have_reference_and_it_lasts_eight_seconds() -> None:
    having = {model.id: model.seconds.get(Mode.REFERENCE) for model in CATALOG.models}
    assert having == {"veo3_fast": (8,), "veo3": None, "veo3_lite": (8,)}


# --- finding a model


@pytest.mark.parametrize("name", ["Fast", "fast", "FAST", " veo3_fast ", "VEO3_FAST"])
def test_a_model_is_found_by_label_or_id_in_any_case(name: str) -> None:
    model = CATALOG.model(name)
    assert model is not None
    assert model.id == "veo3_fast"


@pytest.mark.parametrize("name", ["", "veo", "veo3_", "Fast Quality", "\N{FULLWIDTH DIGIT ZERO}"])
def test_an_unknown_name_finds_no_model(name: str) -> None:
    assert CATALOG.model(name) is None


# --- prices that do not exist


def test_a_model_that_left_the_catalog_has_no_price() -> None:
    with pytest.raises(Paused) as caught:
        CATALOG.price(Kind.GENERATE, Options(model="gone"))
    assert caught.value.model == "gone"


def test_a_resolution_that_the_model_does_not_make_has_no_price() -> None:
    catalog = some_catalog(some_model("small", "{ text = [8] }"))
    with pytest.raises(UserError, match="4k"):
        catalog.price(Kind.GENERATE, Options(model="small", resolution=Resolution.K4))


# --- modes and photos


@pytest.mark.parametrize(
    ("photos", "modes", "natural"),
    [
        (0, (Mode.TEXT,), Mode.TEXT),
        (1, (Mode.FRAMES, Mode.REFERENCE), Mode.FRAMES),
        (2, (Mode.FRAMES, Mode.REFERENCE), Mode.FRAMES),
        (3, (Mode.REFERENCE,), Mode.REFERENCE),
        (9, (Mode.REFERENCE,), Mode.REFERENCE),
    ],
)
def test_the_number_of_photos_decides_the_modes(
    photos: int, modes: tuple[Mode, ...], natural: Mode
) -> None:
    assert CATALOG.modes_for(photos) == modes
    assert CATALOG.natural_mode(photos) is natural


def test_without_a_reference_model_two_photos_are_the_most() -> None:
    catalog = parse(without("veo3_lite", without("veo3_fast")))
    assert catalog.photo_limit == 2
    assert catalog.natural_mode(3) is Mode.FRAMES


def test_without_a_frames_model_one_photo_is_a_reference() -> None:
    catalog = some_catalog(some_model("odd", "{ text = [8], reference = [8] }"))
    assert catalog.natural_mode(1) is Mode.REFERENCE


def test_frames_without_a_chosen_ratio_keep_the_shape_of_the_photo() -> None:
    assert [default_ratio(mode) for mode in Mode] == [
        Ratio.LANDSCAPE,
        Ratio.AUTO,
        Ratio.LANDSCAPE,
    ]


# --- choices


def test_without_photos_auto_and_the_photo_modes_are_not_offered() -> None:
    choices = CATALOG.choices(CATALOG.default_options(), 0)
    assert choices.modes == (Mode.TEXT,)
    assert [model.label for model in choices.models] == ["Fast", "Quality", "Lite"]
    assert choices.ratios == (Ratio.LANDSCAPE, Ratio.PORTRAIT)
    assert choices.seconds == (4, 6, 8)
    assert choices.resolutions == tuple(Resolution)


def test_with_references_quality_and_short_lengths_are_not_offered() -> None:
    options = replace(CATALOG.default_options(), mode=Mode.REFERENCE)
    choices = CATALOG.choices(options, 2)
    assert choices.modes == (Mode.FRAMES, Mode.REFERENCE)
    assert [model.label for model in choices.models] == ["Fast", "Lite"]
    assert choices.seconds == (8,)


def test_a_disabled_model_is_never_offered_but_keeps_its_name_and_price() -> None:
    catalog = parse(without("veo3_fast"))
    assert catalog.default_options().model == "veo3"
    assert "veo3_fast" not in {model.id for model in catalog.choices(Options("veo3"), 0).models}
    assert catalog.model("Fast") is not None
    assert catalog.price(Kind.EXTEND, Options(model="veo3_fast")) == 60


@given(options=OPTIONS, photos=st.integers(0, 12))
def test_every_offered_choice_gives_options_without_a_problem(
    options: Options, photos: int
) -> None:
    fitted, _ = CATALOG.fit(options, photos)
    choices = CATALOG.choices(fitted, photos)
    for model, ratio, seconds, resolution in product(
        choices.models, choices.ratios, choices.seconds, choices.resolutions
    ):
        chosen = replace(
            fitted, model=model.id, ratio=ratio, seconds=seconds, resolution=resolution
        )
        assert CATALOG.problems(chosen, photos) == ()
        assert CATALOG.price(Kind.GENERATE, chosen) > 0


# --- fit


def test_choosing_reference_moves_quality_and_six_seconds_and_says_so() -> None:
    options = Options(model="veo3", mode=Mode.REFERENCE, ratio=Ratio.PORTRAIT, seconds=6)
    fitted, changes = CATALOG.fit(options, 2)
    assert fitted == replace(options, model="veo3_fast", seconds=8)
    assert changes == (
        Change(Field.MODEL, "veo3", "veo3_fast"),
        Change(Field.SECONDS, 6, 8),
    )


def test_a_third_photo_turns_frames_into_reference() -> None:
    fitted, changes = CATALOG.fit(Options(model="veo3_lite", mode=Mode.FRAMES), 3)
    assert fitted.mode is Mode.REFERENCE
    assert changes == (Change(Field.MODE, "frames", "reference"),)


def test_taking_the_photos_away_turns_auto_into_landscape() -> None:
    options = Options(model="veo3_fast", mode=Mode.FRAMES, ratio=Ratio.AUTO)
    fitted, changes = CATALOG.fit(options, 0)
    assert (fitted.mode, fitted.ratio) == (Mode.TEXT, Ratio.LANDSCAPE)
    assert Change(Field.RATIO, "Auto", "16:9") in changes


def test_possible_options_stay_as_they_are() -> None:
    options = Options(
        model="veo3_lite",
        mode=Mode.REFERENCE,
        ratio=Ratio.AUTO,
        resolution=Resolution.K4,
        seed=12345,
        translate=False,
        watermark="me",
    )
    assert CATALOG.fit(options, 1) == (options, ())


@pytest.mark.parametrize(("wanted", "given"), [(1, 4), (5, 6), (7, 8), (100, 8)])
def test_an_impossible_length_moves_to_the_nearest_the_longer_of_two(
    wanted: int, given: int
) -> None:
    fitted, _ = CATALOG.fit(Options(model="veo3", seconds=wanted), 0)
    assert fitted.seconds == given


def test_a_resolution_that_the_model_does_not_make_moves_to_one_that_it_does() -> None:
    catalog = some_catalog(some_model("large", "{ text = [8] }", '{ "1080p" = 9 }'))
    fitted, _ = catalog.fit(Options(model="large", resolution=Resolution.K4), 0)
    assert fitted.resolution is Resolution.P1080


@given(options=OPTIONS, photos=st.integers(0, 12))
def test_fitted_options_have_no_problem_and_fit_again_unchanged(
    options: Options, photos: int
) -> None:
    fitted, changes = CATALOG.fit(options, photos)
    assert CATALOG.problems(fitted, photos) == ()
    assert CATALOG.fit(fitted, photos) == (fitted, ())
    assert bool(changes) == (fitted != options)


@given(mode=MODES, data=st.data())
def test_a_possible_mode_wins_over_model_length_and_ratio(mode: Mode, data: st.DataObject) -> None:
    options = replace(data.draw(OPTIONS), mode=mode)
    photos = data.draw(st.sampled_from(PHOTOS[mode]))
    assert CATALOG.fit(options, photos)[0].mode is mode


# --- problems


@pytest.mark.parametrize(
    ("options", "photos", "problem"),
    [
        (
            Options(model="veo3", mode=Mode.REFERENCE),
            1,
            Problem(Field.MODEL, "veo3", Field.MODE, ("veo3_fast", "veo3_lite")),
        ),
        (
            Options(model="veo3", ratio=Ratio.AUTO),
            0,
            Problem(Field.RATIO, "Auto", Field.MODE, ("16:9", "9:16")),
        ),
        (
            Options(model="veo3_fast", mode=Mode.REFERENCE, seconds=4),
            1,
            Problem(Field.SECONDS, 4, Field.MODE, (8,)),
        ),
        (
            Options(model="veo3_fast", mode=Mode.TEXT),
            2,
            Problem(Field.MODE, "text", Field.PHOTOS, ("frames", "reference")),
        ),
        (
            Options(model="gone"),
            0,
            Problem(Field.MODEL, "gone", Field.MODEL, ("veo3_fast", "veo3", "veo3_lite")),
        ),
    ],
)
def test_a_contradiction_is_named_with_what_would_be_possible(
    options: Options, photos: int, problem: Problem
) -> None:
    assert CATALOG.problems(options, photos) == (problem,)


def test_several_contradictions_are_named_at_once() -> None:
    options = Options(model="veo3_fast", mode=Mode.REFERENCE, seconds=6, ratio=Ratio.AUTO)
    found = CATALOG.problems(options, 0)
    assert [problem.field for problem in found] == [Field.MODE, Field.SECONDS]


def test_a_disabled_model_is_a_problem() -> None:
    catalog = parse(without("veo3"))
    (problem,) = catalog.problems(Options(model="veo3"), 0)
    assert problem.allowed == ("veo3_fast", "veo3_lite")


# --- reading the file


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id = "veo3"', "id = ", r"not valid TOML.*line \d+"),
        ('"720p" = 250', '"720p" = 0', "model 'veo3', prices, 720p: should be greater"),
        ('"720p" = 250', '"720p" = true', "model 'veo3', prices, 720p: should be a valid integer"),
        ('"720p" = 250', '"720p" = 2.5', "model 'veo3', prices, 720p: should be a valid integer"),
        ('"720p" = 250', '"480p" = 250', "model 'veo3', prices, 480p: .*720p"),
        ("extend_price = 250", "", "model 'veo3', extend_price: is missing"),
        ("extend_price = 250", "extends = 250", "model 'veo3', extends: is not a known name"),
        ('"Quality"', '"fast"', "'fast' names two"),
        ('"veo3"', '"veo3_lite"', "'veo3_lite' names two"),
        ('id = "veo3"', 'id = "veo 3"', "model 'veo 3', id: .*pattern"),
        ('label = "Quality"', 'label = ""', "model 'veo3', label: .*pattern"),
        ('id = "veo3"', "", "model number 2, id: is missing"),
        ("text = [4, 6, 8], frames = [4, 6, 8] }", "text = [] }", "text: should not be empty"),
        ("text = [4, 6, 8], frames = [4, 6, 8] }", "}", "veo3', seconds: should not be empty"),
        ("text = [4, 6, 8], frames = [4, 6, 8] }", "text = [0] }", "seconds, text, 0: should be"),
        ('"4k" = 120', "", "exactly 1080p and 4k"),
        ('"4k" = 120', '"extend" = 120', "exactly 1080p and 4k"),
        ("[upgrades]", "currency = 1\n[upgrades]", "currency: is not a known name"),
        ("enabled = true", 'enabled = "yes"', "enabled: should be a valid boolean"),
        ("enabled = true", "enabled = false", "none that is enabled"),
        ('"16:9", "9:16", "Auto"', '"Auto"', "'veo3_fast', ratios: Auto alone"),
        ('"16:9", "9:16", "Auto"', '"4:3"', "'veo3_fast', ratios, 0: should be '16:9'"),
    ],
)
def test_a_fault_in_the_file_is_named_by_its_place(old: str, new: str, words: str) -> None:
    assert old in BUILT_IN
    with pytest.raises(ConfigurationError, match=rf"(?s){words}"):
        parse(BUILT_IN.replace(old, new))


def test_all_faults_are_named_at_once() -> None:
    broken = BUILT_IN.replace("extend_price = 250", "").replace('tier = "lite"', "tier = 5")
    with pytest.raises(ConfigurationError) as caught:
        parse(broken)
    assert str(caught.value).splitlines()[1:] == [
        "- model 'veo3', extend_price: is missing",
        "- model 'veo3_lite', tier: should be a valid string",
    ]


@pytest.mark.parametrize(
    "text",
    ["", "models = []", "models = 5", "models = [5]", "models = {}", "x = " + "[" * 100_000],
)
def test_a_file_without_models_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse(text)


@given(text=st.text() | st.sampled_from(BUILT_IN.split("\n\n")))
def test_any_other_text_is_refused_in_words(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"The catalog"):
        parse(text)


JSONISH = st.recursive(
    st.integers() | st.booleans() | st.sampled_from(['"720p"', '"text"', "1.5", "1979-05-27"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("text"), inner, max_size=1),
    max_leaves=5,
)


@given(
    field=st.sampled_from(["id", "ratios", "seconds", "prices", "enabled", "models", "upgrades"]),
    value=JSONISH,
)
def test_a_value_of_the_wrong_shape_is_refused_in_words(field: str, value: object) -> None:
    shown = str(value).replace("'", "").replace("True", "true").replace("False", "false")
    entry = f"[[models]]\n{field} = {shown.replace(': ', ' = ')}\n"
    with pytest.raises(ConfigurationError, match=r"The catalog"):
        parse(entry)


@given(OPTIONS, st.integers(0, 4))
def test_where_no_seed_can_be_sent_there_is_none_and_all_else_is_as_usual(
    options: Options, photo_count: int
) -> None:
    seedless = without_seeds(CATALOG)

    fitted, _ = seedless.fit(options, photo_count)

    assert fitted == replace(CATALOG.fit(options, photo_count)[0], seed=None)
    assert seedless.sendable(options) == replace(options, seed=None)
    assert CATALOG.sendable(options) == options
    assert (seedless.choices(options, 0).seeds, CATALOG.choices(options, 0).seeds) == (False, True)


def test_a_catalog_cannot_be_changed() -> None:
    model = CATALOG.models[0]
    with pytest.raises(FrozenInstanceError):
        model.enabled = False  # type: ignore[misc]  # that it is refused is what is tested
    with pytest.raises(TypeError):
        model.prices[Resolution.P720] = 0  # type: ignore[index]  # likewise
