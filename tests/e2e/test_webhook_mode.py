"""TELEGRAM_MODE=webhook: Telegram brings the updates, nobody asks for them."""

import httpx
import pytest

from bot.demo.faults import refused
from tests.e2e.public import reachable
from tests.e2e.world import World

PATH = "/telegram/updates"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


def webhook(**more: str) -> dict[str, str]:
    return reachable(TELEGRAM_MODE="webhook") | more


def secret(here: World) -> str:
    return str(here.telegram.telegram.webhook["secret"])


async def registered(here: World) -> None:
    await here.until(lambda: here.telegram.telegram.webhook, "the webhook")


def press_start(update_id: int) -> dict[str, object]:
    """Return an update that the bot answers."""
    sender = {"id": 1001, "is_bot": False, "first_name": "Ada"}
    chat = {"id": 1001, "type": "private", "first_name": "Ada"}
    command = {"type": "bot_command", "offset": 0, "length": 6}
    message = {"message_id": 900, "date": 1_800_000_000, "chat": chat, "from": sender}
    return {
        "update_id": update_id,
        "message": message | {"text": "/start", "entities": [command]},
    }


async def test_a_video_is_made_without_ever_polling(here: World) -> None:
    env = webhook()
    async with here.bot(**env):
        await here.order("A lighthouse")
        await here.video()
    assert here.telegram.calls_of("getUpdates") == []
    [call] = here.telegram.calls_of("setWebhook")
    assert call.params["url"] == env["PUBLIC_URL"] + PATH
    assert here.rows("SELECT count(*) FROM inbox WHERE handled_at IS NULL") == [(0,)]


async def test_the_webhook_is_registered_once_the_server_answers(here: World) -> None:
    await here.admin.send("/start")
    async with here.bot(**webhook()):
        await here.until(here.messages, "an answer")
        assert "last_error_message" not in here.telegram.telegram.webhook


async def test_killed_after_an_update_was_acknowledged_it_is_handled_after_the_start(
    here: World,
) -> None:
    env = webhook()
    await here.start(**env)
    await here.admin.send("/generate")
    await here.message("Describe the video")
    await here.kill()
    await here.admin.send("A lighthouse")
    await here.start(**env)
    await here.admin.press(await here.card(), "Generate")
    await here.video()
    assert len(here.posts()) == 1


async def test_nothing_that_was_acknowledged_is_lost_on_sigterm(here: World) -> None:
    env = webhook()
    await here.start(**env)
    await registered(here)
    for number in range(5):
        await here.admin.send(f"/generate lighthouse {number} --go")
    await here.until(lambda: here.rows("SELECT update_id FROM inbox"), "the first update")
    assert await here.terminate() == 0
    await here.start(**env)
    await here.until(lambda: len(here.rows("SELECT id FROM jobs")) == 5, "five jobs")
    assert await here.terminate() == 0


async def test_back_to_polling_the_webhook_is_removed(here: World) -> None:
    async with here.bot(**webhook()):
        await registered(here)
    async with here.bot():
        await here.admin.send("/start")
        await here.until(here.messages, "an answer")
    assert here.telegram.telegram.webhook == {}
    assert here.telegram.calls_of("getUpdates")


@pytest.mark.parametrize("headers", [[], [(HEADER, "wrong")], [(HEADER, "own"), (HEADER, "own")]])
async def test_strangers_bring_nothing(here: World, headers: list[tuple[str, str]]) -> None:
    env = webhook()
    async with here.bot(**env), httpx.AsyncClient(base_url=env["PUBLIC_URL"]) as client:
        await registered(here)
        sent = [(name, secret(here) if value == "own" else value) for name, value in headers]
        answer = await client.post(PATH, json=press_start(1), headers=sent)
        assert answer.status_code == 401
        good = {HEADER: secret(here)}
        assert (await client.post(PATH, json=press_start(2), headers=good)).status_code == 200
    assert here.rows("SELECT update_id FROM inbox") == [(2,)]


async def test_an_update_that_comes_fifty_times_is_handled_once(here: World) -> None:
    env = webhook()
    async with here.bot(**env), httpx.AsyncClient(base_url=env["PUBLIC_URL"]) as client:
        await here.admin.send("/quota")
        await here.until(here.messages, "an answer")
        update = press_start(5)
        for _ in range(50):
            headers = {HEADER: secret(here)}
            assert (await client.post(PATH, json=update, headers=headers)).status_code == 200
        await here.until(lambda: len(here.messages()) == 2, "the answer to it")
        await here.admin.send("/quota")
        await here.until(lambda: len(here.messages()) == 3, "the next answer")


async def test_the_secret_changes_with_every_start_and_is_not_told(here: World) -> None:
    env = webhook()
    secrets: set[str] = set()
    for _ in range(2):
        await here.start(**env)
        await here.until(lambda: len(here.telegram.calls_of("setWebhook")) > len(secrets))
        secrets.add(secret(here))
        assert await here.terminate() == 0
    assert len(secrets) == 2
    stored = [file.read_bytes() for file in here.data_dir.glob("*.db*")]
    assert all(each not in here.log.read_text() for each in secrets)
    assert all(each.encode() not in content for each in secrets for content in stored)


async def test_an_address_that_telegram_does_not_take_is_told_in_a_sentence(here: World) -> None:
    here.telegram.fail_next(
        "setWebhook", refused("bad webhook: HTTPS url must be provided for webhook")
    )
    await here.start(**webhook())
    process = here.process
    assert process is not None
    assert await process.wait() == 78
    here.process = None
    assert "https url must be provided" in here.log.read_text().lower()
    assert "PUBLIC_URL" in here.log.read_text()


async def test_health_and_readiness_are_told(here: World) -> None:
    env = webhook()
    async with here.bot(**env), httpx.AsyncClient(base_url=env["PUBLIC_URL"]) as client:
        await here.order("A lighthouse")
        await here.video()
        await here.until(lambda: here.states() == ["done"])
        health, ready = await client.get("/healthz"), await client.get("/readyz")
        metrics = await client.get("/metrics")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    assert 'veogram_jobs{state="done"} 1' in metrics.text.splitlines()
    assert "veogram_updates_total 2" in metrics.text.splitlines()
