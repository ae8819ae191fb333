"""What would work instead: ranked places for a session that no rule forbids right now.

The search is pure and bounded; `suggest` loads what it needs from a transaction that only reads,
and returns the search, to be run in a thread when the transaction is over.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from itertools import chain, islice
from typing import Final

from calendars.slots import Slot
from scheduler.booking.candidates import (
    Candidates,
    dates_around,
    in_any_room,
    names_a_room,
    on_date,
    with_rooms_open,
    with_swaps,
)
from scheduler.booking.differences import difference
from scheduler.booking.single import SessionChange, changed_booking
from scheduler.busy_time import soft_time_met
from scheduler.conflicts import find_conflicts
from scheduler.members import LinkPoolId
from scheduler.model import (
    Alternative,
    Booking,
    Conflict,
    Session,
    SessionId,
    SessionState,
    Site,
    SiteWish,
)
from scheduler.placing import booking_of, draft, fields_of, near, outlines, wish_of
from scheduler.schools import Situation
from scheduler.store import Transaction

JUDGED_AT_MOST: Final = 400
"""Candidates that one search holds to the rules: what bounds its time, whatever the clock says."""
OF_ONE_SORT: Final = 3
"""Suggestions of one sort (other rooms, other times of one date), so that a choice is left."""
JUDGED_WITH_SWAPS: Final = 60
"""Further candidates, for the timetable swaps that come last."""
FindAlternatives = Callable[[], tuple[Alternative, ...]]
Place = tuple[Slot, tuple[SiteWish, ...], LinkPoolId | None]
_NEW: Final = SessionId("new")


async def suggest(transaction: Transaction, booking: Booking) -> FindAlternatives:
    """Alternatives for a refused booking; ask in a fresh read, never in a write."""
    situation = await situation_around(transaction, booking)
    return partial(alternatives_for, booking, situation, now=transaction.now)


async def suggest_for_change(
    transaction: Transaction, id: SessionId, wish: SessionChange
) -> FindAlternatives:
    """Alternatives for a refused change of a session, whose present place counts as free."""
    published = await transaction.session(id)
    booking = changed_booking(published, wish)
    situation = await situation_around(transaction, booking, moving=[published])
    return partial(alternatives_for, booking, situation, now=transaction.now, published=published)


async def situation_around(
    transaction: Transaction, *bookings: Booking, moving: Iterable[Session] = ()
) -> Situation:
    """Everything that decides about these bookings on any date the search may look at.

    Those `moving` from where they are have others that they go with.
    """
    books = await transaction.books({site.school for each in bookings for site in each.sites})
    zone = next(iter(books.values())).time.zone
    return await transaction.situation(
        [
            *moving,
            *(
                sketch
                for booking in bookings
                for on in dates_around(booking.slot.starts.astimezone(zone).date())
                for sketch in outlines(
                    on_date(in_any_room(booking), on, zone), books, id=_NEW, now=transaction.now
                )
            ),
        ]
    )


def alternatives_for(
    wanted: Booking | Session,
    situation: Situation,
    *,
    now: datetime,
    limit: int = 5,
    published: Session | None = None,
) -> tuple[Alternative, ...]:
    """Up to `limit` places, best first, each bookable at `now`.

    First the same time (other rooms, a tactic), then other times of the day, then other days of
    this week and the next; then what needs a timetable swap; and only if there is nothing else,
    the same time with one listener fewer. Where it would use time that somebody would rather keep
    (soft busy time) comes last. `published` is the session that is being changed.
    """
    if isinstance(wanted, Session):
        published = wanted
        wanted = booking_of(published)
    search = Search(wanted, situation, now, published)
    found: list[Alternative] = []
    for candidates in search.sorts():
        fresh = (each for each in map(search.alternative, candidates) if each is not None)
        found += islice(fresh, min(OF_ONE_SORT, limit - len(found)))
        if len(found) == limit:
            break
    return (*found, *search.in_soft_time)[:limit]


def moved_to(
    session: Session, slot: Slot, sites: Iterable[SiteWish], link: LinkPoolId | None
) -> Session:
    """The session as everybody else would meet it at another place."""
    return replace(
        session,
        state=SessionState.CONFIRMED,
        hold_expires_at=None,
        slot=slot,
        link_pool=link,
        sites=tuple(Site(**fields_of(wish), effective_minutes=0) for wish in sites),
    )


def best_on(
    wanted: Booking, situation: Situation, dates: Sequence[date], *, now: datetime
) -> Session | None:
    """The best place on the first of these dates that has one (for a single date of a series)."""
    search = Search(wanted, situation, now, None)
    candidates = chain(
        search.candidates.at_the_same_time(),
        chain.from_iterable(search.candidates.times_on(on) for on in dates),
    )
    placed = (search.placed(candidate) for candidate in candidates)
    return next((session for session in placed if session is not None), None)


class Search:
    """One hunt: what is wanted, in which situation, and how many candidates may still be judged.

    `refused`: the place that is wanted has been refused, and is not found again. `most` candidates
    are judged. What is found is held `instead_of` a missed session, if that is given.
    """

    def __init__(
        self,
        wanted: Booking,
        situation: Situation,
        now: datetime,
        published: Session | None,
        *,
        refused: bool = True,
        most: int = JUDGED_AT_MOST,
        instead_of: Session | None = None,
    ) -> None:
        self.wanted = wanted
        self.situation = situation
        self.now = now
        self.published = published
        self.instead_of = instead_of
        self.candidates = Candidates(wanted, situation)
        self.in_soft_time: list[Alternative] = []
        self._left = most
        self.need_swaps: list[Booking] = []
        place = _place_of(draft(wanted, situation, id=_NEW, now=now))
        self._seen = {place} if refused else set()
        self._situation_on: dict[date, Situation] = {}

    def sorts(self) -> Iterator[Iterator[Booking]]:
        """Candidates of one sort after the other, best first."""
        yield self.candidates.at_the_same_time()
        for on in dates_around(self.candidates.day):
            yield self.candidates.times_on(on)
        self._left += JUDGED_WITH_SWAPS
        yield iter(self.need_swaps)
        if len(self._seen) == 1:
            yield self.candidates.with_one_fewer()

    def alternative(self, candidate: Booking) -> Alternative | None:
        """The candidate as a suggestion, unless rules forbid it or it was suggested already.

        One that would use soft busy time is kept for the end.
        """
        session = self.placed(candidate)
        if session is None:
            return None
        found = Alternative(
            slot=session.slot,
            sites=tuple(wish_of(site) for site in session.sites),
            changes=difference(self.wanted, session, self.situation),
            min_effective_minutes=min(site.effective_minutes for site in session.sites),
        )
        everywhere = [book.busy_time for book in self.situation.schools.values()]
        if any(soft_time_met(session, everywhere)):
            self.in_soft_time.append(found)
            return None
        return found

    def placed(self, candidate: Booking) -> Session | None:
        """A session that no rule forbids: as the candidate says, or else in rooms that are free."""
        if candidate.slot.starts < self.now or self._left <= 0:
            return None
        session, conflicts = self._judged(candidate)
        if any(map(names_a_room, conflicts)) and all(
            names_a_room(each) or each.rule == "H3" for each in conflicts
        ):
            session, conflicts = self._judged(with_rooms_open(candidate, conflicts))
        swapped = with_swaps(candidate)
        if conflicts and swapped != candidate and all(each.rule == "H3" for each in conflicts):
            self.need_swaps.append(swapped)
        place = _place_of(session)
        if conflicts or place in self._seen:
            return None
        self._seen.add(place)
        return session

    def _judged(self, candidate: Booking) -> tuple[Session, tuple[Conflict, ...]]:
        self._left -= 1
        situation = self._near(candidate.slot)
        own = _NEW if self.published is None else self.published.id
        session = draft(candidate, situation, id=own, now=self.now)
        conflicts = find_conflicts(
            session,
            situation,
            now=self.now,
            published=self.published,
            instead_of=self.instead_of,
        )
        return session, conflicts

    def _near(self, slot: Slot) -> Situation:
        on = slot.starts.date()
        if on not in self._situation_on:
            self._situation_on[on] = near(self.situation, on)
        return self._situation_on[on]


def _place_of(session: Session) -> Place:
    return session.slot, tuple(wish_of(site) for site in session.sites), session.link_pool
