"""Points to die at: before and after every commit and every call out, put around the seams.

Nothing of it stands in the program: a database, client or messenger that is handed in says where
it is. What died stays dead, nothing it does from then on reaches anybody.
"""

from collections.abc import Awaitable, Callable
from typing import Any

# Whatever else these parts do, they change nothing.
HARMLESS = frozenset({"close", "aclose", "read"})


class Died(BaseException):
    """The process is gone: no ``except Exception`` of the program sees it."""


class Failpoints:
    """Counts the points that are reached, and dies at one of them once."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self._deadly: int | None = None
        self._dead = False

    def die_at(self, number: int | None) -> None:
        """Start counting anew; at the point of that number, from 0, the process dies."""
        self.reached, self._deadly, self._dead = [], number, False

    def revive(self) -> None:
        """Start a new process, which does not die."""
        self._deadly, self._dead = None, False

    def reach(self, name: str) -> None:
        """Tell where the process is; raises Died."""
        if not self._dead:
            self.reached.append(name)
            self._dead = len(self.reached) - 1 == self._deadly
        if self._dead:
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
