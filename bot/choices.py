"""What the operator's settings mean for the parts that know no settings."""

from importlib import resources

from bot import catalog as catalogs
from bot.catalog import Catalog
from bot.errors import ConfigurationError
from bot.jobs.rules import Rules
from bot.models import Dialect
from bot.settings import Settings
from bot.web import callbacks


def read_catalog(settings: Settings) -> Catalog:
    """Return the operator's catalog, or the built-in one. Raises ConfigurationError."""
    if settings.catalog_file is None:
        return catalogs.parse(resources.files("bot").joinpath("catalog.toml").read_text("utf-8"))
    try:
        return catalogs.parse(settings.catalog_file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"CATALOG_FILE cannot be read: {error}.") from error


def catalog_of(settings: Settings) -> Catalog:
    """Return what can be made with the dialect that new tasks speak. Raises ConfigurationError."""
    catalog = read_catalog(settings)
    if settings.kie_dialect is Dialect.MARKET:
        return catalogs.without_seeds(catalog)
    return catalog


def rules_of(settings: Settings) -> Rules:
    """Translate the settings into what the life of a job depends on."""
    return Rules(
        dialect=settings.kie_dialect,
        max_concurrent=settings.kie_max_concurrent,
        creates_per_10s=settings.kie_creates_per_10s,
        max_jobs_per_user=settings.max_jobs_per_user,
        expected_seconds=settings.poll_expected_seconds,
        shortest_pause_seconds=settings.poll_min_seconds,
        soft_deadline_seconds=settings.soft_deadline_seconds,
        hard_deadline_seconds=settings.hard_deadline_seconds,
        daily_credits=settings.daily_credits,
        daily_credits_total=settings.daily_credits_total,
        credits_low=settings.kie_credits_low,
        callback_url=f"{settings.public_url}{callbacks.PATH}" if settings.public_url else None,
        admin_ids=settings.admin_ids,
        open_to_all=settings.access == "open",
        prompt_max_chars=settings.prompt_max_chars,
        upload_max_bytes=settings.telegram_upload_max_mb << 20,
        result_max_bytes=settings.result_max_mb << 20,
        keep_videos_seconds=settings.keep_videos_days * 86400.0,
    )
