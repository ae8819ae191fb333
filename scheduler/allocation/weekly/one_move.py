"""Where nothing is free for one more: who alone is in the way, and where that one could go."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scheduler.allocation.weekly.occupancy import LinkLoad
from scheduler.allocation.weekly.problem import Chosen, Place, RoomNeed, WeeklyProblem, bits_of
from scheduler.allocation.weekly.timeline import Timeline

Masks = tuple[int, ...]
"""For each need of a place the rooms that would do, as a bit set."""


@dataclass(frozen=True, slots=True)
class OneMove:
    """One more place that is used, and the one of `held` that moves `to` another for it."""

    place: Chosen
    held: int
    to: Chosen


@dataclass(frozen=True, slots=True)
class _Use:
    """When somebody held, by number, uses a person or room, alone and with the distance to keep."""

    by: int
    company: int
    exact: int
    padded: int


class Crowd:
    """Everything that is held, and by whom each person, room and link is used."""

    def __init__(self, problem: WeeklyProblem, timeline: Timeline, held: Sequence[Chosen]) -> None:
        self._problem = problem
        self._timeline = timeline
        self.held = tuple(held)
        self._people: dict[int, list[_Use]] = defaultdict(list)
        self._rooms: dict[tuple[int, int], list[_Use]] = defaultdict(list)
        self._links = [LinkLoad(link.capacity) for link in problem.links]
        self._users: dict[int, list[int]] = defaultdict(list)
        for link, load in zip(problem.links, self._links, strict=True):
            for booked in link.loads:
                load.add(timeline.bits(booked.dates, booked.starts, booked.ends), booked.amount)
        for number, chosen in enumerate(held):
            self._add(number, chosen)

    def _add(self, number: int, chosen: Chosen) -> None:
        place = self._problem.places[chosen.place]
        exact, padded = self._bits(place), self._bits(place, self._problem.travel)
        for presence in place.people:
            self._people[presence.person].append(_Use(number, presence.site, exact, padded))
        for need, room in zip(place.needs, chosen.rooms, strict=True):
            kept = self._bits(place, self._problem.buffers[need.school][room])
            self._rooms[need.school, room].append(_Use(number, need.company, exact, kept))
        for use in place.links:
            self._links[use.link].add(exact, use.amount)
            self._users[use.link].append(number)

    def moves_for(self, places: Iterable[int]) -> Iterator[OneMove]:
        """Every place, the cheapest first, that one move makes free; each with its best move."""
        for number in sorted(places, key=lambda each: (self._problem.places[each].cost, each)):
            for by, rooms in self.alone_in_the_way(number):
                move = self._elsewhere(by, number, rooms)
                if move is not None:
                    yield move
                    break

    def alone_in_the_way(self, number: int) -> Iterator[tuple[int, Masks]]:
        """Who of those held would have to go so that the place is free, and its rooms then."""
        place = self._problem.places[number]
        busy = self._with_its_people(place)
        if len(busy) > 1:
            return
        for by in sorted(busy or self._with_its_rooms_or_links(place)):
            rooms = self._rooms_without(place, by)
            if rooms is not None and self._links_suffice(place, ((by, -1),)):
                yield by, rooms

    def _with_its_people(self, place: Place) -> set[int]:
        exact, padded = self._bits(place), self._bits(place, self._problem.travel)
        return {
            use.by
            for presence in place.people
            for use in self._people.get(presence.person, ())
            if _meet(use, presence.site, exact, padded)
        }

    def _with_its_rooms_or_links(self, place: Place) -> set[int]:
        """Those who share its first room need or link that is not met."""
        for need in place.needs:
            users = [self._users_of_room(place, need, room) for room in bits_of(need.rooms)]
            if all(users):
                return {by for each in users if len(each) == 1 for by in each}
        exact = self._bits(place)
        return {
            by
            for use in place.links
            if exact & self._links[use.link].too_full(use.amount)
            for by in self._users[use.link]
        }

    def _users_of_room(self, place: Place, need: RoomNeed, room: int) -> set[int]:
        exact = self._bits(place)
        padded = self._bits(place, self._problem.buffers[need.school][room])
        return {
            use.by
            for use in self._rooms.get((need.school, room), ())
            if _meet(use, need.company, exact, padded)
        }

    def _rooms_without(self, place: Place, by: int) -> Masks | None:
        """The rooms that are free but for that one; None if a need has none."""
        found = tuple(
            sum(
                1 << room
                for room in bits_of(need.rooms)
                if self._users_of_room(place, need, room) <= {by}
            )
            for need in place.needs
        )
        return found if all(found) else None

    def _links_suffice(self, place: Place, changes: Sequence[tuple[int | Place, int]]) -> bool:
        """Whether enough is left of its links once others come (1) or those held go (-1)."""
        for use in place.links:
            parts = [(self._bits(place), use.amount)]
            for changed, sign in changes:
                other = self._place(changed)
                bits = self._bits(other)
                amount = sum(each.amount for each in other.links if each.link == use.link)
                parts = [
                    part
                    for taken, wanted in parts
                    for part in ((taken & bits, wanted + sign * amount), (taken & ~bits, wanted))
                ]
            if any(bits & self._links[use.link].too_full(amount) for bits, amount in parts if bits):
                return False
        return True

    def _place(self, which: int | Place) -> Place:
        """Of one held, by number, or as it is."""
        if isinstance(which, Place):
            return which
        return self._problem.places[self.held[which].place]

    def _elsewhere(self, by: int, number: int, rooms: Masks) -> OneMove | None:
        """The cheapest other place of the one held, beside the new one."""
        new, old = self._problem.places[number], self._place(by)
        days = {
            self._place(other).day
            for other, chosen in enumerate(self.held)
            if other != by and self._problem.places[chosen.place].activity == old.activity
        }
        options = self._problem.activities[old.activity].places
        for to in sorted(options, key=lambda each: (self._problem.places[each].cost, each)):
            place = self._problem.places[to]
            if place.day in days or self._with_its_people(place) - {by} or self._clash(new, place):
                continue
            theirs = self._rooms_without(place, by)
            if theirs is None or not self._links_suffice(place, ((by, -1), (new, 1))):
                continue
            pair = self._apart(new, rooms, place, theirs)
            if pair is not None:
                return OneMove(Chosen(number, pair[0]), by, Chosen(to, pair[1]))
        return None

    def _clash(self, one: Place, other: Place) -> bool:
        """Whether they need somebody at the same time."""
        exact, padded = self._bits(other), self._bits(other, self._problem.travel)
        mine, mine_padded = self._bits(one), self._bits(one, self._problem.travel)
        return any(
            _meet(_Use(0, here.site, mine, mine_padded), there.site, exact, padded)
            for here in one.people
            for there in other.people
            if here.person == there.person
        )

    def _apart(
        self, one: Place, rooms: Masks, other: Place, theirs: Masks
    ) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """A room for each need of both places, none that both would need at once."""
        first = [next(bits_of(mask)) for mask in rooms]
        second = [next(bits_of(mask)) for mask in theirs]
        for at, need in enumerate(one.needs):
            for there, wanted in enumerate(other.needs):
                if need.school != wanted.school:
                    continue
                pair = next(
                    (
                        (mine, their)
                        for mine in bits_of(rooms[at])
                        for their in bits_of(theirs[there])
                        if mine != their or not self._share(one, need, other, wanted, mine)
                    ),
                    None,
                )
                if pair is None:
                    return None
                first[at], second[there] = pair
        return tuple(first), tuple(second)

    def _share(self, one: Place, need: RoomNeed, other: Place, wanted: RoomNeed, room: int) -> bool:
        """Whether both would be in the room, or too soon after each other."""
        buffer = self._problem.buffers[need.school][room]
        use = _Use(0, need.company, self._bits(one), self._bits(one, buffer))
        return _meet(use, wanted.company, self._bits(other), self._bits(other, buffer))

    def _bits(self, place: Place, distance: int = 0) -> int:
        return self._timeline.bits(place.dates, place.starts, place.ends + distance)


def _meet(use: _Use, company: int, exact: int, padded: int) -> bool:
    """One company may follow itself, others keep their distance."""
    return bool(exact & use.exact if company == use.company else padded & use.padded)
