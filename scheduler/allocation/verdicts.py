"""What the rulebook says of a request at one start, date by date; nothing is asked twice.

With other teachers only the rules that look at teachers are asked again, with other rooms only
those that look at rooms. Of dates that are alike for schools, classes and link one is asked.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TypeVar

from calendars.bells import SchoolId
from calendars.series import Weekly
from calendars.slots import Slot
from scheduler.allocation.causes import Cause, cause_of, no_room
from scheduler.allocation.problem import Problem
from scheduler.conflicts import ABOUT_ROOMS, ABOUT_TEACHERS, TOLD_OF_TEACHERS
from scheduler.members import RoomId
from scheduler.model import Conflict, Request, ResourceKind, Session, SessionId, SiteWish
from scheduler.placing import rooms_for, session_of

Rooms = Mapping[SchoolId, tuple[RoomId, ...]]
AnySite = TypeVar("AnySite", bound=SiteWish)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A draft on one date with the rooms that are possible then, or what forbids it.

    Each of the `causes` would be enough.
    """

    session: Session
    rooms: Mapping[SchoolId, frozenset[RoomId]]
    causes: frozenset[Cause] = frozenset()


class Hearing:
    """One start of a request before the rulebook; `rooms` are those to choose from."""

    def __init__(
        self, request: Request, sites: Sequence[SiteWish], weekly: Weekly, problem: Problem
    ) -> None:
        self._request = request
        self._weekly = weekly
        self._problem = problem
        self._known: dict[Hashable, _Known] = {}
        self.rooms: Rooms = {
            site.school: self._open_rooms(site)
            for site in sites
            if problem.books[site.school].rooms
        }

    def verdict(self, on: date, kind: Hashable, sites: Sequence[SiteWish]) -> Verdict:
        """What is said of a date with these teachers; but for teachers all of a kind are alike."""
        slot = self.slot(on)
        known = self._known.get(kind)
        if known is None:
            session = self._draft(slot, sites)
            conflicts = self._problem.conflicts_of(session)
            of_teachers = [each for each in conflicts if each.rule in TOLD_OF_TEACHERS]
            others = [each for each in conflicts if each.rule not in TOLD_OF_TEACHERS]
            known = self._known[kind] = _Known(session, others, self.rooms, self._problem)
        else:
            session = _taught_by(sites, known.session, slot)
            of_teachers = [*self._problem.conflicts_of(session, rules=ABOUT_TEACHERS)]
        if forbidding := [*known.beyond_rooms, *of_teachers]:
            return Verdict(session, {}, frozenset(map(cause_of, forbidding)))
        return Verdict(session, known.possible, known.causes)

    def _open_rooms(self, site: SiteWish) -> tuple[RoomId, ...]:
        if site.room is not None:
            return (site.room,)
        return tuple(room.id for room in rooms_for(site, self._problem.situation))

    def slot(self, on: date) -> Slot:
        """When it is held on a date."""
        return self._problem.slot_on(on, self._weekly.starts, self._weekly.minutes)

    def _draft(self, slot: Slot, sites: Sequence[SiteWish]) -> Session:
        """The session with the first room of each school."""
        return session_of(
            self._request,
            slot,
            _in(_taken(self.rooms, 0), sites),
            self._problem.situation,
            id=SessionId(self._request.id),
            now=self._problem.now,
        )


class _Known:
    """What is said of a kind of date whoever teaches; other rooms are tried where they matter."""

    def __init__(
        self, session: Session, conflicts: Sequence[Conflict], rooms: Rooms, problem: Problem
    ) -> None:
        self.session = session
        self.beyond_rooms = [each for each in conflicts if not _named(each)]
        self._conflicts = conflicts
        self._rooms = rooms
        self._problem = problem

    @cached_property
    def possible(self) -> Mapping[SchoolId, frozenset[RoomId]]:
        """The rooms at each school that nothing forbids."""
        found: dict[SchoolId, set[RoomId]] = {school: set() for school in self._rooms}
        for chosen, conflicts in self._tried:
            in_the_way = {room for each in conflicts for room in _named(each)}
            for school, room in chosen.items():
                if room not in in_the_way:
                    found[school].add(room)
        return {school: frozenset(rooms) for school, rooms in found.items()}

    @cached_property
    def causes(self) -> frozenset[Cause]:
        """The schools where no room is possible."""
        against = [each for _, conflicts in self._tried for each in conflicts]
        return frozenset(
            no_room(school, [each for each in against if not choice.isdisjoint(_named(each))])
            for school, choice in ((each, {*rooms}) for each, rooms in self._rooms.items())
            if not self.possible[school]
        )

    @cached_property
    def _tried(self) -> list[tuple[Mapping[SchoolId, RoomId], Sequence[Conflict]]]:
        """The first room of each school, then the second ones, and so on, with what is said."""
        session = self.session
        tried: list[tuple[Mapping[SchoolId, RoomId], Sequence[Conflict]]]
        tried = [(_taken(self._rooms, 0), self._conflicts)]
        for no in range(1, max(map(len, self._rooms.values()), default=1)):
            chosen = _taken(self._rooms, no)
            session = in_rooms(chosen, session)
            tried.append((chosen, self._problem.conflicts_of(session, rules=ABOUT_ROOMS)))
        return tried


def _taken(rooms: Rooms, no: int) -> dict[SchoolId, RoomId]:
    return {school: choice[min(no, len(choice) - 1)] for school, choice in rooms.items()}


def in_rooms(rooms: Mapping[SchoolId, RoomId], session: Session) -> Session:
    """The session with these rooms at its sites."""
    if all(rooms.get(site.school, site.room) == site.room for site in session.sites):
        return session
    return replace(session, sites=_in(rooms, session.sites))


def _in(rooms: Mapping[SchoolId, RoomId], sites: Sequence[AnySite]) -> tuple[AnySite, ...]:
    return tuple(
        replace(site, room=rooms[site.school]) if site.school in rooms else site for site in sites
    )


def _taught_by(sites: Sequence[SiteWish], session: Session, slot: Slot) -> Session:
    teachers = {site.school: site.teacher for site in sites}
    return replace(
        session,
        slot=slot,
        sites=tuple(replace(site, teacher=teachers[site.school]) for site in session.sites),
    )


def _named(conflict: Conflict) -> set[str]:
    """The rooms that it is about."""
    return {each.id for each in conflict.resources if each.kind is ResourceKind.ROOM}
