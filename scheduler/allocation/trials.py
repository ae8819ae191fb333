"""One weekday and time of a request, put to the rulebook date by date, rooms kept open."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Final

from calendars.bells import SchoolId
from calendars.series import Weekly
from calendars.slots import Slot
from scheduler.allocation.alike import Alike, Kind
from scheduler.allocation.causes import (
    CLOSED_DAYS,
    Cause,
    Obstacle,
    Refusal,
    cause_of,
    no_room,
    no_room_all_term,
)
from scheduler.allocation.problem import Problem
from scheduler.allocation.staffing import staffings
from scheduler.allocation.starts import Start
from scheduler.members import OfferId, RoomId, TeacherId
from scheduler.model import (
    Booking,
    Conflict,
    Placement,
    Request,
    ResourceKind,
    Session,
    SessionId,
    SiteWish,
)
from scheduler.placing import agenda_of, draft, rooms_for, wish_of, with_room

MOST_LOST: Final = 1 / 3
"""A series that cannot be held on more of its dates than this is no series."""
STAFFINGS_TRIED: Final = 9
STAFFINGS_KEPT: Final = 2
"""Ways to choose the teachers that a request leaves open, at one weekday and time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One weekday, time and staffing of a request, possible by itself.

    It is held on its `dates` at their `slots`, each as its draft says: many dates share one. `lost`
    are the other dates of its weeks, `rooms` those that no rule forbids on any date held, the
    plainest first; `chosen_teachers` are sites whose teacher the request had left open; `offer` is
    the one that serves a need.
    """

    request: Request
    weekly: Weekly
    sites: tuple[SiteWish, ...]
    dates: tuple[date, ...]
    slots: tuple[Slot, ...]
    drafts: tuple[Session, ...]
    lost: tuple[date, ...]
    rooms: Mapping[SchoolId, tuple[RoomId, ...]]
    chosen_teachers: frozenset[SchoolId] = frozenset()
    offer: OfferId | None = None

    @property
    def sessions(self) -> tuple[Session, ...]:
        """A session for each date, made anew: those of all options would fill the memory."""
        return tuple(map(_dated, self.drafts, self.slots, self.dates))

    @property
    def first(self) -> Session:
        """The session of its first date."""
        return _dated(self.drafts[0], self.slots[0], self.dates[0])

    def is_at(self, placement: Placement) -> bool:
        """Whether the placement has it then, with the same people; rooms may differ."""
        held = {site.school: replace(site, room=None) for site in placement.sites}
        return self.weekly == placement.weekly and all(
            held.get(site.school) == replace(site, room=None) for site in self.sites
        )


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A draft on one date with the rooms that are possible then, or what forbids it.

    Each of the `causes` would be enough.
    """

    session: Session
    rooms: Mapping[SchoolId, frozenset[RoomId]]
    causes: frozenset[Cause] = frozenset()


@dataclass(frozen=True, slots=True)
class Trial:
    """One weekday and time of a request, put to the rulebook on each kind of date."""

    request: Request
    problem: Problem
    alike: Alike
    weekly: Weekly
    all_dates: Sequence[date]
    open_dates: Sequence[date]

    def run(self, start: Start) -> tuple[list[Option], list[Refusal]]:
        """What is possible with some staffing; if nothing is, what forbids each staffing tried."""
        sites = start.at(self.request.sites)
        first = self.open_dates[0]
        found: list[Option] = []
        refused: list[Refusal] = []
        ways = staffings(self.request, sites, first, self.weekly.starts, self.problem)
        for staffed in islice(ways, STAFFINGS_TRIED):
            result = self._try(tuple(wish_of(site) for site in staffed))
            if isinstance(result, Option):
                found.append(result)
                if len(found) == STAFFINGS_KEPT:
                    break
            else:
                refused.append(result)
                if self._chosen_teachers(staffed).isdisjoint(result.teachers):
                    break
        return found, [] if found else refused

    def _chosen_teachers(self, staffed: Sequence[SiteWish]) -> set[TeacherId]:
        asked = {site.teacher for site in self.request.sites}
        return {site.teacher for site in staffed if site.teacher is not None} - asked

    def _try(self, sites: tuple[SiteWish, ...]) -> Option | Refusal:
        rooms = {
            site.school: self._rooms(site)
            for site in sites
            if self.problem.books[site.school].rooms
        }
        may_lose = most_lost(len(self.all_dates))
        verdicts: dict[date, _Verdict] = {}
        lost = len(self.all_dates) - len(self.open_dates)
        obstacles = [Obstacle(lost, frozenset((CLOSED_DAYS,)))] if lost else []
        for dates in self._alike_dates(sites):
            verdict = self._judge(dates[0], sites, rooms)
            if not verdict.causes:
                verdicts |= dict.fromkeys(dates, verdict)
                continue
            obstacles.append(Obstacle(len(dates), verdict.causes))
            if (lost := lost + len(dates)) > may_lose:
                return Refusal(self.weekly, may_lose, tuple(obstacles))
        held, short_of_rooms = _most_dates({on: each.rooms for on, each in verdicts.items()}, rooms)
        if not held or len(self.all_dates) - len(held) > may_lose:
            causes = frozenset(
                no_room_all_term(school, self.problem.books[school].school.name)
                for school in short_of_rooms
            )
            obstacles.append(Obstacle(len(verdicts) - len(held), causes))
            return Refusal(self.weekly, may_lose, tuple(obstacles))
        return self._option(sites, rooms, {on: verdicts[on] for on in held})

    def _alike_dates(self, sites: tuple[SiteWish, ...]) -> list[list[date]]:
        """The dates by kind, the commonest kind first: it decides soonest."""
        kinds = self.alike.kinds_of(sites, self.request.link_pool, self.open_dates)
        groups: dict[Kind, list[date]] = {}
        for on, kind in zip(self.open_dates, kinds, strict=True):
            groups.setdefault(kind, []).append(on)
        return sorted(groups.values(), key=len, reverse=True)

    def _rooms(self, site: SiteWish) -> tuple[RoomId, ...]:
        if site.room is not None:
            return (site.room,)
        return tuple(room.id for room in rooms_for(site, self.problem.situation))

    def _judge(
        self,
        on: date,
        sites: tuple[SiteWish, ...],
        rooms: Mapping[SchoolId, Sequence[RoomId]],
    ) -> _Verdict:
        """Ask with the first room of each school, then with the second ones, and so on."""
        slot = self._slot(on)
        booking = Booking(
            **agenda_of(self.request),
            slot=slot,
            sites=tuple(
                replace(site, room=rooms[site.school][0]) if site.school in rooms else site
                for site in sites
            ),
        )
        situation = self.problem.situation_on(slot.starts.date())
        session = draft(booking, situation, id=SessionId(self.request.id), now=self.problem.now)
        possible: dict[SchoolId, set[RoomId]] = {school: set() for school in rooms}
        against: list[Conflict] = []
        for no in range(max(map(len, rooms.values()), default=1)):
            chosen = {school: choice[min(no, len(choice) - 1)] for school, choice in rooms.items()}
            for school, room in chosen.items():
                if no:
                    session = with_room(session, school, room)
            conflicts = self.problem.conflicts_of(session)
            beyond_rooms = [each for each in conflicts if not _named((each,))]
            if beyond_rooms:
                return _Verdict(session, {}, frozenset(map(cause_of, beyond_rooms)))
            against += conflicts
            in_the_way = _named(conflicts)
            for school, room in chosen.items():
                if room not in in_the_way:
                    possible[school].add(room)
        return _Verdict(
            session,
            {school: frozenset(found) for school, found in possible.items()},
            frozenset(
                no_room(school, [each for each in against if _named((each,)) & {*rooms[school]}])
                for school, found in possible.items()
                if not found
            ),
        )

    def _slot(self, on: date) -> Slot:
        return self.problem.slot_on(on, self.weekly.starts, self.weekly.minutes)

    def _option(
        self,
        sites: tuple[SiteWish, ...],
        rooms: Mapping[SchoolId, Sequence[RoomId]],
        verdicts: Mapping[date, _Verdict],
    ) -> Option:
        asked = {site.school: site.teacher for site in self.request.sites}
        return Option(
            request=self.request,
            weekly=self.weekly,
            sites=sites,
            dates=tuple(verdicts),
            slots=tuple(map(self._slot, verdicts)),
            drafts=tuple(verdict.session for verdict in verdicts.values()),
            lost=tuple(on for on in self.all_dates if on not in verdicts),
            rooms={
                school: tuple(
                    room
                    for room in choice
                    if all(room in verdict.rooms[school] for verdict in verdicts.values())
                )
                for school, choice in rooms.items()
            },
            chosen_teachers=frozenset(
                site.school for site in sites if site.teacher != asked[site.school]
            ),
        )


def _dated(draft: Session, slot: Slot, on: date) -> Session:
    return replace(draft, slot=slot, series_date=on)


def most_lost(dates: int) -> int:
    """How many of so many dates a series may lose."""
    return int(dates * MOST_LOST)


def _named(conflicts: Sequence[Conflict]) -> set[str]:
    """The rooms that the conflicts are about."""
    return {
        resource.id
        for conflict in conflicts
        for resource in conflict.resources
        if resource.kind is ResourceKind.ROOM
    }


def _most_dates(
    possible: Mapping[date, Mapping[SchoolId, frozenset[RoomId]]],
    rooms: Mapping[SchoolId, Sequence[RoomId]],
) -> tuple[list[date], list[SchoolId]]:
    """As many dates as one room at each school can serve, and the schools where dates are lost."""
    held = sorted(possible)
    short: list[SchoolId] = []
    for school, choice in rooms.items():
        served: Iterator[list[date]] = (
            [on for on in held if room in possible[on][school]] for room in choice
        )
        most = max(served, key=len, default=[])
        if len(most) < len(held):
            short.append(school)
        held = most
    return held, short
