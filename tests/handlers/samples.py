"""Values that tests of the pure parts start from."""

from importlib import resources
from typing import Any

from bot import catalog as catalogs
from bot.catalog import Catalog
from bot.models import Dialect, Draft, Job, Kind, Options, Place, Quota, State, Step

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


def job(**changes: Any) -> Job:
    values: dict[str, Any] = {
        "id": 3,
        "ref": "bcdf2345",
        "user_id": 7,
        "place": Place(7),
        "kind": Kind.GENERATE,
        "parent_id": None,
        "prompt": "A fox in the snow",
        "options": Options("veo3_fast"),
        "photos": (),
        "price": 60,
        "language": "en",
        "state": State.DONE,
        "created_at": MIDNIGHT,
        "due_at": None,
        "soft_deadline_at": None,
        "hard_deadline_at": None,
        "tries": 0,
        "error": None,
        "muted": False,
        "untold": False,
        "status_message_id": None,
        "result_message_id": 50,
        "result_urls": (),
        "fallback": False,
        "video": None,
        "attempt": 1,
        "task_id": "veo_task_1",
        "dialect": Dialect.VEO,
        "submitted_at": MIDNIGHT,
        "ready_at": MIDNIGHT,
    }
    return Job(**{**values, **changes})


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
