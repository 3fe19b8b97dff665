"""The tables of the first release, as they were then."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
STANDING_UPGRADE = sa.text(
    "kind IN ('1080p', '4k') AND state NOT IN ('failed', 'expired', 'cancelled')"
)


def _one_of(column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("access", sa.Text, nullable=False),
    sa.Column("model", sa.Text),
    sa.Column("ratio", sa.Text),
    sa.Column("seconds", sa.Integer),
    sa.Column("resolution", sa.Text),
    sa.Column("translate", sa.Boolean),
    sa.Column("watermark", sa.Text),
    sa.Column("asked_at", sa.Double),
    sa.Column("seen_at", sa.Double, nullable=False),
    sa.Column("served_at", sa.Double),
    _one_of("access", "stranger", "asked", "allowed", "denied", "admin", "banned"),
)
sa.Table(
    "access_requests",
    metadata,
    sa.Column(
        "user_id",
        sa.BigInteger,
        sa.ForeignKey("users.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("update_id", sa.BigInteger, nullable=False),
    sa.Column("chat_id", sa.BigInteger, nullable=False),
    sa.Column("thread_id", sa.BigInteger),
    sa.Column("message_id", sa.BigInteger),
    sa.Column("decided_by", sa.BigInteger),
    sa.Column("allowed", sa.Boolean),
    sa.Column("told", sa.Boolean, nullable=False),
    sa.CheckConstraint("(decided_by IS NULL) = (allowed IS NULL)", name="decision"),
)
sa.Table(
    "access_copies",
    metadata,
    sa.Column("admin_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("message_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column(
        "user_id",
        sa.BigInteger,
        sa.ForeignKey("access_requests.user_id", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("update_id", sa.BigInteger, nullable=False),
    sa.Index("ix_access_copies_user_id", "user_id"),
)
sa.Table(
    "tombstones",
    metadata,
    sa.Column("user_hash", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.Column("access", sa.Text),
    sa.CheckConstraint("access IN ('asked', 'denied', 'banned')", name="access"),
)

sa.Table(
    "drafts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("chat_id", sa.BigInteger, nullable=False),
    sa.Column("thread_id", sa.BigInteger),
    sa.Column("message_id", sa.BigInteger),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("parent_id", Id, sa.ForeignKey("jobs.id")),
    sa.Column("prompt", sa.Text),
    sa.Column("options", sa.Text, nullable=False),
    sa.Column("photos", sa.Text, nullable=False),
    sa.Column("card_message_id", sa.BigInteger),
    sa.Column("more", sa.Boolean, nullable=False),
    sa.Column("update_id", sa.BigInteger, unique=True),
    sa.Column("expires_at", sa.Double, nullable=False),
    _one_of("step", "prompt", "card", "seed", "watermark", "choice", "default-watermark"),
    _one_of("kind", "generate", "extend", "1080p", "4k"),
    sa.Index(
        "ux_drafts_active",
        "user_id",
        "chat_id",
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    ),
    sa.Index("ix_drafts_user_id", "user_id"),
    sa.Index("ix_drafts_chat_id_card_message_id", "chat_id", "card_message_id"),
    sa.Index("ix_drafts_expires_at", "expires_at"),
    sqlite_autoincrement=True,
)

sa.Table(
    "jobs",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("ref", sa.Text, nullable=False, unique=True),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("chat_id", sa.BigInteger, nullable=False),
    sa.Column("thread_id", sa.BigInteger),
    sa.Column("message_id", sa.BigInteger),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("parent_id", Id, sa.ForeignKey("jobs.id")),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("prompt", sa.Text, nullable=False),
    sa.Column("options", sa.Text, nullable=False),
    sa.Column("photos", sa.Text, nullable=False),
    sa.Column("price", sa.Integer, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("due_at", sa.Double),
    sa.Column("soft_deadline_at", sa.Double),
    sa.Column("hard_deadline_at", sa.Double),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("error", sa.Text),
    sa.Column("muted", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("untold", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("lease_until", sa.Double),
    sa.Column("status_message_id", sa.BigInteger),
    sa.Column("status_due_at", sa.Double),
    sa.Column("result_message_id", sa.BigInteger),
    sa.Column("result_urls", sa.Text, nullable=False, server_default="[]"),
    sa.Column("fallback", sa.Boolean, nullable=False, server_default=sa.text("false")),
    sa.Column("media_id", Id, sa.ForeignKey("media.id")),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
    sa.Column("task_id", sa.Text),
    sa.Column("dialect", sa.Text),
    sa.Column("submitted_at", sa.Double),
    sa.Column("ready_at", sa.Double),
    sa.Column("part", sa.Integer, nullable=False, server_default="1"),
    sa.Column("buttons_due_at", sa.Double),
    sa.Column("update_id", sa.BigInteger, unique=True),
    _one_of(
        "state",
        "queued",
        "submitting",
        "unknown",
        "generating",
        "ready",
        "delivering",
        "done",
        "failed",
        "expired",
        "cancelled",
    ),
    _one_of("kind", "generate", "extend", "1080p", "4k"),
    sa.CheckConstraint("price >= 0", name="price"),
    sa.Index(
        "ix_jobs_due",
        "due_at",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    ),
    sa.Index(
        "ix_jobs_status_due",
        "status_due_at",
        sqlite_where=sa.text("status_due_at IS NOT NULL"),
        postgresql_where=sa.text("status_due_at IS NOT NULL"),
    ),
    sa.Index("ix_jobs_state_user_id", "state", "user_id"),
    sa.Index("ix_jobs_user_id_id", "user_id", "id"),
    sa.Index(
        "ix_jobs_buttons_due",
        "buttons_due_at",
        sqlite_where=sa.text("buttons_due_at IS NOT NULL"),
        postgresql_where=sa.text("buttons_due_at IS NOT NULL"),
    ),
    sa.Index("ix_jobs_chat_id_status_message_id", "chat_id", "status_message_id"),
    sa.Index("ix_jobs_chat_id_result_message_id", "chat_id", "result_message_id"),
    sa.Index("ix_jobs_parent_id_kind", "parent_id", "kind"),
    sa.Index(
        "ux_jobs_upgrade",
        "parent_id",
        "kind",
        unique=True,
        sqlite_where=STANDING_UPGRADE,
        postgresql_where=STANDING_UPGRADE,
    ),
    sqlite_autoincrement=True,
)

sa.Table(
    "copies",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("message_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("job_id", Id, sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    sa.Index("ix_copies_job_id", "job_id"),
)

sa.Table(
    "attempts",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("job_id", Id, sa.ForeignKey("jobs.id"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("dialect", sa.Text, nullable=False),
    sa.Column("token_hash", sa.Text, nullable=False, unique=True),
    sa.Column("callback", sa.Boolean, nullable=False),
    sa.Column("task_id", sa.Text),
    sa.Column("begun_at", sa.Double, nullable=False),
    sa.Column("sent_at", sa.Double),
    sa.Column("knocked_at", sa.Double),
    sa.Column("error", sa.Text),
    sa.UniqueConstraint("job_id", "number"),
    sa.Index("ix_attempts_sent_at", "sent_at"),
    sa.Index("ix_attempts_task_id", "task_id"),
)

sa.Table(
    "links",
    metadata,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("job_ref", sa.Text, sa.ForeignKey("jobs.ref", ondelete="CASCADE"), nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False),
    _one_of("kind", "photo", "result"),
    sa.Index("ix_links_expires_at", "expires_at"),
    sa.Index("ix_links_job_ref", "job_ref"),
)

sa.Table(
    "events",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("job_id", Id, sa.ForeignKey("jobs.id"), nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("from_state", sa.Text),
    sa.Column("to_state", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Index("ix_events_job_id", "job_id"),
)
sa.Table(
    "entries",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("job_id", Id, sa.ForeignKey("jobs.id")),
    sa.Column("update_id", sa.BigInteger, unique=True),
    sa.Column("day", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    _one_of("kind", "hold", "capture", "release", "refund", "grant"),
    sa.CheckConstraint("(kind = 'grant') = (job_id IS NULL)", name="job"),
    sa.UniqueConstraint("job_id", "kind"),
    sa.Index("ix_entries_user_id_day", "user_id", "day"),
    sa.Index(
        "ux_entries_end",
        "job_id",
        unique=True,
        sqlite_where=sa.text("kind IN ('capture', 'release')"),
        postgresql_where=sa.text("kind IN ('capture', 'release')"),
    ),
)

sa.Table(
    "postings",
    metadata,
    sa.Column("entry_id", Id, sa.ForeignKey("entries.id"), primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    _one_of("account", "free", "granted", "operator", "held", "spent", "bank"),
    sa.CheckConstraint("amount <> 0", name="amount"),
)
sa.Table(
    "balances",
    metadata,
    sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("granted", sa.BigInteger, nullable=False),
    sa.Column("held", sa.BigInteger, nullable=False),
    sa.CheckConstraint("granted >= 0", name="granted"),
    sa.CheckConstraint("held >= 0", name="held"),
)
sa.Table(
    "daily",
    metadata,
    sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.Column("carried", sa.BigInteger, nullable=False, server_default="0"),
)
sa.Table(
    "totals",
    metadata,
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("used", sa.BigInteger, nullable=False),
    sa.CheckConstraint("used >= 0", name="used"),
)
sa.Table(
    "media",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("path", sa.Text),
    sa.Column("file_id", sa.Text),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False, server_default="0"),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("update_id", sa.BigInteger, unique=True),
    _one_of("kind", "photo", "video"),
    sa.Index("ix_media_user_id", "user_id"),
    sqlite_autoincrement=True,
)

sa.Table(
    "albums",
    metadata,
    sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("group_id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("update_id", sa.BigInteger, nullable=False),
    sa.Column("opened_at", sa.Double, nullable=False),
    sa.Column("due_at", sa.Double, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Index(
        "ix_albums_due",
        "due_at",
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    ),
    sa.Index("ix_albums_user_id", "user_id"),
)
sa.Table(
    "album_parts",
    metadata,
    sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("chat_id", sa.BigInteger, nullable=False),
    sa.Column("group_id", sa.Text, nullable=False),
    sa.Column("message_id", sa.BigInteger, nullable=False),
    sa.Column("file_id", sa.Text),
    sa.Column("bytes", sa.BigInteger),
    sa.Column("caption", sa.Text),
    sa.Column("media_id", Id, sa.ForeignKey("media.id", ondelete="CASCADE")),
    sa.Column("problem", sa.Text),
    sa.Column("taken", sa.Boolean, nullable=False),
    sa.ForeignKeyConstraint(
        ["chat_id", "group_id"], ["albums.chat_id", "albums.group_id"], ondelete="CASCADE"
    ),
    sa.CheckConstraint("media_id IS NULL OR problem IS NULL", name="problem"),
    sa.Index("ix_album_parts_chat_id_group_id", "chat_id", "group_id"),
)

sa.Table(
    "inbox",
    metadata,
    sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("lane", sa.BigInteger, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("received_at", sa.Double, nullable=False),
    sa.Column("handled_at", sa.Double),
    sa.Column("error", sa.Text),
    sa.Index(
        "ix_inbox_open",
        "update_id",
        sqlite_where=sa.text("handled_at IS NULL"),
        postgresql_where=sa.text("handled_at IS NULL"),
    ),
    sa.Index("ix_inbox_handled_at", "handled_at"),
)
sa.Table(
    "durations",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Index("ix_durations_model_kind_id", "model", "kind", "id"),
)
sa.Table(
    "pauses",
    metadata,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("since", sa.Double, nullable=False),
    sa.Column("probe_at", sa.Double, nullable=False),
    sa.Column("need", sa.Integer, nullable=False, server_default="0"),
)
sa.Table(
    "alerts",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("raised_at", sa.Double, nullable=False),
    sa.Column("told_at", sa.Double),
)
sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)
