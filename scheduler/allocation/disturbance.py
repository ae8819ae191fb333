"""What a repair disturbs: every place a session might have, and its points there (S13)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

from calendars.bells import SchoolId
from calendars.series import Weekly
from scheduler.allocation.alike import Alike
from scheduler.allocation.chains import keeps_its_partners
from scheduler.allocation.problem import Problem
from scheduler.allocation.starts import Start, starts_on
from scheduler.allocation.statement import Statement
from scheduler.allocation.trials import Option, Trial
from scheduler.allocation.weekly.changes import Change
from scheduler.allocation.weekly.problem import Chosen
from scheduler.allocation.weights import by_notice
from scheduler.members import WORKDAY
from scheduler.model import Request, RequestId, RequestSite, Session, Site, SiteWish
from scheduler.placing import agenda_of, fields_of

OTHER_ROOM, OTHER_TIME, OTHER_DATE = 2, 6, 12
"""What a change is worth, for each person told again and by notice.

Another room concerns the people of its school only; besides another time it is worth a point.
"""


def as_request(session: Session, problem: Problem) -> Request:
    """The session as a wish for one date, whatever rooms it takes."""
    starts = session.slot.starts.astimezone(problem.zone).time()
    ends = session.slot.ends.astimezone(problem.zone).time()
    return Request(
        **agenda_of(session),
        id=RequestId(session.id),
        school=session.lead.school,
        term=session.id,
        minutes=session.slot.minutes,
        earliest=min(starts, WORKDAY[0]),
        latest=max(ends, WORKDAY[1]),
        sites=tuple(
            RequestSite(**fields_of(replace(site, room=None, period=None)))
            for site in session.sites
        ),
    )


def places_of(session: Session, days_ahead: int, alone: Problem, alike: Alike) -> Iterator[Option]:
    """Every place the session could have by itself, its own rooms first."""
    request = as_request(session, alone)
    local = session.slot.starts.astimezone(alone.zone)
    own_day, own_time = local.date(), local.time()
    for ahead in range(days_ahead + 1):
        on = own_day + timedelta(days=ahead)
        if ahead and not keeps_its_partners(session, on, alone):
            continue
        own = [Start(own_time)] if not ahead else []
        others = (each for each in starts_on(request, [on], alone) if each not in own)
        for start in (*own, *others):
            weekly = Weekly(
                weekday=on.isoweekday(), starts=start.starts, minutes=session.slot.minutes
            )
            found, _ = Trial(request, alone, alike, weekly, [on], [on]).run(start)
            yield from (_with_own_rooms_first(option, session) for option in found)


def _with_own_rooms_first(option: Option, session: Session) -> Option:
    """Of the rooms that share a kit, the one that it has is taken."""
    own = {site.school: site.room for site in session.sites}
    rooms = {
        school: tuple(sorted(possible, key=lambda room: room != own.get(school)))
        for school, possible in option.rooms.items()
    }
    return replace(option, rooms=rooms)


class Disturbance:
    """Where the sessions are, and what it disturbs for each place of the statement to be used.

    The first activities of the statement are the sessions, in their order. What comes after them
    is not held yet: wherever it goes, that by itself disturbs nobody.
    """

    def __init__(self, sessions: Sequence[Session], statement: Statement, alone: Problem) -> None:
        self._statement = statement
        self._alone = alone
        self.before: list[Chosen] = []
        self.by_place: list[Change] = []
        for number, (place, option) in enumerate(
            zip(statement.weekly.places, statement.options, strict=True)
        ):
            if place.activity >= len(sessions):
                nothing = (0,) * len(option.rooms)
                self.by_place.append(Change(0, nothing, nothing))
                continue
            session = sessions[place.activity]
            change = self._change(session, option)
            self.by_place.append(change)
            if not change.points:
                rooms = tuple(self._number(session, school) for school in option.rooms)
                self.before.append(Chosen(number, rooms))

    def _change(self, session: Session, option: Option) -> Change:
        stays = option.slots[0] == session.slot and _same_tactics(option.sites, session)
        notice = by_notice(session.slot.starts - self._alone.now)
        ahead = (option.dates[0] - self._day(session)).days
        points = (OTHER_DATE if ahead else OTHER_TIME) * notice * _people(session) + ahead
        own, rooms = [], []
        for school, possible in option.rooms.items():
            site = session.site_of(school)
            is_possible = site is not None and site.room in possible
            own.append(1 << self._number(session, school) if is_possible else 0)
            people = 0 if site is None else _people_at(site)
            rooms.append(OTHER_ROOM * notice * people if stays else 1)
        return Change(0 if stays else points, tuple(own), tuple(rooms))

    def _number(self, session: Session, school: SchoolId) -> int:
        """The number of the session's room there, one too high if the school has it no more."""
        site = session.site_of(school)
        units = self._statement.rooms[school]
        found = (
            number for number, unit in enumerate(units) if site is not None and site.room in unit
        )
        return next(found, len(units))

    def _day(self, session: Session) -> date:
        return session.slot.starts.astimezone(self._alone.zone).date()


def _same_tactics(sites: Sequence[SiteWish], session: Session) -> bool:
    return all(
        (site.tactic, site.shift_minutes) == (known.tactic, known.shift_minutes)
        for site in sites
        if (known := session.site_of(site.school)) is not None
    )


def _people(session: Session) -> int:
    """Teachers and classes that are told again."""
    return sum(map(_people_at, session.sites))


def _people_at(site: Site) -> int:
    return max(1, len(site.required_teachers) + len(site.class_groups))
