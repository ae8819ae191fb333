"""Who and what is taken so far, as bit sets over the timeline."""

from scheduler.allocation.weekly.problem import Place, RoomNeed, WeeklyProblem, bits_of
from scheduler.allocation.weekly.timeline import Timeline


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
    """How much of a link is used at each moment: one bit set for each binary digit."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._digits: list[int] = []
        self._too_full: dict[int, int] = {}

    def too_full(self, amount: int) -> int:
        """The moments at which this much is no longer left."""
        if amount not in self._too_full:
            self._too_full[amount] = self._moments_above(self._capacity - amount)
        return self._too_full[amount]

    def add(self, bits: int, amount: int) -> None:
        self._too_full.clear()
        for digit in bits_of(amount):
            carried, place = bits, digit
            while carried:
                self._digits += [0] * (place + 1 - len(self._digits))
                before = self._digits[place]
                self._digits[place] = before ^ carried
                carried &= before
                place += 1

    def _moments_above(self, limit: int) -> int:
        if limit < 0:
            return -1
        above, level = 0, -1
        for place in reversed(range(max(len(self._digits), limit.bit_length()))):
            digit = self._digits[place] if place < len(self._digits) else 0
            if limit >> place & 1:
                level &= digit
            else:
                above |= level & digit
                level &= ~digit
        return above


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

    def free_rooms(self, place: Place) -> tuple[int, ...] | None:
        """All free rooms for each need, as bit sets; None if anything else is taken."""
        exact = self._bits(place)
        if not self._people_are_free(place, exact) or not self._links_suffice(place, exact):
            return None
        found = tuple(
            sum(
                1 << room
                for room in bits_of(need.rooms)
                if self._room_is_free(place, need, room, exact)
            )
            for need in place.needs
        )
        return found if all(found) else None

    def fits(self, place: Place, rooms: tuple[int, ...]) -> bool:
        """Whether everybody, these very rooms and the links are free."""
        exact = self._bits(place)
        return (
            all(
                need.rooms >> room & 1 and self._room_is_free(place, need, room, exact)
                for need, room in zip(place.needs, rooms, strict=True)
            )
            and self._people_are_free(place, exact)
            and self._links_suffice(place, exact)
        )

    def has_left(self, link: int, amount: int) -> bool:
        """Whether this much is left of a link at every moment."""
        return not self._links[link].too_full(amount)

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
