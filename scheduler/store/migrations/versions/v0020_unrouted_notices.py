"""Notices of which nobody has decided yet how they go are found among few; the rest in no index."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.drop_index("ix_notices_routed", "notices")
    unrouted = sa.column("routed", sa.Boolean).is_(False)
    op.create_index(
        "ix_notices_unrouted",
        "notices",
        ["id"],
        sqlite_where=unrouted,
        postgresql_where=unrouted,
    )
