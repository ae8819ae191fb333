"""When a teacher or a room is taken, for those who need not know by what."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from calendars.ics import Busy, FreeBusy, render_free_busy
from calendars.slots import Slot
from scheduler.availability.stretches import Mark, Use, divide
from scheduler.errors import InvalidWishError, NotFoundError
from scheduler.feeds.ledger import dropped_at, midnight
from scheduler.feeds.packing import Feed, packed
from scheduler.feeds.reader import Reader
from scheduler.members import Room
from scheduler.model import Scope, Session, SessionState, Subscription
from scheduler.store import Transaction

HAVE_BUSY_TIMES: Final = {Scope.TEACHER, Scope.ROOM}
USUAL_DAYS: Final = 60
MOST_DAYS: Final = 400


async def read_free_busy(
    transaction: Transaction, subscription: Subscription, within: Slot
) -> Callable[[], Feed]:
    """How to write when a teacher or a room is busy, as the calendar of the same address shows it.

    Slow enough to be done elsewhere. A room is taken for its buffer before and after each session,
    too (H12). `NotFoundError` for any other calendar.
    """
    if subscription.scope not in HAVE_BUSY_TIMES:
        raise NotFoundError("没有这个日历。", "No such calendar.")
    reader, buffer = Reader.of(subscription), 0
    if reader.scope is Scope.ROOM:
        buffer = (await transaction.get(Room, str(reader.subject_id))).record.buffer_minutes
    sessions = await transaction.sessions(
        resource=reader.resource, within=within.padded(buffer), limit=None
    )
    alliance = (await transaction.alliance()).alliance.id
    now = transaction.now
    stamps = [_last_change(session, now) for session in sessions]
    # What was given elsewhere since then is busy no more, which is a change, too.
    if (resource := reader.resource) is not None:
        left = await transaction.sessions_departed(resource, subscription.created_at)
        stamps += [session.changed_at for session in left]
    # DTSTAMP and UID say nothing of the moment of asking: the same answer has the same bytes.
    filename = f"busy-{reader.scope}-{reader.subject_id}.ifb".replace(":", "-")
    return lambda: packed(
        render_free_busy(
            FreeBusy(
                uid=f"busy-{_mark_of(subscription)}@{alliance}.lianke",
                within=within,
                busy=tuple(_busy(sessions, reader, within, buffer, now)),
                changed_at=max([subscription.created_at, *stamps]),
            )
        ),
        filename,
    )


def _last_change(session: Session, now: datetime) -> datetime:
    """When a session last changed: to run out is a change."""
    return session.changed_at if session.is_live(now) else dropped_at(session)


def _mark_of(subscription: Subscription) -> str:
    about = f"{subscription.scope} {subscription.subject_id}"
    return sha256(about.encode()).hexdigest()[:32]


def _busy(
    sessions: Sequence[Session], reader: Reader, within: Slot, buffer: int, now: datetime
) -> Iterator[Busy]:
    marks = [
        Mark(
            session.slot.padded(buffer),
            Use.HELD if session.state is SessionState.HELD else Use.BOOKED,
        )
        for session in sessions
        if session.is_live(now) and not reader.only_looks_on(session)
    ]
    for stretch in divide(within, marks):
        if stretch.use is not Use.FREE:
            yield Busy(stretch.slot, tentative=stretch.use is Use.HELD)


async def asked_stretch(
    transaction: Transaction, start: datetime | None, end: datetime | None
) -> Slot:
    """From `start` (today) to `end` (60 days later); `InvalidWishError` if that cannot be meant."""
    zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    starts = start or midnight(transaction.now.astimezone(zone).date(), zone)
    ends = end or starts + timedelta(days=USUAL_DAYS)
    if starts >= ends:
        raise InvalidWishError(
            f"end 必须晚于 start（{starts.isoformat()}）。",
            f"end must come after start, which is {starts.isoformat()}.",
            pointer="?end",
            value=ends.isoformat(),
        )
    if ends - starts > timedelta(days=MOST_DAYS):
        raise InvalidWishError(
            f"一次最多查询 {MOST_DAYS} 天。",
            f"At most {MOST_DAYS} days can be asked for at once.",
            pointer="?end",
            value=ends.isoformat(),
        )
    return Slot(starts, ends)
