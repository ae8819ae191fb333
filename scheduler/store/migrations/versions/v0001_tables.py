"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _records()
    _resources()
    _sessions()
    _claims()
    _people()
    _audit()


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("kind", _ID, nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.Column("school", _ID),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_records"),
    )
    op.create_index("ix_records_school_kind", "records", ["school", "kind"])
    op.create_table(
        "record_references",
        sa.Column("from_kind", _ID, nullable=False),
        sa.Column("from_id", _ID, nullable=False),
        sa.Column("to_kind", _ID, nullable=False),
        sa.Column("to_id", _ID, nullable=False),
        sa.PrimaryKeyConstraint(
            "from_kind", "from_id", "to_kind", "to_id", name="pk_record_references"
        ),
        sa.ForeignKeyConstraint(
            ["to_kind", "to_id"],
            ["records.kind", "records.id"],
            name="fk_record_references_to_kind_to_id",
        ),
    )
    op.create_index("ix_record_references_to_kind_to_id", "record_references", ["to_kind", "to_id"])
    op.create_table(
        "books",
        sa.Column("school", _ID, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("shown_revision", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("school", name="pk_books"),
    )


def _resources() -> None:
    op.create_table(
        "resources",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("kind", _ID, nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.Column("school", _ID),
        sa.Column("kit", _NUMBER),
        sa.Column("buffer_seconds", sa.Integer, nullable=False),
        sa.Column("sessions", sa.Integer),
        sa.Column("ports", sa.Integer),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_resources"),
        sa.ForeignKeyConstraint(["kit"], ["resources.number"], name="fk_resources_kit"),
        sa.UniqueConstraint("kind", "id", name="uq_resources_kind_id"),
        sa.UniqueConstraint("number", "kind", name="uq_resources_number_kind"),
    )


def _sessions() -> None:
    op.create_table(
        "series",
        sa.Column("id", _ID, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_series"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("series", _ID),
        sa.Column("series_date", sa.Date),
        sa.Column("starts", _MOMENT, nullable=False),
        sa.Column("ends", _MOMENT, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("hold_expires_at", _MOMENT),
        sa.Column("pinned", sa.Boolean, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["series"], ["series.id"], name="fk_sessions_series"),
    )
    op.create_index("ix_sessions_series", "sessions", ["series"])
    op.create_index("ix_sessions_starts", "sessions", ["starts"])
    op.create_index("ix_sessions_state_hold_expires_at", "sessions", ["state", "hold_expires_at"])
    op.create_table(
        "plans",
        sa.Column("id", _ID, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_plans"),
    )
    op.create_index("ix_plans_state", "plans", ["state"])


def _claims() -> None:
    op.create_table(
        "claims",
        sa.Column("session", _ID, nullable=False),
        sa.Column("resource", _NUMBER, nullable=False),
        sa.Column("kind", _ID, nullable=False),
        sa.Column("starts", sa.BigInteger, nullable=False),
        sa.Column("ends", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger),
        sa.Column("sites", sa.Integer, nullable=False),
        sa.Column("party", sa.BigInteger, nullable=False),
        sa.Column("exclusive", sa.Boolean, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("session", "resource", name="pk_claims"),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_claims_session"),
        sa.ForeignKeyConstraint(
            ["resource", "kind"],
            ["resources.number", "resources.kind"],
            name="fk_claims_resource_kind",
        ),
        sa.CheckConstraint(
            "ends > starts AND ends - starts <= 86400", name=op.f("ck_claims_at_most_a_day")
        ),
        sa.CheckConstraint(
            "exclusive = (kind IN ('room', 'kit', 'class_group')) OR kind = 'teacher'",
            name=op.f("ck_claims_exclusive_by_kind"),
        ),
        sa.CheckConstraint("sites > 0", name=op.f("ck_claims_some_sites")),
    )
    op.create_index("ix_claims_resource_starts", "claims", ["resource", "starts"])


def _people() -> None:
    op.create_table(
        "tokens",
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("expires_at", _MOMENT),
        sa.PrimaryKeyConstraint("hash", name="pk_tokens"),
    )
    op.create_table(
        "answers",
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("key", _ID, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name="pk_answers"),
    )
    op.create_table(
        "notices",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", _ID, nullable=False),
        sa.Column("school", _ID, nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.UniqueConstraint("key", name="uq_notices_key"),
    )
    op.create_index("ix_notices_school_id", "notices", ["school", "id"])
    op.create_table(
        "subscriptions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("revoked_at", _MOMENT),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
        sa.UniqueConstraint("token_hash", name="uq_subscriptions_token_hash"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("no", _NUMBER, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("subject_kind", sa.String, nullable=False),
        sa.Column("subject_id", _ID, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.PrimaryKeyConstraint("no", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_subject_id", "audit", ["subject_id"])
