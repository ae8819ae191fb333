"""Places that sessions would move to, held while the schools concerned are asked."""

import sqlalchemy as sa
from alembic import op

from scheduler.store.tables import UtcDateTime

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    text_id = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        "proposals",
        sa.Column("id", text_id, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("starts", UtcDateTime(), nullable=False),
        sa.Column("ends", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
    )
    op.create_index("ix_proposals_state_ends", "proposals", ["state", "ends"])
