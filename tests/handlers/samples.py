"""Values that tests of the pure parts start from."""

from importlib import resources
from typing import Any

from bot import catalog as catalogs
from bot.catalog import Catalog
from bot.models import Draft, Options, Place, Quota, Step

MIDNIGHT = 1_800_057_600.0  # of a day in UTC


def catalog() -> Catalog:
    return catalogs.parse(resources.files("bot").joinpath("catalog.toml").read_text("utf-8"))


def draft(**changes: Any) -> Draft:
    values: dict[str, Any] = {
        "id": 5,
        "user_id": 7,
        "place": Place(7),
        "step": Step.CARD,
        "active": True,
        "prompt": "A fox in the snow",
        "options": Options("veo3_fast"),
        "photos": (),
        "card_message_id": None,
        "more": False,
        "expires_at": MIDNIGHT,
    }
    return Draft(**{**values, **changes})


def quota(**changes: Any) -> Quota:
    values: dict[str, Any] = {
        "free": 240,
        "granted": 0,
        "held": 0,
        "daily": 300,
        "total_left": None,
        "resets_at": MIDNIGHT,
    }
    return Quota(**{**values, **changes})
