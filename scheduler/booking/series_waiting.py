"""Dates that a series had to skip are watched, until they pass, and offered back to it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from uuid import uuid4

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.booking.series_dates import SkippedDate
from scheduler.model import (
    Booking,
    Role,
    Series,
    SeriesId,
    Waiting,
    WaitingId,
    WaitingState,
)
from scheduler.placing import agenda_of
from scheduler.schools import SchoolBook
from scheduler.store import Transaction


async def watch_dates(
    transaction: Transaction,
    series: Series,
    skipped: Iterable[SkippedDate],
    books: Mapping[SchoolId, SchoolBook],
) -> None:
    """Let the dates that rules forbid today wait for a place."""
    lead = next(site.school for site in series.sites if site.role is Role.LEAD)
    zone = books[lead].time.zone
    for each in skipped:
        starts = datetime.combine(each.date, series.weekly.starts, zone)
        booking = Booking(
            **agenda_of(series),
            slot=Slot.lasting(starts, series.weekly.minutes),
            sites=series.sites,
            pinned=series.pinned,
        )
        waiting = Waiting(
            booking=booking,
            id=WaitingId(uuid4().hex),
            school=lead,
            series=series.id,
            series_date=each.date,
            filed_by=transaction.actor.name,
            filed_as=transaction.actor.role,
            filed_at=transaction.now,
        )
        await transaction.add_waiting(waiting)


async def stop_watching(transaction: Transaction, series: SeriesId, from_date: date) -> None:
    """From a date on the series is another or none: what it had to skip is wanted no more.

    A date that is offered is a session of the series, and goes where the series goes.
    """
    for before in await transaction.waiting_list(
        states=(WaitingState.WAITING, WaitingState.OFFERED), series=series
    ):
        if before.series_date is not None and before.series_date >= from_date:
            await transaction.replace_waiting(before, replace(before, state=WaitingState.LEFT))
