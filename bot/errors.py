"""Every exception of the bot, split by what a caller can do about it.

VeogramError
├── UserError                 the person can mend it: the message is shown to them
│   ├── NotAllowed
│   ├── DraftGone
│   ├── QuotaExceeded
│   ├── QueueFull
│   ├── Paused
│   ├── NotOffered
│   ├── AlreadyAsked
│   ├── VideoGone
│   └── BadMedia
├── KieError                  KIE answered, or could not be reached
│   ├── TryLater              nothing was made: the same call may be repeated
│   │   └── TooManyRequests   after a pause
│   ├── OperatorTrouble       key, credits or network rule: only the operator can mend it
│   ├── ModelUnavailable      maintenance or feature switched off
│   ├── ImageNotFetched       upload the photos again
│   ├── Refused               final: the request or its result was refused
│   └── OutcomeUnknown        a paid request may or may not have been accepted: never repeat it
├── FetchError                a result could not be downloaded this time
│   └── FetchRefused          its address or its bytes are not acceptable
├── ChatError                 a message could not be sent
│   ├── ChatGone              the person blocked the bot or the chat is no more: park
│   ├── ChatMoved             the group has another id now: follow it, once
│   ├── SendLater             certainly not sent: send again later
│   ├── SendUnknown           perhaps sent: heal, do not send a second one
│   └── SendRefused           Telegram will never take it like this
├── StorageError              the database cannot be used
│   ├── DatabaseDamaged
│   ├── DatabaseNewer
│   └── DataDirInUse
└── ConfigurationError        the settings cannot be used; exit code 78

The docstring of a class is its default message.
"""


class VeogramError(Exception):
    """Something went wrong."""

    def __str__(self) -> str:
        """Return the message, or the first line of the docstring where none was given."""
        return super().__str__() or (type(self).__doc__ or "").strip().splitlines()[0]


class UserError(VeogramError):
    """That is not possible."""


class NotAllowed(UserError):
    """This is not yours to press."""


class DraftGone(UserError):
    """This card is gone."""


class QuotaExceeded(UserError):
    """There are not enough credits.

    ``limit`` is ``"own"`` (the user's credits) or ``"total"`` (everybody's, DAILY_CREDITS_TOTAL).
    """

    def __init__(self, price: int, available: int, limit: str = "own") -> None:
        super().__init__()
        self.price = price
        self.available = available
        self.limit = limit


class QueueFull(UserError):
    """Too many videos of this user are waiting already."""


class Paused(UserError):
    """New videos are not accepted at the moment.

    ``model`` names the model that is paused; ``None``: the whole account.
    """

    def __init__(self, model: str | None = None) -> None:
        super().__init__()
        self.model = model


class NotOffered(UserError):
    """That cannot be made of this video.

    ``why`` is ``"sharper"`` (a sharper copy was asked for, so it is not extended any more),
    ``"old"`` (KIE keeps it no longer), ``"gone"`` (nothing is known of it) or ``"never"``.
    """

    def __init__(self, why: str = "never") -> None:
        super().__init__()
        self.why = why


class AlreadyAsked(UserError):
    """That is being made already.

    ``kind`` is the value of a ``models.Kind``.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind


class VideoGone(UserError):
    """The file of this video is deleted."""


class BadMedia(UserError):
    """This file cannot be used."""


class KieError(VeogramError):
    """KIE did not do what was asked.

    ``code`` is the verdict in KIE's envelope or the HTTP status, ``text`` its message: for the
    log and for classifying, never for a chat.
    """

    def __init__(self, code: int | None = None, text: str = "") -> None:
        super().__init__(f"code {code}: {text}" if code is not None else text)
        self.code = code
        self.text = text


class TryLater(KieError):
    """KIE could not be reached or was too busy; nothing was made."""


class TooManyRequests(TryLater):
    """KIE counts too many requests; nothing was made."""


class OperatorTrouble(KieError):
    """KIE refuses the operator's key, credits or network."""


class ModelUnavailable(KieError):
    """KIE has switched the model off for now."""


class ImageNotFetched(KieError):
    """KIE could not fetch a photo."""


class Refused(KieError):
    """KIE refused the request; it was not billed."""


class OutcomeUnknown(KieError):
    """Nobody can tell whether KIE accepted the paid request."""


class FetchError(VeogramError):
    """The file could not be downloaded."""


class FetchRefused(FetchError):
    """The address or the content of the file is not acceptable."""


class ChatError(VeogramError):
    """The message could not be sent."""


class ChatGone(ChatError):
    """The chat cannot be written to any more."""


class ChatMoved(ChatError):
    """The group has become a supergroup; nothing was sent.

    ``chat_id`` is its id from now on.
    """

    def __init__(self, chat_id: int) -> None:
        super().__init__()
        self.chat_id = chat_id


class SendLater(ChatError):
    """Telegram did not take the message now.

    ``retry_after`` is Telegram's wish in seconds, if it had one.
    """

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__()
        self.retry_after = retry_after


class SendUnknown(ChatError):
    """Nobody can tell whether Telegram took the message."""


class SendRefused(ChatError):
    """Telegram refused the message."""


class StorageError(VeogramError):
    """The database cannot be used."""


class DatabaseDamaged(StorageError):
    """The database file is damaged."""


class DatabaseNewer(StorageError):
    """The database was written by a newer version of this program."""


class DataDirInUse(StorageError):
    """Another process uses this data folder."""


class ConfigurationError(VeogramError):
    """The settings cannot be used."""
