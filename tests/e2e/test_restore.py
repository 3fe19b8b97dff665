"""A backup while the bot works, and the way back that README tells."""

import asyncio
import os
import re
import shutil
import sys

from storage.audit import audit
from storage.database import Database
from tests.e2e.world import ROOT, World

README = (ROOT / "README.md").read_text("utf-8")


async def backup(here: World) -> None:
    """Run the command that README names."""
    [command] = re.findall(r"^\.venv/bin/python (-m bot backup) (\S+)$", README, re.MULTILINE)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command[0].split(),
        command[1],
        cwd=here.folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | here.environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    assert (process.returncode, told.decode()) == (
        0,
        f"The database was copied to {command[1]}.\n",
    )


def restore(here: World) -> None:
    """Move the three files away, put the backup in their place."""
    [told] = re.findall(r"To restore, (.*?start)\.", README, re.DOTALL)
    moved = re.findall(r"`(veogram\.db[a-z-]*)`", told.partition("away")[0])
    assert moved == ["veogram.db", "veogram.db-wal", "veogram.db-shm"]
    aside = here.folder / "aside"
    aside.mkdir()
    for name in moved:
        if (here.data_dir / name).exists():
            shutil.move(here.data_dir / name, aside)
    shutil.copy(here.folder / "veogram-backup.db", here.data_dir / "veogram.db")


async def test_a_backup_taken_while_a_video_is_made_is_restored_as_the_readme_says(
    here: World,
) -> None:
    await here.start()
    await here.order("A finished cat")
    await here.video()
    here.seconds = 1e9
    await here.order("A cat under way")
    await here.until(lambda: here.states() == ["done", "generating"], "the second task")
    await backup(here)
    await here.admin.send("A dog that no backup knows")
    await here.card()
    await here.kill()
    database = here.data_dir / "veogram.db"
    database.write_bytes(b"\0" * database.stat().st_size)
    restore(here)
    await here.start()
    here.kie.finish(here.kie.tasks[1].id)
    await here.video(count=2)
    await here.until(lambda: here.states() == ["done", "done"], "the end")
    await here.admin.send("/history")
    await here.message("A finished cat")
    assert await here.terminate() == 0
    assert len(here.posts()) == 2
    assert here.rows("SELECT kind FROM entries ORDER BY id") == [
        *[("hold",), ("capture",)],
        *[("hold",), ("capture",)],
    ]
    opened = await Database.open(database)
    assert await opened.read(audit) == []
    await opened.close()
