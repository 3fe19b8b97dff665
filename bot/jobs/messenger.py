"""What the life of a job has to say to chats; the handlers' side knows how to say it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from bot.jobs.offers import Offers
from bot.media.videos import Prepared
from bot.models import Job


@dataclass(frozen=True, slots=True)
class Sent:
    """What Telegram made of an uploaded video."""

    message_id: int
    file_id: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The status of a queued job: its place, from 1, and what keeps it beside those before it.

    ``paused_model``: its model does not do at the moment what the job asks for.
    """

    place: int
    paused_account: bool = False
    paused_model: bool = False


@dataclass(frozen=True, slots=True)
class Working:
    """The status of a job at KIE: share done (0 to 1) and honest rest in seconds, if known."""

    progress: float
    remaining: float | None
    slow: bool


@dataclass(frozen=True, slots=True)
class Sending:
    """The video is made and on its way; ``trouble`` when that takes several tries."""

    trouble: bool


Status = Waiting | Working | Sending


class Messenger(Protocol):
    """Raises only the classes below ``bot.errors.ChatError``."""

    async def upload_to_card(self, job: Job, video: Prepared) -> str:
        """Put the video into the status card, silently, and return the ``file_id`` it got.

        Safe to repeat. SendRefused: there is no card, or Telegram does not take it for a video.
        """
        ...

    async def send_uploaded(self, job: Job) -> Sent:
        """Send the video that Telegram has already as a new message that answers the request."""
        ...

    async def send_video(self, job: Job, video: Prepared) -> Sent:
        """Upload the video as a new message that answers the request."""
        ...

    async def send_link(self, job: Job, url: str, expires_in_seconds: float) -> Sent:
        """Send a link to a video that is too big for an upload."""
        ...

    async def show_status(self, job: Job, status: Status) -> None:
        """Draw the status card anew; may be dropped under pressure."""
        ...

    async def remove_status(self, job: Job) -> None:
        """Delete the status card; gone already is fine."""
        ...

    async def show_buttons(self, job: Job, offers: Offers, chat_id: int, message_id: int) -> None:
        """Draw the buttons below a message that shows a job's video anew."""
        ...

    async def tell_end(self, job: Job) -> None:
        """Say that the job ended without a video, why, and what became of the credits."""
        ...

    async def alert(self, admin_ids: Collection[int], name: str, detail: str) -> None:
        """Tell every admin about a trouble by its name. ChatError: none of them could be told."""
        ...
