"""When a record got another name, so that what calendars show of it is dated."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("records", sa.Column("renamed_at", sa.DateTime(timezone=True)))
