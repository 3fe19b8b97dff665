"""What an operator's machinery is told."""

import httpx

from bot.errors import StorageError
from bot.web.probes import Metric, Probes
from bot.web.server import Health
from storage.database import Database
from tests.unit.web.conftest import client_of


async def healthy() -> Health:
    return Health({"telegram_age_seconds": 1.5})


async def deaf() -> Health:
    return Health({"telegram_age_seconds": 300.0}, ("Telegram has not been heard of.",))


class Broken(Database):
    """Does not answer."""

    def __init__(self) -> None:
        pass

    async def read(self, *_args: object, **_options: object) -> object:  # type: ignore[override]  # as narrow as the test needs
        raise StorageError("The disk does not work, or is full.")


async def asked(path: str, probes: Probes) -> httpx.Response:
    async with client_of(probes.routes()) as client:
        return await client.get(path)


def probes_of(database: Database, **changes: object) -> Probes:
    given: dict[str, object] = {
        "health": healthy,
        "worker_age": lambda: 4.0,
        "metrics": lambda: [Metric("veogram_updates_total", "counter", "Updates stored.", 7)],
    }
    return Probes(database=database, **(given | changes))  # type: ignore[arg-type]  # one default each


async def test_a_bot_that_works_is_ready(database: Database) -> None:
    answer = await asked("/readyz", probes_of(database))
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "problems": [], "telegram_age_seconds": 1.5}


async def test_everything_that_is_wrong_is_told_at_once() -> None:
    probes = probes_of(Broken(), health=deaf, worker_age=lambda: 61.0)
    answer = await asked("/readyz", probes)
    assert answer.status_code == 503
    assert answer.json()["problems"] == [
        "Telegram has not been heard of.",
        "The worker does not look at its jobs.",
        "The database does not answer.",
    ]


async def test_numbers_are_told_as_prometheus_reads_them(database: Database) -> None:
    answer = await asked("/metrics", probes_of(database))
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'veogram_jobs{state="queued"} 0' in lines
    assert lines[-3:] == [
        "# HELP veogram_updates_total Updates stored.",
        "# TYPE veogram_updates_total counter",
        "veogram_updates_total 7",
    ]
    assert answer.text.endswith("\n")
