"""KIE's stand-in: a strict HTTP server with the real one's forms, limits, prices and moods."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.demo.clips import Clip, Clips, render
from bot.demo.kie_api import Api, Fetched
from bot.demo.kie_callbacks import Callbacks, Knock
from bot.demo.kie_faults import (
    TRIGGERS,
    Answer,
    Fate,
    Fault,
    Hang,
    Page,
    Point,
    Reset,
    Script,
    Trigger,
)
from bot.demo.kie_files import Files
from bot.demo.kie_records import Forms
from bot.demo.kie_rules import Order, Turned
from bot.demo.kie_state import Account, Charge, Task, usual_seconds
from bot.demo.kie_wire import (
    Call,
    Exchange,
    Outcome,
    exchange,
    is_authorised,
    is_library,
    read_call,
    response,
)
from bot.demo.loopback import Loopback
from bot.demo.waiting import race

DEMO_SPEED = 20.0
KEPT_EXCHANGES = 50_000
_CLOUDFLARE = Page(403, "error code: 1010")
_UNAUTHORISED = Answer(401, "You do not have access permissions")

Handler = Callable[[Call], Awaitable[Answer]]


class KieStandin:
    """An account at KIE, behind a server on loopback.

    Everything is computed from ``clock`` (seconds); ``sleep`` is only used for callbacks, hanging
    answers and slow downloads. A task takes ``durations(order) / speed`` seconds, by the ``speed``
    at its beginning. ``draw`` writes the videos. ``hmac_key`` signs callbacks. ``changed`` is
    called after every request and callback. ``violations`` lists what KIE would have let pass and
    a good client never sends; ``requests``, ``knocks`` (callbacks), ``fetched`` (images) and
    ``charges`` tell what happened.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        *,
        api_key: str,
        durations: Callable[[Order], float] = usual_seconds,
        speed: float = 1.0,
        credit: float = 10_000,
        creates_per_10s: int = 20,
        max_running: int = 100,
        hmac_key: str | None = None,
        triggers: tuple[Trigger, ...] = TRIGGERS,
        forms: Forms | None = None,
        draw: Callable[[Clip, Path], None] = render,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._api_key = api_key
        self._changed = changed
        self.speed = speed
        self._stopping = asyncio.Event()
        self._script = Script(triggers)
        self._clips = Clips(draw=draw)
        self._files = Files(self._clips, clock, self._pause, self._stopping)
        self._account = Account(
            clock,
            lambda order: durations(order) / self.speed,
            credit=credit,
            creates_per_10s=creates_per_10s,
            max_running=max_running,
        )
        self._callbacks = Callbacks(
            clock,
            sleep,
            hmac_key=hmac_key,
            speed=lambda: self.speed,
            settle=self._account.settle,
            changed=changed,
        )
        self._api = Api(
            account=self._account,
            files=self._files,
            callbacks=self._callbacks,
            script=self._script,
            clock=clock,
            base_url=lambda: self.url,
            forms=forms or Forms(),
        )
        self._loopback = Loopback(self._app(), "kie-standin")
        self.requests: list[Exchange] = []

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises ``OSError`` when the port is taken."""
        await self._loopback.start(host, port)

    async def stop(self) -> None:
        """Close everything; raise what a callback died of."""
        self._stopping.set()
        try:
            await self._callbacks.stop()
        finally:
            await self._loopback.stop()
            self._clips.close()

    async def go_down(self) -> None:
        """Refuse connections; tasks and callbacks go on."""
        await self._loopback.go_down()

    async def come_up(self) -> None:
        """Listen again where it was."""
        await self._loopback.come_up()

    @property
    def endpoints(self) -> list[str]:
        """What it answers, each a method and a path."""
        routes = [route for route in self._app().routes if isinstance(route, Route)]
        return [f"{min(route.methods or ())} {route.path}" for route in routes]

    @property
    def url(self) -> str:
        """Value for ``KIE_API_URL``."""
        return self._loopback.url

    @property
    def upload_url(self) -> str:
        """Value for ``KIE_UPLOAD_URL``."""
        return self._loopback.url

    @property
    def tasks(self) -> list[Task]:
        """Every task, oldest first; `veo` upgrades are not among them, as they have no id."""
        return list(self._account.tasks.values())

    @property
    def credit(self) -> float:
        """The balance."""
        self._account.settle()
        return self._account.credit

    @credit.setter
    def credit(self, value: float) -> None:
        self._account.settle()
        self._account.credit = value

    @property
    def charges(self) -> list[Charge]:
        """What was paid for, in the order of success."""
        self._account.settle()
        return self._account.charges

    @property
    def violations(self) -> list[str]:
        """What a good client would not have sent."""
        return self._api.violations

    @property
    def fetched(self) -> list[Fetched]:
        """The images that were fetched."""
        return self._api.fetched

    @property
    def knocks(self) -> list[Knock]:
        """Every try to deliver a callback."""
        return self._callbacks.knocks

    @property
    def forms(self) -> Forms:
        """Which of several documented forms answers have; may be replaced."""
        return self._api.forms

    @forms.setter
    def forms(self, forms: Forms) -> None:
        self._api.forms = forms

    def script(self, point: Point, fault: Fault, times: int | None = 1) -> None:
        """Let the next ``times`` calls there go wrong; ``None``: all, until ``clear_script``."""
        self._script.add(point, fault, times)

    def script_task(self, fate: Fate, times: int = 1) -> None:
        """Let the next ``times`` tasks that are accepted (upgrades too) go like that."""
        self._script.add_fate(fate, times)

    @property
    def faults_to_come(self) -> list[Fault | Fate]:
        """What was scripted a number of times and has not happened."""
        return self._script.to_come

    def clear_script(self) -> None:
        """Drop what was scripted and has not happened."""
        self._script.clear()

    def finish(self, task_id: str) -> None:
        """Let a task, and what is being upgraded of it, end now as its fate says."""
        for task in (self._account.tasks[task_id], *self._account.upgrades_of(task_id)):
            self._account.finish(task)

    async def knock(self, task_id: str) -> None:
        """Send the task's callback now, once more or before its time."""
        await self._callbacks.send(self._account.tasks[task_id])

    def _app(self) -> Starlette:
        api = self._api
        calls: list[tuple[str, str, Handler, Point]] = [
            ("POST", "/api/v1/veo/generate", api.generate, Point.CREATE),
            ("POST", "/api/v1/veo/extend", api.extend, Point.EXTEND),
            ("GET", "/api/v1/veo/record-info", api.record, Point.RECORD),
            ("GET", "/api/v1/veo/get-1080p-video", api.get_1080p, Point.P1080),
            ("POST", "/api/v1/veo/get-4k-video", api.get_4k, Point.K4),
            ("POST", "/api/v1/jobs/createTask", api.create_task, Point.CREATE),
            ("GET", "/api/v1/jobs/recordInfo", api.task_record, Point.RECORD),
            ("GET", "/api/v1/chat/credit", api.credit, Point.CREDIT),
            ("POST", "/api/v1/common/download-url", api.download_url, Point.DOWNLOAD_URL),
            ("POST", "/api/file-stream-upload", api.upload_stream, Point.UPLOAD),
            ("POST", "/api/file-base64-upload", api.upload_base64, Point.UPLOAD),
        ]
        routes = [
            Route(path, self._endpoint(handler, point), methods=[method])
            for method, path, handler, point in calls
        ]
        routes.append(Route("/files/{name}", self._file(self._files.download)))
        routes.append(Route("/uploads/{path:path}", self._file(self._files.upload)))
        return Starlette(routes=routes, exception_handlers={404: self._unknown, 405: self._unknown})

    def _endpoint(self, handler: Handler, point: Point) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            at = self._clock()
            call = Call(dict(request.query_params), {})
            try:
                call = await read_call(request)
                outcome = await self._outcome(request, call, handler, point)
            except Turned as turned:
                outcome = turned.answer
            self._remember(request, call, outcome, at)
            return response(outcome)

        return endpoint

    async def _outcome(
        self, request: Request, call: Call, handler: Handler, point: Point
    ) -> Outcome:
        """Let the call meet what stands in its way, in the real one's order; then handle it."""
        if is_library(request):
            return _CLOUDFLARE
        if not is_authorised(request, self._api_key):
            return _UNAUTHORISED
        fault = self._script.fault(point, call.prompt)
        if isinstance(fault, Answer | Page) or fault == Reset():
            return fault
        try:
            answer = await handler(call)
        except Turned as turned:
            answer = turned.answer
        if isinstance(fault, Hang):
            await self._pause(fault.seconds)
        return fault if isinstance(fault, Reset) else answer

    def _file(
        self, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            at = self._clock()
            turned_away = is_library(request)
            reply = response(_CLOUDFLARE) if turned_away else await answer(request)
            self._remember(request, Call(dict(request.query_params), {}), reply.status_code, at)
            return reply

        return endpoint

    async def _unknown(self, request: Request, error: Exception) -> Response:
        """Answer as KIE's web framework does, not in KIE's envelope."""
        self._api.violations.append(f"{request.method} {request.scope['path']}: {error}")
        call = Call(dict(request.query_params), {})
        self._remember(request, call, 404, self._clock())
        return JSONResponse({"status": 404, "error": "Not Found"}, status_code=404)

    def _remember(self, request: Request, call: Call, outcome: Outcome | int, at: float) -> None:
        authorised = is_authorised(request, self._api_key)
        entry = exchange(request, call, outcome, at=at, authorised=authorised)
        self.requests.append(entry)
        del self.requests[:-KEPT_EXCHANGES]
        self._changed()

    async def _pause(self, seconds: float) -> None:
        """Wait in the clock's time, or until the stand-in stops."""
        await race(self._slept(seconds), self._stopping.wait())

    async def _slept(self, seconds: float) -> None:
        await self._sleep(seconds)
