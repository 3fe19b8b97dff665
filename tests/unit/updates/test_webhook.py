"""The webhook's registration, against Telegram's stand-in."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from telegram import Bot
from telegram.error import NetworkError

from bot.demo.faults import BadGateway, Refuse, refused
from bot.demo.limits import Refusal
from bot.demo.telegram import TelegramStandin
from bot.errors import ConfigurationError
from bot.updates.polling import TokenRefused
from bot.updates.webhook import LOOK_SECONDS, Webhook, WebhookTaken

TOKEN = "7000000001:AAEhBP0av28FrqVhPGZtRKHyuVLKXGPJ4no"
URL = "https://bot.example/telegram/updates"


class Rounds:
    """Lets a watch look as often as it is told, and then ends it."""

    def __init__(self, rounds: int) -> None:
        self.left = rounds

    async def sleep(self, seconds: float) -> None:
        assert seconds == LOOK_SECONDS
        if not self.left:
            raise asyncio.CancelledError
        self.left -= 1


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramStandin]:
    standin = TelegramStandin(TOKEN, time.time)
    await standin.start()
    yield standin
    await standin.stop()
    assert standin.violations == []


@pytest.fixture
async def bot(telegram: TelegramStandin) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=f"{telegram.url}/bot") as opened:
        yield opened


def webhook(bot: Bot, rounds: int = 1) -> Webhook:
    return Webhook(bot, URL, ("message", "callback_query"), Rounds(rounds).sleep)


async def watch(looked_after: Webhook) -> None:
    with pytest.raises(asyncio.CancelledError):
        await looked_after.watch()


async def test_it_is_registered_with_its_secret_and_what_is_wanted(
    telegram: TelegramStandin, bot: Bot
) -> None:
    registered = webhook(bot)
    await registered.register()
    [call] = telegram.calls_of("setWebhook")
    assert call.params["url"] == URL
    assert call.params["secret_token"] == registered.secret
    assert set(registered.secret) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    )
    assert len(registered.secret) == 64
    assert "message" in call.params["allowed_updates"]
    assert TOKEN not in call.params["url"]


async def test_every_start_has_a_secret_of_its_own(bot: Bot) -> None:
    assert webhook(bot).secret != webhook(bot).secret


async def test_an_address_that_is_refused_is_for_the_operator_to_mend(
    telegram: TelegramStandin, bot: Bot
) -> None:
    telegram.fail_next("setWebhook", refused("bad webhook: IP address 10.0.0.1 is reserved"))
    with pytest.raises(ConfigurationError, match=r"10\.0\.0\.1 is reserved.*PUBLIC_URL"):
        await webhook(bot).register()


async def test_a_refused_token_is_told_as_such(telegram: TelegramStandin, bot: Bot) -> None:
    telegram.fail_next("setWebhook", Refuse(Refusal(401, "Unauthorized")))
    with pytest.raises(TokenRefused):
        await webhook(bot).register()


async def test_trouble_of_the_network_is_left_to_a_later_try(
    telegram: TelegramStandin, bot: Bot
) -> None:
    telegram.fail_next("setWebhook", BadGateway())
    with pytest.raises(NetworkError):
        await webhook(bot).register()


async def test_a_webhook_that_works_is_left_alone(telegram: TelegramStandin, bot: Bot) -> None:
    works = webhook(bot, rounds=3)
    await works.register()
    await watch(works)
    assert len(telegram.calls_of("setWebhook")) == 1
    assert works.trouble is None


async def test_a_webhook_that_was_removed_is_set_again(telegram: TelegramStandin, bot: Bot) -> None:
    removed = webhook(bot)
    await removed.register()
    await bot.delete_webhook()
    await watch(removed)
    assert telegram.telegram.webhook == {"url": URL, "secret": removed.secret}


async def test_another_programs_webhook_ends_this_one(bot: Bot) -> None:
    taken = webhook(bot)
    await taken.register()
    await bot.set_webhook("https://another.example/")
    with pytest.raises(WebhookTaken):
        await taken.watch()


async def test_failures_are_told_while_they_are_new(telegram: TelegramStandin, bot: Bot) -> None:
    fails = webhook(bot)
    await fails.register()
    telegram.telegram.webhook |= {"last_error_date": 1_800_000_000, "last_error_message": "503"}
    await watch(fails)
    assert fails.trouble is not None
    assert "PUBLIC_URL" in fails.trouble
    fails._sleep = Rounds(1).sleep
    await watch(fails)
    assert fails.trouble is None


async def test_a_look_that_fails_is_repeated(telegram: TelegramStandin, bot: Bot) -> None:
    patient = webhook(bot, rounds=2)
    await patient.register()
    telegram.fail_next("getWebhookInfo", BadGateway())
    await watch(patient)
    assert len(telegram.calls_of("getWebhookInfo")) == 2
