"""How strict Telegram is: refusals in its own words, lengths, keyboards, flood control.

Texts: Bot API server and TDLib. Limits: the methods in the Bot API; bot FAQ, "Broadcasting to
users".
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.demo.entities import (
    CannotParse,
    Formatted,
    Json,
    UserOf,
    is_link,
    parse_html,
    tidied,
    utf16_length,
)

TEXT_MAX = 4096
CAPTION_MAX = 1024
CALLBACK_DATA_MAX_BYTES = 64
CALLBACK_ANSWER_MAX = 200
BUTTONS_MAX = 100
COPY_TEXT_MAX = 256
UPLOAD_MAX_BYTES = 50 * 1024 * 1024
DOWNLOAD_MAX_BYTES = 20 * 1024 * 1024
ALBUM_MAX = 10
_TEXT_MAX_BYTES = 1 << 15
_MARGIN = 1e-6
_STYLES = frozenset({"", "default", "primary", "danger", "success"})


class Refusal(Exception):
    """What Telegram answers in place of a result.

    ``code`` is the HTTP status too; ``parameters`` are its ``ResponseParameters``.
    """

    def __init__(
        self, code: int, description: str, parameters: Mapping[str, int] | None = None
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    @property
    def answer(self) -> Json:
        """The body of the HTTP answer."""
        body: Json = {"ok": False, "error_code": self.code, "description": self.description}
        return body | ({"parameters": dict(self.parameters)} if self.parameters else {})


def bad_request(what: str) -> Refusal:
    """Return the refusal of a call that makes no sense."""
    return Refusal(400, f"Bad Request: {what}")


def forbidden(what: str) -> Refusal:
    """Return the refusal of a call that the bot has no right to make."""
    return Refusal(403, f"Forbidden: {what}")


def too_many_requests(retry_after_seconds: int) -> Refusal:
    """Return the refusal of flood control."""
    return Refusal(
        429,
        f"Too Many Requests: retry after {retry_after_seconds}",
        {"retry_after": retry_after_seconds},
    )


def formatted(source: str, parse_mode: str, entities: object, user_of: UserOf) -> Formatted:
    """Return a text as Telegram keeps it. Raises ``Refusal`` for wrong markup."""
    if len(source.encode("utf-8", "surrogatepass")) > _TEXT_MAX_BYTES:
        raise bad_request("text is too long")
    if not parse_mode:
        given = entities if isinstance(entities, list) else []
        return tidied(Formatted(source, tuple(dict(entity) for entity in given)))
    if parse_mode.lower() != "html":
        raise bad_request("unsupported parse_mode")
    try:
        return tidied(parse_html(source, user_of))
    except CannotParse as error:
        raise bad_request(f"can't parse entities: {error}") from error


def check_text(text: Formatted, too_long: str = "message is too long") -> None:
    """Refuse an empty text and one of more than 4096 UTF-16 units."""
    if not text.text:
        raise bad_request("text must be non-empty")
    if utf16_length(text.text) > TEXT_MAX:
        raise bad_request(too_long)


def check_caption(text: Formatted, too_long: str = "message caption is too long") -> None:
    """Refuse a caption of more than 1024 UTF-16 units."""
    if utf16_length(text.text) > CAPTION_MAX:
        raise bad_request(too_long)


def check_keyboard(markup: object) -> Json | None:
    """Return the reply markup of a call, checked; ``None`` without one."""
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        return markup
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" must be an Array of Arrays')
    buttons = [button for row in rows for button in row]
    for button in buttons:
        _check_button(button)
    if len(buttons) > BUTTONS_MAX:
        raise bad_request("reply markup is too long")
    return markup


def _check_button(button: object) -> None:
    if not isinstance(button, dict):
        raise _bad_button("InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise _bad_button('Can\'t find field "text"')
    if button.get("style", "") not in _STYLES:
        raise _bad_button("invalid button style specified")
    if not set(button) - {"text", "style", "icon_custom_emoji_id"}:
        raise _bad_button("Text buttons are unallowed in the inline keyboard")
    for problem in _button_problems(button):
        raise bad_request(problem)


def _bad_button(what: str) -> Refusal:
    return bad_request(f"can't parse inline keyboard button: {what}")


def _button_problems(button: Json) -> Iterator[str]:
    if not button["text"]:
        yield "inline keyboard button text must be non-empty"
    url = button.get("url", "")
    if url and not is_link(url):
        yield f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL"
    if len(button.get("callback_data", "").encode()) > CALLBACK_DATA_MAX_BYTES:
        yield "BUTTON_DATA_INVALID"
    if not 0 < len(button.get("copy_text", {"text": "-"}).get("text", "")) <= COPY_TEXT_MAX:
        yield "BUTTON_COPY_TEXT_INVALID"


@dataclass(slots=True)
class _Bucket:
    """Holds ``burst`` calls at most and gains ``rate`` a second."""

    rate: float
    burst: float
    level: float
    at: float

    def refill(self, now: float) -> None:
        self.level = min(self.burst, self.level + max(now - self.at, 0) * self.rate)
        self.at = now

    @property
    def wait_seconds(self) -> float:
        # The margin is for rates that have no exact binary form.
        return max(1 - _MARGIN - self.level, 0) / self.rate


@dataclass(slots=True)
class Flood:
    """Flood control: off unless ``enabled``; rates are calls a second, bursts calls at once."""

    enabled: bool = False
    chat: tuple[float, float] = (1.0, 5.0)
    group: tuple[float, float] = (20 / 60, 20.0)
    everybody: tuple[float, float] = (30.0, 30.0)
    refusals: int = 0
    _buckets: dict[int, _Bucket] = field(default_factory=dict)

    def check(self, chat_id: int, now: float) -> None:
        """Count one message for a chat. Raises ``Refusal`` with the seconds to wait, rounded up."""
        if not self.enabled:
            return
        rates = self.group if chat_id < 0 else self.chat
        buckets = [self._bucket(chat_id, rates, now), self._bucket(0, self.everybody, now)]
        wait_seconds = max(bucket.wait_seconds for bucket in buckets)
        if wait_seconds > 0:
            self.refusals += 1
            raise too_many_requests(max(math.ceil(wait_seconds), 1))
        for bucket in buckets:
            bucket.level -= 1

    def _bucket(self, key: int, rates: tuple[float, float], now: float) -> _Bucket:
        rate, burst = rates
        bucket = self._buckets.setdefault(key, _Bucket(rate, burst, burst, now))
        bucket.refill(now)
        return bucket
