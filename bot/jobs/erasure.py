"""Forgetting a person who asks for it: rows, files, and what the disk still holds of them."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from bot.errors import StorageError
from bot.jobs import transactions
from storage import erasure, jobs, operations
from storage.database import Connection, Database
from storage.erasure import Belongings, Stake

__all__ = ["Erasure", "Stake"]

log = logging.getLogger(__name__)

VIDEOS = "videos"
# Names the newest deletion of rows, until their bytes have left the database's file.
UNCOMPACTED = "uncompacted"
# Rewriting the file keeps everybody waiting: nobody may cause it more often.
COMPACT_SECONDS = 60.0


class Erasure:
    """Nothing of a person is left when ``erase`` returns, or soon after when the disk is busy."""

    def __init__(self, *, database: Database, data_dir: Path, clock: Callable[[], float]) -> None:
        self._database = database
        self._data_dir = data_dir
        self._clock = clock
        self._compacted_at = float("-inf")

    async def stake(self, user_id: int) -> Stake:
        """Return what the person loses."""
        return await self._database.read(erasure.stake, user_id)

    async def erase(self, user_id: int, update_id: int) -> tuple[tuple[int, int], ...]:
        """Delete what is known of a person; ``update_id`` is the update that asks for it.

        Returns chat and message ids of their questions, cards and status cards. Files go first: a
        crash in between leaves rows, and so another press, but no file that no row names.
        """
        found = await self._database.read(erasure.belongings, user_id)
        await asyncio.to_thread(_delete_files, self._data_dir, found)
        found = await self._database.write(_erase, user_id, update_id, self._clock())
        await asyncio.to_thread(_delete_files, self._data_dir, found)
        log.info("somebody's data was deleted")
        await self._compact()
        return found.cards

    async def tidy(self) -> None:
        """At the start: delete what a killed process was fetching for somebody forgotten."""
        names = await asyncio.to_thread(_names_in, self._data_dir / VIDEOS)
        refs = {name.partition(".")[0] for name in names}
        erased = await self._database.read(erasure.erased_refs, refs)
        await asyncio.to_thread(_delete_files, self._data_dir, Belongings((), tuple(erased), ()))

    async def round(self) -> None:
        """Called every few seconds: finish what could not be done at once."""
        await self._database.write(erasure.purge, self._clock())
        await self._compact()

    async def _compact(self) -> None:
        """Rewrite the database's file if rows were deleted from it; at most once a minute."""
        deletion = await self._database.read(operations.fact, UNCOMPACTED)
        now = self._clock()
        # The clock may have been set back since.
        if not deletion or 0 <= now - self._compacted_at < COMPACT_SECONDS:
            return
        self._compacted_at = now
        try:
            await self._database.compact()
        except StorageError as error:
            log.warning("the database cannot be rewritten yet", extra={"error": str(error)})
        else:
            await self._database.write(_compacted, deletion)


def _erase(tx: Connection, user_id: int, update_id: int, now: float) -> Belongings:
    found = erasure.belongings(tx, user_id)
    for job in jobs.open_of(tx, user_id):
        transactions.abandon(tx, job, now)
    erasure.bury(tx, user_id, now)
    erasure.forget(tx, user_id, update_id)
    operations.set_fact(tx, UNCOMPACTED, f"{update_id} {now}")
    return found


def _compacted(tx: Connection, deletion: str) -> None:
    """Note that nothing is left of the deletions up to this one; there may be a newer one."""
    if operations.fact(tx, UNCOMPACTED) == deletion:
        operations.set_fact(tx, UNCOMPACTED, "")


def _delete_files(data_dir: Path, found: Belongings) -> None:
    for path in found.paths:
        (data_dir / path).unlink(missing_ok=True)
    for ref in found.refs:
        for file in (data_dir / VIDEOS).glob(f"{ref}.*"):
            file.unlink(missing_ok=True)


def _names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
