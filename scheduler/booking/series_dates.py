"""The dates of a weekly series, and a place for each of them that no rule forbids. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from calendars.bells import SchoolId
from calendars.series import Occurrence, OccurrenceState, Weekly, occurrences
from calendars.terms import Term
from calendars.text import Text
from scheduler.booking.alternatives import best_on
from scheduler.booking.candidates import dates_around, names_a_room
from scheduler.booking.differences import difference
from scheduler.conflicts import find_conflicts
from scheduler.local_words import wall_clock
from scheduler.members import RoomId
from scheduler.model import (
    Actor,
    Booking,
    Conflict,
    Role,
    SeriesId,
    Session,
    SessionId,
    SiteWish,
    WhenImpossible,
)
from scheduler.placing import draft, near, with_answers
from scheduler.schools import SchoolBook, Situation, site_time


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedDate:
    """A date that is not held: a school is closed, it has passed, or rules say no."""

    date: date
    reason: Text
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedDate:
    """A date that had to give way: `session` is held instead of it, and `changes` says how."""

    date: date
    session: SessionId
    changes: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDate:
    """One date of a series still to be placed; `before` is the session that moves there, if any."""

    date: date
    id: SessionId
    booking: Booking
    before: Session | None = None


@dataclass(slots=True)
class Placed:
    """What became of the wanted dates."""

    sessions: list[Session] = field(default_factory=list)
    skipped: list[SkippedDate] = field(default_factory=list)
    replaced: list[ReplacedDate] = field(default_factory=list)

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Everything in the way of every date without a place."""
        return tuple(conflict for each in self.skipped for conflict in each.conflicts)


def dates_of(
    weekly: Weekly, term: Term, sites: Sequence[SiteWish], books: Mapping[SchoolId, SchoolBook]
) -> tuple[Occurrence, ...]:
    """Every date on which the pattern falls at the lead school, lost ones included."""
    lead = next(site for site in sites if site.role is Role.LEAD)
    others = [site for site in sites if site.role is not Role.LEAD]
    return occurrences(
        weekly, term, site_time(lead, books), [site_time(site, books) for site in others]
    )


def lost_dates(found: Sequence[Occurrence], now: datetime) -> Iterator[SkippedDate]:
    """The dates that nobody can hold: a school is closed or out of step, or they have passed."""
    for occurrence in found:
        if occurrence.state is not OccurrenceState.HELD:
            yield SkippedDate(date=occurrence.date, reason=Text.joined(occurrence.why))
        elif occurrence.slot.starts < now:
            yield SkippedDate(
                date=occurrence.date,
                reason=Text(f"{occurrence.date} 已经过去。", f"{occurrence.date} is in the past."),
            )


def upcoming(found: Sequence[Occurrence], now: datetime) -> list[Occurrence]:
    """The dates that can be held as far as the schools' calendars go."""
    return [
        each for each in found if each.state is OccurrenceState.HELD and each.slot.starts >= now
    ]


def place_dates(
    wanted: Sequence[WantedDate],
    situation: Situation,
    *,
    series: SeriesId,
    when_impossible: WhenImpossible,
    actor: Actor,
    now: datetime,
    ask: SchoolId | None = None,
) -> Placed:
    """A session for every date that rules allow, each judged with those before it in place (E29).

    A room left open stays the same all term where it can. With `alternative`, a date that rules
    forbid moves to the best place on that day, then in that week. The school to `ask` has to say
    yes in any case.
    """
    placed, settled = Placed(), dict[SchoolId, RoomId]()
    for each in wanted:
        session, conflicts = _at_its_time(each, settled, situation, now)
        if conflicts and when_impossible is WhenImpossible.ALTERNATIVE:
            instead = best_on(each.booking, situation, dates_around(each.date)[:7], now=now)
            if instead is not None:
                session, conflicts = replace(instead, id=each.id), ()
                changes = difference(each.booking, session, situation)
                placed.replaced.append(
                    ReplacedDate(date=each.date, session=each.id, changes=changes)
                )
        if conflicts:
            placed.skipped.append(_refused(each, conflicts, situation))
            continue
        session = replace(session, series=series, series_date=each.date)
        session = with_answers(
            session, situation, actor=actor, now=now, before=each.before, ask=ask
        )
        for site in session.sites:
            if site.room is not None:
                settled.setdefault(site.school, site.room)
        placed.sessions.append(session)
        situation = replace(situation, sessions=(*situation.sessions, session))
    return placed


def _at_its_time(
    wanted: WantedDate, settled: Mapping[SchoolId, RoomId], situation: Situation, now: datetime
) -> tuple[Session, tuple[Conflict, ...]]:
    around = near(situation, wanted.booking.slot.starts.date())
    usual = _in_usual_rooms(wanted.booking, settled)
    session = draft(usual, around, id=wanted.id, now=now)
    conflicts = find_conflicts(session, around, now=now, published=wanted.before)
    if usual != wanted.booking and any(map(names_a_room, conflicts)):
        session = draft(wanted.booking, around, id=wanted.id, now=now)
        conflicts = find_conflicts(session, around, now=now, published=wanted.before)
    return session, conflicts


def _in_usual_rooms(booking: Booking, settled: Mapping[SchoolId, RoomId]) -> Booking:
    return replace(
        booking,
        sites=tuple(
            replace(site, room=settled.get(site.school)) if site.room is None else site
            for site in booking.sites
        ),
    )


def _refused(
    wanted: WantedDate, conflicts: tuple[Conflict, ...], situation: Situation
) -> SkippedDate:
    """The date with its conflicts, each of which names it: a series' refusal covers many dates."""
    zone = situation.schools[wanted.booking.sites[0].school].time.zone
    when = wall_clock(wanted.booking.slot, zone)
    dated = tuple(
        replace(
            each,
            sentence=Text(f"{when.zh}：{each.sentence.zh}", f"{when.en}: {each.sentence.en}"),
        )
        for each in conflicts
    )
    return SkippedDate(
        date=wanted.date,
        reason=Text.joined(tuple(each.sentence for each in dated)),
        conflicts=dated,
    )
