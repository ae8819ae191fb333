"""Sessions, what they claim, and what becomes of them."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from scheduler.store.tables.columns import BIG_NUMBER, ID, UtcDateTime, metadata

LONGEST_CLAIM_SECONDS: Final = 24 * 60 * 60

series = Table(
    "series",
    metadata,
    Column("id", ID, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("series", ID, ForeignKey("series.id"), index=True),
    Column("series_date", Date),
    Column("starts", UtcDateTime, nullable=False, index=True),
    Column("ends", UtcDateTime, nullable=False),
    Column("state", String, nullable=False),
    Column("hold_expires_at", UtcDateTime),
    Column("pinned", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "state", "hold_expires_at"),
    Index(None, "state", "id"),
)

claims = Table(
    "claims",
    metadata,
    Column("session", ID, ForeignKey("sessions.id"), primary_key=True),
    Column("resource", BIG_NUMBER, primary_key=True),
    Column("kind", ID, nullable=False),
    Column("starts", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("sites", Integer, nullable=False),
    Column("party", BigInteger, nullable=False),
    Column("exclusive", Boolean, nullable=False),
    Column("live", Boolean, nullable=False),
    ForeignKeyConstraint(["resource", "kind"], ["resources.number", "resources.kind"]),
    CheckConstraint(
        f"ends > starts AND ends - starts <= {LONGEST_CLAIM_SECONDS}", name="at_most_a_day"
    ),
    CheckConstraint(
        "exclusive = (kind IN ('room', 'kit', 'class_group')) OR kind = 'teacher'",
        name="exclusive_by_kind",
    ),
    CheckConstraint("sites > 0", name="some_sites"),
    Index(None, "resource", "starts"),
    Index(None, "resource", "expires"),
)
"""What a session uses: `party` tells its participants apart (H12), a teacher who only observes
claims nothing exclusive, and only `live` claims are in anybody's way."""

adjustments = Table(
    "adjustments",
    metadata,
    Column("id", ID, primary_key=True),
    Column("session", ID, ForeignKey("sessions.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("cause", ID, nullable=False),
    Column("starts", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "session", "id"),
    Index(None, "cause", "id"),
)
"""What was done to agreed sessions; ids grow with time, and `starts` is that of the lesson."""

adjustment_parties = Table(
    "adjustment_parties",
    metadata,
    Column("adjustment", ID, ForeignKey("adjustments.id"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("id", ID, primary_key=True),
    Index(None, "kind", "id"),
)
"""The schools, teachers and sessions that an adjustment concerns."""

departures = Table(
    "departures",
    metadata,
    Column("session", ID, ForeignKey("sessions.id"), primary_key=True),
    Column("resource", BIG_NUMBER, ForeignKey("resources.number"), primary_key=True),
    Column("left_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "resource", "left_at"),
)
"""Whose calendar a session has left, and how it looked there."""

series_departures = Table(
    "series_departures",
    metadata,
    Column("series", ID, ForeignKey("series.id"), primary_key=True),
    Column("resource", BIG_NUMBER, ForeignKey("resources.number"), primary_key=True),
    Column("left_at", UtcDateTime, nullable=False),
)
"""In whose calendar a series has lost or moved sessions, and when last: no trace of that is left in
the sessions which it still has there."""

outcomes = Table(
    "outcomes",
    metadata,
    Column("id", ID, primary_key=True),
    Column("session", ID, ForeignKey("sessions.id"), nullable=False),
    Column("school", ID, nullable=False),
    Column("starts", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("session", "school"),
    Index(None, "closed_at", "starts"),
    Index(None, "school", "starts"),
)
"""How a session went at each school; `starts` is that of the session."""
