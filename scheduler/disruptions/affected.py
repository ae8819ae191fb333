"""Sessions to come that a rule no longer allows: the bells, the day table or a room have changed.

Nothing moves by itself (E21, E30): people look here and decide.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.conflicts import find_conflicts
from scheduler.model import Conflict, Resource, ResourceKind, Session, SessionState
from scheduler.store import Transaction

_END_OF_TIME: Final = datetime(2999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A session as people know it, and every rule it breaks as things stand now."""

    session: Session
    conflicts: tuple[Conflict, ...]


async def sessions_to_judge(
    transaction: Transaction, *, school: SchoolId | None, after: str, limit: int
) -> tuple[Sequence[Session], Callable[[Sequence[Session]], tuple[Affected, ...]]]:
    """Live sessions to come (of one school) by id, and what judges some of them, for a thread."""
    now = transaction.now
    sessions = await transaction.sessions(
        resource=None if school is None else Resource(ResourceKind.SCHOOL, school),
        within=Slot(now, _END_OF_TIME),
        states=(SessionState.HELD, SessionState.CONFIRMED),
        after=after,
        limit=limit,
    )
    situation = await transaction.situation(sessions)

    def judge(some: Sequence[Session]) -> tuple[Affected, ...]:
        judged = ((each, find_conflicts(each, situation, now=now)) for each in some)
        return tuple(
            Affected(session=session, conflicts=conflicts)
            for session, conflicts in judged
            if conflicts and session.slot.starts > now and session.is_live(now)
        )

    return sessions, judge
