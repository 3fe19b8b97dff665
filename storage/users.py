"""People the bot has met: their name, language, access, and what they last chose."""

from dataclasses import replace
from typing import Any, TypedDict, Unpack

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite understands it too

from bot.models import Access, Options, Ratio, Resolution, User
from storage.database import Connection
from storage.schema import users


class Preferences(TypedDict, total=False):
    """What people set for themselves in /settings."""

    language: str
    model: str | None  # ``None``, here and below: what the catalog begins with
    ratio: Ratio | None
    seconds: int | None
    resolution: Resolution | None
    translate: bool | None
    watermark: str | None


def get(tx: Connection, user_id: int, base: Options) -> User | None:
    """Return the user; what they never chose is taken from ``base``."""
    row = tx.execute(select(users).where(users.c.id == user_id)).one_or_none()
    return _user(row, base) if row else None


def seen_since(tx: Connection, user_id: int, since: float, base: Options) -> User | None:
    """Return somebody of whom it is noted that they wrote after ``since``."""
    query = select(users).where(users.c.id == user_id, users.c.seen_at > since)
    row = tx.execute(query).one_or_none()
    return _user(row, base) if row else None


def meet(tx: Connection, user_id: int, name: str, language: str, now: float, base: Options) -> User:
    """Remember that somebody wrote; ``language`` counts at the first meeting only."""
    row = tx.execute(
        upsert(users)
        .values(id=user_id, name=name, language=language, access=Access.STRANGER, seen_at=now)
        .on_conflict_do_update(index_elements=[users.c.id], set_={"name": name, "seen_at": now})
        .returning(*users.c)
    ).one()
    return _user(row, base)


def remember(tx: Connection, user_id: int, options: Options) -> None:
    """Keep model, ratio, length and resolution as the user's own from now on."""
    tx.execute(
        update(users)
        .where(users.c.id == user_id)
        .values(
            model=options.model,
            ratio=options.ratio,
            seconds=options.seconds,
            resolution=options.resolution,
        )
    )


def change(tx: Connection, user_id: int, **preferences: Unpack[Preferences]) -> None:
    """Set what is given."""
    if preferences:
        tx.execute(update(users).where(users.c.id == user_id).values(**preferences))


def set_access(tx: Connection, user_id: int, access: Access, now: float) -> bool:
    """Let somebody in or out, or note that they ask; False: the bot never met them."""
    values: dict[str, Any] = {"access": access}
    if access is Access.ASKED:
        values["asked_at"] = now
    return bool(tx.execute(update(users).where(users.c.id == user_id).values(values)).rowcount)


def admins(tx: Connection) -> list[int]:
    """Return the ids of those who are admins by the database, not by setting."""
    query = select(users.c.id).where(users.c.access == Access.ADMIN).order_by(users.c.id)
    return list(tx.execute(query).scalars())


def asked_at(tx: Connection, user_id: int) -> float | None:
    """Return when somebody last asked to be let in."""
    query = select(users.c.asked_at).where(users.c.id == user_id)
    return tx.execute(query).scalar_one_or_none()


def count_asking(tx: Connection) -> int:
    """Return how many people wait for the decision about their access."""
    query = select(func.count()).select_from(users).where(users.c.access == Access.ASKED)
    return tx.execute(query).scalar_one()


def _user(row: Row[Any], base: Options) -> User:
    chosen = {
        "model": row.model,
        "ratio": row.ratio and Ratio(row.ratio),
        "seconds": row.seconds,
        "resolution": row.resolution and Resolution(row.resolution),
        "translate": row.translate,
        "watermark": row.watermark,
    }
    return User(
        id=row.id,
        name=row.name,
        language=row.language,
        access=Access(row.access),
        defaults=replace(
            base, **{name: value for name, value in chosen.items() if value is not None}
        ),
    )
