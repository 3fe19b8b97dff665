"""Files that appear under their name only when they are whole."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PARTIAL_SUFFIX = ".part"


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Give a new file beside ``target`` that takes its name at the end, or is deleted on any error.

    The new file's path is its ``name``. Raises ``OSError``.
    """
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}{PARTIAL_SUFFIX}")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def sync(file: BinaryIO) -> None:
    """Wait until the file's bytes are on the disk: a row that names it may be committed next."""
    file.flush()
    os.fsync(file.fileno())


def sweep(folder: Path) -> None:
    """At the start: delete what a killed process has left half done. Raises ``OSError``."""
    for part in folder.glob(f"*{PARTIAL_SUFFIX}"):
        part.unlink()
