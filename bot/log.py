"""The log: one line per record on stderr, as text or JSON, with every secret struck out."""

import contextlib
import logging
import re
import sys
from collections.abc import Iterable
from typing import TextIO
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor

HIDDEN = "***"

_SHORTEST = 6  # a shorter string would strike out half the log and protects nothing
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(/bot[0-9]+(?::|%3A))[^/\s\"'\\]+",  # Bot API, "Making requests" and file links
        r"(\bBearer\s+)[^\s\"'\\,;}\]]+",
        r"((?:secret|callback)[_-]token(?:\\?[\"'])?\s*[:=]\s*b?(?:\\?[\"'])?)[^\s\"'\\,;&}\]]+",
        r"(/(?:callbacks?|photos?|results?|videos?|webhook)/)[\w.~%-]{16,}",
    )
)
# Line breaks, control and bidirectional characters, and surrogates, which no stream could encode.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
# httpx logs whole URLs, aiosqlite statements with their parameters, the others every byte read.
_TALKATIVE = ("httpx", "httpcore", "aiosqlite", "PIL", "python_multipart")
# It tells a page instead of JSON with its whole traceback, and raises it too: whoever called tells.
_TELLS_TWICE = "telegram.request.BaseRequest"
# They bring handlers of their own, which would go past the redaction.
_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


class Redactor:
    """Strikes secrets out of text: those it was told of, and what looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._spellings: set[str] = set()
        self._known: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Strike these out from now on, percent-encoded too; of a token also the tail alone."""
        parts = {part for secret in secrets for part in (secret, _tail_of_a_token(secret))}
        self._spellings |= {
            spelling
            for part in parts
            if len(part) >= _SHORTEST
            for spelling in (part, quote(part, safe=""))
        }
        # The longest first: the tail of a token must not leave its number standing.
        ordered = sorted(self._spellings, key=len, reverse=True)
        known = "|".join(map(re.escape, ordered))
        self._known = re.compile(known, re.IGNORECASE) if known else None

    def __call__(self, text: str) -> str:
        """Return ``text`` with ``***`` in the place of every secret."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\1{HIDDEN}", text)
        return text


class Formatter(structlog.stdlib.ProcessorFormatter):
    """Renders a record, its traceback included, as one line without secrets."""

    def __init__(self, redact: Redactor, renderers: Iterable[Processor]) -> None:
        super().__init__(
            foreign_pre_chain=[*_shared(), structlog.stdlib.ExtraAdder()],
            processors=[self.remove_processors_meta, *renderers],
        )
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Redact last, so that nothing added on the way (traceback, stack) escapes it."""
        return self._redact(one_line(super().format(record)))


class Handler(logging.StreamHandler[TextIO]):
    """Writes to a stream, and keeps a record that cannot be rendered to itself."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say where the bad call stands; logging's own report would print its arguments."""
        place = f"{record.pathname}:{record.lineno}"
        with contextlib.suppress(OSError, ValueError):  # the stream itself may be what is broken
            self.stream.write(f"ERROR a log record could not be written: {place}\n")


def setup(
    level: str, fmt: str, secrets: Iterable[str] = (), *, stream: TextIO | None = None
) -> Redactor:
    """Send everything that is logged to ``stream`` (stderr); ``fmt`` is ``text`` or ``json``.

    Takes over the root logger and uvicorn's. The returned redactor learns further secrets.
    """
    redact = Redactor(secrets)
    handler = Handler(sys.stderr if stream is None else stream)
    handler.setFormatter(Formatter(redact, _RENDERERS[fmt]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger(_TELLS_TWICE).setLevel(logging.CRITICAL)
    for name in _UVICORN:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            *_shared(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    return redact


def one_line(text: str) -> str:
    """Return ``text`` with line breaks and other unprintable characters as escapes."""
    return _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def _tail_of_a_token(secret: str) -> str:
    number, _, tail = secret.partition(":")
    return tail if number.isdecimal() else ""


def _shared() -> list[Processor]:
    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
    ]


def _as_text(_logger: object, _method: str, event: EventDict) -> str:
    event = dict(event)
    head = [event.pop("timestamp"), event.pop("level").upper().ljust(7), event.pop("logger")]
    text = str(event.pop("event", ""))
    trace = [event.pop(name) for name in ("stack", "exception") if name in event]
    pairs = [f"{name}={value if _plain(value) else repr(value)}" for name, value in event.items()]
    return " ".join([*map(str, head), text, *pairs]) + "".join(f"\n{part}" for part in trace)


def _plain(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"[^\s\"'=]+", value) is not None


_RENDERERS: dict[str, list[Processor]] = {
    "text": [structlog.processors.format_exc_info, _as_text],
    "json": [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
}
