"""B4: updates a second through the durable inbox and the lanes, to a handler that does nothing."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from telegram import Update
from telegram.ext import Application, ContextTypes, TypeHandler

from bot.demo.telegram import TelegramStandin
from bot.updates.inbox import Inbox, reader
from bot.updates.lanes import Lanes
from storage.database import Database
from tests.benchmarks.report import Goal, Line
from tests.benchmarks.size import Size
from tests.benchmarks.stage import TOKEN

UPDATES = 5000
CHATS = 200
PER_POLL = 100  # Bot API, getUpdates, "limit"
HANDLERS_AT_ONCE = 32

App = Application[Any, Any, Any, Any, Any, Any]


def measure(size: Size) -> list[Line]:
    """Handle the same updates bare and through the inbox, in turns."""
    return asyncio.run(_measure(size))


async def _measure(size: Size) -> list[Line]:
    updates = [_message(number) for number in range(size.of(UPDATES))]
    ours, bare = [], []
    async with _application() as app:
        for _ in range(size.rounds):
            bare.append(len(updates) / await _bare(app, updates))
            ours.append(len(updates) / await _durable(app, updates))
    goal = Goal(0.3, at_least=True)
    return [Line("B4 updates through the inbox", "1/s", "bare PTB", ours, bare, goal)]


async def _bare(app: App, updates: Sequence[dict[str, Any]]) -> float:
    begun = time.perf_counter()
    for raw in updates:
        await app.process_update(Update.de_json(raw, app.bot))
    return time.perf_counter() - begun


async def _durable(app: App, updates: Sequence[dict[str, Any]]) -> float:
    """Take seconds until all are handled and that is committed, too."""
    with TemporaryDirectory() as folder:
        database = await Database.open(Path(folder) / "veogram.db")
        lanes = Lanes(reader(app.bot, app.process_update), limit=HANDLERS_AT_ONCE)
        inbox = Inbox(database, lanes, time.time, asyncio.sleep)
        await inbox.recover()
        begun = time.perf_counter()
        for start in range(0, len(updates), PER_POLL):
            await inbox.put(updates[start : start + PER_POLL])
        await lanes.settle()
        await inbox.close()
        seconds = time.perf_counter() - begun
        await database.close()
    return seconds


@asynccontextmanager
async def _application() -> AsyncIterator[App]:
    telegram = TelegramStandin(TOKEN, time.time)
    await telegram.start()
    builder = Application.builder().token(TOKEN).base_url(f"{telegram.url}/bot").updater(None)
    app = builder.build()
    app.add_handler(TypeHandler(Update, _nothing))
    async with app:
        yield app
    await telegram.stop()


async def _nothing(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    del update, context


def _message(number: int) -> dict[str, Any]:
    person = {"id": 20_000 + number % CHATS, "is_bot": False, "first_name": "Guest"}
    chat = {"id": person["id"], "type": "private", "first_name": "Guest"}
    message = {"message_id": number + 1, "date": 1_800_014_400, "chat": chat, "from": person}
    return {"update_id": number + 1, "message": message | {"text": "A cat on a roof"}}
