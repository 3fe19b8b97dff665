"""What KIE refuses is refused, what it charges is charged."""

from dataclasses import replace

import pytest

from bot.demo.clips import Clip
from bot.demo.kie_faults import Fate
from tests.e2e.standin_kie.client import GENERATE, GOOD, Account, Json, Time, opened, picture


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"prompt": None}, "Prompt cannot be empty"),
        ({"prompt": ""}, "Prompt cannot be empty"),
        ({"prompt": 5}, "prompt must be of type str"),
        ({"model": None}, "Invalid model"),
        ({"model": "veo3.1"}, "Invalid model"),
        ({"model": "fast"}, "Invalid model"),
        ({"generationType": "TEXT"}, "generationType"),
        ({"generationType": "FIRST_AND_LAST_FRAMES_2_VIDEO"}, "1 to 2 images"),
        ({"generationType": "REFERENCE_2_VIDEO"}, "1 to 3 images"),
        ({"imageUrls": ["https://photos.example/1.jpg"]}, "0 to 0 images"),
        ({"imageUrls": "https://photos.example/1.jpg"}, "imageUrls must be of type list"),
        ({"imageUrls": [1]}, "list of strings"),
        ({"imageUrls": ["file:///etc/passwd"]}, "valid URL"),
        ({"aspect_ratio": "auto"}, "Ratio error"),
        ({"aspect_ratio": "1:1"}, "Ratio error"),
        ({"aspect_ratio": "Auto"}, "Ratio error"),
        ({"resolution": "4K"}, "resolution"),
        ({"resolution": 720}, "resolution must be of type str"),
        ({"duration": 5}, "duration"),
        ({"duration": "8"}, "duration must be of type int"),
        ({"duration": 8.0}, "duration must be of type int"),
        ({"seeds": 9_999}, "Seeds must be between 10000 and 99999"),
        ({"seeds": 100_000}, "Seeds must be between 10000 and 99999"),
        ({"seeds": True}, "seeds must be of type int"),
        ({"seeds": None}, "Seeds"),
        ({"enableTranslation": "yes"}, "enableTranslation must be of type bool"),
        ({"watermark": 1}, "watermark must be of type str"),
        ({"callBackUrl": "example.com/cb"}, "callBackUrl must be a valid URL"),
    ],
)
async def test_a_bad_field_is_refused_with_422(account: Account, changes: Json, says: str) -> None:
    answer = await account.post(GENERATE, {**GOOD, **changes})
    assert answer["code"] == 422
    assert says in answer["msg"]
    assert answer["data"] is None
    assert account.kie.tasks == []


async def test_a_body_without_model_is_refused(account: Account) -> None:
    answer = await account.post(GENERATE, {name: GOOD[name] for name in GOOD if name != "model"})
    assert (answer["code"], answer["msg"]) == (422, "Invalid model")


@pytest.mark.parametrize(
    ("mode", "names", "changes", "says"),
    [
        ("FIRST_AND_LAST_FRAMES_2_VIDEO", "123", {}, "1 to 2 images"),
        ("REFERENCE_2_VIDEO", "1234", {}, "1 to 3 images"),
        ("REFERENCE_2_VIDEO", "1", {"model": "veo3"}, "veo3_fast and veo3_lite only"),
        ("REFERENCE_2_VIDEO", "1", {"duration": 6}, "8 seconds only"),
    ],
)
async def test_images_have_to_fit_what_they_are_for(
    account: Account, photos: str, mode: str, names: str, changes: Json, says: str
) -> None:
    urls = [f"{photos}/{name}" for name in names]
    body = {**GOOD, "generationType": mode, "imageUrls": urls, **changes}
    answer = await account.post(GENERATE, body)
    assert answer["code"] == 422
    assert says in answer["msg"]
    assert account.kie.fetched == []


@pytest.mark.parametrize("field", ["seed", "aspectRatio", "enableFallback", "colour"])
async def test_an_unknown_field_passes_but_is_a_violation(account: Account, field: str) -> None:
    await account.create(**{field: False})
    assert account.kie.violations == [f"generate: unknown field {field}"]


@pytest.mark.parametrize("field", ["generationType", "enableTranslation"])
async def test_a_field_that_is_always_to_be_sent_is_missed(account: Account, field: str) -> None:
    answer = await account.post(GENERATE, {name: GOOD[name] for name in GOOD if name != field})
    assert answer["code"] == 200
    assert account.kie.violations == [f"generate: missing field {field}"]


async def test_a_good_request_becomes_a_task_and_no_violation(account: Account) -> None:
    task_id = await account.create(seeds=12_345, watermark="Fox", resolution="4k", duration=4)
    assert account.kie.violations == []
    (task,) = account.kie.tasks
    assert task.id == task_id
    assert (task.order.tier, task.order.seed, task.order.watermark) == ("fast", 12_345, "Fox")


async def test_task_ids_come_in_several_shapes(account: Account) -> None:
    lengths = {len(await account.create()) for _ in range(3)}
    assert lengths == {21, 32, 36}


async def test_images_are_really_fetched(account: Account, photos: str) -> None:
    urls = [f"{photos}/png", f"{photos}/webp"]
    mode = "FIRST_AND_LAST_FRAMES_2_VIDEO"
    await account.create(generationType=mode, imageUrls=urls, aspect_ratio="Auto")
    assert [(image.url, image.content) for image in account.kie.fetched] == [
        (urls[0], picture("png")),
        (urls[1], picture("webp")),
    ]
    assert account.kie.violations == []


@pytest.mark.parametrize("name", ["missing", None])
async def test_an_image_that_cannot_be_fetched_gets_451(
    account: Account, photos: str, name: str | None
) -> None:
    url = f"{photos}/{name}" if name else "http://127.0.0.1:9/x.jpg"
    body = {**GOOD, "generationType": "REFERENCE_2_VIDEO", "imageUrls": [url]}
    answer = await account.post(GENERATE, body)
    assert answer["code"] == 451
    assert "Failed to fetch the image" in answer["msg"]
    assert account.kie.tasks == []


@pytest.mark.parametrize("name", ["page", "gif"])
async def test_what_is_no_jpeg_png_or_webp_gets_422(
    account: Account, photos: str, name: str
) -> None:
    urls = [f"{photos}/{name}"]
    body = {**GOOD, "generationType": "REFERENCE_2_VIDEO", "imageUrls": urls}
    answer = await account.post(GENERATE, body)
    assert answer["code"] == 422
    assert "format" in answer["msg"]


async def test_a_telegram_file_url_is_a_violation(account: Account) -> None:
    url = "http://127.0.0.1:9/file/bot123:secret/photos/file_1.jpg"
    await account.post(
        GENERATE, {**GOOD, "generationType": "REFERENCE_2_VIDEO", "imageUrls": [url]}
    )
    assert "Telegram" in account.kie.violations[0]


@pytest.mark.parametrize(
    ("name", "mode", "portrait"),
    [
        ("tall", "FIRST_AND_LAST_FRAMES_2_VIDEO", True),
        ("wide", "FIRST_AND_LAST_FRAMES_2_VIDEO", False),
        ("tall", "REFERENCE_2_VIDEO", False),
    ],
)
async def test_auto_follows_the_first_frame_but_references_become_landscape(
    account: Account, photos: str, drawn: list[Clip], name: str, mode: str, portrait: bool
) -> None:
    urls = [f"{photos}/{name}"]
    task_id = await account.create(generationType=mode, imageUrls=urls, aspect_ratio="Auto")
    account.kie.finish(task_id)
    await account.http.get((await account.record(task_id))["response"]["resultUrls"][0])
    (clip,) = drawn
    assert (clip.size == (720, 1280)) is portrait
    assert clip.photos == (picture(name),)


async def test_the_21st_create_in_ten_seconds_gets_429_and_is_not_queued(
    account: Account, time: Time
) -> None:
    for _ in range(20):
        await account.create()
    assert (await account.post(GENERATE, GOOD))["code"] == 429
    assert len(account.kie.tasks) == 20
    time.advance(10)
    await account.create()


async def test_too_many_running_tasks_get_429_until_one_has_ended(
    time: Time, drawn: list[Clip]
) -> None:
    async with opened(time, drawn, max_running=2) as account:
        first = await account.create()
        await account.create()
        assert (await account.post(GENERATE, GOOD))["code"] == 429
        account.kie.finish(first)
        await account.create()


async def test_credits_that_do_not_reach_get_402(account: Account) -> None:
    account.kie.credit = 119
    await account.create()
    answer = await account.post(GENERATE, GOOD)
    assert (answer["code"], answer["data"]) == (402, None)


@pytest.mark.parametrize(
    ("model", "resolution", "price"),
    [
        ("veo3_lite", "720p", 30),
        ("veo3_lite", "1080p", 35),
        ("veo3_lite", "4k", 150),
        ("veo3_fast", "720p", 60),
        ("veo3_fast", "1080p", 65),
        ("veo3_fast", "4k", 180),
        ("veo3", "720p", 250),
        ("veo3", "1080p", 255),
        ("veo3", "4k", 380),
    ],
)
async def test_a_video_is_charged_once_it_succeeds_at_the_listed_price(
    account: Account, model: str, resolution: str, price: int
) -> None:
    task_id = await account.create(model=model, resolution=resolution)
    assert account.kie.charges == []
    account.kie.finish(task_id)
    await account.record(task_id)
    await account.record(task_id)
    assert [(charge.task_id, charge.credits) for charge in account.kie.charges] == [
        (task_id, price)
    ]
    assert (await account.get("/api/v1/chat/credit"))["data"] == 10_000 - price


async def test_a_failed_task_is_not_charged(account: Account) -> None:
    account.kie.script_task(Fate(refusal=(501, "Video generation task failed.")))
    account.kie.finish(await account.create())
    assert (account.kie.charges, account.kie.credit) == ([], 10_000)


async def test_the_balance_can_come_as_an_object(account: Account) -> None:
    account.kie.forms = replace(account.kie.forms, credit_as_object=True)
    assert (await account.get("/api/v1/chat/credit"))["data"] == {"credits": 10_000.0}
