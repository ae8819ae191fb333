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
        f"候补到位：“{waiting.title}”{when.zh}已有空位，为贵校保留到{until.zh}，请确认或谢绝；"
        "逾期让给下一位。",
        f"A place is free: “{waiting.title}” on {when.en} is held for you until {until.en}. "
        "Confirm or decline it; after that the next in line gets it.",
    )
    return (_to(waiting, first.id, sentence, now),)


def passed(waiting: Waiting, book: SchoolBook, now: datetime) -> tuple[Notice, ...]:
    """The school that waits learns that no place was free until the last time that would do."""
    if waiting.request is not None:
        return (_to(waiting, None, _passed_request(waiting.title), now),)
    when = _wished(waiting, book)
    title = waiting.title
    sentence = Text(
        f"候补未成：“{title}”（{when.zh}）一直没有空位，现已过时，从候补名单撤下。",
        f"No place was free for “{title}” ({when.en}) until its time had come: it waits no more.",
    )
    return (_to(waiting, None, sentence, now),)


def joined(waiting: Waiting, now: datetime) -> tuple[Notice, ...]:
    """The school whose request a plan has left out learns why, and that it waits."""
    why = Text.joined(waiting.unplaced)
    sentence = Text(
        f"“{waiting.title}”这次没有排上：{why.zh}已列入候补，一有能排下的位置就为贵校暂留。",
        f"“{waiting.title}” has no place in the plan that was published. {why.en} It waits: the "
        "first place that takes all of it will be held for you.",
    )
    return (_to(waiting, None, sentence, now),)


def _passed_request(title: str) -> Text:
    return Text(
        f"候补未成：“{title}”一直没有空位，所剩日期已不足以排成系列，从候补名单撤下；"
        "可改周次后重新申请。",
        f"No place was free for “{title}”, and too few of its dates are left for a series: it "
        "waits no more. Ask again for the weeks that are left.",
    )


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
