"""Where Telegram brings updates, in place of polling: ``/telegram/updates``."""

import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.errors import StorageError
from bot.updates.inbox import update_id_of
from bot.web.server import limited_body, single_header

PATH = "/telegram/updates"
MAX_BYTES = 1 << 20
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name


def route(put: Callable[[Sequence[object]], Awaitable[None]], secret: str) -> Route:
    """Answer Telegram once the update is committed by ``put`` (Bot API, "setWebhook").

    ``secret`` is what was registered as ``secret_token``.
    """
    expected = secret.encode("ascii")

    async def brought(request: Request) -> Response:
        given = single_header(request, SECRET_HEADER)
        if given is None or not hmac.compare_digest(given.encode("latin-1"), expected):
            # The body is not read: only closing the connection ends it.
            raise HTTPException(HTTPStatus.UNAUTHORIZED, headers={"connection": "close"})
        update = _read(await limited_body(request, MAX_BYTES))
        try:
            await put([update])
        except StorageError as error:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE) from error
        return JSONResponse({"status": "stored"})

    return Route(PATH, brought, methods=["POST"])


def _read(body: bytes) -> object:
    """Read an update; raises HTTPException 400 for what cannot be one."""
    try:
        update = json.loads(body, parse_constant=_refuse)
        json.dumps(update, ensure_ascii=False).encode()  # halves of characters stand for nothing
    except (ValueError, RecursionError) as error:
        raise HTTPException(HTTPStatus.BAD_REQUEST) from error
    if update_id_of(update) is None:
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    return update


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
