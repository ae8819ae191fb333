"""Wishes that could not be placed and wait until a place is free."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final, NewType

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.fields import Line, to_blame
from calendars.series import Weekly
from calendars.slots import Slot
from calendars.text import InvalidValueError, Text
from scheduler.members import IDENTIFIER, Name
from scheduler.model.agenda import RequestId, SeriesId, SessionId, check_length
from scheduler.model.readers import Actor, ActorRole
from scheduler.model.sessions import Booking, SeriesBooking, WhenImpossible

WaitingId = NewType("WaitingId", str)
_OTHERS: Final = 2
"""A wish is one of three things, so so many are none."""


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
    """What waits: one `booking`, or one `series_booking` with all its dates to come together.

    At its time, or as well at other times (`also_at`; every week `also_weekly`), best first. Or a
    `request` that no plan has placed, for any place that it would take, with all that goes with it.
    """

    booking: Booking | None = None
    series_booking: SeriesBooking | None = None
    request: RequestId | None = None
    also_at: Annotated[tuple[Slot, ...], Meta(max_length=20)] = ()
    also_weekly: Annotated[tuple[Weekly, ...], Meta(max_length=20)] = ()

    def __post_init__(self) -> None:
        if [self.booking, self.series_booking, self.request].count(None) != _OTHERS:
            raise InvalidValueError(
                "请给出 booking（单次）、series_booking（每周）或 request（未排上的需求），"
                "且只给一个。",
                "Give either a booking, a series_booking or a request.",
                field=to_blame(self, "booking", "series_booking", "request"),
            )
        if (self.also_at and not self.booking) or (self.also_weekly and not self.series_booking):
            raise InvalidValueError(
                "also_at 用于 booking，also_weekly 用于 series_booking。",
                "also_at goes with a booking, also_weekly with a series_booking.",
                field="also_at" if self.also_at and not self.booking else "also_weekly",
            )
        if self.series_booking and self.series_booking.when_impossible is not WhenImpossible.REFUSE:
            raise InvalidValueError(
                "每周的需求整体候补，when_impossible 须为 refuse；可跳过日期的系列请直接预约，"
                "跳过的日期会自动候补。",
                "A weekly need waits as a whole: its when_impossible is refuse. A series that may "
                "skip dates is booked, and those dates wait by themselves.",
                field="series_booking/when_impossible",
            )
        self._check_times()

    def _check_times(self) -> None:
        times: tuple[Slot | Weekly, ...] = (*self.slots, *self.patterns)
        for no, time in enumerate(times[1:]):
            place = f"also_at/{no}" if self.booking else f"also_weekly/{no}"
            check_length(time.minutes, self.wish.min_minutes, field=place)
            if time in times[: no + 1]:
                raise InvalidValueError("同一时间只能写一次。", "Name each time once.", field=place)

    @property
    def wish(self) -> Booking | SeriesBooking:
        """What is to be held, where it is no request."""
        wish = self.booking or self.series_booking
        assert wish is not None  # noqa: S101 - it has one of the two
        return wish

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Every time that would do for a booking, best first."""
        return () if self.booking is None else (self.booking.slot, *self.also_at)

    @property
    def patterns(self) -> tuple[Weekly, ...]:
        """Every pattern that would do for a series, best first."""
        return (
            () if self.series_booking is None else (self.series_booking.weekly, *self.also_weekly)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting(WaitingWish):
    """A wish on the waiting list. `school` waits and answers the offer.

    `session` is the place that was offered, `series` the series that was offered. A booking with a
    `series_date` is a date that its `series` had to skip: `lapses` counts the offers for it that
    nobody answered, and it rests until `rests_until` before the next.

    Of a `request` it tells what it is called and whether it brings pupils; `unplaced` is why the
    plan that put it here had no place, `offered_requests` are it and those that go with it, which
    were offered one together.
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
    lapses: int = 0
    rests_until: datetime | None = None
    request_title: Line = ""
    request_brings_pupils: bool = False
    unplaced: tuple[Text, ...] = ()
    offered_requests: tuple[RequestId, ...] = ()
    revision: int = 1

    @property
    def title(self) -> str:
        """What people call that which is to be held."""
        return self.request_title if self.request is not None else self.wish.title

    @property
    def brings_pupils(self) -> bool:
        """Whether classes take part."""
        if self.request is not None:
            return self.request_brings_pupils
        return any(site.class_groups for site in self.wish.sites)

    @property
    def is_open(self) -> bool:
        """Whether it waits, or has an offer that nobody has answered yet."""
        return self.state in (WaitingState.WAITING, WaitingState.OFFERED)

    @property
    def is_all_term(self) -> bool:
        """Whether it is a series, a request for one, or a date of one."""
        return self.booking is None or self.series_date is not None

    @property
    def filer(self) -> Actor:
        """Who asks for the place, with the rights of then."""
        own = self.school if self.filed_as is ActorRole.SCHOOL_COORDINATOR else None
        return Actor(name=self.filed_by, role=self.filed_as, school=own)

    def rests(self, now: datetime) -> bool:
        """Whether others have the place for a while, after offers that nobody answered."""
        return self.rests_until is not None and now < self.rests_until
