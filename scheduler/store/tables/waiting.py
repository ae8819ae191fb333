"""What waits for people or the solver: proposals, closed days, the waiting list, plans."""

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, String, Table, Text

from scheduler.store.tables.columns import ID, UtcDateTime, metadata

proposals = Table(
    "proposals",
    metadata,
    Column("id", ID, primary_key=True),
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
    Column("id", ID, primary_key=True),
    Column("date", Date, nullable=False, index=True),
    Column("lifted_at", UtcDateTime),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
)

waiting_list = Table(
    "waiting_list",
    metadata,
    Column("id", ID, primary_key=True),
    Column("state", String, nullable=False),
    Column("series", ID, ForeignKey("series.id"), index=True),
    Column("filed_at", UtcDateTime, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "state", "filed_at"),
)
"""What could not be placed; who comes first is decided when something frees."""

plans = Table(
    "plans",
    metadata,
    Column("id", ID, primary_key=True),
    Column("state", String, nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
)

searches = Table(
    "searches",
    metadata,
    Column("plan", ID, ForeignKey("plans.id"), primary_key=True),
    Column("alive_until", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Column("best", Text, nullable=False),
)
"""How far the search for a plan has come, and its best placements so far. The process that searches
moves `alive_until` on; after that moment another one takes the plan up."""
