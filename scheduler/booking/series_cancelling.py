"""Cancelling a series from a date on. What has begun stays (E54)."""

from dataclasses import replace
from datetime import date

from calendars.terms import Term
from scheduler.booking import series_notices as notices
from scheduler.booking.partners import tell_partners
from scheduler.booking.revisions import require_reason, require_revision, to_lock
from scheduler.booking.series_following import pattern_around, sessions_following
from scheduler.booking.series_waiting import stop_watching
from scheduler.booking.single import cancelled
from scheduler.model import SeriesId, Session
from scheduler.store import Transaction


async def cancel_series(
    transaction: Transaction, id: SeriesId, from_date: date, revision: int, *, reason: str
) -> tuple[Session, ...]:
    """Cancel every session of the series from a date on that has not begun, and say why."""
    require_reason(reason)
    old = await transaction.series(id)
    require_revision(old.revision, revision)
    to_come = await sessions_following(transaction, id, from_date)
    await transaction.lock(to_lock(to_come))
    dropped = []
    await stop_watching(transaction, id, from_date)
    for before in to_come:
        after = cancelled(before, reason, transaction)
        await transaction.replace_session(before, after)
        dropped.append(after)
    books = await transaction.books({site.school for each in dropped for site in each.sites})
    term = (await transaction.get(Term, old.term)).record
    kept, _ = pattern_around(old, term, books, from_date)
    shortened = replace(
        old,
        weekly=kept or old.weekly,
        changed_at=transaction.now,
        revision=old.revision + 1,
    )
    await transaction.replace_series(old, shortened)
    await transaction.add_notices(
        notices.cancelled(shortened, dropped, books, reason, transaction.now)
    )
    await tell_partners(transaction, dropped)
    return tuple(dropped)
