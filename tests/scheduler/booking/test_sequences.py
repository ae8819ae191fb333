"""Whatever people do to sessions in whatever order, everything that must be true stays true."""

import asyncio
import random
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from calendars.slots import Slot
from scheduler.booking import consent, proposals, single, swaps, waiting
from scheduler.booking.bumps import BumpWish, NewPlace, bump
from scheduler.booking.series import book_series
from scheduler.checking.database import check
from scheduler.errors import SchedulerError, StaleError
from scheduler.model import (
    Booking,
    Kind,
    OnDecline,
    ProposalState,
    Role,
    Session,
    WaitingWish,
    WhenImpossible,
)
from scheduler.planning.freed_places import offer_freed_places
from scheduler.store import Store, Transaction
from tests.builders import NOW, TUESDAY, at, some_books
from tests.scheduler.desk import OFFICE, Desk, a_booking, a_series, a_wish, open_all_day, records_of

VERBS: Final = (
    "book",
    "book",
    "book",
    "meet",
    "meet",
    "series",
    "move",
    "swap",
    "bump",
    "propose",
    "agree",
    "refuse",
    "confirm",
    "decline",
    "cancel",
    "queue",
    "queue",
    "queue_all_term",
    "offer",
    "pass_time",
)
steps = some.lists(
    some.tuples(some.sampled_from(VERBS), some.integers(0, 999)), min_size=12, max_size=30
)


def place(number: int) -> Slot:
    """One of few times, so that people get into each other's way."""
    return at(("14:00", "16:10", "16:50")[number % 3], on=TUESDAY + timedelta(days=number // 3 % 2))


def lesson(number: int) -> Booking:
    """A lesson for one school or two, which may go on without the second."""
    sites = (
        a_wish("TF1", class_groups=(f"TF1-C{1 + number % 2}",)),
        a_wish("JS", Role.LISTEN),
        a_wish("CB", Role.OBSERVE, class_groups=()),
    )[: 2 + number % 2]
    return a_booking(
        title=f"音乐{number}", slot=place(number), sites=sites, on_decline=OnDecline.QUORUM
    )


def meeting(number: int) -> Booking:
    teacher = f"TF1-T{1 + number % 3}"
    return a_booking(
        title=f"教研{number}",
        kind=Kind.JOINT_RESEARCH,
        link_pool=None,
        slot=place(number),
        sites=(a_wish("TF1", teacher=teacher, class_groups=()),),
    )


@dataclass
class World:
    """A desk whose clock goes on, and what is done at it next."""

    desk: Desk
    now: datetime = NOW

    async def step(self, verb: str, number: int) -> None:
        """One thing that somebody does; what is refused changes nothing."""
        await getattr(self, verb)(random.Random(number), number)

    async def _do(
        self, use_case: Callable[..., Awaitable[Any]], *wishes: Any, **named: Any
    ) -> bool:
        """Whether it was done and not refused."""
        try:
            await self.desk.do(use_case, *wishes, now=self.now, **named)
        except SchedulerError as refused:
            # Nobody else is at work here, so nobody was quicker.
            assert not isinstance(refused, StaleError), refused  # noqa: PT017 - any other will do
            return False
        return True

    async def _live(self) -> list[Session]:
        found = await self.desk.read(Transaction.sessions, limit=None, now=self.now)
        live = [each for each in found if each.is_live(self.now)]
        return sorted(live, key=lambda each: (each.slot, each.title))

    async def book(self, _: random.Random, number: int) -> None:
        await self._do(single.book, lesson(number))

    async def meet(self, _: random.Random, number: int) -> None:
        await self._do(single.book, meeting(number))

    async def series(self, _: random.Random, __: int) -> None:
        await self._do(book_series, a_series(when_impossible=WhenImpossible.SKIP))

    async def move(self, chance: random.Random, number: int) -> None:
        if live := await self._live():
            session = chance.choice(live)
            wish = single.SessionChange(slot=place(number))
            await self._do(single.change, session.id, wish, session.revision)

    async def swap(self, chance: random.Random, _: int) -> None:
        live = await self._live()
        if len(live) > 1:
            one, other = chance.sample(live, 2)
            wish = swaps.SwapWish(
                other=other.id,
                other_revision=other.revision,
                what=chance.choice((swaps.Exchange.TIMES, *swaps.Exchange)),
            )
            await self._do(swaps.swap, one.id, wish, one.revision)

    async def bump(self, chance: random.Random, number: int) -> None:
        """A lesson takes the place of a meeting, which goes wherever it can."""
        if meetings := [each for each in await self._live() if each.kind is not Kind.LESSON]:
            goes = chance.choice(meetings)
            for away in range(6):
                place_of = NewPlace(session=goes.id, revision=goes.revision, slot=place(away))
                comes = replace(lesson(number), slot=goes.slot)
                wish = BumpWish(booking=comes, displaced=(place_of,), reason="评估课")
                if await self._do(bump, wish):
                    break

    async def propose(self, chance: random.Random, number: int) -> None:
        if live := await self._live():
            session = chance.choice(live)
            for away in range(number, number + 6):
                wish = single.SessionChange(slot=place(away))
                if await self._do(proposals.propose_move, session.id, wish, session.revision):
                    break

    async def agree(self, chance: random.Random, _: int) -> None:
        await self._answer(chance, agrees=True)

    async def refuse(self, chance: random.Random, _: int) -> None:
        await self._answer(chance, agrees=False)

    async def _answer(self, chance: random.Random, *, agrees: bool) -> None:
        """All who are asked agree, or the first says no."""
        asked = await self.desk.read(Transaction.proposals, states=(ProposalState.OPEN,))
        if asked:
            proposal = chance.choice(sorted(asked, key=lambda each: each.created_at))
            for school in proposal.asked[: None if agrees else 1]:
                now = await self.desk.read(Transaction.proposal, proposal.id)
                await self._do(
                    proposals.answer_proposal,
                    proposal.id,
                    school,
                    now.revision,
                    agrees=agrees,
                    reason="不便",
                )

    async def confirm(self, chance: random.Random, _: int) -> None:
        if live := await self._live():
            session = chance.choice(live)
            for site in session.sites:
                now = await self.desk.session(session)
                await self._do(consent.confirm, session.id, site.school, now.revision)

    async def decline(self, chance: random.Random, _: int) -> None:
        if live := await self._live():
            session = chance.choice(live)
            school = chance.choice(session.sites).school
            await self._do(consent.decline, session.id, school, session.revision, reason="考试")

    async def cancel(self, chance: random.Random, _: int) -> None:
        if live := await self._live():
            session = chance.choice(live)
            await self._do(single.cancel, session.id, session.revision, reason="停电")

    async def queue(self, chance: random.Random, number: int) -> None:
        if live := await self._live():
            slots = {each.slot: None for each in chance.sample(live, min(2, len(live)))}
            first, *others = slots
            wish = WaitingWish(booking=replace(lesson(number), slot=first), also_at=tuple(others))
            await self._do(waiting.join, wish)

    async def queue_all_term(self, _: random.Random, number: int) -> None:
        await self._do(waiting.join, WaitingWish(series_booking=a_series(title=f"音乐{number}")))

    async def offer(self, _: random.Random, __: int) -> None:
        await offer_freed_places(self.desk.store, lambda: self.now, OFFICE)

    async def pass_time(self, _: random.Random, number: int) -> None:
        self.now = min(self.now + timedelta(hours=number), place(5).ends - timedelta(hours=4))
        await self.desk.do(consent.expire_holds, now=self.now)
        await self.desk.do(proposals.close_proposals, now=self.now)


async def _live_through(file: Path, todo: Sequence[tuple[str, int]]) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{file}")
    try:
        desk = Desk(store)
        open_slots = {name: {"open_slots": (open_all_day(name),)} for name in ("TF1", "JS")}
        await desk.do(Transaction.put_many, records_of(*some_books(**open_slots)))
        world = World(desk)
        for verb, number in todo:
            await world.step(verb, number)
        assert await desk.read(check, now=world.now) == ()
        await world.offer(random.Random(0), 0)
        assert await _offered_in_vain(desk, world.now) == []
    finally:
        await store.close()


async def _offered_in_vain(desk: Desk, now: datetime) -> list[str]:
    """Who still waits although all of it fits."""
    turns = (await desk.read(waiting.look_at_list, now=now))()
    return [turn.waiting.id for turn in turns if not turn.reasons and not turn.waiting.rests(now)]


@settings(
    max_examples=25,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_in_whatever_order_people_act_nothing_is_double_or_lost(
    migrated_file: Path, todo: list[tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "world.sqlite"
        shutil.copy(migrated_file, file)
        asyncio.run(_live_through(file, todo))
