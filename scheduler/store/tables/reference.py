"""What schools have told: their records, the books these make up, and what can be claimed."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
)

from scheduler.store.tables.columns import BIG_NUMBER, ID, UtcDateTime, metadata

records = Table(
    "records",
    metadata,
    Column("kind", ID, primary_key=True),
    Column("id", ID, primary_key=True),
    Column("school", ID),
    Column("revision", Integer, nullable=False),
    Column("renamed_at", UtcDateTime),
    Column("body", Text, nullable=False),
    Index(None, "school", "kind"),
)
"""`renamed_at`: since when it has had its name, where that is not its first one."""

record_references = Table(
    "record_references",
    metadata,
    Column("from_kind", ID, primary_key=True),
    Column("from_id", ID, primary_key=True),
    Column("to_kind", ID, primary_key=True),
    Column("to_id", ID, primary_key=True),
    ForeignKeyConstraint(["to_kind", "to_id"], ["records.kind", "records.id"]),
    Index(None, "to_kind", "to_id"),
)
"""Who names which record. The namer is a record, a session, a series or a plan."""

books = Table(
    "books",
    metadata,
    Column("school", ID, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("shown_revision", BigInteger, nullable=False),
)
"""A row for each school's book and one (school "") for the alliance's: `revision` moves with every
record in it, `shown_revision` only with those that a calendar shows."""

resources = Table(
    "resources",
    metadata,
    Column("number", BIG_NUMBER, primary_key=True),
    Column("kind", ID, nullable=False),
    Column("id", ID, nullable=False),
    Column("school", ID),
    Column("kit", BIG_NUMBER, ForeignKey("resources.number")),
    Column("buffer_seconds", Integer, nullable=False),
    Column("sessions", Integer),
    Column("ports", Integer),
    Column("revision", BigInteger, nullable=False),
    UniqueConstraint("kind", "id"),
    UniqueConstraint("number", "kind"),
)
"""What can be locked and claimed. `kit` is the portable kit a room needs; `sessions` and `ports`
are what a link pool can carry at once; `revision` moves with every session that touches it."""
