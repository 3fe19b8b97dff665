"""Credits: an append-only double-entry ledger, and the sums that a spend is decided on.

A hold takes the free credits of its UTC day first, then granted ones; an admin's comes from the
operator. It ends once: captured, or released to where it came from. A capture may be refunded once.
``storage.audit`` proves that all of it adds up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, and_, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite understands it too

from bot.errors import QuotaExceeded
from bot.models import Quota
from storage.database import Connection
from storage.schema import balances, entries, postings, totals
from storage.schema import daily as days

# Keeps sums far from the integers' end however often it is granted.
GRANT_MAX = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Hold:
    """How much a job holds or held, for whom, since which day, and out of which accounts."""

    job_id: int
    user_id: int
    day: str
    amount: int
    sources: Mapping[str, int]


def day_of(now: float) -> str:
    """Return the UTC day of a time, as YYYY-MM-DD."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def quota(
    tx: Connection, user_id: int, now: float, *, daily: int, total: int | None, admin: bool
) -> Quota:
    """Return what a user can spend of ``daily`` and granted credits, and all of ``total``."""
    used, granted, held, used_by_all = tx.execute(_sums(user_id, day_of(now))).one()
    midnight = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Quota(
        free=None if admin else daily - used,
        granted=granted,
        held=held,
        daily=daily,
        total_left=None if total is None else total - used_by_all,
        resets_at=(midnight + timedelta(days=1)).timestamp(),
    )


def hold(
    tx: Connection,
    job_id: int,
    user_id: int,
    amount: int,
    now: float,
    *,
    daily: int,
    total: int | None,
    admin: bool,
) -> None:
    """Reserve the price of a new job, in credits.

    Raises QuotaExceeded, before anything is changed, when the user's credits or those of the day
    for all do not suffice.
    """
    left = quota(tx, user_id, now, daily=daily, total=total, admin=admin)
    _require(amount, left)
    free = 0 if left.free is None else min(amount, max(left.free, 0))
    sources = {"operator": amount} if admin else {"free": free, "granted": amount - free}
    new = _Hold(job_id, user_id, day_of(now), amount, sources)
    entry_id = tx.execute(
        insert(entries)
        .values(kind="hold", user_id=user_id, job_id=job_id, day=new.day, at=now)
        .returning(entries.c.id)
    ).scalar_one()
    _post(tx, entry_id, {"held": amount} | {source: -part for source, part in sources.items()})
    _open_balance(tx, user_id)
    _use(tx, new, daily, total)


def capture(tx: Connection, job_id: int, now: float) -> bool:
    """Spend what a job holds; False: it holds nothing any more."""
    held = _hold_of(tx, job_id)
    if held is None:
        return False
    if not _enter(tx, "capture", held, now, {"held": -held.amount, "spent": held.amount}):
        return False
    _change_balance(tx, held.user_id, held=-held.amount)
    return True


def release(tx: Connection, job_id: int, now: float) -> bool:
    """Give back what a job holds, to its sources; False: it holds nothing any more.

    A free part counts for the day of ``now``; the total of the hold's day is as if it had not been.
    """
    held = _hold_of(tx, job_id)
    if held is None:
        return False
    if not _enter(tx, "release", held, now, {"held": -held.amount, **held.sources}):
        return False
    _change_balance(tx, held.user_id, held=-held.amount)
    _give_back(tx, held, now)
    tx.execute(
        update(totals).where(totals.c.day == held.day).values(used=totals.c.used - held.amount)
    )
    return True


def refund(tx: Connection, job_id: int, now: float) -> bool:
    """Give back what was captured, to its sources; False: nothing is spent, or it was given back.

    KIE was paid: the total of the day stays as it is.
    """
    held = _hold_of(tx, job_id)
    if held is None or not _was_captured(tx, job_id):
        return False
    if not _enter(tx, "refund", held, now, {"spent": -held.amount, **held.sources}):
        return False
    _give_back(tx, held, now)
    return True


def grant(tx: Connection, user_id: int, amount: int, update_id: int, now: float) -> bool:
    """Add credits that do not end with the day; False: this update has done so before.

    Raises ValueError unless ``amount`` is from 1 to ``GRANT_MAX`` credits.
    """
    if not 0 < amount <= GRANT_MAX:
        raise ValueError(f"{amount} credits cannot be granted")
    entry_id = tx.execute(
        upsert(entries)
        .values(kind="grant", user_id=user_id, update_id=update_id, day=day_of(now), at=now)
        .on_conflict_do_nothing(index_elements=[entries.c.update_id])
        .returning(entries.c.id)
    ).scalar_one_or_none()
    if entry_id is None:
        return False
    _post(tx, entry_id, {"bank": -amount, "granted": amount})
    _open_balance(tx, user_id)
    _change_balance(tx, user_id, granted=amount)
    return True


def _sums(user_id: int, day: str) -> Select[int, int, int, int]:
    """Select free credits used on the day, granted ones, held ones, and what all used that day."""
    mine = balances.c.user_id == user_id
    today = and_(days.c.user_id == user_id, days.c.day == day)
    return select(
        func.coalesce(select(days.c.used).where(today).scalar_subquery(), 0),
        func.coalesce(select(balances.c.granted).where(mine).scalar_subquery(), 0),
        func.coalesce(select(balances.c.held).where(mine).scalar_subquery(), 0),
        func.coalesce(select(totals.c.used).where(totals.c.day == day).scalar_subquery(), 0),
    )


def _require(amount: int, left: Quota) -> None:
    if amount < 0:
        raise ValueError(f"{amount} credits cannot be held")
    own = None if left.free is None else max(left.free, 0) + left.granted
    if own is not None and amount > own:
        raise QuotaExceeded(amount, own, "own")
    if left.total_left is not None and amount > left.total_left:
        raise QuotaExceeded(amount, max(left.total_left, 0), "total")


def _use(tx: Connection, new: _Hold, daily: int, total: int | None) -> None:
    """Count a hold in the sums, each only as far as its limit allows at this very moment.

    Where several write at once, others may have been faster since the limits were looked up.
    """
    free, granted = new.sources.get("free", 0), new.sources.get("granted", 0)
    counted = (
        _use_total(tx, new.day, new.amount, total)
        and (not free or _use_free(tx, new.user_id, new.day, free, daily))
        and _change_balance(tx, new.user_id, granted=-granted, held=new.amount)
    )
    if not counted:
        raise QuotaExceeded(new.amount, 0)


def _use_total(tx: Connection, day: str, amount: int, total: int | None) -> bool:
    used = totals.c.used + amount
    written = tx.execute(
        upsert(totals)
        .values(day=day, used=amount)
        .on_conflict_do_update(
            index_elements=[totals.c.day],
            set_={"used": used},
            where=None if total is None else used <= total,
        )
        .returning(totals.c.used)
    )
    return written.first() is not None


def _use_free(tx: Connection, user_id: int, day: str, amount: int, daily: int | None) -> bool:
    """Count free credits as used, up to ``daily``; a negative amount takes them off again."""
    used = days.c.used + amount
    written = tx.execute(
        upsert(days)
        .values(user_id=user_id, day=day, used=amount)
        .on_conflict_do_update(
            index_elements=[days.c.user_id, days.c.day],
            set_={"used": used},
            where=None if daily is None else used <= daily,
        )
        .returning(days.c.used)
    )
    return written.first() is not None


def _open_balance(tx: Connection, user_id: int) -> None:
    """Make a user's row of sums; taking off by an upsert would break its constraints."""
    tx.execute(
        upsert(balances)
        .values(user_id=user_id, granted=0, held=0)
        .on_conflict_do_nothing(index_elements=[balances.c.user_id])
    )


def _change_balance(tx: Connection, user_id: int, *, granted: int = 0, held: int = 0) -> bool:
    """Add to a user's sums; False, and nothing done, where granted credits would not suffice."""
    return bool(
        tx.execute(
            update(balances)
            .where(balances.c.user_id == user_id, balances.c.granted + granted >= 0)
            .values(granted=balances.c.granted + granted, held=balances.c.held + held)
        ).rowcount
    )


def _give_back(tx: Connection, held: _Hold, now: float) -> None:
    if free := held.sources.get("free", 0):
        _use_free(tx, held.user_id, day_of(now), -free, None)
    if granted := held.sources.get("granted", 0):
        _change_balance(tx, held.user_id, granted=granted)


def _enter(tx: Connection, kind: str, held: _Hold, now: float, amounts: Mapping[str, int]) -> bool:
    """Write what became of a hold; False where the schema's unique indexes say that it stands."""
    entry_id = tx.execute(
        upsert(entries)
        .values(kind=kind, user_id=held.user_id, job_id=held.job_id, day=day_of(now), at=now)
        .on_conflict_do_nothing()
        .returning(entries.c.id)
    ).scalar_one_or_none()
    if entry_id is None:
        return False
    _post(tx, entry_id, amounts)
    return True


def _post(tx: Connection, entry_id: int, amounts: Mapping[str, int]) -> None:
    rows = [
        {"entry_id": entry_id, "account": account, "amount": amount}
        for account, amount in amounts.items()
        if amount
    ]
    if rows:
        tx.execute(insert(postings), rows)


def _hold_of(tx: Connection, job_id: int) -> _Hold | None:
    rows = tx.execute(
        select(entries.c.user_id, entries.c.day, postings.c.account, postings.c.amount)
        .outerjoin(postings, postings.c.entry_id == entries.c.id)  # a price of 0 posts nothing
        .where(entries.c.job_id == job_id, entries.c.kind == "hold")
    ).all()
    if not rows:
        return None
    amounts = {row.account: row.amount for row in rows if row.account is not None}
    amount = amounts.pop("held", 0)
    sources = {source: -part for source, part in amounts.items()}
    return _Hold(job_id, rows[0].user_id, rows[0].day, amount, sources)


def _was_captured(tx: Connection, job_id: int) -> bool:
    query = select(entries.c.id).where(entries.c.job_id == job_id, entries.c.kind == "capture")
    return tx.execute(query).first() is not None
