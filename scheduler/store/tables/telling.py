"""What people are told, through which channel, and who is invited."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from scheduler.store.tables.columns import ID, UtcDateTime, metadata

notices = Table(
    "notices",
    metadata,
    Column("id", ID, primary_key=True),
    Column("key", ID, nullable=False, unique=True),
    Column("school", ID, nullable=False),
    Column("teacher", ID),
    Column("created_at", UtcDateTime, nullable=False),
    Column("routed", Boolean, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("body", Text, nullable=False),
    Index(None, "school", "id"),
    Index(None, "created_at"),
)
"""What people are told; `routed` once it is known through which channels, if any. The index knows
only those that are not."""

_UNROUTED = notices.c.routed.is_(False)
Index("ix_notices_unrouted", notices.c.id, sqlite_where=_UNROUTED, postgresql_where=_UNROUTED)

senders = Table(
    "senders",
    metadata,
    Column("key", ID, primary_key=True),
    Column("free_at", UtcDateTime, nullable=False),
)
"""A row for each robot and one for mail: when it may be called again, by whichever process."""

channels = Table(
    "channels",
    metadata,
    Column("id", ID, primary_key=True),
    Column("school", ID, index=True),
    Column("sender", ID, ForeignKey("senders.key"), nullable=False, index=True),
    Column("active", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
"""`sealed` is the address and the signing key, unreadable without the operator's key."""

messages = Table(
    "messages",
    metadata,
    Column("id", ID, primary_key=True),
    Column("channel", ID, ForeignKey("channels.id"), nullable=False, index=True),
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
    Column("notice", ID, ForeignKey("notices.id"), primary_key=True),
    Column("channel", ID, ForeignKey("channels.id"), primary_key=True),
    Column("message", ID, ForeignKey("messages.id"), index=True),
    Index(None, "channel", "message"),
)
"""Which notice goes through which channel, and in which message once that is made."""

invitations = Table(
    "invitations",
    metadata,
    Column("id", ID, primary_key=True),
    Column("session", ID, ForeignKey("sessions.id"), nullable=False, index=True),
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
