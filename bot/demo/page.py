"""The page of the demo: shows what happens, and does what is clicked and typed there."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from importlib import resources

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from bot.demo import emulation, moods, transcript
from bot.demo.chats import Chat, Message
from bot.demo.people import Group, Person
from bot.demo.show import Show
from bot.demo.theatre import Theatre
from bot.demo.view import Watcher

TEXT_MAX_CHARS = 4096
FILE_MAX_BYTES = 20 * 1024 * 1024
FILES_MAX = 10
SPEED_MAX = 100.0
_PAUSE_SECONDS = 0.04  # between two looks at what has changed: what comes together, goes together
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


class DemoPage:
    """Mount ``app`` under a path that nobody can guess: it is the only lock."""

    def __init__(self, theatre: Theatre) -> None:
        self._theatre = theatre
        self._assets = resources.files("bot.demo").joinpath("www")
        self.app = Starlette(
            routes=[
                Route("/", self._index),
                Route("/events", self._events),
                Route("/emulation", self._emulation),
                Route("/wire/{key}", self._wire),
                Route("/export", self._export),
                Route("/file/{file_id}", self._file),
                Route("/send", self._send, methods=["POST"]),
                Route("/press", self._press, methods=["POST"]),
                Route("/files", self._files, methods=["POST"]),
                Route("/block", self._block, methods=["POST"]),
                Route("/fault", self._fault, methods=["POST"]),
                Route("/speed", self._speed, methods=["POST"]),
                Route("/reset", self._reset, methods=["POST"]),
                Route("/{name}", self._asset),
            ]
        )

    # What is seen

    async def _index(self, request: Request) -> Response:
        del request
        return self._served("index.html")

    async def _asset(self, request: Request) -> Response:
        return self._served(request.path_params["name"])

    def _served(self, name: str) -> Response:
        """Return a file of the page; only names that lie there are looked for."""
        found = next((file for file in self._assets.iterdir() if file.name == name), None)
        if found is None:
            raise HTTPException(404)
        kind = _TYPES.get(name[name.rfind(".") :], "application/octet-stream")
        return Response(found.read_bytes(), media_type=kind, headers=_HEADERS)

    async def _events(self, request: Request) -> Response:
        del request
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=headers)

    async def _stream(self) -> AsyncIterator[str]:
        watcher = Watcher()
        while not self._theatre.closed:
            news = watcher.news(self._theatre.show)
            if news is None:
                await self._theatre.changed.wait()
                continue
            yield f"data: {json.dumps(news)}\n\n"
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _emulation(self, request: Request) -> Response:
        del request
        return JSONResponse(emulation.told(self._show().kie), headers=_HEADERS)

    async def _wire(self, request: Request) -> Response:
        try:
            details = self._show().wire.details(request.path_params["key"])
        except LookupError as error:
            raise HTTPException(404, "That call is not kept.") from error
        return JSONResponse(details, headers=_HEADERS)

    async def _export(self, request: Request) -> Response:
        del request
        name = {"Content-Disposition": 'attachment; filename="veogram-demo.json"'}
        return JSONResponse(transcript.exported(self._show()), headers=_HEADERS | name)

    async def _file(self, request: Request) -> Response:
        file = self._show().telegram.telegram.uploads.file(request.path_params["file_id"])
        if file is None:
            raise HTTPException(404)
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return FileResponse(file.path, media_type=file.mime_type, headers=headers)

    # What people do

    async def _send(self, request: Request) -> Response:
        place = self._place(await request.json())
        text = str(place.given.get("text", "")).strip()
        if not 0 < len(text) <= TEXT_MAX_CHARS:
            raise HTTPException(400, f"A text has 1 to {TEXT_MAX_CHARS} characters.")
        message = await place.person.send(text, chat=place.group, reply_to=place.reply_to)
        return JSONResponse({"message_id": message.id})

    async def _press(self, request: Request) -> Response:
        place = self._place(await request.json())
        message = place.message("message_id")
        if message is None or message.deleted:
            raise HTTPException(404, "That message is gone.")
        try:
            press = await place.person.press(message, str(place.given.get("data")))
        except LookupError as error:
            raise HTTPException(404, "That button is gone.") from error
        return JSONResponse({"press": press.id})

    async def _files(self, request: Request) -> Response:
        async with request.form(max_files=FILES_MAX) as form:
            place = self._place(dict(form))
            files = [one for one in form.getlist("file") if isinstance(one, UploadFile)]
            if not files or any((file.size or 0) > FILE_MAX_BYTES for file in files):
                raise HTTPException(400, "A file has at most 20 MB.")
            caption = str(form.get("caption", "")).strip() or None
            album = place.show.telegram.telegram.next_album() if files[1:] else None
            send = _send_document if form.get("as_file") else _send_photo
            for index, file in enumerate(files):
                await send(place, file, caption if index == 0 else None, album)
        return JSONResponse({"sent": len(files)})

    async def _block(self, request: Request) -> Response:
        given = await request.json()
        person = self._person(given)
        if given.get("block"):
            await person.block_bot()
        else:
            await person.unblock_bot()
        return JSONResponse({"blocked": person.private.blocked})

    # What the audience does

    async def _fault(self, request: Request) -> Response:
        show, given = self._show(), await request.json()
        mood = moods.BY_KEY.get(str(given.get("key")))
        if mood is None:
            raise HTTPException(404, "There is no such fault.")
        moods.order(mood, show.telegram, show.kie)
        self._theatre.changed.set()
        return JSONResponse({"to_come": moods.to_come(mood, show.telegram, show.kie)})

    async def _speed(self, request: Request) -> Response:
        speed = (await request.json()).get("speed")
        if not isinstance(speed, int | float) or not 1 <= speed <= SPEED_MAX:
            raise HTTPException(400, f"A speed is a number from 1 to {SPEED_MAX:g}.")
        await self._theatre.set_speed(float(speed))
        return JSONResponse({"speed": self._theatre.speed})

    async def _reset(self, request: Request) -> Response:
        del request
        await self._theatre.open()
        return JSONResponse({"show": self._show().number})

    def _show(self) -> Show:
        show = self._theatre.show
        if show is None:
            raise HTTPException(503, "The demo is just being set up.")
        return show

    def _person(self, given: Mapping[str, object]) -> Person:
        person = self._show().cast.people.get(_number(given.get("as")))
        if person is None:
            raise HTTPException(404, "There is no such person.")
        return person

    def _place(self, given: Mapping[str, object]) -> "_Place":
        show, person = self._show(), self._person(given)
        group = show.cast.group
        chat_id = _number(given.get("chat"))
        if chat_id not in {person.id, group.id}:
            raise HTTPException(404, "They are not in that chat.")
        place = _Place(show, person, group if chat_id == group.id else None, given)
        if place.chat.blocked:
            raise HTTPException(409, "The bot is blocked there.")
        return place


@dataclass(frozen=True, slots=True)
class _Place:
    """Who does something, in their private chat unless ``group`` is given."""

    show: Show
    person: Person
    group: Group | None
    given: Mapping[str, object]

    @property
    def chat(self) -> Chat:
        """Where it happens."""
        return self.group.chat if self.group else self.person.private

    @property
    def reply_to(self) -> Message | None:
        """The message that is replied to."""
        return self.message("reply_to")

    def message(self, name: str) -> Message | None:
        """Return the message whose id is given under a name."""
        return self.chat.by_id.get(_number(self.given.get(name)))


async def _send_photo(
    place: _Place, file: UploadFile, caption: str | None, album: str | None
) -> None:
    await place.person.send_photo(
        await file.read(),
        caption,
        media_group_id=album,
        chat=place.group,
        reply_to=place.reply_to,
    )


async def _send_document(
    place: _Place, file: UploadFile, caption: str | None, album: str | None
) -> None:
    await place.person.send_document(
        await file.read(),
        file.filename or "file",
        file.content_type or "application/octet-stream",
        caption,
        media_group_id=album,
        chat=place.group,
        reply_to=place.reply_to,
    )


def _number(value: object) -> int:
    """Return an id that a form or JSON holds, 0 for what is none."""
    try:
        return int(str(value))
    except ValueError:
        return 0
