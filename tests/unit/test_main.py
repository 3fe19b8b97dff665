import json
import logging
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.__main__ import exit_code, main
from bot.errors import ConfigurationError, DatabaseDamaged, DataDirInUse
from storage.database import Database, lock_data_dir

TOKEN = "123456:AAF-secret_tail"
KEY = "0123kiekey4567"
SECRETS = {"TELEGRAM_TOKEN": TOKEN, "KIE_API_KEY": KEY}


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty working directory, and nothing but the two secrets in the environment."""
    for name in list(os.environ):
        if name != "PATH":
            monkeypatch.delenv(name)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bot(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "bot", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr().out
    assert all(command in shown for command in ("run", "demo", "check", "backup"))


@pytest.mark.parametrize("arguments", [["rum"], ["backup"], ["check", "--xml"], ["run", "--port"]])
def test_an_unknown_command_or_option_ends_with_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m bot" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["demo", "--speed", "0"], "demo --speed: Input should be greater than or equal to 1"),
        (["demo", "--port", "99999"], "demo --port: Input should be less than or equal to 65535"),
    ],
)
def test_an_option_out_of_range_is_told_in_a_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"python -m bot {words}\n"


@pytest.mark.parametrize("arguments", [["run"], ["backup", "copy.db"]])
def test_wrong_settings_end_with_78_and_one_page(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "no token")
    monkeypatch.setenv("PORT", "-1")
    assert main(arguments) == 78
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n- ") == 2
    assert "no token" not in captured.err


def test_the_module_can_be_run_and_shows_no_traceback(tmp_path: Path) -> None:
    done = bot(tmp_path, "run", TELEGRAM_TOKEN=TOKEN)
    assert done.returncode == 78
    assert "KIE_API_KEY is missing" in done.stderr
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stderr


def test_a_second_bot_on_the_same_data_is_told_so_in_a_sentence(tmp_path: Path) -> None:
    with lock_data_dir(tmp_path / "data"):
        done = bot(tmp_path, "run", **SECRETS, PORT="0", TELEGRAM_API_URL="http://127.0.0.1:1")
    assert done.returncode == 1
    assert "Another process uses the data folder data." in done.stderr
    assert "Traceback" not in done.stderr


def test_names_of_commands_in_the_environment_are_no_commands(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHECK", "1")
    monkeypatch.setenv("backup", "x")
    assert main([]) == 2


async def _made(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    await (await Database.open(path)).close()


async def test_backup_copies_the_database(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_DIR", str(folder / "elsewhere"))
    await _made(folder / "elsewhere" / "veogram.db")
    assert main(["backup", "copy.db"]) == 0
    assert "copy.db" in capsys.readouterr().out
    with closing(sqlite3.connect(folder / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


def test_a_backup_of_nothing_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", "copy.db"]) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert list(folder.iterdir()) == []


def _raiser(error: BaseException) -> Callable[[], int]:
    def execute() -> int:
        raise error

    return execute


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ConfigurationError("Mend PORT."), 78, "Mend PORT.\n"),
        (DataDirInUse(), 1, "Another process uses this data folder.\n"),
        (DatabaseDamaged("It is damaged."), 1, "It is damaged.\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_is_foreseen_ends_with_its_code_and_a_sentence(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    assert exit_code(_raiser(error)) == code
    assert capsys.readouterr().err == said


def test_a_fault_in_the_program_leaves_through_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert exit_code(_raiser(LookupError("unforeseen"))) == 1
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None


def test_check_with_wrong_settings_reports_them_as_json(tmp_path: Path) -> None:
    done = bot(tmp_path, "check", "--json", TELEGRAM_TOKEN=TOKEN)
    report = json.loads(done.stdout)
    assert done.returncode == 78
    assert report["ok"] is False
    assert [probe["probe"] for probe in report["probes"]] == ["settings"]
    assert "KIE_API_KEY is missing" in report["probes"][0]["sentence"]


def test_check_prints_a_line_per_probe_and_no_secret(tmp_path: Path) -> None:
    closed = "http://127.0.0.1:1"
    done = bot(tmp_path, "check", **SECRETS, TELEGRAM_API_URL=closed, KIE_API_URL=closed)
    verdicts = {line.split()[1]: line.split()[0] for line in done.stdout.splitlines()}
    assert done.returncode == 1
    assert verdicts["telegram"] == verdicts["kie"] == "FAIL"
    assert verdicts["settings"] == verdicts["catalog"] == verdicts["database"] == "OK"
    assert "disk" in verdicts
    assert "secret_tail" not in done.stdout + done.stderr
    assert KEY not in done.stdout + done.stderr
