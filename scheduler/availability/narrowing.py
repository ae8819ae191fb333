"""What takes the people and rooms that a window is wanted for: it leaves no window, or a mark."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from calendars.slots import Slot
from calendars.text import Text
from calendars.windows import Occupied, WeeklyWindow, Window
from scheduler.availability.asking import Availability, look_at
from scheduler.availability.stretches import Use
from scheduler.errors import InvalidWishError, NotFoundError
from scheduler.members import Name, RoomId, TeacherId
from scheduler.model import Resource, ResourceKind
from scheduler.store import Transaction

_FORBIDS: Final = {
    Use.HELD: Text("已暂占", "held"),
    Use.BOOKED: Text("已预约", "booked"),
    Use.OCCUPIED: Text("占用", "occupied"),
    Use.OUT_OF_ORDER: Text("停用", "out of order"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftlyOccupied:
    """Somebody or something asked for that can be had then, but is better left alone."""

    resource: Resource
    name: Name
    slot: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowForAll(Window):
    """A window that everybody and every room asked for has free, at the price of what is soft."""

    softly_occupied: tuple[SoftlyOccupied, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyWindowForAll(WeeklyWindow):
    """The same for the dates on which a weekly window holds."""

    softly_occupied: tuple[SoftlyOccupied, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken of those asked for, and what they would rather keep."""

    hard: tuple[Occupied, ...] = ()
    soft: tuple[SoftlyOccupied, ...] = ()

    def marked(self, window: Window) -> WindowForAll:
        """The window with what is soft in it."""
        return WindowForAll(
            slot=window.slot, fits=window.fits, softly_occupied=tuple(self._met_by([window.slot]))
        )

    def marked_weekly(self, window: WeeklyWindow, zone: ZoneInfo) -> WeeklyWindowForAll:
        """The weekly window with what is soft on its dates."""
        starts = (datetime.combine(on, window.weekly.starts, zone) for on in window.dates)
        slots = [Slot.lasting(each, window.weekly.minutes) for each in starts]
        return WeeklyWindowForAll(
            weekly=window.weekly,
            held=window.held,
            missed=window.missed,
            softly_occupied=tuple(self._met_by(slots)),
        )

    def _met_by(self, slots: Sequence[Slot]) -> list[SoftlyOccupied]:
        return [
            SoftlyOccupied(resource=each.resource, name=each.name, slot=shared)
            for slot in slots
            for each in self.soft
            if (shared := each.slot.shared_with(slot)) is not None
        ]


async def taken_from(
    transaction: Transaction,
    teachers: Collection[TeacherId],
    rooms: Collection[RoomId],
    days: tuple[date, date],
) -> Taken:
    """What is taken of these teachers and rooms from the first day to the last.

    Lessons, sessions, outages, and busy time of their own or imported calendars, without details
    (E35). `InvalidWishError` names whom nobody knows.
    """
    zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    first, last = (datetime.combine(each, time(), zone) for each in days)
    within = Slot(first, last + timedelta(days=1))
    found = [
        *await _looked_at(transaction, ResourceKind.TEACHER, teachers, within),
        *await _looked_at(transaction, ResourceKind.ROOM, rooms, within),
    ]
    return Taken(
        tuple(
            Occupied(slot=stretch.slot, school=each.school, why=_why(each, stretch.use))
            for each in found
            for stretch in each.stretches
            if each.school is not None and stretch.use in _FORBIDS
        ),
        tuple(
            SoftlyOccupied(resource=each.resource, name=each.name, slot=stretch.slot)
            for each in found
            for stretch in each.stretches
            if stretch.use is Use.SOFTLY_OCCUPIED
        ),
    )


async def _looked_at(
    transaction: Transaction, kind: ResourceKind, ids: Collection[str], within: Slot
) -> Sequence[Availability]:
    if not ids:
        return ()
    try:
        return await look_at(transaction, [kind], within, ids=ids)
    except NotFoundError as error:
        raise InvalidWishError(
            error.text.zh, error.text.en, pointer=f"?{kind}s", value=", ".join(ids)
        ) from None


def _why(found: Availability, use: Use) -> Text:
    word = _FORBIDS[use]
    return Text(f"{found.name}：{word.zh}。", f"{found.name} is {word.en}.")
