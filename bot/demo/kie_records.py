"""How KIE's stand-in tells about a task: records of both dialects, and callbacks. Pure."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass

from bot.demo.kie_faults import Form
from bot.demo.kie_rules import Json
from bot.demo.kie_state import Results, Task
from bot.models import Dialect, Kind, Ratio

_MARKET_MODELS = {
    Kind.GENERATE: "veo-3-1",
    Kind.EXTEND: "veo/extend",
    Kind.UPGRADE_1080P: "veo/get-1080p-video",
    Kind.UPGRADE_4K: "veo/get-4k-video",
}
_CALLBACK_MSG = {
    Kind.GENERATE: "Veo3.1 video generated successfully.",
    Kind.EXTEND: "Veo3.1 video extended successfully.",
    Kind.UPGRADE_1080P: "1080P video generated successfully.",
    Kind.UPGRADE_4K: "4K Video generated successfully.",
}
_PENDING, _SUCCESS, _FAILED, _NOT_MADE = range(4)
_WAITING, _QUEUING = 0.1, 0.3  # parts of a task's time in those states


@dataclass(frozen=True, slots=True)
class Forms:
    """Which of the documented forms the stand-in answers in.

    ``pending_1080p`` is the code for "not ready yet": 400, 422 or 500. ``pending_4k``: 200 with
    null, or 422. ``done_4k``: 200, or 422 although it is done. ``credit_as_object``: the balance
    as ``{"credits": …}``. ``upload_key`` holds an upload's address.
    """

    pending_1080p: int = 400
    pending_4k: int = 422
    done_4k: int = 200
    credit_as_object: bool = False
    upload_key: str = "downloadUrl"


def veo_record(task: Task, now: float) -> Json:
    """Return ``data`` of `record-info` (KIE, "Get Veo3.1 Video Details")."""
    code, text = _failure(task, now)
    record: Json = {
        "taskId": task.id,
        "paramJson": _params(task),
        "completeTime": _milliseconds(task.ready_at) if task.ended(now) else None,
        "response": _response(task) if _has_urls(task, now) else None,
        "successFlag": _flag(task, now),
        "errorCode": code,
        "errorMessage": text,
        "createTime": _milliseconds(task.created_at),
        "fallbackFlag": task.fate.fallback,
    }
    for form, change in _CHANGES.items():
        if form in task.fate.forms:
            change(record)
    return record


def market_record(task: Task, now: float) -> Json:
    """Return ``data`` of `recordInfo` (KIE, "Get Task Details")."""
    code, text = _failure(task, now)
    return {
        "taskId": task.id,
        "model": _MARKET_MODELS[task.order.kind],
        "state": _market_state(task, now),
        "param": _params(task),
        "resultJson": _market_result(task) if _has_urls(task, now) else "",
        "failCode": "" if code is None else str(code),
        "failMsg": text,
        "costTime": _milliseconds(task.ready_at - task.created_at) if task.ended(now) else None,
        "completeTime": _milliseconds(task.ready_at) if task.ended(now) else None,
        "createTime": _milliseconds(task.created_at),
        "creditsConsumed": task.price if task.succeeded(now) else 0,
    }


def callback(task: Task, now: float) -> Json:
    """Return the body of a callback (KIE, "Veo3.1 Video Generation Callbacks")."""
    code, text = task.fate.refusal or (200, _CALLBACK_MSG[task.order.kind])
    if task.order.dialect is Dialect.MARKET:
        market_code = 501 if task.fate.refusal else 200
        return {"code": market_code, "msg": text, "data": market_record(task, now)}
    data: Json = {
        "taskId": task.id,
        "promptJson": _params(task),
        "fallbackFlag": task.fate.fallback,
    }
    if task.fate.refusal is None:
        data["info"] = _info(task)
    if task.fate.snake_case:
        data["task_id"] = data.pop("taskId")
    return {"code": code, "msg": text, "data": data}


def signature(key: str, task_id: str, timestamp: int) -> str:
    """Return ``X-Webhook-Signature`` (KIE, "Webhook Verification"): the body is not signed."""
    digest = hmac.new(key.encode(), f"{task_id}.{timestamp}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _failure(task: Task, now: float) -> tuple[int | None, str]:
    if task.fate.refusal is None or not task.ended(now):
        return None, ""
    return task.fate.refusal


def _has_urls(task: Task, now: float) -> bool:
    return task.succeeded(now) and now >= task.ready_at + task.fate.grace_seconds


def _flag(task: Task, now: float) -> int:
    if not task.ended(now):
        return _PENDING
    return _SUCCESS if task.succeeded(now) else _NOT_MADE


def _market_state(task: Task, now: float) -> str:
    if task.ended(now):
        return "success" if task.succeeded(now) else "fail"
    progress = task.progress(now)
    if progress < _WAITING:
        return "waiting"
    return "queuing" if progress < _QUEUING else "generating"


def _results(task: Task) -> Results:
    if task.results is None:
        raise LookupError(f"task {task.id} has no results yet")
    return task.results


def _urls(task: Task) -> list[str]:
    """Return the links in `resultUrls`: of an extension only the new part."""
    results = _results(task)
    return [results.part if task.order.kind is Kind.EXTEND else results.video]


def _origin_urls(task: Task) -> list[str]:
    """Return the uncropped video, which is there when the ratio is not 16:9."""
    return [] if task.ratio is Ratio.LANDSCAPE else [_results(task).origin]


def _response(task: Task) -> Json:
    whole = [_results(task).video] if task.order.kind is Kind.EXTEND else None
    return {
        "taskId": task.id,
        "resultUrls": _urls(task),
        "originUrls": _origin_urls(task),
        "fullResultUrls": whole,
        "resolution": task.order.resolution.value,
        "seeds": [task.seed],
        "hasAudioList": [task.fate.sound],
    }


def _info(task: Task) -> Json:
    urls: list[str] | str = _urls(task)
    return {
        "resultUrls": json.dumps(urls) if task.fate.callback_urls_as_text else urls,
        "originUrls": _origin_urls(task),
        "resolution": task.order.resolution.value,
    }


def _market_result(task: Task) -> str:
    results = _results(task)
    if task.order.kind in (Kind.UPGRADE_1080P, Kind.UPGRADE_4K):
        return json.dumps(
            {"data": {"result_urls": [results.video], "origin_urls": [results.origin]}}
        )
    return json.dumps({"resultUrls": [results.video]})


def _params(task: Task) -> str:
    """Return the echo of the request, input images and all."""
    return json.dumps(task.order.sent, ensure_ascii=False)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _response_as_text(record: Json) -> None:
    if record["response"] is not None:
        record["response"] = json.dumps(record["response"])


def _flag_as_text(record: Json) -> None:
    record["successFlag"] = str(record["successFlag"])


def _urls_as_text(record: Json) -> None:
    if record["response"] is not None:
        record["response"]["resultUrls"] = json.dumps(record["response"]["resultUrls"])


def _urls_on_top(record: Json) -> None:
    response = record.pop("response")
    record["resultUrls"] = None if response is None else json.dumps(response["resultUrls"])


def _status_and_video_url(record: Json) -> None:
    response = record.pop("response")
    flag = int(record.pop("successFlag"))
    record["status"] = min(flag, _FAILED)
    record["videoUrl"] = None if response is None else response["resultUrls"][0]


def _failed_as_two(record: Json) -> None:
    if record["successFlag"] == _NOT_MADE:
        record["successFlag"] = _FAILED


_CHANGES: dict[Form, Callable[[Json], None]] = {
    Form.FAILED_AS_TWO: _failed_as_two,
    Form.FLAG_AS_TEXT: _flag_as_text,
    Form.URLS_AS_TEXT: _urls_as_text,
    Form.URLS_ON_TOP: _urls_on_top,
    Form.STATUS_AND_VIDEO_URL: _status_and_video_url,
    Form.RESPONSE_AS_TEXT: _response_as_text,
}
