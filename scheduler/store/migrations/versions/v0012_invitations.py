"""Guests who are invited to sessions by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", _ID, nullable=False),
        sa.Column("session", _ID, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("seen", sa.Integer, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("lease", sa.String),
        sa.Column("leased_until", _MOMENT),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_invitations_session"),
    )
    for column in ("session", "created_at"):
        op.create_index(f"ix_invitations_{column}", "invitations", [column])
