"""Another weekday or time of day that holds every date of a series. Pure and bounded."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from typing import Final

from calendars.fields import weekday_text
from calendars.series import Occurrence, Weekly
from calendars.terms import Term
from calendars.text import Text
from scheduler.booking.candidates import Candidates, names_a_room, with_rooms_open, with_swaps
from scheduler.booking.differences import at_sites, sentence_of
from scheduler.booking.series_dates import dates_of, upcoming
from scheduler.conflicts import find_conflicts
from scheduler.local_words import clock_times
from scheduler.model import Alternative, Booking, Conflict, SeriesBooking, Session, SessionId
from scheduler.placing import agenda_of, draft, near
from scheduler.schools import Situation

DATES_JUDGED_AT_MOST: Final = 1200
"""Single dates that one search holds to the rules: what bounds its time."""
JUDGED_WITH_SWAPS: Final = 300
"""Further dates, for patterns that need timetable swaps."""
OF_ONE_WEEKDAY: Final = 2
SCHOOL_WEEK: Final = (1, 2, 3, 4, 5)
_NEW: Final = SessionId("new")


def alternatives_for_series(
    wish: SeriesBooking, term: Term, situation: Situation, *, now: datetime, limit: int = 5
) -> tuple[Alternative, ...]:
    """Up to `limit` patterns whose every date (closed days aside) is bookable at `now`.

    Other times of the same weekday first, then the other weekdays, those nearby first; patterns
    for which classes would have to swap lessons come last.
    """
    search = _PatternSearch(wish, term, situation, now)
    found: list[Alternative] = []
    weekdays = sorted(SCHOOL_WEEK, key=lambda weekday: abs(weekday - wish.weekly.weekday))
    for weekday in weekdays:
        most = min(OF_ONE_WEEKDAY, limit - len(found))
        found += islice(search.patterns_on(weekday), most)
    found += islice(search.patterns_with_swaps(), limit - len(found))
    return tuple(found)


class _PatternSearch:
    """One hunt: the wish, its dates on each weekday, and how many dates may still be judged."""

    def __init__(
        self, wish: SeriesBooking, term: Term, situation: Situation, now: datetime
    ) -> None:
        self.wish = wish
        self.term = term
        self.situation = situation
        self.now = now
        self.zone = situation.schools[wish.sites[0].school].time.zone
        self._left = DATES_JUDGED_AT_MOST
        self._need_swaps: list[tuple[Booking, Sequence[Occurrence]]] = []
        self._situation_on: dict[date, Situation] = {}

    def patterns_on(self, weekday: int) -> Iterator[Alternative]:
        """The times of a weekday at which every date can be held, the nearest first."""
        weekly = replace(self.wish.weekly, weekday=weekday)
        found = dates_of(weekly, self.term, self.wish.sites, self.situation.schools)
        dates = upcoming(found, self.now)
        if not dates:
            return
        first = Booking(**agenda_of(self.wish), slot=dates[0].slot, sites=self.wish.sites)
        candidates = Candidates(first, self.situation)
        for candidate in candidates.times_on(dates[0].date):
            if (weekly, candidate.slot) != (self.wish.weekly, first.slot):
                yield from self._judged(candidate, dates)

    def patterns_with_swaps(self) -> Iterator[Alternative]:
        """Patterns that only other subjects' lessons are in the way of."""
        self._left += JUDGED_WITH_SWAPS
        for candidate, dates in tuple(self._need_swaps):
            yield from self._judged(with_swaps(candidate), dates)

    def _judged(self, candidate: Booking, dates: Sequence[Occurrence]) -> Iterator[Alternative]:
        sessions, conflicts = self._every_date(candidate, dates)
        for _ in candidate.sites:  # each round may find another room taken on a later date
            if conflicts and all(map(names_a_room, conflicts)):
                candidate = with_rooms_open(candidate, conflicts)
                sessions, conflicts = self._every_date(candidate, dates)
        if not conflicts and len(sessions) == len(dates):
            yield self._alternative(candidate, sessions)
        elif all(each.rule == "H3" for each in conflicts) and with_swaps(candidate) != candidate:
            self._need_swaps.append((candidate, dates))

    def _every_date(
        self, candidate: Booking, dates: Sequence[Occurrence]
    ) -> tuple[list[Session], tuple[Conflict, ...]]:
        """The sessions up to the first date that a rule forbids, and why it does."""
        sessions: list[Session] = []
        starts = candidate.slot.starts - dates[0].slot.starts
        for occurrence in dates:
            if self._left <= 0:
                break
            self._left -= 1
            slot = replace(
                candidate.slot,
                starts=occurrence.slot.starts + starts,
                ends=occurrence.slot.ends + starts,
            )
            around = self._near(slot.starts.date())
            session = draft(replace(candidate, slot=slot), around, id=_NEW, now=self.now)
            if conflicts := find_conflicts(session, around, now=self.now):
                return sessions, conflicts
            sessions.append(session)
        return sessions, ()

    def _near(self, on: date) -> Situation:
        if on not in self._situation_on:
            self._situation_on[on] = near(self.situation, on)
        return self._situation_on[on]

    def _alternative(self, candidate: Booking, sessions: Sequence[Session]) -> Alternative:
        """The pattern; a room left open may differ from date to date, so it stays open."""
        first = sessions[0]
        local = first.slot.starts.astimezone(self.zone)
        weekly = Weekly(
            weekday=local.isoweekday(),
            starts=local.time(),
            minutes=first.slot.minutes,
            weeks=self.wish.weekly.weeks,
        )
        return Alternative(
            slot=first.slot,
            sites=candidate.sites,
            weekly=weekly,
            changes=self._changes(candidate, weekly, sessions),
            min_effective_minutes=min(
                site.effective_minutes for session in sessions for site in session.sites
            ),
        )

    def _changes(self, candidate: Booking, weekly: Weekly, sessions: Sequence[Session]) -> Text:
        first, times = sessions[0], clock_times(sessions[0].slot, self.zone)
        weekday = weekday_text(weekly.weekday)
        every = Text(
            f"改为每{weekday.zh}{times}，{len(sessions)}次全部可排",
            f"every {weekday.en} {times}, all {len(sessions)} dates are free",
        )
        opened = {
            site.school
            for site, wished in zip(candidate.sites, self.wish.sites, strict=True)
            if site.room != wished.room
        }
        names = [self.situation.schools[school].school.name for school in sorted(opened)]
        rooms = [Text(f"{name}用当日空闲的教室", f"{name} in any free room") for name in names]
        wishes = tuple(
            replace(wished, room=None) if wished.school in opened else wished
            for wished in self.wish.sites
        )
        return sentence_of([every, *rooms, *at_sites(wishes, first, self.situation)])
