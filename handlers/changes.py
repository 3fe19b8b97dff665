"""What a press on a card makes of its draft: pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from bot.catalog import Catalog, Change
from bot.models import Draft, Mode, Options, Ratio, Resolution
from handlers.callback_data import DraftAction, DraftPress, Switch
from handlers.requests import as_new_video, with_photos

# What a chosen value does to the options.
_CHOICES: Mapping[DraftAction, Callable[[Options, str], Options]] = MappingProxyType(
    {
        DraftAction.MODE: lambda options, value: replace(options, mode=Mode(value)),
        DraftAction.RATIO: lambda options, value: replace(options, ratio=Ratio(value)),
        DraftAction.MODEL: lambda options, value: replace(options, model=value),
        DraftAction.SECONDS: lambda options, value: replace(options, seconds=int(value)),
        DraftAction.RESOLUTION: lambda options, value: replace(
            options, resolution=Resolution(value)
        ),
        DraftAction.TRANSLATE: lambda options, value: replace(
            options, translate=value == Switch.ON
        ),
        DraftAction.SEED: lambda options, _: replace(options, seed=None),
        DraftAction.WATERMARK: lambda options, _: replace(options, watermark=None),
    }
)


def changed(
    draft: Draft, pressed: DraftPress, defaults: Options, catalog: Catalog
) -> tuple[Draft, Sequence[Change]]:
    """Return the draft as it is after a press, and what had to follow; ``defaults``: the person's.

    The press is one that changes something: it neither asks, nor confirms, nor gives up.
    """
    match pressed.action:
        case DraftAction.MORE | DraftAction.LESS:
            return replace(draft, more=pressed.action is DraftAction.MORE), ()
        case DraftAction.NEW:
            return as_new_video(draft, defaults, catalog), ()
        case DraftAction.REMOVE_PHOTOS:
            return with_photos(draft, (), defaults, catalog)
        case _:
            wanted = _CHOICES[pressed.action](draft.options, pressed.value or "")
            options, changes = catalog.fit(wanted, len(draft.photos))
            return replace(draft, options=options), changes
