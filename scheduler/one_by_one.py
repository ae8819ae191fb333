"""Many wishes in one transaction, each answered for itself: what rules refuse blocks no other."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from calendars.text import Text
from scheduler.errors import ClashError, SchedulerError
from scheduler.model import Conflict, Session, SessionId
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedied:
    """What became of one wish: the session in its place, or why it stays as it is."""

    id: SessionId
    session: Session | None
    refusal: Text | None = None
    conflicts: tuple[Conflict, ...] = ()


async def attempt(
    transaction: Transaction, id: SessionId, wish: Callable[[], Awaitable[Session]]
) -> Remedied:
    """Try it, and undo it alone if it is refused.

    Everything it needs must be locked before: what is undone gives up the locks it took.
    """
    try:
        async with transaction.savepoint():
            session = await wish()
    except SchedulerError as error:
        conflicts = error.conflicts if isinstance(error, ClashError) else ()
        return Remedied(id=id, session=None, refusal=error.text, conflicts=conflicts)
    return Remedied(id=id, session=session)
