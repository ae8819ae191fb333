"""Wishes that could not be placed wait until a place is free."""

import sqlalchemy as sa
from alembic import op

from scheduler.store.tables import UtcDateTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    text_id = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        "waiting_list",
        sa.Column("id", text_id, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("series", text_id),
        sa.Column("filed_at", UtcDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_waiting_list"),
        sa.ForeignKeyConstraint(["series"], ["series.id"], name="fk_waiting_list_series"),
    )
    op.create_index("ix_waiting_list_state_filed_at", "waiting_list", ["state", "filed_at"])
    op.create_index("ix_waiting_list_series", "waiting_list", ["series"])
