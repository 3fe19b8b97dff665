"""``make demo`` and ``demo --once`` run the unmodified bot, and clean up after themselves."""

import asyncio
import os
import re
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

import av
import httpx
import pytest

from bot.demo import once
from bot.demo.cast import ADMIN, RUSSIAN, STRANGER, USER
from bot.demo.messenger import Signal
from bot.demo.run import main
from bot.demo.show import Show, Stage
from bot.demo.theatre import Theatre
from bot.models import Access
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
PATIENCE_SECONDS = 60.0
MEGABYTES = re.compile(r"[\d.]+ MB")
VIDEO_PATH = re.compile(r"/\S+/veo-\w{8}\.mp4")


def listener(note: Path) -> tuple[str, ...]:
    return sys.executable, "-c", LISTENER.format(note=str(note))


async def demo(folder: Path, *arguments: str, **environ: str) -> tuple[int | None, list[str], str]:
    """Run ``python -m bot demo`` to its end; return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "bot", "demo", *arguments),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode().splitlines(), err.decode()


async def test_it_tells_one_address_serves_the_page_and_ends_with_0_at_sigterm() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    address = (await process.stdout.readline()).decode().strip()
    async with httpx.AsyncClient() as client:
        page = await client.get(address)
        elsewhere = await client.get(address.partition("/demo/")[0])
    process.send_signal(signal.SIGTERM)
    rest, complaints = await process.communicate()

    assert (process.returncode, rest, complaints) == (0, b"", b"")
    assert address.startswith("http://127.0.0.1:")
    assert (page.status_code, elsewhere.status_code) == (200, 404)
    assert "Nothing here is made by Veo and nothing is paid" in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


async def test_the_bot_is_stopped_before_telegram_goes_and_ran_in_an_empty_folder(
    tmp_path: Path,
) -> None:
    note, said, complaints = tmp_path / "note", asyncio.Event(), list[str]()
    stage = Stage(command=listener(note))
    running = asyncio.create_task(main(stage, lambda _: said.set(), complaints.append))
    await asyncio.wait_for(said.wait(), PATIENCE_SECONDS)
    os.kill(os.getpid(), signal.SIGINT)

    assert (await running, complaints) == (0, [])
    words, _, folder = note.read_text().partition(" in ")
    assert words == "stopped"
    assert Path(folder) not in {ROOT, Path.cwd()}
    assert not Path(folder).exists()


async def test_a_signal_while_it_starts_ends_it_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    said: list[str] = []
    stage = Stage(command=(sys.executable, "-c", "import signal; signal.pause()"))
    running = asyncio.create_task(main(stage, said.append, said.append))
    while not list(tmp_path.glob("veogram-demo-*/data/veogram.db")):
        await asyncio.sleep(0.02)
    os.kill(os.getpid(), signal.SIGTERM)

    assert (await running, said) == (0, [])
    assert list(tmp_path.iterdir()) == []


async def test_a_taken_port_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, lines, complaints = await demo(tmp_path, "--port", str(port))

    assert (code, lines) == (78, [])
    words = f"Cannot listen on 127.0.0.1 port {port}: Address already in use. Choose another"
    assert complaints == f"{words} --port.\n"


async def test_once_stopped_by_a_signal_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    note, folder = tmp_path / "note", tmp_path / "videos"
    stage = Stage(command=listener(note))
    said = asyncio.Event()
    running = asyncio.create_task(once.main(stage, "/generate x", folder, lambda _: said.set()))
    await asyncio.wait_for(said.wait(), PATIENCE_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(once.NoVideo, match="Stopped before there was a video"):
        await running
    assert note.read_text().startswith("stopped in ")
    assert set(tmp_path.iterdir()) == {note, folder}


async def test_a_bot_that_dies_ends_the_demo_with_1_and_a_sentence() -> None:
    said: list[str] = []
    complaints: list[str] = []
    stage = Stage(command=(sys.executable, "-c", "raise SystemExit(3)"))

    assert await main(stage, said.append, complaints.append) == 1
    assert said == []
    assert complaints == ["The demo ends: the bot has died, with exit code 3."]


async def test_the_bot_gets_valid_settings_and_nothing_of_the_operators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "999:real")
    monkeypatch.setenv("KIE_API_KEY", "real")
    note = tmp_path / "environment"
    script = (
        "import json, os, pathlib, urllib.request as web; env = os.environ\n"
        f"pathlib.Path({str(note)!r}).write_text(json.dumps(dict(env)))\n"
        "web.urlopen(env['TELEGRAM_API_URL'] + '/bot' + env['TELEGRAM_TOKEN'] + '/getUpdates')\n"
        "import signal; signal.pause()"
    )
    show = Show(Stage(command=(sys.executable, "-c", script)), 20, Signal())
    try:
        await show.open()
        given, settings = show.settings(), Settings.load(show.settings(), env_file=None)
        urls = (show.telegram.url, show.kie.url)
    finally:
        await show.close()

    assert "real" not in note.read_text().replace("realpath", "")
    assert settings.warnings == ()
    assert settings.admin_ids == {ADMIN.id}
    assert (settings.telegram_api_url, settings.kie_api_url) == urls
    assert (settings.poll_expected_seconds, settings.poll_min_seconds) == (9.0, 0.25)
    assert all("127.0.0.1" in value for name, value in given.items() if name.endswith("_URL"))


async def test_every_show_has_its_own_secrets_and_the_same_people(tmp_path: Path) -> None:
    theatre = Theatre(Stage(command=listener(tmp_path / "note")))
    seen = []
    for _ in range(2):
        await theatre.open()
        assert theatre.show is not None
        settings = theatre.show.settings()
        rows = theatre.show._books._opened().execute("SELECT id, access FROM users ORDER BY id")
        assert [tuple(row) for row in rows] == [
            (USER.id, Access.ALLOWED),
            (RUSSIAN.id, Access.ALLOWED),
        ]
        assert set(theatre.show.cast.people) == {ADMIN.id, USER.id, RUSSIAN.id, STRANGER.id}
        seen.append({settings[name] for name in ("TELEGRAM_TOKEN", "KIE_API_KEY")})
    await theatre.close()

    assert not seen[0] & seen[1]
    assert theatre.trouble == ""


async def test_a_bot_that_dies_later_ends_the_demo_too(tmp_path: Path) -> None:
    theatre = Theatre(Stage(command=listener(tmp_path / "note")))
    await theatre.open()
    assert theatre.show is not None
    process = theatre.show.bot._process
    assert process is not None
    process.kill()
    await asyncio.wait_for(theatre.over.wait(), PATIENCE_SECONDS)
    await theatre.close()

    assert theatre.trouble == "The demo ends: the bot has died, with exit code -9."


async def test_once_prints_the_transcript_writes_the_video_and_ends_with_0(
    tmp_path: Path,
) -> None:
    (tmp_path / ".env").write_text("TELEGRAM_TOKEN=1:real\nKIE_API_KEY=real\nPORT=none\n")
    command = ("--once", "/generate --ratio 9:16 a paper boat", "--out", "videos")
    code, lines, complaints = await demo(tmp_path, *command, KIE_API_KEY="real")

    assert (code, complaints) == (0, "")
    assert lines[0] == "Ada: /generate --ratio 9:16 a paper boat"
    assert "Ada presses [Generate · 60]" in lines
    assert any("[video, 720×1280, 8 s, " in line for line in lines)
    path = Path(lines[-1])
    assert path.parent == tmp_path / "videos"
    with av.open(str(path)) as video:
        picture = video.streams.video[0]
        assert (picture.width, picture.height) == (720, 1280)
        assert [stream.codec_context.name for stream in video.streams.audio] == ["aac"]
    assert {one.name for one in tmp_path.iterdir()} == {".env", "videos"}


async def test_the_transcript_in_the_readme_is_what_once_prints(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    _, command, rest = readme.partition("$ .venv/bin/python -m bot demo --once ")
    order, *told = rest.partition("\n```")[0].splitlines()
    code, lines, _ = await demo(tmp_path, "--once", order.strip('"'))

    assert (bool(command), code) == (True, 0)
    # A busy machine says more in between: how far it is, that it sends.
    said = iter([MEGABYTES.sub("MB", line) for line in lines[:-1]])
    assert [line for line in told[:-1] if MEGABYTES.sub("MB", line) not in said] == []
    assert [VIDEO_PATH.fullmatch(line) for line in (told[-1], lines[-1])].count(None) == 0


@pytest.mark.parametrize("text", ["/generate --go a boat #refuse", "/help", "/generate --rato 1 x"])
async def test_once_without_a_video_in_the_end_says_so_and_ends_with_1(
    tmp_path: Path, text: str
) -> None:
    code, lines, complaints = await demo(tmp_path, "--once", text)

    assert code == 1
    assert lines[0] == f"Ada: {text}"
    assert len(lines) > 1
    assert complaints.splitlines()[-1] == "No video was made; the bot's last words say why."
    assert "Traceback" not in complaints
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", " "])
async def test_once_without_an_order_says_so_before_anything_is_begun(
    tmp_path: Path, text: str
) -> None:
    code, lines, complaints = await demo(tmp_path, "--once", text)

    assert (code, lines) == (1, [])
    assert complaints.startswith("There is no order: ")


async def test_once_into_a_folder_that_cannot_be_says_so_before_anything_is_begun(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    code, lines, complaints = await demo(tmp_path, "--once", "x", "--out", "file/videos")

    assert (code, lines) == (1, [])
    assert complaints == "file/videos cannot hold the video: Not a directory.\n"


async def test_once_replaces_no_file(tmp_path: Path) -> None:
    said: list[str] = []
    stage = Stage(clock=time.time)
    for _ in range(2):
        assert await once.main(stage, "/generate --go a boat", tmp_path, said.append) == 0
    paths = [Path(line) for line in said if line.startswith(str(tmp_path))]

    assert len({path for path in paths if path.exists()}) == 2
