"""What a feed is written from: one state of the database, as far as the reader is concerned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.feeds.reader import Reader
from scheduler.members import StudioId
from scheduler.model import Resource, Scope, Series, SeriesId, Session, SessionState
from scheduler.schools import AllianceBook, SchoolBook
from scheduler.store import Shown, Transaction

Books = Mapping[SchoolId, SchoolBook]

DAYS_BACK: Final = 60
DAYS_AHEAD: Final = 400
CANCELLED_IS_SHOWN_FOR: Final = timedelta(days=30)


@dataclass(frozen=True)
class Ledger:
    """The sessions of a reader with all that it takes to name what they name.

    Of a series that has any session within the feed's window, all its sessions that concern the
    reader are there, however old. `departed` tells when it last lost or moved one of them here, and
    `shown` is all that was read to find them.
    """

    alliance: AllianceBook
    books: Books
    sessions: Sequence[Session]
    series: Mapping[SeriesId, Series] = field(default_factory=dict)
    departed: Mapping[SeriesId, datetime] = field(default_factory=dict)
    shown: Shown | None = None

    @cached_property
    def renamed(self) -> Mapping[Resource, datetime]:
        """What has been renamed, and when last."""
        return renamed_in(self.books)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the alliance's clock."""
        return ZoneInfo(self.alliance.alliance.zone)

    def start_in_series(self, session: Session) -> datetime | None:
        """When the pattern of its series starts on the date of a session.

        None where that is another weekday: on a make-up day a session is an event of its own.
        """
        series = None if session.series is None else self.series.get(session.series)
        on = session.series_date
        if series is None or on is None or on.isoweekday() != series.weekly.weekday:
            return None
        return datetime.combine(on, series.weekly.starts, self.zone)

    def has_the_names_of(self, other: "Ledger") -> bool:
        """Whether both were read with the very same books, so that every name is the same."""
        return (
            self.alliance is other.alliance
            and self.books.keys() == other.books.keys()
            and all(book is other.books[school] for school, book in self.books.items())
        )


def renamed_in(books: Books) -> dict[Resource, datetime]:
    """What has been renamed in any of the books, and when last."""
    return {each: at for book in books.values() for each, at in book.renamed.items()}


def renamed_at(session: Session, renamed: Mapping[Resource, datetime]) -> datetime:
    """When anything that the session names was renamed last; when it was made if nothing was."""
    if not renamed:
        return session.created_at
    named = (renamed.get(each, session.created_at) for each in session.resources())
    return max(named, default=session.created_at)


def feed_window(now: datetime, zone: ZoneInfo) -> Slot:
    """What a feed shows of time: whole days of the alliance, a while back and a year ahead."""
    today = now.astimezone(zone).date()
    return Slot(
        midnight(today - timedelta(days=DAYS_BACK), zone),
        midnight(today + timedelta(days=DAYS_AHEAD), zone),
    )


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a date begins in the zone."""
    return datetime.combine(day, time(), zone)


def dropped_at(session: Session) -> datetime:
    """Since when a session that is not held is off: a hold from the moment it ran out (H14)."""
    if session.state is SessionState.HELD and session.hold_expires_at is not None:
        return session.hold_expires_at
    return session.changed_at


def leaves_at(session: Session) -> datetime:
    """When a session that is no longer held disappears from calendars."""
    return dropped_at(session) + CANCELLED_IS_SHOWN_FOR


def last_change(session: Session, now: datetime) -> datetime:
    """When a session last changed in calendars. To run out and to leave are changes too."""
    if session.is_live(now):
        return session.changed_at
    leaves = leaves_at(session)
    return leaves if leaves <= now else dropped_at(session)


def sessions_shown(ledger: Ledger, now: datetime) -> list[Session]:
    """What a feed shows at `now`, by time: held, or dropped not long ago, and within the window.

    A series that has any such session is shown from its first date, so that the rule it is told by
    does not move from day to day.
    """
    window = feed_window(now, ledger.zone)
    current = [each for each in ledger.sessions if each.is_live(now) or now < leaves_at(each)]
    under_way = {each.series for each in current if each.slot.overlaps(window)}
    shown = [
        each
        for each in current
        if each.slot.overlaps(window)
        or (each.series in under_way and ledger.start_in_series(each) is not None)
    ]
    return sorted(shown, key=lambda each: (each.slot.starts, each.slot.ends, each.id))


async def look(transaction: Transaction, reader: Reader, before: Ledger | None = None) -> Ledger:
    """All that the reader's feed is written from; what has not changed since `before` is kept."""
    alliance, books = await transaction.all_books(None)
    about = StudioId(str(reader.subject_id)) if reader.scope is Scope.STUDIO else reader.resource
    window = feed_window(transaction.now, ZoneInfo(alliance.alliance.zone))
    known = None if before is None else before.shown
    shown = await transaction.sessions_to_show(about, window, known)
    departed: Sequence[Session] = ()
    if isinstance(about, Resource):
        since = transaction.now - CANCELLED_IS_SHOWN_FOR
        departed = await transaction.sessions_departed(about, since)
    mine = reader.own((*departed, *shown.sessions.values()))
    named = {each.series for each in mine if each.series is not None}
    return Ledger(
        alliance,
        books,
        mine,
        await transaction.series_named(named),
        await transaction.series_departed(about, named),
        shown,
    )
