"""Everything that may happen to a ledger, each through the use case that people reach it by."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from calendars.bells import BellSchedule, SchoolId
from calendars.days import Day, DayKind
from calendars.slots import Slot
from calendars.windows import Tactic
from scheduler.booking.consent import confirm, confirm_series, decline
from scheduler.booking.series import book_series
from scheduler.booking.series_cancelling import cancel_series
from scheduler.booking.series_changes import SeriesChange, change_series
from scheduler.booking.single import SessionChange, book, cancel, change
from scheduler.booking.swaps import Exchange, SwapWish, swap
from scheduler.disruptions.making_up import MakeUp, make_up
from scheduler.disruptions.substituting import Substitution, substitute
from scheduler.disruptions.suspending import Returns, SuspensionWish, lift, put_back, suspend
from scheduler.members import (
    ClassGroup,
    Room,
    RoomId,
    School,
    Studio,
    StudioId,
    Teacher,
    TeacherId,
)
from scheduler.model import OnDecline, Role, Session, SessionState, SiteWish, WhenImpossible
from scheduler.placing import wish_of
from scheduler.store import Transaction
from tests.builders import BELLS, TUESDAY, a_day, at, lessons, some_bells
from tests.scheduler.desk import a_booking, a_series, a_wish, weekly
from tests.scheduler.feeding import SCHOOLS

UseCase = Callable[[Transaction], Awaitable[object]]
TIMES: Final = ("8:30", "9:25", "10:35", "14:00", "14:55")
TERM: Final = date(2026, 9, 1)
SATURDAYS: Final = tuple(TUESDAY + timedelta(days=4 + 7 * week) for week in range(6))
STUDIO: Final = Studio(
    id=StudioId("YX"),
    name="音乐名师工作室",
    head=TeacherId("TF1-T1"),
    members=(TeacherId("TF1-T1"), TeacherId("JS-T1")),
)


@dataclass(frozen=True)
class Happenings:
    """What could happen now, with whatever `chance` chooses."""

    ledger: Sequence[Session]
    now: datetime
    chance: Random

    def use_case(self, verb: str) -> UseCase | None:
        """What `verb` comes to; None where there is nothing that it could happen to."""
        if verb in _ANY_TIME:
            return _ANY_TIME[verb](self)
        to_come = self.to_come()
        if verb in _OF_SERIES:
            to_come = [each for each in to_come if each.series is not None]
            return _OF_SERIES[verb](self, self.chance.choice(to_come)) if to_come else None
        return _OF_ONE[verb](self, self.chance.choice(to_come)) if to_come else None

    def to_come(self) -> list[Session]:
        """What may still be changed."""
        return [
            each for each in self.ledger if each.is_live(self.now) and each.slot.starts > self.now
        ]

    # Whatever the ledger holds

    def book(self) -> UseCase:
        wish = a_booking(
            title=f"音乐 {self.chance.randrange(9)}",
            min_minutes=10,
            slot=self.slot(),
            sites=self.sites(),
            studio=self._studio(),
            on_decline=self._consent(),
        )
        return lambda transaction: book(transaction, wish)

    def book_series(self) -> UseCase:
        """Three to eight weeks of lessons, every week or every other."""
        sites = self.sites()
        weeks = f"1-{self.chance.randint(3, 8)}{self.chance.choice(('', '单', '双'))}"
        wish = a_series(
            term=f"{sites[0].school}-2026-1",
            weekly=weekly(self.chance.randint(1, 5), self.chance.choice(TIMES), weeks),
            sites=sites,
            studio=self._studio(),
            min_minutes=10,
            when_impossible=WhenImpossible.ALTERNATIVE,
            on_decline=self._consent(),
        )
        return lambda transaction: book_series(transaction, wish)

    def make_up(self) -> UseCase | None:
        missed = [each for each in self.ledger if each.state is SessionState.CANCELLED]
        if not missed:
            return None
        wish = MakeUp(slot=self.slot(), reason="补停电的课")
        session = self.chance.choice(missed)
        return lambda transaction: make_up(transaction, session.id, wish)

    def rename_a_school(self) -> UseCase:
        return self._rename(School, self.chance.choice(SCHOOLS))

    def rename_a_room(self) -> UseCase:
        return self._rename(Room, self._room(self.chance.choice(SCHOOLS)))

    def rename_a_teacher(self) -> UseCase:
        return self._rename(Teacher, self._teacher(self.chance.choice(SCHOOLS)))

    def rename_a_class(self) -> UseCase:
        return self._rename(ClassGroup, f"{self.chance.choice(SCHOOLS)}-C1")

    def _rename(self, kind: type[School | Room | Teacher | ClassGroup], named: str) -> UseCase:
        name = f"{kind.__name__} {self.chance.randrange(9)}"

        async def act(transaction: Transaction) -> None:
            stored = await transaction.get(kind, named)
            await transaction.put(replace(stored.record, name=name), revision=stored.revision)

        return act

    def ring_differently(self) -> UseCase:
        """A school's bells: lessons that are published already keep the times that were told."""
        school, like = self.chance.choice(SCHOOLS), self.chance.choice(SCHOOLS)
        return _put(replace(some_bells(school), periods=lessons(BELLS[like])), BellSchedule)

    def change_days(self) -> UseCase:
        """A Saturday on which everybody makes a weekday up, or one school's holiday."""
        on = self.chance.choice(SATURDAYS)
        if self.chance.random() < 0.3:
            off = on + timedelta(days=self.chance.randint(2, 6))
            return _put_all([a_day(off, DayKind.HOLIDAY, school=self.chance.choice(SCHOOLS))])
        follows = ((on - date(2026, 8, 31)).days // 7 + 1, self.chance.randint(1, 5))
        return _put_all([a_day(on, DayKind.MAKEUP, follows, school) for school in SCHOOLS])

    def close_schools(self) -> UseCase:
        to_come = [each.slot for each in self.ledger if each.slot.starts > self.now]
        slot = self.chance.choice(to_come) if to_come else at("8:30")
        schools = tuple(map(SchoolId, self.chance.sample(SCHOOLS, self.chance.randint(1, 2))))
        on = slot.starts.date()
        wish = SuspensionWish(date=on, schools=schools, reason="台风")
        return lambda transaction: suspend(transaction, wish)

    def open_schools(self) -> UseCase:
        """Lift a suspension and put its sessions back."""

        async def act(transaction: Transaction) -> None:
            found = await transaction.suspensions(limit=None)
            closed = [each for each in found if each.lifted_at is None]
            if not closed:
                return
            # Any of them: the sessions of one may have lost their places for good.
            one = self.chance.choice(sorted(closed, key=lambda each: each.created_at))
            lifted = await lift(transaction, one)
            if hit := tuple(each.session for each in one.sessions):
                await put_back(transaction, lifted, Returns(sessions=hit))

        return act

    # What happens to one session

    def move(self, session: Session) -> UseCase:
        slots = (session.slot.moved(60 * self.chance.randint(-2, 2)), self.slot())
        return self._change(session, SessionChange(slot=self.chance.choice(slots)))

    def change_room(self, session: Session) -> UseCase:
        site = self.chance.choice(session.sites)
        return self._change_site(session, site, room=self._room(site.school))

    def change_teacher(self, session: Session) -> UseCase:
        site = self.chance.choice(session.sites)
        return self._change_site(session, site, teacher=self._teacher(site.school))

    def watch(self, session: Session) -> UseCase:
        """One teacher comes to look on, or stays away again."""
        site = self.chance.choice(session.sites)
        here = self._teacher(site.school)
        others = () if site.observers or here == site.teacher else (here,)
        return self._change_site(session, site, observers=others)

    def reword(self, session: Session) -> UseCase:
        number = self.chance.randrange(9)
        return self._change(
            session, SessionChange(note=f"备注 {number % 3}", pinned=number % 2 == 0)
        )

    def cancel(self, session: Session) -> UseCase:
        return lambda transaction: cancel(transaction, session.id, session.revision, reason="停电")

    def confirm(self, session: Session) -> UseCase:
        school = self.chance.choice(session.sites).school
        return lambda transaction: confirm(transaction, session.id, school, session.revision)

    def decline(self, session: Session) -> UseCase:
        school = self.chance.choice(session.sites).school
        return lambda transaction: decline(
            transaction, session.id, school, session.revision, reason="当天有考试"
        )

    def substitute(self, session: Session) -> UseCase:
        site = self.chance.choice(session.sites)
        wish = Substitution(
            school=site.school, teacher=self._teacher(site.school), reason="教师外出"
        )
        return lambda transaction: substitute(transaction, session.id, wish, session.revision)

    def swap(self, session: Session) -> UseCase | None:
        others = [
            each
            for each in self.ledger
            if each.is_live(self.now) and each.slot.starts > self.now and each.id != session.id
        ]
        if not others:
            return None
        other = self.chance.choice(others)
        wish = SwapWish(
            other=other.id, other_revision=other.revision, what=self.chance.choice(list(Exchange))
        )
        return lambda transaction: swap(transaction, session.id, wish, session.revision)

    # What happens to a series from the date of one of its sessions on

    def confirm_series(self, session: Session) -> UseCase:
        school = self.chance.choice(session.sites).school
        series = session.series
        assert series is not None
        return lambda transaction: confirm_series(transaction, series, school)

    def split(self, session: Session) -> UseCase:
        new = weekly(self.chance.randint(1, 5), self.chance.choice(TIMES), "全")
        return self._change_series(session, weekly=new)

    def hand_over(self, session: Session) -> UseCase:
        sites = tuple(
            replace(wish_of(site), teacher=self._teacher(site.school)) for site in session.sites
        )
        return self._change_series(session, sites=sites)

    def retitle(self, session: Session) -> UseCase:
        return self._change_series(session, title=f"新题目 {self.chance.randrange(3)}")

    def cancel_series(self, session: Session) -> UseCase:
        series, on = session.series, session.series_date
        assert series is not None
        assert on is not None

        async def act(transaction: Transaction) -> object:
            revision = (await transaction.series(series)).revision
            return await cancel_series(transaction, series, on, revision, reason="教师外出")

        return act

    def _change_series(self, session: Session, **wish: object) -> UseCase:
        series, on = session.series, session.series_date
        assert series is not None
        assert on is not None
        change = SeriesChange(
            from_date=on,
            when_impossible=self.chance.choice(list(WhenImpossible)),
            **wish,  # type: ignore[arg-type]  # fields of the wish, by name
        )

        async def act(transaction: Transaction) -> object:
            revision = (await transaction.series(series)).revision
            return await change_series(transaction, series, change, revision)

        return act

    def _change(self, session: Session, wish: SessionChange) -> UseCase:
        return lambda transaction: change(transaction, session.id, wish, session.revision)

    def _change_site(self, session: Session, changed: SiteWish, **fields: object) -> UseCase:
        sites = tuple(
            replace(wish_of(site), **fields) if site is changed else wish_of(site)  # type: ignore[arg-type]  # likewise
            for site in session.sites
        )
        return self._change(session, SessionChange(sites=sites))

    def sites(self) -> tuple[SiteWish, ...]:
        schools = self.chance.sample(SCHOOLS, self.chance.randint(2, 3))
        return tuple(
            a_wish(
                school,
                Role.LISTEN if no else Role.LEAD,
                room=self._room(school),
                teacher=self._teacher(school),
                tactic=Tactic.TRIM,
                swap_agreed=True,
            )
            for no, school in enumerate(schools)
        )

    def _consent(self) -> OnDecline:
        return self.chance.choice(list(OnDecline))

    def _studio(self) -> StudioId | None:
        return self.chance.choice((STUDIO.id, None))

    def _room(self, school: str) -> RoomId:
        return RoomId(f"{school}-R{self.chance.randint(1, 2)}")

    def _teacher(self, school: str) -> TeacherId:
        return TeacherId(f"{school}-T{self.chance.randint(1, 2)}")

    def slot(self) -> Slot:
        """At a lesson's time of a weekday within the next weeks, sometimes of a Saturday."""
        first = max(self.now.date(), TERM)
        days = [first + timedelta(days=number) for number in range(1, 41)]
        weekdays = [day for day in days if day.isoweekday() <= 5]
        on = self.chance.choice((*weekdays, *SATURDAYS))
        return at(self.chance.choice(TIMES), on=on)


def _put(record: BellSchedule, kind: type[BellSchedule]) -> UseCase:
    async def act(transaction: Transaction) -> None:
        stored = await transaction.get(kind, record.id)
        await transaction.put(record, revision=stored.revision)

    return act


def _put_all(records: Sequence[Day]) -> UseCase:
    return lambda transaction: transaction.put_many([*records])


_ANY_TIME: Final[Mapping[str, Callable[[Happenings], UseCase | None]]] = {
    "book": Happenings.book,
    "book a series": Happenings.book_series,
    "make up": Happenings.make_up,
    "rename a school": Happenings.rename_a_school,
    "rename a room": Happenings.rename_a_room,
    "rename a teacher": Happenings.rename_a_teacher,
    "rename a class": Happenings.rename_a_class,
    "ring differently": Happenings.ring_differently,
    "change days": Happenings.change_days,
    "close schools": Happenings.close_schools,
    "open schools": Happenings.open_schools,
}
_OF_ONE: Final[Mapping[str, Callable[[Happenings, Session], UseCase | None]]] = {
    "move": Happenings.move,
    "change room": Happenings.change_room,
    "change teacher": Happenings.change_teacher,
    "watch": Happenings.watch,
    "reword": Happenings.reword,
    "cancel": Happenings.cancel,
    "confirm": Happenings.confirm,
    "decline": Happenings.decline,
    "substitute": Happenings.substitute,
    "swap": Happenings.swap,
}
_OF_SERIES: Final[Mapping[str, Callable[[Happenings, Session], UseCase]]] = {
    "confirm series": Happenings.confirm_series,
    "split": Happenings.split,
    "hand over": Happenings.hand_over,
    "retitle": Happenings.retitle,
    "cancel series": Happenings.cancel_series,
}
VERBS: Final = (*_ANY_TIME, *_OF_ONE, *_OF_SERIES)
