"""Where nothing is free: places that would be, if one other session moved first.

Both places together pass the rulebook. Nobody is moved by asking: the schools of that session agree
to its move, or their open slots have. Pure and bounded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, cycle, islice
from typing import Final

from calendars.bells import SchoolId
from calendars.slots import Slot
from calendars.text import Text
from scheduler.access import may_arrange
from scheduler.booking.alternatives import FindAlternatives, Search, situation_around
from scheduler.booking.candidates import dates_around
from scheduler.booking.differences import difference
from scheduler.booking.single import SessionChange, changed_booking
from scheduler.model import (
    Actor,
    ActorRole,
    Alternative,
    Booking,
    FirstMove,
    Session,
    SessionId,
    SiteState,
)
from scheduler.placing import booking_of, wish_of, with_answers
from scheduler.schools import Situation
from scheduler.store import Transaction

MOVED_AT_MOST: Final = 12
"""Sessions, the nearest to the wished time, of which each is imagined elsewhere."""
TOLD_AT_MOST: Final = 3
JUDGED_FOR_EACH: Final = 60
"""Places held to the rules for what is wished, and on other dates for the session that would move.
"""
JUDGED_ON_ITS_DATE: Final = 30
"""Places held to the rules for the session that would move, on its own date."""
REACH_MINUTES: Final = 60
"""How near to a session its buffers and its people's ways may matter."""
_NOBODY: Final = Actor(name="lianke", role=ActorRole.ALLIANCE_ADMIN)
"""Answers for no school."""


async def suggest_making_room(
    transaction: Transaction, booking: Booking, found: Sequence[Alternative], *, actor: Actor
) -> FindAlternatives | None:
    """What would work if another session moved; None if there is a place for all as it is.

    `actor` reads it, and may not be the one to propose that move.
    """
    return await _suggest(transaction, booking, found, None, actor)


async def suggest_making_room_for_change(
    transaction: Transaction,
    id: SessionId,
    wish: SessionChange,
    found: Sequence[Alternative],
    *,
    actor: Actor,
) -> FindAlternatives | None:
    """The same for a session that is refused another place."""
    published = await transaction.session(id)
    return await _suggest(transaction, changed_booking(published, wish), found, published, actor)


async def _suggest(
    transaction: Transaction,
    wanted: Booking,
    found: Sequence[Alternative],
    published: Session | None,
    actor: Actor,
) -> FindAlternatives | None:
    if any(_is_for_all(each, wanted) for each in found):
        return None
    around = await situation_around(transaction, wanted)
    staying = [] if published is None else [published]
    movable = movable_for(wanted, around, now=transaction.now, published=published)
    situation = await situation_around(
        transaction, wanted, *map(booking_of, movable), moving=[*movable, *staying]
    )
    return partial(
        with_one_moved,
        wanted,
        situation,
        movable,
        now=transaction.now,
        published=published,
        actor=actor,
    )


def _is_for_all(alternative: Alternative, wanted: Booking) -> bool:
    """Whether every site takes part in it as was wished."""
    wished = [(site.school, site.role) for site in wanted.sites]
    return [(site.school, site.role) for site in alternative.sites] == wished


def movable_for(
    wanted: Booking, around: Situation, *, now: datetime, published: Session | None = None
) -> list[Session]:
    """Sessions to come that nobody has pinned and no open proposal moves, nearest first."""
    ids = [each.id for each in around.sessions]
    free = (
        each
        for each in around.sessions
        if not each.pinned
        and each.slot.starts > now
        and ids.count(each.id) == 1
        and (published is None or each.id != published.id)
    )
    nearest = sorted(free, key=lambda each: (_apart(each.slot, wanted.slot), each.id))
    return nearest[:MOVED_AT_MOST]


def _apart(one: Slot, other: Slot) -> timedelta:
    return abs(one.starts - other.starts)


def with_one_moved(
    wanted: Booking,
    situation: Situation,
    movable: Sequence[Session],
    *,
    now: datetime,
    published: Session | None = None,
    actor: Actor = _NOBODY,
) -> tuple[Alternative, ...]:
    """Up to three places, each with the session that has to move for it and where it would go.

    One place for each of the sessions that could move, in their order, told to `actor`.
    """
    found: list[Alternative] = []
    for other in movable:
        hunt = _Hunt(wanted, other, _without(situation, other), now, published, actor)
        if (alternative := next(hunt.alternatives(), None)) is not None:
            found.append(alternative)
        if len(found) == TOLD_AT_MOST:
            break
    return tuple(found)


def _without(situation: Situation, session: Session) -> Situation:
    kept = tuple(each for each in situation.sessions if each.id != session.id)
    return replace(situation, sessions=kept)


@dataclass(frozen=True, slots=True)
class _Hunt:
    """What is wanted, and the one `other` session that may move; the situation is without it."""

    wanted: Booking
    other: Session
    situation: Situation
    now: datetime
    published: Session | None
    actor: Actor

    def alternatives(self) -> Iterator[Alternative]:
        """Places near the other session, each with one for that."""
        search = self._search(self.wanted, self.situation, self.published, JUDGED_FOR_EACH)
        travel = self.situation.alliance.alliance.travel_minutes
        near = self.other.slot.padded(max(REACH_MINUTES, travel))
        candidates = chain(
            search.candidates.at_the_same_time(),
            chain.from_iterable(
                search.candidates.times_on(on) for on in dates_around(search.candidates.day)
            ),
        )
        for candidate in candidates:
            if candidate.slot.overlaps(near):
                placed = search.placed(candidate)
                moved = None if placed is None else self._elsewhere(placed)
                if placed is not None and moved is not None:
                    yield self._told(placed, moved)

    def _search(
        self, wanted: Booking, situation: Situation, published: Session | None, most: int
    ) -> Search:
        return Search(wanted, situation, self.now, published, refused=False, most=most)

    def _elsewhere(self, placed: Session) -> Session | None:
        """A good place that the other session has beside that: on its date, else on any other.

        The other dates take turns, so that none with many times hides the next.
        """
        kept = tuple(each for each in self.situation.sessions if each.id != placed.id)
        beside = replace(self.situation, sessions=(*kept, placed))
        on_its_date, on_others = (
            self._search(booking_of(self.other), beside, self.other, most)
            for most in (JUDGED_ON_ITS_DATE, JUDGED_FOR_EACH)
        )
        candidates = on_its_date.candidates
        its_date, *others = dates_around(candidates.day)
        near = chain(candidates.at_the_same_time(), candidates.times_on(its_date))
        far = _in_turn([candidates.times_on(on) for on in others])
        found = chain(map(on_its_date.placed, near), map(on_others.placed, far))
        return next((session for session in found if session is not None), None)

    def _told(self, placed: Session, moved: Session) -> Alternative:
        move = FirstMove(
            session=self.other.id,
            revision=self.other.revision,
            title=self.other.title,
            slot=moved.slot,
            sites=tuple(map(wish_of, moved.sites)),
            asks=self._asked(moved),
            through=self._through(),
        )
        return Alternative(
            slot=placed.slot,
            sites=tuple(map(wish_of, placed.sites)),
            changes=self._sentence(placed, moved, move),
            min_effective_minutes=min(site.effective_minutes for site in placed.sites),
            first=move,
        )

    def _asked(self, moved: Session) -> tuple[SchoolId, ...]:
        """The schools whose open slots do not cover it."""
        answered = with_answers(
            moved, self.situation, actor=_NOBODY, now=self.now, before=self.other
        )
        return tuple(site.school for site in answered.sites if site.state is SiteState.HELD)

    def _through(self) -> tuple[SchoolId, ...]:
        """The schools of which one has to propose it; none where the reader may."""
        schools = tuple(site.school for site in self.other.sites)
        return () if may_arrange(self.actor, schools) else schools

    def _names(self, schools: Sequence[SchoolId], mark: str) -> str:
        return mark.join(self.situation.schools[school].school.name for school in schools)

    def _sentence(self, placed: Session, moved: Session, move: FirstMove) -> Text:
        own = difference(self.wanted, placed, self.situation)
        first = difference(booking_of(self.other), moved, self.situation)
        said = [
            Text(
                f"{own.zh}前提是“{self.other.title}”先调整：{first.zh}",
                f"{own.en} But first “{self.other.title}” moves: {first.en}",
            ),
            Text(
                f"须经{self._names(move.asks, '、')}同意。",
                f"{self._names(move.asks, ', ')} must agree.",
            )
            if move.asks
            else Text("各校开放时段均已允许。", "All schools keep that time open."),
        ]
        if move.through:
            said.append(
                Text(
                    f"请联系{self._names(move.through, '或')}的教导处，或联盟办公室，由其提出。",
                    f"Ask the coordinator of {self._names(move.through, ' or ')}, or the "
                    "alliance's office, to propose it.",
                )
            )
        return Text.joined(tuple(said))


def _in_turn(dates: Sequence[Iterator[Booking]]) -> Iterator[Booking]:
    """The first of each date, then the second of each, to the end of the longest."""
    turns: Iterator[Iterator[Booking]] = iter(dates)
    for left in range(len(dates), 0, -1):
        turns = cycle(islice(turns, left))
        yield from map(next, turns)
