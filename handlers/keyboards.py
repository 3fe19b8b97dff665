"""The buttons below cards, results and all other messages, drawn from values alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import KeyboardButtonStyle

from bot.catalog import UPGRADES, Catalog, Choices, Model
from bot.models import Draft, Kind, Options, Resolution
from handlers.callback_data import (
    DraftAction,
    DraftPress,
    JobAction,
    JobPress,
    Press,
    Switch,
    UserAction,
    UserPress,
    Wish,
    encode,
)
from handlers.sentences.labels import Labels
from handlers.sentences.welcome import Example

UPGRADE_SECONDS = 14 * 86_400  # KIE, Veo 3.1, how long media is kept

_Rows = list[list[InlineKeyboardButton]]
_JOBS_IN_ROW = 4
_JOB_ACTIONS: Mapping[Kind, JobAction] = MappingProxyType(
    {
        Kind.EXTEND: JobAction.EXTEND,
        Kind.UPGRADE_1080P: JobAction.UPGRADE_1080P,
        Kind.UPGRADE_4K: JobAction.UPGRADE_4K,
    }
)
# What a video can become, by the resolution it was made at.
_POSSIBLE: Mapping[Resolution, tuple[Kind, ...]] = MappingProxyType(
    {
        Resolution.P720: (Kind.EXTEND, Kind.UPGRADE_1080P, Kind.UPGRADE_4K),
        Resolution.P1080: (Kind.UPGRADE_4K,),
        Resolution.K4: (),
    }
)


def card(draft: Draft, catalog: Catalog, labels: Labels, payable: bool) -> InlineKeyboardMarkup:
    """Return the card's buttons; without Generate where the quota cannot pay.

    ``draft.options`` are fitted to the catalog already. An extension offers no options: it takes
    those of the video that it goes on with.
    """
    rows = _option_rows(draft, catalog, labels) if draft.kind is Kind.GENERATE else []
    last = [_on_draft(draft, labels.cancel(), DraftAction.CANCEL)]
    if payable:
        name = labels.generate(catalog.price(draft.kind, draft.options))
        press = DraftPress(draft.id, DraftAction.GENERATE)
        last.insert(0, _button(name, press, KeyboardButtonStyle.SUCCESS))
    return InlineKeyboardMarkup([*rows, last])


def _option_rows(draft: Draft, catalog: Catalog, labels: Labels) -> _Rows:
    choices, options = catalog.choices(draft.options, len(draft.photos)), draft.options
    modes = [(mode, labels.mode(mode)) for mode in choices.modes]
    ratios = [(ratio, labels.ratio(ratio)) for ratio in choices.ratios]
    models = [(model.id, _priced(draft, model, catalog, labels)) for model in choices.models]
    rows = [
        _choice_row(draft, labels, DraftAction.MODE, options.mode, modes if modes[1:] else []),
        _choice_row(draft, labels, DraftAction.RATIO, options.ratio, ratios),
        _choice_row(draft, labels, DraftAction.MODEL, options.model, models),
        *(_rare_rows(draft, choices, labels) if draft.more else []),
        [*_photo_buttons(draft, labels), _more_or_less(draft, labels)],
    ]
    return [row for row in rows if row]


def _rare_rows(draft: Draft, choices: Choices, labels: Labels) -> _Rows:
    options = draft.options
    seconds = [(str(value), labels.seconds(value)) for value in choices.seconds]
    sizes = [(size, labels.resolution(size)) for size in choices.resolutions]
    return [
        _choice_row(draft, labels, DraftAction.SECONDS, str(options.seconds), seconds),
        _choice_row(draft, labels, DraftAction.RESOLUTION, options.resolution, sizes),
        _extra_row(draft, labels),
    ]


def _extra_row(draft: Draft, labels: Labels) -> list[InlineKeyboardButton]:
    options = draft.options
    seed = Wish.ASK if options.seed is None else Wish.NONE
    watermark = Wish.ASK if options.watermark is None else Wish.NONE
    translate = Switch.OFF if options.translate else Switch.ON
    return [
        _on_draft(draft, labels.seed(options.seed), DraftAction.SEED, seed),
        _on_draft(draft, labels.translation(options.translate), DraftAction.TRANSLATE, translate),
        _on_draft(
            draft,
            labels.watermark(options.watermark is not None),
            DraftAction.WATERMARK,
            watermark,
        ),
    ]


def _photo_buttons(draft: Draft, labels: Labels) -> list[InlineKeyboardButton]:
    if not draft.photos:
        return []
    return [_on_draft(draft, labels.remove_photos(), DraftAction.PHOTOS, Wish.NONE)]


def _more_or_less(draft: Draft, labels: Labels) -> InlineKeyboardButton:
    if draft.more:
        return _on_draft(draft, labels.less(), DraftAction.LESS)
    return _on_draft(draft, labels.more(), DraftAction.MORE)


def _priced(draft: Draft, model: Model, catalog: Catalog, labels: Labels) -> str:
    """Name a model with what this very video would cost with it."""
    wanted = replace(draft.options, model=model.id)
    fitted, _ = catalog.fit(wanted, len(draft.photos))
    return labels.priced(model.label, catalog.price(draft.kind, fitted))


def _choice_row(
    draft: Draft,
    labels: Labels,
    action: DraftAction,
    chosen: str,
    choices: Iterable[tuple[str, str]],
) -> list[InlineKeyboardButton]:
    """Draw values and their names; the chosen one is marked."""
    return [
        _on_draft(draft, labels.chosen(name) if value == chosen else name, action, value)
        for value, name in choices
    ]


def _on_draft(
    draft: Draft,
    name: str,
    action: DraftAction,
    value: str | None = None,
) -> InlineKeyboardButton:
    return _button(name, DraftPress(draft.id, action, value))


def status(job_id: int, labels: Labels) -> InlineKeyboardMarkup:
    """Return the button below the status of a job that is under way."""
    return InlineKeyboardMarkup([[_button(labels.cancel(), JobPress(job_id, JobAction.CANCEL))]])


def offered(
    kind: Kind,
    options: Options,
    *,
    asked: Collection[Kind] = (),
    made: Collection[Kind] = (),
    age_seconds: float = 0.0,
    fallback: bool = False,
    upgrades: bool = False,
) -> tuple[Kind, ...]:
    """Return what can still be made of a finished video, in the order of the buttons.

    ``asked``: what was ever asked of it, ``made``: what is there or on its way, ``age_seconds``:
    since it was made, ``fallback``: whether another model stood in for Veo, ``upgrades``: whether
    this bot makes any. Only a 720p video is extended, and only before a sharper copy was asked for
    (KIE, Veo 3.1 "Extend Veo3.1 Video"); an extended film has no sharper copy.
    """
    if not upgrades or fallback or age_seconds > UPGRADE_SECONDS or kind in UPGRADES:
        return ()
    if kind is Kind.EXTEND:
        return (Kind.EXTEND,)
    sharper = any(upgrade in asked for upgrade in UPGRADES)
    gone = {*made, Kind.EXTEND} if sharper else set(made) - {Kind.EXTEND}
    return tuple(one for one in _POSSIBLE[options.resolution] if one not in gone)


def result(
    job_id: int,
    options: Options,
    catalog: Catalog,
    labels: Labels,
    *,
    offers: Collection[Kind] = (),
    pending: Collection[Kind] = (),
) -> InlineKeyboardMarkup:
    """Return the buttons below a video: what ``offered`` said with its prices, Again and Edit.

    ``pending``: what was pressed and is not finished yet; its button is an hourglass.
    """
    extras = [
        _button(
            labels.pending(kind)
            if kind in pending
            else labels.priced(labels.kind(kind), catalog.price(kind, options)),
            JobPress(job_id, action),
        )
        for kind, action in _JOB_ACTIONS.items()
        if kind in pending or (kind in offers and _has_price(kind, options, catalog))
    ]
    again, edit = _again(job_id, labels), _edit(job_id, labels)
    return InlineKeyboardMarkup([row for row in (extras, [again, edit]) if row])


def _has_price(kind: Kind, options: Options, catalog: Catalog) -> bool:
    """Tell whether the catalog knows the price: extending is priced by model."""
    return kind in UPGRADES or catalog.model(options.model) is not None


def failure(job_id: int, labels: Labels) -> InlineKeyboardMarkup:
    """Return the buttons below the message about a failed video."""
    return InlineKeyboardMarkup([[_edit(job_id, labels), _again(job_id, labels)]])


def jobs(job_ids: Sequence[int], labels: Labels) -> InlineKeyboardMarkup:
    """Return a Cancel button for each row of the list, numbered from 1 like the rows."""
    buttons = [
        _button(labels.cancel_job(number), JobPress(job_id, JobAction.CANCEL))
        for number, job_id in enumerate(job_ids, start=1)
    ]
    starts = range(0, len(buttons), _JOBS_IN_ROW)
    return InlineKeyboardMarkup([buttons[start : start + _JOBS_IN_ROW] for start in starts])


def examples(prompts: Sequence[Example]) -> InlineKeyboardMarkup:
    """Return a button for each prompt to try, numbered from 1."""
    return InlineKeyboardMarkup(
        [
            [_button(example.caption, UserPress(UserAction.EXAMPLE, number))]
            for number, example in enumerate(prompts, start=1)
        ]
    )


def ask_for_access(labels: Labels) -> InlineKeyboardMarkup:
    """Return the one button that a stranger sees."""
    return InlineKeyboardMarkup(
        [[_button(labels.ask_for_access(), UserPress(UserAction.ASK_ACCESS))]]
    )


def decide_access(user_id: int, labels: Labels) -> InlineKeyboardMarkup:
    """Return the admins' buttons below somebody's request."""
    approve = UserPress(UserAction.APPROVE, user_id)
    deny = UserPress(UserAction.DENY, user_id)
    return InlineKeyboardMarkup(
        [
            [
                _button(labels.approve(), approve, KeyboardButtonStyle.SUCCESS),
                _button(labels.deny(), deny, KeyboardButtonStyle.DANGER),
            ]
        ]
    )


def _again(job_id: int, labels: Labels) -> InlineKeyboardButton:
    return _button(labels.again(), JobPress(job_id, JobAction.AGAIN))


def _edit(job_id: int, labels: Labels) -> InlineKeyboardButton:
    return _button(labels.edit(), JobPress(job_id, JobAction.EDIT))


def _button(name: str, press: Press, style: str | None = None) -> InlineKeyboardButton:
    return InlineKeyboardButton(name, callback_data=encode(press), style=style)
