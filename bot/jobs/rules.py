"""The operator's choices that the life of a job depends on, as plain values."""

from dataclasses import dataclass

from bot.models import Access, Dialect, Place, User

# More than this many waiting jobs of one user are not accepted.
MAX_WAITING_PER_USER = 20
DRAFT_SECONDS = 24 * 3600.0
# KIE forgets a record after 14 days; until then a late result is looked for.
RECORD_SECONDS = 14 * 24 * 3600.0
# A status card is drawn again no sooner after it was drawn.
PRIVATE_STATUS_SECONDS = 5.0
GROUP_STATUS_SECONDS = 10.0


def status_seconds(place: Place) -> float:
    """Return the shortest pause between two edits of a status card."""
    return GROUP_STATUS_SECONDS if place.is_group else PRIVATE_STATUS_SECONDS


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits, deadlines (seconds), amounts (credits) and sizes (bytes) taken from the settings."""

    dialect: Dialect
    max_concurrent: int
    creates_per_10s: int
    max_jobs_per_user: int
    expected_seconds: float
    shortest_pause_seconds: float
    soft_deadline_seconds: float
    hard_deadline_seconds: float
    daily_credits: int
    daily_credits_total: int | None
    credits_low: int
    admin_ids: frozenset[int]
    open_to_all: bool
    prompt_max_chars: int
    upload_max_bytes: int
    result_max_bytes: int
    keep_videos_seconds: float
    callback_url: str | None = None

    def is_admin(self, user: User) -> bool:
        """Tell by the numeric id, never by a name."""
        return user.id in self.admin_ids or user.access is Access.ADMIN
