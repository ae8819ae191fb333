"""The tables. What makes them refuse a double claim or a forged audit is in the migrations.

Values are kept whole as JSON text in `body`; the other columns are what queries and guards ask for.
Claims count seconds since 1970 in whole numbers, because the exclusion constraint packs a
resource's number and its moments into one integer range.
"""

from scheduler.store.tables.access import answers, audit, audit_anchors, audit_heads, tokens
from scheduler.store.tables.calendars import editions, imports, subscriptions
from scheduler.store.tables.columns import UtcDateTime, metadata
from scheduler.store.tables.reference import books, record_references, records, resources
from scheduler.store.tables.sessions import (
    LONGEST_CLAIM_SECONDS,
    adjustment_parties,
    adjustments,
    claims,
    departures,
    outcomes,
    series,
    series_departures,
    sessions,
)
from scheduler.store.tables.telling import (
    channels,
    deliveries,
    invitations,
    messages,
    notices,
    senders,
)
from scheduler.store.tables.waiting import plans, proposals, searches, suspensions, waiting_list

__all__ = [
    "LONGEST_CLAIM_SECONDS",
    "UtcDateTime",
    "adjustment_parties",
    "adjustments",
    "answers",
    "audit",
    "audit_anchors",
    "audit_heads",
    "books",
    "channels",
    "claims",
    "deliveries",
    "departures",
    "editions",
    "imports",
    "invitations",
    "messages",
    "metadata",
    "notices",
    "outcomes",
    "plans",
    "proposals",
    "record_references",
    "records",
    "resources",
    "searches",
    "senders",
    "series",
    "series_departures",
    "sessions",
    "subscriptions",
    "suspensions",
    "tokens",
    "waiting_list",
]
