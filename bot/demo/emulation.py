"""What of the outside world the demo plays, and what it does not: told on its page."""

from bot.demo import parameters
from bot.demo.entities import Json
from bot.demo.kie import KieStandin
from bot.demo.kie_faults import TRIGGERS
from bot.demo.moods import MOODS, AtKie

NOT_EMULATED = (
    "Veo: a clip is drawn here, with the prompt's first words on it and a tone.",
    "Money: no account is charged, at KIE or anywhere.",
    "Moderation: nobody looks at prompts or photos; only the faults and #words refuse any.",
    "Telegram's other methods and parameters: they are refused as unknown and shown red.",
    "Formatting other than HTML and entities, custom emoji, stickers, voice, polls, payments.",
    "Inline mode, channels, business accounts, stories, reactions of people, forwarding.",
    "Files by their URL and replies to other chats: they are refused, and shown red.",
    "Telegram's re-encoding of videos, and whatever its servers do to a video or a photo.",
    "Days: quotas begin anew at midnight UTC of the real clock, whatever the demo's speed.",
)


def told(kie: KieStandin) -> Json:
    """Return what the page lists: methods, endpoints, faults, words, and what is missing."""
    return {
        "telegram": {name: sorted(known) for name, known in parameters.table().items()},
        "kie": kie.endpoints,
        "not": list(NOT_EMULATED),
        "words": [{"word": trigger.word, "about": trigger.about} for trigger in TRIGGERS],
        "faults": [
            {
                "key": mood.key,
                "at": "KIE" if isinstance(mood, AtKie) else "Telegram",
                "label": mood.label,
                "about": mood.about,
            }
            for mood in MOODS
        ],
    }
