"""What left a calendar because others took its place there stays visible as cancelled."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    text_id = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "departures",
        sa.Column(
            "session",
            text_id,
            sa.ForeignKey("sessions.id", name="fk_departures_session"),
            nullable=False,
        ),
        sa.Column(
            "resource",
            number,
            sa.ForeignKey("resources.number", name="fk_departures_resource"),
            nullable=False,
        ),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("session", "resource", name="pk_departures"),
    )
    op.create_index("ix_departures_resource_left_at", "departures", ["resource", "left_at"])
