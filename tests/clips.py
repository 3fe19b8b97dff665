"""Videos for tests: every shape is drawn once per run, whatever is asked to stand in it."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.demo.clips import Clip, render


def draw_once(clip: Clip, path: Path) -> None:
    """Write a clip of the right shape, length and sound."""
    path.write_bytes(_drawn(replace(clip, text="test", photos=())))


@cache
def _drawn(clip: Clip) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        render(clip, path)
        return path.read_bytes()
