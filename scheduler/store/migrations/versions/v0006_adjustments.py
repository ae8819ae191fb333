"""What was done to agreed sessions, with whom it concerns."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "adjustments",
        sa.Column("id", _ID, nullable=False),
        sa.Column("session", _ID, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("cause", _ID, nullable=False),
        sa.Column("starts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_adjustments"),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_adjustments_session"),
    )
    op.create_index("ix_adjustments_session_id", "adjustments", ["session", "id"])
    op.create_index("ix_adjustments_cause_id", "adjustments", ["cause", "id"])
    op.create_table(
        "adjustment_parties",
        sa.Column("adjustment", _ID, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.PrimaryKeyConstraint("adjustment", "kind", "id", name="pk_adjustment_parties"),
        sa.ForeignKeyConstraint(
            ["adjustment"], ["adjustments.id"], name="fk_adjustment_parties_adjustment"
        ),
    )
    op.create_index("ix_adjustment_parties_kind_id", "adjustment_parties", ["kind", "id"])
