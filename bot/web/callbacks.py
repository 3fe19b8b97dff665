"""Where KIE calls back: ``/callbacks/<token>``, a token for every attempt."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.errors import StorageError
from bot.jobs.knocks import Verdict
from bot.kie import wire
from bot.web.server import limited_body, single_header

PATH = "/callbacks"
MAX_BYTES = 256 << 10

_STATUS = {
    Verdict.HEARD: HTTPStatus.OK,
    Verdict.UNKNOWN: HTTPStatus.NOT_FOUND,
    Verdict.FORGED: HTTPStatus.UNAUTHORIZED,
}


class Takes(Protocol):
    """Takes callbacks; see ``bot.jobs.knocks.Knocks``."""

    async def take(self, token: str, task_id: str | None, *, genuine: bool) -> Verdict:
        """Return once all that follows is committed; raises StorageError."""
        ...


def route(knocks: Takes, hmac_key: str | None, clock: Callable[[], float]) -> Route:
    """Answer KIE once its callback is committed (KIE, "Veo3.1 Video Generation Callbacks").

    With ``hmac_key`` callbacks must be signed (KIE, "Webhook Verification").
    """

    async def called_back(request: Request) -> Response:
        body = await limited_body(request, MAX_BYTES)
        named = wire.read_callback(body).task_id
        genuine = hmac_key is None or wire.verify_signature(
            hmac_key,
            named,
            single_header(request, "X-Webhook-Timestamp"),
            single_header(request, "X-Webhook-Signature"),
            clock(),
        )
        token = request.path_params["token"]
        try:
            verdict = await knocks.take(token, named, genuine=genuine)
        except StorageError as error:
            # KIE tries again; by then the disk may work.
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE) from error
        status = _STATUS[verdict]
        if status is not HTTPStatus.OK:
            raise HTTPException(status)
        return JSONResponse({"status": "received"})

    return Route(f"{PATH}/{{token}}", called_back, methods=["POST"])
