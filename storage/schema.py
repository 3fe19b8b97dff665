"""The tables. What must always be true of a row stands here as a constraint, not in code.

Times are epoch seconds, money is whole KIE credits. Only constructs that SQLite and PostgreSQL
share are used; ``storage/migrations`` brings an older file here.
"""

from collections.abc import Iterable

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.models import Access, Kind, State, Step

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A BigInteger primary key does not count up on SQLite, where only INTEGER names the row id.
Id = BigInteger().with_variant(Integer, "sqlite")

LEDGER_KINDS = ("hold", "capture", "release", "refund", "grant")
# operator pays for the admins; held and spent are where credits go, bank is where grants come from.
ACCOUNTS = ("free", "granted", "operator", "held", "spent", "bank")
# A video has one sharper copy of each kind; one that came to nothing may be asked for again.
STANDING_UPGRADE = text(
    "kind IN ('1080p', '4k') AND state NOT IN ('failed', 'expired', 'cancelled')"
)


def _one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


users = Table(
    "users",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("access", Text, nullable=False),
    Column("model", Text),  # NULL in the remembered options: the catalog's default
    Column("ratio", Text),
    Column("seconds", Integer),
    Column("resolution", Text),
    Column("translate", Boolean),
    Column("watermark", Text),
    Column("asked_at", Double),
    Column("seen_at", Double, nullable=False),
    Column("served_at", Double),  # when a job of theirs last went to KIE
    _one_of("access", Access),
)

# Who asked to be let in: where they hear of the decision, and what it was.
access_requests = Table(
    "access_requests",
    metadata,
    Column(
        "user_id",
        BigInteger,
        ForeignKey("users.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("update_id", BigInteger, nullable=False),  # the update that asked, last
    Column("chat_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger),
    Column("message_id", BigInteger),
    Column("decided_by", BigInteger),  # NULL: open
    Column("allowed", Boolean),
    Column("told", Boolean, nullable=False),  # the asker knows the decision
    CheckConstraint("(decided_by IS NULL) = (allowed IS NULL)", name="decision"),
)

# The messages with Approve and Deny that stand in admins' chats.
access_copies = Table(
    "access_copies",
    metadata,
    Column("admin_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "user_id",
        BigInteger,
        ForeignKey("access_requests.user_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("update_id", BigInteger, nullable=False),  # which asking of that person it tells of
    Index("ix_access_copies_user_id", "user_id"),
)

# Survives /delete_me under a keyed hash of the id, so that leaving gives no fresh quota.
tombstones = Table(
    "tombstones",
    metadata,
    Column("user_hash", Text, primary_key=True),
    Column("day", Text, nullable=False),
    Column("used", BigInteger, nullable=False),  # of the free credits of that day
    Column("access", Text),  # what they were refused, or still waited for
    CheckConstraint("access IN ('asked', 'denied', 'banned')", name="access"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger),
    Column("message_id", BigInteger),
    Column("step", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("kind", Text, nullable=False),
    Column("parent_id", Id, ForeignKey("jobs.id")),
    Column("prompt", Text),
    Column("options", Text, nullable=False),  # JSON of models.Options
    Column("photos", Text, nullable=False),  # JSON list of media ids, in the user's order
    Column("card_message_id", BigInteger),
    Column("more", Boolean, nullable=False),
    Column(
        "update_id", BigInteger, unique=True
    ),  # the update that opened it: handled again, same row
    Column("expires_at", Double, nullable=False),
    _one_of("step", Step),
    _one_of("kind", Kind),
    Index(
        "ux_drafts_active",
        "user_id",
        "chat_id",
        unique=True,
        sqlite_where=text("active"),
        postgresql_where=text("active"),
    ),
    Index("ix_drafts_user_id", "user_id"),
    Index("ix_drafts_chat_id_card_message_id", "chat_id", "card_message_id"),
    Index("ix_drafts_expires_at", "expires_at"),
    # Buttons in old messages name ids: an id that is given again would revive them.
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ref", Text, nullable=False, unique=True),
    Column("user_id", BigInteger, nullable=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("thread_id", BigInteger),
    Column("message_id", BigInteger),
    Column("kind", Text, nullable=False),
    Column("parent_id", Id, ForeignKey("jobs.id")),
    Column("model", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("options", Text, nullable=False),
    Column("photos", Text, nullable=False),
    Column("price", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("due_at", Double),  # NULL: nothing to do until something outside happens
    Column("soft_deadline_at", Double),  # of the newest attempt
    Column("hard_deadline_at", Double),
    Column("tries", Integer, nullable=False, server_default="0"),  # in the present state
    Column("error", Text),
    Column("muted", Boolean, nullable=False, server_default=text("false")),  # cancelled too late
    Column("untold", Boolean, nullable=False, server_default=text("false")),  # an end not yet told
    Column("lease_until", Double),
    Column("status_message_id", BigInteger),
    Column("status_due_at", Double),
    Column("result_message_id", BigInteger),
    Column("result_urls", Text, nullable=False, server_default="[]"),
    Column("fallback", Boolean, nullable=False, server_default=text("false")),
    Column("media_id", Id, ForeignKey("media.id")),
    Column("attempt", Integer, nullable=False, server_default="0"),  # number of the newest
    Column("task_id", Text),
    Column("dialect", Text),
    Column("submitted_at", Double),
    Column("ready_at", Double),
    Column("part", Integer, nullable=False, server_default="1"),  # of a film that was extended
    Column("buttons_due_at", Double),  # when the buttons below its video are to be drawn again
    Column("update_id", BigInteger, unique=True),  # the update that asked: handled again, same job
    _one_of("state", State),
    _one_of("kind", Kind),
    CheckConstraint("price >= 0", name="price"),
    Index(
        "ix_jobs_due",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index(
        "ix_jobs_status_due",
        "status_due_at",
        sqlite_where=text("status_due_at IS NOT NULL"),
        postgresql_where=text("status_due_at IS NOT NULL"),
    ),
    Index("ix_jobs_state_user_id", "state", "user_id"),
    Index("ix_jobs_user_id_id", "user_id", "id"),
    Index(
        "ix_jobs_buttons_due",
        "buttons_due_at",
        sqlite_where=text("buttons_due_at IS NOT NULL"),
        postgresql_where=text("buttons_due_at IS NOT NULL"),
    ),
    Index("ix_jobs_chat_id_status_message_id", "chat_id", "status_message_id"),
    Index("ix_jobs_chat_id_result_message_id", "chat_id", "result_message_id"),
    Index("ix_jobs_parent_id_kind", "parent_id", "kind"),
    Index(
        "ux_jobs_upgrade",
        "parent_id",
        "kind",
        unique=True,
        sqlite_where=STANDING_UPGRADE,
        postgresql_where=STANDING_UPGRADE,
    ),
    sqlite_autoincrement=True,
)

# Further messages that show a job's video and its buttons, beside the one it was delivered with.
copies = Table(
    "copies",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("job_id", Id, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Index("ix_copies_job_id", "job_id"),
)

# One row per paid request to KIE; committed before the request is sent.
attempts = Table(
    "attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("job_id", Id, ForeignKey("jobs.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),  # of the callback URL's token
    Column("callback", Boolean, nullable=False),  # whether KIE was given that URL
    Column("task_id", Text),
    Column("begun_at", Double, nullable=False),
    Column("sent_at", Double),  # NULL: the paid request has certainly not left this process
    Column("knocked_at", Double),  # when a callback last came to that URL
    Column("error", Text),
    UniqueConstraint("job_id", "number"),
    Index("ix_attempts_sent_at", "sent_at"),
    Index("ix_attempts_task_id", "task_id"),
)

# Own addresses of files: photos for KIE, large videos for people. Each holds a token.
links = Table(
    "links",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("job_ref", Text, ForeignKey("jobs.ref", ondelete="CASCADE"), nullable=False),
    Column("path", Text, nullable=False),  # relative to DATA_DIR
    Column("expires_at", Double, nullable=False),
    _one_of("kind", ("photo", "result")),
    Index("ix_links_expires_at", "expires_at"),
    Index("ix_links_job_ref", "job_ref"),
)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("job_id", Id, ForeignKey("jobs.id"), nullable=False),
    Column("at", Double, nullable=False),
    Column("from_state", Text),
    Column("to_state", Text, nullable=False),
    Column("note", Text),
    Index("ix_events_job_id", "job_id"),
)

# Double entry: the postings of an entry add up to zero.
entries = Table(
    "entries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("job_id", Id, ForeignKey("jobs.id")),
    Column("update_id", BigInteger, unique=True),  # of a grant
    Column("day", Text, nullable=False),  # UTC, YYYY-MM-DD
    Column("at", Double, nullable=False),
    _one_of("kind", LEDGER_KINDS),
    CheckConstraint("(kind = 'grant') = (job_id IS NULL)", name="job"),
    UniqueConstraint("job_id", "kind"),
    Index("ix_entries_user_id_day", "user_id", "day"),
    Index(  # a hold ends once: spent or given back
        "ux_entries_end",
        "job_id",
        unique=True,
        sqlite_where=text("kind IN ('capture', 'release')"),
        postgresql_where=text("kind IN ('capture', 'release')"),
    ),
)

postings = Table(
    "postings",
    metadata,
    Column("entry_id", Id, ForeignKey("entries.id"), primary_key=True),
    Column("account", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    _one_of("account", ACCOUNTS),
    CheckConstraint("amount <> 0", name="amount"),
)

# The sums of the postings that a spend is decided on, moved by conditional updates only.
balances = Table(
    "balances",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("granted", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    CheckConstraint("granted >= 0", name="granted"),
    CheckConstraint("held >= 0", name="held"),
)
daily = Table(
    "daily",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Text, primary_key=True),
    Column("used", BigInteger, nullable=False),  # below zero: a release of yesterday's hold
    # The part of it that was spent before the person's data was deleted: not in their entries.
    Column("carried", BigInteger, nullable=False, server_default="0"),
)
totals = Table(
    "totals",
    metadata,
    Column("day", Text, primary_key=True),
    Column("used", BigInteger, nullable=False),
    CheckConstraint("used >= 0", name="used"),
)

# Photos that users sent and videos that were made; a path is relative to DATA_DIR.
media = Table(
    "media",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("path", Text),  # NULL once the file is deleted
    Column("file_id", Text),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("seconds", Double, nullable=False, server_default="0"),
    Column("bytes", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    Column(
        "update_id", BigInteger, unique=True
    ),  # the update that brought it: handled again, same row
    _one_of("kind", ("photo", "video")),
    Index("ix_media_user_id", "user_id"),
    Index(
        "ix_media_kept",
        "created_at",
        sqlite_where=text("path IS NOT NULL"),
        postgresql_where=text("path IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

# Photos that were sent together come one by one: an album is open until no more are expected.
albums = Table(
    "albums",
    metadata,
    Column("chat_id", BigInteger, primary_key=True, autoincrement=False),
    Column("group_id", Text, primary_key=True),  # Bot API, Message, media_group_id
    Column("user_id", BigInteger, nullable=False),
    Column("update_id", BigInteger, nullable=False),  # the first part's, which stands for all
    Column("opened_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("open", Boolean, nullable=False),
    Index(
        "ix_albums_open",
        "opened_at",
        sqlite_where=text("open = 1"),  # as the statements say it: else it is not used
        postgresql_where=text("open"),
    ),
    Index("ix_albums_user_id", "user_id"),
)

album_parts = Table(
    "album_parts",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("chat_id", BigInteger, nullable=False),
    Column("group_id", Text, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("file_id", Text),  # NULL: no picture
    Column("bytes", BigInteger),  # as Telegram states them
    Column("caption", Text),
    Column("media_id", Id, ForeignKey("media.id", ondelete="CASCADE")),
    Column("problem", Text),  # why it cannot be used
    Column("taken", Boolean, nullable=False),  # a question or card has it
    ForeignKeyConstraint(
        ["chat_id", "group_id"], ["albums.chat_id", "albums.group_id"], ondelete="CASCADE"
    ),
    CheckConstraint("media_id IS NULL OR problem IS NULL", name="problem"),
    Index("ix_album_parts_chat_id_group_id", "chat_id", "group_id"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("lane", BigInteger, nullable=False),  # chat id, or the sender's where there is no chat
    Column("body", Text, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("handled_at", Double),
    Column("error", Text),
    Index(
        "ix_inbox_open",
        "update_id",
        sqlite_where=text("handled_at IS NULL"),
        postgresql_where=text("handled_at IS NULL"),
    ),
    Index("ix_inbox_handled_at", "handled_at"),
)

# How long finished jobs took, for the progress bar and the pace of polling.
durations = Table(
    "durations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("model", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("seconds", Double, nullable=False),
    Index("ix_durations_model_kind_id", "model", "kind", "id"),
)

# What keeps new jobs from KIE: scope is "account", "rate", "disk" or "<kind>:<model>".
pauses = Table(
    "pauses",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("probe_at", Double, nullable=False),
    Column("need", Integer, nullable=False, server_default="0"),  # credits KIE must have again
)

# Troubles told to the admins, once each until they clear.
alerts = Table(
    "alerts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("raised_at", Double, nullable=False),
    Column("told_at", Double),
)

# Small facts of this installation: the claim code's hash, the key of the tombstones, and so on.
facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
