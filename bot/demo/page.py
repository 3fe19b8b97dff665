"""The chat page of the demo: one person's private chat with the bot, in a browser."""

import json
from collections.abc import AsyncIterator
from importlib import resources
from secrets import token_urlsafe

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from bot.demo.chats import Message
from bot.demo.entities import Json
from bot.demo.people import Person
from bot.demo.profile import commands_for

TEXT_MAX_CHARS = 4096
FILE_MAX_BYTES = 20 * 1024 * 1024
FILES_MAX = 10
_POLICY = (
    "default-src 'none'; script-src 'nonce-{0}'; style-src 'nonce-{0}'; connect-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class ChatPage:
    """Shows a person's private chat and does what is clicked and typed there in their name.

    Mount ``app`` under a path that nobody can guess: it is the only lock.
    """

    def __init__(self, person: Person) -> None:
        self._person = person
        self._telegram = person.telegram
        self._html = resources.files("bot.demo").joinpath("page.html").read_text("utf-8")
        self.app = Starlette(
            routes=[
                Route("/", self._page),
                Route("/events", self._events),
                Route("/send", self._send, methods=["POST"]),
                Route("/press", self._press, methods=["POST"]),
                Route("/files", self._files, methods=["POST"]),
                Route("/file/{file_id}", self._file),
            ]
        )

    def snapshot(self) -> Json:
        """Return everything the page shows."""
        chat, telegram = self._person.private, self._telegram
        action, at = chat.action or ("", 0.0)
        return {
            "bot": telegram.me,
            "person": self._person.user,
            "description": telegram.profile.get(("description", ""), {}).get("description", ""),
            "commands": commands_for(
                telegram, chat.id, str(self._person.user.get("language_code", ""))
            ),
            "action": {"name": action, "at": at},
            "messages": [_shown(message) for message in chat.messages],
            "answers": [
                {"id": press.id, "text": press.answer.text, "alert": press.answer.alert}
                | {"url": press.answer.url}
                for press in telegram.presses.values()
                if press.answer is not None and press.user_id == self._person.id
            ],
        }

    async def _page(self, request: Request) -> Response:
        del request
        nonce = token_urlsafe(16)
        headers = {
            "Content-Security-Policy": _POLICY.format(nonce),
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return HTMLResponse(self._html.replace("__NONCE__", nonce), headers=headers)

    async def _events(self, request: Request) -> Response:
        del request
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=headers)

    async def _stream(self) -> AsyncIterator[str]:
        before = ""
        while not self._telegram.feed.closed:
            now = json.dumps(self.snapshot())
            if now != before:
                yield f"data: {now}\n\n"
                before = now
                # Changes while that was being sent are in the next snapshot.
                continue
            await self._telegram.changed.wait()

    async def _send(self, request: Request) -> Response:
        body = await request.json()
        text = str(body.get("text", "")).strip()
        if not 0 < len(text) <= TEXT_MAX_CHARS:
            raise HTTPException(400, f"A text has 1 to {TEXT_MAX_CHARS} characters.")
        reply_to = self._person.private.by_id.get(int(body.get("reply_to") or 0))
        message = await self._person.send(text, reply_to=reply_to)
        return JSONResponse({"message_id": message.id})

    async def _press(self, request: Request) -> Response:
        body = await request.json()
        message = self._person.private.by_id.get(int(body["message_id"]))
        if message is None or message.deleted:
            raise HTTPException(404, "That message is gone.")
        try:
            press = await self._person.press(message, str(body["data"]))
        except LookupError as error:
            raise HTTPException(404, "That button is gone.") from error
        return JSONResponse({"press": press.id})

    async def _files(self, request: Request) -> Response:
        async with request.form(max_files=FILES_MAX) as form:
            files = [one for one in form.getlist("file") if isinstance(one, UploadFile)]
            if any((file.size or 0) > FILE_MAX_BYTES for file in files):
                raise HTTPException(400, "A file has at most 20 MB.")
            caption = str(form.get("caption", "")).strip() or None
            as_file = form.get("as") == "file"
            album = self._telegram.next_album() if len(files) > 1 else None
            for index, file in enumerate(files):
                await self._send_file(file, caption if index == 0 else None, album, as_file=as_file)
        return JSONResponse({"sent": len(files)})

    async def _send_file(
        self, file: UploadFile, caption: str | None, album: str | None, *, as_file: bool
    ) -> None:
        data = await file.read()
        if not as_file:
            await self._person.send_photo(data, caption, media_group_id=album)
            return
        kind = file.content_type or "application/octet-stream"
        name = file.filename or "file"
        await self._person.send_document(data, name, kind, caption, media_group_id=album)

    async def _file(self, request: Request) -> Response:
        file = self._telegram.uploads.file(request.path_params["file_id"])
        if file is None:
            raise HTTPException(404)
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return FileResponse(file.path, media_type=file.mime_type, headers=headers)


def _shown(message: Message) -> Json:
    """Return a message for the page: its object, and what clients see beside it."""
    asks = bool(message.markup and message.markup.get("force_reply"))
    return message.body | {"reactions": list(message.reactions), "asks_for_reply": asks}
