"""The requests' options as a weekly problem: dates become bits, people and rooms numbers."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from calendars.bells import SchoolId
from scheduler.allocation.chains import Joint, costs_of_trimming, joints_of, trimmed
from scheduler.allocation.offers import quotas_of
from scheduler.allocation.pairs import Share, company_of
from scheduler.allocation.preferences import costs_of
from scheduler.allocation.problem import Problem
from scheduler.allocation.together import shares_of
from scheduler.allocation.trials import Option
from scheduler.allocation.weekly.problem import (
    Activity,
    Chosen,
    Link,
    LinkUse,
    Load,
    Place,
    Presence,
    RoomNeed,
    WeeklyProblem,
)
from scheduler.members import LinkPool, Room, RoomId, RoomTier
from scheduler.model import Cost, Request, Session


@dataclass(frozen=True, slots=True)
class Statement:
    """A weekly problem, with what its numbers stand for: place by option, rooms by school.

    `joints` are its chains.
    """

    weekly: WeeklyProblem
    options: tuple[Option, ...]
    costs: tuple[tuple[Cost, ...], ...]
    shares: tuple[Share, ...]
    rooms: Mapping[SchoolId, tuple[tuple[RoomId, ...], ...]]
    joints: tuple[Joint, ...] = ()

    def room(self, option: Option, school: SchoolId, number: int) -> RoomId:
        """The room that a number stands for; of those that share a kit, one that is possible."""
        unit = self.rooms[school][number]
        return next(room for room in option.rooms[school] if room in unit)

    def settled(self, chosen: Sequence[Chosen], problem: Problem) -> "Statement":
        """The same where options in use lack the dates on which their partners are not held."""
        used = {each.place for each in chosen}
        options, costs = list(self.options), list(self.costs)
        for joint in self.joints:
            way = joint.chain.way_in(used)
            if way is None:
                continue
            for places, kept in zip(joint.chain.ways[way].places, joint.kept[way], strict=True):
                (place,) = places & used
                costs[place] = (*costs[place], *costs_of_trimming(options[place], kept, problem))
                options[place] = trimmed(options[place], kept)
        return replace(self, options=tuple(options), costs=tuple(costs))


def state(
    requests: Sequence[Request], options_by_request: Sequence[Sequence[Option]], problem: Problem
) -> Statement:
    """Everything the solver looks at, priced by the preferences."""
    options = [option for found in options_by_request for option in found]
    costs = [costs_of(option, problem) for option in options]
    return priced(
        requests,
        options_by_request,
        [sum(cost.points for cost in charged) for charged in costs],
        problem,
        costs=costs,
        shares=shares_of(options, problem),
        joints=joints_of(requests, options_by_request, problem),
    )


def priced(
    requests: Sequence[Request],
    options_by_request: Sequence[Sequence[Option]],
    points: Sequence[int],
    problem: Problem,
    *,
    costs: Sequence[tuple[Cost, ...]] = (),
    shares: tuple[Share, ...] = (),
    joints: tuple[Joint, ...] = (),
) -> Statement:
    """The same with `points` for each option, in their order."""
    options = tuple(option for found in options_by_request for option in found)
    rooms = {school: _units(tuple(book.rooms.values())) for school, book in problem.books.items()}
    dates = sorted({on for option in options for on in option.dates})
    bits = {on: 1 << number for number, on in enumerate(dates)}
    links = _Links(problem, options, bits)
    numbering = _Numbering(bits, rooms, links)
    activities: list[Activity] = []
    places: list[Place] = []
    for number, (request, found) in enumerate(zip(requests, options_by_request, strict=True)):
        first = len(places)
        for option in found:
            places.append(numbering.place(number, option, points[len(places)]))
        activities.append(
            Activity(
                places=range(first, len(places)),
                times=request.per_week,
                weight=(len(request.sites) + request.is_need) * request.per_week,
            )
        )
    weekly = WeeklyProblem(
        activities=tuple(activities),
        places=tuple(places),
        buffers=tuple(
            tuple(
                max(problem.books[school].rooms[room].buffer_minutes for room in unit)
                for unit in units
            )
            for school, units in rooms.items()
        ),
        links=links.links,
        allowances=tuple(share.allowance for share in shares),
        quotas=tuple(quotas_of(options, problem.offers, problem.books)),
        chains=tuple(joint.chain for joint in joints),
        travel=problem.situation.alliance.alliance.travel_minutes,
    )
    return Statement(weekly, options, tuple(costs), shares, rooms, joints)


def _units(rooms: tuple[Room, ...]) -> tuple[tuple[RoomId, ...], ...]:
    """The school's rooms, the plainest first; those that share a kit are one (E38)."""
    plainest = (RoomTier.WATCH_ONLY, RoomTier.PORTABLE, RoomTier.INTERACTIVE, RoomTier.LEAD)
    units: dict[str, list[RoomId]] = {}
    for room in sorted(rooms, key=lambda room: (plainest.index(room.tier), room.seats, room.id)):
        key = f"kit {room.kit}" if room.kit is not None else f"room {room.id}"
        units.setdefault(key, []).append(room.id)
    return tuple(map(tuple, units.values()))


class _Numbering:
    """Gives each person, school and company its number, in the order of first mention."""

    def __init__(
        self,
        bits: Mapping[date, int],
        rooms: Mapping[SchoolId, tuple[tuple[RoomId, ...], ...]],
        links: "_Links",
    ) -> None:
        self._bits = bits
        self._rooms = rooms
        self._links = links
        self._schools = {school: number for number, school in enumerate(rooms)}
        self._numbers: dict[Hashable, int] = {}

    def place(self, activity: int, option: Option, cost: int) -> Place:
        starts = option.weekly.starts.hour * 60 + option.weekly.starts.minute
        return Place(
            activity=activity,
            day=option.weekly.weekday,
            dates=sum(self._bits[on] for on in option.dates),
            starts=starts,
            ends=starts + option.weekly.minutes,
            people=tuple(self._people(option)),
            needs=tuple(
                RoomNeed(
                    self._schools[school],
                    sum(
                        1 << number
                        for number, unit in enumerate(self._rooms[school])
                        if any(room in unit for room in possible)
                    ),
                    self._number("company", company_of(option)),
                )
                for school, possible in option.rooms.items()
            ),
            links=self._links.uses(option.request),
            cost=cost,
            team=self._number("offer", option.offer),
        )

    def _people(self, option: Option) -> list[Presence]:
        found = []
        for site in option.sites:
            school = self._schools[site.school]
            people = (
                *(("teacher", teacher) for teacher in site.required_teachers),
                *(("class", group) for group in site.class_groups),
            )
            found += [Presence(self._number(*person), school) for person in people]
        return found

    def _number(self, *what: Hashable) -> int:
        return self._numbers.setdefault(what, len(self._numbers))


class _Links:
    """A pool's sessions and ports as two links, with what is booked on them already."""

    def __init__(
        self, problem: Problem, options: Sequence[Option], bits: Mapping[date, int]
    ) -> None:
        self._problem = problem
        self._bits = bits
        wanted = dict.fromkeys(option.request.link_pool for option in options)
        pools = problem.situation.alliance.link_pools
        self._pools = [pools[pool] for pool in wanted if pool is not None and pool in pools]
        self._first = {pool.id: number * 2 for number, pool in enumerate(self._pools)}
        self.links = tuple(link for pool in self._pools for link in self._of(pool))

    def uses(self, request: Request) -> tuple[LinkUse, ...]:
        if request.link_pool not in self._first:
            return ()
        first = self._first[request.link_pool]
        return (LinkUse(first), LinkUse(first + 1, len(request.sites)))

    def _of(self, pool: LinkPool) -> tuple[Link, Link]:
        booked = self._problem.booked.by(pool.id)
        return (
            Link(pool.sessions, tuple(self._load(session, 1) for session in booked)),
            Link(pool.ports, tuple(self._load(each, len(each.sites)) for each in booked)),
        )

    def _load(self, session: Session, amount: int) -> Load:
        """What a booked session takes, on no date if no option is held on its date."""
        starts = session.slot.starts.astimezone(self._problem.zone)
        minute = starts.hour * 60 + starts.minute
        return Load(
            dates=self._bits.get(starts.date(), 0),
            starts=minute,
            ends=minute + session.slot.minutes,
            amount=amount,
        )
