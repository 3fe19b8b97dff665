"""A machine in trouble: little or no room on the disk, a clock that is set back."""

import math
import resource
import shlex
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.demo.kie_faults import Fate
from bot.errors import Paused, StorageError
from bot.jobs.upkeep import DISK_ALERT, DISK_FULL_BYTES, DISK_SHORT_BYTES, Upkeep
from bot.models import State, Video
from storage import media
from storage.audit import audit
from tests.clips import draw_once
from tests.conftest import Clock
from tests.unit.jobs.life import ADA, Life, life

HOUR = 3600.0


class Disk:
    """Room that a test can take."""

    def __init__(self) -> None:
        self.free = 10 * DISK_SHORT_BYTES

    def __call__(self, folder: Path) -> int:
        assert folder.is_dir()
        return self.free


@pytest.fixture
def disk(here: Life) -> Disk:
    room = Disk()
    here.upkeep = Upkeep(
        database=here.database,
        kie=here.client,
        messenger=here.chat,
        rules=here.service.rules,
        data_dir=here.folder,
        nudge=lambda: None,
        clock=here.clock,
        free_bytes=room,
    )
    return room


async def test_a_full_disk_refuses_new_videos_without_charge_and_finishes_old_ones(
    here: Life, disk: Disk
) -> None:
    under_way = await here.order()
    await here.pass_seconds(10)
    disk.free = DISK_FULL_BYTES - 1
    await here.upkeep.round()
    with pytest.raises(Paused):
        await here.order("one more")
    await here.pass_seconds(300)
    assert (await here.job(under_way)).state is State.DONE
    assert await here.entries() == ["hold", "capture"]
    disk.free = DISK_SHORT_BYTES
    await here.upkeep.round()
    await here.order("room again")


async def test_what_waits_while_the_disk_is_full_is_not_sent_to_kie(here: Life, disk: Disk) -> None:
    waiting = await here.order()
    disk.free = 0
    await here.upkeep.round()
    await here.pass_seconds(30)
    assert (await here.job(waiting)).state is State.QUEUED
    disk.free = DISK_SHORT_BYTES
    await here.upkeep.round()
    await here.pass_seconds(300)
    assert (await here.job(waiting)).state is State.DONE


async def test_little_room_is_told_to_the_admins_once(here: Life, disk: Disk) -> None:
    disk.free = DISK_SHORT_BYTES - 1
    for _ in range(3):
        await here.upkeep.round()
    assert [name for name, _ in here.chat.alerts if name == DISK_ALERT] == [DISK_ALERT]


async def test_a_file_that_cannot_be_deleted_is_left_and_the_others_go(
    here: Life, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("kept.jpg", "gone.jpg"):
        photo = Video(f"videos/{name}", 1, 1, 0.0, 1)
        await here.database.write(media.insert, ADA, "photo", photo, 0.0)
    (here.folder / "videos/kept.jpg").mkdir()
    (here.folder / "videos/gone.jpg").touch()
    await here.upkeep.round()
    assert "cannot be deleted" in caplog.text
    assert [path.name for path in (here.folder / "videos").iterdir()] == ["kept.jpg"]


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_clock_set_back_by_an_hour_holds_nothing_up(here: Life, restarted: bool) -> None:
    here.build(creates_per_10s=1)
    here.kie.script_task(Fate(seconds=math.inf))
    first = await here.order("first")
    await here.settle()
    assert (await here.job(first)).state is State.GENERATING
    here.clock.advance(-HOUR)
    second = await here.order("second")
    here.kie.tasks[0].created_at -= HOUR  # KIE's own clock was right
    here.kie.finish(here.kie.tasks[0].id)
    await (here.worker.recover() if restarted else here.worker._look())
    await here.pass_seconds(600)
    assert [(await here.job(job)).state for job in (first, second)] == [State.DONE] * 2


async def test_after_a_clock_was_set_back_a_job_under_way_is_asked_after_as_before(
    here: Life,
) -> None:
    here.kie.script_task(Fate(seconds=math.inf))
    job = await here.order()
    await here.settle()
    here.clock.advance(-HOUR)
    here.kie.tasks[0].created_at -= HOUR  # KIE's own clock was right
    await here.worker._look()
    await here.settle()
    here.kie.finish(here.kie.tasks[0].id)
    await here.pass_seconds(600)
    assert (await here.job(job)).state is State.DONE


async def test_without_a_clock_set_back_a_restart_asks_kie_nothing_early(here: Life) -> None:
    job = await here.order()
    await here.settle()
    due_at = (await here.job(job)).due_at
    await here.worker.recover()
    assert (await here.job(job)).due_at == due_at


class SmallDisk:
    """A file system of a few megabytes; without the right to mount one, a limit on every file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        mount = f"mount -t tmpfs -o size=4m tmpfs {shlex.quote(str(folder))}"
        done = subprocess.run(["sh", "-c", mount], capture_output=True, check=False)
        self.is_real = done.returncode == 0

    def fill(self) -> None:
        """Leave no room."""
        if not self.is_real:
            size = (self.folder / "veogram.db-wal").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, self._limits[1]))
            return
        with suppress(OSError), self._filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        """Give it back."""
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        self.free()
        if self.is_real:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


@pytest.fixture
async def cramped(tmp_path: Path, clock: Clock) -> AsyncIterator[tuple[Life, SmallDisk]]:
    """A life whose data lies on a disk that can be filled."""
    (tmp_path / "small").mkdir()
    small = SmallDisk(tmp_path / "small")
    try:
        async with life(tmp_path / "small", clock, draw_once) as here:
            yield here, small
            assert await here.database.read(audit) == []
    finally:
        small.close()


async def test_an_order_that_the_disk_has_no_room_for_is_not_half_charged(
    cramped: tuple[Life, SmallDisk],
) -> None:
    here, small = cramped
    await here.user()
    small.fill()
    with pytest.raises(StorageError, match="disk"):
        await here.order("x" * 1000)
    small.free()
    assert await here.entries() == []
    job = await here.order("x" * 1000)
    await here.pass_seconds(300)
    assert (await here.job(job)).state is State.DONE
    assert await here.entries() == ["hold", "capture"]


async def test_the_task_of_a_paid_request_is_stored_as_soon_as_there_is_room(
    cramped: tuple[Life, SmallDisk],
) -> None:
    here, small = cramped
    job = await here.order()
    create, waits = here.client.create, list[float]()

    async def fill_meanwhile(*order: object) -> str:
        task_id: str = await create(*order)
        small.fill()
        return task_id

    async def free_at_last(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            small.free()

    kie: Any = here.worker._steps._kie
    kie.create = fill_meanwhile
    here.worker._steps._sleep = free_at_last
    await here.settle()
    assert len(waits) == 3
    assert (await here.job(job)).task_id == here.kie.tasks[0].id
    await here.pass_seconds(300)
    assert (await here.job(job)).state is State.DONE
    assert len(here.kie.tasks) == 1
    assert await here.entries() == ["hold", "capture"]
