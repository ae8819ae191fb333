"""Days on which schools close all at once, and how sessions went; what is closed stays so."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "suspensions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("lifted_at", _MOMENT),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_suspensions"),
    )
    op.create_index("ix_suspensions_date", "suspensions", ["date"])
    op.create_table(
        "outcomes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("session", _ID, nullable=False),
        sa.Column("school", _ID, nullable=False),
        sa.Column("starts", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outcomes"),
        sa.ForeignKeyConstraint(["session"], ["sessions.id"], name="fk_outcomes_session"),
        sa.UniqueConstraint("session", "school", name="uq_outcomes_session_school"),
    )
    op.create_index("ix_outcomes_closed_at_starts", "outcomes", ["closed_at", "starts"])
    op.create_index("ix_outcomes_school_starts", "outcomes", ["school", "starts"])
    guards = {"sqlite": _sqlite, "postgresql": _postgresql}
    for statement in guards[op.get_context().dialect.name]():
        op.execute(statement)


def _sqlite() -> list[str]:
    return [
        f"""
        CREATE TRIGGER {table}_stay_on_{event.lower()} BEFORE {event} ON {table} WHEN {condition}
        BEGIN SELECT RAISE(ABORT, 'lianke: {message}'); END"""
        for table, condition, message in (
            (
                "sessions",
                "EXISTS (SELECT 1 FROM outcomes WHERE outcomes.session = OLD.id)",
                "a session whose outcome is told stays as it was planned",
            ),
            ("outcomes", "OLD.closed_at IS NOT NULL", "a closed outcome stays"),
        )
        for event in ("UPDATE", "DELETE")
    ]


def _postgresql() -> list[str]:
    return [
        """
        CREATE FUNCTION keep_planned() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM outcomes WHERE outcomes.session = OLD.id) THEN
                RAISE EXCEPTION 'lianke: a session whose outcome is told stays as it was planned';
            END IF;
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END $$""",
        """
        CREATE TRIGGER sessions_stay BEFORE UPDATE OR DELETE ON sessions
        FOR EACH ROW EXECUTE FUNCTION keep_planned()""",
        """
        CREATE FUNCTION keep_closed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'lianke: a closed outcome stays';
        END $$""",
        """
        CREATE TRIGGER outcomes_stay BEFORE UPDATE OR DELETE ON outcomes
        FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION keep_closed()""",
    ]
