"""Who may do what, what was answered, and who did what."""

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from scheduler.store.tables.columns import BIG_NUMBER, ID, UtcDateTime, metadata

tokens = Table(
    "tokens",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("expires_at", UtcDateTime),
)

answers = Table(
    "answers",
    metadata,
    Column("actor", String, primary_key=True),
    Column("key", ID, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
)
"""What was answered to an idempotency key."""

audit = Table(
    "audit",
    metadata,
    Column("no", BIG_NUMBER, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("role", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("request", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject_kind", String, nullable=False),
    Column("subject_id", ID, nullable=False, index=True),
    Column("reason", String, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("chain", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("chain", "position"),
    sqlite_autoincrement=True,
)
"""Append-only. `hash` is that of the entry and of the one before it in its chain."""

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("chain", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
"""Where each chain ends; moved by the database itself with each entry."""

audit_anchors = Table(
    "audit_anchors",
    metadata,
    Column("chain", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
"""The last entry that went each time a chain was purged."""
