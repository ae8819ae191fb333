"""What a school holds in a usual week, as far as it counts together with what may be placed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from calendars.bells import SchoolId
from scheduler.allocation.preferences import NOON, awkward_in
from scheduler.allocation.problem import Problem, monday_of
from scheduler.allocation.trials import Option
from scheduler.model import Session

WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class UsualWeek:
    """How many sessions of each sort are booked in it."""

    sessions: int
    led: int
    in_rooms: int
    afternoons: int
    awkward: int


def usual_week(school: SchoolId, dates: Iterable[date], problem: Problem) -> UsualWeek:
    """What the school has booked in the weeks of these dates."""
    mondays = set(map(monday_of, dates))
    days = (on + timedelta(days=day) for on in sorted(mondays) for day in range(WEEK))
    own = list(problem.booked.at(school, days))
    return UsualWeek(
        sessions=usually(len(own), len(mondays)),
        led=usually(sum(each.lead.school == school for each in own), len(mondays)),
        in_rooms=usually(
            sum(site.room is not None for each in own if (site := each.site_of(school))),
            len(mondays),
        ),
        afternoons=usually(sum(_is_afternoon(each, problem) for each in own), len(mondays)),
        awkward=usually(sum(school in awkward_in(each, problem) for each in own), len(mondays)),
    )


def _is_afternoon(session: Session, problem: Problem) -> bool:
    return session.slot.starts.astimezone(problem.zone).time() >= NOON


def usually(found: int, among: int) -> int:
    """How many there are as a rule: so many on so many dates or in so many weeks, rounded.

    One or two in a whole term are none as a rule.
    """
    return (2 * found + among) // (2 * among) if among else 0


def dates_of(options: Iterable[Option]) -> set[date]:
    """All dates on which one of these would be held."""
    return {on for option in options for on in option.dates}
