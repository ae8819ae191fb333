"""Whatever happens to series, the repeating feed and the expanded one say what the ledger says."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import icalendar
import recurring_ical_events
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from calendars.bells import BellSchedule
from calendars.slots import Slot
from calendars.windows import Tactic
from scheduler.booking.consent import confirm, confirm_series
from scheduler.booking.series import book_series
from scheduler.booking.series_changes import SeriesChange, cancel_series, change_series
from scheduler.booking.single import SessionChange, cancel, change
from scheduler.errors import ClashError, InvalidWishError, SchedulerError, StateError
from scheduler.feeds import Feeds, SubscriptionWish
from scheduler.members import Room, RoomId
from scheduler.model import Role, Scope, Session, SessionState, WhenImpossible
from scheduler.placing import wish_of
from scheduler.store import Store, Transaction
from tests.builders import BELLS, NOW, lessons, some_bells
from tests.calendars.ics.byte_rules import faults
from tests.scheduler.desk import a_series, a_wish, weekly
from tests.scheduler.feeding import SCHOOLS, opened, rename, settle, write

ALWAYS = Slot(NOW - timedelta(days=900), NOW + timedelta(days=900))
FIRST = date(2026, 9, 1)
LATEST = NOW + timedelta(days=65)
"""Until then nothing is older than the sixty days that a feed goes back."""

WISHES = (
    SubscriptionWish(scope=Scope.ALLIANCE, owner="a"),
    SubscriptionWish(scope=Scope.SCHOOL, subject_id="CB", language="en", owner="b"),
    SubscriptionWish(scope=Scope.CLASS_GROUP, subject_id="JS-C1", owner="c"),
)
TIMES = ("8:30", "9:25", "10:35", "14:00", "14:55")
Shown = tuple[Slot, str]
UseCase = Callable[[Transaction], Awaitable[object]]

verbs = some.sampled_from(
    (
        *("book", "book", "book", "move", "move", "cancel", "confirm", "confirm all", "split"),
        *("split", "cancel series", "other room", "reword", "rename", "bell", "wait", "wait"),
    )
)
steps = some.lists(some.tuples(verbs, some.integers(0, 59)), min_size=4, max_size=12)


def booked(number: int) -> UseCase:
    """Three to eight weeks of lessons, every week or every other."""
    lead, *others = SCHOOLS[number % 3 :] + SCHOOLS[: number % 3]
    sites = tuple(
        a_wish(
            school,
            Role.LISTEN if no else Role.LEAD,
            room=RoomId(f"{school}-R{1 + number % 2}"),
            tactic=Tactic.TRIM,
            swap_agreed=True,
        )
        for no, school in enumerate((lead, *others[: 1 + number % 2]))
    )
    weeks = f"1-{3 + number % 6}{('', '单')[number % 2]}"
    wish = a_series(
        term=f"{lead}-2026-1",
        weekly=weekly(1 + number % 5, TIMES[number % 5], weeks),
        sites=sites,
        min_minutes=10,
        when_impossible=WhenImpossible.ALTERNATIVE,
    )
    return lambda transaction: book_series(transaction, wish)


def changed(verb: str, number: int, session: Session) -> UseCase:
    """Something that happens to a session, or to its series from its date on."""
    revision, on = session.revision, session.series_date or FIRST
    room = RoomId(f"{session.lead.school}-R{1 + number % 2}")
    sites = tuple(
        replace(wish_of(site), room=room) if site is session.lead else wish_of(site)
        for site in session.sites
    )
    changes = {
        "move": SessionChange(slot=session.slot.moved(60 * (number % 5 - 2))),
        "other room": SessionChange(sites=sites),
        "reword": SessionChange(note=f"备注 {number % 3}", pinned=number % 2 == 0),
    }
    school = session.sites[number % len(session.sites)].school
    new_time = weekly(1 + number % 5, TIMES[number % 5], "全")

    async def act(transaction: Transaction) -> object:
        if verb in changes:
            return await change(transaction, session.id, changes[verb], revision)
        if verb == "cancel":
            return await cancel(transaction, session.id, revision, reason="停电")
        if verb == "confirm" or session.series is None:
            return await confirm(transaction, session.id, school, revision)
        if verb == "confirm all":
            return await confirm_series(transaction, session.series, school)
        series = await transaction.series(session.series)
        if verb == "cancel series":
            return await cancel_series(
                transaction, series.id, on, series.revision, reason="教师外出"
            )
        split = SeriesChange(from_date=on, weekly=new_time)
        return await change_series(transaction, series.id, split, series.revision)

    return act


async def ring_differently(store: Store, number: int, now: datetime) -> None:
    """One school's bells: lessons that are published already keep the times that were told."""
    school = SCHOOLS[number % 3]
    bells = replace(some_bells(school), periods=lessons(BELLS[SCHOOLS[number % 2]]))

    async def put(transaction: Transaction) -> None:
        stored = await transaction.get(BellSchedule, bells.id)
        await transaction.put(bells, revision=stored.revision)

    await write(store, put, now)


@dataclass
class World:
    """A ledger of series, those who read it, and what they read last."""

    store: Store
    feeds: Feeds
    tokens: dict[str, SubscriptionWish]
    now: datetime = NOW
    read: dict[tuple[str, bool], tuple[object, bytes, str]] = field(default_factory=dict)
    sequences: dict[tuple[str, bool, str], int] = field(default_factory=dict)
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)

    async def ledger(self) -> Sequence[Session]:
        async with self.store.read(now=self.now) as transaction:
            return await transaction.sessions(limit=None)

    async def do(self, verb: str, number: int) -> None:
        """One step; what a rule forbids is not done."""
        self.now += timedelta(minutes=1)
        if verb == "wait":
            self.now = min(self.now + timedelta(hours=10 * number), LATEST)
        elif verb == "bell":
            await ring_differently(self.store, number, self.now)
        elif verb == "rename":
            async with self.store.read(now=self.now) as transaction:
                room = (await transaction.get(Room, f"{SCHOOLS[number % 3]}-R1")).record
            await rename(self.store, room, f"教室{number}")
        elif verb == "book":
            await self._try(booked(number))
        else:
            to_come = [
                each
                for each in await self.ledger()
                if each.is_live(self.now) and each.slot.starts > self.now
            ]
            if to_come:
                await self._try(changed(verb, number, to_come[number % len(to_come)]))

    async def _try(self, use_case: UseCase) -> None:
        try:
            await write(self.store, use_case, self.now)
        except SchedulerError as error:
            assert isinstance(error, (ClashError, InvalidWishError, StateError)), error  # noqa: PT017 - or raise

    async def check(self) -> None:
        """Every feed in both forms."""
        ledger = [each for each in await self.ledger() if self._status(each)]
        async with self.store.read(now=self.now) as transaction:
            names = {str(each.record.id): each.record.name for each in await transaction.list(Room)}
            named = await transaction.series_named({each.series for each in ledger if each.series})
        for token, wish in self.tokens.items():
            mine = [each for each in ledger if concerns(each, wish)]
            content: object = sorted(
                (
                    (each.id, each.slot, self._status(each), each.sequence, each.changed_at),
                    [names[site.room or ""] for site in each.sites],
                )
                for each in mine
            )
            changes = sorted(
                (each.id, each.changed_at)
                for each in named.values()
                if each.id in {session.series for session in mine}
            )
            expected = sorted((each.slot, self._status(each)) for each in mine)
            await self._check(token, expand=True, expected=expected, content=content)
            await self._check(token, expand=False, expected=expected, content=(content, changes))

    def _status(self, session: Session) -> str:
        """What a feed has to say of it; nothing once it has left."""
        if session.is_live(self.now):
            return "TENTATIVE" if session.state is SessionState.HELD else "CONFIRMED"
        ran_out = session.state is SessionState.HELD
        dropped = session.hold_expires_at if ran_out else session.changed_at
        assert dropped is not None
        return "CANCELLED" if self.now < dropped + timedelta(days=30) else ""

    async def _check(
        self, token: str, *, expand: bool, expected: Sequence[Shown], content: object
    ) -> None:
        feed = await self.feeds.read(token, now=self.now, expand=expand)
        assert faults(feed.plain) == []
        events = events_of(feed.plain)
        assert sorted((slot, status) for _, slot, status, _ in events) == expected
        for uid, _, status, sequence in events:
            assert self.sequences.get((token, expand, uid), 0) <= sequence
            self.sequences[token, expand, uid] = sequence
            if expand:
                self.statuses[token, uid] = status
        if expand:
            self._nothing_vanishes(token, {uid for uid, *_ in events})
        if before := self.read.get((token, expand)):
            assert (before[0] == content) == (before[1] == feed.plain)
            assert (before[0] == content) == (before[2] == feed.tag)
        self.read[token, expand] = (content, feed.plain, feed.tag)

    def _nothing_vanishes(self, token: str, shown: set[str]) -> None:
        gone = {key for key in self.statuses if key[0] == token and key[1] not in shown}
        assert all(self.statuses.pop(key) == "CANCELLED" for key in gone)


def concerns(session: Session, wish: SubscriptionWish) -> bool:
    named: dict[Scope, set[str | None]] = {
        Scope.ALLIANCE: {None},
        Scope.SCHOOL: {site.school for site in session.sites},
        Scope.CLASS_GROUP: {group for site in session.sites for group in site.class_groups},
    }
    return wish.subject_id in named[wish.scope]


def events_of(octets: bytes) -> list[tuple[str, Slot, str, int]]:
    """Every occurrence, by an independent reader; but the event that stands for none."""
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(octets)).between(
        ALWAYS.starts, ALWAYS.ends
    )
    return [
        (str(event["UID"]), Slot(event.start, event.end), str(event["STATUS"]), event["SEQUENCE"])
        for event in found
    ]


@settings(
    deadline=None,
    max_examples=12,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps)
def test_every_feed_follows_the_ledger_of_series(
    migrated_file: Path, acts: list[tuple[str, int]]
) -> None:
    async def play(file: Path) -> None:
        store = await Store.open(f"sqlite+aiosqlite:///{file}")
        try:
            await settle(store)
            tokens = {await opened(store, wish): wish for wish in WISHES}
            world = World(store, Feeds(store), tokens)
            await world.check()
            for verb, number in acts:
                await world.do(verb, number)
                await world.check()
        finally:
            await store.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(play(Path(shutil.copy(migrated_file, Path(folder) / "lianke.db"))))
