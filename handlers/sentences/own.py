"""What is somebody's own: their videos, their settings, and leaving."""

from collections.abc import Sequence

from handlers.sentences.speech import Html, Speech, lines, paragraphs


class HistoryTexts(Speech):
    """Answers to /history; its rows are those of /jobs."""

    def page(self, rows: Sequence[str], number: int, count: int) -> Html:
        """List some videos; ``number``: of the page, from 1 to ``count``."""
        if not rows:
            return self.say("You have made no videos yet. Write what you want to see.")
        return lines(self._title(number, count), *rows)

    def _title(self, number: int, count: int) -> Html:
        if count == 1:
            return self.say("<b>Your videos</b>")
        return self.say("<b>Your videos</b>, page {number} of {count}", number=number, count=count)

    def not_sent(self) -> Html:
        """Say that Telegram did not take the video."""
        return self.say("Telegram does not take the video now. Try again in a minute.")


class SettingsTexts(Speech):
    """What stands above the buttons of /settings."""

    def card(self, watermark: Html) -> Html:
        """Explain the settings; ``watermark``: the line that shows it, if there is one."""
        return lines(
            self.say("<b>Settings</b>"),
            self.say("A new card begins with these; there you can change them each time."),
            watermark,
        )


class FarewellTexts(Speech):
    """What is said before and after everything of somebody is deleted."""

    def ask(self, granted: int, open_jobs: int, *, private: bool) -> Html:
        """Ask once; ``granted``: credits that are lost, ``private``: access will be, too."""
        return paragraphs(
            self.say(
                "<b>Delete everything I know about you?</b>\nYour prompts, photos, history and "
                "settings, and your videos on this server, are gone at once and for good. What "
                "stands in this chat stays until you delete it."
            ),
            lines(
                self._lost(granted),
                self._unfinished(open_jobs),
                self.say("Afterwards you have to ask to be let in again.") if private else Html(""),
            ),
            self.stays(),
        )

    def _lost(self, granted: int) -> Html:
        if not granted:
            return Html("")
        return self.count(
            "⚠ You lose {n} granted credit.", "⚠ You lose {n} granted credits.", granted
        )

    def _unfinished(self, open_jobs: int) -> Html:
        if not open_jobs:
            return Html("")
        return self.count(
            "⚠ {n} video is not finished: you will not get it.",
            "⚠ {n} videos are not finished: you will not get them.",
            open_jobs,
        )

    def stays(self) -> Html:
        """Say what is kept."""
        return self.say(
            "What stays: what you spent today, and whether you were refused access, under a code "
            "that does not name you; and the totals of the accounts, without your name."
        )

    def deleted(self) -> Html:
        """Confirm."""
        return paragraphs(self.say("Everything about you is deleted."), self.stays())

    def kept(self) -> Html:
        """Confirm that nothing happened."""
        return self.say("Nothing was deleted.")

    def privately(self) -> Html:
        """Refuse in a group what would show there what is somebody's own."""
        return self.say("That is between you and me: send the command in our private chat.")
