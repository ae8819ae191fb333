"""What people are told when a session is booked, asked for, moved, answered or dropped. Pure.

A notice is a row of the transaction that causes it; sending it is somebody else's work.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.local_words import date_words, local_words, wall_clock
from scheduler.members import TeacherId
from scheduler.model import Notice, OnDecline, Session, SessionState, Site, SiteState
from scheduler.schools import SchoolBook

Books = Mapping[SchoolId, SchoolBook]

URGENT: Final = timedelta(hours=24)
"""Changes this close to the start are announced as urgent (E52)."""


def booked(session: Session, books: Books, now: datetime) -> tuple[Notice, ...]:
    """Everybody learns of a new session, and each school still to answer who is to answer."""
    return tuple(
        notice
        for site, book in _sites(session, books)
        for notice in _to_site(
            session, site, now, _urgently(session, now, _booked(session, site, book)), "booked"
        )
    )


def changed(
    before: Session,
    after: Session,
    books: Books,
    now: datetime,
    *,
    why: Text | None = None,
) -> tuple[Notice, ...]:
    """Everybody who was or is part of a changed session learns what it is now, and `why`."""
    notices: list[Notice] = []
    for site, book in _sites(after, books):
        old = wall_clock(before.slot, book.time.zone)
        sentence = _booked(after, site, book)
        if why is not None:
            sentence = Text.joined((sentence, why))
        moved = before.slot != after.slot
        lead = Text(f"原定{old.zh}的活动有变动：", f"Changed (it was on {old.en}): ")
        sentence = (
            Text(lead.zh + sentence.zh, lead.en + sentence.en)
            if moved
            else Text(f"活动有变动：{sentence.zh}", f"Changed: {sentence.en}")
        )
        notices += _to_site(after, site, now, _urgently(before, now, sentence), "changed")
    told = {(notice.school, notice.teacher) for notice in notices}
    for site, book in _sites(before, books):
        when = wall_clock(before.slot, book.time.zone)
        sentence = Text(
            f"您不再参加{when.zh}的“{before.title}”。",
            f"You no longer take part in “{before.title}” on {when.en}.",
        )
        notices += (
            notice
            for notice in _to_site(after, site, now, sentence, "left")
            if (notice.school, notice.teacher) not in told
        )
    return tuple(notices)


def dropped(session: Session, books: Books, now: datetime) -> tuple[Notice, ...]:
    """Everybody learns that a session is cancelled, declined or expired, and why."""
    notices: list[Notice] = []
    for site, book in _sites(session, books):
        when = wall_clock(session.slot, book.time.zone)
        sentence = Text(
            f"{when.zh}的“{session.title}”{_ENDS[session.state].zh}{session.reason}",
            f"“{session.title}” on {when.en} {_ENDS[session.state].en}{session.reason}",
        )
        notices += _to_site(session, site, now, _urgently(session, now, sentence), "dropped")
    return tuple(notices)


def answered(session: Session, school: SchoolId, books: Books, now: datetime) -> tuple[Notice, ...]:
    """The schools learn that one of them agreed, and with the last that all have."""
    name = books[school].school.name
    notices: list[Notice] = []
    for site, book in _sites(session, books):
        when = wall_clock(session.slot, book.time.zone)
        waiting = [each for each in session.sites if each.state is SiteState.HELD]
        tail = (
            Text(f"还有 {len(waiting)} 所学校待确认。", f"{len(waiting)} more to answer.")
            if waiting
            else Text("各校均已确认，按时进行。", "All schools have agreed: it will be held.")
        )
        sentence = Text(
            f"{name}已确认{when.zh}的“{session.title}”；{tail.zh}",
            f"{name} agreed to “{session.title}” on {when.en}. {tail.en}",
        )
        people = site.required_teachers if session.state is SessionState.CONFIRMED else ()
        notices += _to(session, site.school, people, now, sentence, f"answered:{school}")
    return tuple(notices)


def consent_words(session: Session, books: Books) -> Text:
    """What a school's no does to the session."""
    if session.on_decline is OnDecline.ALL_REQUIRED:
        return Text(
            "任何一所学校谢绝即取消。",
            "It is held with every school: one that declines cancels it.",
        )
    always = dict.fromkeys((session.lead.school, *session.must_have))
    named = [books[school].school.name for school in always]
    return Text(
        f"有学校谢绝时，只要还有{session.quorum}所学校（含{'、'.join(named)}）就照常进行。",
        f"It goes on without a school that declines while {session.quorum} remain, "
        f"{', '.join(named)} among them.",
    )


_ENDS: Final[dict[SessionState, Text]] = {
    SessionState.CANCELLED: Text("已取消：", "is cancelled: "),
    SessionState.EXPIRED: Text(
        "无人确认，暂占已到期并释放。", "was not confirmed in time: its hold ran out."
    ),
}


def _booked(session: Session, site: Site, book: SchoolBook) -> Text:
    when = wall_clock(session.slot, book.time.zone)
    here = local_words(book, session.slot, site)
    room = book.rooms.get(site.room) if site.room is not None else None
    where = Text("", "") if room is None else Text(f"，{room.name}", f", {room.name}")
    what = Text(
        f"“{session.title}”{when.zh}（本校{here.zh}）{where.zh}",
        f"“{session.title}” {when.en} (yours: {here.en}){where.en}",
    )
    if site.state is SiteState.CONFIRMED or session.hold_expires_at is None:
        waits = session.state is SessionState.HELD
        return Text(
            what.zh + ("，待其他学校确认。" if waits else "，已确认。"),
            what.en + (": other schools are still to answer." if waits else ": confirmed."),
        )
    until = moment_words(session.hold_expires_at, book)
    who = book.school.confirmer or book.school.name
    return Text(
        f"{what.zh}：请{who}在{until.zh}前确认或谢绝。",
        f"{what.en}: {who} is asked to confirm or decline before {until.en}.",
    )


def moment_words(moment: datetime, book: SchoolBook) -> Text:
    """A moment on the school's clock, such as "9月8日(周二)14:00"."""
    day = date_words(moment, book.time.zone)
    clock = f"{moment.astimezone(book.time.zone):%H:%M}"
    return Text(f"{day.zh}{clock}", f"{day.en} {clock}")


def _sites(session: Session, books: Books) -> Iterator[tuple[Site, SchoolBook]]:
    for site in session.sites:
        yield site, books[site.school]


_URGENT_MARK: Final = "【紧急】"


def _urgently(session: Session, now: datetime, sentence: Text) -> Text:
    if session.slot.starts - now >= URGENT:
        return sentence
    return Text(f"{_URGENT_MARK}{sentence.zh}", f"Urgent: {sentence.en}")


def _to_site(
    session: Session, site: Site, now: datetime, sentence: Text, cause: str
) -> tuple[Notice, ...]:
    return _to(session, site.school, site.required_teachers, now, sentence, cause)


def _to(
    session: Session,
    school: SchoolId,
    teachers: Iterable[TeacherId],
    now: datetime,
    sentence: Text,
    cause: str,
) -> tuple[Notice, ...]:
    """One notice for the school and each teacher; its key shows it once for this revision."""
    return tuple(
        Notice(
            id=uuid4().hex,
            key=f"{session.id}:{session.revision}:{cause}:{school}:{teacher or ''}",
            school=school,
            teacher=teacher,
            session=session.id,
            sentence=sentence,
            urgent=sentence.zh.startswith(_URGENT_MARK),
            created_at=now,
        )
        for teacher in (None, *teachers)
    )
