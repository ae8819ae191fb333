"""A whole feed as bytes: which sessions it shows, how long that holds, where it is cut. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from calendars.ics import Calendar, Color, Entry, Status, join, write_entry
from calendars.slots import Slot, span_of
from calendars.text import Text
from scheduler.feeds.entries import entry_of, reader_name, status_of
from scheduler.feeds.ledger import DAYS_BACK, Ledger, feed_window, midnight
from scheduler.feeds.reader import Reader
from scheduler.model import Scope, Session, SessionId, SessionState

CANCELLED_IS_SHOWN_FOR: Final = timedelta(days=30)
MAX_OCTETS: Final = 1_000_000
"""Google reads no larger feed."""

_ROOM_FOR_THE_FRAME: Final = 10_000
_COLORS: Final = {
    Scope.TEACHER: Color.STEELBLUE,
    Scope.SCHOOL: Color.SEAGREEN,
    Scope.SUBJECT: Color.SEAGREEN,
    Scope.CLASS_GROUP: Color.SEAGREEN,
    Scope.ROOM: Color.DARKORANGE,
    Scope.STUDIO: Color.SLATEBLUE,
    Scope.ALLIANCE: Color.SLATEBLUE,
}
_ALWAYS: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Written:
    """One session's event: its bytes, and what they were made of besides the names."""

    session: Session
    status: Status
    octets: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """A feed as written; right until `valid_until`, as long as the ledger stays the same."""

    octets: bytes
    valid_until: datetime
    ledger: Ledger
    written: dict[SessionId, Written]


def write_content(
    ledger: Ledger, reader: Reader, *, now: datetime, before: Content | None = None
) -> Content:
    """The reader's feed at `now`. Events of `before` that nothing has touched are used again."""
    window = feed_window(now, ledger.zone)
    known = before.written if before and ledger.has_the_names_of(before.ledger) else {}
    written = [
        _written(session, ledger, reader, now, known.get(session.id))
        for session in sorted(ledger.sessions, key=_order)
        if session.slot.overlaps(window) and _is_shown(session, now)
    ]
    first, last = _kept(written, today=midnight(now.astimezone(ledger.zone).date(), ledger.zone))
    return Content(
        octets=_octets(ledger, reader, written, first, last),
        valid_until=_valid_until(written, now, ledger.zone),
        ledger=ledger,
        written={each.session.id: each for each in written},
    )


def _order(session: Session) -> tuple[datetime, datetime, str]:
    return (session.slot.starts, session.slot.ends, session.id)


def _is_shown(session: Session, now: datetime) -> bool:
    return session.is_live(now) or now < _leaves_at(session)


def _leaves_at(session: Session) -> datetime:
    """When a session that is no longer held disappears from calendars."""
    if session.state is SessionState.HELD and session.hold_expires_at is not None:
        return session.hold_expires_at + CANCELLED_IS_SHOWN_FOR
    return session.changed_at + CANCELLED_IS_SHOWN_FOR


def _written(
    session: Session, ledger: Ledger, reader: Reader, now: datetime, known: Written | None
) -> Written:
    status = status_of(session, now)
    if known and known.session.revision == session.revision and known.status is status:
        return known
    alliance = ledger.alliance.alliance.id
    entry = entry_of(session, reader, ledger.books, alliance=alliance, now=now)
    return Written(session, status, write_entry(entry, ledger.zone))


def _valid_until(written: Sequence[Written], now: datetime, zone: ZoneInfo) -> datetime:
    """The next moment at which time alone changes the feed: a new day, a hold that runs out."""
    tomorrow = midnight(now.astimezone(zone).date() + timedelta(days=1), zone)
    ends = [
        each.session.hold_expires_at
        for each in written
        if each.status is Status.TENTATIVE and each.session.hold_expires_at is not None
    ]
    leaves = [_leaves_at(each.session) for each in written if each.status is Status.CANCELLED]
    return min([tomorrow, *ends, *leaves])


def _kept(written: Sequence[Written], *, today: datetime) -> tuple[int, int]:
    """From which up to which event the feed goes: what is to come first, then the latest past."""
    room = MAX_OCTETS - _ROOM_FOR_THE_FRAME
    first = next(
        (no for no, each in enumerate(written) if each.session.slot.ends > today), len(written)
    )
    last = first
    while last < len(written) and len(written[last].octets) <= room:
        room -= len(written[last].octets)
        last += 1
    while last == len(written) and first and len(written[first - 1].octets) <= room:
        first -= 1
        room -= len(written[first].octets)
    return first, last


def _octets(
    ledger: Ledger, reader: Reader, written: Sequence[Written], first: int, last: int
) -> bytes:
    events = [each.octets for each in written[first:last]]
    slots = [each.session.slot for each in written[first:last]]
    description = [_ABOUT]
    if first > 0:
        description.append(_starts_at(written[first].session.slot, ledger.zone))
    if last < len(written):
        beyond = written[last].session.slot
        description.append(_ends_at(beyond, ledger.zone))
        events.append(_end_mark(beyond, ledger, reader))
        slots.append(beyond)
    calendar = Calendar(
        name=_title(reader, ledger),
        zone=ledger.zone,
        when_empty=Text("暂无活动", "Nothing planned").read_in(reader.language),
        description=Text.joined(tuple(description)).read_in(reader.language),
        color=_COLORS[reader.scope],
    )
    return join(calendar, events, span_of(slots) if slots else None)


_ABOUT: Final = Text(
    f"过去 {DAYS_BACK} 天和今后的活动。", f"The past {DAYS_BACK} days and all that is to come."
)


def _starts_at(slot: Slot, zone: ZoneInfo) -> Text:
    day = slot.starts.astimezone(zone).date()
    return Text(f"篇幅所限，早于 {day} 的不再列出。", f"Cut for length: nothing before {day}.")


def _ends_at(slot: Slot, zone: ZoneInfo) -> Text:
    day = slot.starts.astimezone(zone).date()
    return Text(
        f"篇幅所限, {day} 及以后的请到平台查看。",
        f"Cut for length: from {day} on, look it up in the service itself.",
    )


def _end_mark(beyond: Slot, ledger: Ledger, reader: Reader) -> bytes:
    """An event, in nobody's way, where a feed was cut: few people see a calendar's description."""
    moment = f"{beyond.starts:%Y%m%dT%H%M%S}"
    entry = Entry(
        uid=f"cut-{moment}@{ledger.alliance.alliance.id}.lianke",
        slot=beyond,
        summary=_ends_at(beyond, ledger.zone).read_in(reader.language),
        created_at=_ALWAYS,
        changed_at=_ALWAYS,
        transparent=True,
    )
    return write_entry(entry, ledger.zone)


def _title(reader: Reader, ledger: Ledger) -> str:
    name = reader_name(reader, ledger.alliance, ledger.books)
    return Text(f"{name} 同步课表", f"{name}: joint lessons").read_in(reader.language)
