"""What a new card begins with for somebody, and the language that they read."""

from bot.catalog import Catalog
from bot.errors import DraftGone
from bot.models import Draft, Options, User
from storage import drafts, users
from storage.database import Connection, Database

NAMES = ("model", "ratio", "seconds", "resolution", "translate", "watermark")


class Preferences:
    """Only what somebody chose is stored: all else follows the catalog."""

    def __init__(self, *, database: Database, catalog: Catalog) -> None:
        self._database = database
        self._catalog = catalog

    async def choose(self, user: User, options: Options) -> User:
        """Begin with these options from now on; what differs from before counts as chosen."""
        return await self._database.write(self._choose, user, options)

    def _choose(self, tx: Connection, user: User, options: Options) -> User:
        before = user.defaults
        chosen = {
            name: getattr(options, name)
            for name in NAMES
            if getattr(options, name) != getattr(before, name)
        }
        users.change(tx, user.id, **chosen)
        return self._current(tx, user)

    async def answer_watermark(self, user: User, draft: Draft, text: str) -> User:
        """Take the text that was asked for, and close the question. Raises DraftGone."""
        return await self._database.write(self._answer_watermark, user, draft, text)

    def _answer_watermark(self, tx: Connection, user: User, draft: Draft, text: str) -> User:
        if not drafts.drop(tx, draft.id):
            raise DraftGone
        users.change(tx, user.id, watermark=text or None)
        return self._current(tx, user)

    async def speak(self, user: User, language: str) -> User:
        """Speak a language with somebody from now on."""
        return await self._database.write(self._speak, user, language)

    def _speak(self, tx: Connection, user: User, language: str) -> User:
        users.change(tx, user.id, language=language)
        return self._current(tx, user)

    async def reset(self, user: User, language: str) -> User:
        """Forget what was chosen; ``language`` is the one that their Telegram speaks."""
        return await self._database.write(self._reset, user, language)

    def _reset(self, tx: Connection, user: User, language: str) -> User:
        users.change(
            tx,
            user.id,
            language=language,
            model=None,
            ratio=None,
            seconds=None,
            resolution=None,
            translate=None,
            watermark=None,
        )
        return self._current(tx, user)

    def _current(self, tx: Connection, user: User) -> User:
        return users.get(tx, user.id, self._catalog.default_options()) or user
