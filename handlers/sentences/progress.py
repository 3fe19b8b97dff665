"""What the status card says while a video is on its way, and about cancelling it."""

from collections.abc import Sequence

from bot.models import Kind, State
from handlers.sentences.speech import Html, Speech, lines

_CELLS = 10
_MINUTE_SECONDS = 60


class ProgressTexts(Speech):
    """One line for each stage of a job."""

    def queued(self, place: int) -> Html:
        """Say how many are to go; ``place`` 1 is next."""
        if place <= 1:
            return self.say("⏳ Next in the queue")
        return self.say("⏳ Place {place} in the queue", place=place)

    def waiting_for_account(self) -> Html:
        """Say why a queued job does not move."""
        return self.say(
            "⏸ Making videos is paused at the moment. Your video keeps its place; if you cancel it "
            "now, it is refunded."
        )

    def waiting_for_model(self, model: str) -> Html:
        """Say why a queued job does not move."""
        return self.say(
            "⏸ {model} is down for maintenance. Your video keeps its place; if you cancel it now, "
            "it is refunded.",
            model=model,
        )

    def submitting(self) -> Html:
        """Say that the order goes out."""
        return self.say("⏳ Starting")

    def generating(self, kind: Kind, share: float, rest_seconds: float | None) -> Html:
        """Draw the bar; ``share`` from 0 to 1, ``rest_seconds`` None when nobody can tell."""
        return lines(
            Html(f"{self._making(kind)}\n{bar(share)}"),
            self.overdue() if rest_seconds is None else self.rest(rest_seconds),
        )

    def _making(self, kind: Kind) -> Html:
        match kind:
            case Kind.GENERATE:
                return self.say("🎬 Making the video")
            case Kind.EXTEND:
                return self.say("🎬 Making the next part")
            case Kind.UPGRADE_1080P:
                return self.say("🎬 Making it 1080p")
            case Kind.UPGRADE_4K:
                return self.say("🎬 Making it 4K")

    def rest(self, seconds: float) -> Html:
        """Say what is left, as exactly as anybody knows."""
        if seconds < _MINUTE_SECONDS:
            return self.say("less than a minute left")
        minutes = round(seconds / _MINUTE_SECONDS)
        return self.count("about {n} min left", "about {n} min left", minutes)

    def overdue(self) -> Html:
        """Say that nothing honest can be said about the end."""
        return self.say("It takes longer than usual, I keep looking.")

    def sending(self, trouble: bool = False) -> Html:
        """Say that the video is on its way to the chat; ``trouble``: it takes several tries."""
        if trouble:
            return self.say("📤 Sending the video. It takes several tries; I go on trying.")
        return self.say("📤 Sending the video")

    def cancelled(self, price: int) -> Html:
        """Confirm a cancellation in time."""
        if not price:
            return self.say("Cancelled. You were not charged.")
        return self.count(
            "Cancelled. {n} credit was refunded.", "Cancelled. {n} credits were refunded.", price
        )

    def cancelled_late(self) -> Html:
        """Say that the video service cannot be stopped any more."""
        return self.say(
            "It is paid already, I won't send it. Once it is made you find it in /history; "
            "if it fails, it is refunded."
        )

    def too_late_to_cancel(self) -> Html:
        """Answer Cancel for a job that has ended."""
        return self.say("Too late: this one is finished.")


class JobsTexts(Speech):
    """The list of what is being made."""

    def jobs(self, rows: Sequence[str], more: int = 0) -> Html:
        """Answer /jobs with a row for each; ``more``: how many do not fit."""
        if not rows:
            return self.say("Nothing is being made. Write what you want to see.")
        rest = self.count("… and {n} more", "… and {n} more", more) if more else ""
        return lines(self.say("<b>Being made</b>"), *rows, rest)

    def row(self, number: int, facts: str, prompt: str, state: Html) -> Html:
        """Describe a job in two lines; ``number`` stands on its Cancel button, too."""
        return self.say(
            "{number}. {facts}, {state}\n<i>{prompt}</i>",
            number=number,
            facts=facts,
            state=state,
            prompt=prompt,
        )

    def waiting(self, place: int) -> Html:
        """Name where a queued job stands; ``place`` 1 is next."""
        if place <= 1:
            return self.say("next in the queue")
        return self.say("place {place} in the queue", place=place)

    def state(self, state: State) -> Html:
        """Name where a job is."""
        match state:
            case State.QUEUED:
                return self.say("waiting")
            case State.SUBMITTING | State.UNKNOWN | State.GENERATING:
                return self.say("being made")
            case State.READY | State.DELIVERING:
                return self.say("being sent")
            case State.DONE:
                return self.say("done")
            case State.FAILED | State.EXPIRED:
                return self.say("failed")
            case State.CANCELLED:
                return self.say("cancelled")


def bar(share: float) -> str:
    """Draw ten cells, of which ``share`` (0 to 1) are full."""
    full = int(min(max(share, 0.0), 1.0) * _CELLS)
    return "▰" * full + "▱" * (_CELLS - full)
