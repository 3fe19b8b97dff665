"""Credits: what is left, what it buys, what is missing, what an admin grants."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.models import Quota
from handlers.sentences.speech import Html, Speech, lines, paragraphs

_MINUTE_SECONDS = 60


class MoneyTexts(Speech):
    """Everything about credits except what a failed video gives back."""

    def credits(self, amount: int) -> Html:
        """Name an amount."""
        return self.count("{n} credit", "{n} credits", amount)

    def quota(self, quota: Quota, now: float, buys: Sequence[tuple[str, int]]) -> Html:
        """Answer /quota; ``buys``: names of models and the price of one video of each."""
        return paragraphs(
            lines(
                self._left(quota),
                self._granted(quota),
                self._held(quota),
                self._total(quota),
                self._when_more(quota, now),
            ),
            self._buys(quota.available, buys),
        )

    def _left(self, quota: Quota) -> Html:
        if quota.free is None:
            return self.say("<b>You are an admin: your credits have no limit.</b>")
        return self.say(
            "<b>Left today: {free} of {daily} free credits</b>",
            free=max(quota.free, 0),
            daily=quota.daily,
        )

    def _granted(self, quota: Quota) -> Html:
        if not quota.granted:
            return Html("")
        return self.count(
            "Granted to you: {n} credit, used after the free ones",
            "Granted to you: {n} credits, used after the free ones",
            quota.granted,
        )

    def _held(self, quota: Quota) -> Html:
        if not quota.held:
            return Html("")
        return self.count(
            "Set aside for what is being made: {n} credit",
            "Set aside for what is being made: {n} credits",
            quota.held,
        )

    def _total(self, quota: Quota) -> Html:
        if quota.total_left is None:
            return Html("")
        return self.count(
            "Left today for everybody together: {n} credit",
            "Left today for everybody together: {n} credits",
            max(quota.total_left, 0),
        )

    def _when_more(self, quota: Quota, now: float) -> Html:
        """Say when there are new free credits; nothing for whom nothing runs out."""
        if quota.free is None and quota.total_left is None:
            return Html("")
        at = f"{datetime.fromtimestamp(quota.resets_at, UTC):%H:%M}"
        wait = max(quota.resets_at - now, 0)
        hours, minutes = divmod(int(wait // _MINUTE_SECONDS), 60)
        if not hours:
            return self.say(
                "New free credits at {at} UTC, in {minutes} min", at=at, minutes=minutes
            )
        return self.say(
            "New free credits at {at} UTC, in {hours} h {minutes} min",
            at=at,
            hours=hours,
            minutes=minutes,
        )

    def _buys(self, available: int | None, buys: Sequence[tuple[str, int]]) -> Html:
        if available is None:
            return lines(
                self.say("<b>What a video costs</b>"),
                *(self._price(name, price) for name, price in buys),
            )
        return lines(
            self.say("<b>That buys, for example</b>"),
            *(self._number(name, price, available) for name, price in buys),
        )

    def _price(self, name: str, price: int) -> Html:
        return self.say("{name}: {credits}", name=name, credits=self.credits(price))

    def _number(self, name: str, price: int, available: int) -> Html:
        return self.count(
            "{n} video with {name} ({price} each)",
            "{n} videos with {name} ({price} each)",
            available // price if price else available,
            name=name,
            price=price,
        )

    def unpayable(self, price: int, quota: Quota) -> Html:
        """Say on the card why there is no Generate."""
        own = None if quota.free is None else max(quota.free, 0) + quota.granted
        if own is not None and own < price:
            reason = self.count(
                "⚠ Too expensive: {price} credits, and you have {n} left.",
                "⚠ Too expensive: {price} credits, and you have {n} left.",
                own,
                price=price,
            )
        else:
            reason = self.count(
                "⚠ Too expensive: {price} credits, and the whole bot has {n} left for today.",
                "⚠ Too expensive: {price} credits, and the whole bot has {n} left for today.",
                max(quota.total_left or 0, 0),
                price=price,
            )
        at = f"{datetime.fromtimestamp(quota.resets_at, UTC):%H:%M}"
        wait = self.say("Choose something cheaper, or come back after {at} UTC.", at=at)
        return lines(reason, wait)

    def not_started(self) -> Html:
        """Stand on a card that was to be skipped, above the reason why it could not be."""
        return self.say("This was not started and not charged.")

    def own_too_little(self, price: int, available: int) -> Html:
        """Say that the user's own credits are not enough."""
        return self.count(
            "This costs {price} credits and you have {n} left, so it was not started and not "
            "charged. Choose something cheaper, or wait: /quota says when there are more.",
            "This costs {price} credits and you have {n} left, so it was not started and not "
            "charged. Choose something cheaper, or wait: /quota says when there are more.",
            available,
            price=price,
        )

    def total_too_little(self, price: int, available: int) -> Html:
        """Say that everybody's credits together are not enough."""
        return self.count(
            "This costs {price} credits and the whole bot has {n} left for today, so it was not "
            "started and not charged. Come back after midnight UTC.",
            "This costs {price} credits and the whole bot has {n} left for today, so it was not "
            "started and not charged. Come back after midnight UTC.",
            available,
            price=price,
        )

    def grant_usage(self) -> Html:
        """Explain the command to an admin."""
        return self.say(
            "<code>/grant USER CREDITS</code>: the numeric id and a whole number, "
            "for example <code>/grant 123456789 300</code>"
        )

    def bad_user(self, given: str) -> Html:
        """Refuse what is no id."""
        return self.say("<code>{given}</code> is not a numeric user id.", given=given[:40])

    def bad_amount(self, given: str, most: int) -> Html:
        """Refuse what is no sensible amount."""
        return self.say(
            "<code>{given}</code> is not a whole number from 1 to {most}.",
            given=given[:40],
            most=most,
        )

    def unknown_user(self, user_id: int) -> Html:
        """Refuse somebody the bot has never met."""
        return self.say(
            "I have not met <code>{user_id}</code>. They have to write to me first.",
            user_id=user_id,
        )

    def granted(self, name: str, user_id: int, amount: int, balance: int) -> Html:
        """Confirm a grant to the admin."""
        return self.say(
            "{credits} for <b>{name}</b> (<code>{user_id}</code>), who has {balance} granted now.",
            credits=self.credits(amount),
            name=name,
            user_id=user_id,
            balance=balance,
        )

    def admins_only(self) -> Html:
        """Refuse an admin's command."""
        return self.say("Only an admin can do that.")
