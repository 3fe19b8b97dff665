"""What is neither text nor a photo: typed things are answered, service messages are not."""

from typing import Any

from bot.demo.chats import Message
from tests.e2e.world import World

FILE = {"file_id": "f", "file_unique_id": "u"}
SIDES = {"width": 512, "height": 512}
TYPED: dict[str, dict[str, Any]] = {
    "sticker": FILE | SIDES | {"is_animated": False, "is_video": False, "type": "regular"},
    "voice": FILE | {"duration": 3},
    "video_note": FILE | {"duration": 3, "length": 240},
    "video": FILE | SIDES | {"duration": 3},
    "audio": FILE | {"duration": 3},
    "location": {"latitude": 1.0, "longitude": 2.0},
    "venue": {"location": {"latitude": 1.0, "longitude": 2.0}, "title": "T", "address": "A"},
    "contact": {"phone_number": "+1", "first_name": "Bob"},
    "dice": {"emoji": "🎲", "value": 3},
    "poll": {
        "id": "1",
        "question": "?",
        "options": [],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": False,
        "members_only": False,
    },
    "story": {"chat": {"id": 5, "type": "private", "first_name": "Bob"}, "id": 1},
}
SERVICE: dict[str, Any] = {
    "paid_message_price_changed": {"paid_message_star_count": 5},
    "successful_payment": {
        "currency": "XTR",
        "total_amount": 1,
        "invoice_payload": "p",
        "telegram_payment_charge_id": "c",
        "provider_payment_charge_id": "d",
    },
    "write_access_allowed": {"from_request": True},
    "connected_website": "example.org",
    "users_shared": {"request_id": 1, "users": [{"user_id": 5}]},
    "delete_chat_photo": True,
}


def post(here: World, content: dict[str, Any]) -> None:
    here.admin._say(content, None, None, None)


async def answered(here: World, content: dict[str, Any]) -> None:
    count = len(here.messages())
    post(here, content)
    await here.until(lambda: len(here.messages()) > count, f"an answer to {content}")


async def explanation(here: World, message: Message, data: str) -> str:
    pressed = await here.admin.press_data(message, data)
    answer = await here.until(lambda: pressed.answer, f"an answer to {data}")
    return answer.text


async def test_whatever_is_typed_is_answered_once(here: World) -> None:
    async with here.bot():
        for kind, content in TYPED.items():
            await answered(here, {kind: content})
    said = [message.text for message in here.messages()]
    assert len(said) == len(TYPED)
    assert all("text and photos only" in text for text in said)


async def test_a_command_that_does_not_exist_is_answered_with_what_may_be_meant(
    here: World,
) -> None:
    meant = {
        "/genrate a cat": "Did you mean /generate?",
        "/Gen@veogram_demo_bot a cat": "Did you mean /generate?",
        "/setings": "Did you mean /settings?",
        "/strat": "Did you mean /start?",
        "/xyz": "/help lists them.",
    }
    async with here.bot():
        for typed in meant:
            await here.admin.send(typed)
        await here.until(lambda: len(here.messages()) == len(meant), "an answer to each")
    assert [message.text for message in here.messages()] == [
        f"I don't know this command. {said}" for said in meant.values()
    ]


async def test_service_messages_and_edits_are_not_answered(here: World) -> None:
    async with here.bot():
        for kind, content in SERVICE.items():
            post(here, {kind: content})
        sent = await here.admin.send("/help")
        await here.message("Commands")
        await here.admin.edit(sent, "/quota")
        await here.admin.send("/jobs")
        await here.message("Nothing is being made")
    assert len(here.messages()) == 2
    assert here.rows("SELECT error FROM inbox WHERE error IS NOT NULL") == []


async def test_a_button_that_means_nothing_is_explained(here: World) -> None:
    async with here.bot():
        await here.admin.send("/help")
        message = await here.message("Commands")
        for data in ("v0:d:1:go", "v1:x", "x" * 64):
            assert "another version" in await explanation(here, message, data)
