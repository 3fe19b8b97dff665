"""Does the ledger add up? Each question is asked of the postings, never of the sums alone."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import exists, func, select

from bot.models import State
from storage.database import Connection
from storage.schema import balances, daily, entries, jobs, postings, totals

HELD = frozenset({"hold"})
CAPTURED = frozenset({"hold", "capture"})
RELEASED = frozenset({"hold", "release"})
REFUNDED = frozenset({"hold", "capture", "refund"})

# A video may still come after its credits were released; it is delivered free.
SETTLED: Mapping[State, tuple[frozenset[str], ...]] = {
    State.QUEUED: (HELD,),
    State.SUBMITTING: (HELD,),
    State.UNKNOWN: (HELD,),
    State.GENERATING: (HELD,),
    State.READY: (CAPTURED, RELEASED),
    State.DELIVERING: (CAPTURED, RELEASED),
    State.DONE: (CAPTURED, RELEASED),
    State.FAILED: (RELEASED, REFUNDED),
    State.EXPIRED: (RELEASED,),
    State.CANCELLED: (RELEASED,),
}


def audit(tx: Connection) -> list[str]:
    """Return a sentence for everything in the ledger that is not as it must be."""
    return [*_entries(tx), *_balances(tx), *_daily(tx), *_totals(tx), *_jobs(tx)]


def _entries(tx: Connection) -> Iterator[str]:
    amount = func.sum(postings.c.amount)
    query = select(postings.c.entry_id, amount).group_by(postings.c.entry_id).having(amount != 0)
    for entry_id, rest in tx.execute(query):
        yield f"The postings of entry {entry_id} do not add up to zero but to {rest}."


def _balances(tx: Connection) -> Iterator[str]:
    for name, column in (("granted", balances.c.granted), ("held", balances.c.held)):
        posted = _sums(
            tx,
            select(entries.c.user_id, func.sum(postings.c.amount))
            .join(postings)
            .where(postings.c.account == name)
            .group_by(entries.c.user_id),
        )
        kept = _sums(tx, select(balances.c.user_id, column))
        yield from _differences(f"The {name} credits of user", posted, kept)


def _daily(tx: Connection) -> Iterator[str]:
    posted = _sums(
        tx,
        select(entries.c.user_id, entries.c.day, -func.sum(postings.c.amount))
        .join(postings)
        .where(postings.c.account == "free")
        .group_by(entries.c.user_id, entries.c.day),
    )
    kept = _sums(tx, select(daily.c.user_id, daily.c.day, daily.c.used - daily.c.carried))
    yield from _differences("The free credits used by user", posted, kept)


def _totals(tx: Connection) -> Iterator[str]:
    other = entries.alias()
    released = exists().where(other.c.job_id == entries.c.job_id, other.c.kind == "release")
    posted = _sums(
        tx,
        select(entries.c.day, func.sum(postings.c.amount))
        .join(postings)
        .where(entries.c.kind == "hold", postings.c.account == "held", ~released)
        .group_by(entries.c.day),
    )
    kept = _sums(tx, select(totals.c.day, totals.c.used))
    yield from _differences("The credits used by all on", posted, kept)


def _jobs(tx: Connection) -> Iterator[str]:
    kinds: defaultdict[int, set[str]] = defaultdict(set)
    for job_id, kind in tx.execute(select(entries.c.job_id, entries.c.kind)):
        kinds[job_id].add(kind)
    posted = _sums(
        tx,
        select(entries.c.job_id, postings.c.account, func.sum(postings.c.amount))
        .join(postings)
        .where(entries.c.job_id.is_not(None))
        .group_by(entries.c.job_id, postings.c.account),
    )
    for job_id, ref, state, price in tx.execute(
        select(jobs.c.id, jobs.c.ref, jobs.c.state, jobs.c.price)
    ):
        standing = frozenset(kinds[job_id])
        if standing not in SETTLED[State(state)]:
            yield f"Job {ref} is {state}, but its entries are: {_listed(standing)}."
        for account, amount in _expected(standing, price).items():
            if (found := posted.get((job_id, account), 0)) != amount:
                yield f"Job {ref} at {price} has {found} instead of {amount} as {account}."


def _expected(standing: frozenset[str], price: int) -> dict[str, int]:
    """Return what a job's entries must leave in accounts: nothing, once it is given back."""
    expected = {
        "held": price if standing == HELD else 0,
        "spent": price if standing == CAPTURED else 0,
    }
    if standing in {RELEASED, REFUNDED}:
        expected |= {"free": 0, "granted": 0, "operator": 0}
    return expected


def _sums(tx: Connection, query: Any) -> dict[Any, int]:
    """Read rows of a key of one or more columns, and an amount."""
    return {(tuple(key) if len(key) > 1 else key[0]): amount for *key, amount in tx.execute(query)}


def _differences(what: str, posted: dict[Any, int], kept: dict[Any, int]) -> Iterator[str]:
    for key in sorted(posted.keys() | kept.keys()):
        if posted.get(key, 0) != kept.get(key, 0):
            yield (
                f"{what} {_listed(key)} are {posted.get(key, 0)} in the postings,"
                f" but {kept.get(key, 0)} in the sums."
            )


def _listed(key: Any) -> str:
    parts = sorted(key) if isinstance(key, frozenset) else key if isinstance(key, tuple) else [key]
    return ", ".join(str(part) for part in parts) or "none"
