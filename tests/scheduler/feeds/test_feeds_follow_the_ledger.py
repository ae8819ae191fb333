"""Whatever happens to the ledger, a feed says it, and changes a byte if and only if it must."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import icalendar
import recurring_ical_events
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from calendars.bells import SchoolId
from calendars.slots import Slot
from calendars.windows import Tactic
from scheduler.booking import consent
from scheduler.booking import single as booking
from scheduler.errors import ClashError, InvalidWishError, SchedulerError
from scheduler.feeds import Feed, Feeds, SubscriptionWish
from scheduler.members import ClassGroupId, Room, RoomId, TeacherId
from scheduler.model import Booking, Role, Scope, Session, SessionState, SiteWish
from scheduler.store import Store, Transaction
from tests.builders import NOW, TUESDAY, at
from tests.calendars.ics.byte_rules import faults
from tests.scheduler.feeding import SCHOOLS, WISHES, opened, rename, settle, write

ALWAYS = Slot(NOW - timedelta(days=900), NOW + timedelta(days=900))

verbs = some.sampled_from(
    (
        "book",
        "book",
        "book",
        "move",
        "move",
        "cancel",
        "confirm",
        "reword",
        "rename",
        "wait",
        "wait",
    )
)
steps = some.lists(some.tuples(verbs, some.integers(0, 59)), min_size=4, max_size=14)


def a_wish(number: int) -> Booking:
    """A lesson for one or two others, at one of several times of several days."""
    lead, *others = SCHOOLS[number % 3 :] + SCHOOLS[: number % 3]
    schools = (lead, *others[: 1 + number % 2])
    return Booking(
        title=f"音乐 {number}",
        subject="音乐",
        grade=3,
        min_minutes=10,
        slot=place(number),
        sites=tuple(
            SiteWish(
                school=SchoolId(school),
                role=Role.LISTEN if no else Role.LEAD,
                room=RoomId(f"{school}-R{1 + number % 2}"),
                teacher=TeacherId(f"{school}-T{1 + number // 2 % 2}"),
                class_groups=(ClassGroupId(f"{school}-C1"),),
                tactic=Tactic.TRIM,
                swap_agreed=True,
            )
            for no, school in enumerate(schools)
        ),
    )


def place(number: int) -> Slot:
    starts = ("8:30", "9:25", "10:35", "14:00", "14:55")[number % 5]
    return at(starts, on=TUESDAY + timedelta(days=number % 4))


@dataclass
class World:
    """A ledger, those who read it, and what they read last."""

    store: Store
    feeds: Feeds
    tokens: dict[str, SubscriptionWish]
    now: datetime = NOW
    shown: dict[str, tuple[object, Feed]] = field(default_factory=dict)
    sequences: dict[tuple[str, str], int] = field(default_factory=dict)

    async def ledger(self) -> Sequence[Session]:
        async with self.store.read(now=self.now) as transaction:
            return await transaction.sessions(limit=None)

    async def room_names(self) -> dict[str, str]:
        async with self.store.read(now=self.now) as transaction:
            return {each.record.id: each.record.name for each in await transaction.list(Room)}

    async def do(self, verb: str, number: int) -> None:
        """One step; what a rule forbids is not done."""
        live = [each for each in await self.ledger() if each.is_live(self.now)]
        session = live[number % len(live)] if live else None
        if verb == "wait":
            # Not so long that anything leaves the feeds again.
            self.now = min(self.now + timedelta(hours=4 * number), NOW + timedelta(days=29))
        elif verb == "rename":
            school = SCHOOLS[number % 3]
            async with self.store.read(now=self.now) as transaction:
                room = (await transaction.get(Room, f"{school}-R1")).record
            await rename(self.store, room, f"{school} 教室{number}")
        elif verb == "book":
            await self._try(lambda transaction: booking.book(transaction, a_wish(number)))
        elif session is not None:
            await self._try(_change(verb, number, session))

    async def _try(self, use_case: Callable[[Transaction], Awaitable[object]]) -> None:
        try:
            await write(self.store, use_case, self.now)
        except SchedulerError as error:
            assert isinstance(error, (ClashError, InvalidWishError)), error  # noqa: PT017 - or raise

    async def check(self) -> None:
        ledger, names = await self.ledger(), await self.room_names()
        for token, wish in self.tokens.items():
            mine = [each for each in ledger if concerns(each, wish)]
            feed = await self.feeds.read(token, now=self.now)
            assert faults(feed.plain) == []
            assert self._expanded(token, feed) == sorted(map(self.expected, mine))
            content = [(self.expected(each), worded(each, names)) for each in mine]
            self._follow(token, feed, (names.get(wish.subject_id or ""), content))

    def _expanded(self, token: str, feed: Feed) -> list[tuple[str, Slot, str, int]]:
        """What the feed says; no sequence falls, and nothing vanishes."""
        found = expanded(feed)
        sequences = {(token, uid): sequence for uid, _, _, sequence in found}
        gone = {key for key in self.sequences if key[0] == token} - sequences.keys()
        assert not gone
        assert all(self.sequences.get(key, 0) <= no for key, no in sequences.items())
        self.sequences |= sequences
        return found

    def _follow(self, token: str, feed: Feed, content: object) -> None:
        """Bytes change if and only if content does."""
        if before := self.shown.get(token):
            assert (before[0] == content) == (before[1].plain == feed.plain)
            assert (before[0] == content) == (before[1].tag == feed.tag)
        self.shown[token] = (content, feed)

    def expected(self, session: Session) -> tuple[str, Slot, str, int]:
        """What a feed has to say of a session, said once more in other words."""
        ran_out = session.state is SessionState.HELD and not session.is_live(self.now)
        status = {
            SessionState.HELD: "CANCELLED" if ran_out else "TENTATIVE",
            SessionState.CONFIRMED: "CONFIRMED",
            SessionState.CANCELLED: "CANCELLED",
            SessionState.EXPIRED: "CANCELLED",
        }[session.state]
        return (f"{session.id}@demo.lianke", session.slot, status, session.sequence + ran_out)


def _change(verb: str, number: int, session: Session) -> Callable[[Transaction], Awaitable[object]]:
    async def move(transaction: Transaction) -> object:
        wish = booking.SessionChange(slot=place(number))
        return await booking.change(transaction, session.id, wish, session.revision)

    async def reword(transaction: Transaction) -> object:
        wish = booking.SessionChange(title=f"新标题 {number % 7}", pinned=number % 2 == 0)
        return await booking.change(transaction, session.id, wish, session.revision)

    async def cancel(transaction: Transaction) -> object:
        return await booking.cancel(transaction, session.id, session.revision, reason="停电")

    async def confirm(transaction: Transaction) -> object:
        school = session.sites[number % len(session.sites)].school
        return await consent.confirm(transaction, session.id, school, session.revision)

    return {"move": move, "reword": reword, "cancel": cancel, "confirm": confirm}[verb]


def concerns(session: Session, wish: SubscriptionWish) -> bool:
    named: dict[Scope, set[str | None]] = {
        Scope.ALLIANCE: {None},
        Scope.TEACHER: {site.teacher for site in session.sites},
        Scope.SCHOOL: {site.school for site in session.sites},
        Scope.ROOM: {site.room for site in session.sites},
    }
    return wish.subject_id in named[wish.scope]


def worded(session: Session, names: dict[str, str]) -> object:
    """All that a feed shows of a session beyond time and state."""
    return (session.title, session.changed_at, [names[site.room or ""] for site in session.sites])


def expanded(feed: Feed) -> list[tuple[str, Slot, str, int]]:
    """Every occurrence, by an independent reader; but the event that stands for none."""
    calendar = icalendar.Calendar.from_ical(feed.plain)
    found = recurring_ical_events.of(calendar).between(ALWAYS.starts, ALWAYS.ends)
    return sorted(
        (str(event["UID"]), Slot(event.start, event.end), str(event["STATUS"]), event["SEQUENCE"])
        for event in found
    )


@settings(
    deadline=None,
    max_examples=15,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps)
def test_every_feed_follows_the_ledger(migrated_file: Path, acts: list[tuple[str, int]]) -> None:
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
