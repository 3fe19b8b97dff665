"""Updates that are nearly right, made by hypothesis: each is answered, refused or left alone."""

import asyncio
import copy
import random
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import Clock
from tests.e2e.whole import Whole, whole, written_log
from tests.e2e.world import ADMIN_ID, KEY, TOKEN

BO: dict[str, Any] = {"id": 5005, "is_bot": False, "first_name": "Bo", "language_code": "en"}
CHAT = {"id": 5005, "type": "private", "first_name": "Bo"}
GROUP = {"id": -1_000_000_000_006, "type": "supergroup", "title": "Group", "is_forum": True}
FIRST = {"message_id": 900, "date": 1_800_014_400, "chat": CHAT, "from": BO}
PHOTO = {"file_id": "photo", "file_unique_id": "p", "width": 90, "height": 90, "file_size": 900}
COMMAND = [{"type": "bot_command", "offset": 0, "length": 9}]
QUERY = {"id": "1", "from": BO, "chat_instance": "1", "message": FIRST | {"text": "A card"}}
TEMPLATES: list[dict[str, Any]] = [
    {"message": FIRST | {"text": "A cat"}},
    {"message": FIRST | {"text": "/generate A cat --ratio 9:16 --go", "entities": COMMAND}},
    {"message": FIRST | {"text": "/grant 5005 5", "entities": [COMMAND[0] | {"length": 6}]}},
    {"message": FIRST | {"text": "Again", "reply_to_message": FIRST | {"text": "A card"}}},
    {"message": FIRST | {"photo": [PHOTO], "caption": "A cat"}},
    {"message": FIRST | {"photo": [PHOTO], "media_group_id": "12"}},
    {"message": FIRST | {"document": PHOTO | {"file_name": "a.jpg", "mime_type": "image/jpeg"}}},
    {
        "message": FIRST
        | {"chat": GROUP, "text": "/generate A cat", "entities": COMMAND}
        | {"is_topic_message": True, "message_thread_id": 7}
    },
    {"callback_query": QUERY | {"data": "v1:d:1:go"}},
    {"callback_query": QUERY | {"data": "v1:j:1:4k"}},
    {"callback_query": QUERY | {"data": "v1:u:delete"}},
    {
        "my_chat_member": {
            "chat": CHAT,
            "from": BO,
            "date": 1_800_014_400,
            "old_chat_member": {"status": "kicked", "user": BO, "until_date": 0},
            "new_chat_member": {"status": "member", "user": BO},
        }
    },
]
TEXTS = ["", " ", "\0", "\ud83d", "x" * 9000, "../../etc/passwd", "<b>", "{0} %s", "\u202etxt.exe"]
WORDS = [*TEXTS, "/generate --go", "/start claim_", "v1:d:0:go", "supergroup", "channel", "kicked"]
NUMBERS = [0, -1, 2**63, -(2**63), 10**30, ADMIN_ID, 1_800_014_401]
# Of the right kind, as a real server would send it, and of any.
LIKELY: dict[type, list[Any]] = {str: WORDS, int: NUMBERS, bool: [True, False], list: [[]]}
# Telegram leaves nothing out of it (Bot API, "ChatMemberUpdated").
WHOLE = "my_chat_member"
ODD: list[Any] = [
    None,
    True,
    1.5,
    1e400,
    [[]],
    [None],
    {"id": "5"},
    {"message_id": 1, "date": 0},
    *TEXTS,
]


def paths_in(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give where something could be put in the place of something else."""
    inside: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for key, each in inside:
        yield (*above, key)
        yield from paths_in(each, (*above, key))


def nearly_right(dice: random.Random, *, likely: bool) -> dict[str, Any]:
    """Make an update in which something is missing or out of bounds, or of another kind."""
    update = copy.deepcopy(dice.choice(TEMPLATES))
    for _ in range(dice.randrange(4)):
        places = list(paths_in(update))
        if not places:
            break
        *above, last = dice.choice(places)
        holder: Any = update
        for key in above:
            holder = holder[key]
        junk = LIKELY.get(type(holder[last]), []) if likely else ODD
        if junk and dice.random() < 0.7:
            holder[last] = copy.deepcopy(dice.choice(junk))
        elif isinstance(holder, dict) and not (likely and WHOLE in above):
            del holder[last]
    return update


HALF = "\ud83d"
HALVES: list[dict[str, Any]] = [
    {"message": FIRST | {"from": BO | {"first_name": HALF}, "text": "A cat"}},
    {"message": FIRST | {"from": BO | {"language_code": HALF}, "text": "A cat"}},
    {"message": FIRST | {"text": f"A {HALF} cat"}},
    {"message": FIRST | {"text": f"/generate --watermark {HALF} A cat"}},
    {"message": FIRST | {"text": f"/start claim_{HALF}"}},
    {"message": FIRST | {"photo": [PHOTO | {"file_id": HALF}], "caption": HALF}},
    {"message": FIRST | {"photo": [PHOTO], "media_group_id": HALF, "caption": HALF}},
    {"callback_query": QUERY | {"id": HALF, "data": HALF}},
]


async def test_halves_of_characters_are_question_marks_and_no_trouble(
    tmp_path: Path, clock: Clock
) -> None:
    with written_log((TOKEN, KEY)) as log:
        async with whole(tmp_path, clock, ACCESS="open") as here:
            bo = here.telegram.user(BO["id"], "Bo", met=True)
            await put(here, HALVES)
            assert await here.rows("SELECT error FROM inbox WHERE error IS NOT NULL") == []
            said = [call.params["text"] for call in here.telegram.calls_of("sendMessage")]
            assert any("A ? cat" in text for text in said)
            assert not any("went wrong" in message.text for message in here.messages(bo))
    assert "an update failed" not in log.getvalue()


INACCESSIBLE = {"message_id": 1, "date": 0, "chat": CHAT}  # Bot API, "InaccessibleMessage"
TOO_OLD = ["v1:d:1:go", "v1:d:1:ratio:9:16", "v1:d:1:seed:ask", "v1:j:1:again", "v1:j:1:4k", "v1:x"]


async def test_buttons_below_a_message_too_old_to_be_seen_are_answered(
    tmp_path: Path, clock: Clock
) -> None:
    with written_log((TOKEN, KEY)) as log:
        async with whole(tmp_path, clock, ACCESS="open") as here:
            bo = here.telegram.user(BO["id"], "Bo", met=True)
            press = await bo.press_data(await bo.send("A cat"), "v1:nothing")
            here.telegram.telegram.feed.clear()
            query = QUERY | {"id": press.id, "message": INACCESSIBLE}
            await put(here, [{"callback_query": query | {"data": data}} for data in TOO_OLD])
            answers = here.telegram.calls_of("answerCallbackQuery")
            assert len(answers) == len(TOO_OLD)
            assert all(call.params["text"] for call in answers)
            assert await here.rows("SELECT 1 FROM entries") == []
    assert "an update failed" not in log.getvalue()


async def test_a_gate_that_fails_lets_nobody_past(tmp_path: Path, clock: Clock) -> None:
    broken = "CREATE TRIGGER no BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'no'); END"
    async with whole(tmp_path, clock) as here:
        await here.change(broken)
        eve = here.telegram.user(4004, "Eve")
        for text in ("/generate A cat --go", "/help", "A cat"):
            await here.say(eve, text)
        assert [message.text[:21] for message in here.messages(eve)] == [
            "Something went wrong "
        ] * 3
        assert await here.rows("SELECT 1 FROM drafts UNION ALL SELECT 1 FROM jobs") == []


# Nothing to shrink: a fault tells the traceback of its update.
few = settings(max_examples=4, phases=(Phase.generate,))


@few
@given(st.integers(0, 2**32))
def test_no_update_that_could_come_makes_the_bot_stumble(seed: int) -> None:
    errors, faults = _heard(seed, likely=True)
    assert errors <= {None, "UpdateUnreadable"}
    assert faults == []


@few
@given(st.integers(0, 2**32))
def test_an_update_that_never_could_come_is_passed_over(seed: int) -> None:
    errors, _ = _heard(seed, likely=False)
    assert None in errors


def _heard(seed: int, *, likely: bool) -> tuple[set[str | None], list[str]]:
    """Return how updates ended, and what the log tells of faults."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    updates = [nearly_right(dice, likely=likely) for _ in range(40)]
    with tempfile.TemporaryDirectory() as folder, written_log((TOKEN, KEY)) as log:
        errors = asyncio.run(_hear_all(Path(folder), updates))
        told = log.getvalue().splitlines()
    # Telegram may refuse what a wrong update led to; anything else is a fault of the bot.
    failed = [line for line in told if "an update failed" in line]
    return errors, [line for line in failed if "telegram.error." not in line]


async def put(here: Whole, updates: list[dict[str, Any]]) -> None:
    numbered = enumerate(updates, start=600_000_000)
    await here.put([{"update_id": number} | update for number, update in numbered])


async def _hear_all(folder: Path, updates: list[dict[str, Any]]) -> set[str | None]:
    async with whole(folder, Clock(1_800_014_400.0), ACCESS="open") as here:
        here.telegram.user(BO["id"], "Bo", met=True)
        await put(here, updates)
        errors = await here.rows("SELECT DISTINCT error FROM inbox")
        await _goes_on(here)
        return {error for (error,) in errors}


async def _goes_on(here: Whole) -> None:
    """Everything was handled, nothing is owed, and whoever comes next is answered."""
    open_updates = "SELECT count(*) FROM inbox WHERE handled_at IS NULL"
    assert await here.rows(open_updates) == [(0,)]
    assert await here.problems() == []
    cat = here.telegram.user(7007, "Cat")
    await here.say(cat, "/generate A dog --go")
    await here.work()
    assert any(message.video for message in here.messages(cat))
