"""What the rules look at: a session in its situation, and what each school says of its own part."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId, TimedPeriod
from calendars.school_time import SchoolDay, SchoolTime
from calendars.slots import Slot, span_of
from calendars.text import Text
from calendars.windows import Attendance
from calendars.windows.attendance import BellDay, attend_on
from scheduler.local_words import shift_of, wall_clock
from scheduler.members import ClassGroup, ClassGroupId, Room, RoomId, Teacher, TeacherId
from scheduler.model import Conflict, Resource, ResourceKind, Session, Site
from scheduler.schools import SchoolBook, Situation

FARTHEST_BUFFER: Final = timedelta(minutes=120)
"""No room asks for more between two sessions (`Room.buffer_minutes`)."""


# The same class and slot are judged again and again, with other rooms and in other plans.
@lru_cache(maxsize=4096)
def attend_once(
    time: SchoolTime, on: date, grade: int | None, slot: Slot, shift_minutes: int
) -> Attendance | None:
    """What a class of the grade gets of a slot of that date, its period moved so far."""
    periods = time.periods(on, grade)
    return attend_on(_bell_day(time, on, grade), periods, slot, shift_minutes=shift_minutes)


@lru_cache(maxsize=4096)
def _bell_day(time: SchoolTime, on: date, grade: int | None) -> BellDay:
    return BellDay.of(time.periods(on, grade))


@dataclass(frozen=True, slots=True)
class Attending:
    """A class at its site: its day, its bells, and what it gets of the slot (None: nothing)."""

    group: ClassGroup
    day: SchoolDay
    periods: tuple[TimedPeriod, ...]
    attendance: Attendance | None


@dataclass(frozen=True, slots=True)
class Part:
    """One site with its school's book, the date there, its room and the classes of that school.

    `stretch` is when its people are away from their own timetable: what its classes attend, or
    the whole slot.
    """

    site: Site
    book: SchoolBook
    on: date
    room: Room | None
    classes: tuple[Attending, ...]
    stretch: Slot

    @property
    def has_pupils(self) -> bool:
        """Whether a class takes part here."""
        return bool(self.site.class_groups)

    @property
    def school(self) -> Resource:
        """The school as a conflict names it."""
        return Resource(ResourceKind.SCHOOL, self.site.school)

    @property
    def school_name(self) -> str:
        return self.book.school.name


@dataclass(frozen=True, kw_only=True)
class Case:
    """A session to be judged, with everything that decides."""

    session: Session
    situation: Situation
    now: datetime
    published: Session | None = None
    instead_of: Session | None = None
    anew: bool = False
    automatic: bool = False

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The sites whose school is known."""
        schools = self.situation.schools
        return tuple(
            _part(self.situation, self.session.slot, site, schools[site.school])
            for site in self.session.sites
            if site.school in schools
        )

    @cached_property
    def near(self) -> tuple[Session, ...]:
        """The other live sessions (H14) that begin or end within reach of travel and buffers."""
        session = self.session
        reach = max(
            FARTHEST_BUFFER, timedelta(minutes=self.situation.alliance.alliance.travel_minutes)
        )
        earliest, latest = session.slot.starts - reach, session.slot.ends + reach
        return tuple(
            other
            for other in self.situation.sessions
            if earliest < other.slot.ends
            and other.slot.starts < latest
            and other.id != session.id
            and other.is_live(self.now)
        )

    @cached_property
    def overlapping(self) -> tuple[Session, ...]:
        """Those of the near sessions that are held at the same time."""
        return tuple(other for other in self.near if other.slot.overlaps(self.session.slot))

    @cached_property
    def zone(self) -> ZoneInfo:
        """The alliance's clock."""
        return ZoneInfo(self.situation.alliance.alliance.zone)

    def when(self, slot: Slot) -> Text:
        """A slot on the alliance's clock."""
        return wall_clock(slot, self.zone)

    def teacher(self, id: TeacherId, part: Part) -> Teacher | None:
        """The teacher; looked up at the part's own school first."""
        return part.book.teachers.get(id) or self.situation.teacher(id)

    def teacher_name(self, id: TeacherId) -> str:
        teacher = self.situation.teacher(id)
        return teacher.name if teacher else id

    def room_name(self, id: RoomId) -> str:
        room = self.situation.room(id)
        return room.name if room else id

    def class_name(self, id: ClassGroupId) -> str:
        """With its school, for every school has a 三年级1班."""
        group = self.situation.class_group(id)
        return f"{self.school_name(group.school)} {group.name}" if group else id

    def school_name(self, id: SchoolId) -> str:
        book = self.situation.schools.get(id)
        return book.school.name if book else id


def _part(situation: Situation, slot: Slot, site: Site, book: SchoolBook) -> Part:
    on = book.time.date_of(slot.starts)
    classes = tuple(
        _attending(book, book.class_groups[group], on, slot, shift_of(site))
        for group in site.class_groups
        if group in book.class_groups
    )
    stretches = [each.attendance.stretch for each in classes if each.attendance is not None]
    return Part(
        site=site,
        book=book,
        on=on,
        room=None if site.room is None else book.rooms.get(site.room) or situation.room(site.room),
        classes=classes,
        stretch=_whole(stretches) or slot,
    )


def _whole(stretches: Sequence[Slot]) -> Slot | None:
    # One class a site is the rule, and its stretch needs no building.
    return span_of(stretches) if len(stretches) > 1 else next(iter(stretches), None)


def _attending(
    book: SchoolBook, group: ClassGroup, on: date, slot: Slot, shift_minutes: int
) -> Attending:
    return Attending(
        group=group,
        day=book.time.day(on, group.grade),
        periods=book.time.periods(on, group.grade),
        attendance=attend_once(book.time, on, group.grade, slot, shift_minutes),
    )


def broken(
    rule: str, zh: str, en: str, *resources: Resource, sessions: tuple[Session, ...] = ()
) -> Conflict:
    """One broken rule, in a sentence, with everything involved."""
    return Conflict(
        rule=rule,
        sentence=Text(zh, en),
        resources=resources,
        sessions=tuple(session.id for session in sessions),
    )
