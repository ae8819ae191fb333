"""Calendars that are read and published."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, Text

from scheduler.store.tables.columns import ID, UtcDateTime, metadata

imports = Table(
    "imports",
    metadata,
    Column("id", ID, primary_key=True),
    Column("school", ID, nullable=False, index=True),
    Column("resource", ID, nullable=False, index=True),
    Column("due_at", UtcDateTime, index=True),
    Column("lease", String),
    Column("leased_until", UtcDateTime),
    Column("sealed", LargeBinary),
    Column("digest", String, nullable=False),
    Column("etag", String, nullable=False),
    Column("modified", String, nullable=False),
    Column("busy", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
"""Calendars from outside: `sealed` is the address, `busy` the slots that were read and all that is
kept of the events; `resource` is the id of the teacher or room."""

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("revoked_at", UtcDateTime),
    Column("body", Text, nullable=False),
)

editions = Table(
    "editions",
    metadata,
    Column("calendar", ID, primary_key=True),
    Column("tag", String, nullable=False),
    Column("as_of", UtcDateTime, nullable=False),
    Column("shown", BigInteger, nullable=False),
    Column("touched", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
)
"""What each published calendar was when it was last written anew, and since when."""
