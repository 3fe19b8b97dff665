"""The buttons below cards, results and all other messages, drawn from values alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import KeyboardButtonStyle

from bot.catalog import UPGRADES, Catalog, Choices, Model
from bot.models import Draft, Job, Kind, Options, Step
from handlers.callback_data import (
    DraftAction,
    DraftPress,
    JobAction,
    JobPress,
    Press,
    SettingAction,
    SettingPress,
    Switch,
    UserAction,
    UserPress,
    Wish,
    encode,
)
from handlers.sentences.labels import Labels
from handlers.sentences.welcome import Example

T = TypeVar("T")
_Rows = list[list[InlineKeyboardButton]]
_JOBS_IN_ROW = 4
_LANGUAGES_IN_ROW = 3
_JOB_ACTIONS: Mapping[Kind, JobAction] = MappingProxyType(
    {
        Kind.EXTEND: JobAction.EXTEND,
        Kind.UPGRADE_1080P: JobAction.UPGRADE_1080P,
        Kind.UPGRADE_4K: JobAction.UPGRADE_4K,
    }
)


def card(draft: Draft, catalog: Catalog, labels: Labels, payable: bool) -> InlineKeyboardMarkup:
    """Return the card's buttons; without Generate where the quota cannot pay.

    ``draft.options`` are fitted to the catalog already. An extension offers no options: it takes
    those of the video that it goes on with. A prompt that answered a video may do so, or be for a
    new one.
    """
    rows = _option_rows(draft, catalog, labels) if draft.kind is Kind.GENERATE else []
    last = [_on_draft(draft, labels.cancel(), DraftAction.CANCEL)]
    if draft.step is Step.CHOICE:
        last.insert(0, _on_draft(draft, labels.new_video(), DraftAction.NEW))
    if payable:
        price = catalog.price(draft.kind, draft.options)
        does = Kind.EXTEND if draft.step is Step.CHOICE else Kind.GENERATE
        press = DraftPress(draft.id, DraftAction.GENERATE)
        name = labels.priced(labels.kind(does), price)
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
        _extra_row(draft, choices, labels),
    ]


def _extra_row(draft: Draft, choices: Choices, labels: Labels) -> list[InlineKeyboardButton]:
    options = draft.options
    seed = Wish.ASK if options.seed is None else Wish.NONE
    watermark = Wish.ASK if options.watermark is None else Wish.NONE
    translate = Switch.OFF if options.translate else Switch.ON
    seeds = [_on_draft(draft, labels.seed(options.seed), DraftAction.SEED, seed)]
    return [
        *(seeds if choices.seeds else []),
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
    return [_on_draft(draft, labels.remove_photos(), DraftAction.REMOVE_PHOTOS)]


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


def result(
    job_id: int,
    options: Options,
    catalog: Catalog,
    labels: Labels,
    *,
    offers: Collection[Kind] = (),
    pending: Collection[Kind] = (),
) -> InlineKeyboardMarkup:
    """Return the buttons below a video: what can be made of it, with prices, Again and Edit.

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


def upgrade_failure(job: Job, catalog: Catalog, labels: Labels) -> InlineKeyboardMarkup:
    """Return the buttons below the message about a sharper copy: it may be asked for once more."""
    parent_id = job.id if job.parent_id is None else job.parent_id
    name = labels.priced(labels.kind(job.kind), catalog.price(job.kind, job.options))
    retry = _button(name, JobPress(parent_id, _JOB_ACTIONS[job.kind]))
    return InlineKeyboardMarkup([[retry], [_again(parent_id, labels), _edit(parent_id, labels)]])


def jobs(job_ids: Sequence[int], labels: Labels) -> InlineKeyboardMarkup:
    """Return a Cancel button for each row of the list, numbered from 1 like the rows."""
    buttons = [
        _button(labels.cancel_job(number), JobPress(job_id, JobAction.CANCEL))
        for number, job_id in enumerate(job_ids, start=1)
    ]
    return InlineKeyboardMarkup(_split(buttons, _JOBS_IN_ROW))


def history(
    job_ids: Sequence[int],
    sendable: Collection[int],
    page: int,
    pages: int,
    first: int,
    labels: Labels,
) -> InlineKeyboardMarkup:
    """Return a row for each job, numbered from ``first`` like the entries, and one to turn pages.

    ``sendable`` are those of the jobs that have a video.
    """
    rows = [
        [
            *(
                [_button(labels.send_again(number), JobPress(job_id, JobAction.SEND))]
                if job_id in sendable
                else []
            ),
            _button(labels.again_of(number), JobPress(job_id, JobAction.AGAIN)),
        ]
        for number, job_id in enumerate(job_ids, start=first)
    ]
    turns = [("◀", page - 1), ("▶", page + 1)]
    last = [
        _button(sign, UserPress(UserAction.HISTORY, target))
        for sign, target in turns
        if 1 <= target <= pages
    ]
    return InlineKeyboardMarkup([row for row in (*rows, last) if row])


def delete_me(labels: Labels) -> InlineKeyboardMarkup:
    """Return the buttons of the question whether all of somebody's data is to go."""
    delete = _button(labels.delete(), UserPress(UserAction.DELETE), KeyboardButtonStyle.DANGER)
    return InlineKeyboardMarkup([[delete, _button(labels.keep(), UserPress(UserAction.KEEP))]])


def settings(
    options: Options, choices: Choices, language: str, languages: Mapping[str, str], labels: Labels
) -> InlineKeyboardMarkup:
    """Return the buttons of the settings; ``languages``: names by code, where there are several."""
    ratios = {ratio.value: labels.ratio(ratio) for ratio in choices.ratios}
    models = {model.id: model.label for model in choices.models}
    seconds = {str(value): labels.seconds(value) for value in choices.seconds}
    sizes = {size.value: labels.resolution(size) for size in choices.resolutions}
    rows = [
        _setting_row(SettingAction.RATIO, options.ratio, ratios, labels),
        _setting_row(SettingAction.MODEL, options.model, models, labels),
        _setting_row(SettingAction.SECONDS, str(options.seconds), seconds, labels),
        _setting_row(SettingAction.RESOLUTION, options.resolution, sizes, labels),
        _setting_extras(options, labels),
        *(
            _setting_row(SettingAction.LANGUAGE, language, dict(some), labels)
            for some in _split(list(languages.items()), _LANGUAGES_IN_ROW)
        ),
        [_button(labels.reset(), SettingPress(SettingAction.RESET))],
    ]
    return InlineKeyboardMarkup(rows)


def _setting_row(
    action: SettingAction, chosen: str, names: Mapping[str, str], labels: Labels
) -> list[InlineKeyboardButton]:
    return [
        _button(labels.chosen(name) if value == chosen else name, SettingPress(action, value))
        for value, name in names.items()
    ]


def _setting_extras(options: Options, labels: Labels) -> list[InlineKeyboardButton]:
    translate = Switch.OFF if options.translate else Switch.ON
    watermark = Wish.ASK if options.watermark is None else Wish.NONE
    return [
        _button(
            labels.translation(options.translate),
            SettingPress(SettingAction.TRANSLATE, translate),
        ),
        _button(
            labels.watermark(options.watermark is not None),
            SettingPress(SettingAction.WATERMARK, watermark),
        ),
    ]


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


def _split(items: Sequence[T], size: int) -> list[list[T]]:
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def _again(job_id: int, labels: Labels) -> InlineKeyboardButton:
    return _button(labels.again(), JobPress(job_id, JobAction.AGAIN))


def _edit(job_id: int, labels: Labels) -> InlineKeyboardButton:
    return _button(labels.edit(), JobPress(job_id, JobAction.EDIT))


def _button(name: str, press: Press, style: str | None = None) -> InlineKeyboardButton:
    return InlineKeyboardButton(name, callback_data=encode(press), style=style)
