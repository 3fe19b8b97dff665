"""Writes ``tests/data/released/<revision>.sql``: what a released program leaves in its database.

``python -m tests.storage.frozen`` before a release; a file that was released is never written anew.
"""

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from io import BytesIO
from pathlib import Path

from PIL import Image

from storage.migrate import HEAD
from tests.conftest import Clock
from tests.e2e.whole import Whole, whole

RELEASED = Path(__file__).parents[1] / "data" / "released"
NOON = 1_800_014_400.0


async def _live(here: Whole) -> None:
    """Do a little of everything, so that every table has a row."""
    ada, bo = here.admin, here.telegram.user(2002, "Bo")
    eve, cat = here.telegram.user(4004, "Eve"), here.telegram.user(7007, "Cat")
    await here.say(bo, "/start")
    await here.press(bo, "Ask for access")
    await here.press(ada, "Approve")
    await here.say(ada, "/grant 2002 500")
    picture = BytesIO()
    Image.new("RGB", (64, 40), "red").save(picture, "JPEG")
    await bo.send_album([picture.getvalue()] * 2, "A film --seed 12345")
    await here.hear()
    await here.press(bo, "Generate")
    await here.work()
    await here.press(bo, "1080p")
    await here.press(bo, "4K")
    await here.work()
    await here.say(bo, "/generate Refused #422 --go")
    await here.work()
    await here.say(cat, "/start")
    await here.press(cat, "Ask for access")
    await here.say(ada, "/generate Eve will have been here --go")
    await here.say(eve, "/start")
    await here.say(eve, "/delete_me")
    await here.press(eve, "Delete everything")
    here.seconds = 1e9
    await here.say(bo, "/generate Under way --go")
    await here.work(1.0)
    await here.say(bo, "A card that is open")


async def _dump(folder: Path) -> str:
    async with whole(folder, Clock(NOON), PUBLIC_URL="http://127.0.0.1:9") as here:
        await _live(here)
    with closing(sqlite3.connect(folder / "veogram.db")) as database:
        return "\n".join(database.iterdump()) + "\n"


def main() -> None:
    """Write the file of the newest revision."""
    with tempfile.TemporaryDirectory() as folder:
        dump = asyncio.run(_dump(Path(folder)))
    RELEASED.mkdir(exist_ok=True)
    (RELEASED / f"{HEAD}.sql").write_text(dump, "utf-8")


if __name__ == "__main__":
    main()
