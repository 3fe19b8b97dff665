"""What stands below a finished video, and the answers to its buttons."""

from datetime import UTC, datetime

from bot.models import Kind
from handlers import utf16
from handlers.sentences.speech import Html, Speech, escape, lines, plain, visible

_MEBIBYTE = 1 << 20


class ResultTexts(Speech):
    """Captions, links and why a button does nothing more."""

    def caption(self, prompt: str, facts: str, part: int = 1) -> Html:
        """Return the prompt, shortened, above the options; at most 1024 UTF-16 units.

        ``part`` counts the extensions of a film, the first video being part 1.
        """
        below = lines(self._part(part), facts)
        room = utf16.CAPTION_UNITS - utf16.length(plain(below)) - 1
        return lines(escape(utf16.shorten(visible(prompt), room)), below)

    def _part(self, part: int) -> Html:
        return self.say("part {part}", part=part) if part > 1 else Html("")

    def too_big(self, size_bytes: int, url: str, expires_at: float) -> Html:
        """Give a link instead of the file; ``expires_at`` in epoch seconds."""
        return self.say(
            'The video is {size} MB, too large for Telegram. <a href="{url}">Download it here</a> '
            "until {day} UTC:\n{url}",
            size=-(-size_bytes // _MEBIBYTE),
            url=url,
            day=f"{datetime.fromtimestamp(expires_at, UTC):%Y-%m-%d %H:%M}",
        )

    def late(self) -> Html:
        """Stand above the caption of a video that was given up and came after all."""
        return self.say("Here it is after all. Its credits were refunded, so it costs nothing.")

    def expired(self) -> Html:
        """Say that a file can be had no more."""
        return self.say("This video is too old, its file is deleted.")

    def asked(self, kind: Kind) -> Html:
        """Answer a second press on a button whose work goes on."""
        match kind:
            case Kind.EXTEND:
                return self.say("The next part is being made already. The press was not charged.")
            case Kind.UPGRADE_4K:
                return self.say("4K is being made already. The press was not charged.")
            case _:
                return self.say("1080p is being made already. The press was not charged.")

    def extend_gone(self) -> Html:
        """Answer Extend below a video that was made sharper."""
        return self.say(
            "This video was asked for in 1080p or 4K and cannot be extended any more. "
            "The press was not charged."
        )

    def upgrades_gone(self) -> Html:
        """Answer the buttons of an old video."""
        return self.say(
            "This video is older than 14 days; the service does not keep it any longer. "
            "The press was not charged."
        )

    def not_possible(self) -> Html:
        """Answer a button that this video never had."""
        return self.say("That is not possible with this video. The press was not charged.")

    def again_gone(self) -> Html:
        """Answer a button of a job that is not there any more."""
        return self.say("This video is not known any more. Write what you want to see.")
