"""The search for a plan tells how far it has come, and can be taken up by another process."""

import sqlalchemy as sa
from alembic import op

from scheduler.store.tables import UtcDateTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    text_id = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        "searches",
        sa.Column(
            "plan", text_id, sa.ForeignKey("plans.id", name="fk_searches_plan"), nullable=False
        ),
        sa.Column("alive_until", UtcDateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("best", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan", name="pk_searches"),
    )
