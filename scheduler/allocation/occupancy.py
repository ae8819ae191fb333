"""Who and what is taken so far, as bit sets over the timeline."""

from scheduler.allocation.timeline import Timeline
from scheduler.allocation.weekly import Place, RoomNeed, WeeklyProblem, bits_of


class Taken:
    """The uses of one person or room: one company may follow itself, others keep their distance."""

    __slots__ = ("_uses",)

    def __init__(self) -> None:
        self._uses: dict[int, tuple[int, int]] = {}

    def is_free(self, company: int, exact: int, padded: int) -> bool:
        """Whether `exact` (for others `padded` by the distance to keep) is still free."""
        return not any(
            exact & used if other == company else padded & used_padded
            for other, (used, used_padded) in self._uses.items()
        )

    def add(self, company: int, exact: int, padded: int) -> None:
        used, used_padded = self._uses.get(company, (0, 0))
        self._uses[company] = (used | exact, used_padded | padded)


class LinkLoad:
    """How much of a link is used at each moment, and where an amount would be too much."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._used: dict[int, int] = {}
        self._too_full: dict[int, int] = {}

    def too_full(self, amount: int) -> int:
        """The moments at which this much is no longer left."""
        if amount not in self._too_full:
            self._too_full[amount] = sum(
                1 << moment for moment, used in self._used.items() if used + amount > self._capacity
            )
        everywhere = -1 if amount > self._capacity else 0
        return self._too_full[amount] | everywhere

    def add(self, bits: int, amount: int) -> None:
        for moment in bits_of(bits):
            used = self._used[moment] = self._used.get(moment, 0) + amount
            for asked in self._too_full:
                if used + asked > self._capacity:
                    self._too_full[asked] |= 1 << moment


class Occupancy:
    """What the places taken so far leave free."""

    def __init__(self, problem: WeeklyProblem, timeline: Timeline) -> None:
        self._problem = problem
        self._timeline = timeline
        self._people: dict[int, Taken] = {}
        self._rooms: dict[tuple[int, int], Taken] = {}
        self._links = [LinkLoad(link.capacity) for link in problem.links]
        for link, load in zip(problem.links, self._links, strict=True):
            for booked in link.loads:
                load.add(timeline.bits(booked.dates, booked.starts, booked.ends), booked.amount)

    def rooms_for(self, place: Place) -> tuple[int, ...] | None:
        """A free room for each need, the first that fits; None if anything is taken."""
        exact = self._bits(place)
        if not self._people_are_free(place, exact) or not self._links_suffice(place, exact):
            return None
        chosen = []
        for need in place.needs:
            room = next(
                (
                    room
                    for room in bits_of(need.rooms)
                    if self._room_is_free(place, need, room, exact)
                ),
                None,
            )
            if room is None:
                return None
            chosen.append(room)
        return tuple(chosen)

    def take(self, place: Place, rooms: tuple[int, ...]) -> None:
        """Use the place with these rooms."""
        exact = self._bits(place)
        for presence in place.people:
            taken = self._people.setdefault(presence.person, Taken())
            taken.add(presence.site, exact, self._bits(place, self._problem.travel))
        for need, room in zip(place.needs, rooms, strict=True):
            taken = self._rooms.setdefault((need.school, room), Taken())
            taken.add(need.company, exact, self._bits(place, self._buffer(need, room)))
        for use in place.links:
            self._links[use.link].add(exact, use.amount)

    def _bits(self, place: Place, distance: int = 0) -> int:
        return self._timeline.bits(place.dates, place.starts, place.ends + distance)

    def _buffer(self, need: RoomNeed, room: int) -> int:
        return self._problem.buffers[need.school][room]

    def _people_are_free(self, place: Place, exact: int) -> bool:
        padded = self._bits(place, self._problem.travel)
        return all(
            presence.person not in self._people
            or self._people[presence.person].is_free(presence.site, exact, padded)
            for presence in place.people
        )

    def _room_is_free(self, place: Place, need: RoomNeed, room: int, exact: int) -> bool:
        taken = self._rooms.get((need.school, room))
        return taken is None or taken.is_free(
            need.company, exact, self._bits(place, self._buffer(need, room))
        )

    def _links_suffice(self, place: Place, exact: int) -> bool:
        return not any(exact & self._links[use.link].too_full(use.amount) for use in place.links)
