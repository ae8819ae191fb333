"""What a school that waits is told: that a place is held for it, or that there was none. Pure."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from calendars.fields import weekday_text
from calendars.text import Text
from scheduler.booking.notices import moment_words
from scheduler.local_words import date_words, wall_clock
from scheduler.model import Notice, Session, SessionId, Waiting
from scheduler.schools import SchoolBook


def offered(
    waiting: Waiting, sessions: Sequence[Session], book: SchoolBook, now: datetime
) -> tuple[Notice, ...]:
    """The school that waits learns that a place is held for it, and until when."""
    first = sessions[0]
    when = _times_of(sessions, book)
    until = moment_words(min(each.hold_expires_at or each.slot.starts for each in sessions), book)
    sentence = Text(
        f"候补到位：“{first.title}”{when.zh}已有空位，为贵校保留到{until.zh}，请确认或谢绝；"
        "逾期让给下一位。",
        f"A place is free: “{first.title}” on {when.en} is held for you until {until.en}. "
        "Confirm or decline it; after that the next in line gets it.",
    )
    return (_to(waiting, first.id, sentence, now),)


def passed(waiting: Waiting, book: SchoolBook, now: datetime) -> tuple[Notice, ...]:
    """The school that waits learns that no place was free until the last time that would do."""
    when = _wished(waiting, book)
    title = waiting.wish.title
    sentence = Text(
        f"候补未成：“{title}”（{when.zh}）一直没有空位，现已过时，从候补名单撤下。",
        f"No place was free for “{title}” ({when.en}) until its time had come: it waits no more.",
    )
    return (_to(waiting, None, sentence, now),)


def _times_of(sessions: Sequence[Session], book: SchoolBook) -> Text:
    zone = book.time.zone
    if len(sessions) == 1:
        return wall_clock(sessions[0].slot, zone)
    first, last = (date_words(each.slot.starts, zone) for each in (sessions[0], sessions[-1]))
    return Text(
        f"{first.zh}至{last.zh}全部{len(sessions)}次",
        f"all {len(sessions)} dates from {first.en} to {last.en}",
    )


def _wished(waiting: Waiting, book: SchoolBook) -> Text:
    if waiting.booking is not None:
        return wall_clock(waiting.booking.slot, book.time.zone)
    weekly = waiting.patterns[0]
    weekday = weekday_text(weekly.weekday)
    return Text(f"每{weekday.zh}{weekly.starts:%H:%M}", f"every {weekday.en} {weekly.starts:%H:%M}")


def _to(waiting: Waiting, session: SessionId | None, sentence: Text, now: datetime) -> Notice:
    return Notice(
        id=uuid4().hex,
        key=f"{waiting.id}:{waiting.revision}:{waiting.state}",
        school=waiting.school,
        session=session,
        sentence=sentence,
        created_at=now,
    )
