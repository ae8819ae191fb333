"""Wishes for sessions and series, and the sessions and series that are held."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from calendars.bells import SchoolId
from calendars.series import Weekly
from calendars.slots import Slot
from calendars.text import Text
from scheduler.members import (
    IDENTIFIER,
    ClassGroupId,
    Note,
)
from scheduler.model.agenda import (
    Agenda,
    Resource,
    ResourceKind,
    Role,
    SeriesId,
    SessionId,
    SessionState,
    Site,
    Sites,
    SiteWish,
    check_consent,
    check_length,
    check_sites,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking(Agenda):
    """The wish for one session, with its slot."""

    slot: Slot
    sites: Sites
    pinned: bool = False

    def __post_init__(self) -> None:
        check_sites(self.sites)
        check_consent(self, self.sites)
        check_length(self.slot.minutes, self.min_minutes, field="slot")


class WhenImpossible(StrEnum):
    """What to do with the dates of a series on which a rule says no."""

    REFUSE = "refuse"
    SKIP = "skip"
    ALTERNATIVE = "alternative"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesBooking(Agenda):
    """The wish for a weekly series: the lead school's `term` gives the weeks."""

    term: Annotated[str, IDENTIFIER]
    weekly: Weekly
    sites: Sites
    when_impossible: WhenImpossible = WhenImpossible.REFUSE
    pinned: bool = False

    def __post_init__(self) -> None:
        check_sites(self.sites)
        check_consent(self, self.sites)
        check_length(self.weekly.minutes, self.min_minutes, field="weekly/minutes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Agenda):
    """One dated joint lesson or research meeting: all its sites are one unit with one revision.

    `series_date` is the date on which its series put it, whatever became of it since; `declined`
    are the schools without which it goes on; `booked_by` is the school that asked for it (None: the
    office did). `sequence` and `changed_at` move only with what a calendar shows (RFC 5545
    SEQUENCE, LAST-MODIFIED); `revision` moves with every change.
    """

    id: Annotated[SessionId, IDENTIFIER]
    slot: Slot
    sites: tuple[Site, ...]
    state: SessionState
    series: SeriesId | None = None
    series_date: date | None = None
    pinned: bool = False
    declined: tuple[SchoolId, ...] = ()
    booked_by: SchoolId | None = None
    hold_expires_at: datetime | None = None
    reason: Note = ""
    created_at: datetime
    changed_at: datetime
    sequence: int = 0
    revision: int = 1

    def site_of(self, school: SchoolId) -> Site | None:
        """The part of `school`, if it has one."""
        return next((site for site in self.sites if site.school == school), None)

    @property
    def lead(self) -> Site:
        """The site that leads."""
        return next(site for site in self.sites if site.role is Role.LEAD)

    def is_live(self, now: datetime) -> bool:
        """Whether it still uses its resources: not cancelled, no hold that has run out (H14)."""
        if self.state is SessionState.HELD:
            return self.hold_expires_at is None or now < self.hold_expires_at
        return self.state is SessionState.CONFIRMED

    def participants(self) -> tuple[frozenset[SchoolId], frozenset[ClassGroupId]]:
        """The schools and classes that take part: the same ones need no buffer in a room (H12)."""
        groups = (group for site in self.sites for group in site.class_groups)
        return frozenset(site.school for site in self.sites), frozenset(groups)

    def resources(self) -> tuple[Resource, ...]:
        """Everything it locks, sorted: schools, rooms, people, class groups, the link pool.

        Kits depend on the rooms and are added by whoever knows them.
        """
        found = {Resource(ResourceKind.SCHOOL, site.school) for site in self.sites}
        for site in self.sites:
            if site.room is not None:
                found.add(Resource(ResourceKind.ROOM, site.room))
            found |= {Resource(ResourceKind.TEACHER, teacher) for teacher in site.required_teachers}
            found |= {Resource(ResourceKind.CLASS_GROUP, group) for group in site.class_groups}
        if self.link_pool is not None:
            found.add(Resource(ResourceKind.LINK_POOL, self.link_pool))
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Series(Agenda):
    """The weekly pattern that sessions come from; `split_from` is the series it continues (E54)."""

    id: Annotated[SeriesId, IDENTIFIER]
    term: str
    weekly: Weekly
    sites: tuple[SiteWish, ...]
    pinned: bool = False
    split_from: SeriesId | None = None
    created_at: datetime
    changed_at: datetime
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One broken rule of H1-H17, in a sentence, with everything involved."""

    rule: str
    sentence: Text
    resources: tuple[Resource, ...] = ()
    sessions: tuple[SessionId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstMove:
    """Another session, as its `revision` was read, that has to move first, and where it may go.

    The schools of `asks` have to agree to that; where it is empty their open slots have. One of
    `through` has to propose it, if the reader may not. Where it is a whole `series`, at that
    revision, it moves to `weekly`, and the session and the slot are its first.
    """

    session: SessionId
    revision: int
    title: str
    slot: Slot
    sites: tuple[SiteWish, ...]
    series: SeriesId | None = None
    weekly: Weekly | None = None
    asks: tuple[SchoolId, ...] = ()
    through: tuple[SchoolId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A place that no rule forbids at the moment of asking, with what it changes and costs.

    `session` is for which of several that were refused together, the others as they are. It is
    free only after the `first` move, if there is one.
    """

    session: SessionId | None = None
    slot: Slot
    sites: tuple[SiteWish, ...]
    weekly: Weekly | None = None
    changes: Text
    min_effective_minutes: int
    first: FirstMove | None = None
