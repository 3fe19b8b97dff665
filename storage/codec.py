"""How values that are no columns of their own are written into a row: as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from bot.models import Mode, Options, Ratio, Resolution


def dump_options(options: Options) -> str:
    """Write the options of a draft or job."""
    return json.dumps(asdict(options), ensure_ascii=False)


def load_options(text: str) -> Options:
    """Read what ``dump_options`` wrote."""
    fields = json.loads(text)
    return Options(
        **fields
        | {
            "mode": Mode(fields["mode"]),
            "ratio": Ratio(fields["ratio"]),
            "resolution": Resolution(fields["resolution"]),
        }
    )


def dump_list(values: Sequence[int] | Sequence[str]) -> str:
    """Write media ids or URLs, in their order."""
    return json.dumps(list(values))


def load_ids(text: str) -> tuple[int, ...]:
    """Read media ids."""
    return tuple(int(value) for value in json.loads(text))


def load_urls(text: str) -> tuple[str, ...]:
    """Read URLs."""
    return tuple(str(value) for value in json.loads(text))
