"""What KIE's stand-in accepts: requests become orders, or are refused as KIE refuses them."""

from dataclasses import dataclass, field, replace
from typing import Any

from bot.demo.kie_faults import Answer
from bot.models import Dialect, Kind, Mode, Ratio, Resolution

Json = dict[str, Any]


class Turned(Exception):
    """The call is turned down; ``answer`` says how."""

    def __init__(self, code: int, msg: str, data: object = None, http: int = 200) -> None:
        super().__init__(f"{code}: {msg}")
        self.answer = Answer(code, msg, data, http)


@dataclass(frozen=True, slots=True)
class Order:
    """One accepted request for a video. ``tier`` is ``quality``, ``fast`` or ``lite``."""

    kind: Kind
    dialect: Dialect
    tier: str
    prompt: str
    mode: Mode
    ratio: Ratio
    resolution: Resolution
    seconds: int
    image_urls: tuple[str, ...]
    seed: int | None
    watermark: str | None
    callback_url: str | None
    parent: str | None
    sent: Json = field(hash=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a field of a body may be; ``expected`` makes leaving it out a violation."""

    name: str
    type: type[Any]
    required: bool = False
    expected: bool = False
    allowed: tuple[object, ...] = ()
    span: tuple[int, int] | None = None
    refusal: str | None = None


TIERS = {"veo3": "quality", "veo3_fast": "fast", "veo3_lite": "lite"}
EXTEND_TIERS = ("fast", "quality", "lite")
GENERATION_TYPES = {
    "TEXT_2_VIDEO": Mode.TEXT,
    "FIRST_AND_LAST_FRAMES_2_VIDEO": Mode.FRAMES,
    "REFERENCE_2_VIDEO": Mode.REFERENCE,
}
IMAGES = {Mode.TEXT: (0, 0), Mode.FRAMES: (1, 2), Mode.REFERENCE: (1, 3)}
REFERENCE_TIERS = ("fast", "lite")
REFERENCE_SECONDS = 8
EXTENSION_SECONDS = 7
SEEDS = (10_000, 99_999)
MARKET_MODEL = "veo-3-1"
MARKET_EXTEND = "veo/extend"
MARKET_UPGRADES = {
    "veo/get-1080p-video": Kind.UPGRADE_1080P,
    "veo/get-4k-video": Kind.UPGRADE_4K,
}

_PROMPT = Rule("prompt", str, required=True, refusal="Prompt cannot be empty")
_WATERMARK = Rule("watermark", str)
_CALLBACK = Rule("callBackUrl", str)
_SEEDS = Rule("seeds", int, span=SEEDS, refusal="Seeds must be between 10000 and 99999")
_TASK_ID = Rule("taskId", str, required=True, refusal="taskId cannot be empty")
_RATIO = Rule(
    "aspect_ratio", str, allowed=tuple(ratio.value for ratio in Ratio), refusal="Ratio error"
)
_RESOLUTION = Rule("resolution", str, allowed=tuple(size.value for size in Resolution))
_DURATION = Rule("duration", int, allowed=(4, 6, 8))

GENERATE_RULES = (
    _PROMPT,
    Rule("model", str, required=True, allowed=tuple(TIERS), refusal="Invalid model"),
    Rule("generationType", str, expected=True, allowed=tuple(GENERATION_TYPES)),
    Rule("imageUrls", list),
    _RATIO,
    _RESOLUTION,
    _DURATION,
    Rule("enableTranslation", bool, expected=True),
    _SEEDS,
    _WATERMARK,
    _CALLBACK,
)
"""KIE, "Generate Veo3.1 Video"; other fields are violations."""

EXTEND_RULES = (
    _TASK_ID,
    _PROMPT,
    Rule("model", str, expected=True, allowed=EXTEND_TIERS, refusal="Invalid model"),
    _SEEDS,
    _WATERMARK,
    _CALLBACK,
)
"""KIE, "Extend Veo3.1 Video"."""

K4_RULES = (_TASK_ID, Rule("index", int, expected=True), _CALLBACK)
"""KIE, "Get 4K Video"."""

MARKET_RULES = (
    Rule("model", str, required=True, refusal="Invalid model"),
    Rule("input", dict, required=True, refusal="input cannot be empty"),
    _CALLBACK,
)
"""KIE, "Veo 3.1" in the market form: around the input."""

MARKET_GENERATE_RULES = (
    _PROMPT,
    Rule("model", str, required=True, allowed=tuple(TIERS), refusal="Invalid model"),
    Rule("image_urls", list),
    Rule("generation_type", str, expected=True, allowed=tuple(GENERATION_TYPES)),
    _RATIO,
    _RESOLUTION,
    _DURATION,
    Rule("enable_translation", bool, expected=True),
    _WATERMARK,
)
"""KIE, "Veo 3.1" in the market form: its input."""

_MARKET_TASK_ID = Rule("task_id", str, required=True, refusal="task_id cannot be empty")
MARKET_EXTEND_RULES = (_MARKET_TASK_ID, _PROMPT, _WATERMARK)
MARKET_UPGRADE_RULES = (_MARKET_TASK_ID,)


def check(body: Json, rules: tuple[Rule, ...]) -> list[str]:
    """Raise ``Turned`` with 422 unless every field is acceptable; return the violations.

    A violation is what KIE lets pass, or ignores, and a good client never sends.
    """
    for rule in rules:
        _check(body, rule)
    known = {rule.name for rule in rules}
    return [f"unknown field {name}" for name in body if name not in known] + [
        f"missing field {rule.name}" for rule in rules if rule.expected and rule.name not in body
    ]


def _check(body: Json, rule: Rule) -> None:
    value: Any = body.get(rule.name)
    if value is None or value in ("", {}):
        if rule.required or rule.name in body:
            raise Turned(422, rule.refusal or f"{rule.name} cannot be empty")
        return
    # In JSON true is no integer, in Python it is one.
    if not isinstance(value, rule.type) or (rule.type is int and isinstance(value, bool)):
        raise Turned(422, f"{rule.name} must be of type {rule.type.__name__}")
    if rule.allowed and value not in rule.allowed:
        raise Turned(422, rule.refusal or f"{rule.name} is not within the range of allowed options")
    if rule.span and not rule.span[0] <= value <= rule.span[1]:
        raise Turned(422, rule.refusal or f"{rule.name} is out of range")


def generate_order(body: Json) -> Order:
    """Return the order in a checked body of ``generate``; raise ``Turned`` if it contradicts."""
    return _order(
        body,
        Dialect.VEO,
        images=body.get("imageUrls", []),
        generation_type=body.get("generationType"),
        callback_url=body.get("callBackUrl"),
        tier=TIERS[body["model"]],
    )


def market_order(body: Json) -> Order:
    """Return the order in a checked body of ``createTask``; raise ``Turned`` if it contradicts."""
    given: Json = body["input"]
    return _order(
        given,
        Dialect.MARKET,
        images=given.get("image_urls", []),
        generation_type=given.get("generation_type"),
        callback_url=body.get("callBackUrl"),
        tier=TIERS[given["model"]],
    )


def _order(
    fields: Json,
    dialect: Dialect,
    *,
    images: list[Any],
    generation_type: str | None,
    callback_url: str | None,
    tier: str,
) -> Order:
    order = Order(
        kind=Kind.GENERATE,
        dialect=dialect,
        tier=tier,
        prompt=fields["prompt"],
        mode=_mode(generation_type, images),
        ratio=Ratio(fields.get("aspect_ratio", Ratio.LANDSCAPE.value)),
        resolution=Resolution(fields.get("resolution", Resolution.P720.value)),
        seconds=fields.get("duration", 8),
        image_urls=_image_urls(images),
        seed=fields.get("seeds"),
        watermark=fields.get("watermark"),
        callback_url=_url(callback_url, "callBackUrl"),
        parent=None,
        sent=fields,
    )
    _agrees(order)
    return order


def extend_order(body: Json, dialect: Dialect, parent: Order, parent_id: str) -> Order:
    """Return the order in a checked body of an extension: the parent's form, its own prompt."""
    return Order(
        kind=Kind.EXTEND,
        dialect=dialect,
        tier=body.get("model", parent.tier),
        prompt=body["prompt"],
        mode=Mode.TEXT,
        ratio=parent.ratio,
        resolution=parent.resolution,
        seconds=parent.seconds + EXTENSION_SECONDS,
        image_urls=(),
        seed=body.get("seeds"),
        watermark=body.get("watermark"),
        callback_url=_url(body.get("callBackUrl"), "callBackUrl"),
        parent=parent_id,
        sent=body,
    )


def _mode(generation_type: str | None, images: list[Any]) -> Mode:
    if generation_type is not None:
        return GENERATION_TYPES[generation_type]
    return Mode.FRAMES if images else Mode.TEXT


def _image_urls(images: list[Any]) -> tuple[str, ...]:
    if not all(isinstance(image, str) for image in images):
        raise Turned(422, "imageUrls must be a list of strings")
    return tuple(str(_url(image, "imageUrls")) for image in images)


def _url(value: str | None, name: str) -> str | None:
    if value is not None and not value.startswith(("http://", "https://")):
        raise Turned(422, f"{name} must be a valid URL")
    return value


def _agrees(order: Order) -> None:
    """Raise ``Turned`` when the fields, each good by itself, cannot go together."""
    least, most = IMAGES[order.mode]
    if not least <= len(order.image_urls) <= most:
        raise Turned(422, f"imageUrls must hold {least} to {most} images for this generationType")
    if order.mode is Mode.TEXT and order.ratio is Ratio.AUTO:
        raise Turned(422, "Ratio error")
    if order.mode is Mode.REFERENCE and order.tier not in REFERENCE_TIERS:
        raise Turned(422, "REFERENCE_2_VIDEO supports veo3_fast and veo3_lite only")
    if order.mode is Mode.REFERENCE and order.seconds != REFERENCE_SECONDS:
        raise Turned(422, "REFERENCE_2_VIDEO supports a duration of 8 seconds only")


def upgrade_order(kind: Kind, dialect: Dialect, parent: Order, parent_id: str, body: Json) -> Order:
    """Return the order for the 1080p or 4K form of a finished video."""
    resolution = Resolution.P1080 if kind is Kind.UPGRADE_1080P else Resolution.K4
    callback_url = _url(body.get("callBackUrl"), "callBackUrl")
    return replace(
        parent,
        kind=kind,
        dialect=dialect,
        resolution=resolution,
        callback_url=callback_url,
        parent=parent_id,
        sent=body,
    )
