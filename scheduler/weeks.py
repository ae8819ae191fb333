"""The weeks that a record writes down, held against the term that it names. Pure."""

from collections.abc import Iterator

from calendars.terms import Term, parse_weeks
from calendars.text import InvalidValueError, Text
from scheduler.members import Offer, Timetable
from scheduler.model import Request

OF_A_TERM = (Timetable, Offer, Request)
"""What names a term and weeks of it."""


def weeks_beyond(
    record: Timetable | Offer | Request, term: Term
) -> Iterator[tuple[str, str, Text]]:
    """Pointer (RFC 6901), weeks and reason wherever the term has not all of the weeks."""
    for pointer, weeks in _weeks_of(record):
        try:
            parse_weeks(weeks, term.last_week)
        except InvalidValueError as error:
            yield pointer, weeks, error.text


def _weeks_of(record: Timetable | Offer | Request) -> Iterator[tuple[str, str]]:
    if isinstance(record, Timetable):
        for index, lesson in enumerate(record.lessons):
            yield f"/lessons/{index}/weeks", lesson.weeks
    else:
        yield "/weeks", record.weeks
