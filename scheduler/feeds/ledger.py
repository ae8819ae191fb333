"""What a feed is written from: one state of the database, as far as the reader is concerned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.feeds.reader import Reader
from scheduler.members import StudioId
from scheduler.model import Scope, Series, SeriesId, Session
from scheduler.schools import AllianceBook, SchoolBook
from scheduler.store import Transaction

Books = Mapping[SchoolId, SchoolBook]

DAYS_BACK: Final = 60
DAYS_AHEAD: Final = 400


@dataclass(frozen=True, slots=True)
class Ledger:
    """The sessions of a reader with all that it takes to name what they name.

    Of a series that has any session within the feed's window, all its sessions that concern the
    reader are there, however old.
    """

    alliance: AllianceBook
    books: Books
    sessions: Sequence[Session]
    series: Mapping[SeriesId, Series] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the alliance's clock."""
        return ZoneInfo(self.alliance.alliance.zone)

    def has_the_names_of(self, other: "Ledger") -> bool:
        """Whether both were read with the very same books, so that every name is the same."""
        return (
            self.alliance is other.alliance
            and self.books.keys() == other.books.keys()
            and all(book is other.books[school] for school, book in self.books.items())
        )


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


async def look(transaction: Transaction, reader: Reader) -> Ledger:
    """All that the reader's feed is written from."""
    alliance = await transaction.alliance()
    about = StudioId(str(reader.subject_id)) if reader.scope is Scope.STUDIO else reader.resource
    window = feed_window(transaction.now, ZoneInfo(alliance.alliance.zone))
    sessions = await transaction.sessions_to_show(about, window)
    mine = [session for session in sessions if reader.concerns(session)]
    return Ledger(
        alliance,
        await transaction.books(),
        mine,
        await transaction.series_named({each.series for each in mine if each.series is not None}),
    )
