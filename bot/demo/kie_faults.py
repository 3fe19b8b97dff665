"""What can be made to go wrong at KIE's stand-in: by a test's script, or by words in a prompt."""

import re
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from enum import StrEnum, auto


class Point(StrEnum):
    """The calls that a script can interfere with."""

    CREATE = auto()  # generate and createTask
    EXTEND = auto()
    ORDER = auto()  # whichever of these two comes first
    RECORD = auto()  # record-info and recordInfo
    P1080 = auto()
    K4 = auto()
    UPLOAD = auto()
    CREDIT = auto()
    DOWNLOAD_URL = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """An envelope, sent instead of handling the call; ``http`` is the status around it."""

    code: int
    msg: str
    data: object = None
    http: int = 200


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is no JSON, as a network in front of KIE sends it; nothing is handled."""

    http: int = 502
    body: str = "<html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"


@dataclass(frozen=True, slots=True)
class Hang:
    """The call is handled, its answer comes ``seconds`` of the stand-in's clock later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection breaks without an answer; with ``accepted`` the call has been handled."""

    accepted: bool = False


Fault = Answer | Page | Hang | Reset

FLAGGED = (400, "Your prompt was flagged by Website as violating content policies.")
PROMINENT_PEOPLE = (
    422,
    "Your request was rejected by Flow(public error prominent people upload).",
)
MINOR = (422, "Your request was rejected by Flow(public error minor upload).")
UNSAFE_IMAGE = (400, "public error unsafe image upload")
NOT_ENGLISH = (400, "Non-English prompt detected. Only English prompts are supported.")
NO_AUDIO = (
    500,
    "Unable to generate audio for this prompt. Please describe a concrete sound and try again.",
)
GENERATION_FAILED = (501, "Video generation task failed.")
INTERNAL_ERROR = (500, "Internal Error, Please try again later.")
IMAGE_NOT_FETCHED = (
    "Failed to fetch the image. Kindly verify any access limits set by you or your service provider"
)


class Form(StrEnum):
    """Ways a record was seen to differ from its documentation; a reader has to take them all."""

    RESPONSE_AS_TEXT = auto()  # `response` is a JSON string
    FLAG_AS_TEXT = auto()  # `successFlag` is "1"
    URLS_AS_TEXT = auto()  # `resultUrls` is a JSON string
    URLS_ON_TOP = auto()  # `resultUrls` beside `successFlag`, without `response`
    STATUS_AND_VIDEO_URL = auto()  # `status` and `videoUrl` instead of both
    FAILED_AS_TWO = auto()  # flag 2 instead of 3


class Link(StrEnum):
    """What may lie behind a result link instead of the video."""

    NOT_FOUND = auto()
    PAGE = auto()  # HTML with status 200
    EMPTY = auto()
    CUT = auto()  # half of the file, as if it were all
    TRUNCATED = auto()  # half of the promised bytes, then the connection breaks
    OVERSIZED = auto()  # three gigabytes are promised
    ENDLESS = auto()  # no length, no end
    SLOW = auto()  # 16 kB a second
    GZIP_BOMB = auto()
    REDIRECT = auto()  # to this machine's loopback, on a port where nothing is


@dataclass(frozen=True, slots=True)
class Fate:
    """How the next task goes; the default is: well.

    ``refusal`` is the code and text with which it fails, asynchronously. ``seconds`` replaces its
    usual duration, ``times_slower`` multiplies it. ``null_seconds``: as long after its creation
    the record is null; ``grace_seconds``: as long after its success the record has no URLs.
    ``link`` lies behind its result link, for the first ``link_times`` downloads (``None``: always).

    Callbacks: ``copies`` of each are sent (0: it is lost), with ``early`` the task is done and
    its callback sent before the create is answered; ``callback_urls_as_text``, ``snake_case``
    and ``bad_signature`` change its form.
    """

    refusal: tuple[int, str] | None = None
    seconds: float | None = None
    times_slower: float = 1.0
    null_seconds: float = 0.0
    grace_seconds: float = 0.0
    forms: frozenset[Form] = frozenset()
    link: Link | None = None
    link_times: int | None = None
    fallback: bool = False
    sound: bool = True
    no_4k: bool = False
    copies: int = 1
    early: bool = False
    callback_urls_as_text: bool = False
    snake_case: bool = False
    bad_signature: bool = False


@dataclass(frozen=True, slots=True)
class Trigger:
    """A word in a prompt that makes something go wrong, the first ``times`` it is sent."""

    word: str
    about: str
    what: Fault | Fate
    times: int | None = None


TRIGGERS = (
    Trigger("refuse", "refused by moderation", Fate(refusal=FLAGGED)),
    Trigger("people", "refused: a prominent person", Fate(refusal=PROMINENT_PEOPLE)),
    Trigger("minor", "refused: a child in a photo", Fate(refusal=MINOR)),
    Trigger("unsafe", "refused: an unsafe photo", Fate(refusal=UNSAFE_IMAGE)),
    Trigger("english", "refused: only English is understood", Fate(refusal=NOT_ENGLISH)),
    Trigger("audio", "no sound could be made", Fate(refusal=NO_AUDIO)),
    Trigger("overload", "KIE fails every time", Fate(refusal=INTERNAL_ERROR)),
    Trigger("hiccup", "KIE fails once, the repeat succeeds", Fate(refusal=INTERNAL_ERROR), 1),
    Trigger("failed", "generation failed", Fate(refusal=GENERATION_FAILED)),
    Trigger("slow", "takes fifteen times as long", Fate(times_slower=15)),
    Trigger("late", "its callback never comes", Fate(copies=0)),
    Trigger("twice", "its callback comes twice", Fate(copies=2)),
    Trigger("early", "done before KIE has answered", Fate(early=True)),
    Trigger("silent", "a video without sound", Fate(sound=False)),
    Trigger("fallback", "made by the fallback model: no 1080p", Fate(fallback=True)),
    Trigger("no4k", "4K turns out to be unavailable", Fate(no_4k=True)),
    Trigger(
        "deadlink",
        "the result link works at the third try",
        Fate(link=Link.NOT_FOUND, link_times=2),
    ),
    Trigger("badfile", "the result is a web page", Fate(link=Link.PAGE)),
    Trigger("cut", "the result is half a file", Fate(link=Link.CUT)),
    Trigger("lost", "accepted, but the answer is lost", Reset(accepted=True)),
    Trigger("reset", "the connection breaks before KIE has accepted", Reset()),
    Trigger("hang", "accepted, the answer takes ten minutes", Hang(600)),
    Trigger("html", "a network's error page instead of an answer", Page()),
    Trigger(
        "401", "the key is refused, once", Answer(401, "You do not have access permissions"), 1
    ),
    Trigger("402", "no credits, once", Answer(402, "The current credits are insufficient."), 1),
    Trigger("404", "unknown endpoint", Answer(404, "Not Found")),
    Trigger("422", "refused at once", Answer(422, "Ratio error")),
    Trigger("429", "too many requests, twice", Answer(429, "Your call frequency is too high."), 2),
    Trigger("433", "sub-key's cap, once", Answer(433, "The sub-key usage exceeds the limit."), 1),
    Trigger("451", "a photo is not fetched, once", Answer(451, IMAGE_NOT_FETCHED), 1),
    Trigger("455", "maintenance, once", Answer(455, "The service is under maintenance."), 1),
    Trigger("500", "server error: accepted or not?", Answer(500, "Server exception.")),
    Trigger("505", "switched off, once", Answer(505, "This feature is currently disabled."), 1),
)
"""Words for a person who tries the demo, each written with ``#`` anywhere in a prompt."""


@dataclass(slots=True)
class Script:
    """Faults in the order they are to happen; what a prompt triggers comes after them."""

    triggers: tuple[Trigger, ...] = ()
    _faults: dict[Point, deque[Fault]] = field(default_factory=dict)
    _standing: dict[Point, Fault] = field(default_factory=dict)
    _fates: deque[Fate] = field(default_factory=deque)
    _seen: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, point: Point, fault: Fault, times: int | None) -> None:
        """Let it happen at the next ``times`` calls; ``None``: at all, until ``clear``."""
        if times is None:
            self._standing[point] = fault
        else:
            self._faults.setdefault(point, deque()).extend([fault] * times)

    def add_fate(self, fate: Fate, times: int) -> None:
        """Let the next ``times`` tasks go like that."""
        self._fates.extend([fate] * times)

    def clear(self) -> None:
        """Forget everything that has not happened yet."""
        self._faults.clear()
        self._standing.clear()
        self._fates.clear()

    @property
    def to_come(self) -> list[Fault | Fate]:
        """What is to happen a number of times and has not happened."""
        return [*(fault for queue in self._faults.values() for fault in queue), *self._fates]

    def fault(self, point: Point, prompt: str) -> Fault | None:
        """Return what happens to this call, if anything."""
        points = (point, Point.ORDER) if point in {Point.CREATE, Point.EXTEND} else (point,)
        for queue in (self._faults.get(each) for each in points):
            if queue:
                return queue.popleft()
        if point in self._standing:
            return self._standing[point]
        pulled = self._pulled(prompt, faults=True)
        return next((what for what in pulled if not isinstance(what, Fate)), None)

    def fate(self, prompt: str) -> Fate:
        """Return how the task that is being made goes."""
        if self._fates:
            return self._fates.popleft()
        fate = Fate()
        for what in self._pulled(prompt, faults=False):
            if isinstance(what, Fate):
                fate = _merged(fate, what)
        return fate

    def _pulled(self, prompt: str, *, faults: bool) -> list[Fault | Fate]:
        """Return what the words in the prompt still do, either to the call or to the task."""
        words = {word.lower() for word in re.findall(r"#(\w+)", prompt)}
        pulled: list[Fault | Fate] = []
        for trigger in self.triggers:
            if trigger.word in words and isinstance(trigger.what, Fate) is not faults:
                self._seen[trigger.word, prompt] += 1
                if trigger.times is None or self._seen[trigger.word, prompt] <= trigger.times:
                    pulled.append(trigger.what)
        return pulled


def _merged(fate: Fate, other: Fate) -> Fate:
    """Return ``fate`` with everything that ``other`` changes."""
    ordinary = Fate()
    changed = {
        name: getattr(other, name)
        for name in Fate.__dataclass_fields__
        if getattr(other, name) != getattr(ordinary, name)
    }
    return replace(fate, **changed)
