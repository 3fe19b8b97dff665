"""What KIE's stand-in remembers: tasks, their fate in time, and the account's credits."""

import asyncio
import itertools
import math
import secrets
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.demo.kie_faults import Fate
from bot.demo.kie_rules import Order, Turned
from bot.models import Dialect, Kind, Mode, Ratio, Resolution

KEPT_SECONDS = 14 * 86_400.0
CREATES_WINDOW_SECONDS = 10.0
NOT_FOUND = (422, "record is null")

PRICES = {
    "lite": {Resolution.P720: 30, Resolution.P1080: 35, Resolution.K4: 150},
    "fast": {Resolution.P720: 60, Resolution.P1080: 65, Resolution.K4: 180},
    "quality": {Resolution.P720: 250, Resolution.P1080: 255, Resolution.K4: 380},
}
UPGRADE_PRICES = {Kind.UPGRADE_1080P: 5, Kind.UPGRADE_4K: 120}
"""Credits of KIE's price list, September 2026; an extension costs what its tier costs at 720p."""

_TIER_SECONDS = {"lite": 60.0, "fast": 80.0, "quality": 150.0}
_KIND_SECONDS = {Kind.EXTEND: 240.0, Kind.UPGRADE_1080P: 100.0, Kind.UPGRADE_4K: 400.0}
_IMAGES_SECONDS = 180.0
_RESOLUTION_SECONDS = {Resolution.P720: 0.0, Resolution.P1080: 60.0, Resolution.K4: 240.0}


def price(order: Order) -> int:
    """Return the credits an order costs if it succeeds."""
    if order.kind in UPGRADE_PRICES:
        return UPGRADE_PRICES[order.kind]
    return PRICES[order.tier][order.resolution]


def usual_seconds(order: Order) -> float:
    """Return about how long KIE takes for such an order on a good day."""
    if order.kind in _KIND_SECONDS:
        return _KIND_SECONDS[order.kind]
    base = _TIER_SECONDS[order.tier] if order.mode is Mode.TEXT else _IMAGES_SECONDS
    return base + _RESOLUTION_SECONDS[order.resolution]


@dataclass(frozen=True, slots=True)
class Charge:
    """Credits that were taken, at the moment a task succeeded."""

    task_id: str
    kind: Kind
    credits: int
    at: float


@dataclass(frozen=True, slots=True)
class Results:
    """Links of a finished task: the video, of an extension its new part, and the uncropped one."""

    video: str
    part: str
    origin: str


@dataclass(slots=True)
class Task:
    """One order on its way; ``ready_at`` is when it ends, well or not (``inf``: when told to)."""

    id: str
    order: Order
    fate: Fate
    price: int
    created_at: float
    ready_at: float
    ratio: Ratio
    photos: tuple[bytes, ...]
    seed: int
    results: Results | None = None
    hurried: asyncio.Event = field(default_factory=asyncio.Event)

    def ended(self, now: float) -> bool:
        """Whether it has succeeded or failed."""
        return now >= self.ready_at

    def succeeded(self, now: float) -> bool:
        """Whether the video is there."""
        return self.ended(now) and self.fate.refusal is None

    def progress(self, now: float) -> float:
        """How much of its time has passed, 0 to 1."""
        if self.ended(now):
            return 1.0
        if math.isinf(self.ready_at):
            return 0.5
        return (now - self.created_at) / (self.ready_at - self.created_at)


class Account:
    """The account behind the key: its tasks, limits and credits, all computed from the clock."""

    def __init__(
        self,
        clock: Callable[[], float],
        seconds: Callable[[Order], float],
        *,
        credit: float,
        creates_per_10s: int,
        max_running: int,
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._creates_per_10s = creates_per_10s
        self._max_running = max_running
        self._creates: deque[float] = deque()
        self._open: dict[str, Task] = {}
        self._numbers = itertools.count()
        self.credit = credit
        self.charges: list[Charge] = []
        self.tasks: dict[str, Task] = {}
        self.upgrades: dict[tuple[str, Kind], Task] = {}

    def settle(self) -> None:
        """Charge what has succeeded since the last look; what failed costs nothing."""
        now = self._clock()
        for task in [task for task in self._open.values() if task.ended(now)]:
            del self._open[task.id]
            if task.succeeded(now):
                self.credit -= task.price
                self.charges.append(Charge(task.id, task.order.kind, task.price, task.ready_at))

    def admit(self) -> None:
        """Count one create; raise ``Turned`` with 429 when there are too many."""
        self.settle()
        now = self._clock()
        while self._creates and self._creates[0] <= now - CREATES_WINDOW_SECONDS:
            self._creates.popleft()
        if len(self._creates) >= self._creates_per_10s:
            raise Turned(429, "Your call frequency is too high. Please try again later.")
        if sum(1 for task in self._open.values() if task.id in self.tasks) >= self._max_running:
            raise Turned(429, "Too many tasks are running. Please try again later.")
        self._creates.append(now)

    def afford(self, order: Order) -> None:
        """Raise ``Turned`` with 402 when the credits do not reach for it and all that runs."""
        self.settle()
        promised = sum(task.price for task in self._open.values())
        if self.credit - promised < price(order):
            raise Turned(402, "The current credits are insufficient. Please top up.")

    def open(self, order: Order, fate: Fate, photos: tuple[bytes, ...], ratio: Ratio) -> Task:
        """Begin a task; a `veo` upgrade has no id of its own that anybody could ask for."""
        now = self._clock()
        number = next(self._numbers)
        task = Task(
            id=_new_id(number),
            order=order,
            fate=fate,
            price=price(order),
            created_at=now,
            ready_at=now + self._duration(order, fate),
            ratio=ratio,
            photos=photos,
            seed=order.seed or 10_000 + secrets.randbelow(90_000),
        )
        self._open[task.id] = task
        if order.kind in UPGRADE_PRICES and order.parent is not None:
            self.upgrades[order.parent, order.kind] = task
        if order.dialect is Dialect.MARKET or order.kind not in UPGRADE_PRICES:
            self.tasks[task.id] = task
        return task

    def find(self, task_id: str, dialect: Dialect) -> Task:
        """Return the task; raise ``Turned`` with 422 when it is unknown, too young or too old."""
        self.settle()
        task = self.tasks.get(task_id)
        if task is None or task.order.dialect is not dialect:
            raise Turned(*NOT_FOUND)
        age = self._clock() - task.created_at
        if age > KEPT_SECONDS or age < task.fate.null_seconds:
            raise Turned(*NOT_FOUND)
        return task

    def finish(self, task: Task) -> None:
        """End a task now, as its fate says."""
        task.ready_at = min(task.ready_at, self._clock())
        task.hurried.set()

    def upgrades_of(self, task_id: str) -> list[Task]:
        """Return the 1080p and 4K forms that were asked of a video."""
        return [task for (parent, _), task in self.upgrades.items() if parent == task_id]

    def _duration(self, order: Order, fate: Fate) -> float:
        if fate.early:
            return 0.0
        seconds = self._seconds(order) if fate.seconds is None else fate.seconds
        return seconds * fate.times_slower


def _new_id(number: int) -> str:
    """Return a task id; KIE's are opaque and come in several shapes."""
    shapes = (
        lambda: f"veo_task_{secrets.token_hex(6)}",
        lambda: secrets.token_hex(16),
        lambda: str(uuid.uuid4()),
    )
    return shapes[number % len(shapes)]()
