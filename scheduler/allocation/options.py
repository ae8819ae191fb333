"""Where each request could be held by itself: every date asked of the rulebook, rooms kept open."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice
from typing import Final

from calendars.bells import SchoolId
from calendars.series import Occurrence, OccurrenceState, Weekly, occurrences
from calendars.slots import Slot
from calendars.terms import Term
from calendars.text import Text
from scheduler.allocation.alike import Alike, Kind
from scheduler.allocation.problem import Problem, lead_of, term_of
from scheduler.allocation.staffing import staffings
from scheduler.allocation.starts import Start, starts_on
from scheduler.booking.series_dates import site_time
from scheduler.members import RoomId, TeacherId
from scheduler.model import (
    Booking,
    Conflict,
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

    `sessions` are drafts for the dates it is held on, `lost` the other dates of its weeks, `rooms`
    those that no rule forbids on any date held, the plainest first; `chosen_teachers` are sites
    whose teacher the request had left open.
    """

    request: Request
    term: Term
    weekly: Weekly
    sites: tuple[SiteWish, ...]
    sessions: tuple[Session, ...]
    lost: tuple[date, ...]
    rooms: Mapping[SchoolId, tuple[RoomId, ...]]
    chosen_teachers: frozenset[SchoolId] = frozenset()

    @property
    def dates(self) -> tuple[date, ...]:
        """The dates on which it is held."""
        return tuple(session.series_date for session in self.sessions if session.series_date)


@dataclass(slots=True)
class Options:
    """The options of one request, and what forbade the others: how often, with one example.

    `weekdays` are those with enough dates, `tried` their times that suit the bells.
    """

    found: list[Option] = field(default_factory=list)
    weekdays: int = 0
    tried: int = 0
    blocked: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Text] = field(default_factory=dict)

    def refuse(self, conflicts: Sequence[Conflict]) -> None:
        """Count what forbids one weekday and time, each rule once."""
        for conflict in conflicts:
            self.examples.setdefault(conflict.rule, conflict.sentence)
        self.blocked.update(sorted({conflict.rule for conflict in conflicts}))


def options_of(request: Request, problem: Problem, alike: Alike) -> Options:
    """Every option of a request, in the order of weekdays and times."""
    options = Options()
    term = term_of(request, problem.books)
    if term is None:
        return options
    for weekday in request.weekdays:
        pattern = Weekly(
            weekday=weekday,
            starts=request.earliest,
            minutes=request.minutes,
            weeks=request.weeks,
        )
        found = _occurrences(request, pattern, term, problem)
        dates = [
            each.date
            for each in found
            if each.state is OccurrenceState.HELD and each.slot.starts >= problem.now
        ]
        if not dates or len(dates) < len(found) * (1 - MOST_LOST):
            continue
        options.weekdays += 1
        for start in starts_on(request, dates, problem):
            weekly = replace(pattern, starts=start.starts)
            all_dates = [each.date for each in found]
            _Trial(request, problem, alike, term, weekly, all_dates, dates).run(start, options)
    return options


def _occurrences(
    request: Request, pattern: Weekly, term: Term, problem: Problem
) -> tuple[Occurrence, ...]:
    lead = lead_of(request)
    times = {site.school: site_time(site, problem.books) for site in request.sites}
    return occurrences(
        pattern, term, times[lead], [time for school, time in times.items() if school != lead]
    )


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A draft on one date with the rooms that are possible then, or what forbids it."""

    session: Session
    rooms: Mapping[SchoolId, frozenset[RoomId]]
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class _Trial:
    """One weekday and time of a request, put to the rulebook on each kind of date."""

    request: Request
    problem: Problem
    alike: Alike
    term: Term
    weekly: Weekly
    all_dates: Sequence[date]
    open_dates: Sequence[date]

    def run(self, start: Start, options: Options) -> None:
        """Add what is possible with some staffing; if none is, count what forbids the first."""
        options.tried += 1
        sites = start.at(self.request.sites)
        first = self.open_dates[0]
        found: list[Option] = []
        refused: tuple[Conflict, ...] = ()
        ways = staffings(self.request, sites, first, self.weekly.starts, self.problem)
        for staffed in islice(ways, STAFFINGS_TRIED):
            result = self._try(tuple(wish_of(site) for site in staffed))
            if isinstance(result, Option):
                found.append(result)
                if len(found) == STAFFINGS_KEPT:
                    break
            else:
                refused = refused or result
                if not self._chosen_teachers(staffed) & _named(result, ResourceKind.TEACHER):
                    break
        options.found += found
        if not found:
            options.refuse(refused)

    def _chosen_teachers(self, staffed: Sequence[SiteWish]) -> set[TeacherId]:
        asked = {site.teacher for site in self.request.sites}
        return {site.teacher for site in staffed if site.teacher is not None} - asked

    def _try(self, sites: tuple[SiteWish, ...]) -> Option | tuple[Conflict, ...]:
        rooms = {
            site.school: self._rooms(site)
            for site in sites
            if self.problem.books[site.school].rooms
        }
        most_lost = int(len(self.all_dates) * MOST_LOST)
        verdicts: dict[date, _Verdict] = {}
        refused: list[Conflict] = []
        lost = len(self.all_dates) - len(self.open_dates)
        for dates in self._alike_dates(sites):
            verdict = self._judge(dates[0], sites, rooms)
            refused += verdict.conflicts
            if not verdict.conflicts:
                verdicts |= dict.fromkeys(dates, verdict)
            elif (lost := lost + len(dates)) > most_lost:
                return tuple(refused)
        held = _most_dates({on: each.rooms for on, each in verdicts.items()}, rooms)
        if not held or len(self.all_dates) - len(held) > most_lost:
            return tuple(refused)
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
            beyond_rooms = [each for each in conflicts if not _named((each,), ResourceKind.ROOM)]
            if beyond_rooms:
                return _Verdict(session, {}, tuple(beyond_rooms))
            against += conflicts
            in_the_way = _named(conflicts, ResourceKind.ROOM)
            for school, room in chosen.items():
                if room not in in_the_way:
                    possible[school].add(room)
        is_possible = all(possible.values())
        return _Verdict(
            session,
            {school: frozenset(found) for school, found in possible.items()},
            () if is_possible else tuple(against),
        )

    def _slot(self, on: date) -> Slot:
        starts = datetime.combine(on, self.weekly.starts, self.problem.zone)
        return Slot.lasting(starts, self.weekly.minutes)

    def _option(
        self,
        sites: tuple[SiteWish, ...],
        rooms: Mapping[SchoolId, Sequence[RoomId]],
        verdicts: Mapping[date, _Verdict],
    ) -> Option:
        asked = {site.school: site.teacher for site in self.request.sites}
        return Option(
            request=self.request,
            term=self.term,
            weekly=self.weekly,
            sites=sites,
            sessions=tuple(
                replace(verdict.session, slot=self._slot(on), series_date=on)
                for on, verdict in verdicts.items()
            ),
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


def _named(conflicts: Sequence[Conflict], kind: ResourceKind) -> set[str]:
    return {
        resource.id
        for conflict in conflicts
        for resource in conflict.resources
        if resource.kind is kind
    }


def _most_dates(
    possible: Mapping[date, Mapping[SchoolId, frozenset[RoomId]]],
    rooms: Mapping[SchoolId, Sequence[RoomId]],
) -> list[date]:
    """As many dates as one room at each school can serve."""
    held = sorted(possible)
    for school, choice in rooms.items():
        served: Iterator[list[date]] = (
            [on for on in held if room in possible[on][school]] for room in choice
        )
        held = max(served, key=len, default=[])
    return held
