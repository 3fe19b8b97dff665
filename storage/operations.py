"""What concerns the whole installation: pauses, alerts, facts, and how long jobs took."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite understands it too

from bot.models import Kind, State
from storage.database import Connection
from storage.schema import alerts, facts, jobs
from storage.schema import durations as past
from storage.schema import pauses as held_up

DURATIONS_KEPT = 50


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing of a scope goes to KIE, since when, when to try, and the credits it must have."""

    reason: str
    since: float
    probe_at: float
    need: int = 0


@dataclass(frozen=True, slots=True)
class Alert:
    """A trouble for the admins."""

    name: str
    text: str
    raised_at: float


def pause(
    tx: Connection, scope: str, reason: str, now: float, probe_at: float, need: int = 0
) -> bool:
    """Keep new jobs of ``scope`` from KIE; False: it was paused already, since earlier.

    ``probe_at`` is when to try again, ``need`` the credits that KIE must report before.
    """
    new = {"reason": reason, "probe_at": probe_at, "need": need}
    if tx.execute(update(held_up).where(held_up.c.scope == scope).values(new)).rowcount:
        return False
    tx.execute(insert(held_up).values(scope=scope, since=now, **new))
    return True


def resume(tx: Connection, scope: str) -> bool:
    """End a pause; False: there was none."""
    return bool(tx.execute(delete(held_up).where(held_up.c.scope == scope)).rowcount)


def pauses(tx: Connection) -> Mapping[str, Pause]:
    """Return the pauses by scope."""
    rows = tx.execute(select(held_up))
    return {row.scope: Pause(row.reason, row.since, row.probe_at, row.need) for row in rows}


def jobs_by_state(tx: Connection) -> Mapping[State, int]:
    """Return how many jobs there are in every state."""
    counted = tx.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state)).all()
    found = {row[0]: row[1] for row in counted}
    return {state: found.get(state.value, 0) for state in State}


def raise_alert(tx: Connection, name: str, text: str, now: float) -> bool:
    """Note a trouble that the admins are to be told of; False: it is known since earlier."""
    new = tx.execute(
        upsert(alerts)
        .values(name=name, text=text, raised_at=now)
        .on_conflict_do_nothing(index_elements=[alerts.c.name])
        .returning(alerts.c.name)
    )
    return new.first() is not None


def is_raised(tx: Connection, name: str) -> bool:
    """Tell whether the trouble is not over yet."""
    return tx.execute(select(alerts.c.name).where(alerts.c.name == name)).first() is not None


def clear_alert(tx: Connection, name: str) -> bool:
    """The trouble is over, raised again it is told again; False: there was none."""
    return bool(tx.execute(delete(alerts).where(alerts.c.name == name)).rowcount)


def untold_alerts(tx: Connection) -> list[Alert]:
    """Return the troubles that no admin was told of, oldest first."""
    rows = tx.execute(select(alerts).where(alerts.c.told_at.is_(None)).order_by(alerts.c.raised_at))
    return [Alert(row.name, row.text, row.raised_at) for row in rows]


def mark_told(tx: Connection, name: str, now: float) -> None:
    """Remember that the admins know."""
    tx.execute(update(alerts).where(alerts.c.name == name).values(told_at=now))


def forget_told(tx: Connection, name: str, before: float) -> None:
    """Forget a trouble that was told before then: when it comes again it is told again."""
    tx.execute(delete(alerts).where(alerts.c.name == name, alerts.c.told_at < before))


def fact(tx: Connection, name: str) -> str | None:
    """Return what is known under a name."""
    return tx.execute(select(facts.c.value).where(facts.c.name == name)).scalar_one_or_none()


def set_fact(tx: Connection, name: str, value: str) -> None:
    """Know ``value`` under a name from now on."""
    tx.execute(
        upsert(facts)
        .values(name=name, value=value)
        .on_conflict_do_update(index_elements=[facts.c.name], set_={"value": value})
    )


def drop_fact(tx: Connection, name: str) -> None:
    """Know nothing under a name any more."""
    tx.execute(delete(facts).where(facts.c.name == name))


def add_duration(tx: Connection, model: str, kind: Kind, seconds: float) -> None:
    """Learn how long a job took; the newest ``DURATIONS_KEPT`` of its sort are kept."""
    tx.execute(insert(past).values(model=model, kind=kind, seconds=seconds))
    same = (past.c.model == model, past.c.kind == kind)
    too_old = (
        select(past.c.id)
        .where(*same)
        .order_by(past.c.id.desc())
        .offset(DURATIONS_KEPT)
        .limit(1)
        .scalar_subquery()
    )
    tx.execute(delete(past).where(*same, past.c.id <= too_old))


def durations(tx: Connection, model: str, kind: Kind) -> list[float]:
    """Return how many seconds the newest jobs of a sort took, oldest first."""
    query = select(past.c.seconds).where(past.c.model == model, past.c.kind == kind)
    return list(tx.execute(query.order_by(past.c.id)).scalars())
