"""Closing outcomes: by a person at any time, by a job when a week has passed."""

from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import uuid4

from scheduler.access import require_outcome_of
from scheduler.model import (
    Outcome,
    OutcomeId,
    OutcomeKind,
    Resource,
    ResourceKind,
    Session,
    Site,
)
from scheduler.outcomes.recording import DAYS_OPEN, require_open
from scheduler.store import Transaction

_AT_ONCE: Final = 200


async def close(transaction: Transaction, outcome: Outcome) -> Outcome:
    """Nothing of this outcome, nor of the session behind it, changes from now on."""
    require_outcome_of(transaction.actor, outcome.school)
    require_open(outcome)
    return await transaction.replace_outcome(outcome, replace(outcome, closed_at=transaction.now))


async def close_due(transaction: Transaction) -> int:
    """Note what was cancelled as such, and close what is a week old; how many were written.

    What nobody has told stays untold, and the report counts it.
    """
    dropped = await _cancelled_untold(transaction)
    for session in dropped:
        for site in session.sites:
            await transaction.add_outcome(_cancelled(session, site, transaction), session)
    week_ago = transaction.now - timedelta(days=DAYS_OPEN)
    due = await transaction.open_outcomes(before=week_ago, limit=_AT_ONCE)
    for outcome in due:
        after = replace(outcome, closed_at=transaction.now)
        await transaction.replace_outcome(outcome, after)
    return sum(len(session.sites) for session in dropped) + len(due)


async def _cancelled_untold(transaction: Transaction) -> list[Session]:
    """Sessions to note as cancelled, as they are when no other process is about to do the same."""
    found = await transaction.cancelled_without_outcome(limit=_AT_ONCE)
    schools = {site.school for session in found for site in session.sites}
    await transaction.lock([Resource(ResourceKind.SCHOOL, school) for school in schools])
    locked = {session.id for session in found}
    untold = await transaction.cancelled_without_outcome(limit=_AT_ONCE)
    return [session for session in untold if session.id in locked]


def _cancelled(session: Session, site: Site, transaction: Transaction) -> Outcome:
    return Outcome(
        id=OutcomeId(uuid4().hex),
        session=session.id,
        school=site.school,
        outcome=OutcomeKind.CANCELLED,
        minutes=0,
        planned_minutes=site.effective_minutes,
        reason=session.reason,
        recorded_by=transaction.actor.name,
        recorded_at=transaction.now,
    )
