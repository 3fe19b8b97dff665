"""What Telegram itself shows of the bot: its menu of commands and its descriptions."""

from typing import NamedTuple

from handlers.sentences.speech import Speech


class Command(NamedTuple):
    """A line of the menu; ``name`` without the slash."""

    name: str
    description: str


class MenuTexts(Speech):
    """Plain texts, none of them is HTML."""

    def private(self) -> tuple[Command, ...]:
        """Return the commands in a private chat."""
        return (
            self._generate(),
            Command("quota", self.label("What you have left and what it buys")),
            Command("jobs", self.label("What is being made, and cancelling it")),
            Command("history", self.label("Your videos")),
            Command("settings", self.label("What a new card begins with")),
            self._cancel(),
            self._help(),
            Command("privacy", self.label("What is kept and where it goes")),
            Command("delete_me", self.label("Delete everything about you")),
        )

    def in_groups(self) -> tuple[Command, ...]:
        """Return the commands in a group."""
        return (self._generate(), self._cancel(), self._help())

    def for_admins(self) -> tuple[Command, ...]:
        """Return the commands in an admin's private chat."""
        return (*self.private(), Command("grant", self.label("Give credits: USER CREDITS")))

    def _generate(self) -> Command:
        return Command("generate", self.label("Make a video: write what it should show"))

    def _cancel(self) -> Command:
        return Command("cancel", self.label("Leave the open question or card"))

    def _help(self) -> Command:
        return Command("help", self.label("How it works, and everything you can set"))

    def description(self) -> str:
        """Return what an empty chat shows; at most 512 characters."""
        return self.label(
            "I make short videos with sound from what you write, with Veo 3.1.\n\n"
            "Write what you want to see, or send one to three photos. You see the price before "
            "anything is spent, and what fails is refunded."
        )

    def short_description(self) -> str:
        """Return what the bot's profile shows; at most 120 characters."""
        return self.label("Short videos with sound from your words and photos, made with Veo 3.1.")
