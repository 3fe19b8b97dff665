"""KIE's Veo interface without I/O: requests to make, and what answers and callbacks mean."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit, urlunsplit

from bot.errors import (
    ImageNotFetched,
    KieError,
    ModelUnavailable,
    OutcomeUnknown,
    Refused,
    TooManyRequests,
    TryLater,
)
from bot.kie.envelope import (
    OPERATOR,
    Envelope,
    integer,
    links,
    mapping,
    number,
    parse_envelope,
    refuse_blocked,
    refuse_unreadable,
)
from bot.kie.reasons import reason, upgrade_reason
from bot.kie.records import (
    UPGRADES,
    Record,
    RecordStatus,
    is_passing,
    read_record,
    read_upgrade,
)
from bot.models import Dialect, Kind, Mode, Options

__all__ = [
    "UPGRADES",
    "Call",
    "Envelope",
    "Knock",
    "Order",
    "Record",
    "RecordStatus",
    "create_call",
    "credit_call",
    "has_own_task",
    "is_passing",
    "judge_create",
    "parse_envelope",
    "read_callback",
    "read_credit",
    "read_record",
    "read_upgrade",
    "read_upload",
    "reason",
    "record_call",
    "secure_url",
    "takes_callback",
    "upgrade_call",
    "upgrade_reason",
    "verify_signature",
]

SIGNATURE_SECONDS = 300

_GENERATION_TYPES: Mapping[Mode, str] = MappingProxyType(
    {
        Mode.TEXT: "TEXT_2_VIDEO",
        Mode.FRAMES: "FIRST_AND_LAST_FRAMES_2_VIDEO",
        Mode.REFERENCE: "REFERENCE_2_VIDEO",
    }
)
_MARKET_MODELS: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.GENERATE: "veo-3-1",
        Kind.EXTEND: "veo/extend",
        Kind.UPGRADE_1080P: "veo/get-1080p-video",
        Kind.UPGRADE_4K: "veo/get-4k-video",
    }
)
_RECORD_PATHS: Mapping[Dialect, str] = MappingProxyType(
    {Dialect.VEO: "/api/v1/veo/record-info", Dialect.MARKET: "/api/v1/jobs/recordInfo"}
)

_BAD_REQUESTS = range(400, 500)

# What an answer to a paid request proves: the first table whatever else the answer says, the
# second when it names no task. What is in neither leaves open whether a video is being made.
_NEVER_MADE: Mapping[int | None, type[KieError]] = MappingProxyType(
    {400: Refused, 429: TooManyRequests, 451: ImageNotFetched}
)
_NOT_MADE_WITHOUT_TASK: Mapping[int | None, type[KieError]] = MappingProxyType(
    {**OPERATOR, 404: Refused, 422: Refused, 455: ModelUnavailable, 505: ModelUnavailable}
)


@dataclass(frozen=True, slots=True)
class Order:
    """One video to ask KIE for. ``parent_task_id``: the task to extend or to upgrade."""

    kind: Kind
    model: str
    tier: str
    prompt: str
    options: Options
    image_urls: tuple[str, ...] = ()
    callback_url: str | None = None
    parent_task_id: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request, relative to KIE's address."""

    method: str
    path: str
    params: Mapping[str, str]
    json: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Knock:
    """What a callback claims; only the record, read from KIE, is the truth."""

    task_id: str | None
    code: int | None


def has_own_task(kind: Kind, dialect: Dialect) -> bool:
    """Tell whether KIE makes a new task of an order, or keeps its result with the parent's."""
    return dialect is Dialect.MARKET or kind not in UPGRADES


def takes_callback(kind: Kind, dialect: Dialect) -> bool:
    """Tell whether KIE can be given an address to call back (not in "Get 1080P Video")."""
    return has_own_task(kind, dialect) or kind is not Kind.UPGRADE_1080P


def create_call(order: Order, dialect: Dialect) -> Call:
    """Return the paid request for an order (KIE, Veo 3.1 "Generate Veo3.1 Video", "Extend")."""
    if not has_own_task(order.kind, dialect):
        raise ValueError(f"{order.kind} has no task of its own: upgrade_call asks for it")
    if dialect is Dialect.MARKET:
        body = {"model": _MARKET_MODELS[order.kind], "input": _market_input(order)}
        return _post("/api/v1/jobs/createTask", body, callBackUrl=order.callback_url)
    if order.kind is Kind.EXTEND:
        return _veo_extend(order)
    return _veo_generate(order)


def upgrade_call(kind: Kind, task_id: str, callback_url: str | None = None) -> Call:
    """Return the request that starts an upgrade in the dialect ``veo``, and asks after it."""
    if kind is Kind.UPGRADE_1080P:
        return Call("GET", "/api/v1/veo/get-1080p-video", {"taskId": task_id, "index": "0"})
    body = {"taskId": task_id, "index": 0}
    return _post("/api/v1/veo/get-4k-video", body, callBackUrl=callback_url)


def record_call(task_id: str, dialect: Dialect) -> Call:
    """Return the request for a task's record."""
    return Call("GET", _RECORD_PATHS[dialect], {"taskId": task_id})


def credit_call() -> Call:
    """Return the request for the account's credit."""
    return Call("GET", "/api/v1/chat/credit", {})


def judge_create(status: int, content: bytes) -> str:
    """Return the task id in the answer to a paid request.

    Raises ``Refused``, ``ImageNotFetched``, ``TooManyRequests``, ``ModelUnavailable`` or
    ``OperatorTrouble`` where certainly nothing was made, else ``OutcomeUnknown``.
    """
    envelope = parse_envelope(status, content)
    refuse_blocked(envelope)
    verdict, text = envelope.verdict, envelope.msg
    if verdict in _NEVER_MADE:
        raise _NEVER_MADE[verdict](verdict, text)
    if envelope.task_id is None:
        raise _NOT_MADE_WITHOUT_TASK.get(verdict, OutcomeUnknown)(verdict or status, text)
    return envelope.task_id


def read_upload(envelope: Envelope) -> str:
    """Return the address of an uploaded file (KIE, "File Stream Upload").

    Raises like ``read_record``, and ``Refused`` when KIE does not take the file.
    """
    refuse_unreadable(envelope)
    data = mapping(envelope.data)
    for url in links(data.get("downloadUrl")) + links(data.get("fileUrl")):
        return url
    verdict = envelope.verdict or envelope.status
    raise (Refused if verdict in _BAD_REQUESTS else TryLater)(verdict, envelope.msg)


def read_credit(envelope: Envelope) -> float:
    """Return the account's credit (KIE, "Get Remaining Credits"). Raises like ``read_record``."""
    refuse_unreadable(envelope)
    data = mapping(envelope.data)
    for value in (envelope.data, data.get("credits"), data.get("balance")):
        if (credit := number(value)) is not None:
            return credit
    raise TryLater(envelope.verdict or envelope.status, envelope.msg)


def read_callback(content: bytes) -> Knock:
    """Read the body of a callback; never raises. It is not signed, so it can only hint."""
    envelope = parse_envelope(200, content)
    return Knock(envelope.task_id, envelope.code)


def verify_signature(
    key: str, task_id: str | None, timestamp: str | None, signature: str | None, now: float
) -> bool:
    """Check ``X-Webhook-Timestamp`` and ``X-Webhook-Signature`` (KIE, "Webhook Verification").

    The time must be within five minutes of ``now``.
    """
    sent_at = integer(timestamp)
    if task_id is None or timestamp is None or signature is None or sent_at is None:
        return False
    message = f"{task_id}.{timestamp}".encode()
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()
    genuine = hmac.compare_digest(base64.b64encode(digest), signature.encode("utf-8", "replace"))
    return genuine and abs(now - sent_at) <= SIGNATURE_SECONDS


def secure_url(url: str, trusted_hosts: frozenset[str]) -> str:
    """Return a result's link with https, unless it has it or its host is trusted as it is.

    ``trusted_hosts`` are ``host`` or ``host:port``.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or {parts.hostname, parts.netloc} & trusted_hosts:
        return url
    return urlunsplit(parts._replace(scheme="https", netloc=parts.netloc.removesuffix(":80")))


def _post(path: str, body: Mapping[str, object], **optional: object) -> Call:
    return Call("POST", path, {}, {**body, **_given(**optional)})


def _given(**optional: object) -> dict[str, object]:
    return {name: value for name, value in optional.items() if value}


def _veo_generate(order: Order) -> Call:
    options = order.options
    body = {
        "prompt": order.prompt,
        "model": order.model,
        "generationType": _GENERATION_TYPES[options.mode],
        "aspect_ratio": options.ratio.value,
        "resolution": options.resolution.value,
        "duration": options.seconds,
        "enableTranslation": options.translate,
    }
    return _post(
        "/api/v1/veo/generate",
        body,
        imageUrls=list(order.image_urls),
        seeds=options.seed,
        watermark=options.watermark,
        callBackUrl=order.callback_url,
    )


def _veo_extend(order: Order) -> Call:
    body = {"taskId": _parent(order), "prompt": order.prompt, "model": order.tier}
    return _post(
        "/api/v1/veo/extend",
        body,
        seeds=order.options.seed,
        watermark=order.options.watermark,
        callBackUrl=order.callback_url,
    )


def _market_input(order: Order) -> Mapping[str, object]:
    """The market form documents no seeds, and no model for an extension."""
    options = order.options
    if order.kind in UPGRADES:
        return {"task_id": _parent(order)}
    if order.kind is Kind.EXTEND:
        extension = {"task_id": _parent(order), "prompt": order.prompt}
        return extension | _given(watermark=options.watermark)
    generation: dict[str, object] = {
        "prompt": order.prompt,
        # Beside the input, this name was accepted and ignored.
        "model": order.model,
        "generation_type": _GENERATION_TYPES[options.mode],
        "aspect_ratio": options.ratio.value,
        "resolution": options.resolution.value,
        "duration": options.seconds,
        "enable_translation": options.translate,
    }
    return generation | _given(image_urls=list(order.image_urls), watermark=options.watermark)


def _parent(order: Order) -> str:
    if order.parent_task_id is None:
        raise ValueError(f"{order.kind} needs the task that it starts from")
    return order.parent_task_id
