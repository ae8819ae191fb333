"""What is booked already and stays, as far as it counts together with what may be placed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from calendars.bells import SchoolId
from scheduler.allocation.preferences import NOON, awkward_in
from scheduler.allocation.problem import Problem
from scheduler.allocation.trials import Option
from scheduler.model import Session

WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Held:
    """What a school holds in a usual week."""

    sessions: int
    led: int
    in_rooms: int
    afternoons: int
    awkward: int


class Booked:
    """The sessions that are booked, by their dates."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._on: dict[date, list[Session]] = defaultdict(list)
        for session in problem.situation.sessions:
            self._on[session.slot.starts.astimezone(problem.zone).date()].append(session)

    def on(self, dates: Iterable[date]) -> Iterator[Session]:
        """Those on any of these dates."""
        for each in dates:
            yield from self._on.get(each, ())

    def weekly(self, school: SchoolId, options: Iterable[Option]) -> Held:
        """What the school holds in the weeks of these options."""
        mondays = {on - timedelta(days=on.weekday()) for on in dates_of(options)}
        days = (on + timedelta(days=day) for on in sorted(mondays) for day in range(WEEK))
        own = [each for each in self.on(days) if each.site_of(school) is not None]
        return Held(
            sessions=usually(len(own), len(mondays)),
            led=usually(sum(each.lead.school == school for each in own), len(mondays)),
            in_rooms=usually(
                sum(site.room is not None for each in own if (site := each.site_of(school))),
                len(mondays),
            ),
            afternoons=usually(sum(map(self._is_afternoon, own)), len(mondays)),
            awkward=usually(
                sum(school in awkward_in(each, self._problem) for each in own), len(mondays)
            ),
        )

    def _is_afternoon(self, session: Session) -> bool:
        return session.slot.starts.astimezone(self._problem.zone).time() >= NOON


def usually(found: int, among: int) -> int:
    """How many there are as a rule: so many on so many dates or in so many weeks, rounded.

    One or two in a whole term are none as a rule.
    """
    return (2 * found + among) // (2 * among) if among else 0


def dates_of(options: Iterable[Option]) -> set[date]:
    """All dates on which one of these would be held."""
    return {on for option in options for on in option.dates}
