"""A series knows when a session of it last left somebody's calendar."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("series", sa.Column("departed_at", sa.DateTime(timezone=True)))
