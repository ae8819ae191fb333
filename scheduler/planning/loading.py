"""What an allocation looks at, read from the ledger."""

from collections.abc import Iterable

from scheduler.allocation import Problem
from scheduler.model import Request, SessionState
from scheduler.schools import Situation
from scheduler.store import Transaction


async def problem_of(transaction: Transaction, requests: Iterable[Request]) -> Problem:
    """These requests with all that the schools have told and every live session to come."""
    now = transaction.now
    sessions = await transaction.sessions(
        states=(SessionState.HELD, SessionState.CONFIRMED), limit=None
    )
    return Problem(
        requests=tuple(requests),
        situation=Situation(
            alliance=await transaction.alliance(),
            schools=await transaction.books(),
            sessions=tuple(
                session for session in sessions if session.is_live(now) and session.slot.ends > now
            ),
        ),
        now=now,
    )
