"""What follows a date of a series: its sessions to come, and its pattern cut in two there."""

from collections.abc import Mapping, Sequence
from datetime import date

from calendars.bells import SchoolId
from calendars.series import SiteTime, Weekly, split_weeks, still_in
from calendars.terms import Term
from scheduler.errors import StateError
from scheduler.model import Role, Series, SeriesId, Session, SessionState, SiteWish
from scheduler.schools import SchoolBook, site_time
from scheduler.store import Transaction


async def sessions_following(
    transaction: Transaction, id: SeriesId, from_date: date
) -> tuple[Session, ...]:
    """The live sessions from a date on that have not begun, by date."""
    sessions = await transaction.sessions(
        series=id, states=(SessionState.HELD, SessionState.CONFIRMED), limit=None
    )
    found = [
        session
        for session in sessions
        if session.is_live(transaction.now)
        and session.slot.starts > transaction.now
        and date_of(session) >= from_date
    ]
    if not found:
        raise StateError(
            f"这个系列在 {from_date} 及以后没有尚未开始的活动。",
            f"From {from_date} on the series has no session that has not begun.",
        )
    return tuple(sorted(found, key=lambda session: (date_of(session), session.id)))


def date_of(session: Session) -> date:
    return session.series_date or session.slot.starts.date()


def pattern_around(
    old: Series, term: Term, books: Mapping[SchoolId, SchoolBook], from_date: date
) -> tuple[Weekly | None, Weekly | None]:
    """The pattern before a date and from then on, in the weeks that its term still has."""
    weekly = still_in(term, old.weekly)
    if weekly is None:
        return None, None
    return split_weeks(weekly, term, lead_time(old.sites, books), from_date)


def lead_time(sites: Sequence[SiteWish], books: Mapping[SchoolId, SchoolBook]) -> SiteTime:
    return site_time(next(site for site in sites if site.role is Role.LEAD), books)
