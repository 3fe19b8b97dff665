"""The lines of the card."""

from bot.models import Kind, Options, Quota
from handlers import utf16
from handlers.sentences.labels import SEPARATOR, Labels
from handlers.sentences.speech import Html, Speech, escape, visible

_EXPANDABLE_UNITS = 400
_EXPANDABLE_LINES = 6
_WATERMARK_UNITS = 60


class CardTexts(Speech):
    """What the card says; the buttons' names are ``Labels``."""

    def quote(self, prompt: str, units: int) -> Html:
        """Quote the prompt, shortened to ``units``; a long one is folded until it is tapped."""
        shown = utf16.shorten(visible(prompt).strip(), units)
        if not shown:
            return Html("")
        long = utf16.length(shown) > _EXPANDABLE_UNITS or shown.count("\n") >= _EXPANDABLE_LINES
        return Html(f"<blockquote{' expandable' if long else ''}>{escape(shown)}</blockquote>")

    def photos(self, number: int) -> Html:
        """Say how many photos there are."""
        return self.say("Photos: {n}", n=number) if number else Html("")

    def options(self, labels: Labels, model: str, options: Options) -> Html:
        """Name what is chosen, the rarer options only where they differ from the usual."""
        return escape(f"{labels.mode(options.mode)}{SEPARATOR}{labels.facts(model, options)}")

    def extension(self, labels: Labels, model: str, options: Options) -> Html:
        """Name what a film is gone on with; how much longer it gets is left to the model."""
        return escape(SEPARATOR.join((labels.kind(Kind.EXTEND), labels.look(model, options))))

    def go_on_or_not(self) -> Html:
        """Ask what a prompt is for that answered a video."""
        return self.say("Go on with that video, or make a new one?")

    def translation_off(self) -> Html:
        """Say that the prompt goes on as it is."""
        return self.say("Translation: off")

    def watermark(self, text: str) -> Html:
        """Show what is burnt into the picture."""
        return self.say("Watermark: {text}", text=utf16.shorten(text, _WATERMARK_UNITS))

    def moved(self, name: str, old: str, new: str) -> Html:
        """Say that an option had to follow another one."""
        return self.say("↪ {name}: {old} → {new}", name=name, old=old, new=new)

    def price(self, price: int, quota: Quota) -> Html:
        """Name the price, and what is left to pay it from."""
        if quota.available is None:
            return self.count("Price: <b>{n} credit</b>", "Price: <b>{n} credits</b>", price)
        return self.count(
            "Price: <b>{n} credit</b> of the {left} you have left",
            "Price: <b>{n} credits</b> of the {left} you have left",
            price,
            left=quota.available,
        )
