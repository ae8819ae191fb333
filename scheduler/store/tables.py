"""The tables. What makes them refuse a double claim or a forged audit is in the migrations.

Values are kept whole as JSON text in `body`; the other columns are what queries and guards ask for.
Claims count seconds since 1970 in whole numbers, because the exclusion constraint packs a
resource's number and its moments into one integer range.
"""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

LONGEST_CLAIM_SECONDS: Final = 24 * 60 * 60


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC on both engines; SQLite forgets the offset, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"The moment {value.isoformat()} has no offset.")
        return value.astimezone(UTC)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime | None:
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = String().with_variant(String(collation="C"), "postgresql")
"""Ids sort by their bytes on both engines, so that a list's cursor means the same."""

_BIG_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers its rows only in a column that is called INTEGER."""

records = Table(
    "records",
    metadata,
    Column("kind", _ID, primary_key=True),
    Column("id", _ID, primary_key=True),
    Column("school", _ID),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "school", "kind"),
)

record_references = Table(
    "record_references",
    metadata,
    Column("from_kind", _ID, primary_key=True),
    Column("from_id", _ID, primary_key=True),
    Column("to_kind", _ID, primary_key=True),
    Column("to_id", _ID, primary_key=True),
    ForeignKeyConstraint(["to_kind", "to_id"], ["records.kind", "records.id"]),
    Index(None, "to_kind", "to_id"),
)
"""Who names which record. The namer is a record, a session, a series or a plan."""

books = Table(
    "books",
    metadata,
    Column("school", _ID, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("shown_revision", BigInteger, nullable=False),
)
"""A row for each school's book and one (school "") for the alliance's: `revision` moves with every
record in it, `shown_revision` only with those that a calendar shows."""

resources = Table(
    "resources",
    metadata,
    Column("number", _BIG_NUMBER, primary_key=True),
    Column("kind", _ID, nullable=False),
    Column("id", _ID, nullable=False),
    Column("school", _ID),
    Column("kit", _BIG_NUMBER, ForeignKey("resources.number")),
    Column("buffer_seconds", Integer, nullable=False),
    Column("sessions", Integer),
    Column("ports", Integer),
    Column("revision", BigInteger, nullable=False),
    UniqueConstraint("kind", "id"),
    UniqueConstraint("number", "kind"),
)
"""What can be locked and claimed. `kit` is the portable kit a room needs; `sessions` and `ports`
are what a link pool can carry at once; `revision` moves with every session that touches it."""

series = Table(
    "series",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
sessions = Table(
    "sessions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("series", _ID, ForeignKey("series.id"), index=True),
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
    Column("session", _ID, ForeignKey("sessions.id"), primary_key=True),
    Column("resource", _BIG_NUMBER, primary_key=True),
    Column("kind", _ID, nullable=False),
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
    Column("id", _ID, primary_key=True),
    Column("session", _ID, ForeignKey("sessions.id"), nullable=False),
    Column("kind", String, nullable=False),
    Column("cause", _ID, nullable=False),
    Column("starts", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "session", "id"),
    Index(None, "cause", "id"),
)
"""What was done to agreed sessions; ids grow with time, and `starts` is that of the lesson."""

adjustment_parties = Table(
    "adjustment_parties",
    metadata,
    Column("adjustment", _ID, ForeignKey("adjustments.id"), primary_key=True),
    Column("kind", String, primary_key=True),
    Column("id", _ID, primary_key=True),
    Index(None, "kind", "id"),
)
"""The schools, teachers and sessions that an adjustment concerns."""

proposals = Table(
    "proposals",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("state", String, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("starts", UtcDateTime, nullable=False),
    Column("ends", UtcDateTime, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "state", "ends"),
)
"""What is proposed for agreed sessions; an open one holds its places, which it spans in time."""
suspensions = Table(
    "suspensions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("date", Date, nullable=False, index=True),
    Column("lifted_at", UtcDateTime),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
)

departures = Table(
    "departures",
    metadata,
    Column("session", _ID, ForeignKey("sessions.id"), primary_key=True),
    Column("resource", _BIG_NUMBER, ForeignKey("resources.number"), primary_key=True),
    Column("left_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "resource", "left_at"),
)
"""Whose calendar a session has left, and how it looked there."""

series_departures = Table(
    "series_departures",
    metadata,
    Column("series", _ID, ForeignKey("series.id"), primary_key=True),
    Column("resource", _BIG_NUMBER, ForeignKey("resources.number"), primary_key=True),
    Column("left_at", UtcDateTime, nullable=False),
)
"""In whose calendar a series has lost or moved sessions, and when last: no trace of that is left in
the sessions which it still has there."""

outcomes = Table(
    "outcomes",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("session", _ID, ForeignKey("sessions.id"), nullable=False),
    Column("school", _ID, nullable=False),
    Column("starts", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("session", "school"),
    Index(None, "closed_at", "starts"),
    Index(None, "school", "starts"),
)
"""How a session went at each school; `starts` is that of the session."""

waiting_list = Table(
    "waiting_list",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("state", String, nullable=False),
    Column("series", _ID, ForeignKey("series.id"), index=True),
    Column("filed_at", UtcDateTime, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "state", "filed_at"),
)
"""What could not be placed; who comes first is decided when something frees."""

plans = Table(
    "plans",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("state", String, nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
)

searches = Table(
    "searches",
    metadata,
    Column("plan", _ID, ForeignKey("plans.id"), primary_key=True),
    Column("alive_until", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Column("best", Text, nullable=False),
)
"""How far the search for a plan has come, and its best placements so far. The process that searches
moves `alive_until` on; after that moment another one takes the plan up."""

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
    Column("key", _ID, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
)
"""What was answered to an idempotency key."""

notices = Table(
    "notices",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("key", _ID, nullable=False, unique=True),
    Column("school", _ID, nullable=False),
    Column("teacher", _ID),
    Column("created_at", UtcDateTime, nullable=False),
    Column("routed", Boolean, nullable=False, index=True),
    Column("sent_at", UtcDateTime),
    Column("body", Text, nullable=False),
    Index(None, "school", "id"),
    Index(None, "created_at"),
)
"""What people are told; `routed` once it is known through which channels, if any."""

senders = Table(
    "senders",
    metadata,
    Column("key", _ID, primary_key=True),
    Column("free_at", UtcDateTime, nullable=False),
)
"""A row for each robot and one for mail: when it may be called again, by whichever process."""

channels = Table(
    "channels",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("school", _ID, index=True),
    Column("sender", _ID, ForeignKey("senders.key"), nullable=False, index=True),
    Column("active", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
"""`sealed` is the address and the signing key, unreadable without the operator's key."""

messages = Table(
    "messages",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("channel", _ID, ForeignKey("channels.id"), nullable=False, index=True),
    Column("notices", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("lease", String),
    Column("leased_until", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("parts_sent", Integer, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("problem", Text),
    Column("revision", Integer, nullable=False),
    Index(None, "state", "due_at"),
)
"""What goes through a channel at once. Only the process that holds the lease sends it."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("notice", _ID, ForeignKey("notices.id"), primary_key=True),
    Column("channel", _ID, ForeignKey("channels.id"), primary_key=True),
    Column("message", _ID, ForeignKey("messages.id"), index=True),
    Index(None, "channel", "message"),
)
"""Which notice goes through which channel, and in which message once that is made."""

invitations = Table(
    "invitations",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("session", _ID, ForeignKey("sessions.id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("lease", String),
    Column("leased_until", UtcDateTime),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
"""Guests of sessions: `sealed` is the mail address, `seen` the revision of the session that was
looked at last. Whoever has not seen the newest may have to be told."""

imports = Table(
    "imports",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("school", _ID, nullable=False, index=True),
    Column("resource", _ID, nullable=False, index=True),
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
    Column("id", _ID, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("revoked_at", UtcDateTime),
    Column("body", Text, nullable=False),
)

editions = Table(
    "editions",
    metadata,
    Column("calendar", _ID, primary_key=True),
    Column("tag", String, nullable=False),
    Column("as_of", UtcDateTime, nullable=False),
    Column("shown", BigInteger, nullable=False),
    Column("touched", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
)
"""What each published calendar was when it was last written anew, and since when."""

audit = Table(
    "audit",
    metadata,
    Column("no", _BIG_NUMBER, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("role", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("request", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject_kind", String, nullable=False),
    Column("subject_id", _ID, nullable=False, index=True),
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
