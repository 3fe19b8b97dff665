"""The pace of calls to Telegram: urgent ones first, stale progress never, and real pauses.

The limits are those of the bot FAQ, "My bot is hitting limits": about 30 messages a second overall,
one a second to a person, 20 a minute to a group. An edit counts like a message.
"""

import asyncio
import datetime as dt
import logging
import math
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

from aiolimiter import AsyncLimiter
from telegram.error import BadRequest, NetworkError, RetryAfter
from telegram.ext import BaseRateLimiter

from bot.jobs import retry

# How many at once, and in how many seconds those are regained.
OVERALL = (5, 0.2)
PRIVATE = (3, 3.0)
GROUP = (5, 20.0)  # with the five at once 20 in the first minute

TRIES = 3
PATIENCE_SECONDS = 60.0  # a call that would have to wait longer is given back to its caller
MARGIN_SECONDS = 0.5
# How often an answer is sent again that got lost on its way, or perhaps did: about 15 s in all.
LOST_RETRY = retry.Policy(first=1, cap=8, tries=5)
PAUSE_MAX_SECONDS = 3600.0

# So many chats at once within so many seconds: it is the bot that is too fast, not a chat.
_FLOODS = 3
_FLOODS_SECONDS = 10.0
_SWEEP_AT = 512

_PACED = ("send", "edit", "copy", "forward")
_UNPACED = "sendChatAction"
_ON_A_MESSAGE = ("edit", "delete")
_PRESS = "answerCallbackQuery"

Answer = bool | dict[str, Any] | list[dict[str, Any]]
Chat = int | str
Message = tuple[Chat, int]

logger = logging.getLogger(__name__)


class Priority(IntEnum):
    """How urgent a call is, as ``rate_limit_args``; ANSWER where nothing is said.

    Whoever sends a RESULT knows what to do when its outcome is unknown. Of an ANSWER nobody would:
    the limiter sends it again, better seen twice than never. PROGRESS marks edits (and chat
    actions) that may be left out: of those to one message only the newest is sent, and none while
    the chat is paused; the call then returns ``True``.
    """

    # From 1: the framework does not pass on arguments that are falsy.
    PAYMENT = 1
    RESULT = 2
    ANSWER = 3
    PROGRESS = 4


def seconds_of(error: RetryAfter) -> float:
    """Return the pause that Telegram asks for, however the framework is set to spell it."""
    wish: int | dt.timedelta = error.retry_after
    return wish.total_seconds() if isinstance(wish, dt.timedelta) else float(wish)


@dataclass(slots=True, eq=False)
class _Call:
    """A call on its way out. ``turn`` is what it waits for at a gate."""

    priority: Priority
    scope: Chat  # what a 429 pauses: the chat, or the endpoint where there is none
    in_chat: bool
    paced: bool
    droppable: bool
    repeatable: bool
    message: Message | None
    turn: asyncio.Future[None] | None = None
    stale: bool = False

    def supersede(self) -> None:
        """Make a call that still waits return without being sent."""
        self.stale = True
        if self.turn is not None and not self.turn.done():
            self.turn.set_result(None)


def _read_call(endpoint: str, data: dict[str, Any], priority: Priority | None) -> _Call:
    chat = _chat(data.get("chat_id"))
    edits = endpoint.startswith("edit")
    on_a_message = endpoint.startswith(_ON_A_MESSAGE) and "message_id" in data
    if priority is None:
        priority = Priority.PROGRESS if endpoint == _UNPACED else Priority.ANSWER
    return _Call(
        priority=priority,
        scope=endpoint if chat is None else chat,
        in_chat=chat is not None,
        paced=endpoint.startswith(_PACED) and endpoint != _UNPACED,
        droppable=priority is Priority.PROGRESS and (edits or endpoint == _UNPACED),
        repeatable=priority is Priority.ANSWER and (chat is not None or endpoint == _PRESS),
        message=(chat, data["message_id"]) if on_a_message and chat is not None else None,
    )


def _pause_after(error: NetworkError, lost: int) -> float | None:
    """Return how long to wait before a lost call is sent again; ``None``: it was refused."""
    is_refused = isinstance(error, BadRequest)  # to the framework that is a NetworkError
    return None if is_refused else retry.pause(LOST_RETRY, lost, chance=0.0)


def _chat(value: object) -> Chat | None:
    """Return the id of a chat as a number, also where it was given as a text, or its @name."""
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    return value if isinstance(value, int | str) else None


class _Gate:
    """Lets calls through at the pace of a limiter, the most urgent first."""

    def __init__(self, most: float, seconds: float) -> None:
        self._limiter = AsyncLimiter(most, seconds)
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._arrivals = count()
        self._pump: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether forgetting this gate would change nothing."""
        return self._pump is None and self._limiter.has_capacity(self._limiter.max_rate)

    async def enter(self, call: _Call) -> None:
        """Wait until it is the call's turn, or until it has gone stale."""
        if not self._waiting and self._limiter.has_capacity():
            await self._limiter.acquire()
            return
        call.turn = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (call.priority, next(self._arrivals), call.turn))
        if self._pump is None:
            self._pump = asyncio.create_task(self._let_through(), name="limiter gate")
        await call.turn

    def close(self) -> None:
        """Turn away whoever waits."""
        if self._pump is not None:
            self._pump.cancel()
        for _, _, turn in self._waiting:
            if not turn.done():
                turn.set_exception(RetryAfter(1))
        self._waiting.clear()

    async def _let_through(self) -> None:
        # The limiter serves in the order of arrival: it is asked for one turn at a time, and who
        # gets that is decided when it is there.
        try:
            while self._waiting:
                await self._limiter.acquire()
                self._next()
        finally:
            self._pump = None

    def _next(self) -> None:
        while self._waiting:
            _, _, turn = heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return


class _Pauses:
    """What Telegram has answered 429 to, and until when that is to be left alone."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[Chat, float] = {}
        self._everywhere = -math.inf
        self._floods: deque[tuple[float, Chat]] = deque(maxlen=_FLOODS)

    def until(self, scope: Chat, *, in_chat: bool = True) -> float:
        """Return when, by the clock, a scope may be called again; it may be past."""
        own = self._until.get(scope, -math.inf)
        return max(own, self._everywhere) if in_chat else own

    def begin(self, call: _Call, seconds: float) -> None:
        """Leave the call's scope alone, and all chats when several were flooded at a time."""
        now = self._clock()
        until = now + min(seconds, PAUSE_MAX_SECONDS) + MARGIN_SECONDS
        self._until = {each: end for each, end in self._until.items() if end > now}
        self._until[call.scope] = max(until, self._until.get(call.scope, until))
        self._floods = deque((each for each in self._floods if each[1] != call.scope), _FLOODS)
        self._floods.append((now, call.scope))
        if len(self._floods) == _FLOODS and now - self._floods[0][0] <= _FLOODS_SECONDS:
            self._everywhere = max(until, self._everywhere)
            logger.warning("Telegram refuses several chats: all of them pause for %g s", seconds)


class Limiter(BaseRateLimiter[Priority]):
    """Paces the framework's calls; ``rate_limit_args=Priority.…`` says how urgent one is.

    Calls that are no messages (answers to button presses, ``getMe``, deletions, …) are not paced.
    A call refused with 429 is sent up to ``TRIES`` times, after a pause in which nothing else goes
    to that chat; pauses above ``PATIENCE_SECONDS`` raise RetryAfter, with nothing sent. An ANSWER
    that got no answer itself is sent again as ``LOST_RETRY`` says.

    ``clock`` is a monotonic one, which an adjusted system clock does not disturb.
    """

    def __init__(
        self, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._pauses = _Pauses(clock)
        self._overall = _Gate(*OVERALL)
        self._gates: dict[Chat, _Gate] = {}
        self._sweep_at = _SWEEP_AT
        self._progress: dict[Message, _Call] = {}
        # Two calls about one message at once could arrive in the wrong order. A lock lives here
        # for as long as a call holds it or waits for it.
        self._sending: WeakValueDictionary[Message, asyncio.Lock] = WeakValueDictionary()

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Turn away what still waits: RetryAfter, for nothing of it was sent."""
        for gate in (self._overall, *self._gates.values()):
            gate.close()

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Answer]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Priority | None,
    ) -> Answer:
        """Call when it is time; see the framework's BaseRateLimiter for the arguments."""
        call = _read_call(endpoint, data, rate_limit_args)
        send = partial(callback, *args, **kwargs)
        if call.message is None:
            return await self._with_tries(call, send)
        self._replace_progress(call, call.message)
        lock = self._sending.setdefault(call.message, asyncio.Lock())
        try:
            async with lock:
                return await self._with_tries(call, send)
        finally:
            if self._progress.get(call.message) is call:
                del self._progress[call.message]

    def _replace_progress(self, call: _Call, message: Message) -> None:
        """Whatever is said about a message makes the progress that still waits for it stale."""
        if (waiting := self._progress.pop(message, None)) is not None:
            waiting.supersede()
        if call.droppable:
            self._progress[message] = call

    async def _with_tries(
        self, call: _Call, send: Callable[[], Coroutine[Any, Any, Answer]]
    ) -> Answer:
        refused = lost = 0
        while await self._turn(call):
            try:
                return await send()
            except RetryAfter as error:
                refused += 1
                self._pauses.begin(call, seconds_of(error))
                if not call.droppable and refused == TRIES:
                    raise
            except NetworkError as error:
                lost += 1
                wait = _pause_after(error, lost) if call.repeatable else None
                if wait is None:
                    raise
                logger.info("a call to Telegram got lost and is sent again: %s", error)
                await self._sleep(wait)
        return True

    async def _turn(self, call: _Call) -> bool:
        """Wait for the call's turn; ``False`` when it is not to be sent any more."""
        while not call.stale:
            if not await self._sit_out(call):
                return False
            if call.paced:
                await self._pace(call)
            if self._pause_left(call) <= 0:
                return not call.stale
        return False

    async def _sit_out(self, call: _Call) -> bool:
        while (left := self._pause_left(call)) > 0:
            if call.droppable:
                return False
            if left > PATIENCE_SECONDS:
                raise RetryAfter(math.ceil(left))
            await self._sleep(left)
        return True

    async def _pace(self, call: _Call) -> None:
        if call.in_chat:
            await self._gate(call.scope).enter(call)
        if not call.stale:
            await self._overall.enter(call)

    def _pause_left(self, call: _Call) -> float:
        return self._pauses.until(call.scope, in_chat=call.in_chat) - self._clock()

    def _gate(self, chat: Chat) -> _Gate:
        if chat not in self._gates:
            self._sweep()
            is_person = isinstance(chat, int) and chat > 0
            self._gates[chat] = _Gate(*(PRIVATE if is_person else GROUP))
        return self._gates[chat]

    def _sweep(self) -> None:
        """Forget idle chats, now and then, so that a new chat costs no look at all the others."""
        if len(self._gates) >= self._sweep_at:
            self._gates = {chat: gate for chat, gate in self._gates.items() if not gate.idle}
            self._sweep_at = max(_SWEEP_AT, 2 * len(self._gates))
