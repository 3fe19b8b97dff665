"""Who plays in the demo: the people, the group they share, and who was let in beforehand."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.demo.people import Group, Person
from bot.demo.telegram import TelegramStandin
from bot.models import Access, Options
from storage import users
from storage.database import Connection, Database


@dataclass(frozen=True, slots=True)
class Role:
    """A part in the demo; ``known``: the bot has met them before the curtain rises."""

    id: int
    name: str
    username: str
    language: str
    title: str
    about: str
    known: bool = True


USER = Role(1_000_002, "Emma", "emma", "en", "user", "Was let in; has a daily quota.")
RUSSIAN = Role(1_000_003, "Вера", "vera", "ru", "user, Russian", "The same, in Russian.")
ADMIN = Role(
    1_000_001, "Ada", "ada", "en", "admin", "Runs the bot: lets people in, grants credits."
)
STRANGER = Role(
    1_000_004, "Sam", "sam", "en", "stranger", "Nobody has let them in yet.", known=False
)
ROLES = (USER, RUSSIAN, ADMIN, STRANGER)
GROUP_TITLE = "Film club"


@dataclass(frozen=True, slots=True)
class Cast:
    """The people by id, and their group."""

    people: dict[int, Person]
    group: Group

    @classmethod
    def enter(cls, telegram: TelegramStandin) -> "Cast":
        """Bring everybody into a stand-in."""
        people = {
            role.id: telegram.user(role.id, role.name, role.username, role.language, met=role.known)
            for role in ROLES
        }
        # As a new bot is: it hears only what is meant for it.
        return cls(people, telegram.group(GROUP_TITLE, privacy=True))

    def names(self) -> Iterator[tuple[int, str]]:
        """Yield the name of everybody, by id."""
        return ((role.id, role.name) for role in ROLES)


async def let_in(path: Path, now: float) -> None:
    """Write a new database in which the users among the cast were let in already."""
    database = await Database.open(path)
    try:
        for role in (USER, RUSSIAN):
            await database.write(_let_in, role, now)
    finally:
        await database.close()


def _let_in(tx: Connection, role: Role, now: float) -> None:
    # What they would choose by default is of no interest here.
    users.meet(tx, role.id, role.name, role.language, now, Options(model=""))
    users.set_access(tx, role.id, Access.ALLOWED, now)
