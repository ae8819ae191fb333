"""A request that today's ledger takes becomes its series and sessions, and is placed with them."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.allocation.offers import as_placed
from scheduler.allocation.problem import lead_of, term_of
from scheduler.booking import series_notices
from scheduler.booking.expiring_links import outlived
from scheduler.booking.series import SeriesBooked
from scheduler.booking.series_dates import Placed, SkippedDate, dates_of, upcoming
from scheduler.booking.series_waiting import watch_dates
from scheduler.model import (
    Placement,
    Request,
    RequestState,
    Series,
    SeriesId,
    Session,
    SessionState,
    SiteState,
)
from scheduler.placing import agenda_of
from scheduler.planning.laying_out import Laid
from scheduler.schools import SchoolBook
from scheduler.store import Stored, Transaction

AGREED_IN_ADVANCE: Final = "申请时已同意 / agreed in the request"
"""Who answered for a school that had agreed to whatever the term's plan finds."""
OFFERED: Final = "供给中已同意 / agreed in the offer"
"""Who answered for a school that lends its teacher."""


async def book_laid(
    transaction: Transaction,
    stored: Stored[Request],
    laid: Laid,
    books: Mapping[SchoolId, SchoolBook],
    *,
    ask: SchoolId | None = None,
) -> list[SeriesBooked]:
    """The series of one request, its sessions and notices; the request is placed with them.

    What the school to `ask` has agreed to in advance does not answer for it.
    """
    asked, now = stored.record, transaction.now
    request = as_placed(asked, laid.placements[0])
    offered = lead_of(request) if asked.is_need else None
    alliance = await transaction.alliance()
    zone = ZoneInfo(alliance.alliance.zone)
    booked = []
    for placement, placed in zip(laid.placements, laid.placed, strict=True):
        series = _series(request, placement, placed, books, now)
        await transaction.add_series(series)
        sessions = tuple(_with_consent(each, request, offered, ask) for each in placed.sessions)
        await transaction.add_sessions(sessions)
        await transaction.add_notices(series_notices.booked(series, sessions, books, now))
        lost = {each.date for each in placed.skipped} | {*placement.skipped, *laid.lone}
        await watch_dates(
            transaction, series, _open_dates(request, series, lost, books, now), books
        )
        skipped = (*placed.skipped, *map(_lone_date, laid.lone))
        booked.append(
            SeriesBooked(
                series=series,
                booked=sessions,
                skipped=skipped,
                notes=outlived(sessions, alliance.link_pools, zone),
            )
        )
    ids = tuple(each.series.id for each in booked)
    offer = laid.placements[0].offer
    await transaction.put(
        replace(asked, state=RequestState.PLACED, series=ids, offer=offer),
        revision=stored.revision,
    )
    return booked


def _open_dates(
    request: Request,
    series: Series,
    lost: Collection[date],
    books: Mapping[SchoolId, SchoolBook],
    now: datetime,
) -> list[date]:
    """Those of the lost dates to come on which no school is closed."""
    term = term_of(request, books)
    assert term is not None  # noqa: S101 - it has just been placed in it
    found = upcoming(dates_of(series.weekly, term, series.sites, books), now)
    return [each.date for each in found if each.date in lost]


def _lone_date(on: date) -> SkippedDate:
    why = Text(f"{on}：与它配套的活动那次不上。", f"{on}: what it goes with is not held then.")
    return SkippedDate(date=on, reason=why)


def _series(
    request: Request,
    placement: Placement,
    placed: Placed,
    books: Mapping[SchoolId, SchoolBook],
    now: datetime,
) -> Series:
    term = term_of(request, books)
    return Series(
        **agenda_of(request),
        id=placed.sessions[0].series or SeriesId(uuid4().hex),
        term=request.term if term is None else term.id,
        weekly=placement.weekly,
        sites=placement.sites,
        created_at=now,
        changed_at=now,
    )


def _with_consent(
    session: Session, request: Request, offered: SchoolId | None, ask: SchoolId | None
) -> Session:
    """Schools that agreed when they asked or offered need not be asked again (H10)."""
    agreed = {
        site.school: OFFERED if site.school == offered else AGREED_IN_ADVANCE
        for site in request.sites
        if site.agreed and site.school != ask
    }
    sites = tuple(
        replace(site, state=SiteState.CONFIRMED, answered_by=agreed[site.school])
        if site.school in agreed and site.state is SiteState.HELD
        else site
        for site in session.sites
    )
    if all(site.state is SiteState.CONFIRMED for site in sites):
        return replace(session, sites=sites, state=SessionState.CONFIRMED, hold_expires_at=None)
    return replace(session, sites=sites)
