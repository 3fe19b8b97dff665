"""What can be made to go wrong with the next calls of a Bot API method."""

from collections import deque
from dataclasses import dataclass

from bot.demo.limits import Refusal, bad_request, forbidden, too_many_requests

ANY = "*"
_PAGE = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    "<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n"
    "</body>\r\n</html>\r\n"
)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The call is refused, and nothing happens."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class BadGateway:
    """A page of HTML comes with 502, and nothing happens."""

    page: str = _PAGE


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """The connection is reset; ``accept``: only after the call was carried out."""

    accept: bool = True


@dataclass(frozen=True, slots=True)
class Hang:
    """No answer comes until ``TelegramStandin.release``; ``accept``: the call was carried out."""

    accept: bool = False


Fault = Refuse | BadGateway | LoseAnswer | Hang


def flooded(retry_after_seconds: int) -> Refuse:
    """Return the fault "Too Many Requests"."""
    return Refuse(too_many_requests(retry_after_seconds))


def blocked() -> Refuse:
    """Return the fault "the user has blocked the bot"."""
    return Refuse(forbidden("bot was blocked by the user"))


def refused(what: str) -> Refuse:
    """Return the fault "Bad Request: …"."""
    return Refuse(bad_request(what))


class Faults:
    """The faults that are still to come, by method."""

    def __init__(self) -> None:
        self._planned: dict[str, deque[Fault]] = {}

    def plan(self, method: str, fault: Fault, times: int) -> None:
        """Let the next calls of a method go wrong; ``ANY``: of all but getUpdates."""
        self._planned.setdefault(method, deque()).extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        """Return what is to go wrong with this call, if anything."""
        for key in (method, ANY if method != "getUpdates" else method):
            if self._planned.get(key):
                return self._planned[key].popleft()
        return None

    @property
    def to_come(self) -> list[Fault]:
        """What was planned and has not happened."""
        return [fault for planned in self._planned.values() for fault in planned]

    def clear(self) -> None:
        """Let everything go well again."""
        self._planned.clear()
