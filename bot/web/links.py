"""The bot's own files under addresses that nobody can guess: photos for KIE, large videos."""

import asyncio
import os
import stat
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.media.links import LinkKind, Links, Shared

_TYPES = {LinkKind.PHOTO: "image/jpeg", LinkKind.RESULT: "video/mp4"}
_HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'",
}


class _File(FileResponse):
    """A file, whole or one range of it: several cost more to answer than to ask for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "," in (Headers(scope=scope).get("range") or ""):
            headers = [header for header in scope["headers"] if header[0] != b"range"]
            scope = {**scope, "headers": headers}
        await super().__call__(scope, receive, send)


def routes(links: Links) -> list[Route]:
    """Serve what ``links`` has shared; for anything else one and the same 404."""
    return [_route(links, kind) for kind in LinkKind]


def _route(links: Links, kind: LinkKind) -> Route:
    async def served(request: Request) -> Response:
        shared = await links.find(kind, request.path_params["token"])
        found = None if shared is None else await asyncio.to_thread(_stat, shared.path)
        if shared is None or found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return _response(shared, found, kind)

    return Route(f"{kind.path}/{{token}}", served, methods=["GET"])


def _response(shared: Shared, found: os.stat_result, kind: LinkKind) -> Response:
    return _File(
        shared.path,
        headers=_HEADERS,
        media_type=_TYPES[kind],
        filename=shared.name,
        stat_result=found,
        content_disposition_type="attachment" if kind is LinkKind.RESULT else "inline",
    )


def _stat(path: Path) -> os.stat_result | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None
