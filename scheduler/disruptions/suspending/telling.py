"""What people are told when schools close for a day, or open after all: one digest each. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from typing import Final

from calendars.bells import SchoolId
from calendars.fields import date_text
from calendars.text import Text
from scheduler.digests import Reader, digests, readers_of
from scheduler.local_words import wall_clock
from scheduler.model import Effect, Notice, Session, SuspendedSession, Suspension
from scheduler.schools import SchoolBook

Books = Mapping[SchoolId, SchoolBook]

_NOTHING: Final = Text("· 当天没有跨校活动受影响。", "- No session across schools is affected.")


def told_of_closing(
    suspension: Suspension, sessions: Sequence[Session], books: Books, now: datetime
) -> tuple[Notice, ...]:
    """One notice a person with everything that changes; each closed school gets one in any case."""
    effects = {each.session: each for each in suspension.sessions}
    lines = [
        line
        for session in sessions
        for line in _lines_of(session, effects[session.id], suspension, books)
    ]
    told = {school for (school, teacher), _ in lines if teacher is None}
    lines += [((school, None), _NOTHING) for school in suspension.schools if school not in told]
    day, names = date_text(suspension.date), _names(suspension, books)
    opening = Text(
        f"【停课】{day.zh}因{suspension.reason}停课：{names.zh}。您的安排有如下变动：",
        f"Closed on {day.en} ({suspension.reason}): {names.en}. This changes for you:",
    )
    key = f"suspension:{suspension.id}"
    return digests(lines, opening, key, now, first=_begins(suspension, books))


def told_of_opening(
    suspension: Suspension, sessions: Sequence[Session], books: Books, now: datetime
) -> tuple[Notice, ...]:
    """The coordinators learn which sessions can be put back where they were."""
    lines = [
        ((site.school, None), _line(session, books[site.school], Text("可恢复", "can be put back")))
        for session in sessions
        for site in session.sites
    ]
    told = {school for (school, _), _ in lines}
    lines += [((school, None), _NOTHING) for school in suspension.schools if school not in told]
    day, names = date_text(suspension.date), _names(suspension, books)
    opening = Text(
        f"【恢复上课】{day.zh}的停课（{suspension.reason}）已解除：{names.zh}。",
        f"{day.en} is no longer closed ({suspension.reason}): {names.en}.",
    )
    key = f"suspension:{suspension.id}:lifted"
    return digests(lines, opening, key, now, first=_begins(suspension, books))


def _begins(suspension: Suspension, books: Books) -> datetime:
    """The first moment of the day."""
    zone = books[suspension.schools[0]].time.zone
    return datetime.combine(suspension.date, time(), zone)


def _lines_of(
    session: Session, suspended: SuspendedSession, suspension: Suspension, books: Books
) -> Iterator[tuple[Reader, Text]]:
    for site in session.sites:
        is_closed = site.school in suspension.schools
        what = _WITHOUT_YOU if is_closed else _WITHOUT_THEM
        if suspended.effect is not Effect.GOES_ON:
            what = _CANCELLED if suspended.effect is Effect.CANCELLED else _UNDECIDED
        readers = readers_of(site, books)
        if suspended.effect is Effect.UNDECIDED:
            readers = readers[:1]  # the coordinator
        yield from ((reader, _line(session, books[site.school], what)) for reader in readers)


_CANCELLED: Final = Text("停课，可另约时间补课", "is cancelled and can be made up")
_WITHOUT_YOU: Final = Text("照常进行，您校不参加", "is held without your school")
_WITHOUT_THEM: Final = Text("照常进行，停课的学校不参加", "is held without the closed schools")
_UNDECIDED: Final = Text(
    "待定：请决定停课、改期，还是由其余学校继续",
    "needs a decision: cancel it, move it, or go on with the other schools",
)


def _line(session: Session, book: SchoolBook, what: Text) -> Text:
    when = wall_clock(session.slot, book.time.zone)
    return Text(
        f"· {when.zh}“{session.title}”：{what.zh}",
        f"- “{session.title}” on {when.en} {what.en}",
    )


def _names(suspension: Suspension, books: Books) -> Text:
    """The closed schools, or how many where they are many."""
    names = [books[school].school.name for school in suspension.schools if school in books]
    if len(names) > _MANY:
        return Text(f"{len(names)} 所学校", f"{len(names)} schools")
    return Text("、".join(names), ", ".join(names))


_MANY: Final = 6
