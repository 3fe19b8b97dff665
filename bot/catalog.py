"""Which models there are, what each can do and what it costs: data, read once and asked often.

Pure: the caller reads ``catalog.toml`` (or CATALOG_FILE) and hands its text to ``parse``.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, StrictBool, TypeAdapter, ValidationError
from pydantic import Field as Check
from pydantic.dataclasses import dataclass as checked_dataclass

from bot.errors import ConfigurationError, Paused, UserError
from bot.models import Kind, Mode, Options, Ratio, Resolution

# How many photos each mode takes (KIE, Veo 3.1 "Generate Veo3.1 Video", generationType).
PHOTOS: Mapping[Mode, range] = MappingProxyType(
    {Mode.TEXT: range(1), Mode.FRAMES: range(1, 3), Mode.REFERENCE: range(1, 4)}
)
UPGRADES = (Kind.UPGRADE_1080P, Kind.UPGRADE_4K)

_FIRST_MODES = (Mode.TEXT, Mode.FRAMES, Mode.FRAMES, Mode.REFERENCE)  # by number of photos
_WORDS = MappingProxyType(
    {
        "missing": "is missing",
        "unexpected_keyword_argument": "is not a known name",
        "extra_forbidden": "is not a known name",
        "dataclass_type": "should be a table",
    }
)

K = TypeVar("K")
V = TypeVar("V")


def _filled(value: V) -> V:
    if not value:
        raise ValueError("should not be empty")
    return value


Frozen = Annotated[Mapping[K, V], AfterValidator(_filled), AfterValidator(MappingProxyType)]
Listed = Annotated[tuple[V, ...], AfterValidator(_filled)]
Credits = Annotated[int, Check(strict=True, ge=1, le=1_000_000)]
Seconds = Annotated[int, Check(strict=True, ge=1, le=60)]
# Ids go into buttons, whose data may hold 64 bytes (Bot API, InlineKeyboardButton).
Identifier = Annotated[str, Check(pattern=r"^[A-Za-z0-9._/-]{1,32}$")]
Label = Annotated[str, Check(pattern=r"^[^\s-][^\n\r\t]{0,23}$")]

_CHECKS = ConfigDict(extra="forbid")


class Field(StrEnum):
    """What a choice is about: the attribute of ``Options``, or the photos."""

    MODEL = "model"
    MODE = "mode"
    RATIO = "ratio"
    SECONDS = "seconds"
    RESOLUTION = "resolution"
    PHOTOS = "photos"


@dataclass(frozen=True, slots=True)
class Change:
    """An option that had to move, for the line that says so; models are named by id."""

    field: Field
    old: str | int
    new: str | int


@dataclass(frozen=True, slots=True)
class Problem:
    """A wanted value that ``because`` rules out, and the values that it would allow."""

    field: Field
    value: str | int
    because: Field
    allowed: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """The values that can be chosen at this moment: the buttons of the card."""

    modes: tuple[Mode, ...]
    models: tuple["Model", ...]
    ratios: tuple[Ratio, ...]
    seconds: tuple[int, ...]
    resolutions: tuple[Resolution, ...]
    seeds: bool


@checked_dataclass(frozen=True, slots=True, config=_CHECKS)
class Model:
    """One of KIE's models. ``tier`` is its name where videos are extended, prices are credits."""

    id: Identifier
    label: Label
    tier: Identifier
    ratios: Listed[Ratio]
    seconds: Frozen[Mode, Listed[Seconds]]
    prices: Frozen[Resolution, Credits]
    extend_price: Credits
    enabled: StrictBool

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes that the model has, in the order of buttons."""
        return tuple(mode for mode in Mode if mode in self.seconds)

    @property
    def resolutions(self) -> tuple[Resolution, ...]:
        """The resolutions that the model makes, the smallest first."""
        return tuple(resolution for resolution in Resolution if resolution in self.prices)

    def ratios_for(self, mode: Mode) -> tuple[Ratio, ...]:
        """Return the ratios for a mode: without a photo there is nothing for Auto to go by."""
        return tuple(
            ratio for ratio in self.ratios if mode is not Mode.TEXT or ratio is not Ratio.AUTO
        )


@checked_dataclass(frozen=True, slots=True, config=_CHECKS)
class Catalog:
    """All models and prices. Made by ``parse``, which sees to it that a default exists.

    ``seeds``: whether KIE can be told a seed.
    """

    models: tuple[Model, ...]
    upgrades: Frozen[Kind, Credits]
    seeds: StrictBool = True

    @property
    def offered(self) -> tuple[Model, ...]:
        """The models that can be chosen."""
        return tuple(model for model in self.models if model.enabled)

    @property
    def photo_limit(self) -> int:
        """How many photos a request can use at most."""
        modes = {mode for model in self.offered for mode in model.modes}
        return max(PHOTOS[mode][-1] for mode in modes)

    def model(self, id_or_label: str) -> Model | None:
        """Find a model, enabled or not, by id or label in any spelling of case."""
        wanted = id_or_label.strip().casefold()
        named = (model for model in self.models if wanted in _names(model))
        return next(named, None)

    def default_options(self) -> Options:
        """Return what a new user starts with."""
        first = next(model for model in self.offered if Mode.TEXT in model.modes)
        return self.fit(Options(model=first.id), 0)[0]

    def price(self, kind: Kind, options: Options) -> int:
        """Return the credits for one video.

        Raises ``Paused`` for a model that the catalog does not hold, ``UserError`` for a resolution
        that the model does not make.
        """
        if kind in UPGRADES:
            return self.upgrades[kind]
        model = self.model(options.model)
        if model is None:
            raise Paused(options.model)
        if kind is Kind.EXTEND:
            return model.extend_price
        if options.resolution not in model.prices:
            raise UserError(f"{model.label} makes no {options.resolution} videos.")
        return model.prices[options.resolution]

    def modes_for(self, photo_count: int) -> tuple[Mode, ...]:
        """Return the modes that some offered model has for this number of photos.

        Photos beyond ``photo_limit`` are left out of account.
        """
        used = min(photo_count, self.photo_limit)
        modes = {mode for model in self.offered for mode in model.modes if used in PHOTOS[mode]}
        return tuple(mode for mode in Mode if mode in modes)

    def natural_mode(self, photo_count: int) -> Mode:
        """Return the mode that this number of photos suggests."""
        possible = self.modes_for(photo_count)
        natural = _FIRST_MODES[min(photo_count, len(_FIRST_MODES) - 1)]
        return natural if natural in possible else possible[0]

    def choices(self, options: Options, photo_count: int) -> Choices:
        """Return what the card may offer beside ``options``, which are fitted first."""
        fitted, _ = self.fit(options, photo_count)
        model = next(model for model in self.offered if model.id == fitted.model)
        return Choices(
            modes=self.modes_for(photo_count),
            models=self._having(fitted.mode),
            ratios=model.ratios_for(fitted.mode),
            seconds=model.seconds[fitted.mode],
            resolutions=model.resolutions,
            seeds=self.seeds,
        )

    def sendable(self, options: Options) -> Options:
        """Return the options without what KIE cannot be told."""
        return options if self.seeds else replace(options, seed=None)

    def fit(self, options: Options, photo_count: int) -> tuple[Options, tuple[Change, ...]]:
        """Move what cannot be to the nearest that can: the photos rule the mode, it all else.

        Returns the options and what had to change.
        """
        modes = self.modes_for(photo_count)
        mode = options.mode if options.mode in modes else self.natural_mode(photo_count)
        having = self._having(mode)
        model = next((model for model in having if model.id == options.model), having[0])
        fitted = replace(
            self.sendable(options),
            model=model.id,
            mode=mode,
            ratio=_pick(options.ratio, model.ratios_for(mode), default_ratio(mode)),
            seconds=_nearest(options.seconds, model.seconds[mode]),
            resolution=_pick(options.resolution, model.resolutions, Resolution.P720),
        )
        return fitted, tuple(_changes(options, fitted))

    def problems(self, options: Options, photo_count: int) -> tuple[Problem, ...]:
        """Return every contradiction between wanted options: none of them is resolved."""
        offered, mode = self.offered, options.mode
        model = next((model for model in offered if model.id == options.model), None)
        if model is None:
            ids = tuple(model.id for model in offered)
            return (Problem(Field.MODEL, options.model, Field.MODEL, ids),)
        having = tuple(model.id for model in self._having(mode))
        lengths = model.seconds.get(mode, (options.seconds,))  # else the model is the problem
        wanted = (
            Problem(Field.MODE, mode, Field.PHOTOS, self.modes_for(photo_count)),
            Problem(Field.MODEL, model.id, Field.MODE, having),
            Problem(Field.RATIO, options.ratio, Field.MODE, model.ratios_for(mode)),
            Problem(Field.SECONDS, options.seconds, Field.MODE, lengths),
            Problem(Field.RESOLUTION, options.resolution, Field.MODEL, model.resolutions),
        )
        return tuple(problem for problem in wanted if problem.value not in problem.allowed)

    def _having(self, mode: Mode) -> tuple[Model, ...]:
        return tuple(model for model in self.offered if mode in model.modes)


def default_ratio(mode: Mode) -> Ratio:
    """Return the ratio for somebody who chose none: frames keep the shape of their photo."""
    return Ratio.AUTO if mode is Mode.FRAMES else Ratio.LANDSCAPE


def without_seeds(catalog: Catalog) -> Catalog:
    """Return the catalog for a dialect that documents no seeds (KIE, "Veo 3.1", Market)."""
    return replace(catalog, seeds=False)


def parse(toml_text: str) -> Catalog:
    """Read a catalog.

    Raises ``ConfigurationError`` that names every fault by line or by model and field.
    """
    try:
        data = tomllib.loads(toml_text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"The catalog is not valid TOML: {error}.") from error
    try:
        catalog = TypeAdapter(Catalog).validate_python(data)
    except ValidationError as error:
        raise _refusal(_sentence(fault, data) for fault in error.errors()) from error
    if faults := list(_faults(catalog)):
        raise _refusal(iter(faults))
    return catalog


def _names(model: Model) -> set[str]:
    return {model.id.casefold(), model.label.casefold()}


def _pick(wanted: V, possible: tuple[V, ...], default: V) -> V:
    return next((value for value in (wanted, default) if value in possible), possible[0])


def _nearest(wanted: int, possible: tuple[int, ...]) -> int:
    return min(possible, key=lambda value: (abs(value - wanted), -value))


def _changes(old: Options, new: Options) -> Iterator[Change]:
    pairs = (
        (Field.MODE, old.mode, new.mode),
        (Field.MODEL, old.model, new.model),
        (Field.RATIO, old.ratio, new.ratio),
        (Field.SECONDS, old.seconds, new.seconds),
        (Field.RESOLUTION, old.resolution, new.resolution),
    )
    return (Change(field, before, after) for field, before, after in pairs if before != after)


def _refusal(faults: Iterator[str]) -> ConfigurationError:
    return ConfigurationError("The catalog cannot be used:\n" + "\n".join(faults))


def _sentence(fault: Any, data: Mapping[str, Any]) -> str:
    """Say where in the file a fault is: a model is named by its id where it has one."""
    place = list(fault["loc"])
    if place[:1] == ["models"] and len(place) > 1:
        entry = data["models"][place[1]]
        name = entry.get("id") if isinstance(entry, dict) else None
        place[:2] = [f"model {name!r}" if isinstance(name, str) else f"model number {place[1] + 1}"]
    where = ", ".join(str(part) for part in place if part != "[key]")
    message = _WORDS.get(fault["type"], fault["msg"])
    return f"- {where}: {message.removeprefix('Input ').removeprefix('Value error, ')}"


def _faults(catalog: Catalog) -> Iterator[str]:
    """Name what is well-formed, but contradicts itself."""
    counted = Counter(name for model in catalog.models for name in _names(model))
    for name in (name for name, times in counted.items() if times > 1):
        yield f"- models: {name!r} names two of them"
    if set(catalog.upgrades) != set(UPGRADES):
        yield f"- upgrades: exactly {' and '.join(UPGRADES)} have a price there"
    if not any(Mode.TEXT in model.modes for model in catalog.offered):
        yield "- models: none that is enabled makes a video without photos"
    for model in catalog.models:
        if Mode.TEXT in model.modes and not model.ratios_for(Mode.TEXT):
            yield f"- model {model.id!r}, ratios: Auto alone is not enough"
