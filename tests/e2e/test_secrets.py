"""Bot token and KIE key: in no line of the log, no message, no request's body, no stored byte."""

import re
from io import BytesIO
from urllib.parse import quote

import pytest
from PIL import Image

from bot.demo.faults import BadGateway, Refuse
from bot.demo.kie_faults import Answer, Page, Point
from bot.demo.limits import bad_request
from tests.e2e.world import KEY, TOKEN, World

SECRETS = (TOKEN, TOKEN.partition(":")[2], quote(TOKEN, safe=""), KEY)
BEGINNINGS = {
    "text": re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z (DEBUG|INFO|WARNING|ERROR) "),
    "json": re.compile(r"\{.*\}\Z"),
}
ECHO = f"Ratio error <b>{KEY}</b>\n2026-11-21 ERROR Bearer {KEY}"


@pytest.fixture
def photo() -> bytes:
    """A photo that can be used."""
    file = BytesIO()
    Image.new("RGB", (640, 360), (10, 120, 30)).save(file, "JPEG")
    return file.getvalue()


def told(here: World) -> dict[str, bytes]:
    """Return everything that left the process, by where it went."""
    texts = {"log": here.log.read_text(), "output": here.output.read_text()}
    for number, call in enumerate(here.telegram.calls):
        texts[f"Telegram {number} {call.method}"] = repr(call.params)
    for number, request in enumerate(here.kie.requests):
        sent = (request.path, request.params, request.headers, request.json)
        texts[f"KIE {number} {request.path}"] = repr(sent)
    stored = {str(path): path.read_bytes() for path in here.data_dir.rglob("*") if path.is_file()}
    return {where: text.encode() for where, text in texts.items()} | stored


async def live_through_troubles(here: World, photo: bytes) -> None:
    """Have photos fetched, messages refused, tracebacks written, and KIE say our own secrets."""
    await here.admin.send_photo(photo, "A photo that moves")
    await here.admin.press(await here.card(), "Generate")
    await here.video()
    here.telegram.fail_next("getFile", BadGateway(), times=3)
    await here.admin.send_photo(photo, "A photo that cannot be had")
    here.telegram.fail_next("sendMessage", Refuse(bad_request("not now")))
    await here.admin.send("/quota")
    await here.until(lambda: "Traceback" in here.log.read_text(), "a handler that failed")
    here.telegram.fail_next("getUpdates", BadGateway())
    here.kie.script(Point.CREATE, Answer(422, ECHO))
    here.kie.script(Point.RECORD, Page(), times=2)
    refused = await here.order("A refusal that holds secrets")
    await here.message("refunded")
    await here.until(lambda: refused.deleted, "its card gone")
    here.kie.script(Point.CREATE, Page(502, ECHO))
    await here.order("An answer that is none")
    await here.until(lambda: here.states() == ["done", "failed", "expired"], "three ends")


@pytest.mark.parametrize("form", BEGINNINGS)
async def test_neither_token_nor_key_leave_the_process_where_they_do_not_belong(
    here: World, form: str, photo: bytes
) -> None:
    await here.start(LOG_LEVEL="DEBUG", LOG_FORMAT=form)
    await live_through_troubles(here, photo)
    assert await here.terminate() == 0
    everywhere = told(here)
    for secret in SECRETS:
        assert [where for where, text in everywhere.items() if secret.encode() in text] == []
    given_the_key = [request.path for request in here.kie.requests if request.authorised]
    assert [path for path in given_the_key if not path.startswith("/api/")] == []
    log = here.log.read_text()
    assert "Traceback" in log
    # A record is one line, whatever was sent or answered.
    assert [line for line in log.splitlines() if not BEGINNINGS[form].match(line)] == []
