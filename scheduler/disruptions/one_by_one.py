"""Many wishes in one transaction, each answered for itself: what rules refuse blocks no other."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from calendars.text import Text
from scheduler.errors import ClashError, SchedulerError
from scheduler.model import Conflict, Proposal, Session, SessionId
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedied:
    """What became of one wish: the session in its place, or why it stays as it is.

    Where schools are still to agree it stays too, and `proposal` holds the place until they have.
    """

    id: SessionId
    session: Session | None = None
    proposal: Proposal | None = None
    refusal: Text | None = None
    conflicts: tuple[Conflict, ...] = ()


async def attempt(
    transaction: Transaction, id: SessionId, wish: Callable[[], Awaitable[Session | Proposal]]
) -> Remedied:
    """Try it, and undo it alone if it is refused.

    Everything it needs must be locked before: what is undone gives up the locks it took.
    """
    try:
        async with transaction.savepoint():
            done = await wish()
    except SchedulerError as error:
        conflicts = error.conflicts if isinstance(error, ClashError) else ()
        return Remedied(id=id, refusal=error.text, conflicts=conflicts)
    if isinstance(done, Proposal):
        return Remedied(id=id, proposal=done)
    return Remedied(id=id, session=done)
