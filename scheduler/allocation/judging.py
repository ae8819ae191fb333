"""A finished plan held to the rulebook, date by date, before anybody sees it."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from scheduler.allocation.problem import Problem
from scheduler.allocation.result import sessions_of
from scheduler.allocation.statement import Statement
from scheduler.allocation.weekly.problem import Chosen
from scheduler.conflicts import find_conflicts
from scheduler.model import RequestId, Session
from scheduler.schools import Situation


def broken_by(
    statement: Statement, chosen: Sequence[Chosen], problem: Problem
) -> frozenset[RequestId]:
    """What the rulebook refuses of the whole plan, date by date: empty for a sound one.

    Each placement is judged beside what is booked and the sound placements before it.
    """
    held = _Held(problem)
    broken: set[RequestId] = set()
    for each in chosen:
        sessions = sessions_of(statement, (each,))
        if any(
            find_conflicts(session, held.around(session), now=problem.now, automatic=True)
            for session in sessions
        ):
            broken.add(statement.options[each.place].request.id)
        else:
            for session in sessions:
                held.add(session)
    return frozenset(broken)


class _Held:
    """Sessions by their dates and all that any rule could find taken by them."""

    def __init__(self, problem: Problem) -> None:
        self._situation = problem.situation
        self._kits = {
            room.id: room.kit
            for book in problem.books.values()
            for room in book.rooms.values()
            if room.kit is not None
        }
        self._on = defaultdict[tuple[date, Hashable], list[Session]](list)
        for session in problem.situation.sessions:
            self.add(session)

    def add(self, session: Session) -> None:
        for day in {session.slot.starts.date(), session.slot.ends.date()}:
            for taken in self._taken_by(session):
                self._on[day, taken].append(session)

    def around(self, session: Session) -> Situation:
        """The situation with those sessions only that could be in this one's way."""
        on = session.slot.starts.date()
        days = [on + timedelta(days=offset) for offset in (-1, 0, 1)]
        near = {
            other.id: other
            for taken in self._taken_by(session)
            for day in days
            for other in self._on.get((day, taken), ())
        }
        return replace(self._situation, sessions=tuple(near.values()))

    def _taken_by(self, session: Session) -> Iterator[Hashable]:
        """Its schools (to which rooms and classes belong), people, kits and link."""
        if session.link_pool is not None:
            yield "link", session.link_pool
        for site in session.sites:
            yield "school", site.school
            for person in site.required_teachers:
                yield "person", person
            if site.room in self._kits:
                yield "kit", self._kits[site.room]
