"""A machine in trouble: little room on the disk, a clock that is set back."""

import math
from pathlib import Path

import pytest

from bot.demo.kie_faults import Fate
from bot.errors import Paused
from bot.jobs.upkeep import DISK_ALERT, DISK_FULL_BYTES, DISK_SHORT_BYTES, Upkeep
from bot.models import State, Video
from storage import media
from tests.unit.jobs.life import ADA, Life

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


async def test_without_a_clock_set_back_a_restart_asks_kie_nothing_early(here: Life) -> None:
    job = await here.order()
    await here.settle()
    due_at = (await here.job(job)).due_at
    await here.worker.recover()
    assert (await here.job(job)).due_at == due_at
