"""What people are told of a whole series: one notice a school and teacher, not one a date."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from calendars.bells import SchoolId
from calendars.fields import weekday_text
from calendars.text import Text
from scheduler.booking.notices import moment_words
from scheduler.local_words import date_words
from scheduler.members import TeacherId
from scheduler.model import Notice, Series, Session, SiteState
from scheduler.schools import SchoolBook

Books = Mapping[SchoolId, SchoolBook]


def booked(
    series: Series, sessions: Sequence[Session], books: Books, now: datetime
) -> tuple[Notice, ...]:
    """Everybody learns of the series, and each school still to answer who is to answer."""
    return tuple(_told(series, sessions, books, now, "booked", Text("", "")))


def changed(
    series: Series,
    sessions: Sequence[Session],
    before: Sequence[Session],
    books: Books,
    now: datetime,
    *,
    why: Text,
) -> tuple[Notice, ...]:
    """Everybody in the changed series learns what it is now, and those who left that they did.

    `why` is a sentence that comes last.
    """
    opening = Text("系列有变动：", "Changed: ")
    told = [
        replace(each, sentence=Text(each.sentence.zh + why.zh, each.sentence.en + why.en))
        for each in _told(series, sessions, books, now, "changed", opening)
    ]
    reached = {(notice.school, notice.teacher) for notice in told}
    for school, people in _people(before).items():
        sentence = Text(
            f"系列“{series.title}”有变动，您不再参加。",
            f"The series “{series.title}” changed; you no longer take part.",
        )
        told += [
            _notice(series, school, teacher, sentence, now, "left")
            for teacher in people
            if (school, teacher) not in reached
        ]
    return tuple(told)


def cancelled(
    series: Series, sessions: Sequence[Session], books: Books, reason: str, now: datetime
) -> tuple[Notice, ...]:
    """Everybody learns which dates are off, and why."""
    notices = []
    for school, people in _people(sessions).items():
        first, last = _first_and_last(sessions, books[school])
        sentence = Text(
            f"系列“{series.title}”{first.zh}至{last.zh}的{len(sessions)}次已取消：{reason}",
            f"{len(sessions)} dates of “{series.title}”, {first.en} to {last.en}, are cancelled: "
            f"{reason}",
        )
        notices += [
            _notice(series, school, teacher, sentence, now, "cancelled") for teacher in people
        ]
    return tuple(notices)


def _told(
    series: Series,
    sessions: Sequence[Session],
    books: Books,
    now: datetime,
    cause: str,
    opening: Text,
) -> Iterator[Notice]:
    for school, people in _people(sessions).items():
        what = _summary(series, sessions, books[school])
        asked = _asked(sessions, school, books[school])
        sentence = Text(f"{opening.zh}{what.zh}{asked.zh}。", f"{opening.en}{what.en}{asked.en}.")
        for teacher in people:
            yield _notice(series, school, teacher, sentence, now, cause)


def _summary(series: Series, sessions: Sequence[Session], book: SchoolBook) -> Text:
    weekday = weekday_text(series.weekly.weekday)
    clock = f"{series.weekly.starts:%H:%M}"
    first, last = _first_and_last(sessions, book)
    return Text(
        f"系列“{series.title}”：每{weekday.zh}{clock}，共{len(sessions)}次，{first.zh}至{last.zh}",
        f"The series “{series.title}”: {weekday.en} {clock}, {len(sessions)} dates, "
        f"{first.en} to {last.en}",
    )


def _asked(sessions: Sequence[Session], school: SchoolId, book: SchoolBook) -> Text:
    """Who is to answer for the school, and by when for the first date that waits."""
    until = [
        session.hold_expires_at
        for session in sessions
        for site in session.sites
        if site.school == school
        and site.state is SiteState.HELD
        and session.hold_expires_at is not None
    ]
    if not until:
        return Text("", "")
    who, moment = book.school.confirmer or book.school.name, moment_words(min(until), book)
    return Text(
        f"，其中{len(until)}次请{who}在{moment.zh}前确认或谢绝",
        f"; {who} is asked to confirm or decline {len(until)} of them before {moment.en}",
    )


def _first_and_last(sessions: Sequence[Session], book: SchoolBook) -> tuple[Text, Text]:
    starts = sorted(session.slot.starts for session in sessions)
    return date_words(starts[0], book.time.zone), date_words(starts[-1], book.time.zone)


def _people(sessions: Sequence[Session]) -> dict[SchoolId, dict[TeacherId | None, None]]:
    """The school itself (None) and its teachers, for each school of these sessions."""
    people: dict[SchoolId, dict[TeacherId | None, None]] = {}
    for session in sessions:
        for site in session.sites:
            here = people.setdefault(site.school, {None: None})
            here.update(dict.fromkeys(site.required_teachers))
    return people


def _notice(
    series: Series,
    school: SchoolId,
    teacher: TeacherId | None,
    sentence: Text,
    now: datetime,
    cause: str,
) -> Notice:
    return Notice(
        id=uuid4().hex,
        key=f"{series.id}:{series.revision}:{cause}:{school}:{teacher or ''}",
        school=school,
        teacher=teacher,
        sentence=sentence,
        created_at=now,
    )
