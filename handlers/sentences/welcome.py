"""The first words, help, privacy, and being let in."""

from dataclasses import dataclass

from handlers.sentences.speech import Html, Speech, lines, paragraphs


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt to try: ``caption`` for its button, ``prompt`` for the card; both plain."""

    caption: str
    prompt: str


class WelcomeTexts(Speech):
    """What somebody reads before their first video."""

    def start(self, videos: int | None) -> Html:
        """Greet in at most six lines; ``videos``: how many the credits of today buy."""
        return lines(
            self.say("<b>I make short videos with Veo 3.1.</b>"),
            self.say("Write what you want to see, or send one to three photos."),
            self.say("You see the price first; nothing is spent before you press Generate."),
            self._today(videos),
            self.say("/help tells the rest. Or try one of these:"),
        )

    def _today(self, videos: int | None) -> Html:
        if videos is None:
            return Html("")
        if not videos:
            return self.say("Not enough credits are left for the usual video; /quota tells more.")
        return self.count(
            "Your credits buy {n} video today.", "Your credits buy {n} videos today.", videos
        )

    def examples(self) -> tuple[Example, ...]:
        """Return the three prompts offered below the greeting."""
        return (
            Example(
                self.label("🌊 Lighthouse in a storm"),
                self.label(
                    "A lighthouse in a night storm, waves breaking over the rocks, its beam "
                    "sweeping through the rain, slow aerial shot, sound of wind and thunder"
                ),
            ),
            Example(
                self.label("🦊 Fox in fresh snow"),
                self.label(
                    "A red fox leaps through fresh snow at sunrise, slow motion, low camera, "
                    "powder glittering, quiet forest sounds"
                ),
            ),
            Example(
                self.label("🍜 Noodles at midnight"),
                self.label(
                    "A street cook tosses noodles in a flaming wok at midnight, neon signs in the "
                    "steam, close-up, sizzling and city noise"
                ),
            ),
        )

    def help(self, *, admin: bool = False) -> Html:
        """Explain the commands, the photos and the flags."""
        return paragraphs(
            self.say("Write what the video should show, here or after /generate."),
            self._help_photos(),
            self._help_flags(),
            self._help_commands(),
            self.say("<b>As an admin</b>\n/grant USER CREDITS: give somebody more credits")
            if admin
            else "",
            self.say(
                "What fails is refunded, and a video that is only slow still comes. Say what is to "
                "be heard, too: Veo makes the sound."
            ),
        )

    def _help_photos(self) -> Html:
        return lines(
            self.say("<b>Photos</b>"),
            self.say("One: the video begins with it. Two: first and last frame."),
            self.say("Three: references for people, things and style."),
        )

    def _help_flags(self) -> Html:
        return lines(
            self.say("<b>After /generate, wherever you like</b>"),
            self.say("<code>--ratio 16:9</code>, <code>9:16</code> or <code>auto</code>"),
            self.say("<code>--model fast</code>, <code>quality</code> or <code>lite</code>"),
            self.say("<code>--mode text</code>, <code>frames</code> or <code>reference</code>"),
            self.say("<code>--seconds 4</code>, <code>6</code> or <code>8</code>"),
            self.say("<code>--resolution 720p</code>, <code>1080p</code> or <code>4k</code>"),
            self.say("<code>--seed 12345</code>: the same number, a similar video"),
            self.say('<code>--watermark "my name"</code>: burnt into the picture'),
            self.say("<code>--no-translate</code>: the prompt goes on as you wrote it"),
            self.say("<code>--go</code>: spend at once, without asking"),
        )

    def _help_commands(self) -> Html:
        return lines(
            self.say("<b>Commands</b>"),
            self.say("/quota: what you have left and what it buys"),
            self.say("/jobs: what is being made, and cancelling it"),
            self.say("/history: your videos"),
            self.say("/settings: what a new card begins with"),
            self.say("/cancel: leave the open question or card"),
            self.say("/privacy and /delete_me: what is kept, and how it goes"),
        )

    def privacy(self, keep_days: int) -> Html:
        """Say what is kept, where it goes and how it is deleted."""
        return paragraphs(
            self.say(
                "<b>What I keep</b>\nYour Telegram id and name, your settings, your prompts and "
                "photos, the videos made from them, and what they cost; your messages as they "
                "came, for two days, so that none is lost."
            ),
            self.say(
                "<b>Where it goes</b>\nPrompts and photos go to KIE.ai and the makers of Veo, who "
                "make the video, and to Telegram, which carries it. To nobody else."
            ),
            self.count(
                "<b>How long</b>\nVideo and photo files lie on this server for {n} day at most, "
                "prompts until you delete them. Uploaded photos are gone from KIE after a day.",
                "<b>How long</b>\nVideo and photo files lie on this server for {n} days at most, "
                "prompts until you delete them. Uploaded photos are gone from KIE after a day.",
                keep_days,
            ),
            self.say(
                "<b>Delete</b>\n/delete_me removes all of it from this server. What you spent "
                "today stays, and whether you were refused access, under a code that does not name "
                "you; and the totals of the accounts, without your name."
            ),
        )

    def only_text_and_photos(self) -> Html:
        """Answer stickers, voice messages and whatever else is no prompt."""
        return self.say("I can use text and photos only. Write what the video should show.")

    def unknown_command(self, meant: str | None = None) -> Html:
        """Answer a command that does not exist; ``meant``: the one that it resembles."""
        if meant is not None:
            return self.say("I don't know this command. Did you mean /{meant}?", meant=meant)
        return self.say("I don't know this command. /help lists them.")

    def trouble(self, ref: str) -> Html:
        """Apologise for a fault of the program itself."""
        return self.say(
            "Something went wrong on my side. What did not work is not charged. "
            "Try again in a minute; if it stays, tell whoever runs this bot: <code>{ref}</code>",
            ref=ref,
        )


class AccessTexts(Speech):
    """Asking to be let in, and deciding about it."""

    def private(self) -> Html:
        """Tell a stranger."""
        return self.say("This bot is private. You can ask to be let in.")

    def anonymous(self) -> Html:
        """Tell a channel or an anonymous admin of a group."""
        return self.say(
            "I cannot see who you are, so I do nothing for you. Write as yourself, please."
        )

    def too_fast(self) -> Html:
        """Tell somebody whose messages come faster than anybody types."""
        return self.say(
            "That was too much at once, so I left some of it out. Wait a minute, then send it "
            "again. Nothing was charged for what I left out."
        )

    def forwarded(self) -> Html:
        """Refuse a command that was forwarded or made by another bot."""
        return self.say("I carry out commands only from those who type them. Type it yourself.")

    def asked(self) -> Html:
        """Confirm that the admins were told."""
        return self.say("I have asked. You will hear from me once it is decided.")

    def asked_before(self) -> Html:
        """Answer someone who asks twice."""
        return self.say("You have asked already; it is not decided yet.")

    def not_open(self) -> Html:
        """Answer someone who was denied, or asks when there are too many askers."""
        return self.say("This bot is private, and takes no request from you at the moment.")

    def request(self, name: str, user_id: int) -> Html:
        """Ask the admins about someone."""
        return self.say(
            "<b>{name}</b> (<code>{user_id}</code>) asks for access.", name=name, user_id=user_id
        )

    def approved(self, name: str, user_id: int) -> Html:
        """Tell the admins what was decided."""
        return self.say(
            "<b>{name}</b> (<code>{user_id}</code>) is let in.", name=name, user_id=user_id
        )

    def denied(self, name: str, user_id: int) -> Html:
        """Tell the admins what was decided."""
        return self.say(
            "<b>{name}</b> (<code>{user_id}</code>) is not let in.", name=name, user_id=user_id
        )

    def decided_before(self) -> Html:
        """Answer an admin who comes second."""
        return self.say("Another admin was faster: this is decided already.")

    def welcome(self) -> Html:
        """Tell the asker."""
        return self.say("You are in! Write what you want to see, or /start.")

    def turned_down(self) -> Html:
        """Tell the asker."""
        return self.say("Your request for access was declined.")

    def claimed(self) -> Html:
        """Welcome the first admin."""
        return self.say("You are the admin of this bot now. /help tells how it works.")

    def claim_void(self) -> Html:
        """Answer an old or wrong claim link."""
        return self.say("This link is not valid any more.")
