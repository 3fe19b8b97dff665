"""The operator's settings: read once from environment, ``.env`` and secret files, then frozen."""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple, Self, get_args
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.errors import ConfigurationError
from bot.models import Dialect
from bot.setting_values import (
    Amount,
    Count,
    Entry,
    File,
    Folder,
    Hosting,
    Hosts,
    Ids,
    Key,
    Listen,
    LogFormat,
    LogLevel,
    Port,
    Seconds,
    Spoken,
    Token,
    UpdateMode,
    Upload,
    Url,
    Wanted,
)

_TELEGRAM = "https://api.telegram.org"
_TELEGRAM_UPLOAD_MAX_MB = 50
_USUAL_PORTS = frozenset(
    {None, 80, 88, 443, 8443}
)  # those that webhooks may use: Bot API, setWebhook
_SECRETS = ("telegram_token", "kie_api_key", "kie_webhook_hmac_key")
_FILE = "_file"
# A local Bot API server is given these two; they often share one .env with the bot.
_FOREIGN = frozenset({"telegram_api_id", "telegram_api_hash"})
_CLOSE = 0.82  # of difflib: finds KIE_WEBHOOK_KEY, leaves alone DATABASE_DIR
_OWN_WORDS = "own_words"
_ENDING = (
    "Settings are read from the environment, from .env in the working directory and, for secrets, "
    "from the file that NAME_FILE names. README.md lists them all."
)


class Row(NamedTuple):
    """One setting as the README shows it."""

    name: str
    default: str
    description: str


class Settings(BaseSettings):
    """Everything the operator decides. ``load`` reads it; the constructor reads nothing."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    telegram_token: Token = Field(description="secret: the bot's token, from @BotFather")
    kie_api_key: Key = Field(description="secret: the key of the KIE account that pays")
    telegram_api_url: Url = Field(
        _TELEGRAM,
        description="`/bot<token>/…` and `/file/bot<token>/…` lie below it; "
        "also a local Bot API server",
    )
    telegram_upload_max_mb: Upload = Field(
        _TELEGRAM_UPLOAD_MAX_MB, description="up to 2000 with a local Bot API server"
    )
    kie_api_url: Url = Field("https://api.kie.ai", description="KIE's interface")
    kie_upload_url: Url = Field("https://kieai.redpandaai.co", description="KIE's upload of photos")
    kie_dialect: Spoken = Field(
        Dialect.VEO, description="which of KIE's two interfaces to speak: `veo` or `market`"
    )
    kie_webhook_hmac_key: Key | None = Field(
        None, description="secret: with it set, callbacks must be signed"
    )
    kie_max_concurrent: Count = Field(10, description="jobs at KIE at once, for the whole account")
    kie_creates_per_10s: Count = Field(20, description="new tasks that KIE accepts in 10 s")
    kie_credits_low: Amount = Field(500, description="below it the admins are told")
    public_url: Url | None = Field(
        None,
        description="where the bot's web server is reached from outside; "
        "without it: polling, and photos go to KIE's upload",
    )
    telegram_mode: UpdateMode = Field(
        "polling", description="`polling` or `webhook` (needs `PUBLIC_URL`)"
    )
    photo_hosting: Hosting = Field(
        "kie", description="`kie` (upload) or `self` (served under `PUBLIC_URL`)"
    )
    host: Listen = Field("127.0.0.1", description="address the web server listens on")
    port: Port = Field(
        8080,
        description="its port, 0 for any free one: health, and with `PUBLIC_URL` callbacks, "
        "webhook, photos, large results",
    )
    data_dir: Folder = Field(Path("data"), description="database, photos, videos")
    admin_ids: Ids = Field(
        frozenset(), description="numeric Telegram ids of the admins, comma-separated"
    )
    access: Entry = Field(
        "invited", description="`invited` (admins let people in) or `open` (to everyone)"
    )
    daily_credits: Amount = Field(300, description="KIE credits each user may spend a day (UTC)")
    daily_credits_total: Amount | None = Field(
        None, description="what all users together, admins included, may spend a day"
    )
    max_jobs_per_user: Count = Field(
        3, description="of one user at KIE at once, upgrades included; up to 20 more wait"
    )
    prompt_max_chars: Count = Field(1000, description="longest prompt accepted")
    poll_expected_seconds: Seconds = Field(
        180.0, description="how long a video takes, until the bot has learnt it"
    )
    poll_min_seconds: Seconds = Field(5.0, description="shortest pause between looks at a job")
    soft_deadline_seconds: Seconds = Field(900.0, description='after it: "this takes longer"')
    hard_deadline_seconds: Seconds = Field(86400.0, description="after it the bot gives up")
    catalog_file: File | None = Field(
        None, description="TOML with models, abilities and prices, instead of the built-in one"
    )
    result_max_mb: Count = Field(1024, description="largest video that is fetched from KIE")
    trusted_media_hosts: Hosts = Field(
        frozenset(),
        description="hosts (`host` or `host:port`, comma-separated) outside two rules: only public "
        "addresses, http result links become https",
    )
    keep_videos_days: Amount = Field(
        14,
        description="age of own links and their files; other files go once Telegram has the video",
    )
    log_level: LogLevel = Field("INFO", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`")
    log_format: LogFormat = Field("text", description="`text` or `json`, a line per record")

    _notes: tuple[str, ...] = PrivateAttr(())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave the surroundings to ``load``, which tells every problem at once and in words."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @field_validator("telegram_mode")
    @classmethod
    def _reachable_for_the_webhook(cls, value: str, info: ValidationInfo) -> str:
        if value == "webhook" and info.data.get("public_url", "unusable") is None:
            raise PydanticCustomError(
                _OWN_WORDS,
                "TELEGRAM_MODE=webhook needs PUBLIC_URL: set it, or use TELEGRAM_MODE=polling.",
            )
        return value

    @field_validator("photo_hosting")
    @classmethod
    def _reachable_for_photos(cls, value: str, info: ValidationInfo) -> str:
        if value == "self" and info.data.get("public_url", "unusable") is None:
            raise PydanticCustomError(
                _OWN_WORDS, "PHOTO_HOSTING=self needs PUBLIC_URL: set it, or use PHOTO_HOSTING=kie."
            )
        return value

    @field_validator("poll_min_seconds")
    @classmethod
    def _pause_within_the_expected(cls, value: float, info: ValidationInfo) -> float:
        if value > info.data.get("poll_expected_seconds", value):
            raise PydanticCustomError(
                _OWN_WORDS, "POLL_MIN_SECONDS must not be above POLL_EXPECTED_SECONDS: lower it."
            )
        return value

    @field_validator("hard_deadline_seconds")
    @classmethod
    def _soft_before_hard(cls, value: float, info: ValidationInfo) -> float:
        if info.data.get("soft_deadline_seconds", 0) >= value:
            raise PydanticCustomError(
                _OWN_WORDS,
                "HARD_DEADLINE_SECONDS must be above SOFT_DEADLINE_SECONDS: raise it.",
            )
        return value

    @classmethod
    def load(
        cls, environ: Mapping[str, str] | None = None, env_file: Path | str | None = ".env"
    ) -> Self:
        """Read the settings; ``environ`` (default: the process's) wins over ``env_file``.

        Raises ``ConfigurationError`` with one page that names every problem and holds no value.
        """
        given = _gather(os.environ if environ is None else environ, env_file)
        source = EnvSettingsSource(cls)
        source.env_vars = given.values
        problems = given.problems
        try:
            settings = cls(**source())
        except ValidationError as error:
            problems = _told(error.errors(include_url=False, include_input=False)) | problems
        if problems:
            # Not chained: the original holds the values.
            raise ConfigurationError(_page(problems, given.notes)) from None
        settings._notes = given.notes
        return settings

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what works but is probably not meant."""
        return (*_exposed(self), *_unwise(self), *self._notes)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret values, for the redaction of the log."""
        held = (self.telegram_token, self.kie_api_key, self.kie_webhook_hmac_key)
        return tuple(secret.get_secret_value() for secret in held if secret is not None)

    @property
    def database_path(self) -> Path:
        """Where the one database lies."""
        return self.data_dir / "veogram.db"


def table() -> tuple[Row, ...]:
    """Every setting in the order of the code; defaults as one would write them."""
    return tuple(
        Row(name.upper(), _default(info), info.description or "")
        for name, info in Settings.model_fields.items()
    )


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value: Any = info.default
    if value is None or value == frozenset():
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True, slots=True)
class _Given:
    values: Mapping[str, str]
    notes: tuple[str, ...]
    problems: dict[str, str] = field(default_factory=dict)


def _gather(environ: Mapping[str, str], env_file: Path | str | None) -> _Given:
    problems: dict[str, str] = {}
    values = _tidy(_from_file(env_file, problems)) | _tidy(environ)
    notes = tuple(_misspelt(values))
    for name in _SECRETS:
        if path := values.get(name + _FILE):
            _read_secret(name, path, values, problems)
    return _Given(values, notes, problems)


def _from_file(env_file: Path | str | None, problems: dict[str, str]) -> Mapping[str, str | None]:
    try:
        return DotEnvSettingsSource(
            Settings, env_file=env_file, env_file_encoding="utf-8-sig"
        ).env_vars
    except (OSError, UnicodeDecodeError):
        problems[".env"] = ".env cannot be read: make it a UTF-8 text file that this user may open."
        return {}


def _tidy(values: Mapping[str, str | None]) -> dict[str, str]:
    stripped = {name.lower(): (value or "").strip() for name, value in values.items()}
    return {name: value for name, value in stripped.items() if value}


def _read_secret(name: str, path: str, values: dict[str, str], problems: dict[str, str]) -> None:
    upper = name.upper()
    if name in values:
        problems[name] = f"{upper} and {upper}_FILE are both set: keep one of them."
        return
    try:
        values[name] = Path(path).read_text("utf-8-sig").strip()
    except (OSError, ValueError):
        values[name] = ""
    if not values[name]:
        problems[name] = (
            f"{upper}_FILE must name a text file that holds the secret and can be read."
        )


def _misspelt(names: Iterable[str]) -> Iterator[str]:
    known = {*Settings.model_fields, *(name + _FILE for name in _SECRETS)}
    for name in sorted({name for name in names if "_" in name} - known - _FOREIGN):
        for close in difflib.get_close_matches(name, sorted(known), n=1, cutoff=_CLOSE):
            yield f"{name.upper()} is no setting: was {close.upper()} meant?"


def _told(errors: Iterable[ErrorDetails]) -> dict[str, str]:
    return {str(error["loc"][0]): _sentence(str(error["loc"][0]), error) for error in errors}


def _sentence(name: str, error: ErrorDetails) -> str:
    if error["type"] == _OWN_WORDS:
        return error["msg"]
    wanted = _wanted(Settings.model_fields[name])
    if error["type"] == "missing":
        return f"{name.upper()} is missing: {wanted.where}; write {name.upper()}=… into .env."
    return f"{name.upper()} must be {wanted.words}."


def _wanted(info: FieldInfo) -> Wanted:
    # In "X | None" the marks of X stand inside the union.
    nested = [mark for part in get_args(info.annotation) for mark in get_args(part)]
    return next(mark for mark in [*info.metadata, *nested] if isinstance(mark, Wanted))


def _page(problems: Mapping[str, str], notes: Iterable[str]) -> str:
    order = [".env", *Settings.model_fields]
    sentences = [problems[name] for name in sorted(problems, key=order.index)]
    listed = [f"- {sentence}" for sentence in (*sentences, *notes)]
    return "\n".join(["Veogram cannot work with these settings:", *listed, "", _ENDING])


def _exposed(settings: Settings) -> Iterator[str]:
    for name in ("telegram_api_url", "kie_api_url", "kie_upload_url", "public_url"):
        parts = urlsplit(getattr(settings, name) or "")
        if not parts.hostname or _is_loopback(parts.hostname):
            continue
        if parts.scheme == "http":
            yield f"{name.upper()} is http: anyone on the way can read it, secrets too; use https."
        if parts.port not in _USUAL_PORTS:
            yield f"{name.upper()} names the unusual port {parts.port}: check that it is meant."


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _unwise(settings: Settings) -> Iterator[str]:
    if settings.access == "open" and settings.daily_credits_total is None:
        yield "ACCESS=open without DAILY_CREDITS_TOTAL: strangers can spend without limit; set it."
    if settings.telegram_upload_max_mb > _TELEGRAM_UPLOAD_MAX_MB and (
        settings.telegram_api_url == _TELEGRAM
    ):
        yield "TELEGRAM_UPLOAD_MAX_MB above 50 needs a local Bot API server: set TELEGRAM_API_URL."
    if settings.kie_webhook_hmac_key is not None and settings.public_url is None:
        yield "KIE_WEBHOOK_HMAC_KEY does nothing without PUBLIC_URL: no callbacks arrive."
