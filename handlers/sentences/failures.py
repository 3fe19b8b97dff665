"""What went wrong with a video: what happened, what became of the credits, what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.models import Reason
from handlers.sentences.speech import Html, Speech, later, paragraphs


@dataclass(frozen=True, slots=True)
class _Failure:
    happened: str
    advice: str


_FAILURES: Mapping[Reason, _Failure] = MappingProxyType(
    {
        Reason.PROMPT_REFUSED: _Failure(
            later("Veo's safety check refused this prompt."),
            later("Describe it in other words, without violence, nudity or real names."),
        ),
        Reason.PEOPLE_REFUSED: _Failure(
            later("Veo makes no videos of people it takes for well-known."),
            later("Use another photo, or describe the person without a name."),
        ),
        Reason.MINOR_REFUSED: _Failure(
            later("Veo makes no videos from photos in which it sees a child."),
            later(
                "Use a photo with adults only, or with nobody in it: press Again, then Remove "
                "photos."
            ),
        ),
        Reason.IMAGE_REFUSED: _Failure(
            later("Veo's safety check refused a photo."),
            later("Use another photo: press Again, then Remove photos."),
        ),
        Reason.IMAGE_NOT_FETCHED: _Failure(
            later("The video service could not load a photo."),
            later("Try again; if it happens twice, send the photo anew."),
        ),
        Reason.ENGLISH_ONLY: _Failure(
            later("Veo understood only English here."),
            later("Switch translation on under More, or write the prompt in English."),
        ),
        Reason.AUDIO: _Failure(
            later("Veo could not make the sound for this video."),
            later("Describe one definite sound, such as rain on a roof, and try again."),
        ),
        Reason.REFUSED: _Failure(
            later("The video service refused this request."),
            later("Change the prompt or the options and try again."),
        ),
        Reason.OVERLOAD: _Failure(
            later("The video service is overloaded; I tried several times."),
            later("Try again in some minutes, perhaps with another model."),
        ),
        Reason.GENERATION_FAILED: _Failure(
            later("Veo began this video and could not finish it."),
            later("Try again; a simpler prompt helps at times."),
        ),
        Reason.UNAVAILABLE: _Failure(
            later("Making videos is unavailable at the moment, perhaps for maintenance."),
            later("Please try again later."),
        ),
        Reason.UNKNOWN_OUTCOME: _Failure(
            later("The connection broke while I ordered this video, and it never came."),
            later("Try again; should the first one still come, you get it for nothing."),
        ),
        Reason.TOO_LATE: _Failure(
            later("This video was not ready after a very long time, so I gave it up."),
            later("Try again; should it still come, you get it for nothing."),
        ),
        Reason.NO_RESULT: _Failure(
            later("The video was made, but no usable file came of it."),
            later("Try again."),
        ),
        Reason.NOT_DELIVERED: _Failure(
            later("The video was made, but it could not be brought to this chat."),
            later("Try again later."),
        ),
        Reason.UPGRADE_REFUSED: _Failure(
            later("The video service makes no sharper copy of this video."),
            later("The video stays as it is; a new one can be made sharper from the start."),
        ),
    }
)


class FailureTexts(Speech):
    """A sentence for every reason; the video service's own words never stand in one."""

    def told(self, reason: Reason, price: int, ref: str) -> Html:
        """Return the whole message.

        ``price``: the credits that were given back, 0 where none were taken. ``ref``: what the
        operator can search the log for.
        """
        failure = _FAILURES[reason]
        return paragraphs(
            self.say(failure.happened),
            Html(f"{self.given_back(price)} {self.say(failure.advice)}"),
            self.say("Reference: <code>{ref}</code>", ref=ref),
        )

    def given_back(self, price: int) -> Html:
        """Say what became of the credits."""
        if not price:
            return self.say("You were not charged.")
        return self.count("{n} credit was refunded.", "{n} credits were refunded.", price)

    def account_paused(self) -> Html:
        """Refuse a Generate while the operator's account at KIE cannot be used."""
        return self.say(
            "Making videos is unavailable at the moment. Try later; this was not charged, and your "
            "card stays."
        )

    def model_paused(self, model: str) -> Html:
        """Refuse a Generate while the model is switched off at KIE."""
        return self.say(
            "{model} is switched off for maintenance. This was not charged: choose another model, "
            "or try later.",
            model=model,
        )

    def queue_full(self, most: int) -> Html:
        """Refuse a Generate when the user has too many jobs."""
        return self.count(
            "{n} video of yours is waiting already, more do not fit. This was not charged; "
            "Generate again once one is finished.",
            "{n} videos of yours are waiting already, more do not fit. This was not charged; "
            "Generate again once one is finished.",
            most,
        )
