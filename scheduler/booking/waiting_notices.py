"""What a school that waits is told: that a place is held for it, or that there was none. Pure."""

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.booking.notices import moment_words
from scheduler.local_words import wall_clock
from scheduler.model import Notice, Session, SessionId, Waiting
from scheduler.schools import SchoolBook


def offered(
    waiting: Waiting, session: Session, books: Mapping[SchoolId, SchoolBook], now: datetime
) -> tuple[Notice, ...]:
    """The school that waits learns that a place is held for it, and until when."""
    book = books[waiting.school]
    when = wall_clock(session.slot, book.time.zone)
    until = moment_words(session.hold_expires_at or session.slot.starts, book)
    sentence = Text(
        f"候补到位：“{session.title}”{when.zh}已有空位，为贵校保留到{until.zh}，请确认或谢绝；"
        "逾期让给下一位。",
        f"A place is free: “{session.title}” on {when.en} is held for you until {until.en}. "
        "Confirm or decline it; after that the next in line gets it.",
    )
    return (_to(waiting, session.id, sentence, now),)


def passed(waiting: Waiting, book: SchoolBook, now: datetime) -> tuple[Notice, ...]:
    """The school that waits learns that no place was free until the last time that would do."""
    when = wall_clock(waiting.booking.slot, book.time.zone)
    title = waiting.booking.title
    sentence = Text(
        f"候补未成：“{title}”（{when.zh}）一直没有空位，现已过时，从候补名单撤下。",
        f"No place was free for “{title}” ({when.en}) until its time had come: it waits no more.",
    )
    return (_to(waiting, None, sentence, now),)


def _to(waiting: Waiting, session: SessionId | None, sentence: Text, now: datetime) -> Notice:
    return Notice(
        id=uuid4().hex,
        key=f"{waiting.id}:{waiting.revision}:{waiting.state}",
        school=waiting.school,
        session=session,
        sentence=sentence,
        created_at=now,
    )
