"""Moves between answers, compiled: a unit takes a place, whoever is in the way makes room."""

from math import log
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scheduler.allocation.weekly.board import (
    ALLOWANCES,
    ALLOWANCES_END,
    CELLS,
    CELLS_END,
    COST,
    DATES,
    DAY,
    EAGER,
    ENDS,
    FREE,
    GAP,
    KIND,
    LINKS,
    LINKS_END,
    NEEDS,
    NEEDS_END,
    OPTIONS,
    OPTIONS_END,
    PART,
    PEOPLE,
    PEOPLE_END,
    PLACE,
    POINTS,
    REST,
    ROOMS,
    SHARE,
    SIBLINGS,
    SIBLINGS_END,
    STARTS,
    USERS,
    Board,
    Numbers,
    Standing,
)
from scheduler.allocation.weekly.compiled import entrance, inner

Random = NDArray[np.uint64]

VICTIMS: Final = 3
"""How many may have to make room for one."""
TOO_MANY: Final = -1
HALF: Final = 1 << 32


class Scratch(NamedTuple):
    """Space to work in."""

    rooms: Numbers
    spare: Numbers
    victims: Numbers
    before: Numbers
    """By unit that a move touches: what it was before."""


def scratch_for(standing: Standing) -> Scratch:
    columns = standing.held.shape[1]
    return Scratch(
        rooms=np.zeros(columns, dtype=np.int64),
        spare=np.zeros(columns, dtype=np.int64),
        victims=np.zeros(VICTIMS + 1, dtype=np.int64),
        before=np.zeros((VICTIMS + 1, columns), dtype=np.int64),
    )


@inner
def draw(random: Random, below: int) -> np.int64:
    """The next random number below another (xorshift64*)."""
    state = random[0]
    state ^= state >> np.uint64(12)
    state ^= state << np.uint64(25)
    state ^= state >> np.uint64(27)
    random[0] = state
    high = np.int64((state * np.uint64(2685821657736338717)) >> np.uint64(32))
    return (high * np.int64(below)) >> np.int64(32)


@inner
def meet(board: Board, one: int, other: int, gap: int) -> bool:
    """Whether two places of a part come closer than `gap` on a common date."""
    places = board.places
    if places[one, STARTS] >= places[other, ENDS] + gap:
        return False
    if places[other, STARTS] >= places[one, ENDS] + gap:
        return False
    for word in range(DATES, places.shape[1]):  # noqa: SIM110 - `any` would not compile
        if places[one, word] & places[other, word]:
            return True
    return False


@inner
def add_users(
    board: Board,
    standing: Standing,
    place: int,
    resource: int,
    tag: int,
    victims: Numbers,
    count: int,
    most: int,
) -> int:
    """Adds to the victims whoever uses the resource then; not the first, who wants the place."""
    part = board.places[place, PART]
    begins = board.resources[resource, USERS + part]
    for at in range(begins, begins + standing.counts[resource, part]):
        other = standing.users[at, 0]
        gap = 0 if standing.users[at, 1] == tag else board.resources[resource, GAP]
        if not meet(board, place, standing.held[other, PLACE], gap):
            continue
        known = False
        for number in range(count):
            known |= victims[number] == other
        if not known:
            if count > most:
                return TOO_MANY
            victims[count] = other
            count += 1
    return count


@inner
def choose_rooms(
    board: Board,
    standing: Standing,
    place: int,
    rooms: Numbers,
    victims: Numbers,
    count: int,
    most: int,
    random: Random,
) -> int:
    """For each need the room in which the fewest must make room, free ones in their order."""
    kind = board.places[place, KIND]
    position = ROOMS
    for need in range(board.pool[kind + NEEDS], board.pool[kind + NEEDS_END], 3):
        company = board.pool[need]
        fewest, chosen, ties = most + 2, -1, 0
        for at in range(board.pool[need + 1], board.pool[need + 2]):
            room = board.pool[at]
            given = False
            for earlier in range(ROOMS, position):
                given |= rooms[earlier] == room
            if given:
                continue
            found = add_users(board, standing, place, room, company, victims, count, most)
            if found == TOO_MANY or found > fewest:
                continue
            ties = 1 if found < fewest else ties + 1
            if ties == 1 or (found > count and draw(random, ties) == 0):
                fewest, chosen = found, room
            if found == count:
                break
        if chosen < 0:
            return TOO_MANY
        rooms[position] = chosen
        position += 1
        if fewest > count:
            count = add_users(board, standing, place, chosen, company, victims, count, most)
    return count


@inner
def clear(
    board: Board,
    standing: Standing,
    unit: int,
    place: int,
    rooms: Numbers,
    victims: Numbers,
    most: int,
    random: Random,
) -> int:
    """Chooses rooms and who must make room: how many, the unit itself included, or too many."""
    victims[0] = unit
    count = 1
    for sibling in range(board.units[unit, SIBLINGS], board.units[unit, SIBLINGS_END]):
        held = standing.held[sibling, PLACE]
        if sibling != unit and held >= 0 and board.places[held, DAY] == board.places[place, DAY]:
            if count > most:
                return TOO_MANY
            victims[count] = sibling
            count += 1
    kind = board.places[place, KIND]
    for at in range(board.pool[kind + PEOPLE], board.pool[kind + PEOPLE_END], 2):
        person, site = board.pool[at], board.pool[at + 1]
        count = add_users(board, standing, place, person, site, victims, count, most)
        if count == TOO_MANY:
            return TOO_MANY
    return choose_rooms(board, standing, place, rooms, victims, count, most, random)


@inner
def links_suffice(board: Board, standing: Standing, place: int) -> bool:
    kind = board.places[place, KIND]
    for at in range(board.pool[kind + LINKS], board.pool[kind + LINKS_END], 3):
        left = board.pool[at + 2] - board.pool[at + 1]
        for cell in range(board.places[place, CELLS], board.places[place, CELLS_END]):
            if standing.load[board.pool[at], board.pool[cell]] > left:
                return False
    return True


@inner
def join(board: Board, standing: Standing, unit: int, place: int, resource: int, tag: int) -> None:
    part = board.places[place, PART]
    end = board.resources[resource, USERS + part] + standing.counts[resource, part]
    standing.users[end, 0] = unit
    standing.users[end, 1] = tag
    standing.counts[resource, part] += 1


@inner
def leave(board: Board, standing: Standing, unit: int, place: int, resource: int) -> None:
    part = board.places[place, PART]
    at = board.resources[resource, USERS + part]
    standing.counts[resource, part] -= 1
    last = at + standing.counts[resource, part]
    while standing.users[at, 0] != unit:
        at += 1
    standing.users[at, 0] = standing.users[last, 0]
    standing.users[at, 1] = standing.users[last, 1]


@inner
def load_links(board: Board, standing: Standing, place: int, sign: int) -> None:
    kind = board.places[place, KIND]
    for at in range(board.pool[kind + LINKS], board.pool[kind + LINKS_END], 3):
        for cell in range(board.places[place, CELLS], board.places[place, CELLS_END]):
            standing.load[board.pool[at], board.pool[cell]] += sign * board.pool[at + 1]


@inner
def price_of_leaving_out(board: Board, standing: Standing, unit: int) -> int:
    """What counts for leaving out the unit, its siblings being as they are."""
    price: int = board.units[unit, SHARE] + board.units[unit, REST]
    for sibling in range(board.units[unit, SIBLINGS], board.units[unit, SIBLINGS_END]):
        if sibling != unit and standing.held[sibling, PLACE] < 0:
            price = board.units[unit, SHARE]
    return price


@inner
def put(board: Board, standing: Standing, unit: int, place: int, rooms: Numbers) -> int:
    """Hold the unit there; what that changes."""
    pool, kind = board.pool, board.places[place, KIND]
    standing.held[unit, PLACE] = place
    for at in range(pool[kind + PEOPLE], pool[kind + PEOPLE_END], 2):
        join(board, standing, unit, place, pool[at], pool[at + 1])
    position = ROOMS
    for need in range(pool[kind + NEEDS], pool[kind + NEEDS_END], 3):
        standing.held[unit, position] = rooms[position]
        join(board, standing, unit, place, rooms[position], pool[need])
        position += 1
    load_links(board, standing, place, 1)
    cost: int = board.places[place, COST]
    for at in range(board.places[place, ALLOWANCES], board.places[place, ALLOWANCES_END]):
        standing.used[pool[at]] += 1
        if standing.used[pool[at]] > board.allowances[pool[at], FREE]:
            cost += board.allowances[pool[at], POINTS]
    return cost - price_of_leaving_out(board, standing, unit)


@inner
def lift(board: Board, standing: Standing, unit: int) -> int:
    """No longer hold the unit; what that changes."""
    place = standing.held[unit, PLACE]
    pool, kind = board.pool, board.places[place, KIND]
    standing.held[unit, PLACE] = -1
    for at in range(pool[kind + PEOPLE], pool[kind + PEOPLE_END], 2):
        leave(board, standing, unit, place, pool[at])
    position = ROOMS
    for _ in range(pool[kind + NEEDS], pool[kind + NEEDS_END], 3):
        leave(board, standing, unit, place, standing.held[unit, position])
        position += 1
    load_links(board, standing, place, -1)
    cost: int = board.places[place, COST]
    for at in range(board.places[place, ALLOWANCES], board.places[place, ALLOWANCES_END]):
        if standing.used[pool[at]] > board.allowances[pool[at], FREE]:
            cost += board.allowances[pool[at], POINTS]
        standing.used[pool[at]] -= 1
    return price_of_leaving_out(board, standing, unit) - cost


@inner
def note_eagerness(board: Board, standing: Standing, unit: int) -> None:
    """Keep the list of units that are left out or dearer than need be."""
    place, at, count = standing.held[unit, PLACE], standing.held[unit, EAGER], standing.eager[0]
    cheapest = board.pool[board.units[unit, OPTIONS]]
    is_eager = place < 0 or board.places[place, COST] > board.places[cheapest, COST]
    if is_eager and at == 0:
        standing.eager[0] = count + 1
        standing.eager[count + 1] = unit
        standing.held[unit, EAGER] = count + 1
    elif not is_eager and at > 0:
        moved = standing.eager[count]
        standing.eager[0] = count - 1
        standing.eager[at] = moved
        standing.held[moved, EAGER] = at
        standing.held[unit, EAGER] = 0


@inner
def settle(
    board: Board,
    standing: Standing,
    unit: int,
    budget: float,
    scratch: Scratch,
    random: Random,
) -> int:
    """Hold the unit at its cheapest free place within a budget, if any; what that changes."""
    for at in range(board.units[unit, OPTIONS], board.units[unit, OPTIONS_END]):
        place = board.pool[at]
        if board.places[place, COST] > budget:
            break
        count = clear(board, standing, unit, place, scratch.spare, scratch.victims, 0, random)
        if count == 1 and links_suffice(board, standing, place):
            return put(board, standing, unit, place, scratch.spare)
    return 0


@inner
def cheapest_of(board: Board, unit: int) -> int:
    cost: int = board.places[board.pool[board.units[unit, OPTIONS]], COST]
    return cost


@inner
def least_change(board: Board, standing: Standing, place: int, victims: Numbers, count: int) -> int:
    """The best that can come of giving the place to the first of these, at the others' expense."""
    change: int = board.places[place, COST]
    held = standing.held[victims[0], PLACE]
    if held >= 0:
        change -= board.places[held, COST]
    else:
        change -= price_of_leaving_out(board, standing, victims[0])
    for number in range(1, count):
        change += cheapest_of(board, victims[number])
        change -= board.places[standing.held[victims[number], PLACE], COST]
    return change


@inner
def remember_and_lift(
    board: Board, standing: Standing, number: int, unit: int, before: Numbers
) -> int:
    """Lift a victim if it is held, remembering how it was; what that changes."""
    for column in range(before.shape[1]):
        before[number, column] = standing.held[unit, column]
    before[number, EAGER] = unit
    return lift(board, standing, unit) if before[number, PLACE] >= 0 else 0


@inner
def user_of_links(board: Board, standing: Standing, place: int, random: Random) -> int:
    """Anybody who is held at the time of a place and uses one of its links, or -1."""
    pool, kind, units = board.pool, board.places[place, KIND], len(board.units)
    first = draw(random, units)
    for step in range(units):
        unit = int((first + step) % units)
        held = standing.held[unit, PLACE]
        if held < 0 or board.places[held, PART] != board.places[place, PART]:
            continue
        if not meet(board, place, held, 0):
            continue
        theirs = board.places[held, KIND]
        for at in range(pool[kind + LINKS], pool[kind + LINKS_END], 3):
            for other in range(pool[theirs + LINKS], pool[theirs + LINKS_END], 3):
                if pool[at] == pool[other]:
                    return unit
    return -1


@inner
def put_back(board: Board, standing: Standing, count: int, before: Numbers) -> None:
    for number in range(count):
        if standing.held[before[number, EAGER], PLACE] >= 0:
            lift(board, standing, before[number, EAGER])
    for number in range(count):
        if before[number, PLACE] >= 0:
            put(board, standing, before[number, EAGER], before[number, PLACE], before[number])


@inner
def move(
    board: Board,
    standing: Standing,
    place: int,
    count: int,
    most: float,
    scratch: Scratch,
    random: Random,
) -> int:
    """Give the place to the first victim and others to the rest, if that costs no more than `most`.

    The change in cost; 0 also if everything stays as it was.
    """
    change = 0
    before = scratch.before
    for number in range(count):
        change += remember_and_lift(board, standing, number, scratch.victims[number], before)
    while not links_suffice(board, standing, place):
        unit = user_of_links(board, standing, place, random)
        if unit < 0 or count > VICTIMS:
            put_back(board, standing, count, before)
            return 0
        change += remember_and_lift(board, standing, count, unit, before)
        count += 1
    change += put(board, standing, before[0, EAGER], place, scratch.rooms)
    owed = 0
    for number in range(1, count):
        owed += price_of_leaving_out(board, standing, before[number, EAGER])
    for number in range(1, count):
        unit = before[number, EAGER]
        if change - owed > most:
            break
        budget = most - change + owed
        owed -= price_of_leaving_out(board, standing, unit)
        change += settle(board, standing, unit, budget, scratch, random)
    if change > most:
        put_back(board, standing, count, before)
        return 0
    for number in range(count):
        note_eagerness(board, standing, before[number, EAGER])
    return change


@entrance
def place_all(board: Board, standing: Standing, start: Numbers) -> int:
    """Hold the units of a table like `held` where they stand there; what the answer counts."""
    energy = 0
    for unit in range(len(start)):
        energy += board.units[unit, SHARE]
        if unit == board.units[unit, SIBLINGS]:
            energy += board.units[unit, REST]
    for unit in range(len(start)):
        if start[unit, PLACE] >= 0:
            energy += put(board, standing, unit, start[unit, PLACE], start[unit])
            note_eagerness(board, standing, unit)
    return energy


@entrance
def anneal(
    board: Board,
    standing: Standing,
    best: Numbers,
    energies: NDArray[np.int64],
    scratch: Scratch,
    random: Random,
    moves: int,
    temperature: float,
) -> None:
    """Some moves at one temperature. `energies` are the present and the least so far."""
    for _ in range(moves):
        eager = standing.eager[0]
        if eager > 0 and draw(random, 2) == 0:
            unit = standing.eager[1 + draw(random, eager)]
        else:
            unit = draw(random, len(board.units))
        first = board.units[unit, OPTIONS]
        options = board.units[unit, OPTIONS_END] - first
        if options == 0:
            continue
        place = board.pool[first + draw(random, options)]
        if place == standing.held[unit, PLACE]:
            continue
        most = -temperature * log((1 + draw(random, HALF)) / HALF)
        count = clear(board, standing, unit, place, scratch.rooms, scratch.victims, VICTIMS, random)
        if count == TOO_MANY:
            continue
        if least_change(board, standing, place, scratch.victims, count) > most:
            continue
        energies[0] += move(board, standing, place, count, most, scratch, random)
        if energies[0] < energies[1]:
            energies[1] = energies[0]
            for number in range(best.shape[0]):
                for column in range(best.shape[1]):
                    best[number, column] = standing.held[number, column]
