"""What an allocation is asked: requests, and the situation in which their sessions are judged."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.days import DayKind
from calendars.slots import Slot
from calendars.terms import Term
from scheduler.allocation.booked import Booked
from scheduler.allocation.weights import weights_of
from scheduler.busy_time import BusyTime
from scheduler.conflicts import RULES, Rule, find_conflicts
from scheduler.members import Offer, Preference
from scheduler.model import Conflict, Placement, Request, RequestId, Resource, Role, Session
from scheduler.placing import near
from scheduler.schools import SchoolBook, Situation


@dataclass(frozen=True, slots=True)
class Companion:
    """A request that is held on these dates already, which others may have to go with."""

    request: Request
    dates: frozenset[date]


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer with the requests that it serves already."""

    offer: Offer
    serving: tuple[Request, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Open requests, everything the schools have told us, and every live session, as of `now`.

    `earlier` is where a plan that people know already has them: it is left as it is where it can.
    """

    requests: tuple[Request, ...]
    situation: Situation
    now: datetime
    companions: tuple[Companion, ...] = ()
    offers: tuple[Offered, ...] = ()
    earlier: Mapping[RequestId, tuple[Placement, ...]] = field(default_factory=dict)

    @property
    def books(self) -> Mapping[SchoolId, SchoolBook]:
        return self.situation.schools

    @cached_property
    def weights(self) -> Mapping[Preference, int]:
        """Points for one unit of each preference."""
        return weights_of(self.situation.alliance.alliance)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The alliance's clock."""
        return ZoneInfo(self.situation.alliance.alliance.zone)

    @cached_property
    def booked(self) -> Booked:
        """Every live session, found by who takes part."""
        return Booked(self.situation.sessions, self.zone)

    @cached_property
    def softly_taken(self) -> Mapping[Resource, Sequence[BusyTime]]:
        """Whose soft busy time would rather have which room, person or class left alone."""
        found = defaultdict[Resource, list[BusyTime]](list)
        for book in self.books.values():
            for resource in book.busy_time.softly_taken:
                found[resource].append(book.busy_time)
        return dict(found)

    @cached_property
    def weeks_of_exams(self) -> Mapping[SchoolId, frozenset[date]]:
        """The Mondays of each school's weeks with exams or activities."""
        return {
            school: frozenset(
                monday_of(day.date)
                for day in book.time.days
                if day.kind in (DayKind.EXAM, DayKind.ACTIVITY)
            )
            for school, book in self.books.items()
        }

    def slot_on(self, on: date, starts: time, minutes: int) -> Slot:
        """So many minutes of a date on the alliance's clock, one value for all who ask."""
        key = on, starts, minutes
        if key not in self._slots:
            moment = datetime.combine(on, starts, self.zone)
            self._slots[key] = Slot.lasting(moment, minutes)
        return self._slots[key]

    def situation_on(self, on: date) -> Situation:
        """What could touch a session of that date."""
        if on not in self._situations:
            self._situations[on] = near(self.situation, on)
        return self._situations[on]

    def conflicts_of(
        self, session: Session, rules: tuple[Rule, ...] = RULES
    ) -> tuple[Conflict, ...]:
        """What the rulebook says of a session beside those that are booked already."""
        around = self.situation_on(session.slot.starts.date())
        return find_conflicts(session, around, now=self.now, automatic=True, rules=rules)

    @cached_property
    def _slots(self) -> dict[tuple[date, time, int], Slot]:
        return {}

    @cached_property
    def _situations(self) -> dict[date, Situation]:
        return {}


def monday_of(on: date) -> date:
    """The week that a date lies in."""
    return on - timedelta(days=on.weekday())


def lead_of(request: Request) -> SchoolId:
    """The school that leads, or that asks where it is open who leads."""
    leads = (site.school for site in request.sites if site.role is Role.LEAD)
    return next(leads, request.school)


def term_of(request: Request, books: Mapping[SchoolId, SchoolBook]) -> Term | None:
    """The lead school's term: the one that is named, or its own of the same name."""
    terms = books[lead_of(request)].time.terms
    named = next((term for term in terms if term.id == request.term), None)
    if named is not None:
        return named
    name = next(
        (
            term.name
            for book in books.values()
            for term in book.time.terms
            if term.id == request.term
        ),
        None,
    )
    return next((term for term in terms if term.name == name), None)
