"""Shares files under the bot's own public address."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.tokens import hash_token, new_token
from storage import links
from storage.database import Database


class LinkKind(StrEnum):
    """What is shared: the photos of a request with KIE, a large video with people."""

    PHOTO = links.PHOTO
    RESULT = links.RESULT

    @property
    def path(self) -> str:
        """Where addresses of this kind lie below PUBLIC_URL."""
        return f"/{self.value}s"


@dataclass(frozen=True, slots=True)
class Shared:
    """A file to hand out, and the name that it is handed out under."""

    path: Path
    name: str


class Links:
    """Every address holds a token of its own that gives access to one file, for a while."""

    def __init__(
        self,
        *,
        database: Database,
        public_url: str,
        data_dir: Path,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._public_url = public_url
        self._data_dir = data_dir
        self._clock = clock

    async def share(self, kind: LinkKind, path: Path, job_ref: str, expires_at: float) -> str:
        """Return the address of a file in ``data_dir`` that belongs to a job."""
        token = new_token()
        link = links.Link(job_ref, str(path.relative_to(self._data_dir)))
        await self._database.write(links.add, hash_token(token), kind.value, link, expires_at)
        return f"{self._public_url}{kind.path}/{token}"

    async def find(self, kind: LinkKind, token: str) -> Shared | None:
        """Return the file behind a token; ``None``: there is none, or not any more."""
        link = await self._database.read(links.find, hash_token(token), kind.value, self._clock())
        if link is None:
            return None
        path = self._data_dir / link.path
        return Shared(path, f"veo-{link.job_ref}{path.suffix}")
