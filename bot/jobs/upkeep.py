"""What is looked after from time to time: the account at KIE, disk, old rows, alerts."""

import asyncio
import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from bot.errors import ChatError, KieError
from bot.jobs import transactions
from bot.jobs.messenger import Messenger
from bot.jobs.rules import DRAFT_SECONDS, Rules
from bot.kie.client import KieClient
from storage import albums, drafts, inbox, links, media, operations, users
from storage.database import Connection, Database

log = logging.getLogger(__name__)

CREDITS_ALERT = "credits-low"
DISK_ALERT = "disk-short"
DISK_SHORT_BYTES = 1 << 30
# With less no new videos are accepted, so that there is room for those under way.
DISK_FULL_BYTES = 256 << 20
DISK_SECONDS = 60.0
INBOX_SECONDS = 48 * 3600.0
CREDIT_LOOK_SECONDS = 900.0
# So many times its limit must be left before a shortage is over.
WELL_ABOVE = 1.2
# Nobody may have opened a chat with the bot yet, or Telegram is out of reach.
ALERT_AGAIN_SECONDS = 60.0
# Whoever runs the bot may have to mend the folder first.
FILES_AGAIN_SECONDS = 3600.0
# A foreign callback is over as soon as it has come: the next one is told again, but not all day.
FOREIGN_ALERT_SECONDS = 24 * 3600.0


class Upkeep:
    """Each chore may be done at any time and any number of times."""

    def __init__(
        self,
        *,
        database: Database,
        kie: KieClient,
        messenger: Messenger,
        rules: Rules,
        data_dir: Path,
        nudge: Callable[[], None],
        clock: Callable[[], float],
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._database = database
        self._kie = kie
        self._messenger = messenger
        self._rules = rules
        self._data_dir = data_dir
        self._nudge = nudge
        self._clock = clock
        self._free_bytes = free_bytes
        self._credit_look_at = 0.0
        self._alert_at = 0.0
        self._files_at = 0.0

    async def round(self) -> None:
        """Do what is due; called every few seconds."""
        now = self._clock()
        await self._probe_account(now)
        await self._look_at_credit(now)
        await self._look_at_disk(now)
        await self._database.write(_purge, now)
        await self._remove_old_files(now)
        await self._tell_alerts(now)

    async def _probe_account(self, now: float) -> None:
        """A paused account is asked for its credit until it answers with enough of it."""
        pause = (await self._database.read(operations.pauses)).get(transactions.ACCOUNT)
        if pause is None or pause.probe_at > now:
            return
        try:
            credit = await self._kie.credit()
        except KieError as error:
            log.info("the account does not answer yet", extra={"error": str(error)})
            credit = None
        if credit is not None and credit >= pause.need:
            await self._database.write(transactions.resume_account, now)
            log.warning("the account at KIE answers again")
            self._nudge()
        else:
            probe_at = now + transactions.probe_seconds(pause.reason)
            await self._database.write(
                operations.pause, transactions.ACCOUNT, pause.reason, now, probe_at, pause.need
            )

    async def _look_at_credit(self, now: float) -> None:
        if now < self._credit_look_at:
            return
        self._credit_look_at = now + CREDIT_LOOK_SECONDS
        try:
            credit = await self._kie.credit()
        except KieError as error:
            log.warning("the credit cannot be read", extra={"error": str(error)})
            return
        limit = self._rules.credits_low
        await self._database.write(_watch, CREDITS_ALERT, credit, limit, f"{credit:g}", now)

    async def _look_at_disk(self, now: float) -> None:
        free = self._free_bytes(self._data_dir)
        text = f"{free >> 20} MB"
        await self._database.write(_watch, DISK_ALERT, free, DISK_SHORT_BYTES, text, now)
        if free < DISK_FULL_BYTES:
            until = now + DISK_SECONDS
            await self._database.write(operations.pause, transactions.DISK, "full", now, until)
        elif await self._database.write(operations.resume, transactions.DISK):
            self._nudge()

    async def _remove_old_files(self, now: float) -> None:
        if now < self._files_at:
            return
        old = await self._database.read(media.deletable, now - self._rules.keep_videos_seconds)
        gone = await asyncio.to_thread(_delete, self._data_dir, old)
        if gone:
            await self._database.write(media.forget_files, gone)
        if len(gone) < len(old):
            self._files_at = now + FILES_AGAIN_SECONDS

    async def _tell_alerts(self, now: float) -> None:
        """An alert is told once; while there is nobody to tell it to, it stays."""
        admins = self._rules.admin_ids | set(await self._database.read(users.admins))
        if not admins or now < self._alert_at:
            return
        for alert in await self._database.read(operations.untold_alerts):
            try:
                await self._messenger.alert(admins, alert.name, alert.text)
            except ChatError as error:
                log.warning("an alert was not told", extra={"alert": alert.name, "e": str(error)})
                self._alert_at = now + ALERT_AGAIN_SECONDS
                return
            await self._database.write(operations.mark_told, alert.name, self._clock())


def _delete(folder: Path, paths: Mapping[int, str]) -> list[int]:
    """Return the keys of the files that are gone."""
    gone = []
    for media_id, path in paths.items():
        try:
            (folder / path).unlink(missing_ok=True)
        except OSError as error:
            log.warning("a file cannot be deleted", extra={"file": path, "error": error.strerror})
        else:
            gone.append(media_id)
    return gone


def _purge(tx: Connection, now: float) -> None:
    drafts.drop_expired(tx, now)
    inbox.purge(tx, now - INBOX_SECONDS)
    albums.purge(tx, now - DRAFT_SECONDS)
    links.purge(tx, now)
    operations.forget_told(tx, transactions.FOREIGN_ALERT, now - FOREIGN_ALERT_SECONDS)


def _watch(tx: Connection, name: str, left: float, limit: float, text: str, now: float) -> None:
    """Raise an alert while less is left than the limit, and clear it well above.

    What wavers around its limit would be told again and again.
    """
    if left < limit:
        operations.raise_alert(tx, name, text, now)
    elif left >= limit * WELL_ABOVE:
        operations.clear_alert(tx, name)
