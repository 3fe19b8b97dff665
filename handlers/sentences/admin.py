"""What only admins read."""

from handlers.sentences.speech import Html, Speech


class AdminTexts(Speech):
    """Alerts, once each."""

    def key_refused(self) -> Html:
        """KIE refuses the key."""
        return self.say(
            "🔑 <b>KIE refuses the API key.</b> New videos are refused without charge, waiting "
            "ones keep their credits. Set a valid KIE_API_KEY and restart; I also ask again myself."
        )

    def credits_gone(self) -> Html:
        """KIE wants money."""
        return self.say(
            "💳 <b>The KIE account has no credits left.</b> New videos are refused without charge, "
            "waiting ones keep theirs. Top up at kie.ai; I go on by myself."
        )

    def credits_low(self, credits_left: str) -> Html:
        """KIE will want money; ``credits_left`` as KIE counts it."""
        return self.say(
            "💳 <b>The KIE account is low on credits</b>: {left} left, less than KIE_CREDITS_LOW.",
            left=credits_left,
        )

    def account_stopped(self, code: str) -> Html:
        """KIE refuses the account; ``code`` is its verdict: 401 key, 402 and 433 credits."""
        match code:
            case "401":
                return self.key_refused()
            case "402" | "433":
                return self.credits_gone()
            case _:
                return self.network_refused()

    def network_refused(self) -> Html:
        """KIE's network rule shuts the bot out."""
        return self.say(
            "🌐 <b>KIE's network refuses this server.</b> New videos are refused without charge. "
            "Check the address of KIE and whether this server's network is blocked there."
        )

    def disk_short(self, free: str) -> Html:
        """Little room is left for videos; ``free`` with its unit."""
        return self.say(
            "💾 <b>Disk space is short: {free} are free.</b> Make room before the bot has to stop.",
            free=free,
        )

    def callbacks_silent(self) -> Html:
        """KIE's callbacks do not arrive."""
        return self.say(
            "📡 <b>KIE's callbacks do not arrive.</b> I poll instead, which works but is slower. "
            "Check that PUBLIC_URL can be reached from outside, and that KIE_WEBHOOK_HMAC_KEY, if "
            "it is set, is the key in KIE's settings."
        )

    def foreign_callback(self, ref: str) -> Html:
        """A callback named somebody else's task."""
        return self.say(
            "🚨 <b>A callback named another job's task</b> and was ignored: <code>{ref}</code>",
            ref=ref,
        )

    def trouble(self, name: str, detail: str) -> Html:
        """Tell of anything that has no sentence of its own."""
        return self.say("⚠ <b>{name}</b>: {detail}", name=name, detail=detail)
