"""The database as a file: the lock, the check at start and the way back, the backup."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.errors import DatabaseDamaged, DataDirInUse, StorageError
from storage import files, operations
from storage.database import Connection, Database, backup, lock_data_dir

HOLDER = """
import sys, time
from pathlib import Path
from storage.files import lock_data_dir
lock = lock_data_dir(Path(sys.argv[1]))
print("locked", flush=True)
time.sleep(60)
"""


async def make(path: Path, value: str = "veo") -> None:
    database = await Database.open(path)
    await database.write(operations.set_fact, "name", value)
    await database.close()


async def name_in(path: Path) -> str | None:
    database = await Database.open(path)
    try:
        return await database.read(operations.fact, "name")
    finally:
        await database.close()


def test_the_first_lock_makes_the_folder_and_a_second_is_refused_until_it_ends(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "new" / "data"
    with lock_data_dir(folder), pytest.raises(DataDirInUse, match=str(folder)):
        lock_data_dir(folder)
    with lock_data_dir(folder):
        assert folder.is_dir()


def test_a_folder_locked_by_another_process_is_free_again_when_that_is_killed(
    tmp_path: Path,
) -> None:
    program = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "locked"
        with pytest.raises(DataDirInUse):
            lock_data_dir(tmp_path)
        holder.send_signal(signal.SIGKILL)
    lock_data_dir(tmp_path).release()


@pytest.mark.parametrize("folder", ["/sys", "/proc/veogram", "/sys/veogram"])
def test_a_data_folder_that_can_only_be_read_is_explained(folder: str) -> None:
    with pytest.raises(StorageError, match=f"The data folder {folder} cannot be written"):
        lock_data_dir(Path(folder))


def test_a_data_folder_that_is_a_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        lock_data_dir(tmp_path / "data")


async def test_a_database_in_a_missing_folder_is_explained(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        await Database.open(tmp_path / "missing" / "veogram.db")


async def test_a_backup_taken_while_others_write_is_one_whole_moment(
    database: Database, tmp_path: Path
) -> None:
    def set_both(tx: Connection, number: int) -> None:
        operations.set_fact(tx, "one", str(number))
        operations.set_fact(tx, "two", str(number))

    async def keep_writing() -> None:
        for number in range(200):
            await database.write(set_both, number)

    await database.write(set_both, -1)
    copy = tmp_path / "copy.db"
    writing = asyncio.create_task(keep_writing())
    await asyncio.to_thread(backup, tmp_path / "veogram.db", copy)
    await writing
    files.check(copy)
    with closing(sqlite3.connect(copy)) as connection:
        values = {value for (value,) in connection.execute("SELECT value FROM facts")}
    assert len(values) == 1


async def test_a_backup_replaces_the_former_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    source, target = tmp_path / "veogram.db", tmp_path / "copies" / "copy.db"
    target.parent.mkdir()
    await make(source, "old")
    backup(source, target)
    await make(source, "new")
    backup(source, target)
    assert [file.name for file in target.parent.iterdir()] == ["copy.db"]
    assert await name_in(target) == "new"


async def test_a_backup_is_for_its_owners_eyes_only(tmp_path: Path) -> None:
    source, target = tmp_path / "veogram.db", tmp_path / "copy.db"
    await make(source)
    backup(source, target)
    assert source.stat().st_mode & 0o077 == 0
    assert target.stat().st_mode & 0o077 == 0


async def test_a_backup_over_the_database_itself_is_refused(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "veogram.db"
    with pytest.raises(StorageError, match="in use"):
        backup(path, tmp_path / "." / "veogram.db")


async def test_a_backup_over_another_open_database_is_refused(
    database: Database, tmp_path: Path
) -> None:
    await make(tmp_path / "other.db")
    with pytest.raises(StorageError, match="in use"):
        backup(tmp_path / "other.db", tmp_path / "veogram.db")


def test_a_backup_of_nothing_is_refused_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no database"):
        backup(tmp_path / "veogram.db", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_that_fails_leaves_the_former_one_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("former")
    (tmp_path / "veogram.db").write_text("this is no database, whatever it is called")
    with pytest.raises(StorageError, match="did not work"):
        backup(tmp_path / "veogram.db", target)
    assert target.read_text() == "former"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "veogram.db"]


def damage_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8192:40960] = b"\x5a" * 32768
    path.write_bytes(content)


def cut_off(path: Path) -> None:
    path.write_bytes(b"")


def overwrite(path: Path) -> None:
    path.write_text("<html>not a database</html>" * 100)


@pytest.mark.parametrize("harm", [damage_pages, cut_off, overwrite])
async def test_a_damaged_database_is_left_as_it_is_and_its_message_restores_the_backup(
    tmp_path: Path, harm: object
) -> None:
    path, copy = tmp_path / "veo gram.db", tmp_path / "copy.db"
    await make(path)
    backup(path, copy)
    assert callable(harm)
    harm(path)
    content = path.read_bytes()
    with pytest.raises(DatabaseDamaged) as caught:
        await Database.open(path)
    assert path.read_bytes() == content
    command = str(caught.value).partition("start again: ")[2].replace("BACKUP", str(copy))
    await asyncio.to_thread(subprocess.check_call, ["/bin/sh", "-c", command])
    assert await name_in(path) == "veo"
    assert (tmp_path / "damaged" / "veo gram.db").read_bytes() == content
