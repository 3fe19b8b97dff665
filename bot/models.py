"""The frozen values that every other module speaks in.

All times are seconds since the Unix epoch (``float``), all amounts of money KIE credits (``int``).
"""

from dataclasses import dataclass
from enum import StrEnum

# Whose the jobs and ledger rows are that stay of somebody whose data was deleted: no user's id.
NOBODY = 0


class Mode(StrEnum):
    """What the photos of a request are for; KIE.md calls it the generation type."""

    TEXT = "text"
    FRAMES = "frames"
    REFERENCE = "reference"


class Ratio(StrEnum):
    """Aspect ratio, spelled as KIE wants it."""

    LANDSCAPE = "16:9"
    PORTRAIT = "9:16"
    AUTO = "Auto"


class Resolution(StrEnum):
    """Height class of a video, spelled as KIE wants it."""

    P720 = "720p"
    P1080 = "1080p"
    K4 = "4k"


class Kind(StrEnum):
    """What a job makes."""

    GENERATE = "generate"
    EXTEND = "extend"
    UPGRADE_1080P = "1080p"
    UPGRADE_4K = "4k"


class Dialect(StrEnum):
    """Which of KIE's two interfaces an attempt spoke (KIE.md, "Two dialects of one service")."""

    VEO = "veo"
    MARKET = "market"


class State(StrEnum):
    """Where a job is in its life; ``bot.jobs.lifecycle`` holds the ways between."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    GENERATING = "generating"
    READY = "ready"
    DELIVERING = "delivering"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why a job ended without a video, as far as people need to tell cases apart."""

    PROMPT_REFUSED = "prompt-refused"
    PEOPLE_REFUSED = "people-refused"
    MINOR_REFUSED = "minor-refused"
    IMAGE_REFUSED = "image-refused"
    IMAGE_NOT_FETCHED = "image-not-fetched"
    ENGLISH_ONLY = "english-only"
    AUDIO = "audio"
    REFUSED = "refused"
    OVERLOAD = "overload"
    GENERATION_FAILED = "generation-failed"
    UNAVAILABLE = "unavailable"
    UNKNOWN_OUTCOME = "unknown-outcome"
    TOO_LATE = "too-late"
    NO_RESULT = "no-result"
    NOT_DELIVERED = "not-delivered"
    UPGRADE_REFUSED = "upgrade-refused"


class Step(StrEnum):
    """What an open draft waits for."""

    PROMPT = "prompt"
    CARD = "card"
    SEED = "seed"
    WATERMARK = "watermark"
    CHOICE = "choice"
    DEFAULT_WATERMARK = "default-watermark"  # of /settings: there will be no card


@dataclass(frozen=True, slots=True)
class Options:
    """Everything about a video that is chosen by buttons and flags."""

    model: str
    mode: Mode = Mode.TEXT
    ratio: Ratio = Ratio.LANDSCAPE
    seconds: int = 8
    resolution: Resolution = Resolution.P720
    seed: int | None = None
    translate: bool = True
    watermark: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in Telegram something was asked and is to be answered."""

    chat_id: int
    thread_id: int | None = None
    message_id: int | None = None

    @property
    def is_group(self) -> bool:
        """Whether the chat is a group or supergroup: their ids are negative."""
        return self.chat_id < 0


@dataclass(frozen=True, slots=True)
class User:
    """A person the bot has met, with what is remembered between their requests."""

    id: int
    name: str
    language: str
    access: "Access"
    defaults: Options


class Access(StrEnum):
    """How far a person is let in; admins by setting are not stored as such."""

    STRANGER = "stranger"
    ASKED = "asked"
    ALLOWED = "allowed"
    DENIED = "denied"
    ADMIN = "admin"
    BANNED = "banned"


@dataclass(frozen=True, slots=True)
class Draft:
    """A request that is not confirmed yet: the open question or the card.

    ``place.message_id`` is the message that began it; ``card_message_id`` the question or card
    that the bot sent last. At most one draft of a user in a chat is ``active``: the one that text
    and photos go to; the others are parked, their buttons still work.
    """

    id: int
    user_id: int
    place: Place
    step: Step
    active: bool
    prompt: str | None
    options: Options
    photos: tuple[int, ...]
    card_message_id: int | None
    more: bool
    expires_at: float
    kind: Kind = Kind.GENERATE
    parent_id: int | None = None
    update_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a confirmed request asks to be made; becomes a ``Job`` once stored."""

    user_id: int
    place: Place
    kind: Kind
    prompt: str
    options: Options
    photos: tuple[int, ...]
    price: int
    status_message_id: int | None
    parent_id: int | None = None
    language: str = "en"
    update_id: int | None = None


@dataclass(frozen=True, slots=True)
class Video:
    """A finished video as it lies on disk or at Telegram."""

    path: str | None
    width: int
    height: int
    seconds: float
    bytes: int
    file_id: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file at Telegram; ``bytes`` as Telegram states them, where it does."""

    file_id: str
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class AlbumPart:
    """One message of an album.

    ``picture`` is ``None`` where it holds something else, ``media_id`` and ``problem`` are what
    looking at it has shown; ``taken``: a question or card has it.
    """

    update_id: int
    chat_id: int
    group_id: str
    message_id: int
    picture: Picture | None
    caption: str | None = None
    media_id: int | None = None
    problem: str | None = None
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Album:
    """Photos that were sent together; ``update_id``: of the part that came first.

    ``parts`` are in the sender's order. Until ``due_at`` further ones are waited for.
    """

    chat_id: int
    group_id: str
    update_id: int
    due_at: float
    parts: tuple[AlbumPart, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """One row of ``jobs``: a video that somebody pays for, from the queue to the chat.

    ``task_id``, ``dialect`` and ``submitted_at`` are the newest attempt's. ``part`` counts the
    extensions of a film, the first video being part 1.
    """

    id: int
    ref: str
    user_id: int
    place: Place
    kind: Kind
    parent_id: int | None
    prompt: str
    options: Options
    photos: tuple[int, ...]
    price: int
    language: str
    state: State
    created_at: float
    due_at: float | None
    soft_deadline_at: float | None
    hard_deadline_at: float | None
    tries: int
    error: Reason | None
    muted: bool
    untold: bool
    status_message_id: int | None
    result_message_id: int | None
    result_urls: tuple[str, ...]
    fallback: bool
    video: Video | None
    attempt: int
    task_id: str | None
    dialect: Dialect | None
    submitted_at: float | None
    ready_at: float | None
    part: int = 1
    status_due_at: float | None = None

    @property
    def is_erased(self) -> bool:
        """Whether the person who asked for it had their data deleted."""
        return self.user_id == NOBODY


@dataclass(frozen=True, slots=True)
class Quota:
    """What a user can still spend; ``None`` as ``free`` means without limit (admins)."""

    free: int | None
    granted: int
    held: int
    daily: int
    total_left: int | None
    resets_at: float

    @property
    def available(self) -> int | None:
        """Credits that a new job may cost; ``None``: no limit."""
        own = None if self.free is None else max(self.free, 0) + self.granted
        limits = [limit for limit in (own, self.total_left) if limit is not None]
        return max(min(limits), 0) if limits else None
