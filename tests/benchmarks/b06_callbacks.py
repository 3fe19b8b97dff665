"""B6: callbacks a second: signed, each sent twice, answered once they are committed."""

import asyncio
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.demo.kie_records import signature
from bot.jobs.knocks import Knocks
from bot.web import callbacks
from bot.web.server import Health, WebServer, build
from storage.database import Database
from tests.benchmarks import crowd
from tests.benchmarks.crowd import Waiting
from tests.benchmarks.lives import HMAC_KEY, default_rules
from tests.benchmarks.report import Goal, Line
from tests.benchmarks.size import Size
from tests.benchmarks.stage import ROOT, Broken

CALLBACKS = 1500
CONNECTIONS = 50
SENDER = "tests.benchmarks.programs.sender"


def measure(size: Size) -> list[Line]:
    """Send the same callbacks to a handler that only answers, and to ours, in turns."""
    return asyncio.run(_measure(size))


async def _measure(size: Size) -> list[Line]:
    task_ids = [f"task-{number}" for number in range(size.of(CALLBACKS, least=crowd.JOBS_PER_USER))]
    ours, bare = [], []
    for _ in range(size.rounds):
        bare.append(await _bare(len(task_ids)))
        ours.append(await _ours(task_ids))
    goal = Goal(0.3, at_least=True)
    against = "bare Starlette"
    return [Line("B6 callbacks taken, signed and committed", "1/s", against, ours, bare, goal)]


async def _bare(count: int) -> float:
    async def answer(request: Request) -> Response:
        await request.body()
        return JSONResponse({"status": "received"})

    route = Route(f"{callbacks.PATH}/{{token}}", answer, methods=["POST"])
    waiting = [Waiting(number, f"task-{number}", f"token-{number}") for number in range(count)]
    return await _rate(Starlette(routes=[route]), waiting)


async def _ours(task_ids: list[str]) -> float:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "veogram.db"
        later = time.time() + 3600
        waiting = await crowd.gather(path, task_ids, later, later)
        database = await Database.open(path)
        rules = default_rules("http://127.0.0.1:9/callbacks")
        knocks = Knocks(database=database, rules=rules, nudge=_nobody, clock=time.time)
        route = callbacks.route(knocks, HMAC_KEY, time.time)
        try:
            rate = await _rate(build(_healthy, [route]), waiting)
            await _check(database, len(waiting))
        finally:
            await knocks.close()
            await database.close()
    return rate


async def _check(database: Database, count: int) -> None:
    """Every callback must have made its job due."""
    due = f"SELECT count(*) FROM jobs WHERE due_at < {time.time()}"  # noqa: S608 - own text
    found = await database.read(lambda tx: tx.exec_driver_sql(due).scalar_one())
    if found != count:
        raise Broken(f"{found} of {count} jobs are due")


async def _rate(app: Starlette, waiting: list[Waiting]) -> float:
    """Return how many a second another process gets answered."""
    web = WebServer(app, "127.0.0.1", 0)
    await web.start()
    now = int(time.time())
    requests = [_request(each, now) for each in waiting for _ in range(2)]
    try:
        return len(requests) / await _send(web.port, requests)
    finally:
        await web.stop()


def _request(each: Waiting, now: int) -> dict[str, object]:
    body = {"code": 200, "msg": "ok", "data": {"taskId": each.task_id, "info": None}}
    headers = {
        "X-Webhook-Timestamp": str(now),
        "X-Webhook-Signature": signature(HMAC_KEY, each.task_id, now),
    }
    return {
        "path": f"{callbacks.PATH}/{each.token}",
        "body": json.dumps(body),
        "headers": headers,
    }


async def _send(port: int, requests: list[dict[str, object]]) -> float:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", SENDER, str(port), str(CONNECTIONS)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate(json.dumps(requests).encode())
    if process.returncode:
        raise Broken("not every callback was answered with 200")
    return float(told)


def _nobody() -> None:
    """Nobody waits for the bell."""


async def _healthy() -> Health:
    return Health()
