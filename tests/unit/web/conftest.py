"""A web server with some routes, and a client of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
from starlette.routing import BaseRoute

from bot.jobs.rules import Rules
from bot.models import Dialect
from bot.web.server import Health, WebServer, build

RULES = Rules(
    dialect=Dialect.VEO,
    max_concurrent=10,
    creates_per_10s=20,
    max_jobs_per_user=3,
    expected_seconds=180.0,
    shortest_pause_seconds=5.0,
    soft_deadline_seconds=900.0,
    hard_deadline_seconds=7200.0,
    daily_credits=300,
    daily_credits_total=None,
    credits_low=500,
    admin_ids=frozenset({1}),
    open_to_all=True,
    prompt_max_chars=1000,
    upload_max_bytes=50 << 20,
    result_max_bytes=1 << 30,
    keep_videos_seconds=14 * 86400.0,
)


async def healthy() -> Health:
    return Health()


@asynccontextmanager
async def client_of(routes: Sequence[BaseRoute]) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the routes over a socket for as long as the client is used."""
    server = WebServer(build(healthy, routes), "127.0.0.1", 0)
    await server.start()
    try:
        url = f"http://127.0.0.1:{server.port}"
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            yield client
    finally:
        await server.stop()
