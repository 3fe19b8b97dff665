"""The HTTP surface of Telegram's stand-in: ``/bot<token>/<method>``, ``/file/bot<token>/…``."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request as HttpRequest
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bot.demo import editing, profile, sending
from bot.demo.entities import Json
from bot.demo.faults import BadGateway, Faults, Hang, LoseAnswer, Refuse
from bot.demo.limits import Flood, Refusal
from bot.demo.loopback import Broken
from bot.demo.messenger import Messenger
from bot.demo.parameters import Parameter, Request, Upload, read, table

Method = Callable[[Messenger, Request], Awaitable[object]]
_CHUNK_BYTES = 1 << 20
_FORM_SLACK_BYTES = 1 << 16
_COUNTED = frozenset(
    name for name in table() if name.startswith(("send", "edit")) and name != "sendChatAction"
)


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that a call brought: its field, its name and its size in bytes."""

    field: str
    name: str
    size: int


@dataclass(slots=True, eq=False)
class Call:
    """A call of the Bot API as it arrived; ``answer`` is the body it got, ``None``: none yet.

    ``lost`` says what came in place of an answer, ``strange`` what of it is not emulated.
    """

    at: float
    method: str
    params: Json
    files: tuple[Sent, ...] = ()
    answer: Json | None = None
    lost: str = ""
    strange: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it was carried out."""
        return self.answer is not None and bool(self.answer["ok"])

    @property
    def result(self) -> Any:
        """What it returned. Raises ``LookupError`` unless it was carried out."""
        if self.answer is None or not self.answer["ok"]:
            raise LookupError(f"{self.method} was not carried out: {self.answer}")
        return self.answer["result"]


def methods() -> dict[str, Method]:
    """Return what carries out each method."""
    found = {}
    for name in table():
        python_name = "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
        for module in (sending, editing, profile):
            if hasattr(module, python_name):
                found[name] = getattr(module, python_name)
    return found


class BotApi:
    """Reads calls, records them, lets them go wrong, carries them out and answers."""

    def __init__(self, telegram: Messenger, token: str, upload_max_bytes: int) -> None:
        self._telegram = telegram
        self._token = token
        self._upload_max_bytes = upload_max_bytes
        self._known = {name.lower(): (name, known) for name, known in table().items()}
        self._methods = methods()
        self._released = asyncio.Event()
        self.faults = Faults()
        self.flood = Flood()
        self.calls: list[Call] = []

    def routes(self) -> list[BaseRoute]:
        """Return where the Bot API lies."""
        return [
            Route("/bot{token}/{method}", self._call, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self._download),
        ]

    def release(self) -> None:
        """Let every call that hangs end, with its connection reset."""
        released, self._released = self._released, asyncio.Event()
        released.set()

    async def _call(self, http: HttpRequest) -> Response:
        if http.path_params["token"] != self._token:
            return _answered(Refusal(401, "Unauthorized"))
        name, known = self._known.get(http.path_params["method"].lower(), (None, {}))
        if name is None:
            return self._unknown(http.path_params["method"])
        try:
            request = await self._read(http, name, known)
        except Refusal as refusal:
            return _answered(refusal)
        return await self._serve(request)

    async def _serve(self, request: Request) -> Response:
        call = self._record(request)
        fault = self.faults.take(request.method)
        if isinstance(fault, Refuse):
            call.answer = fault.refusal.answer
            return _answered(fault.refusal)
        if isinstance(fault, BadGateway):
            call.lost = "502 Bad Gateway"
            return HTMLResponse(fault.page, 502)
        if fault is not None and not fault.accept:
            return await self._lost(call, fault)
        response = await self._carried_out(call, request)
        self._telegram.changed.set()
        return response if fault is None else await self._lost(call, fault)

    async def _carried_out(self, call: Call, request: Request) -> Response:
        try:
            self._check_flood(request)
            result = await self._methods[request.method](self._telegram, request)
        except Refusal as refusal:
            call.answer = refusal.answer
            return _answered(refusal)
        # A copy: the objects of messages change when they are edited.
        call.answer = {"ok": True, "result": json.loads(json.dumps(result))}
        return JSONResponse(call.answer)

    async def _lost(self, call: Call, fault: Hang | LoseAnswer) -> Response:
        call.lost = "the answer was lost" if fault.accept else "the connection broke"
        if isinstance(fault, Hang):
            await self._released.wait()
        return Broken()

    def _check_flood(self, request: Request) -> None:
        chat_id = request.params.get("chat_id")
        if isinstance(chat_id, int) and request.method in _COUNTED:
            self.flood.check(chat_id, self._telegram.clock())

    def _record(self, request: Request) -> Call:
        files = tuple(Sent(one.field, one.name, one.size) for one in request.uploads.values())
        strange = tuple(
            f"{request.method} has no parameter {name}" for name in sorted(request.unknown)
        )
        now = self._telegram.clock()
        return self._kept_in_mind(Call(now, request.method, request.params, files, strange=strange))

    def _kept_in_mind(self, call: Call) -> Call:
        self.calls.append(call)
        self._telegram.violations.extend(call.strange)
        self._telegram.changed.set()
        return call

    def _unknown(self, method: str) -> Response:
        refusal = Refusal(404, "Not Found: method not found")
        strange = (f"unknown method {method}",)
        now = self._telegram.clock()
        self._kept_in_mind(Call(now, method, {}, answer=refusal.answer, strange=strange))
        return _answered(refusal)

    async def _read(
        self, http: HttpRequest, method: str, known: Mapping[str, Parameter]
    ) -> Request:
        length = int(http.headers.get("content-length", "0"))
        if length > self._upload_max_bytes + _FORM_SLACK_BYTES:
            await _drained(http)
            raise Refusal(413, "Request Entity Too Large")
        raw = dict(http.query_params)
        if http.headers.get("content-type", "").startswith("application/json"):
            return read(method, known, raw | _texts(await http.body()), {})
        async with http.form(max_part_size=_CHUNK_BYTES) as form:
            raw |= {name: value for name, value in form.items() if isinstance(value, str)}
            uploads = {
                name: await self._kept(name, value)
                for name, value in form.items()
                if isinstance(value, UploadFile)
            }
        return read(method, known, raw, uploads)

    async def _kept(self, field: str, upload: UploadFile) -> Upload:
        path = self._telegram.new_path(".upload")
        with path.open("wb") as file:
            while chunk := await upload.read(_CHUNK_BYTES):
                file.write(chunk)
        size = path.stat().st_size
        if size > self._upload_max_bytes:
            raise Refusal(413, "Request Entity Too Large")
        mime_type = upload.content_type or "application/octet-stream"
        return Upload(field, upload.filename or field, mime_type, path, size)

    async def _download(self, http: HttpRequest) -> Response:
        file = self._telegram.uploads.at(http.path_params["path"])
        if http.path_params["token"] != self._token or file is None:
            return _answered(Refusal(404, "Not Found"))
        return FileResponse(file.path, media_type="application/octet-stream")


async def _drained(http: HttpRequest) -> None:
    async for _ in http.stream():
        continue


def _texts(body: bytes) -> dict[str, str]:
    """Return the parameters of a JSON body, each as the text it would be in a form."""
    try:
        params = json.loads(body or b"{}")
    except ValueError as error:
        raise Refusal(400, "Bad Request: can't parse JSON object") from error
    if not isinstance(params, dict):
        raise Refusal(400, "Bad Request: expected an Object")
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in params.items()
    }


def _answered(refusal: Refusal) -> Response:
    parameters = refusal.parameters or {}
    seconds = parameters.get("retry_after")
    headers = {"Retry-After": str(seconds)} if seconds else {}
    return JSONResponse(refusal.answer, refusal.code, headers)
