"""A whole feed as bytes: which sessions it shows, how long that holds, where it is cut. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from calendars.ics import Calendar, Color, Entry, Status, join, write_entry
from calendars.slots import Slot, span_of
from calendars.text import Text
from scheduler.feeds.entries import entry_of, reader_name, status_of
from scheduler.feeds.ledger import (
    DAYS_BACK,
    Ledger,
    leaves_at,
    midnight,
    renamed_at,
    sessions_shown,
)
from scheduler.feeds.pieces import Piece, Pieces, Seen
from scheduler.feeds.reader import Reader
from scheduler.model import Scope, SeriesId, Session, SessionId, SessionState

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
class Content:
    """A feed as written; right until `valid_until`, as long as the ledger stays the same."""

    octets: bytes
    valid_until: datetime
    ledger: Ledger
    written: Mapping[SessionId, Seen]
    pieces: Mapping[SeriesId, Piece]


def write_content(
    ledger: Ledger, reader: Reader, *, now: datetime, before: Content | None = None
) -> Content:
    """The reader's feed at `now`. Events of `before` that nothing has touched are used again.

    One that is too large has an event for every session, and leaves out whole ones. Where it is cut
    moves from day to day: a rule that ended there would be another one each time, without a change
    of anything that dates it.
    """
    known = before if before and ledger.has_the_names_of(before.ledger) else None
    seen, valid_until = _look_at(ledger, reader, now, known)
    writer = Pieces(ledger, reader, now, seen, known.pieces if known else {})
    today = midnight(now.astimezone(ledger.zone).date(), ledger.zone)
    pieces, kept = writer.of(seen), (0, len(seen))
    if _is_too_large(pieces):
        first, last = kept = _kept(seen, today)
        pieces = [each.piece for each in seen[first:last]]
    return Content(
        octets=_octets(ledger, reader, seen, kept, pieces),
        valid_until=valid_until,
        ledger=ledger,
        written={each.session.id: each for each in seen},
        pieces=writer.written,
    )


def _look_at(
    ledger: Ledger, reader: Reader, now: datetime, known: Content | None
) -> tuple[list[Seen], datetime]:
    """What the feed shows, by time, and until when time alone changes nothing of it."""
    told = {} if known is None else known.written
    changed = None if known is None else _changed_in_place(known, ledger, now)
    shown = sessions_shown(ledger, now) if changed is None else changed
    seen = [_seen(each, ledger, reader, now, told.get(each.id)) for each in shown]
    valid_until = _valid_until(seen, now, ledger.zone)
    if known is None or changed is None:
        return seen, valid_until
    all_seen = {**told, **{each.session.id: each for each in seen}}
    return list(all_seen.values()), min(valid_until, known.valid_until)


def _changed_in_place(known: Content, ledger: Ledger, now: datetime) -> list[Session] | None:
    """The sessions that have changed, if all that are shown are those of before, in their order.

    None if that takes a closer look: time has changed something, a session has come, gone or moved.
    """
    before, after = known.ledger.sessions, ledger.sessions
    if now >= known.valid_until or len(before) != len(after):
        return None
    pairs = [pair for pair in zip(before, after, strict=True) if pair[0] is not pair[1]]
    for old, new in pairs:
        where = (old.id, old.slot, old.series, old.series_date)
        if where != (new.id, new.slot, new.series, new.series_date) or not _stays(new, known, now):
            return None
    return [new for _, new in pairs]


def _stays(session: Session, known: Content, now: datetime) -> bool:
    """Whether a session that was shown still is, be it as a cancelled one."""
    return session.id in known.written and (session.is_live(now) or now < leaves_at(session))


def _seen(
    session: Session, ledger: Ledger, reader: Reader, now: datetime, known: Seen | None
) -> Seen:
    if known and known.session is session and session.state is not SessionState.HELD:
        return known  # only a hold becomes something else by itself
    status = status_of(session, now)
    if known and known.session.revision == session.revision and known.entry.status is status:
        return known
    alliance = ledger.alliance.alliance.id
    renamed = renamed_at(session, ledger.renamed)
    entry = entry_of(session, reader, ledger.books, alliance=alliance, now=now, renamed=renamed)
    return Seen(session, entry, ledger.zone)


def _valid_until(seen: Sequence[Seen], now: datetime, zone: ZoneInfo) -> datetime:
    """The next moment at which time alone changes the feed: a new day, a hold that runs out."""
    tomorrow = midnight(now.astimezone(zone).date() + timedelta(days=1), zone)
    ends = [
        each.session.hold_expires_at
        for each in seen
        if each.entry.status is Status.TENTATIVE and each.session.hold_expires_at is not None
    ]
    leaves = [leaves_at(each.session) for each in seen if each.entry.status is Status.CANCELLED]
    return min([tomorrow, *ends, *leaves])


def _is_too_large(pieces: Sequence[Piece]) -> bool:
    return sum(len(piece.octets) for piece in pieces) > MAX_OCTETS - _ROOM_FOR_THE_FRAME


def _kept(seen: Sequence[Seen], today: datetime) -> tuple[int, int]:
    """From which up to which session the feed goes: what is to come first, then the latest past."""
    room, count = MAX_OCTETS - _ROOM_FOR_THE_FRAME, len(seen)
    first = next((no for no, each in enumerate(seen) if each.session.slot.ends > today), count)
    last = first
    while last < count and len(seen[last].octets) <= room:
        room -= len(seen[last].octets)
        last += 1
    if last < count:
        return first, last
    while first > 0 and len(seen[first - 1].octets) <= room:
        room -= len(seen[first - 1].octets)
        first -= 1
    return first, last


def _octets(
    ledger: Ledger,
    reader: Reader,
    seen: Sequence[Seen],
    kept: tuple[int, int],
    pieces: Sequence[Piece],
) -> bytes:
    first, last = kept
    events = [piece.octets for piece in pieces]
    slots = [slot for piece in pieces for slot in piece.slots]
    description = [_ABOUT]
    if first > 0:
        description.append(_starts_at(seen[first].session.slot, ledger.zone))
    if last < len(seen):
        beyond = seen[last].session.slot
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
    f"过去 {DAYS_BACK} 天和今后的活动，每周系列从头列出。",
    f"The past {DAYS_BACK} days and all that is to come; weekly series from their first date.",
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
    place = f"{beyond.starts:%Y%m%dT%H%M%S}-{beyond.minutes}"
    entry = Entry(
        uid=f"cut-{place}@{ledger.alliance.alliance.id}.lianke",
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
