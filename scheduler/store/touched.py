"""What an earlier state has not seen of that which calendars show, or which opens their addresses.

Whatever counts up the standing of a calendar, opens an address or closes one leaves an entry in the
audit. What leaves none (polls, editions, notices, answers, leases, searches, departures that no
calendar shows any more) changes neither.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, select

from scheduler.model import Resource, Session
from scheduler.records import KINDS
from scheduler.store import tables
from scheduler.store.changed import IS_LATER, Ends, as_values, chain_ends
from scheduler.store.claims import concerned_by
from scheduler.store.codec import decode
from scheduler.store.opened import OpenTransaction
from scheduler.store.revisions import SHOWN

MOST: Final = 50
"""So many entries take 2 ms to read."""

_AUDIT = tables.audit
_TOLD: Final = select(
    _AUDIT.c.subject_kind, _AUDIT.c.subject_id, _AUDIT.c.action, _AUDIT.c.before, _AUDIT.c.after
).where(IS_LATER)
_NEVER_SHOWN: Final = frozenset(
    {
        *(name for name, kind in KINDS.items() if kind not in SHOWN),
        "channels",
        "file-imports",
        "imports",
        "invitations",
        "messages",
        "notices",
        "outcomes",
        "plans",
        "proposals",
        "suspensions",
        "tokens",
        "waiting-list",
    }
)
"""Where one of these changes what calendars show, there is an entry for that as well."""


class Touched(NamedTuple):
    """Whose calendars and which addresses, unless everything may be; `ends` tells the state now."""

    ends: Ends
    resources: frozenset[Resource] = frozenset()
    subscriptions: frozenset[str] = frozenset()
    everything: bool = False


async def touched_since(transaction: OpenTransaction, before: Ends | None) -> Touched:
    """What was touched after that state; everything if it is not known or too much has happened."""
    ends = await chain_ends(transaction)
    if ends == before:
        return Touched(ends)
    many = sum(ends.values()) - sum(before.values()) if before is not None else MOST + 1
    if before is None or many > MOST:
        return Touched(ends, everything=True)
    rows = await transaction.all(_TOLD, as_values(before))
    if len(rows) != many:  # entries were purged, or an older database was put in place of this one
        return Touched(ends, everything=True)
    return _touched(ends, rows)


def _touched(ends: Ends, entries: Iterable[Row[Any]]) -> Touched:
    resources, subscriptions = set[Resource](), set[str]()
    for entry in entries:
        match entry.subject_kind, entry.action:
            case "sessions", _:
                bodies = (body for body in (entry.before, entry.after) if body is not None)
                resources.update(*(concerned_by(decode(Session, body)) for body in bodies))
            case "subscriptions", _:
                subscriptions.add(entry.subject_id)
            case ("series", "create"):  # shows nothing before it has sessions
                continue
            case kind, _ if kind not in _NEVER_SHOWN:
                return Touched(ends, everything=True)
    return Touched(ends, frozenset(resources), frozenset(subscriptions))
