"""The names on buttons and of what can be chosen; the English ones are a contract."""

from bot.catalog import Catalog, Field
from bot.models import Kind, Mode, Options, Ratio, Resolution
from handlers.sentences.speech import Speech, plain

SEPARATOR = " · "


class Labels(Speech):
    """Plain texts for buttons; none of them is HTML."""

    def mode(self, mode: Mode) -> str:
        """Name what the photos are for."""
        match mode:
            case Mode.TEXT:
                return self.label("Text")
            case Mode.FRAMES:
                return self.label("Frames")
            case Mode.REFERENCE:
                return self.label("Reference")

    def ratio(self, ratio: Ratio) -> str:
        """Name the aspect ratio."""
        return self.label("Auto") if ratio is Ratio.AUTO else ratio.value

    def resolution(self, resolution: Resolution) -> str:
        """Name the height class; ``4K`` with a capital letter."""
        return "4K" if resolution is Resolution.K4 else resolution.value

    def seconds(self, seconds: int) -> str:
        """Name the length of a video."""
        return self.label("{seconds} s", seconds=seconds)

    def field(self, field: Field) -> str:
        """Name what a choice is about."""
        match field:
            case Field.MODEL:
                return self.label("Model")
            case Field.MODE:
                return self.label("Mode")
            case Field.RATIO:
                return self.label("Ratio")
            case Field.SECONDS:
                return self.label("Length")
            case Field.RESOLUTION:
                return self.label("Resolution")
            case Field.PHOTOS:
                return self.label("Photos")

    def value(self, catalog: Catalog, field: Field, value: str | int) -> str:
        """Name a value of a field as its button does."""
        match field:
            case Field.MODEL:
                model = catalog.model(str(value))
                return str(value) if model is None else model.label
            case Field.MODE:
                return self.mode(Mode(str(value)))
            case Field.RATIO:
                return self.ratio(Ratio(str(value)))
            case Field.SECONDS:
                return self.seconds(int(value))
            case Field.RESOLUTION:
                return self.resolution(Resolution(str(value)))
            case Field.PHOTOS:
                return self.photos(int(value))

    def photos(self, number: int) -> str:
        """Count photos."""
        return plain(self.count("{n} photo", "{n} photos", number))

    def priced(self, name: str, price: int | None) -> str:
        """Put the price in credits behind a name."""
        return name if price is None else f"{name}{SEPARATOR}{price}"

    def chosen(self, name: str) -> str:
        """Mark what is chosen."""
        return f"✓ {name}"

    def pending(self, kind: Kind) -> str:
        """Name a button that was pressed and whose work goes on."""
        return f"⏳ {self.kind(kind)}…"

    def kind(self, kind: Kind) -> str:
        """Name what a button below a result makes."""
        match kind:
            case Kind.GENERATE:
                return self.label("Generate")
            case Kind.EXTEND:
                return self.label("Extend")
            case Kind.UPGRADE_1080P:
                return "1080p"
            case Kind.UPGRADE_4K:
                return "4K"

    def facts(self, model: str, options: Options, seconds: int | None = None) -> str:
        """Return ``Fast · 16:9 · 8 s · 720p · seed 12345``; ``seconds``: of a longer film."""
        length = self.seconds(options.seconds if seconds is None else seconds)
        return SEPARATOR.join((model, self.ratio(options.ratio), length, *self._rest(options)))

    def look(self, model: str, options: Options) -> str:
        """Return ``Fast · 16:9 · 720p · seed 12345``: what all parts of a film have in common."""
        return SEPARATOR.join((model, self.ratio(options.ratio), *self._rest(options)))

    def _rest(self, options: Options) -> tuple[str, ...]:
        resolution = self.resolution(options.resolution)
        if options.seed is None:
            return (resolution,)
        return (resolution, self.label("seed {seed}", seed=options.seed))

    def generate(self, price: int) -> str:
        """Name the button that spends."""
        return self.priced(self.kind(Kind.GENERATE), price)

    def new_video(self) -> str:
        """Name the button that makes a new video of a prompt that answered one."""
        return self.label("New video")

    def remove_photos(self) -> str:
        """Name the button that takes the photos off a card."""
        return self.label("Remove photos")

    def cancel(self) -> str:
        """Name the button that gives up."""
        return self.label("Cancel")

    def more(self) -> str:
        """Name the button that shows the rarer options."""
        return self.label("More")

    def less(self) -> str:
        """Name the button that hides the rarer options."""
        return self.label("Less")

    def again(self) -> str:
        """Name the button that opens the same card."""
        return self.label("Again")

    def edit(self) -> str:
        """Name the button that asks for a new prompt."""
        return self.label("Edit")

    def seed(self, seed: int | None) -> str:
        """Name the button for the seed, with the one that is set."""
        if seed is None:
            return self.label("Seed")
        return self.chosen(self.label("Seed {seed}", seed=seed))

    def translation(self, on: bool) -> str:
        """Name the button for translating the prompt to English."""
        name = self.label("Translation")
        return self.chosen(name) if on else name

    def watermark(self, on: bool) -> str:
        """Name the button for a text burnt into the picture."""
        name = self.label("Watermark")
        return self.chosen(name) if on else name

    def language(self) -> str:
        """Name the language of these labels in itself: every catalogue says its own name."""
        return self.label("English")

    def reset(self) -> str:
        """Name the button that forgets what was chosen in the settings."""
        return self.label("Reset to defaults")

    def send_again(self, number: int) -> str:
        """Name the button that sends a video of the history."""
        return self.label("📹 Send {number}", number=number)

    def part(self, part: int) -> str:
        """Name which part of a film that was extended something is."""
        return self.label("part {part}", part=part)

    def again_of(self, number: int) -> str:
        """Name the button that opens the card of a request in the history."""
        return f"{self.again()} {number}"

    def delete(self) -> str:
        """Name the button that deletes all of a person's data."""
        return self.label("Delete everything")

    def keep(self) -> str:
        """Name the button that does not."""
        return self.label("Keep it")

    def ask_for_access(self) -> str:
        """Name the button of a stranger."""
        return self.label("Ask for access")

    def approve(self) -> str:
        """Name the admin's button that lets someone in."""
        return self.label("Approve")

    def deny(self) -> str:
        """Name the admin's button that does not."""
        return self.label("Deny")

    def cancel_job(self, number: int) -> str:
        """Name the button in a list of jobs that cancels one of them."""
        return f"{self.cancel()} {number}"
