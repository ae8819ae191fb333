"""The bytes that make up a feed: single events, and series with their exceptions. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from calendars.ics import Entry, Status, write_entry
from calendars.slots import Slot
from scheduler.feeds.ledger import Ledger, last_change, renamed_at
from scheduler.feeds.reader import Reader
from scheduler.feeds.repeating import Dated, entries_of, series_uid
from scheduler.model import Series, SeriesId, Session


@dataclass(frozen=True, eq=False)
class Seen:
    """One session as the reader sees it; its bytes as an event of its own are made once."""

    session: Session
    entry: Entry
    zone: ZoneInfo

    @cached_property
    def piece(self) -> "Piece":
        """The session as an event of its own."""
        return Piece((self,), self.entry.changed_at, (self.entry.slot,), self.octets)

    @cached_property
    def octets(self) -> bytes:
        """The bytes of that event."""
        return write_entry(self.entry, self.zone)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What is written as a whole: the bytes for these sessions, which lie within `slots`."""

    seen: tuple[Seen, ...]
    changed_at: datetime
    slots: tuple[Slot, ...]
    octets: bytes

    def is_of(self, seen: Sequence[Seen], changed_at: datetime) -> bool:
        """Whether it was made of the very same sessions, when they had last changed by then."""
        return (
            self.changed_at == changed_at
            and len(self.seen) == len(seen)
            and all(mine is theirs for mine, theirs in zip(self.seen, seen, strict=True))
        )


class Pieces:
    """Writes the pieces of one reader's feed; those that it knows and nothing touched stay."""

    def __init__(
        self,
        ledger: Ledger,
        reader: Reader,
        now: datetime,
        seen: Sequence[Seen],
        known: Mapping[SeriesId, Piece],
    ) -> None:
        self.written: dict[SeriesId, Piece] = {}
        self._ledger = ledger
        self._reader = reader
        self._now = now
        self._all_seen = seen
        self._known = known

    def of(self, seen: Sequence[Seen]) -> list[Piece]:
        """The pieces for these sessions, which come by time, in the order of their first ones."""
        series_of = {} if self._reader.expand else self._by_series(seen)
        pieces: list[Piece] = []
        for each in seen:
            series = each.session.series
            dated = series_of.get(series) if series is not None else None
            if series is None or dated is None or each not in dated.values():
                pieces.append(each.piece)
            elif each is next(iter(dated.values())):
                pieces += self._of_series(self._ledger.series[series], dated)
        return pieces

    def _by_series(self, seen: Sequence[Seen]) -> dict[SeriesId, dict[datetime, Seen]]:
        """What stands for each date of each series: a session that is held before one that is not.

        Another one of the same date is an event of its own.
        """
        found: defaultdict[SeriesId, dict[datetime, Seen]] = defaultdict(dict)
        for each in seen:
            starts = self._ledger.start_in_series(each.session)
            if each.session.series is None or starts is None:
                continue
            dates = found[each.session.series]
            other = dates.get(starts)
            if other is None or self._weight(other) < self._weight(each):
                dates[starts] = each
        return dict(found)

    def _weight(self, seen: Seen) -> tuple[bool, datetime, str]:
        """How much speaks for a session to stand for its date: nothing that a new name changes."""
        changed = last_change(seen.session, self._now)
        return seen.entry.status is not Status.CANCELLED, changed, seen.session.id

    def _of_series(self, series: Series, dated: Mapping[datetime, Seen]) -> Sequence[Piece]:
        seen, changed_at = tuple(dated.values()), self._changed_at[series.id]
        known = self._known.get(series.id)
        if known is None or not known.is_of(seen, changed_at):
            entries = entries_of(
                series,
                [Dated(starts, dated[starts].entry) for starts in sorted(dated)],
                uid=series_uid(series, self._ledger.alliance.alliance.id),
                changed_at=changed_at,
                zone=self._ledger.zone,
            )
            if entries is None:
                return [each.piece for each in seen]
            known = Piece(seen, changed_at, _slots_of(entries), self._octets_of(entries))
        self.written[series.id] = known
        return (known,)

    def _octets_of(self, entries: Sequence[Entry]) -> bytes:
        return b"".join(write_entry(entry, self._ledger.zone) for entry in entries)

    @cached_property
    def _changed_at(self) -> Mapping[SeriesId, datetime]:
        """When each series last changed for the reader, sessions that have left it included."""
        found = {
            series.id: self._ledger.departed.get(series.id, series.created_at)
            for series in self._ledger.series.values()
        }
        for session in self._ledger.sessions:
            if session.series in found:
                changed = last_change(session, self._now)
                found[session.series] = max(found[session.series], changed)
        for series_id, renamed in self._renamed():
            found[series_id] = max(found[series_id], renamed)
        return found

    def _renamed(self) -> Iterator[tuple[SeriesId, datetime]]:
        """Since when each series shows the names that it shows, if not since it was made.

        Only names count that are seen, and of these also what is cut off: nothing may fall again.
        """
        for each in self._all_seen if self._ledger.renamed else ():
            series = each.session.series
            if series is not None and self._ledger.start_in_series(each.session) is not None:
                yield series, renamed_at(each.session, self._ledger.renamed)


def _slots_of(entries: Sequence[Entry]) -> tuple[Slot, ...]:
    """The slots of the entries, and the last instance of those that repeat."""
    last = [
        Slot.lasting(entry.repeats.last, entry.slot.minutes) for entry in entries if entry.repeats
    ]
    return (*(entry.slot for entry in entries), *last)
