"""From what somebody typed to what may be put on a card: pure."""

import re
from dataclasses import dataclass, replace

from bot.catalog import Catalog, Change, default_ratio
from bot.models import Draft, Kind, Options, Step
from handlers.card import contradictions
from handlers.flags import Flags, read
from handlers.sentences.speech import Html, is_blank
from handlers.texts import Texts

WATERMARK_MAX_CHARS = 64
_COMMAND = re.compile(r"/[A-Za-z0-9_]+(@[A-Za-z0-9_]+)?\s?")
_GENERATE = re.compile(r"/generate(?:@(?P<bot>[A-Za-z0-9_]+))?(?!\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; ``refusal`` says why it cannot be, then nothing else counts."""

    prompt: str | None
    options: Options
    go: bool = False
    refusal: Html | None = None


def after_command(text: str) -> str:
    """Return what stands behind ``/command`` or ``/command@bot``."""
    return text[match.end() :] if (match := _COMMAND.match(text)) else text


def read_command(
    text: str, defaults: Options, photo_count: int, catalog: Catalog, texts: Texts, limit: int
) -> Wish:
    """Read prompt and flags; ``limit``: longest prompt in characters."""
    flags = read(after_command(text), catalog)
    if flags.problems:
        return Wish(None, defaults, refusal=texts.request.flag_problems(flags.problems))
    if flags.seed is not None and not catalog.seeds:
        reason = texts.request.not_offered("--seed", ())
        return Wish(None, defaults, refusal=texts.request.refusal([reason]))
    options = _over_defaults(flags, defaults, photo_count, catalog)
    problems = [
        problem
        for problem in catalog.problems(options, photo_count)
        if getattr(flags, problem.field, None) is not None
    ]
    if problems:
        reasons = contradictions(problems, options, photo_count, catalog, texts)
        return Wish(None, defaults, refusal=texts.request.refusal(reasons))
    fitted, _ = catalog.fit(options, photo_count)
    prompt = flags.prompt or None
    refusal = None if prompt is None else prompt_problem(prompt, texts, limit)
    return Wish(prompt, fitted, flags.go, refusal)


def fresh_options(defaults: Options, photo_count: int, catalog: Catalog) -> Options:
    """Return the options of a new card for so many photos."""
    return _over_defaults(Flags(prompt=""), defaults, photo_count, catalog)


def is_generate(text: str | None, bot_name: str) -> bool:
    """Tell whether a text begins with ``/generate`` for this bot; captions are commands too."""
    found = _GENERATE.match(text or "")
    return found is not None and (found["bot"] or bot_name).lower() == bot_name.lower()


def read_caption(
    text: str, defaults: Options, photo_count: int, catalog: Catalog, texts: Texts, limit: int
) -> Wish:
    """Read a caption that is no command: a prompt without flags, or none at all.

    A caption that cannot be the prompt leaves the request without one, and a refusal that says why.
    """
    prompt, options = text.strip(), fresh_options(defaults, photo_count, catalog)
    if is_blank(prompt):
        return Wish(None, options)
    refusal = prompt_problem(prompt, texts, limit)
    return Wish(prompt if refusal is None else None, options, refusal=refusal)


def with_photos(
    draft: Draft, photos: tuple[int, ...], defaults: Options, catalog: Catalog
) -> tuple[Draft, tuple[Change, ...]]:
    """Give a draft other photos; return what had to change against the person's own choice.

    Mode and ratio follow the number of photos unless they were chosen: then they stay while that
    is possible.
    """
    before, after = (fresh_options(defaults, len(each), catalog) for each in (draft.photos, photos))
    chosen = draft.options
    wanted = replace(
        chosen,
        mode=after.mode if chosen.mode is before.mode else chosen.mode,
        ratio=after.ratio if chosen.ratio is before.ratio else chosen.ratio,
    )
    options, changes = catalog.fit(wanted, len(photos))
    return replace(draft, photos=photos, options=options), changes


def as_new_video(draft: Draft, defaults: Options, catalog: Catalog) -> Draft:
    """Turn what would have gone on with a video into a request of its own, on a new card."""
    options = fresh_options(defaults, 0, catalog)
    return replace(
        draft, kind=Kind.GENERATE, parent_id=None, step=Step.CARD, options=options, photos=()
    )


def watermark_in(typed: str) -> str:
    """Return the watermark that somebody typed: one line of bounded length, perhaps empty."""
    return " ".join(typed.split())[:WATERMARK_MAX_CHARS]


def prompt_problem(prompt: str, texts: Texts, limit: int) -> Html | None:
    """Say why this is no prompt, ``None`` when it is one."""
    if is_blank(prompt):
        return texts.request.empty()
    if len(prompt) > limit:
        return texts.request.too_long(limit, len(prompt))
    return None


def _over_defaults(flags: Flags, defaults: Options, photo_count: int, catalog: Catalog) -> Options:
    """Put the flags over what is remembered; the mode is never remembered."""
    mode = flags.mode or catalog.natural_mode(photo_count)
    base = replace(defaults, mode=mode, seed=None)
    if photo_count and flags.ratio is None:
        base = replace(base, ratio=default_ratio(mode))
    fitted, _ = catalog.fit(base, photo_count)
    return flags.over(replace(fitted, mode=mode))
