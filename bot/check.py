"""``python -m bot check``: looks at everything the bot depends on and says how to mend it."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot import catalog
from bot.errors import ConfigurationError, KieError, OperatorTrouble, StorageError
from bot.jobs.upkeep import DISK_SHORT_BYTES
from bot.kie.client import KieClient
from bot.settings import Settings
from storage import files
from storage.audit import audit
from storage.database import Database, backup

PATIENCE_SECONDS = 30.0


class Verdict(StrEnum):
    """How a probe went; only ``FAIL`` keeps the bot from working."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one probe found, in a sentence, and how to mend it."""

    verdict: Verdict
    sentence: str
    remedy: str = ""


Probe = Callable[[Settings], Awaitable[Finding]]


async def settings_read(settings: Settings) -> Finding:
    """Point out settings that are hardly meant."""
    if settings.warnings:
        return Finding(Verdict.WARN, " ".join(settings.warnings), "Correct them in .env.")
    return Finding(Verdict.OK, "All settings can be used.")


async def catalog_read(settings: Settings) -> Finding:
    """Read the operator's own catalog."""
    if settings.catalog_file is None:
        return Finding(Verdict.OK, "The built-in catalog is used.")
    try:
        catalog.parse(await asyncio.to_thread(settings.catalog_file.read_text, "utf-8"))
    except (ConfigurationError, OSError, UnicodeDecodeError) as error:
        return Finding(Verdict.FAIL, _sentence(error), "Correct the file that CATALOG_FILE names.")
    return Finding(Verdict.OK, "The catalog in CATALOG_FILE can be used.")


async def telegram_answers(settings: Settings) -> Finding:
    """Ask Telegram whose token it is (Bot API, getMe)."""
    url = settings.telegram_api_url
    token = settings.telegram_token.get_secret_value()
    try:
        async with Bot(token, base_url=f"{url}/bot", base_file_url=f"{url}/file/bot") as bot:
            return Finding(Verdict.OK, f"Telegram knows the bot as @{bot.username}.")
    except InvalidToken:  # its text holds the token
        return Finding(
            Verdict.FAIL, "Telegram refuses the token.", "Compare TELEGRAM_TOKEN with @BotFather's."
        )
    except TelegramError as error:
        return Finding(
            Verdict.FAIL,
            f"Telegram does not answer at {url} ({type(error).__name__}).",
            "Check the network and TELEGRAM_API_URL.",
        )


async def kie_has_credit(
    settings: Settings, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> Finding:
    """Ask KIE for the credit left (KIE, "Get Remaining Credits")."""
    client = KieClient(
        api_url=settings.kie_api_url,
        upload_url=settings.kie_upload_url,
        key=settings.kie_api_key.get_secret_value(),
        sleep=sleep,
    )
    try:
        return _on_credit(await client.credit(), settings.kie_credits_low)
    except OperatorTrouble as error:
        return Finding(
            Verdict.FAIL,
            f"KIE refuses the account (code {error.code}).",
            "Compare KIE_API_KEY with kie.ai; look there at credits and allowed addresses.",
        )
    except KieError as error:
        return Finding(
            Verdict.FAIL,
            f"KIE does not answer at {settings.kie_api_url} ({type(error).__name__}).",
            "Check the network and KIE_API_URL, or try again later.",
        )
    finally:
        await client.close()


async def ledger_adds_up(settings: Settings) -> Finding:
    """Check the database file, and that every credit in it has its place."""
    if not settings.database_path.exists():
        return Finding(Verdict.OK, "There is no database yet; the first start makes it.")
    try:
        faults = await _audit_a_copy(settings.database_path)
    except (StorageError, OSError) as error:
        return Finding(Verdict.FAIL, _sentence(error), "Mend that, or put a backup in its place.")
    if faults:
        return Finding(
            Verdict.FAIL,
            f"The ledger does not add up: {' '.join(faults)}",
            "Keep a copy of the database and report this.",
        )
    return Finding(Verdict.OK, "The database is whole and the ledger adds up.")


async def disk_has_room(settings: Settings) -> Finding:
    """Look for room to write videos."""
    folder = settings.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    writable = os.access(folder, os.W_OK | os.X_OK)
    return on_disk(folder, writable=writable, free_bytes=shutil.disk_usage(folder).free)


PROBES: Mapping[str, Probe] = MappingProxyType(
    {
        "settings": settings_read,
        "catalog": catalog_read,
        "telegram": telegram_answers,
        "kie": kie_has_credit,
        "database": ledger_adds_up,
        "disk": disk_has_room,
    }
)


async def examine(
    settings: Settings, probes: Mapping[str, Probe] = PROBES
) -> Mapping[str, Finding]:
    """Run the probes side by side; a probe that hangs fails after ``PATIENCE_SECONDS``."""
    findings = await asyncio.gather(*(_patiently(probe, settings) for probe in probes.values()))
    return dict(zip(probes, findings, strict=True))


def works(findings: Iterable[Finding]) -> bool:
    """Tell whether nothing failed."""
    return all(finding.verdict is not Verdict.FAIL for finding in findings)


def as_text(findings: Mapping[str, Finding]) -> str:
    """Return a line per probe."""
    return "\n".join(
        f"{finding.verdict:<5} {name:<9} {finding.sentence} {finding.remedy}".rstrip()
        for name, finding in findings.items()
    )


def as_json(findings: Mapping[str, Finding]) -> str:
    """Return an object with ``ok`` and, for each probe, verdict, sentence and remedy."""
    probes = [{"probe": name} | asdict(finding) for name, finding in findings.items()]
    report = {"ok": works(findings.values()), "probes": probes}
    return json.dumps(report, indent=2, ensure_ascii=False)


def on_disk(folder: Path, *, writable: bool, free_bytes: int) -> Finding:
    """Judge the folder that DATA_DIR is, or will be made in."""
    if not writable:
        return Finding(
            Verdict.FAIL,
            f"The folder {folder} cannot be written.",
            "Give it to the bot's user, or name another as DATA_DIR.",
        )
    if free_bytes < DISK_SHORT_BYTES:
        return Finding(
            Verdict.WARN,
            f"Only {free_bytes >> 20} MB are free for DATA_DIR.",
            "Free some space, or name a folder on another disk as DATA_DIR.",
        )
    return Finding(Verdict.OK, f"{free_bytes >> 30} GB are free for DATA_DIR.")


async def _patiently(probe: Probe, settings: Settings) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await probe(settings)
    except TimeoutError:
        return Finding(
            Verdict.FAIL, f"No answer within {PATIENCE_SECONDS:g} s.", "Check the network."
        )


def _on_credit(credit: float, low: int) -> Finding:
    if credit < low:
        return Finding(
            Verdict.WARN,
            f"KIE has {credit:g} credits left, less than KIE_CREDITS_LOW ({low}).",
            "Buy credits at kie.ai.",
        )
    return Finding(Verdict.OK, f"KIE has {credit:g} credits left.")


async def _audit_a_copy(path: Path) -> list[str]:
    """Audit a copy: opening the original would upgrade it under a bot that may be running."""
    await asyncio.to_thread(files.check, path)
    with tempfile.TemporaryDirectory(prefix=".check-", dir=path.parent) as folder:
        copy = Path(folder) / path.name
        await asyncio.to_thread(backup, path, copy)
        database = await Database.open(copy)
        try:
            return await database.read(audit)
        finally:
            await database.close()


def _sentence(error: Exception) -> str:
    return str(error).rstrip(".") + "."
