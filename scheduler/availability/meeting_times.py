"""When enough members of a studio could meet: the earliest times, and who is missing then (E46)."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.fields import check_year
from calendars.slots import Slot
from scheduler.availability.asking import Availability, look_at
from scheduler.availability.stretches import Use
from scheduler.members import WORKDAY, Studio, StudioId, TeacherId
from scheduler.model import ResourceKind
from scheduler.schools import SchoolBook
from scheduler.store import Transaction

STEP: Final = timedelta(minutes=5)
TIMES: Final = 5
"""So many are told, none of which overlaps another."""
_TAKEN: Final = frozenset({Use.OCCUPIED, Use.HELD, Use.BOOKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioMeeting:
    """How long a studio would meet, with how many of its members in a hundred, from when on."""

    studio: StudioId
    minutes: Annotated[int, Meta(ge=5, le=240)] = 60
    share: Annotated[int, Meta(ge=1, le=100)] = 80
    date: date
    days: Annotated[int, Meta(ge=1, le=35)] = 14

    def __post_init__(self) -> None:
        check_year(self.date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """A member who is taken then."""

    teacher: TeacherId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingTime:
    """A time at which `free` of the `members` could meet, without those who are `absent`."""

    slot: Slot
    members: int
    free: int
    absent: tuple[Absent, ...]


async def meeting_times(
    transaction: Transaction, wish: StudioMeeting
) -> Callable[[], tuple[MeetingTime, ...]]:
    """What finds the earliest times to come, in a thread; `NotFoundError` for no such studio.

    The head counts as a member. Whoever has a lesson, a session or busy time is taken, and so is
    everybody of a school on whose holiday it falls.
    """
    studio = (await transaction.get(Studio, wish.studio)).record
    zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    days = [wish.date + timedelta(days=no) for no in range(wish.days)]
    within = Slot(_on(days[0], time(), zone), _on(days[-1] + timedelta(days=1), time(), zone))
    members = tuple(dict.fromkeys((studio.head, *studio.members)))
    found = await look_at(transaction, [ResourceKind.TEACHER], within, ids=members)
    books, now = await transaction.books(), transaction.now

    def times() -> tuple[MeetingTime, ...]:
        people = [_Member(each, books) for each in found]
        slots = (slot for on in days for slot in _slots_on(on, wish.minutes, zone))
        to_come = (each for each in slots if each.starts >= now)
        return tuple(islice(_suited(to_come, people, wish), TIMES))

    return times


class _Member:
    """A member with the time that is taken of it, and the days on which its school works."""

    def __init__(self, found: Availability, books: Mapping[SchoolId, SchoolBook]) -> None:
        self.told = Absent(teacher=TeacherId(found.resource.id), name=found.name)
        self._taken = [each.slot for each in found.stretches if each.use in _TAKEN]
        assert found.school is not None  # noqa: S101 - a teacher has a home school
        self._clock = books[found.school].time

    def is_free(self, slot: Slot) -> bool:
        day = self._clock.day(self._clock.date_of(slot.starts))
        return day.is_for_staff and not any(each.overlaps(slot) for each in self._taken)


def _suited(
    slots: Iterator[Slot], people: Collection[_Member], wish: StudioMeeting
) -> Iterator[MeetingTime]:
    """Those at which enough are free, each after the end of the last."""
    ended: datetime | None = None
    for slot in slots:
        if ended is not None and slot.starts < ended:
            continue
        absent = tuple(each.told for each in people if not each.is_free(slot))
        free = len(people) - len(absent)
        if 100 * free >= wish.share * len(people):
            ended = slot.ends
            yield MeetingTime(slot=slot, members=len(people), free=free, absent=absent)


def _slots_on(on: date, minutes: int, zone: ZoneInfo) -> Iterator[Slot]:
    """Every few minutes of the working day on the alliance's clock."""
    slot = Slot.lasting(_on(on, WORKDAY[0], zone), minutes)
    while slot.ends <= _on(on, WORKDAY[1], zone):
        yield slot
        slot = Slot(slot.starts + STEP, slot.ends + STEP)


def _on(on: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, at, zone)
