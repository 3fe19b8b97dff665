"""The bot as a process: what it says when it cannot run, and how it stops in every state."""

import asyncio
import math
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from bot.demo.faults import Hang as TelegramHang
from bot.demo.faults import refused
from bot.demo.kie_faults import Fate, Hang, Link, Point
from tests.e2e.pictures import picture
from tests.e2e.world import ROOT, World

CONFIGURATION = 78  # sysexits.h, EX_CONFIG
FAILED = 1


async def run(folder: Path, environment: Mapping[str, str]) -> tuple[int | None, str]:
    """Run the bot until it ends by itself; return its exit code and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def test_wrong_settings_are_told_all_at_once(tmp_path: Path) -> None:
    wrong = {
        "TELEGRAM_TOKEN": "secret-but-wrong",
        "KIE_API_KEY": "secret with blanks",
        "KIE_API_URL": "ftp://kie.example",
        "KIE_MAX_CONCURRENT": "-1",
        "PORT": "99999",
        "ADMIN_IDS": "1,two",
        "ACCESS": "sometimes",
        "POLL_MIN_SECONDS": "soon",
        "CATALOG_FILE": "/nowhere.toml",
        "LOG_LEVEL": "LOUD",
        "DAILY_CREDITZ": "5",
    }
    code, output = await run(tmp_path, wrong)
    assert code == CONFIGURATION
    assert all(name in output for name in wrong)
    assert "was DAILY_CREDITS meant" in output
    assert "Traceback" not in output
    assert "secret" not in output.replace("for secrets", "")
    assert not (tmp_path / "data").exists()


async def test_a_taken_port_is_told_in_a_sentence(here: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, output = await run(here.folder, here.environment(PORT=port))
    assert code == CONFIGURATION
    assert f"Cannot listen on 127.0.0.1 port {port}" in output
    assert "Traceback" not in output


async def test_a_data_folder_that_cannot_be_made_is_told_in_a_sentence(here: World) -> None:
    (here.folder / "file").touch()
    code, output = await run(here.folder, here.environment(DATA_DIR="file/data"))
    assert code == FAILED
    assert "The data folder file/data cannot be written" in output
    assert "Traceback" not in output


async def test_a_refused_token_is_told_in_a_sentence(here: World) -> None:
    here.telegram.fail_next("getMe", refused("Unauthorized"))
    code, output = await run(here.folder, here.environment(TELEGRAM_TOKEN="1:not-this-one"))
    assert code == CONFIGURATION
    assert "Telegram does not know this bot token" in output
    assert "Traceback" not in output


async def test_a_damaged_database_stops_the_start_and_names_the_way_back(here: World) -> None:
    here.data_dir.mkdir()
    damaged = b"no database " * 1000
    (here.data_dir / "veogram.db").write_bytes(damaged)
    code, output = await run(here.folder, here.environment())
    assert code == FAILED
    assert "is damaged" in output
    assert "BACKUP" in output
    assert (here.data_dir / "veogram.db").read_bytes() == damaged


async def test_a_second_process_on_the_data_folder_is_refused_and_the_first_goes_on(
    here: World,
) -> None:
    await here.start()
    await here.admin.send("/start")
    await here.message("/help")
    code, output = await run(here.folder, here.environment())
    assert code == FAILED
    assert "Another process uses the data folder" in output
    assert "Traceback" not in output
    await here.order("A cat")
    await here.video()
    assert await here.terminate() == 0


async def telegram_hangs_at_start(here: World) -> None:
    here.telegram.fail_next("getMe", TelegramHang())
    await here.start()
    await here.until(lambda: here.telegram.calls_of("getMe"), "the first call")


async def resting(here: World) -> None:
    await here.start()
    await here.admin.send("/generate")
    await here.message("Describe the video")


async def answering(here: World) -> None:
    await resting(here)
    here.telegram.fail_next("sendMessage", TelegramHang())
    await here.admin.send("A lighthouse")
    await here.until(lambda: len(here.telegram.calls_of("sendMessage")) > 1, "the card")


async def submitting(here: World) -> None:
    here.kie.script(Point.CREATE, Hang(600))
    await here.start()
    await here.order("A lighthouse")
    await here.until(lambda: here.kie.tasks, "the task at KIE")


async def waiting_for_a_file(here: World) -> None:
    """A thread that nothing can interrupt, as one that looks up a name when no server answers."""
    await here.start()
    await here.admin.send_photo(picture(), "A lighthouse")
    card = await here.card()
    (photo,) = here.data_dir.glob("photos/*.jpg")
    photo.unlink()
    os.mkfifo(photo)
    await here.admin.press(card, "Generate")
    await here.until(lambda: here.states() == ["submitting"], "the order")


async def generating(here: World) -> None:
    here.seconds = math.inf
    await here.start()
    await here.order("A lighthouse")
    await here.until(lambda: here.states() == ["generating"], "generating")


async def reading(here: World) -> None:
    await generating(here)
    here.kie.script(Point.RECORD, Hang(600))
    await here.until(lambda: not here.kie.faults_to_come, "the record asked for")


async def fetching(here: World) -> None:
    here.kie.script_task(Fate(link=Link.SLOW, link_times=1))
    await here.start()
    await here.order("A lighthouse")
    await here.until(lambda: list(here.data_dir.glob("videos/*")), "the first bytes")


async def uploading(here: World) -> None:
    here.telegram.fail_next("sendVideo", TelegramHang())
    await here.start()
    await here.order("A lighthouse")
    await here.until(lambda: here.telegram.calls_of("sendVideo"), "the upload")


async def stop(here: World) -> None:
    """SIGTERM, with whatever hangs still hanging."""
    assert await here.terminate() == 0
    log = here.log.read_text()
    assert "Traceback" not in log
    assert "never retrieved" not in log


@pytest.mark.parametrize(
    "state", [telegram_hangs_at_start, resting, submitting, waiting_for_a_file, generating]
)
async def test_sigterm_ends_the_process_in_order_whatever_hangs(
    here: World, state: Callable[[World], Awaitable[None]]
) -> None:
    await state(here)
    await stop(here)
    assert len(here.posts()) <= 1


@pytest.mark.parametrize("state", [answering, reading, fetching, uploading])
async def test_what_sigterm_interrupts_goes_on_after_the_next_start(
    here: World, state: Callable[[World], Awaitable[None]]
) -> None:
    await state(here)
    await stop(here)
    here.telegram.release()
    here.kie.clear_script()
    await here.start()
    if state is answering:
        await here.admin.press(await here.card(), "Generate")
    if state is reading:
        here.kie.finish(here.kie.tasks[0].id)
    await here.video()
    await here.until(lambda: here.states() == ["done"], "the end")
    await stop(here)
    assert len(here.videos()) == 1
    assert len(here.posts()) == 1
    assert here.rows("SELECT kind FROM entries ORDER BY id") == [("hold",), ("capture",)]
