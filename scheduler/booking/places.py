"""Places for one or several sessions that no rule forbids, their own old places counted as free."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from scheduler.booking.qualified import require_qualified_successor
from scheduler.booking.revisions import require_unchanged, to_lock
from scheduler.conflicts import find_conflicts
from scheduler.errors import ClashError, InvalidWishError, told_at
from scheduler.model import (
    Actor,
    Booking,
    Conflict,
    SeriesId,
    Session,
    SessionId,
    SessionState,
)
from scheduler.placing import draft, outlines, with_answers
from scheduler.schools import Situation
from scheduler.store import Transaction
from scheduler.ties import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A place wanted for a new session, or for one that leaves its place `before`.

    `automatic`: nobody of its own asks for the move, so a pinned session stays (H11). The school to
    `ask` has to say yes in any case. It was asked for at `place` of a larger wish. A new one may be
    a date `of_series` that comes back to it, or held `instead_of` one that was missed.
    """

    id: SessionId
    booking: Booking
    before: Session | None = None
    automatic: bool = False
    ask: SchoolId | None = None
    of_series: tuple[SeriesId, date] | None = None
    instead_of: Session | None = None
    place: str = ""


async def find_places(
    transaction: Transaction, *wanted: Wanted, actor: Actor | None = None
) -> tuple[tuple[Session, ...], Situation]:
    """The sessions in their new places, with every answer known already, and what decided.

    All are judged together: each may take what another gives up, and none what another takes.
    `actor` asks, if not the one who writes.
    `ClashError` with everything that is in the way of any of them; `InvalidWishError` if somebody
    would lead an agreed session without teaching its subject.
    """
    for each in wanted:
        _require_future(each, transaction)
    situation = await _lock_and_look(transaction, wanted)
    situation = situation.with_moves({each.id: each.booking.slot for each in wanted})
    situation = situation.with_new(_new_dates(wanted, situation))
    leaving = {each.id for each in wanted}
    around = _with(situation, (each for each in situation.sessions if each.id not in leaving))
    placed: dict[SessionId, Session] = {}
    conflicts: list[Conflict] = []
    # Whoever takes any room chooses among those that nobody else here has named.
    for each in sorted(wanted, key=_leaves_a_room_open):
        session = _placed(each, around, actor or transaction.actor, transaction.now)
        if each.before is not None and each.before.state is SessionState.CONFIRMED:
            with told_at(each.place):
                require_qualified_successor(session, each.before, around)
        conflicts += find_conflicts(
            session,
            around,
            now=transaction.now,
            published=each.before,
            instead_of=each.instead_of,
            anew=each.of_series is not None,
            automatic=each.automatic,
        )
        placed[each.id] = session
        around = _with(around, (*around.sessions, session))
    if conflicts:
        leaving_from = [each.before for each in wanted if each.before is not None]
        await require_unchanged(transaction, leaving_from)
        raise ClashError(tuple(conflicts))
    return tuple(placed[each.id] for each in wanted), situation


def _with(situation: Situation, sessions: Iterable[Session]) -> Situation:
    return replace(situation, sessions=tuple(sessions))


def _new_dates(wanted: Sequence[Wanted], situation: Situation) -> dict[SessionId, Held]:
    """When the new dates of series are held."""
    zone = ZoneInfo(situation.alliance.alliance.zone)
    return {
        each.id: Held(series=each.of_series[0], on=each.booking.slot.starts.astimezone(zone).date())
        for each in wanted
        if each.of_series is not None
    }


def _leaves_a_room_open(wanted: Wanted) -> bool:
    return any(site.room is None for site in wanted.booking.sites)


def _placed(wanted: Wanted, around: Situation, actor: Actor, now: datetime) -> Session:
    before = wanted.before
    session = draft(wanted.booking, around, id=wanted.id, now=now)
    if wanted.of_series is not None:
        series, on = wanted.of_series
        session = replace(session, series=series, series_date=on)
    if before is not None:
        session = replace(
            session,
            series=before.series,
            series_date=before.series_date,
            declined=tuple(each for each in before.declined if session.site_of(each) is None),
        )
    return with_answers(session, around, actor=actor, now=now, before=before, ask=wanted.ask)


async def _lock_and_look(transaction: Transaction, wanted: Sequence[Wanted]) -> Situation:
    """Lock all that they use or could use, open rooms included, and load what decides."""
    open_at = {site.school for each in wanted for site in each.booking.sites if site.room is None}
    books = await transaction.books(open_at) if open_at else {}
    concerned = [
        sketch if each.of_series is None else replace(sketch, series=each.of_series[0])
        for each in wanted
        for sketch in outlines(each.booking, books, id=each.id, now=transaction.now)
    ]
    concerned += [each.before for each in wanted if each.before is not None]
    concerned += [each.instead_of for each in wanted if each.instead_of is not None]
    await transaction.lock(to_lock(concerned))
    return await transaction.situation(concerned)


def _require_future(wanted: Wanted, transaction: Transaction) -> None:
    """Only what stays at its time may have begun."""
    starts = wanted.booking.slot.starts
    stays = wanted.before is not None and wanted.before.slot.starts == starts
    if not stays:
        with told_at(wanted.place):
            require_to_come(starts, transaction.now, pointer="/slot/starts")


def require_to_come(starts: datetime, now: datetime, *, pointer: str) -> None:
    """`InvalidWishError` if that start is over."""
    if starts < now:
        raise InvalidWishError(
            "开始时间已经过去，请选择尚未到来的时间。",
            "It would start in the past: choose a time to come.",
            pointer=pointer,
            value=starts.isoformat(),
        )
