"""What came out of an allocation, each request once: placed with its costs, or not and why."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from scheduler.allocation.statement import Statement
from scheduler.allocation.trials import Option
from scheduler.allocation.weekly.problem import Chosen, charged
from scheduler.model import (
    Balance,
    Cost,
    Placement,
    Session,
    SessionId,
    SiteWish,
    Unplaced,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The content of a plan.

    `cost` is the sum of all placements' points; no choice among the places looked at that leaves
    out as little costs less than `bound`.
    """

    placements: tuple[Placement, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    balance: tuple[Balance, ...] = ()
    cost: int = 0
    bound: int = 0


def placements_of(statement: Statement, chosen: Sequence[Chosen]) -> tuple[Placement, ...]:
    """The places that are used, in words again."""
    shared = _shared_costs(statement, {each.place for each in chosen})
    return tuple(
        Placement(
            request=statement.options[each.place].request.id,
            weekly=statement.options[each.place].weekly,
            sites=sites_of(statement, each),
            dates=statement.options[each.place].dates,
            skipped=statement.options[each.place].lost,
            costs=(*statement.costs[each.place], *shared[each.place]),
            offer=statement.options[each.place].offer,
        )
        for each in chosen
    )


def chosen_of(statement: Statement, placements: Sequence[Placement]) -> tuple[Chosen, ...]:
    """The places of an earlier answer, without those that are no longer possible."""
    numbers: dict[Hashable, list[int]] = defaultdict(list)
    for number, option in enumerate(statement.options):
        numbers[option.request.id, option.weekly].append(number)
    found = (
        _chosen(statement, number, placement)
        for placement in placements
        for number in numbers[placement.request, placement.weekly]
    )
    return tuple(chosen for chosen in found if chosen is not None)


def _chosen(statement: Statement, place: int, placement: Placement) -> Chosen | None:
    """The place with the placement's rooms, if it is where and by whom the placement is held."""
    option = statement.options[place]
    if not option.is_at(placement):
        return None
    held = {site.school: site.room for site in placement.sites}
    rooms = []
    for school, possible in option.rooms.items():
        room = held[school]
        if room is None or room not in possible:
            return None
        units = statement.rooms[school]
        rooms.append(next(number for number, unit in enumerate(units) if room in unit))
    return Chosen(place, tuple(rooms))


def sites_of(statement: Statement, chosen: Chosen) -> tuple[SiteWish, ...]:
    """The sites with the rooms that were handed out."""
    option = statement.options[chosen.place]
    rooms = {
        school: statement.room(option, school, number)
        for school, number in zip(option.rooms, chosen.rooms, strict=True)
    }
    return tuple(
        replace(site, room=rooms[site.school]) if site.school in rooms else site
        for site in option.sites
    )


def _shared_costs(statement: Statement, used: set[int]) -> dict[int, list[Cost]]:
    costs: dict[int, list[Cost]] = defaultdict(list)
    for share in statement.shares:
        for place in charged(share.allowance, used):
            costs[place].append(share.cost)
    return costs


def sessions_of(statement: Statement, chosen: Sequence[Chosen]) -> tuple[Session, ...]:
    """The dated sessions that the places stand for, with their rooms."""
    return tuple(
        session
        for each in chosen
        for session in _dated(statement.options[each.place], sites_of(statement, each))
    )


def _dated(option: Option, sites: Sequence[SiteWish]) -> Iterator[Session]:
    rooms = {site.school: site.room for site in sites}
    for session in option.sessions:
        yield replace(
            session,
            id=SessionId(f"{option.request.id}/{option.weekly.weekday}/{session.series_date}"),
            sites=tuple(replace(site, room=rooms[site.school]) for site in session.sites),
        )
