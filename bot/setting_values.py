"""What the value of a setting may be, with the words that say so."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, FilePath, SecretStr
from pydantic_settings import NoDecode

from bot.models import Dialect


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a value must be, in words: problems are told with these, never with the value."""

    words: str
    where: str = ""


# A bare ValueError is enough below: the problem is told in the words of ``Wanted``.


def _secret(pattern: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        if not re.fullmatch(pattern, value.get_secret_value()):
            raise ValueError
        return value

    return AfterValidator(check)


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError
    if "@" in parts.netloc or "?" in value or "#" in value or not re.fullmatch(r"[!-~]+", value):
        raise ValueError
    return value.rstrip("/")


def _media_host(value: str) -> str:
    parts = urlsplit(f"//{value}")
    if parts.netloc != value or not parts.hostname or value.endswith(":") or parts.port == 0:
        raise ValueError
    if not re.fullmatch(r"[A-Za-z0-9._-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?", value):
        raise ValueError
    return value.lower()


def _folder(value: Path) -> Path:
    if value.exists() and not value.is_dir():
        raise ValueError
    return value


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


# Printable ASCII that reads the same in a log line, in JSON and in ``repr``.
_OPAQUE = r"[!#-&(-\[\]-_a-~]+"

Token = Annotated[
    SecretStr,
    _secret(rf"[0-9]+:{_OPAQUE}"),
    Wanted(
        "a bot token, digits:letters, without blanks, quotation marks or backslashes",
        "@BotFather in Telegram hands it out",
    ),
]
Key = Annotated[
    SecretStr,
    _secret(_OPAQUE),
    Wanted(
        "a key without blanks, quotation marks or backslashes", "kie.ai hands it out under API Key"
    ),
]
Url = Annotated[
    str,
    AfterValidator(_url),
    Wanted("an http or https address without user name, query or fragment"),
]
Port = Annotated[int, Field(ge=0, le=65535), Wanted("a port from 0 to 65535; 0 takes any free one")]
Amount = Annotated[int, Field(ge=0, le=10**12), Wanted("a whole number, 0 or more")]
Count = Annotated[int, Field(ge=1, le=10**9), Wanted("a whole number, 1 or more")]
Upload = Annotated[int, Field(ge=1, le=2000), Wanted("a whole number from 1 to 2000")]
Seconds = Annotated[
    float, Field(gt=0, allow_inf_nan=False), Wanted("a number of seconds above zero")
]
Ids = Annotated[
    frozenset[Annotated[int, Field(gt=0, lt=2**52)]],  # Bot API, User: at most 52 significant bits
    NoDecode,
    BeforeValidator(_split),
    Wanted("numeric Telegram user ids, separated by commas"),
]
Hosts = Annotated[
    frozenset[Annotated[str, AfterValidator(_media_host)]],
    NoDecode,
    BeforeValidator(_split),
    Wanted("host names or host:port without scheme and path, separated by commas"),
]
Listen = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9.:_-]+$"),
    Wanted("an address or host name to listen on, such as 127.0.0.1"),
]
Folder = Annotated[Path, AfterValidator(_folder), Wanted("the path of a folder, not of a file")]
File = Annotated[FilePath, Wanted("the path of a file that exists")]
UpdateMode = Annotated[
    Literal["polling", "webhook"], BeforeValidator(_lower), Wanted("polling or webhook")
]
Hosting = Annotated[Literal["kie", "self"], BeforeValidator(_lower), Wanted("kie or self")]
Entry = Annotated[Literal["invited", "open"], BeforeValidator(_lower), Wanted("invited or open")]
Spoken = Annotated[Dialect, BeforeValidator(_lower), Wanted("veo or market")]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    BeforeValidator(_upper),
    Wanted("DEBUG, INFO, WARNING or ERROR"),
]
LogFormat = Annotated[Literal["text", "json"], BeforeValidator(_lower), Wanted("text or json")]
