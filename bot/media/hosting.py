"""Puts photos where KIE can fetch them."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bot.media.links import LinkKind, Links

# KIE fetches photos when it accepts a request; a job that has ended needs none.
OWN_SECONDS = 24 * 3600.0


class PhotoHosting(Protocol):
    """Makes a photo public for one attempt at making a video."""

    async def publish(self, path: Path, attempt: str) -> str:
        """Return the URL of the photo in ``path``, good for this attempt and no other."""
        ...


class Uploads(Protocol):
    """The part of the KIE client that is needed here."""

    async def upload(self, path: Path, name: str) -> str:
        """Upload a file under a name and return its URL."""
        ...


class KieUploads:
    """Photos on KIE's own file service, which keeps them for 24 hours."""

    def __init__(self, client: Uploads) -> None:
        self._client = client

    async def publish(self, path: Path, attempt: str) -> str:  # noqa: ARG002 - named by chance
        """Upload the photo anew, under a name that no other upload has and that tells nothing.

        Raises what the client raises, ``KieError``.
        """
        return await self._client.upload(path, f"{secrets.token_hex(16)}.jpg")


class OwnHosting:
    """Photos on the bot's own web server, until their job has ended, for a day at most."""

    def __init__(self, links: Links, clock: Callable[[], float]) -> None:
        self._links = links
        self._clock = clock

    async def publish(self, path: Path, attempt: str) -> str:
        """Give the photo an address that no other attempt has; ``attempt``: the job's ``ref``."""
        expires_at = self._clock() + OWN_SECONDS
        return await self._links.share(LinkKind.PHOTO, path, attempt, expires_at)
