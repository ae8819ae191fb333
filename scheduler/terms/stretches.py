"""The stretch of time that a term covers, found by its id or by the name schools share."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from calendars.slots import Slot
from calendars.terms import Term
from scheduler.errors import InvalidWishError
from scheduler.schools import SchoolBook


def terms_called(label: str, books: Iterable[SchoolBook]) -> tuple[Term, ...]:
    """The terms with this id or name, or `InvalidWishError`."""
    found = tuple(
        term for book in books for term in book.time.terms if label in (term.id, term.name)
    )
    if not found:
        raise InvalidWishError(
            f"没有编号或名称为“{label}”的学期。",
            f"No term has the id or the name {label!r}.",
            pointer="?term",
            value=label,
        )
    return found


def stretch_of(terms: Iterable[Term], zone: ZoneInfo) -> Slot:
    """From the first day of the earliest to the last day of the latest, on the alliance's clock."""
    terms = tuple(terms)
    first = min(term.first_day for term in terms)
    last = max(term.last_day for term in terms)
    return Slot(_midnight(first, zone), _midnight(last + timedelta(days=1), zone))


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(), zone)
