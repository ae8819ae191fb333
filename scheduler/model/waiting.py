"""Wishes that could not be placed and wait until a place is free."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, NewType

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.slots import Slot
from calendars.text import InvalidValueError
from scheduler.members import IDENTIFIER, Name
from scheduler.model.agenda import SeriesId, SessionId, check_length
from scheduler.model.readers import Actor, ActorRole
from scheduler.model.sessions import Booking

WaitingId = NewType("WaitingId", str)


class WaitingState(StrEnum):
    """Where a wish stands: only `waiting` ones are offered a place, only `offered` ones hold one.

    `taken`: the offer was confirmed; `declined`, `lapsed`: somebody said no to it, or nobody said
    anything; `left`: it was taken back; `passed`: the last time that would do has come.
    """

    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"
    DECLINED = "declined"
    LAPSED = "lapsed"
    LEFT = "left"
    PASSED = "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingWish:
    """What waits: a booking at its slot, or as well at other times (`also_at`), best first."""

    booking: Booking
    also_at: Annotated[tuple[Slot, ...], Meta(max_length=20)] = ()

    def __post_init__(self) -> None:
        for slot in self.also_at:
            check_length(slot.minutes, self.booking.min_minutes)
        if len({self.booking.slot, *self.also_at}) <= len(self.also_at):
            raise InvalidValueError("同一时间只能写一次。", "Name each time once.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting(WaitingWish):
    """A wish on the waiting list. `school` waits and answers the offer.

    `series` and `series_date`: it is a date that its series had to skip. `session` is the place
    that was offered.
    """

    id: Annotated[WaitingId, IDENTIFIER]
    school: SchoolId
    series: SeriesId | None = None
    series_date: date | None = None
    filed_by: Name
    filed_as: ActorRole
    filed_at: datetime
    state: WaitingState = WaitingState.WAITING
    session: SessionId | None = None
    revision: int = 1

    @property
    def is_open(self) -> bool:
        """Whether it waits, or has an offer that nobody has answered yet."""
        return self.state in (WaitingState.WAITING, WaitingState.OFFERED)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every time that would do, best first."""
        return (self.booking.slot, *self.also_at)

    @property
    def filer(self) -> Actor:
        """Who asks for the place, with the rights of then."""
        own = self.school if self.filed_as is ActorRole.SCHOOL_COORDINATOR else None
        return Actor(name=self.filed_by, role=self.filed_as, school=own)

    def is_past(self, now: datetime) -> bool:
        """Whether no time is left that would do."""
        return all(slot.starts <= now for slot in self.slots)
