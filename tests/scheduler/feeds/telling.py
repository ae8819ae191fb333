"""What a calendar has to tell of a ledger, said once more in other words than the feeds' own."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from calendars.slots import Slot
from scheduler.feeds import SubscriptionWish
from scheduler.model import Scope, Series, SeriesId, Session, SessionState
from tests.builders import SHANGHAI

CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Told:
    """One occurrence: under which name, for which date of a series, when, and how sure it is."""

    uid: str
    instance: datetime | None
    slot: Slot
    status: str

    def order(self) -> tuple[str, Slot, str]:
        return self.uid, self.slot, str(self.instance)


@dataclass(frozen=True)
class Ledger:
    """All sessions and series at one moment, in an order that is the same each time."""

    sessions: Sequence[Session]
    series: Mapping[SeriesId, Series]


@dataclass
class Telling:
    """What one calendar has to tell, with what has left it and is still to be seen cancelled.

    `left`: when each series last lost a session in it, or its weekday or time.
    """

    wish: SubscriptionWish
    departed: dict[str, Session] = field(default_factory=dict)
    left: dict[SeriesId | None, datetime] = field(default_factory=dict)
    last: Mapping[str, tuple[Slot, str]] = field(default_factory=dict)

    def follow(self, before: Ledger, after: Ledger, now: datetime) -> None:
        """Note which sessions have left the calendar or its series, and which came back."""
        now_known = {each.id: each for each in after.sessions}
        for old in before.sessions:
            new = now_known[old.id]
            if self.concerns(new):
                self.departed.pop(old.id, None)
            elif self.concerns(old) and old.is_live(now):
                self.departed[old.id] = replace(
                    old,
                    state=SessionState.CANCELLED,
                    hold_expires_at=None,
                    changed_at=now,
                    sequence=max(new.sequence, old.sequence + 1),
                )
            is_moved = old.series is not None and (
                old.series != new.series
                or before.series[old.series].weekly.time_of_week
                != after.series[old.series].weekly.time_of_week
            )
            if self.concerns(old) and (is_moved or not self.concerns(new)):
                self.left[old.series] = now
        for gone in self.departed.values():
            name = gone.series
            if name is not None and (
                before.series[name].weekly.time_of_week != after.series[name].weekly.time_of_week
            ):
                self.left[name] = now

    def shown(self, ledger: Ledger, now: datetime) -> list[Session]:
        """The sessions to be seen now. None of those seen before may be missed without a reason."""
        mine = [each for each in ledger.sessions if self.concerns(each)]
        current = [each for each in (*mine, *self.departed.values()) if now < gone_from(each, now)]
        under_way = {each.series for each in current if is_near(each.slot, now)}
        found = [
            each
            for each in current
            if is_near(each.slot, now)
            or (each.series in under_way and instance_of(each, ledger.series) is not None)
        ]
        seen = {str(each.id): (each.slot, status_of(each, now)) for each in found}
        for name, (slot, status) in self.last.items():
            assert name in seen or status == CANCELLED or not is_near(slot, now)
        self.last = seen
        return found

    def content(self, shown: Sequence[Session], names: Mapping[str, str], now: datetime) -> object:
        """What it takes to write them one by one: every change moves a sequence or a name."""
        used = {name for each in shown for name in _named(each)}.union(self._own_names())
        told = sorted(
            (each.id, each.slot, status_of(each, now), sequence_of(each, now), stamp_of(each, now))
            for each in shown
        )
        return told, sorted((name, names[name]) for name in used if name in names)

    def _own_names(self) -> tuple[str, ...]:
        """What the title names: a room or class with its school, a teacher without."""
        subject = self.wish.subject_id or ""
        is_person = self.wish.scope is Scope.TEACHER
        return (subject,) if is_person else (subject, subject.partition("-")[0])

    def changes(
        self,
        ledger: Ledger,
        shown: Sequence[Session],
        now: datetime,
    ) -> object:
        """When each series to be seen last changed, what has gone from it included."""
        found = {
            name: self.left.get(name, ledger.series[name].created_at)
            for each in shown
            if (name := each.series) is not None and instance_of(each, ledger.series) is not None
        }
        for each in ledger.sessions:
            if each.series in found and self.concerns(each):
                gone = gone_from(each, now)
                last = gone if gone <= now else stamp_of(each, now)
                found[each.series] = max(found[each.series], last)
        return sorted(found.items())

    def concerns(self, session: Session) -> bool:
        sites, subject = session.sites, self.wish.subject_id
        match self.wish.scope:
            case Scope.ALLIANCE:
                return True
            case Scope.STUDIO:
                return session.studio == subject
            case Scope.SCHOOL | Scope.SUBJECT:
                mine = any(site.school == subject for site in sites)
                return mine and self.wish.subject in (None, session.subject)
            case Scope.ROOM:
                return any(site.room == subject for site in sites)
            case Scope.CLASS_GROUP:
                return any(subject in site.class_groups for site in sites)
        return any(subject in (*site.required_teachers, *site.observers) for site in sites)


def one_by_one(shown: Sequence[Session], now: datetime) -> list[Told]:
    """Every session by its own name."""
    found = [Told(own_name(each), None, each.slot, status_of(each, now)) for each in shown]
    return sorted(found, key=Told.order)


def by_series(shown: Sequence[Session], ledger: Ledger, now: datetime) -> list[Told]:
    """The same with one name for each series, and one session for each of its dates."""
    return sorted(_by_series(shown, ledger.series, now), key=Told.order)


def _by_series(
    shown: Sequence[Session], series: Mapping[SeriesId, Series], now: datetime
) -> Iterator[Told]:
    by_date: dict[tuple[SeriesId, datetime], list[Session]] = {}
    for each in shown:
        instance = instance_of(each, series)
        if instance is None or each.series is None:
            yield Told(own_name(each), None, each.slot, status_of(each, now))
        else:
            by_date.setdefault((each.series, instance), []).append(each)
    dates = Counter(name for name, _ in by_date)
    for (name, instance), rivals in by_date.items():
        first, *others = sorted(
            rivals,
            key=lambda each: (each.is_live(now), stamp_of(each, now), each.id),
            reverse=True,
        )
        of_many = instance if dates[name] > 1 else None  # one date repeats nothing
        yield Told(f"series-{name}@demo.lianke", of_many, first.slot, status_of(first, now))
        for each in others:
            yield Told(own_name(each), None, each.slot, status_of(each, now))


def _named(session: Session) -> Iterator[str]:
    """The ids of everything that a calendar names."""
    for site in session.sites:
        yield site.school
        yield site.room or ""
        yield from (*site.required_teachers, *site.class_groups)


def own_name(session: Session) -> str:
    return f"{session.id}@demo.lianke"


def instance_of(session: Session, series: Mapping[SeriesId, Series]) -> datetime | None:
    """The date of its series that a session stands for, if it is on the weekday of the series."""
    on = session.series_date
    if session.series is None or on is None:
        return None
    pattern = series[session.series].weekly
    if on.isoweekday() != pattern.weekday:
        return None
    return datetime.combine(on, pattern.starts, SHANGHAI).astimezone(UTC)


def status_of(session: Session, now: datetime) -> str:
    if not session.is_live(now):
        return CANCELLED
    return "TENTATIVE" if session.state is SessionState.HELD else "CONFIRMED"


def sequence_of(session: Session, now: datetime) -> int:
    ran_out = session.state is SessionState.HELD and not session.is_live(now)
    return session.sequence + ran_out


def stamp_of(session: Session, now: datetime) -> datetime:
    """When it last changed in calendars; a hold that ran out did so at that moment."""
    ran_out = session.hold_expires_at if session.state is SessionState.HELD else None
    return session.changed_at if session.is_live(now) or ran_out is None else ran_out


def gone_from(session: Session, now: datetime) -> datetime:
    """From when on nobody sees it any more."""
    if session.is_live(now):
        return datetime.max.replace(tzinfo=UTC)
    return stamp_of(session, now) + timedelta(days=30)


def next_end(sessions: Sequence[Session], now: datetime) -> datetime | None:
    """When time alone changes a calendar next: a hold runs out, or what was dropped goes."""
    ends = [gone_from(each, now) for each in sessions if not each.is_live(now)]
    ends += [
        each.hold_expires_at
        for each in sessions
        if each.is_live(now) and each.hold_expires_at is not None
    ]
    return min((end for end in ends if end > now), default=None)


def is_near(slot: Slot, now: datetime) -> bool:
    """Within sixty days back and four hundred ahead, by whole days."""
    today = now.astimezone(SHANGHAI).date()
    first, last = (midnight(today + timedelta(days=days)) for days in (-60, 400))
    return slot.starts < last and slot.ends > first


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


def busy_times(
    wish: SubscriptionWish, ledger: Ledger, now: datetime, *, buffer: int
) -> list[tuple[Slot, str]]:
    """When the teacher or the room of a calendar is taken, counted minute by minute."""
    taken: dict[datetime, str] = {}
    for each in ledger.sessions:
        if not each.is_live(now) or not _takes_part(wish, each):
            continue
        kind = "BUSY-TENTATIVE" if each.state is SessionState.HELD else "BUSY"
        minute = each.slot.starts - timedelta(minutes=buffer)
        end = each.slot.ends + timedelta(minutes=buffer)
        while minute < end:
            taken[minute] = min(kind, taken.get(minute, kind))  # what is sure comes first
            minute += timedelta(minutes=1)
    found: list[tuple[Slot, str]] = []
    for minute, kind in sorted(taken.items()):
        starts = minute
        if found and found[-1][0].ends == minute and found[-1][1] == kind:
            starts = found.pop()[0].starts
        found.append((Slot(starts, minute + timedelta(minutes=1)), kind))
    return found


def _takes_part(wish: SubscriptionWish, session: Session) -> bool:
    """Whether the session takes the time of the room or the teacher; observers need not come."""
    if wish.scope is Scope.ROOM:
        return any(site.room == wish.subject_id for site in session.sites)
    return any(wish.subject_id in site.required_teachers for site in session.sites)
