"""One notice a person for many sessions at once: what each of them learns, line by line. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import uuid4

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.booking.notices import URGENT
from scheduler.members import TeacherId
from scheduler.model import Notice, Session, Site
from scheduler.schools import SchoolBook

Reader = tuple[SchoolId, TeacherId | None]
"""A teacher, told through the home school, or (without one) the school's coordinator."""


def readers_of(site: Site, books: Mapping[SchoolId, SchoolBook]) -> tuple[Reader, ...]:
    """Everybody at a site who is to know."""
    at_home = (
        (_home(teacher, books) or site.school, teacher) for teacher in site.required_teachers
    )
    return ((site.school, None), *at_home)


def digests(
    lines: Iterable[tuple[Reader, Text]],
    opening: Text | None,
    key: str,
    now: datetime,
    *,
    first: datetime | None = None,
) -> tuple[Notice, ...]:
    """One notice for each reader: the opening, then every line once; `key` shows it once.

    It waits for no quiet hours if the `first` moment it is about is close (E13: at 21:00 for
    tomorrow).
    """
    told: defaultdict[Reader, dict[Text, None]] = defaultdict(dict)
    for reader, line in lines:
        told[reader][line] = None
    return tuple(
        Notice(
            id=uuid4().hex,
            key=f"{key}:{school}:{teacher or ''}",
            school=school,
            teacher=teacher,
            sentence=_listed(opening, tuple(told[school, teacher])),
            created_at=now,
            urgent=first is not None and first - now < URGENT,
        )
        for school, teacher in sorted(told, key=lambda reader: (reader[0], reader[1] or ""))
    )


def by_time(sessions: Iterable[Session]) -> list[Session]:
    """In the order in which they are held."""
    return sorted(sessions, key=lambda session: (session.slot, session.id))


def _home(teacher: TeacherId, books: Mapping[SchoolId, SchoolBook]) -> SchoolId | None:
    return next((school for school, book in books.items() if teacher in book.teachers), None)


def _listed(opening: Text | None, lines: tuple[Text, ...]) -> Text:
    every = lines if opening is None else (opening, *lines)
    return Text("\n".join(line.zh for line in every), "\n".join(line.en for line in every))
