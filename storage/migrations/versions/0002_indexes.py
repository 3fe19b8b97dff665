"""Indexes for what is looked for every few moments: files that are kept, albums that are open."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index(
        "ix_media_kept",
        "media",
        ["created_at"],
        sqlite_where=sa.text("path IS NOT NULL"),
        postgresql_where=sa.text("path IS NOT NULL"),
    )
    # SQLite never used the former one: the statements say "open = 1".
    op.drop_index("ix_albums_due", table_name="albums")
    op.create_index(
        "ix_albums_open",
        "albums",
        ["opened_at"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
