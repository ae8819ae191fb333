"""Sessions of a state are found without reading all the others."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_index("ix_sessions_state_id", "sessions", ["state", "id"])
