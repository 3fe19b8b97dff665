"""Asking for a prompt and photos, and saying what is wrong with what came."""

from collections.abc import Sequence

from bot.models import Kind, Step
from handlers import utf16
from handlers.flags import FlagProblem, Trouble
from handlers.sentences.speech import Html, Speech, escape, lines, paragraphs, visible

_SHOWN_SIGNS = 40  # of something typed that is repeated in an answer
_SHOWN_PROBLEMS = 12
_FORMER_UNITS = 3500  # of the 4096 of a message; the question stands below


class RequestTexts(Speech):
    """What is said before there is a card, and when a card's button does not work."""

    def ask_prompt(self, kind: Kind = Kind.GENERATE) -> Html:
        """Ask the open question."""
        if kind is Kind.EXTEND:
            return self.say("What happens next?")
        return self.say("Describe the video…")

    def ask_prompt_for_photos(self, photos: int) -> Html:
        """Ask for the prompt when photos came without a caption."""
        return self.count(
            "{n} photo is here. Describe the video…",
            "{n} photos are here. Describe the video…",
            photos,
        )

    def former(self, prompt: str) -> Html:
        """Show the prompt that is to be edited; a tap on it copies it."""
        return self.say(
            "So far (a tap copies it):\n<code>{prompt}</code>",
            prompt=utf16.shorten(visible(prompt).strip(), _FORMER_UNITS),
        )

    def placeholder(self, step: Step) -> str:
        """Return the grey text in the input field while something is asked for."""
        match step:
            case Step.SEED:
                return self.label("A number from 10000 to 99999")
            case Step.WATERMARK | Step.DEFAULT_WATERMARK:
                return self.label("A name or a few words")
            case _:
                return self.label("What should be seen and heard?")

    def empty(self) -> Html:
        """Refuse a prompt without a single sign."""
        return self.say("The prompt is empty. Describe the video…")

    def too_long(self, limit: int, actual: int) -> Html:
        """Refuse a prompt; both in characters."""
        return self.say(
            "The prompt is too long: {actual} characters, and the limit is {limit}. "
            "Send a shorter one; this was not charged.",
            actual=actual,
            limit=limit,
        )

    def flag_problems(self, problems: Sequence[FlagProblem]) -> Html:
        """Name everything that is wrong with the flags at once."""
        return self.refusal([self.flag_problem(problem) for problem in problems])

    def refusal(self, reasons: Sequence[Html]) -> Html:
        """Refuse a command for these reasons."""
        return paragraphs(
            lines(*(Html(f"• {reason}") for reason in reasons[:_SHOWN_PROBLEMS])),
            self.say("Correct it and send the command again. This was not charged."),
        )

    def flag_problem(self, problem: FlagProblem) -> Html:
        """Say what is wrong with one flag, and what could stand there."""
        flag = Html(f"<code>{escape(_cut(problem.flag))}</code>")
        given = Html(f"<code>{escape(_cut(problem.given))}</code>")
        return Html(f"{self._trouble(problem, flag, given)} {self._hint(problem)}".strip())

    def _trouble(self, problem: FlagProblem, flag: Html, given: Html) -> Html:
        match problem.trouble:
            case Trouble.UNKNOWN:
                return self.say("I don't know {flag}.", flag=flag)
            case Trouble.MISSING:
                return self.say("{flag} needs a value.", flag=flag)
            case Trouble.BAD:
                return self.say("{flag} cannot be {given}.", flag=flag, given=given)
            case Trouble.NEEDLESS:
                return self.say("{flag} takes no value.", flag=flag)
            case Trouble.TWICE:
                return self.say("{flag} stands there twice with different values.", flag=flag)
            case Trouble.UNCLOSED:
                return self.say("The quotation mark after {flag} is never closed.", flag=flag)

    def _hint(self, problem: FlagProblem) -> Html:
        if problem.meant is not None:
            return self.say("Did you mean <code>{flag}</code>?", flag=problem.meant)
        if problem.trouble is Trouble.UNKNOWN:
            return self.say("/help lists what I know.")
        return self.possible(problem.allowed)

    def possible(self, values: Sequence[str]) -> Html:
        """List what could be chosen instead."""
        if not values:
            return Html("")
        return self.say("Possible: {values}.", values=", ".join(values))

    def contradiction(self, value: str, cause: str, allowed: Sequence[str]) -> Html:
        """Say that ``value`` does not go with ``cause``, both named as on the buttons."""
        said = self.say("{value} does not go with {cause}.", value=value, cause=cause)
        return Html(f"{said} {self.possible(allowed)}".strip())

    def needs_photos(self, value: str, allowed: Sequence[str]) -> Html:
        """Say that a mode was asked for that begins with photos, and there are none."""
        return self.say(
            "{value} needs photos: send the command as their caption. Without photos: {values}.",
            value=value,
            values=", ".join(allowed),
        )

    def not_offered(self, value: str, allowed: Sequence[str]) -> Html:
        """Say that a model is not there."""
        said = self.say("{value} is not offered at the moment.", value=_cut(value))
        return Html(f"{said} {self.possible(allowed)}".strip())

    def ask_seed(self) -> Html:
        """Ask for a seed, to be typed as a reply."""
        return self.say(
            "Reply with a seed, a number from 10000 to 99999. "
            "The same seed and prompt give a similar video. /cancel leaves it as it is."
        )

    def bad_seed(self) -> Html:
        """Refuse what is no seed."""
        return self.say(
            "A seed is a whole number from 10000 to 99999. Reply with one; /cancel leaves it as it "
            "is."
        )

    def ask_watermark(self) -> Html:
        """Ask for the watermark, to be typed as a reply."""
        return self.say(
            "Reply with the text that is to be burnt into the picture. /cancel leaves it as it is."
        )

    def nothing_to_cancel(self) -> Html:
        """Answer /cancel when nothing is open."""
        return self.say("There is nothing to cancel. /jobs shows the videos being made.")

    def dropped(self) -> Html:
        """Confirm that the question or card is gone."""
        return self.say("Cancelled. Nothing was spent.")

    def card_gone(self) -> Html:
        """Answer a button of a card that expired or was replaced."""
        return self.say(
            "This card is gone: cards live for 24 hours. The press was not charged; "
            "send the prompt again."
        )

    def confirmed_before(self) -> Html:
        """Answer a second press on Generate."""
        return self.say("This video is ordered already. The second press was not charged.")

    def not_yours(self) -> Html:
        """Answer somebody else's press."""
        return self.say("Only the person who asked for this can press here.")

    def old_button(self) -> Html:
        """Answer a button that this version cannot read."""
        return self.say("This button is from another version of me. Send the prompt again.")


def _cut(typed: str) -> str:
    return typed if len(typed) <= _SHOWN_SIGNS else f"{typed[:_SHOWN_SIGNS]}…"
