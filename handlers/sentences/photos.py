"""What is said about photos: how many fit, and why a file cannot be used."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.media.headers import MAX_BYTES, MAX_SIDE, MIN_SIDE, ImageProblem
from handlers.sentences.speech import Html, Speech, later, lines

_LIMITS = MappingProxyType({"mb": MAX_BYTES >> 20, "side": MAX_SIDE, "least": MIN_SIDE})

_PROBLEMS: Mapping[ImageProblem, str] = MappingProxyType(
    {
        ImageProblem.EMPTY: later("The file is empty."),
        ImageProblem.TOO_HEAVY: later("The file is larger than {mb} MB."),
        ImageProblem.WRONG_FORMAT: later("This is not a JPEG, PNG or WebP picture."),
        ImageProblem.SEVERAL_FRAMES: later("The picture is animated; I need a still one."),
        ImageProblem.TOO_LARGE: later("The picture is too large: {side} pixels a side at most."),
        ImageProblem.TOO_SMALL: later("The picture is too small: {least} pixels a side at least."),
        ImageProblem.BROKEN: later("The picture is damaged or cut off."),
    }
)


class PhotoTexts(Speech):
    """Sentences about the photos of a request."""

    def used(self, number: int) -> Html:
        """Say that more photos came than a video can use."""
        return self.count(
            "Only the first photo is used; more do not fit.",
            "Only the first {n} photos are used; more do not fit.",
            number,
        )

    def problem(self, problem: ImageProblem) -> Html:
        """Say why a file is no usable photo."""
        return self.say(_PROBLEMS[problem], **_LIMITS)

    def not_loaded(self) -> Html:
        """Say that Telegram did not give the file."""
        return self.say("Telegram did not let me load the picture. Send it again.")

    def refused(self, why: Html) -> Html:
        """Refuse the only photo that came; no card opens."""
        return lines(why, self._accepted())

    def some_refused(self, reasons: Sequence[tuple[int, Html]]) -> Html:
        """Name the photos of an album that cannot be used, counted from 1; the others stay."""
        named = (
            self.say("Photo {number}: {why}", number=number, why=why) for number, why in reasons
        )
        return lines(*named, self._accepted())

    def _accepted(self) -> Html:
        return self.say("I take JPEG, PNG and WebP up to {mb} MB. You were not charged.", **_LIMITS)
