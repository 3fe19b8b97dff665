"""Real, playable videos for the demo and the tests: drawn, not generated."""

import asyncio
import hashlib
import io
import math
import tempfile
import textwrap
import unicodedata
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageColor, ImageDraw, ImageFont, ImageOps

from bot.models import Ratio, Resolution

RIBBON = "demo – not made by Veo"
FRAMES_PER_SECOND = 24
SAMPLES_PER_SECOND = 44_100
_SAMPLES_PER_FRAME = 1024
_TONE_PERIOD = 200  # samples: 220.5 Hz, a whole number of them so that the loop does not click
_TONE_LEVEL = 0.06
_STAGES = 8  # steps of the cross-fade from the first photo to the last
_RIDGES = 3
_HILL_POINTS = 96
_TEXT_CHARS = 120
_NOT_DRAWN = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
_LAST_OF_BMP = 0xFFFF

SIZES = {
    Resolution.P720: (1280, 720),
    Resolution.P1080: (1920, 1080),
    Resolution.K4: (3840, 2160),
}
# How long a picture stands, in frames: moving more often only costs time at these sizes.
_HOLD = {Resolution.P720: 4, Resolution.P1080: 6, Resolution.K4: 24}


@dataclass(frozen=True, slots=True)
class Clip:
    """What a video is to show; two equal values are the same video.

    ``ratio`` is 16:9 or 9:16 (Auto counts as 16:9), ``photos`` are encoded images shown behind
    the text: one stands still, of several the first fades into the last.
    """

    text: str
    ratio: Ratio = Ratio.LANDSCAPE
    seconds: int = 8
    resolution: Resolution = Resolution.P720
    sound: bool = True
    photos: tuple[bytes, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        width, height = SIZES[self.resolution]
        return (height, width) if self.ratio is Ratio.PORTRAIT else (width, height)


def render(clip: Clip, path: Path) -> None:
    """Write the clip as MP4 (H.264, AAC, index first) to ``path``. Takes a second of processor."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        picture = container.add_stream(
            "libx264", rate=FRAMES_PER_SECOND, options={"preset": "ultrafast", "crf": "28"}
        )
        picture.width, picture.height = clip.size
        picture.pix_fmt = "yuv420p"
        sound = (
            container.add_stream("aac", rate=SAMPLES_PER_SECOND, layout="mono")
            if clip.sound
            else None
        )
        for frame in _frames(clip):
            container.mux(picture.encode(frame))
        container.mux(picture.encode())
        if sound is not None:
            for samples in _samples(clip.seconds):
                container.mux(sound.encode(samples))
            container.mux(sound.encode())


def _frames(clip: Clip) -> Iterator[av.VideoFrame]:
    """Yield every frame; a picture that stands is converted once, and costs x264 next to nothing.

    The same object comes again with another time stamp: encode it before asking for the next.
    """
    total = clip.seconds * FRAMES_PER_SECOND
    hold = _HOLD[clip.resolution]
    stages = _stages(clip)
    frame: av.VideoFrame | None = None
    for index in range(total):
        if frame is None or index % hold == 0:
            done = index / total
            image = _with_playhead(stages[int(done * len(stages))], done)
            whole = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]  # PyAV's gap
            frame = whole.reformat(format="yuv420p")
        frame.pts = index
        frame.time_base = Fraction(1, FRAMES_PER_SECOND)
        yield frame


def _samples(seconds: int) -> Iterator[av.AudioFrame]:
    """Yield a soft, even tone."""
    wave = array(
        "f",
        (_TONE_LEVEL * math.sin(2 * math.pi * n / _TONE_PERIOD) for n in range(_TONE_PERIOD)),
    )
    loop = wave * (_SAMPLES_PER_FRAME // _TONE_PERIOD + 2)
    for start in range(0, seconds * SAMPLES_PER_SECOND, _SAMPLES_PER_FRAME):
        count = min(_SAMPLES_PER_FRAME, seconds * SAMPLES_PER_SECOND - start)
        frame = av.AudioFrame(format="fltp", layout="mono", samples=count)
        offset = start % _TONE_PERIOD
        plane = frame.planes[0]
        plane.update(loop[offset : offset + count].tobytes().ljust(plane.buffer_size, b"\0"))
        frame.sample_rate = SAMPLES_PER_SECOND
        frame.pts = start
        frame.time_base = Fraction(1, SAMPLES_PER_SECOND)
        yield frame


def _stages(clip: Clip) -> list[Image.Image]:
    """Return the still pictures that follow one another, with text and ribbon on them."""
    if not clip.photos:
        return [_lettered(_sky(clip), clip.text)]
    first, last = _backdrop(clip.photos[0], clip.size), _backdrop(clip.photos[-1], clip.size)
    if len(clip.photos) == 1:
        return [_lettered(first, clip.text)]
    return [
        _lettered(Image.blend(first, last, stage / (_STAGES - 1)), clip.text)
        for stage in range(_STAGES)
    ]


def _backdrop(photo: bytes, size: tuple[int, int]) -> Image.Image:
    with Image.open(io.BytesIO(photo)) as image:
        return ImageOps.fit(image.convert("RGB"), size)


def _sky(clip: Clip) -> Image.Image:
    """Return a gradient whose colours belong to the text."""
    hue = hashlib.sha256(clip.text.encode("utf-8", "replace")).digest()[0] * 360 // 256
    gradient = Image.linear_gradient("L").resize(clip.size)
    upper = ImageColor.getrgb(f"hsl({hue}, 55%, 22%)")
    lower = ImageColor.getrgb(f"hsl({(hue + 50) % 360}, 60%, 48%)")
    sky = ImageOps.colorize(gradient, black=upper, white=lower)
    draw = ImageDraw.Draw(sky)
    for ridge in range(_RIDGES):
        colour = ImageColor.getrgb(f"hsl({hue}, 45%, {16 - 5 * ridge}%)")
        draw.polygon(_hills(clip.size, hue, ridge), fill=colour)
    return sky


def _hills(size: tuple[int, int], hue: int, ridge: int) -> list[tuple[float, float]]:
    """Return the outline of a row of hills, the nearer the lower."""
    width, height = size
    foot = height * (0.72 + 0.09 * ridge)
    waves = ((1.3 + ridge, 0.055), (3.1 - ridge / 2, 0.03))
    outline = [
        (
            x * width / _HILL_POINTS,
            foot
            + height
            * sum(
                rise * math.sin(math.tau * count * x / _HILL_POINTS + hue * (ridge + 1))
                for count, rise in waves
            ),
        )
        for x in range(_HILL_POINTS + 1)
    ]
    return [(0, height), *outline, (width, height)]


def _lettered(image: Image.Image, text: str) -> Image.Image:
    """Return a copy with a ribbon and the text, above the middle: there players have a button."""
    image = image.copy()
    draw = ImageDraw.Draw(image, "RGBA")
    width, height = image.size
    unit = min(width, height) // 18
    letters = unit * 3 // 2
    draw.rectangle((0, 0, width, 2 * unit), fill=(180, 30, 60, 235))
    draw.text((width // 2, unit), RIBBON, fill="white", font=_font(round(unit * 1.1)), anchor="mm")
    draw.multiline_text(
        (width // 2, height * 3 // 10),
        _wrapped(text, columns=width * 4 // (letters * 3)),
        fill="white",
        font=_font(letters),
        anchor="mm",
        align="center",
        stroke_width=max(unit // 12, 1),
        stroke_fill="black",
    )
    return image


def _with_playhead(image: Image.Image, done: float) -> Image.Image:
    """Return a copy with a ball that has rolled ``done`` (0 to 1) of its way."""
    image = image.copy()
    draw = ImageDraw.Draw(image)
    width, height = image.size
    radius = min(width, height) // 24
    x, y = radius + done * (width - 2 * radius), height - 2 * radius
    draw.line((0, y + radius, width, y + radius), fill="white", width=max(radius // 8, 1))
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill="gold", outline="white")
    return image


def _wrapped(text: str, columns: int) -> str:
    """Return the first words on lines of that many characters, without what no font can draw."""
    drawable = "".join(char if _is_drawable(char) else " " for char in text[: 2 * _TEXT_CHARS])
    line = " ".join(drawable.split())
    short = line if len(line) <= _TEXT_CHARS else line[: _TEXT_CHARS - 1] + "…"
    return textwrap.fill(short, columns)


def _is_drawable(char: str) -> bool:
    """Whether a font of letters has it: emoji and what joins and colours them it has not."""
    if unicodedata.category(char) in _NOT_DRAWN:
        return False
    return not (unicodedata.category(char) in {"So", "Sk"} and ord(char) > _LAST_OF_BMP)


def _font(pixels: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return a font of the system that knows more than Latin, or the one inside Pillow."""
    for name in ("DejaVuSans.ttf", "Arial Unicode.ttf", "Arial.ttf", "LiberationSans-Regular.ttf"):
        try:
            return ImageFont.truetype(name, pixels, layout_engine=ImageFont.Layout.BASIC)
        except OSError:
            continue
    return ImageFont.load_default(pixels)


class Clips:
    """Keeps the newest ``bound`` clips as files; makes one at a time, off the event loop."""

    def __init__(self, bound: int = 64, draw: Callable[[Clip, Path], None] = render) -> None:
        self._bound = bound
        self._draw = draw
        self._made: OrderedDict[Clip, Path] = OrderedDict()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._count = 0

    def __len__(self) -> int:
        return len(self._made)

    async def get(self, clip: Clip) -> Path:
        """Return the file of the clip, made now if it is not there."""
        async with self._one_at_a_time:
            if clip not in self._made:
                path = self._new_path()
                await asyncio.to_thread(self._draw, clip, path)
                self._made[clip] = path
            self._made.move_to_end(clip)
            while len(self._made) > self._bound:
                self._made.popitem(last=False)[1].unlink()
            return self._made[clip]

    def close(self) -> None:
        """Remove the files."""
        self._made.clear()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _new_path(self) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="veogram-clips-")
        self._count += 1
        return Path(self._folder.name) / f"{self._count}.mp4"
