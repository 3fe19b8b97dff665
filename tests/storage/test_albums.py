"""Albums grow part by part, wait, are ended once, and go."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from bot.models import Album, AlbumPart, Picture, Video
from storage import albums, media
from storage.database import Connection
from storage.schema import album_parts
from tests.storage.conftest import plans

QUIET, LONGEST = 1.0, 8.0


def part(number: int, group_id: str = "g", caption: str | None = None) -> AlbumPart:
    return AlbumPart(100 + number, 7, group_id, number, Picture(f"file{number}", 10), caption)


def arrive(tx: Connection, arrived: AlbumPart, at: float) -> AlbumPart:
    return albums.arrive(tx, arrived, 1, at, QUIET, LONGEST)


def complete(tx: Connection, at: float) -> Album:
    found = albums.complete(tx, 7, "g", at)
    assert found is not None
    return found


def test_parts_come_back_in_the_order_of_their_messages(tx: Connection) -> None:
    second, first = part(2, caption="both"), replace(part(1), picture=None, problem="wrong-format")
    arrive(tx, second, 0.0)
    arrive(tx, first, 0.5)
    assert complete(tx, 2.0) == Album(7, "g", second.update_id, 1.5, (first, second))


def test_every_part_restarts_the_wait_up_to_its_end(tx: Connection) -> None:
    for number in range(9):
        arrive(tx, part(number), at=number * 0.9)
        assert albums.complete(tx, 7, "g", number * 0.9 + 0.7) is None
    assert complete(tx, 8.0).due_at == 8.0


def test_a_part_that_comes_again_changes_nothing(tx: Connection) -> None:
    looked_at = replace(arrive(tx, part(1), 0.0), problem="broken")
    albums.settle(tx, looked_at)
    assert arrive(tx, part(1), 0.9) == looked_at
    assert complete(tx, 1.0).parts == (looked_at,)


def test_only_albums_whose_wait_is_over_are_due_oldest_first(tx: Connection) -> None:
    for at, group_id in ((0.5, "second"), (0.0, "first"), (3.0, "waits")):
        arrive(tx, part(int(at * 10), group_id), at)
    assert [album.group_id for album in albums.due(tx, 3.5)] == ["first", "second"]


def test_a_clock_that_is_set_back_keeps_no_album_open(tx: Connection) -> None:
    arrive(tx, part(1), 3600.0)
    assert [album.group_id for album in albums.due(tx, 10.0)] == ["g"]


def test_an_ended_album_opens_again_for_a_late_part(tx: Connection) -> None:
    arrive(tx, part(1), 0.0)
    album = complete(tx, 1.0)
    albums.close(tx, album, [101])
    assert albums.complete(tx, 7, "g", 9.0) is None
    arrive(tx, part(2), 20.0)
    again = complete(tx, 21.0)
    assert [each.taken for each in again.parts] == [True, False]
    assert (again.update_id, again.due_at) == (102, 21.0)


def test_closing_an_album_that_has_grown_leaves_it_open(tx: Connection) -> None:
    arrive(tx, part(1), 0.0)
    album = complete(tx, 1.0)
    arrive(tx, part(2), 1.5)
    albums.close(tx, album, [])
    assert len(complete(tx, 3.0).parts) == 2


def test_after_a_restart_every_open_album_waits_once_more(tx: Connection) -> None:
    arrive(tx, part(1), 0.0)
    albums.wait_again(tx, 1000.0, QUIET)
    assert albums.complete(tx, 7, "g", 1000.5) is None
    arrive(tx, part(2), 1000.8)
    assert albums.complete(tx, 7, "g", 1001.5) is None
    assert len(complete(tx, 1001.8).parts) == 2


@pytest.mark.parametrize("user_id", [1, 2])
def test_a_persons_albums_are_forgotten_with_their_parts(tx: Connection, user_id: int) -> None:
    arrive(tx, part(1), 0.0)
    albums.forget(tx, user_id)
    assert parts(tx) == (0 if user_id == 1 else 1)


def test_old_albums_are_purged_with_their_parts(tx: Connection) -> None:
    arrive(tx, part(1), 0.0)
    arrive(tx, part(2, "new"), 100.0)
    albums.purge(tx, 100.0)
    assert parts(tx) == 1


def test_a_part_goes_with_its_photo(tx: Connection) -> None:
    media_id = media.insert(tx, 1, "photo", Video("photos/a.jpg", 1, 1, 0.0, 1), 0.0, 101)
    albums.settle(tx, replace(arrive(tx, part(1), 0.0), media_id=media_id))
    tx.exec_driver_sql("DELETE FROM media")
    assert parts(tx) == 0


def parts(tx: Connection) -> int:
    count: int = tx.execute(select(func.count()).select_from(album_parts)).scalar_one()
    return count


def test_looking_for_albums_that_are_due_reads_only_open_ones(tx: Connection) -> None:
    assert plans(tx, lambda: albums.due(tx, 0.0)) == ["SCAN albums USING INDEX ix_albums_open"]
