"""What is booked already and stays, found by who takes part, where and when."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from scheduler.members import LinkPoolId, TeacherId
from scheduler.model import Session


class Booked:
    """The sessions that are booked, by the dates that the alliance's clock shows."""

    def __init__(self, sessions: Iterable[Session], zone: ZoneInfo) -> None:
        self._at = defaultdict[SchoolId, defaultdict[date, list[Session]]](
            lambda: defaultdict(list)
        )
        self._with = defaultdict[TeacherId, Counter[date]](Counter)
        self._partners = defaultdict[TeacherId | None, set[TeacherId]](set)
        self._by_pool = defaultdict[LinkPoolId | None, list[Session]](list)
        for session in sessions:
            on = session.slot.starts.astimezone(zone).date()
            people = {each for site in session.sites for each in site.required_teachers}
            for school in {site.school for site in session.sites}:
                self._at[school][on].append(session)
            for teacher in people:
                self._with[teacher][on] += 1
            self._partners[session.lead.teacher] |= people
            self._by_pool[session.link_pool].append(session)

    def at(self, school: SchoolId, dates: Iterable[date]) -> Iterator[Session]:
        """Those in which the school takes part on these dates."""
        if (own := self._at.get(school)) is not None:
            for each in dates:
                yield from own.get(each, ())

    def many_with(self, teacher: TeacherId, dates: Collection[date]) -> int:
        """In how many the teacher takes part on these dates."""
        own = self._with.get(teacher)
        return 0 if own is None else sum(own[each] for each in dates)

    def partners_of(self, lead: TeacherId | None) -> Collection[TeacherId]:
        """Who takes part in what this teacher leads."""
        return () if lead is None else self._partners.get(lead, ())

    def by(self, pool: LinkPoolId) -> Sequence[Session]:
        """Those that use the link."""
        return self._by_pool.get(pool, ())
