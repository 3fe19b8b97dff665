"""Points to die at: before and after every commit and every call out, put around the seams.

Nothing of it stands in the program: a database, client or messenger that is handed in says where
it is. What died stays dead, nothing it does from then on reaches anybody.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

Point = tuple[str, int]

# A point that is reached more often tells nothing new.
OFTEN = 2

# Whatever else these parts do, they change nothing.
HARMLESS = frozenset({"close", "aclose", "read"})


class Died(BaseException):
    """The process is gone: no ``except Exception`` of the program sees it."""


class Failpoints:
    """Remembers the points that are reached, and dies at one of them once.

    ``death`` is set then: who died may have been a task that nobody waits for. While ``watching``
    is false nothing is remembered, and nobody dies who lives.
    """

    def __init__(self) -> None:
        self.death = asyncio.Event()
        self.watching = True
        self.reached: list[str] = []
        self.died_after: list[str] = []  # the points up to the deadly one, if it was reached
        self._deadly: Point | None = None
        self._dead = False

    def die_at(self, point: Point | None) -> None:
        """Begin to remember anew; when that point is reached the process dies."""
        self.revive()
        self.reached, self.died_after, self._deadly = [], [], point

    def revive(self) -> None:
        """Start a new process, which does not die."""
        self._deadly, self._dead = None, False
        self.death.clear()

    def points(self) -> list[Point]:
        """Return every point that was reached: its name, and for how many-th time."""
        seen = Counter[str]()
        found = []
        for name in self.reached:
            seen[name] += 1
            found.append((name, seen[name]))
        return found

    def deadly(self) -> list[Point]:
        """Return the points that differ: before the first deed, and after each.

        Between a deed and the next one nothing happens that anybody could see. A look at the table
        that finds nothing is one like the other.
        """
        points = self.points()
        after = [each for each in points if each[0].startswith("after") and each[1] <= OFTEN]
        return [*points[:1], *after]

    def reach(self, name: str) -> None:
        """Tell where the process is; raises Died."""
        if not self._dead and self.watching:
            self.reached.append(name)
            self._dead = self._deadly == (name, self.reached.count(name))
            self.died_after = list(self.reached) if self._dead else self.died_after
        if self._dead:
            self.death.set()
            raise Died(name)


class Seam:
    """A part with a point before and after each of its calls."""

    def __init__(self, part: Any, points: Failpoints) -> None:
        self._part = part
        self._points = points

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        return self._around(found, name) if _is_deed(found, name) else found

    def _around(
        self, call: Callable[..., Awaitable[Any]], name: str
    ) -> Callable[..., Awaitable[Any]]:
        async def called(*args: Any, **kwargs: Any) -> Any:
            what = args[0].__name__.strip("_") if name == "write" else name
            self._points.reach(f"before {what}")
            answer = await call(*args, **kwargs)
            self._points.reach(f"after {what}")
            return answer

        return called


def _is_deed(found: object, name: str) -> bool:
    return callable(found) and name not in HARMLESS and not name.startswith("_")
