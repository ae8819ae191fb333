"""What forbids a session nothing but should be known of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from calendars.text import Text
from scheduler.conflicts import find_notes
from scheduler.errors import NotFoundError
from scheduler.http.resources.sessions import TAG
from scheduler.http.routes import AnyRoute, Call, NoBody, Route
from scheduler.model import SessionId
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionNotes:
    """Sentences: schools out of step, observers elsewhere, time that somebody would rather keep.

    And teachers with too many sessions that day, what it goes with and is not held, meeting numbers
    that run out before.
    """

    notes: tuple[Text, ...]


async def _noted(
    transaction: Transaction, call: Call[NoBody, object]
) -> Callable[[], SessionNotes]:
    session = await transaction.session(SessionId(call.id))
    situation, now = await transaction.situation([session]), transaction.now
    return lambda: SessionNotes(notes=find_notes(session, situation, now=now))


ROUTES: Final[tuple[AnyRoute, ...]] = (
    Route(
        method="GET",
        path="/sessions/{id}/notes",
        tag=TAG,
        summary=Text(
            "一次活动的提醒：不同步、观课冲突、可让出的占用",
            "What should be known of a session: out of step, observers elsewhere, soft busy time",
        ),
        answer=SessionNotes,
        errors=(NotFoundError,),
        run=_noted,
    ),
)
