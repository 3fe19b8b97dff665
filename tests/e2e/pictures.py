"""Plain pictures that people send, and which of them something shows."""

from io import BytesIO
from typing import Any

from PIL import Image

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 40), (30, 40, 200), (250, 250, 250)
Colour = tuple[int, int, int]


def picture(
    colour: Colour = RED, size: tuple[int, int] = (640, 360), kind: str = "JPEG", **options: Any
) -> bytes:
    return encoded(Image.new("RGB", size, colour), kind, **options)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def shown_in(data: bytes) -> Colour:
    """Return which of the colours above a picture is painted in."""
    with Image.open(BytesIO(data)) as image:
        seen = image.convert("RGB").resize((1, 1)).getpixel((0, 0))
    assert isinstance(seen, tuple)
    distances = {
        sum(abs(a - b) for a, b in zip(seen, each, strict=True)): each
        for each in (RED, GREEN, BLUE, WHITE)
    }
    return distances[min(distances)]
