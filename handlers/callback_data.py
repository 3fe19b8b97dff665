"""What a button carries: short versioned strings, read back with suspicion.

``v1:d:<draft>:<action>[:<value>]`` belongs to a card, ``v1:j:<job>:<action>`` to a job,
``v1:s:<action>[:<value>]`` to the settings and ``v1:u:<action>[:<value>]`` to none of them. Anybody
can send any string, so a reader learns here only what was meant; whether the sender may do it is
for the database to say.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bot.models import Mode, Ratio, Resolution

MAX_BYTES = 64  # Bot API, InlineKeyboardButton, callback_data

_VERSION = "v1"
_MAX_ID = 2**63 - 1
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
_MODEL = re.compile(r"[A-Za-z0-9._/-]{1,32}")  # what the catalog takes as an id
_SECONDS = re.compile(r"[1-9][0-9]?")
_LANGUAGE = re.compile(r"[A-Za-z_]{2,16}")


class DraftAction(StrEnum):
    """What can be pressed on a card."""

    MODE = "mode"
    RATIO = "ratio"
    MODEL = "model"
    SECONDS = "secs"
    RESOLUTION = "res"
    SEED = "seed"
    TRANSLATE = "tr"
    WATERMARK = "mark"
    REMOVE_PHOTOS = "nopics"
    NEW = "new"
    MORE = "more"
    LESS = "less"
    GENERATE = "go"
    CANCEL = "cancel"


class JobAction(StrEnum):
    """What can be pressed below a status, a result, a failure or the history."""

    EXTEND = "extend"
    UPGRADE_1080P = "1080p"
    UPGRADE_4K = "4k"
    AGAIN = "again"
    EDIT = "edit"
    CANCEL = "cancel"
    SEND = "send"


class SettingAction(StrEnum):
    """What can be pressed on the settings."""

    MODEL = "model"
    RATIO = "ratio"
    SECONDS = "secs"
    RESOLUTION = "res"
    TRANSLATE = "tr"
    WATERMARK = "mark"
    LANGUAGE = "lang"
    RESET = "reset"


class UserAction(StrEnum):
    """What belongs neither to a card nor to a job; the value is a number or nothing."""

    ASK_ACCESS = "ask"
    APPROVE = "approve"
    DENY = "deny"
    EXAMPLE = "example"
    HISTORY = "past"
    DELETE = "delete"
    KEEP = "keep"


class Wish(StrEnum):
    """The value of a button that asks for something typed, or drops it."""

    ASK = "ask"
    NONE = "none"


class Switch(StrEnum):
    """The value of a button that turns something on or off."""

    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class DraftPress:
    """A button of a card; ``value`` is spelled as the action's own type spells it."""

    draft_id: int
    action: DraftAction
    value: str | None = None


@dataclass(frozen=True, slots=True)
class JobPress:
    """A button that belongs to a job."""

    job_id: int
    action: JobAction


@dataclass(frozen=True, slots=True)
class SettingPress:
    """A button of the settings."""

    action: SettingAction
    value: str | None = None


@dataclass(frozen=True, slots=True)
class UserPress:
    """A button of a person: ``value`` is a user's id, the index of an example or a page."""

    action: UserAction
    value: int | None = None


Press = DraftPress | JobPress | SettingPress | UserPress

_DRAFT_VALUES: Mapping[DraftAction, Callable[[str], bool]] = MappingProxyType(
    {
        DraftAction.MODE: frozenset(Mode).__contains__,
        DraftAction.RATIO: frozenset(Ratio).__contains__,
        DraftAction.MODEL: lambda value: _MODEL.fullmatch(value) is not None,
        DraftAction.SECONDS: lambda value: _SECONDS.fullmatch(value) is not None,
        DraftAction.RESOLUTION: frozenset(Resolution).__contains__,
        DraftAction.SEED: frozenset(Wish).__contains__,
        DraftAction.TRANSLATE: frozenset(Switch).__contains__,
        DraftAction.WATERMARK: frozenset(Wish).__contains__,
    }
)
_SETTING_VALUES: Mapping[SettingAction, Callable[[str], bool]] = MappingProxyType(
    {
        SettingAction.MODEL: _DRAFT_VALUES[DraftAction.MODEL],
        SettingAction.RATIO: _DRAFT_VALUES[DraftAction.RATIO],
        SettingAction.SECONDS: _DRAFT_VALUES[DraftAction.SECONDS],
        SettingAction.RESOLUTION: _DRAFT_VALUES[DraftAction.RESOLUTION],
        SettingAction.TRANSLATE: _DRAFT_VALUES[DraftAction.TRANSLATE],
        SettingAction.WATERMARK: _DRAFT_VALUES[DraftAction.WATERMARK],
        SettingAction.LANGUAGE: lambda value: _LANGUAGE.fullmatch(value) is not None,
    }
)
_NUMBERED = frozenset({UserAction.APPROVE, UserAction.DENY, UserAction.EXAMPLE, UserAction.HISTORY})


def encode(press: Press) -> str:
    """Return the string for a button's ``callback_data``.

    Raises ValueError when ``parse`` would not read the same press back.
    """
    data = ":".join(str(part) for part in (_VERSION, *_parts(press)) if part is not None)
    if parse(data) != press:
        raise ValueError(f"no button can carry {press!r}")
    return data


def _parts(press: Press) -> tuple[str | int | None, ...]:
    match press:
        case DraftPress():
            return ("d", press.draft_id, press.action, press.value)
        case JobPress():
            return ("j", press.job_id, press.action)
        case SettingPress():
            return ("s", press.action, press.value)
        case UserPress():
            return ("u", press.action, press.value)


def parse(data: object) -> Press | None:
    """Return the press that ``data`` stands for; ``None`` for anything this version never made."""
    if not isinstance(data, str) or len(data.encode(errors="replace")) > MAX_BYTES:
        return None
    version, _, rest = data.partition(":")
    kind, _, body = rest.partition(":")
    reader = _READERS.get(kind)
    return reader(body) if version == _VERSION and reader is not None else None


def _draft_press(body: str) -> DraftPress | None:
    number, _, rest = body.partition(":")
    name, colon, value = rest.partition(":")
    draft_id = _number(number)
    if draft_id is None or name not in frozenset(DraftAction):
        return None
    action = DraftAction(name)
    allowed = _DRAFT_VALUES.get(action)
    if allowed is None:
        return None if colon else DraftPress(draft_id, action)
    return DraftPress(draft_id, action, value) if allowed(value) else None


def _job_press(body: str) -> JobPress | None:
    number, _, name = body.partition(":")
    job_id = _number(number)
    if job_id is None or name not in frozenset(JobAction):
        return None
    return JobPress(job_id, JobAction(name))


def _setting_press(body: str) -> SettingPress | None:
    name, colon, value = body.partition(":")
    if name not in frozenset(SettingAction):
        return None
    action = SettingAction(name)
    allowed = _SETTING_VALUES.get(action)
    if allowed is None:
        return None if colon else SettingPress(action)
    return SettingPress(action, value) if allowed(value) else None


def _user_press(body: str) -> UserPress | None:
    name, colon, value = body.partition(":")
    if name not in frozenset(UserAction):
        return None
    action = UserAction(name)
    if action not in _NUMBERED:
        return None if colon else UserPress(action)
    number = _number(value)
    return None if number is None else UserPress(action, number)


_READERS: Mapping[str, Callable[[str], Press | None]] = MappingProxyType(
    {"d": _draft_press, "j": _job_press, "s": _setting_press, "u": _user_press}
)


def _number(text: str) -> int | None:
    if _NUMBER.fullmatch(text) is None:
        return None
    value = int(text)
    return value if value <= _MAX_ID else None
