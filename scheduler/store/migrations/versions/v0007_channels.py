"""Channels, and the messages that go through them.

What people were told before there were any is not sent afterwards.
"""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _notices()
    op.create_table(
        "senders",
        sa.Column("key", _ID, nullable=False),
        sa.Column("free_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_senders"),
    )
    op.create_table(
        "channels",
        sa.Column("id", _ID, nullable=False),
        sa.Column("school", _ID),
        sa.Column("sender", _ID, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_channels"),
        sa.ForeignKeyConstraint(["sender"], ["senders.key"], name="fk_channels_sender"),
    )
    op.create_index("ix_channels_school", "channels", ["school"])
    op.create_index("ix_channels_sender", "channels", ["sender"])
    _messages()


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", _ID, nullable=False),
        sa.Column("channel", _ID, nullable=False),
        sa.Column("notices", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("lease", sa.String),
        sa.Column("leased_until", _MOMENT),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("parts_sent", sa.Integer, nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.Column("problem", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(["channel"], ["channels.id"], name="fk_messages_channel"),
    )
    op.create_index("ix_messages_channel", "messages", ["channel"])
    op.create_index("ix_messages_state_due_at", "messages", ["state", "due_at"])
    op.create_table(
        "deliveries",
        sa.Column("notice", _ID, nullable=False),
        sa.Column("channel", _ID, nullable=False),
        sa.Column("message", _ID),
        sa.PrimaryKeyConstraint("notice", "channel", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["notice"], ["notices.id"], name="fk_deliveries_notice"),
        sa.ForeignKeyConstraint(["channel"], ["channels.id"], name="fk_deliveries_channel"),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name="fk_deliveries_message"),
    )
    op.create_index("ix_deliveries_message", "deliveries", ["message"])
    op.create_index("ix_deliveries_channel_message", "deliveries", ["channel", "message"])


def _notices() -> None:
    op.add_column("notices", sa.Column("teacher", _ID))
    op.add_column("notices", sa.Column("created_at", _MOMENT))
    op.add_column("notices", sa.Column("routed", sa.Boolean))
    notices = sa.table(
        "notices",
        sa.column("id", sa.String),
        sa.column("body", sa.Text),
        sa.column("teacher", sa.String),
        sa.column("created_at", _MOMENT),
        sa.column("routed", sa.Boolean),
    )
    connection = op.get_bind()
    told = [
        {
            "of_id": row.id,
            "teacher": (body := json.loads(row.body)).get("teacher"),
            "created_at": datetime.fromisoformat(body["created_at"]).astimezone(UTC),
            "routed": True,
        }
        for row in connection.execute(sa.select(notices.c.id, notices.c.body))
    ]
    if told:
        connection.execute(sa.update(notices).where(notices.c.id == sa.bindparam("of_id")), told)
    with op.batch_alter_table("notices") as batch:
        batch.alter_column("created_at", existing_type=_MOMENT, nullable=False)
        batch.alter_column("routed", existing_type=sa.Boolean, nullable=False)
    op.create_index("ix_notices_routed", "notices", ["routed"])
    op.create_index("ix_notices_created_at", "notices", ["created_at"])
