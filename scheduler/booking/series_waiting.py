"""Dates that a series had to skip are watched, until they pass, and offered back to it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.slots import Slot
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
from scheduler.ties import Tied


async def watch_dates(
    transaction: Transaction,
    series: Series,
    dates: Iterable[date],
    books: Mapping[SchoolId, SchoolBook],
) -> None:
    """Let the dates that rules forbid today wait for a place."""
    lead = next(site.school for site in series.sites if site.role is Role.LEAD)
    zone = books[lead].time.zone
    for on in dates:
        starts = datetime.combine(on, series.weekly.starts, zone)
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
            series_date=on,
            filed_by=transaction.actor.name,
            filed_as=transaction.actor.role,
            filed_at=transaction.now,
        )
        await transaction.add_waiting(waiting)


async def that_go_together(transaction: Transaction, waiting: Waiting) -> tuple[Waiting, ...]:
    """The date of a series with those that wait, too, and without which it would be pointless.

    Nothing if something that it goes with neither is held nor waits.
    """
    zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    found, others = [waiting], await transaction.waiting_list()
    for each in found:
        assert each.series is not None  # noqa: S101 - it is a date of one
        for tie in await transaction.ties_of_series([each.series], zone):
            if _has_partner(each, tie, found):
                continue
            partner = next((other for other in others if _suits(each, other, tie)), None)
            if partner is None:
                return ()
            found.append(partner)
    return tuple(found)


def _has_partner(waiting: Waiting, tie: Tied, found: Iterable[Waiting]) -> bool:
    series, on = waiting.series, waiting.series_date
    assert series is not None and on is not None  # noqa: PT018, S101 - it is a date of a series
    is_held = any(tie.suits(series, on, there) for there in tie.partners_of(series).values())
    return is_held or any(_suits(waiting, other, tie) for other in found)


def _suits(waiting: Waiting, other: Waiting, tie: Tied) -> bool:
    """Whether the other is a date of what the tie is with, as far from it as was asked."""
    if waiting.series is None or waiting.series_date is None or other.series_date is None:
        return False
    theirs = tie.earlier if waiting.series in tie.later else tie.later
    return other.series in theirs and tie.suits(
        waiting.series, waiting.series_date, other.series_date
    )


async def stop_watching(transaction: Transaction, series: SeriesId, from_date: date) -> None:
    """From a date on the series is another or none: what it had to skip is wanted no more.

    A date that is offered is a session of the series, and goes where the series goes.
    """
    for before in await transaction.waiting_list(
        states=(WaitingState.WAITING, WaitingState.OFFERED), series=series
    ):
        if before.series_date is not None and before.series_date >= from_date:
            await transaction.replace_waiting(before, replace(before, state=WaitingState.LEFT))
