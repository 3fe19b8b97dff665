"""Text with markup becomes what Telegram makes of it."""

from bot.demo.entities import Formatted, parse_html, tidied
from tests.e2e.botapi import bot_api


def test_html_becomes_text_and_entities_in_utf16_units() -> None:
    source = (
        "🎬 <b>bold <i>both</i></b> &lt;x&gt; &#128512;"
        '<pre><code class="language-py">a</code></pre>'
        '<a href="https://example.org/?a=1&amp;b=2">link</a> <span class="tg-spoiler">s</span>'
        "<blockquote expandable>q</blockquote>"
    )
    formatted = parse_html(source, lambda _: None)

    assert formatted.text == "🎬 bold both <x> 😀alink sq"
    cut = formatted.text.encode("utf-16-le")
    shown = {
        entity["type"]: cut[
            2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])
        ].decode("utf-16-le")
        for entity in formatted.entities
    }
    assert shown == {
        "italic": "both",
        "bold": "bold both",
        "pre": "a",
        "text_link": "link",
        "spoiler": "s",
        "expandable_blockquote": "q",
    }
    assert bot_api().value_problems(["Array of MessageEntity"], list(formatted.entities)) == []


def test_a_link_to_a_known_person_mentions_them_and_odd_links_vanish() -> None:
    ada = {"id": 5, "is_bot": False, "first_name": "Ada"}
    source = '<a href="tg://user?id=5">Ada</a> <a href="http://localhost/">x</a>'
    formatted = parse_html(source, {5: ada}.get)

    assert [(one["type"], one["user"]) for one in formatted.entities] == [("text_mention", ada)]


def test_space_around_goes_and_entities_move_with_the_text() -> None:
    formatted = tidied(Formatted("\n 🎬x ", ({"type": "bold", "offset": 0, "length": 6},)))

    assert formatted.text == "🎬x"
    assert formatted.entities == ({"type": "bold", "offset": 0, "length": 3},)
