"""Whether the bot is ready for work (``/readyz``), and its counters (``/metrics``)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.errors import StorageError
from bot.web.server import Health, health_route
from storage import operations
from storage.database import Database

DATABASE_SECONDS = 2.0
# The worker looks at its table every few seconds, even when nothing is announced.
WORKER_SECONDS = 60.0
# Prometheus, "Exposition formats", "Text-based format".
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Metric:
    """One number; ``kind`` is ``counter`` (since the start) or ``gauge`` (now)."""

    name: str
    kind: str
    about: str
    value: float


class Probes:
    """What an operator's machinery asks for; ``health`` is what ``/healthz`` tells."""

    def __init__(
        self,
        *,
        database: Database,
        health: Callable[[], Awaitable[Health]],
        worker_age: Callable[[], float],
        metrics: Callable[[], Iterable[Metric]],
    ) -> None:
        self._database = database
        self._health = health
        self._worker_age = worker_age
        self._metrics = metrics

    def routes(self) -> list[Route]:
        """Return the routes of both."""
        return [health_route("/readyz", self.ready), Route("/metrics", self.metrics)]

    async def ready(self) -> Health:
        """Look at everything that work depends on within this process."""
        health = await self._health()
        found = [*health.problems]
        if self._worker_age() > WORKER_SECONDS:
            found.append("The worker does not look at its jobs.")
        if not await self._database_answers():
            found.append("The database does not answer.")
        return replace(health, problems=tuple(found))

    async def metrics(self, _request: Request) -> Response:
        """Return all numbers as Prometheus reads them."""
        by_state = await self._database.read(operations.jobs_by_state)
        jobs = [
            "# HELP veogram_jobs Jobs by state.",
            "# TYPE veogram_jobs gauge",
            *(f'veogram_jobs{{state="{state}"}} {count}' for state, count in by_state.items()),
        ]
        lines = jobs + [line for metric in self._metrics() for line in _lines(metric)]
        return PlainTextResponse("\n".join([*lines, ""]), media_type=_METRICS_TYPE)

    async def _database_answers(self) -> bool:
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await self._database.read(operations.pauses)
        except (TimeoutError, StorageError):
            return False
        return True


def _lines(metric: Metric) -> list[str]:
    return [
        f"# HELP {metric.name} {metric.about}",
        f"# TYPE {metric.name} {metric.kind}",
        f"{metric.name} {metric.value:g}",
    ]
