"""What a storm has left: the bot's books held against KIE's, and both against the chats."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.demo.kie_state import Task
from bot.models import Kind
from storage.audit import audit
from storage.database import Database
from tests.e2e.botapi import problems
from tests.e2e.conftest import assert_secrets_kept
from tests.e2e.world import World
from tests.storm.people import Deed, Guest

CAPTURED = {"hold", "capture"}
GIVEN_BACK = ({"hold", "release"}, {"hold", "capture", "refund"})
UPGRADES = (Kind.UPGRADE_1080P, Kind.UPGRADE_4K)
ALLOWED_PER_1000 = 5
# Log lines of what should not happen even when everything around fails.
DEFECTS = ("a step broke", "cannot be stored", "stopped because of a fault", "do not end")
# A handler may meet a call to Telegram that goes wrong, and nothing else.
FAILED_UPDATE, TELEGRAM_ERROR = "an update failed", "\\ntelegram.error."


@dataclass(frozen=True, slots=True)
class Row:
    """One job as the database has it, with the kinds of its ledger entries and its task ids."""

    id: int
    ref: str
    user_id: int
    kind: Kind
    prompt: str
    state: str
    price: int
    error: str | None
    message_id: int | None
    parent_task: str | None
    entries: frozenset[str]
    tasks: tuple[str, ...]
    sent: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Sentences for everything that is wrong, and what there was of it."""

    jobs: int
    kinds: Counter[str]
    states: Counter[str]
    kills: int
    tasks: int
    charged: int
    free: int
    given_up: int
    lost: list[str]
    mischarged: list[str]
    wrong: list[str]
    duplicates: list[str]

    @property
    def duplicates_per_1000(self) -> float:
        """Videos seen twice per thousand delivered ones."""
        return 1000 * len(self.duplicates) / max(self.states["done"], 1)

    @property
    def is_good(self) -> bool:
        """Nothing lost, nobody charged wrongly, hardly anything seen twice."""
        allowed = max(1.0, ALLOWED_PER_1000 * self.states["done"] / 1000)
        return not (self.lost or self.mischarged or self.wrong) and len(self.duplicates) <= allowed

    def lines(self) -> Iterator[str]:
        """Tell it; the last line holds the figures that count."""
        yield f"jobs: {_told(self.kinds)}"
        yield f"ends: {_told(self.states)}"
        yield (
            f"KIE made {self.tasks} tasks and charged {self.charged} of them; "
            f"{self.free} videos came after their credits were given back"
        )
        yield f"people gave up waiting {self.given_up} times"
        yield from (*self.lost, *self.mischarged, *self.wrong, *self.duplicates)
        yield (
            f"{self.jobs} jobs, {self.kills} kills: {len(self.lost)} lost, "
            f"{len(self.mischarged)} wrongly charged, {len(self.wrong)} otherwise wrong, "
            f"{self.duplicates_per_1000:.1f} visible duplicates per 1,000"
        )


async def judge(here: World, guests: Sequence[Guest], kills: int, exit_code: int) -> Figures:
    """Look at everything once the bot has ended."""
    rows = _rows(here)
    database = await Database.open(here.data_dir / "veogram.db")
    try:
        unbalanced = await database.read(audit)
    finally:
        await database.close()
    return Figures(
        jobs=len(rows),
        kinds=Counter(row.kind.value for row in rows),
        states=Counter(row.state for row in rows),
        kills=kills,
        tasks=len(_tasks(here)),
        charged=len(here.kie.charges),
        free=sum(row.state == "done" and row.entries != CAPTURED for row in rows),
        given_up=sum(guest.given_up for guest in guests),
        lost=[*_lost(here, rows), *_swallowed(rows, guests)],
        mischarged=[*unbalanced, *_mischarged(here, rows)],
        wrong=[*_paid_twice(here, rows), *_untold(here, rows), *_illegal(here, exit_code)],
        duplicates=list(_duplicates(here, guests, rows)),
    )


def _rows(here: World) -> list[Row]:
    entries, tasks, sent = (
        defaultdict[int, set[str]](set),
        defaultdict[int, list[str]](list),
        Counter[int](),
    )
    for job_id, kind in here.rows("SELECT job_id, kind FROM entries WHERE job_id IS NOT NULL"):
        entries[job_id].add(kind)
    for job_id, task_id, sent_at in here.rows(
        "SELECT job_id, task_id, sent_at FROM attempts ORDER BY number"
    ):
        tasks[job_id] += [task_id] if task_id else []
        sent[job_id] += sent_at is not None
    columns = "j.id, j.ref, j.user_id, j.kind, j.prompt, j.state, j.price, j.error"
    query = (
        f"SELECT {columns}, j.result_message_id, p.task_id "  # noqa: S608 - own text
        "FROM jobs j LEFT JOIN jobs p ON p.id = j.parent_id ORDER BY j.id"
    )
    return [
        Row(
            id=job_id,
            ref=ref,
            user_id=user_id,
            kind=Kind(kind),
            prompt=prompt,
            state=state,
            price=price,
            error=error,
            message_id=message_id,
            parent_task=parent_task,
            entries=frozenset(entries[job_id]),
            tasks=tuple(tasks[job_id]),
            sent=sent[job_id],
        )
        for (
            job_id,
            ref,
            user_id,
            kind,
            prompt,
            state,
            price,
            error,
            message_id,
            parent_task,
        ) in here.rows(query)
    ]


def _tasks(here: World) -> list[Task]:
    """Return every task at KIE, once: upgrades in the older dialect have no id of their own."""
    account = here.kie._account
    return list(
        {task.id: task for task in [*account.tasks.values(), *account.upgrades.values()]}.values()
    )


def _made(here: World, row: Row) -> list[Task]:
    """Return what KIE has made and charged for a job, known to the bot or not."""
    return [task for task in _ordered(here, row) if task.fate.refusal is None]


def _ordered(here: World, row: Row) -> list[Task]:
    if row.kind in UPGRADES:
        task = here.kie._account.upgrades.get((row.parent_task or "", row.kind))
        return [task] if task else []
    return [
        task
        for task in _tasks(here)
        if task.order.kind is row.kind and task.order.prompt == row.prompt
    ]


def _lost(here: World, rows: list[Row]) -> Iterator[str]:
    """Yield every video that the bot knew of and that neither came nor was given back."""
    for row in rows:
        known = [task for task in _made(here, row) if task.id in row.tasks or row.kind in UPGRADES]
        if row.state == "done" and not _is_in_chat(here, row):
            yield f"lost: {row.kind} {row.ref} is done, but not in the chat"
        elif known and row.state != "done" and row.entries not in GIVEN_BACK:
            yield f"lost: {row.kind} {row.ref} is {row.state}"


def _is_in_chat(here: World, row: Row) -> bool:
    message = here.telegram.chat(row.user_id).by_id.get(row.message_id or 0)
    shown = message is not None and not message.deleted
    return message is not None and shown and (message.video is not None or "http" in message.text)


def _swallowed(rows: list[Row], guests: Sequence[Guest]) -> Iterator[str]:
    """An order that needs no answer becomes one job, whatever happens meanwhile."""
    ordered = Counter(row.prompt for row in rows if row.kind not in UPGRADES)
    for guest in guests:
        for prompt, deed in guest.prompts.items():
            if deed is Deed.AT_ONCE and not ordered[prompt]:
                yield f"lost: {prompt!r} was ordered and became no job"


def _mischarged(here: World, rows: list[Row]) -> Iterator[str]:
    for row in rows:
        prices = [task.price for task in _made(here, row)]
        if row.entries == CAPTURED and row.state != "done":
            yield f"charged: {row.kind} {row.ref} is {row.state}, but paid for"
        if row.entries == CAPTURED and prices != [row.price]:
            yield f"charged: {row.kind} {row.ref} cost {row.price}, at KIE {prices}"
        if row.state != "done" and row.entries not in GIVEN_BACK:
            yield f"charged: {row.kind} {row.ref} is {row.state} with {sorted(row.entries)}"


def _paid_twice(here: World, rows: list[Row]) -> Iterator[str]:
    """No attempt is sent twice, no prompt ordered twice, no task asked for again."""
    urls = Counter(post["callBackUrl"] for post in here.posts() if "callBackUrl" in post)
    yield from (f"posted {count} times: {url}" for url, count in urls.items() if count > 1)
    doubled = Counter(row.prompt for row in rows if row.kind not in UPGRADES)
    yield from (f"{count} jobs of {prompt!r}" for prompt, count in doubled.items() if count > 1)
    for row in rows:
        if row.kind in UPGRADES:
            continue
        posts = [post for post in here.posts() if _prompt(post) == row.prompt]
        if len(posts) > row.sent:
            yield f"{len(posts)} requests for {row.ref}, but {row.sent} attempts"
        if len(_made(here, row)) > 1:
            yield f"KIE made {len(_made(here, row))} videos for {row.ref}"


def _prompt(post: object) -> object:
    body = post if isinstance(post, dict) else {}
    return body.get("input", body).get("prompt")


def _untold(here: World, rows: list[Row]) -> Iterator[str]:
    """Whoever gets no video is told so, under a reference."""
    for row in rows:
        if row.state in {"failed", "expired"}:
            said = here.telegram.chat(row.user_id).from_bot
            if not any(row.ref in message.text for message in said):
                yield f"untold: {row.kind} {row.ref} is {row.state} ({row.error})"


def _illegal(here: World, exit_code: int) -> Iterator[str]:
    yield from here.telegram.violations
    yield from here.kie.violations
    yield from problems(here.telegram.calls)
    if exit_code:
        yield f"the bot ended with {exit_code}"
    log = here.log.read_text()
    tokens = {
        post["callBackUrl"].rpartition("/")[2] for post in here.posts() if "callBackUrl" in post
    }
    yield from (f"in the log: {line}" for line in log.splitlines() if _is_defect(line))
    yield from (f"a callback's token is in the log: {token}" for token in tokens if token in log)
    assert_secrets_kept(here)


def _is_defect(line: str) -> bool:
    if FAILED_UPDATE in line:
        return TELEGRAM_ERROR not in line
    return any(defect in line for defect in DEFECTS)


def _duplicates(here: World, guests: Sequence[Guest], rows: list[Row]) -> Iterator[str]:
    """Yield every video that nobody asked for: who presses what is made already gets a copy."""
    known = {(row.user_id, row.message_id) for row in rows}
    known |= set(here.rows("SELECT chat_id, message_id FROM copies"))
    for guest in guests:
        for message in guest.person.private.from_bot:
            if message.video and (guest.person.id, message.id) not in known:
                first = message.text.splitlines()[0]
                yield f"seen twice: {first!r} by {guest.person.id}, message {message.id}"


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
