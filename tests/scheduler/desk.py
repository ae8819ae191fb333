"""Somebody at a desk of the alliance, who runs use cases against a real store."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from calendars.bells import SchoolId
from calendars.series import Weekly
from scheduler.booking.single import book
from scheduler.members import OpenSlot, RoomId
from scheduler.model import (
    Actor,
    ActorRole,
    Booking,
    Notice,
    Role,
    SeriesBooking,
    Session,
    SiteWish,
)
from scheduler.placing import agenda_of, booking_of, wish_of
from scheduler.records import Record
from scheduler.schools import AllianceBook, SchoolBook
from scheduler.store import Store, Transaction
from tests.builders import NOW, a_session, an_alliance, wall

T = TypeVar("T")
OFFICE: Final = Actor(name="联盟办公室", role=ActorRole.ALLIANCE_ADMIN)


def coordinator_of(school: str) -> Actor:
    return Actor(
        name=f"{school} 教导处", role=ActorRole.SCHOOL_COORDINATOR, school=SchoolId(school)
    )


@dataclass
class Desk:
    store: Store

    async def do(
        self,
        use_case: Callable[..., Awaitable[T]],
        *wishes: Any,
        by: Actor = OFFICE,
        now: datetime = NOW,
        **named: Any,
    ) -> T:
        """Run a use case in a transaction of its own."""

        async def asked(transaction: Transaction) -> T:
            return await use_case(transaction, *wishes, **named)

        return await self.store.write(asked, actor=by, now=now)

    async def read(
        self, use_case: Callable[..., Awaitable[T]], *wishes: Any, now: datetime = NOW, **named: Any
    ) -> T:
        async with self.store.read(now=now) as transaction:
            return await use_case(transaction, *wishes, **named)

    async def book(self, booking: Booking | None = None, **options: Any) -> Session:
        return await self.do(book, booking or a_booking(), **options)

    async def session(self, session: Session) -> Session:
        """The session as it stands now."""
        return await self.read(Transaction.session, session.id)

    async def notices(self) -> list[Notice]:
        return list(await self.read(Transaction.notices, limit=1000))


def a_booking(session: Session | None = None, **fields: Any) -> Booking:
    """The wish for the session of the builders (TF1 for JS at 14:00), with some fields changed."""
    wanted = booking_of(session or a_session())
    names = {name: getattr(wanted, name) for name in Booking.__dataclass_fields__}
    return Booking(**names | fields)


def a_wish(school: str = "TF1", role: Role = Role.LEAD, **fields: Any) -> SiteWish:
    """A site of the builders as a wish."""
    sites = {site.school: site for site in a_booking().sites}
    known = sites.get(SchoolId(school))
    if known is None:
        known = SiteWish(
            school=SchoolId(school),
            role=role,
            room=RoomId(f"{school}-R1"),
            teacher=f"{school}-T1",  # type: ignore[arg-type]  # an id, built from the school's
            class_groups=(f"{school}-C1",),  # type: ignore[arg-type]  # likewise
        )
    names = {name: getattr(wish_of(known), name) for name in SiteWish.__dataclass_fields__}
    return SiteWish(**names | {"role": role} | fields)


def weekly(weekday: int = 2, starts: str = "14:00", weeks: str = "1-4") -> Weekly:
    return Weekly(weekday=weekday, starts=wall(starts), minutes=40, weeks=weeks)


def a_series(**fields: Any) -> SeriesBooking:
    """TF1's lesson for JS on the first four Tuesdays at 14:00."""
    wanted = {
        "term": "TF1-2026-1",
        "weekly": weekly(),
        "sites": (a_wish("TF1"), a_wish("JS", Role.LISTEN)),
    }
    return SeriesBooking(**agenda_of(a_booking()) | wanted | fields)


def open_all_day(school: str, weekday: int = 2) -> OpenSlot:
    """The school agrees in advance to whatever is asked of it on that weekday."""
    return OpenSlot(
        id=f"{school}-open-{weekday}",
        school=SchoolId(school),
        weekday=weekday,
        starts=wall("8:00"),
        ends=wall("18:00"),
    )


def records_of(*books: SchoolBook, alliance: AllianceBook | None = None) -> list[Record]:
    """Everything these schools have told us, as records."""
    told = alliance or an_alliance()
    records: list[Record] = [
        told.alliance,
        *told.districts.values(),
        *told.link_pools.values(),
        *told.studios.values(),
        *told.outages,
    ]
    for each in books:
        records += [
            each.school,
            *each.rooms.values(),
            *each.teachers.values(),
            *each.class_groups.values(),
            *each.time.terms,
            *each.time.days,
            *each.time.bells,
            *each.timetables,
            *each.open_slots,
            *each.outages,
            *each.busy,
        ]
    return records
