"""``make demo`` starts the unmodified bot, tells one address, and cleans up after itself."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import httpx
import pytest

from bot.demo.kie import KieStandin
from bot.demo.run import ADMIN_ID, Stage, bot_environment, main
from bot.demo.telegram import TelegramStandin
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
# Asks for updates once, then waits for SIGTERM and leaves a note.
LISTENER = """
import os, pathlib, signal, urllib.request
note = pathlib.Path({note!r})
def stop(*_):
    note.write_text("stopped in " + os.getcwd())
    raise SystemExit
signal.signal(signal.SIGTERM, stop)
env = os.environ
urllib.request.urlopen(env["TELEGRAM_API_URL"] + "/bot" + env["TELEGRAM_TOKEN"] + "/getUpdates")
while True:
    signal.pause()
"""


async def test_it_tells_one_address_serves_the_page_and_ends_with_0_at_sigterm() -> None:
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert demo.stdout is not None
    address = (await demo.stdout.readline()).decode().strip()
    async with httpx.AsyncClient() as client:
        page = await client.get(address)
    demo.send_signal(signal.SIGTERM)
    rest = await demo.stdout.read()

    assert (await demo.wait(), rest) == (0, b"")
    assert page.status_code == 200
    assert "Nothing here is made by Veo and nothing is paid" in page.text


async def test_the_bot_is_stopped_before_telegram_goes_and_ran_in_an_empty_folder(
    tmp_path: Path,
) -> None:
    note, said, complaints = tmp_path / "note", asyncio.Event(), list[str]()
    script = LISTENER.format(note=str(note))
    stage = Stage(
        say=lambda _: said.set(), complain=complaints.append, command=(sys.executable, "-c", script)
    )
    running = asyncio.create_task(main(stage))
    await asyncio.wait_for(said.wait(), 30)
    os.kill(os.getpid(), signal.SIGINT)

    assert (await running, complaints) == (0, [])
    words, _, folder = note.read_text().partition(" in ")
    assert words == "stopped"
    assert Path(folder) not in {ROOT, Path.cwd()}
    assert not Path(folder).exists()


async def test_a_bot_that_dies_ends_the_demo_with_1_and_a_sentence() -> None:
    said: list[str] = []
    complaints: list[str] = []
    command = (sys.executable, "-c", "raise SystemExit(3)")

    assert await main(Stage(said.append, complaints.append, command=command)) == 1
    assert said == []
    assert complaints == ["The demo ends: the bot has died, with exit code 3."]


async def test_the_bot_gets_valid_settings_and_nothing_of_the_operators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "999:real")
    monkeypatch.setenv("KIE_API_KEY", "real")
    monkeypatch.setenv("PUBLIC_URL", "https://example.org")
    telegram = TelegramStandin("1:x", time.time)
    kie = KieStandin(time.time, asyncio.sleep, api_key="x")
    stage = Stage(say=print, complain=print, speed=20)
    await telegram.start()
    await kie.start()
    environment = bot_environment(stage, telegram, kie, tmp_path)
    await telegram.stop()
    await kie.stop()

    settings = Settings.load(environment, env_file=None)
    assert "real" not in " ".join(environment.values())
    assert settings.warnings == ()
    assert settings.admin_ids == {ADMIN_ID}
    assert settings.public_url is None
    assert (settings.telegram_api_url, settings.kie_api_url) == (telegram.url, kie.url)
    assert (settings.poll_expected_seconds, settings.poll_min_seconds) == (9.0, 0.25)
