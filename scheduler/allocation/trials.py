"""One weekday and time of a request, put to the rulebook date by date, rooms kept open."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Final

from calendars.bells import SchoolId
from calendars.series import Weekly
from calendars.slots import Slot
from scheduler.allocation.alike import Alike, Kind, teachers_of
from scheduler.allocation.causes import CLOSED_DAYS, Obstacle, Refusal, no_room_all_term
from scheduler.allocation.problem import Problem
from scheduler.allocation.staffing import staffings
from scheduler.allocation.starts import Start
from scheduler.allocation.verdicts import Hearing, Verdict, in_rooms
from scheduler.members import OfferId, RoomId, TeacherId
from scheduler.model import Placement, Request, Session, SiteWish
from scheduler.placing import wish_of

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
        sites = start.at(tuple(map(wish_of, self.request.sites)))
        hearing = Hearing(self.request, sites, self.weekly, self.problem)
        first = self.open_dates[0]
        found: list[Option] = []
        refused: list[Refusal] = []
        ways = staffings(self.request, sites, first, self.weekly.starts, self.problem)
        for staffed in islice(ways, STAFFINGS_TRIED):
            result = self._try(staffed, hearing)
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

    def _try(self, sites: tuple[SiteWish, ...], hearing: Hearing) -> Option | Refusal:
        may_lose = most_lost(len(self.all_dates))
        verdicts: dict[date, Verdict] = {}
        lost = len(self.all_dates) - len(self.open_dates)
        obstacles = [Obstacle(lost, frozenset((CLOSED_DAYS,)))] if lost else []
        for kind, dates in self._alike_dates(sites):
            verdict = hearing.verdict(dates[0], kind, sites)
            if not verdict.causes:
                verdicts |= dict.fromkeys(dates, verdict)
                continue
            obstacles.append(Obstacle(len(dates), verdict.causes))
            if (lost := lost + len(dates)) > may_lose:
                return Refusal(self.weekly, may_lose, tuple(obstacles))
        possible = {on: each.rooms for on, each in verdicts.items()}
        held, short_of_rooms = _most_dates(possible, hearing.rooms)
        if not held or len(self.all_dates) - len(held) > may_lose:
            causes = frozenset(
                no_room_all_term(school, self.problem.books[school].school.name)
                for school in short_of_rooms
            )
            obstacles.append(Obstacle(len(verdicts) - len(held), causes))
            return Refusal(self.weekly, may_lose, tuple(obstacles))
        return self._option(sites, hearing, {on: verdicts[on] for on in held})

    def _alike_dates(self, sites: tuple[SiteWish, ...]) -> list[tuple[Kind, list[date]]]:
        """The dates by kind, the commonest first: it decides soonest.

        Each with its kind for whoever does not look at the teachers.
        """
        pool, dates = self.request.link_pool, self.open_dates
        kinds = self.alike.kinds_of(sites, pool, dates)
        teachers = self.alike.kinds_for(teachers_of(sites), dates)
        groups: dict[tuple[Kind, Kind], list[date]] = {}
        for on, kind in zip(dates, zip(kinds, teachers, strict=True), strict=True):
            groups.setdefault(kind, []).append(on)
        by_size = sorted(groups.items(), key=lambda each: len(each[1]), reverse=True)
        return [(kind, dates) for (kind, _), dates in by_size]

    def _option(
        self, sites: tuple[SiteWish, ...], hearing: Hearing, verdicts: Mapping[date, Verdict]
    ) -> Option:
        asked = {site.school: site.teacher for site in self.request.sites}
        said = {id(verdict): verdict for verdict in verdicts.values()}
        left = {
            school: tuple(
                room for room in choice if all(room in each.rooms[school] for each in said.values())
            )
            for school, choice in hearing.rooms.items()
        }
        first = {school: possible[0] for school, possible in left.items()}
        drafts = {name: in_rooms(first, each.session) for name, each in said.items()}
        return Option(
            request=self.request,
            weekly=self.weekly,
            sites=sites,
            dates=tuple(verdicts),
            slots=tuple(map(hearing.slot, verdicts)),
            drafts=tuple(drafts[id(verdict)] for verdict in verdicts.values()),
            lost=tuple(on for on in self.all_dates if on not in verdicts),
            rooms=left,
            chosen_teachers=frozenset(
                site.school for site in sites if site.teacher != asked[site.school]
            ),
        )


def _dated(draft: Session, slot: Slot, on: date) -> Session:
    return replace(draft, slot=slot, series_date=on)


def most_lost(dates: int) -> int:
    """How many of so many dates a series may lose."""
    return int(dates * MOST_LOST)


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
