"""What an allocation looks at, read from the ledger."""

from collections.abc import Iterable
from dataclasses import fields

from scheduler.allocation import Problem
from scheduler.errors import StateError
from scheduler.model import Plan, Request, SessionState, Supposed
from scheduler.schools import Situation
from scheduler.store import Transaction


async def suppose(transaction: Transaction, supposed: Supposed) -> None:
    """Store what is supposed, in a transaction that will not be committed."""
    records = [record for field in fields(supposed) for record in getattr(supposed, field.name)]
    await transaction.put_many(records)


def require_real(plan: Plan) -> None:
    """`StateError` for a plan that answers "what if"."""
    if plan.supposing is not None:
        raise StateError(
            f"方案 {plan.id} 只是假设，请与其他方案比较。",
            f"The plan {plan.id} only supposes something: compare it with others.",
        )


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
