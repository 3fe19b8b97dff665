"""HTTP around the stand-in's calls: requests are read, answers written, both remembered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from bot.demo.kie_faults import Answer, Page, Reset
from bot.demo.kie_rules import Json, Turned
from bot.demo.loopback import Broken

LIBRARY_AGENTS = ("python-httpx", "python-requests", "python-urllib", "aiohttp", "curl", "go-http")
_SECRET_HEADERS = ("authorization", "cookie")

Outcome = Answer | Page | Reset


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """The file in a multipart form."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request, parsed: query, JSON body or form fields, and a form's file."""

    params: Mapping[str, str]
    body: Json
    file: UploadedFile | None = None

    @property
    def prompt(self) -> str:
        """What was asked to be shown, wherever it stands; empty if nothing was."""
        given = self.body.get("input")
        prompt = (given if isinstance(given, dict) else self.body).get("prompt")
        return prompt if isinstance(prompt, str) else ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what became of it, without the key.

    ``at`` is when it came. ``json`` is the body, of a form its fields, of anything else empty.
    ``answer`` is the envelope, ``None`` when the answer was lost or was none; ``status`` is that
    of HTTP, 0 when the connection was reset.
    """

    at: float
    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    authorised: bool
    json: Json
    status: int
    answer: Json | None


def is_library(request: Request) -> bool:
    """Whether the client did not say who it is: Cloudflare in front of KIE turns it away."""
    agent = request.headers.get("user-agent", "").lower()
    return not agent or agent.startswith(LIBRARY_AGENTS)


def is_authorised(request: Request, api_key: str) -> bool:
    """Whether the request carries the key."""
    given = request.headers.get("authorization", "")
    return compare_digest(given.encode(), f"Bearer {api_key}".encode())


async def read_call(request: Request) -> Call:
    """Parse a request; raise ``Turned`` with 422 when its body is neither JSON nor a form."""
    params = dict(request.query_params)
    if request.method == "GET":
        return Call(params, {})
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if media_type == "multipart/form-data":
        return await _read_form(request, params)
    if media_type != "application/json":
        raise Turned(422, "Content-Type must be application/json")
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise Turned(422, "The request body is not valid JSON") from error
    if not isinstance(body, dict):
        raise Turned(422, "The request body must be an object")
    return Call(params, body)


async def _read_form(request: Request, params: Mapping[str, str]) -> Call:
    async with request.form() as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        given = form.get("file")
        if not isinstance(given, UploadFile):
            return Call(params, fields)
        media_type = given.content_type or "application/octet-stream"
        file = UploadedFile(given.filename or "", await given.read(), media_type)
        return Call(params, fields, file)


def response(outcome: Outcome) -> Response:
    """Write an answer, or what there is instead of one."""
    match outcome:
        case Answer():
            return JSONResponse(envelope(outcome), status_code=outcome.http)
        case Page():
            return HTMLResponse(outcome.body, status_code=outcome.http)
        case Reset():
            return Broken()


def envelope(answer: Answer) -> Json:
    """Return the JSON around every answer of KIE."""
    return {"code": answer.code, "msg": answer.msg, "data": answer.data}


def exchange(
    request: Request, call: Call, outcome: Outcome | int, *, at: float, authorised: bool
) -> Exchange:
    """Return what is remembered of a request; an ``outcome`` that is a number is its status."""
    headers = {name: text for name, text in request.headers.items() if name not in _SECRET_HEADERS}
    return Exchange(
        at=at,
        method=request.method,
        path=request.scope["path"],
        params=call.params,
        headers=headers,
        authorised=authorised,
        json=call.body,
        status=_status(outcome),
        answer=envelope(outcome) if isinstance(outcome, Answer) else None,
    )


def _status(outcome: Outcome | int) -> int:
    match outcome:
        case int():
            return outcome
        case Reset():
            return 0
        case Answer() | Page():
            return outcome.http
