"""Who is let in: the first admin's link, requests for access, and the decisions about them."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import NotAllowed
from bot.jobs.rules import Rules
from bot.models import Access, Options, Place, User
from bot.tokens import hash_token, new_token
from storage import access, operations, users
from storage.access import Asking, Copy
from storage.database import Connection, Database

__all__ = ["Admission", "Asked", "Asking", "Copy", "News"]

# Undecided requests at a time: what strangers can put before the admins stays readable.
MAX_OPEN = 20
ASK_AGAIN_SECONDS = 24 * 3600.0
CLAIM = "claim"
CLAIMED = "claimed"  # the code that made the first admin, for updates that are handled again


class Asked(StrEnum):
    """What became of a request for access."""

    NEW = "new"
    BEFORE = "before"
    NOT_OPEN = "not-open"


@dataclass(frozen=True, slots=True)
class News:
    """What is to be said in chats: each holds until it is marked as said."""

    requests: list[tuple[User, Asking]]
    outdated: list[tuple[User, Copy, Asking]]
    decided: list[Asking]


class Admission:
    """Every method is one transaction; ``ring`` is called when there may be something to say."""

    def __init__(
        self,
        *,
        database: Database,
        rules: Rules,
        base: Options,
        ring: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._rules = rules
        self._base = base
        self._ring = ring
        self._clock = clock

    async def admins(self) -> list[User]:
        """Return all admins; those by setting that were never met have no name."""
        return await self._database.read(self._admins)

    def _admins(self, tx: Connection) -> list[User]:
        return [self._user(tx, admin_id) for admin_id in sorted(self._admin_ids(tx))]

    def _admin_ids(self, tx: Connection) -> set[int]:
        return {*self._rules.admin_ids, *users.admins(tx)}

    def _user(self, tx: Connection, user_id: int) -> User:
        unknown = User(user_id, "", "", Access.STRANGER, self._base)
        return users.get(tx, user_id, self._base) or unknown

    # The first admin

    async def new_claim(self) -> str | None:
        """Return the code that makes its first bearer admin, ``None`` when there is an admin.

        Any former code is void from here on; only a hash of the new one is stored.
        """
        return await self._database.write(self._new_claim)

    def _new_claim(self, tx: Connection) -> str | None:
        if self._admin_ids(tx):
            operations.drop_fact(tx, CLAIM)
            return None
        code = new_token()
        operations.set_fact(tx, CLAIM, hash_token(code))
        return code

    async def claim(self, code: str, user: User) -> bool:
        """Make the bearer of the code admin unless somebody was first; repeating is safe."""
        claimed = await self._database.write(self._claim, code, user.id)
        self._ring()
        return claimed

    def _claim(self, tx: Connection, code: str, user_id: int) -> bool:
        admin_ids = self._admin_ids(tx)
        if admin_ids:
            return user_id in admin_ids and _is(tx, CLAIMED, code)
        if not _is(tx, CLAIM, code):
            return False
        operations.drop_fact(tx, CLAIM)
        operations.set_fact(tx, CLAIMED, hash_token(code))
        return users.set_access(tx, user_id, Access.ADMIN, self._clock())

    # Requests

    async def ask(self, user: User, place: Place, update_id: int) -> Asked:
        """Put somebody's request before the admins; ``place`` is where they hear of the decision.

        An update that is handled again gets the same answer and changes nothing.
        """
        asked = await self._database.write(self._ask, user.id, place, update_id)
        self._ring()
        return asked

    def _ask(self, tx: Connection, user_id: int, place: Place, update_id: int) -> Asked:
        former, now = access.get(tx, user_id), self._clock()
        if former is not None and former.update_id == update_id:
            return Asked.NEW
        refusal = self._refusal(tx, self._user(tx, user_id), now)
        if refusal is not None:
            return refusal
        access.put(tx, user_id, place, update_id)
        users.set_access(tx, user_id, Access.ASKED, now)
        return Asked.NEW

    @staticmethod
    def _refusal(tx: Connection, user: User, now: float) -> Asked | None:
        match user.access:
            case Access.DENIED | Access.BANNED:
                return Asked.NOT_OPEN
            case Access.ASKED:
                last = users.asked_at(tx, user.id)
                return Asked.BEFORE if now - (last or 0.0) < ASK_AGAIN_SECONDS else None
            case _:
                return Asked.NOT_OPEN if users.count_asking(tx) >= MAX_OPEN else None

    async def decide(self, user_id: int, admin: User, *, allow: bool) -> bool:
        """Let somebody who asked in, or not; False when another decision was first.

        Repeating one's own decision is safe. Raises NotAllowed for anybody but an admin.
        """
        decided = await self._database.write(self._decide, user_id, admin.id, allow)
        self._ring()
        return decided

    def _decide(self, tx: Connection, user_id: int, admin_id: int, allow: bool) -> bool:
        if admin_id not in self._admin_ids(tx):
            raise NotAllowed
        if not access.decide(tx, user_id, admin_id, allowed=allow):
            former = access.get(tx, user_id)
            own = (admin_id, allow)
            return former is not None and (former.decided_by, former.allowed) == own
        if self._user(tx, user_id).access is Access.ASKED:
            to = Access.ALLOWED if allow else Access.DENIED
            users.set_access(tx, user_id, to, self._clock())
        return True

    # What is to be said

    async def news(self) -> News:
        """Return what admins and askers do not know yet."""
        return await self._database.read(self._news)

    def _news(self, tx: Connection) -> News:
        untold = access.untold_admins(tx, self._admin_ids(tx))
        return News(
            requests=[(self._user(tx, admin_id), asking) for admin_id, asking in untold],
            outdated=[
                (self._user(tx, copy.admin_id), copy, asking)
                for copy, asking in access.outdated_copies(tx)
            ],
            decided=access.untold_askers(tx),
        )

    async def told_admin(self, copy: Copy, asking: Asking) -> None:
        """Note that an admin has the message about a request."""
        await self._database.write(access.add_copy, copy, asking)

    async def closed(self, copy: Copy) -> None:
        """Note that a message shows the decision, or cannot any more."""
        await self._database.write(access.drop_copy, copy)

    async def told_asker(self, asking: Asking) -> None:
        """Note that a person knows the decision, or cannot be told."""
        await self._database.write(access.mark_told, asking)


def _is(tx: Connection, fact: str, code: str) -> bool:
    known = operations.fact(tx, fact)
    return known is not None and hmac.compare_digest(known, hash_token(code))
