"""The audit is chained by hash, also what was written before, and may be purged when it is old.

Remembered answers are found by their age, to be forgotten.
"""

from collections.abc import Mapping
from datetime import UTC
from hashlib import sha256
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

# ruff: noqa: S608 - these texts are put together from each other only

revision = "0014"
down_revision = "0013"

_MOMENT = sa.DateTime(timezone=True)
_CHAINS = 8
_AT_ONCE = 1000
_TEXTS = (
    *("actor", "role", "origin", "request", "action", "subject_kind", "subject_id", "reason"),
    *("before", "after"),
)


def upgrade() -> None:
    guards = {"sqlite": _sqlite, "postgresql": _postgresql}[op.get_context().dialect.name]
    for guard in _old_guards():
        op.execute(guard)
    _columns()
    _chain_what_is_there()
    with op.batch_alter_table("audit", table_kwargs={"sqlite_autoincrement": True}) as audit:
        for name, kind in (
            ("request", sa.String),
            ("chain", sa.Integer),
            ("position", sa.BigInteger),
            ("hash", sa.LargeBinary),
        ):
            audit.alter_column(name, existing_type=kind(), nullable=False)
        audit.create_unique_constraint("uq_audit_chain_position", ["chain", "position"])
    for guard in guards():
        op.execute(guard)
    op.create_index("ix_answers_at", "answers", ["at"])


def _old_guards() -> list[str]:
    if op.get_context().dialect.name == "sqlite":
        return ["DROP TRIGGER audit_stays_on_update", "DROP TRIGGER audit_stays_on_delete"]
    return ["DROP TRIGGER audit_stays ON audit"]


def _columns() -> None:
    op.add_column("audit", sa.Column("request", sa.String))
    op.add_column("audit", sa.Column("chain", sa.Integer))
    op.add_column("audit", sa.Column("position", sa.BigInteger))
    op.add_column("audit", sa.Column("hash", sa.LargeBinary))
    op.create_table(
        "audit_heads",
        sa.Column("chain", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("chain", name="pk_audit_heads"),
    )
    op.create_table(
        "audit_anchors",
        sa.Column("chain", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("chain", "position", name="pk_audit_anchors"),
    )


def _chain_what_is_there() -> None:
    """Everything written so far becomes the first chain."""
    connection = op.get_bind()
    audit = sa.table(
        "audit",
        sa.column("no", sa.BigInteger),
        sa.column("at", _MOMENT),
        *(sa.column(name, sa.String) for name in _TEXTS),
        sa.column("chain", sa.Integer),
        sa.column("position", sa.BigInteger),
        sa.column("hash", sa.LargeBinary),
    )
    number, position, last = 0, 0, bytes(32)
    while rows := (
        connection.execute(
            sa.select(audit).where(audit.c.no > number).order_by(audit.c.no).limit(_AT_ONCE)
        )
        .mappings()
        .all()
    ):
        chained = []
        for row in rows:
            position += 1
            place = {"request": "", "chain": 0, "position": position}
            last = _hash_after(last, {**row, **place})
            chained.append({"of_no": row["no"], "hash": last, **place})
        connection.execute(sa.update(audit).where(audit.c.no == sa.bindparam("of_no")), chained)
        number = rows[-1]["no"]
    if position:
        heads = sa.table(
            "audit_heads",
            sa.column("chain", sa.Integer),
            sa.column("position", sa.BigInteger),
            sa.column("hash", sa.LargeBinary),
        )
        ends = [{"chain": chain, "position": 0, "hash": bytes(32)} for chain in range(1, _CHAINS)]
        first = {"chain": 0, "position": position, "hash": last}
        connection.execute(sa.insert(heads), [first, *ends])


def _hash_after(before: bytes, content: Mapping[str, Any]) -> bytes:
    moment = content["at"]
    moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    told = [
        content["chain"],
        content["position"],
        moment.isoformat(timespec="microseconds"),
        *(content[name] for name in _TEXTS),
    ]
    return sha256(before + msgspec.json.encode(told)).digest()


_STAYS = "lianke: the audit is append-only"
_FOLLOWS = "lianke: an entry of the audit must follow the last one"
_COVERED = """
    SELECT 1 FROM audit_anchors
    WHERE audit_anchors.chain = OLD.chain AND audit_anchors.position >= OLD.position
      AND {old_enough}"""


def _sqlite() -> list[str]:
    covered = _COVERED.format(old_enough="julianday(audit_anchors.at) >= julianday(OLD.at) + 180")
    statements = [
        f"""
        CREATE TRIGGER audit_follows BEFORE INSERT ON audit
        BEGIN
            SELECT RAISE(ABORT, '{_FOLLOWS}') WHERE EXISTS (
                SELECT 1 FROM audit_heads
                WHERE chain = NEW.chain AND position <> NEW.position - 1);
            UPDATE audit_heads SET position = NEW.position, hash = NEW.hash
            WHERE chain = NEW.chain;
        END""",
        f"""
        CREATE TRIGGER audit_stays_on_update BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END""",
        f"""
        CREATE TRIGGER audit_stays_on_delete BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, '{_STAYS}') WHERE NOT EXISTS ({covered}); END""",
        f"""
        CREATE TRIGGER audit_heads_stay BEFORE DELETE ON audit_heads
        BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END""",
    ]
    statements += [
        f"""
        CREATE TRIGGER audit_anchors_stay_on_{event.lower()} BEFORE {event} ON audit_anchors
        BEGIN SELECT RAISE(ABORT, '{_STAYS}'); END"""
        for event in ("UPDATE", "DELETE")
    ]
    return statements


def _postgresql() -> list[str]:
    covered = _COVERED.format(old_enough="audit_anchors.at >= OLD.at + interval '180 days'")
    statements = [
        f"""
        CREATE FUNCTION follow_the_last_entry() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE audit_heads SET position = NEW.position, hash = NEW.hash
            WHERE chain = NEW.chain AND position = NEW.position - 1;
            IF NOT FOUND AND EXISTS (SELECT 1 FROM audit_heads WHERE chain = NEW.chain) THEN
                RAISE EXCEPTION '{_FOLLOWS}';
            END IF;
            RETURN NEW;
        END $$""",
        """
        CREATE TRIGGER audit_follows BEFORE INSERT ON audit
        FOR EACH ROW EXECUTE FUNCTION follow_the_last_entry()""",
        f"""
        CREATE FUNCTION keep_the_audit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS ({covered}) THEN
                RAISE EXCEPTION '{_STAYS}';
            END IF;
            RETURN OLD;
        END $$""",
        """
        CREATE TRIGGER audit_stays_on_update BEFORE UPDATE ON audit
        FOR EACH ROW EXECUTE FUNCTION refuse_to_change()""",
        """
        CREATE TRIGGER audit_stays_on_delete BEFORE DELETE ON audit
        FOR EACH ROW EXECUTE FUNCTION keep_the_audit()""",
        """
        CREATE TRIGGER audit_heads_stay BEFORE DELETE ON audit_heads
        FOR EACH ROW EXECUTE FUNCTION refuse_to_change()""",
        """
        CREATE TRIGGER audit_anchors_stay BEFORE UPDATE OR DELETE ON audit_anchors
        FOR EACH ROW EXECUTE FUNCTION refuse_to_change()""",
    ]
    statements += [
        f"""
        CREATE TRIGGER {table}_are_not_emptied BEFORE TRUNCATE ON {table}
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change()"""
        for table in ("audit_heads", "audit_anchors")
    ]
    return statements
