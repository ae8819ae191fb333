"""Calendars read from outside, with the busy time that was read of them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", _ID, nullable=False),
        sa.Column("school", _ID, nullable=False),
        sa.Column("resource", _ID, nullable=False),
        sa.Column("due_at", _MOMENT),
        sa.Column("lease", sa.String),
        sa.Column("leased_until", _MOMENT),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("etag", sa.String, nullable=False),
        sa.Column("modified", sa.String, nullable=False),
        sa.Column("busy", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
    )
    for column in ("school", "resource", "due_at"):
        op.create_index(f"ix_imports_{column}", "imports", [column])
