"""The endpoints of KIE's stand-in, each a call that becomes an answer."""

import base64
import binascii
import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from PIL import Image, UnidentifiedImageError

from bot.demo import kie_rules as rules
from bot.demo import outward
from bot.demo.clips import Clip
from bot.demo.kie_callbacks import Callbacks
from bot.demo.kie_faults import IMAGE_NOT_FETCHED, Answer, Fate, Script
from bot.demo.kie_files import Files, Stored
from bot.demo.kie_records import Forms, market_record, veo_record
from bot.demo.kie_rules import Json, Order, Turned
from bot.demo.kie_state import KEPT_SECONDS, Account, Results, Task
from bot.demo.kie_wire import Call
from bot.models import Dialect, Kind, Mode, Ratio, Resolution

IMAGE_FORMATS = ("JPEG", "PNG", "WEBP")
IMAGE_MAX_BYTES = 10 * 1024 * 1024
AGENT = "kie-image-fetcher/1.0"
NO_4K = (500, "The 4K version of this video is unavailable. Please try a different video.")
_PENDING_1080P = (
    "1080P is processing. It should be ready in 1-2 minutes. Please check back shortly."
)
_PENDING_4K = "4k is processing. It should be ready in 5-10 minutes. Please check back shortly."
_DONE_4K = "The video has been generated successfully"
_UPGRADABLE = {
    Kind.UPGRADE_1080P: (Resolution.P720,),
    Kind.UPGRADE_4K: (Resolution.P720, Resolution.P1080),
}
_OK = 200
_SQUARE = 1.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """An image that a request named, as it was fetched."""

    url: str
    at: float
    content: bytes


class Api:
    """Answers calls; raises ``Turned`` where KIE turns one down."""

    def __init__(
        self,
        *,
        account: Account,
        files: Files,
        callbacks: Callbacks,
        script: Script,
        clock: Callable[[], float],
        base_url: Callable[[], str],
        forms: Forms,
    ) -> None:
        self._account = account
        self._files = files
        self._callbacks = callbacks
        self._script = script
        self._clock = clock
        self._base_url = base_url
        self.forms = forms
        self.violations: list[str] = []
        self.fetched: list[Fetched] = []

    async def generate(self, call: Call) -> Answer:
        """KIE, "Generate Veo3.1 Video"."""
        self._check("generate", call.body, rules.GENERATE_RULES)
        task = await self._make(rules.generate_order(call.body))
        return _accepted({"taskId": task.id})

    async def extend(self, call: Call) -> Answer:
        """KIE, "Extend Veo3.1 Video"."""
        self._check("extend", call.body, rules.EXTEND_RULES)
        parent = self._extendable(call.body["taskId"], Dialect.VEO)
        order = rules.extend_order(call.body, Dialect.VEO, parent.order, parent.id)
        task = await self._make(order, parent)
        return _accepted({"taskId": task.id})

    async def record(self, call: Call) -> Answer:
        """KIE, "Get Veo3.1 Video Details"."""
        task = self._account.find(_task_id(call), Dialect.VEO)
        return _accepted(veo_record(task, self._clock()))

    async def get_1080p(self, call: Call) -> Answer:
        """KIE, "Get 1080P Video": the first call asks for it, later ones how it stands."""
        if call.params.get("index", "0") != "0":
            raise Turned(422, "index is out of range")
        upgrade = await self._upgrade(_task_id(call), Kind.UPGRADE_1080P, call.body)
        if not upgrade.ended(self._clock()):
            raise Turned(self.forms.pending_1080p, _PENDING_1080P)
        return _accepted({"resultUrl": _video(upgrade)})

    async def get_4k(self, call: Call) -> Answer:
        """KIE, "Get 4K Video": likewise; codes and contents do not go together."""
        self._check("get-4k-video", call.body, rules.K4_RULES)
        if call.body.get("index", 0) != 0:
            raise Turned(422, "index is out of range")
        task_id: str = call.body["taskId"]
        upgrade = await self._upgrade(task_id, Kind.UPGRADE_4K, call.body)
        data: Json = {"taskId": task_id, "resultUrls": None, "imageUrls": None}
        if not upgrade.ended(self._clock()):
            msg = "success" if self.forms.pending_4k == _OK else _PENDING_4K
            return Answer(self.forms.pending_4k, msg, data)
        data["resultUrls"] = [_video(upgrade)]
        msg = "success" if self.forms.done_4k == _OK else _DONE_4K
        return Answer(self.forms.done_4k, msg, data)

    async def create_task(self, call: Call) -> Answer:
        """KIE, "Veo 3.1" in the market form, and what can be made from its videos."""
        body = call.body
        model = body.get("model")
        if model in rules.TIERS:
            self.violations.append("createTask: the tier belongs into input.model")
            body = {**body, "model": rules.MARKET_MODEL}
            body["input"] = {**_input(body), "model": "veo3_fast"}
        self._check("createTask", body, rules.MARKET_RULES)
        task = await self._make_from_market(str(body["model"]), body, _input(body))
        return _accepted({"taskId": task.id, "recordId": task.id})

    async def task_record(self, call: Call) -> Answer:
        """KIE, "Get Task Details"."""
        task = self._account.find(_task_id(call), Dialect.MARKET)
        return _accepted(market_record(task, self._clock()))

    async def upload_stream(self, call: Call) -> Answer:
        """KIE, "File Stream Upload"."""
        if call.file is None:
            raise Turned(400, "file cannot be empty")
        name = call.body.get("fileName") or call.file.name
        return self._uploaded(call.body, name, call.file.content, call.file.media_type)

    async def upload_base64(self, call: Call) -> Answer:
        """KIE, "Base64 Upload": plain, or as a data URL."""
        head, _, encoded = str(call.body.get("base64Data", "")).rpartition(",")
        try:
            content = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise Turned(400, "base64Data is invalid") from error
        if not content:
            raise Turned(400, "base64Data cannot be empty")
        media_type = head.removeprefix("data:").partition(";")[0] or "application/octet-stream"
        return self._uploaded(call.body, call.body.get("fileName"), content, media_type)

    async def credit(self, call: Call) -> Answer:  # noqa: ARG002 - one shape for all endpoints
        """KIE, "Get Remaining Credits"."""
        self._account.settle()
        credit = float(self._account.credit)
        return _accepted({"credits": credit} if self.forms.credit_as_object else credit)

    async def download_url(self, call: Call) -> Answer:
        """KIE, "Get Download URL": a link for twenty minutes."""
        url = call.body.get("url")
        path = urlsplit(url).path if isinstance(url, str) else ""
        link = self._files.link_for_download(path)
        if link is None or not str(url).startswith(self._base_url()):
            raise Turned(422, "The url was not generated by KIE")
        return _accepted(self._base_url() + link)

    def _check(self, what: str, body: Json, fields: tuple[rules.Rule, ...]) -> None:
        self.violations += [f"{what}: {violation}" for violation in rules.check(body, fields)]

    async def _make(self, order: Order, parent: Task | None = None) -> Task:
        """Admit, fetch the images of, and begin an order that is in itself good."""
        self._account.admit()
        self._account.afford(order)
        photos = [await self._fetch(url) for url in order.image_urls]
        behind = tuple(photos) or (parent.photos[-1:] if parent else ())
        ratio = parent.ratio if parent else _ratio(order, photos)
        return await self._begin(order, self._script.fate(order.prompt), behind, ratio)

    async def _make_from_market(self, model: str, body: Json, given: Json) -> Task:
        if model == rules.MARKET_MODEL:
            self._check("createTask input", given, rules.MARKET_GENERATE_RULES)
            return await self._make(rules.market_order(body))
        flat = {**given, "callBackUrl": body.get("callBackUrl")}
        if model == rules.MARKET_EXTEND:
            self._check("createTask input", given, rules.MARKET_EXTEND_RULES)
            parent = self._extendable(given["task_id"], Dialect.MARKET)
            order = rules.extend_order(flat, Dialect.MARKET, parent.order, parent.id)
            return await self._make(order, parent)
        kind = rules.MARKET_UPGRADES.get(model)
        if kind is None:
            raise Turned(422, "Invalid model")
        self._check("createTask input", given, rules.MARKET_UPGRADE_RULES)
        self._account.admit()
        return await self._upgrade(given["task_id"], kind, flat, Dialect.MARKET)

    async def _begin(
        self, order: Order, fate: Fate, photos: tuple[bytes, ...], ratio: Ratio
    ) -> Task:
        task = self._account.open(order, fate, photos, ratio)
        task.results = self._results(task)
        if fate.early:
            await self._callbacks.send(task)
        else:
            self._callbacks.expect(task)
        return task

    def _results(self, task: Task) -> Results:
        order = task.order
        clip = Clip(
            text=order.prompt,
            ratio=task.ratio,
            seconds=order.seconds,
            resolution=order.resolution,
            sound=task.fate.sound,
            photos=task.photos,
        )
        return Results(
            video=self._link(task, clip),
            part=self._link(task, replace(clip, seconds=rules.EXTENSION_SECONDS)),
            origin=self._link(
                task, replace(clip, ratio=Ratio.LANDSCAPE, resolution=Resolution.P720)
            ),
        )

    def _link(self, task: Task, clip: Clip) -> str:
        stored = Stored(clip, task.ready_at + KEPT_SECONDS, task.fate.link, task.fate.link_times)
        return self._base_url() + self._files.store(stored)

    async def _upgrade(
        self, task_id: str, kind: Kind, body: Json, dialect: Dialect = Dialect.VEO
    ) -> Task:
        """Return the upgrade of a video, begun now if it is the first time; raise its refusal."""
        self._account.find(task_id, dialect)
        upgrade = self._account.upgrades.get((task_id, kind))
        if upgrade is None:
            parent = self._upgradable(task_id, kind, dialect)
            order = rules.upgrade_order(kind, dialect, parent.order, parent.id, body)
            self._account.afford(order)
            fate = self._script.fate("")
            if parent.fate.no_4k and kind is Kind.UPGRADE_4K:
                fate = replace(fate, refusal=NO_4K)
            upgrade = await self._begin(order, fate, parent.photos, parent.ratio)
        self._account.settle()
        if dialect is Dialect.VEO and upgrade.ended(self._clock()) and upgrade.fate.refusal:
            raise Turned(*upgrade.fate.refusal)
        return upgrade

    def _upgradable(self, task_id: str, kind: Kind, dialect: Dialect) -> Task:
        parent = self._finished(task_id, dialect)
        if parent.fate.fallback:
            raise Turned(422, "Videos generated through fallback mode cannot be upgraded")
        if (
            parent.order.resolution not in _UPGRADABLE[kind]
            or parent.order.kind is not Kind.GENERATE
        ):
            raise Turned(422, "This video does not support the requested resolution")
        return parent

    def _extendable(self, task_id: str, dialect: Dialect) -> Task:
        parent = self._finished(task_id, dialect)
        upgraded = any(
            (task_id, kind) in self._account.upgrades
            for kind in (Kind.UPGRADE_1080P, Kind.UPGRADE_4K)
        )
        if upgraded or parent.order.resolution is not Resolution.P720 or parent.fate.fallback:
            raise Turned(422, "Videos with a 1080P or 4K version cannot be extended")
        return parent

    def _finished(self, task_id: str, dialect: Dialect) -> Task:
        task = self._account.find(task_id, dialect)
        if not task.succeeded(self._clock()):
            raise Turned(422, "The original task has not succeeded")
        return task

    async def _fetch(self, url: str) -> bytes:
        """Return an image; raise ``Turned`` with 451 or 422 if it cannot be had or used."""
        if "/file/bot" in url:
            self.violations.append("imageUrls: a Telegram file URL holds the bot's token")
        try:
            reply = await outward.request("GET", url, headers={"User-Agent": AGENT})
        except outward.Unreachable as error:
            raise Turned(451, IMAGE_NOT_FETCHED) from error
        if reply.status != _OK:
            raise Turned(451, IMAGE_NOT_FETCHED)
        self.fetched.append(Fetched(url, self._clock(), reply.body))
        _usable(reply.body)
        return reply.body

    def _uploaded(self, fields: Json, name: object, content: bytes, media_type: str) -> Answer:
        folder = str(fields.get("uploadPath", "")).strip("/")
        if not folder or ".." in folder.split("/"):
            raise Turned(400, "uploadPath is invalid")
        file_name = str(name) if name else secrets.token_hex(8)
        path = f"/uploads/{folder}/{file_name}"
        if self._files.put_upload(path, content, media_type):
            self.violations.append(f"upload: {path} replaced another file")
        data: Json = {
            "fileName": file_name,
            "filePath": f"{folder}/{file_name}",
            self.forms.upload_key: self._base_url() + quote(path),
            "fileSize": len(content),
            "mimeType": media_type,
        }
        return Answer(200, "File uploaded successfully", data)


def _accepted(data: object) -> Answer:
    return Answer(200, "success", data)


def _input(body: Json) -> Json:
    given = body.get("input")
    return given if isinstance(given, dict) else {}


def _task_id(call: Call) -> str:
    task_id = call.params.get("taskId", "")
    if not task_id:
        raise Turned(422, "taskId cannot be empty")
    return task_id


def _video(task: Task) -> str:
    return task.results.video if task.results else ""


def _usable(content: bytes) -> None:
    """Raise ``Turned`` with 422 unless it is an image that Veo takes."""
    if len(content) > IMAGE_MAX_BYTES:
        raise Turned(422, "The image is larger than 10MB")
    try:
        with Image.open(io.BytesIO(content), formats=IMAGE_FORMATS) as image:
            image.load()
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise Turned(422, "The image format is not supported") from error


def _ratio(order: Order, photos: list[bytes]) -> Ratio:
    """Return the ratio the video gets: Auto follows the first frame, references are 16:9."""
    if order.ratio is not Ratio.AUTO:
        return order.ratio
    if order.mode is Mode.REFERENCE or not photos:
        return Ratio.LANDSCAPE
    with Image.open(io.BytesIO(photos[0])) as image:
        return Ratio.PORTRAIT if image.width / image.height < _SQUARE else Ratio.LANDSCAPE
