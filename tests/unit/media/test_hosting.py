from pathlib import Path

from bot.media.hosting import KieUploads, PhotoHosting


class Client:
    """Keeps what it was asked to upload."""

    def __init__(self) -> None:
        self.uploads: list[tuple[Path, str]] = []

    async def upload(self, path: Path, name: str) -> str:
        self.uploads.append((path, name))
        return f"https://files.example/{name}"


async def test_photo_is_uploaded_anew_for_every_try_under_a_name_of_its_own() -> None:
    client = Client()
    hosting: PhotoHosting = KieUploads(client)
    path = Path("data/photos/../../etc/passwd \u202e.jpg")
    urls = [await hosting.publish(path, attempt) for attempt in ("7", "7", "8")]
    assert [path for path, _ in client.uploads] == [path] * 3
    names = [name for _, name in client.uploads]
    assert urls == [f"https://files.example/{name}" for name in names]
    assert len(set(names)) == 3


async def test_name_of_an_upload_tells_nothing_of_the_user_s_file() -> None:
    client = Client()
    await KieUploads(client).publish(Path("holiday.png"), "attempt")
    ((_, name),) = client.uploads
    stem, _, suffix = name.partition(".")
    assert suffix == "jpg"
    assert len(bytes.fromhex(stem)) == 16
