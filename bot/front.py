"""The side of the bot that is reached from outside, as far as the settings open it."""

import asyncio
from collections.abc import Callable, Sequence

from starlette.routing import Route
from telegram import Bot

from bot.jobs.knocks import Knocks
from bot.kie.client import KieClient
from bot.media.hosting import KieUploads, OwnHosting, PhotoHosting
from bot.media.links import Links
from bot.settings import Settings
from bot.updates.inbox import Inbox
from bot.updates.webhook import Webhook
from bot.web import callbacks, links, updates
from storage.database import Database

Clock = Callable[[], float]


def links_of(settings: Settings, database: Database, clock: Clock) -> Links | None:
    """Return what shares files under PUBLIC_URL; ``None``: there is no such address."""
    if settings.public_url is None:
        return None
    return Links(
        database=database, public_url=settings.public_url, data_dir=settings.data_dir, clock=clock
    )


def hosting_of(settings: Settings, kie: KieClient, own: Links | None, clock: Clock) -> PhotoHosting:
    """Return what puts photos where KIE can fetch them."""
    if settings.photo_hosting == "self" and own is not None:
        return OwnHosting(own, clock)
    return KieUploads(kie)


def webhook_of(settings: Settings, bot: Bot, allowed: Sequence[str]) -> Webhook | None:
    """Return what lets Telegram bring ``allowed`` updates; ``None``: they are polled."""
    if settings.telegram_mode != "webhook":
        return None
    return Webhook(bot, f"{settings.public_url}{updates.PATH}", allowed, asyncio.sleep)


def routes_of(
    settings: Settings,
    *,
    knocks: Knocks,
    own: Links | None,
    webhook: Webhook | None,
    inbox: Inbox,
    clock: Clock,
) -> list[Route]:
    """Return what the web server answers beside its probes."""
    routes: list[Route] = []
    if own is not None:
        key = settings.kie_webhook_hmac_key
        secret = key.get_secret_value() if key is not None else None
        routes += [callbacks.route(knocks, secret, clock), *links.routes(own)]
    if webhook is not None:
        routes.append(updates.route(inbox.put, webhook.secret))
    return routes
