"""Follows chats that change: a group that becomes a supergroup gets another id."""

from collections.abc import Callable

from bot.models import Draft, Job, Options, User
from storage import access, drafts, jobs, lineage, users
from storage.database import Connection, Database


class Chats:
    """Every method is one transaction and safe to repeat."""

    def __init__(self, *, database: Database, base: Options, clock: Callable[[], float]) -> None:
        self._database = database
        self._base = base
        self._clock = clock

    async def follow(self, old_id: int, new_id: int) -> None:
        """Let everything that belongs to a group go on in what it has become."""
        await self._database.write(follow, old_id, new_id)

    async def unshown_drafts(self, chat_id: int) -> list[tuple[Draft, User]]:
        """Return the open drafts in a chat, with their people, that have no message there."""
        return await self._database.read(self._unshown_drafts, chat_id)

    def _unshown_drafts(self, tx: Connection, chat_id: int) -> list[tuple[Draft, User]]:
        found = [
            (draft, users.get(tx, draft.user_id, self._base))
            for draft in drafts.unshown(tx, chat_id, self._clock())
        ]
        return [(draft, user) for draft, user in found if user is not None]


def follow(tx: Connection, old_id: int, new_id: int) -> None:
    """Give everything in a group its new id."""
    drafts.move_chat(tx, old_id, new_id)
    jobs.move_chat(tx, old_id, new_id)
    access.move_chat(tx, old_id, new_id)
    lineage.leave_chat(tx, old_id)


def follow_from(tx: Connection, job: Job, new_id: int, now: float) -> None:
    """Follow the group of a job whose step found it moved, and make the job due again."""
    follow(tx, job.place.chat_id, new_id)
    current = jobs.get(tx, job.id)
    if current is not None:
        jobs.change(tx, current, due_at=now)
