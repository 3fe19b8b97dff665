import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import check
from bot.check import Finding, Verdict
from bot.settings import Settings
from bot.web.server import WebServer
from storage.database import Database
from storage.schema import balances

TOKEN = "123456:AAF-secret_tail"
KEY = "0123kiekey4567"
CLOSED = "http://127.0.0.1:1"

Answer = Callable[[Request], Awaitable[Response]]
Serve = Callable[[str, object], Awaitable[str]]


def settings(**given: str) -> Settings:
    return Settings.load({"TELEGRAM_TOKEN": TOKEN, "KIE_API_KEY": KEY} | given, env_file=None)


async def at_once(_seconds: float) -> None:
    """Sleep not at all."""


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve one JSON answer under a path on loopback; give the address."""
    servers: list[WebServer] = []

    async def start(path: str, body: object) -> str:
        async def answer(request: Request) -> Response:
            known = request.headers.get("authorization") in {None, f"Bearer {KEY}"}
            return JSONResponse(body) if known else Response(status_code=403)

        methods = ["GET", "POST"]
        server = WebServer(Starlette(routes=[Route(path, answer, methods=methods)]), "127.0.0.1", 0)
        servers.append(server)
        await server.start()
        return f"http://127.0.0.1:{server.port}"

    yield start
    for server in servers:
        await server.stop()


async def test_settings_that_are_hardly_meant_are_a_warning() -> None:
    found = await check.settings_read(settings(ACCESS="open"))
    assert found.verdict is Verdict.WARN
    assert "DAILY_CREDITS_TOTAL" in found.sentence
    assert (await check.settings_read(settings())).verdict is Verdict.OK


async def test_telegram_names_the_bot(serve: Serve) -> None:
    me = {"id": 123456, "is_bot": True, "first_name": "Veo", "username": "veo_bot"}
    url = await serve(f"/bot{TOKEN}/getMe", {"ok": True, "result": me})
    found = await check.telegram_answers(settings(TELEGRAM_API_URL=url))
    assert found == Finding(Verdict.OK, "Telegram knows the bot as @veo_bot.")


async def test_a_token_that_telegram_refuses_fails_without_being_shown(serve: Serve) -> None:
    url = await serve("/elsewhere", {})
    found = await check.telegram_answers(settings(TELEGRAM_API_URL=url))
    assert found.verdict is Verdict.FAIL
    assert "TELEGRAM_TOKEN" in found.remedy
    assert "secret_tail" not in f"{found}"


async def test_an_absent_telegram_fails_with_its_address() -> None:
    found = await check.telegram_answers(settings(TELEGRAM_API_URL=CLOSED))
    assert found.verdict is Verdict.FAIL
    assert CLOSED in found.sentence
    assert "TELEGRAM_API_URL" in found.remedy


@pytest.mark.parametrize(
    ("answer", "verdict", "told"),
    [
        ({"code": 200, "msg": "success", "data": 1234.5}, Verdict.OK, "1234.5 credits"),
        ({"code": 200, "msg": "success", "data": 499}, Verdict.WARN, "KIE_CREDITS_LOW (500)"),
        ({"code": 401, "msg": f"bad key {KEY}"}, Verdict.FAIL, "code 401"),
        ({"code": 500, "msg": "oops"}, Verdict.FAIL, "does not answer"),
    ],
)
async def test_kie_tells_its_credit_or_why_not(
    serve: Serve, answer: object, verdict: Verdict, told: str
) -> None:
    url = await serve("/api/v1/chat/credit", answer)
    found = await check.kie_has_credit(settings(KIE_API_URL=url), at_once)
    assert found.verdict is verdict
    assert told in found.sentence
    assert bool(found.remedy) is (verdict is not Verdict.OK)
    assert KEY not in f"{found}"


async def test_an_absent_kie_fails_with_its_address() -> None:
    found = await check.kie_has_credit(settings(KIE_API_URL=CLOSED), at_once)
    assert found.verdict is Verdict.FAIL
    assert CLOSED in found.sentence


@pytest.mark.parametrize(
    ("text", "verdict"), [("", Verdict.FAIL), ("not = toml = at all", Verdict.FAIL)]
)
async def test_an_unusable_catalog_fails(tmp_path: Path, text: str, verdict: Verdict) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(text, "utf-8")
    found = await check.catalog_read(settings(CATALOG_FILE=str(path)))
    assert found.verdict is verdict
    assert "CATALOG_FILE" in found.remedy


async def test_a_copy_of_the_built_in_catalog_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    path.write_bytes((Path(check.__file__).parent / "catalog.toml").read_bytes())
    assert (await check.catalog_read(settings(CATALOG_FILE=str(path)))).verdict is Verdict.OK
    assert (await check.catalog_read(settings())).verdict is Verdict.OK


class TestDatabase:
    async def test_none_yet_is_fine(self, tmp_path: Path) -> None:
        found = await check.ledger_adds_up(settings(DATA_DIR=str(tmp_path / "later")))
        assert found.verdict is Verdict.OK

    async def test_one_in_use_is_looked_at_and_left_alone(self, tmp_path: Path) -> None:
        database = await Database.open(tmp_path / "veogram.db")
        before = sorted(tmp_path.iterdir())
        found = await check.ledger_adds_up(settings(DATA_DIR=str(tmp_path)))
        after = sorted(tmp_path.iterdir())
        await database.close()
        assert found == Finding(Verdict.OK, "The database is whole and the ledger adds up.")
        assert after == before

    async def test_a_balance_without_entries_fails(self, tmp_path: Path) -> None:
        def forge(tx: Connection) -> None:
            tx.execute(insert(balances).values(user_id=7, granted=100, held=0))

        database = await Database.open(tmp_path / "veogram.db")
        await database.write(forge)
        await database.close()
        found = await check.ledger_adds_up(settings(DATA_DIR=str(tmp_path)))
        assert found.verdict is Verdict.FAIL
        assert "does not add up" in found.sentence
        assert "user 7" in found.sentence

    async def test_a_damaged_file_fails_with_the_way_back(self, tmp_path: Path) -> None:
        (tmp_path / "veogram.db").write_bytes(b"no database" * 500)
        found = await check.ledger_adds_up(settings(DATA_DIR=str(tmp_path)))
        assert found.verdict is Verdict.FAIL
        assert "damaged" in found.sentence


@pytest.mark.parametrize(
    ("writable", "free_bytes", "verdict"),
    [
        (True, 1 << 40, Verdict.OK),
        (True, (1 << 30) - 1, Verdict.WARN),
        (False, 1 << 40, Verdict.FAIL),
    ],
)
def test_disks_are_judged_by_access_and_room(
    writable: bool, free_bytes: int, verdict: Verdict
) -> None:
    found = check.on_disk(Path("/srv"), writable=writable, free_bytes=free_bytes)
    assert found.verdict is verdict


async def test_the_disk_of_a_folder_that_is_yet_to_be_made_is_its_parents(tmp_path: Path) -> None:
    found = await check.disk_has_room(settings(DATA_DIR=str(tmp_path / "a" / "b")))
    assert "DATA_DIR" in found.sentence
    assert not (tmp_path / "a").exists()


async def test_findings_keep_the_names_and_order_of_their_probes() -> None:
    async def good(_settings: Settings) -> Finding:
        return Finding(Verdict.OK, "Fine.")

    async def poor(_settings: Settings) -> Finding:
        return Finding(Verdict.WARN, "Hm.", "Look.")

    async def late(_settings: Settings) -> Finding:
        raise TimeoutError

    findings = await check.examine(settings(), {"poor": poor, "good": good, "late": late})
    assert check.as_text(findings).splitlines() == [
        "WARN  poor      Hm. Look.",
        "OK    good      Fine.",
        "FAIL  late      No answer within 30 s. Check the network.",
    ]
    report = json.loads(check.as_json(findings))
    assert report["ok"] is False
    assert report["probes"][0] == {
        "probe": "poor",
        "verdict": "WARN",
        "sentence": "Hm.",
        "remedy": "Look.",
    }


def test_a_warning_does_not_fail_the_check() -> None:
    assert check.works([Finding(Verdict.WARN, "Hm."), Finding(Verdict.OK, "Fine.")])
    assert not check.works([Finding(Verdict.FAIL, "No.")])
