"""Holds that have run out are found by an index, however long the ledger has grown."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("ix_claims_resource_expires", "claims", ["resource", "expires"])
