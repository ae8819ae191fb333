"""Who and what is free: rooms, teachers, class groups and link pools over a range of time.

In absolute time and in the words of each school's bells. `which rooms are free today` is one call.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from calendars.bells import SchoolId
from calendars.slots import Slot
from calendars.text import Text
from scheduler.availability.marks import (
    busy_marks,
    closed_hours,
    in_bell_words,
    lessons_of_class,
    lessons_of_teacher,
    outages_of,
)
from scheduler.availability.stretches import Mark, Use, divide
from scheduler.errors import InvalidWishError, NotFoundError
from scheduler.local_words import wall_clock
from scheduler.members import ClassGroup, LinkPool, Room, School, Teacher
from scheduler.model import Resource, ResourceKind, Session, SessionId, SessionState
from scheduler.schools import AllianceBook, SchoolBook
from scheduler.store import Transaction

MAX_DAYS: Final = 35
"""The longest range asked for at once."""
R = TypeVar("R", Room, Teacher, ClassGroup, LinkPool)
Books = Mapping[SchoolId, SchoolBook]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of one use. `words` say when it is as the school would, `what` what takes it.

    A link pool is booked only at its peak: `used` of `capacity` sessions tell how full it is.
    """

    slot: Slot
    use: Use
    words: Text
    what: Text = Text("", "")  # noqa: RUF009 - a Text never changes
    session: SessionId | None = None
    used: int | None = None
    capacity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What one resource is doing, without gaps unless only some uses were asked for."""

    resource: Resource
    school: SchoolId | None
    name: str
    stretches: tuple[Stretch, ...]


async def availability(
    transaction: Transaction,
    kinds: Collection[ResourceKind],
    within: Slot,
    *,
    school: SchoolId | None = None,
    uses: Collection[Use] = tuple(Use),
    ids: Collection[str] = (),
) -> tuple[Availability, ...]:
    """What every room, teacher, class group and link pool of these kinds is doing.

    `school` limits it to one school (link pools belong to all), `ids` to some resources, `uses` to
    some stretches. The buffer that a room needs between sessions (H12) is not a use. An unknown
    school or id is a `NotFoundError`.
    """
    _check(kinds, within)
    found = await look_at(transaction, kinds, within, school=school, ids=ids)
    return tuple(_only(each, uses) for each in found)


async def look_at(
    transaction: Transaction,
    kinds: Collection[ResourceKind],
    within: Slot,
    *,
    school: SchoolId | None = None,
    ids: Collection[str] = (),
) -> list[Availability]:
    """The same without a limit of days, and with every use; a few `ids` cost little."""
    if school is not None:
        await transaction.get(School, school)
    books = await transaction.books(None if school is None else [school])
    asked = tuple(books.values())
    if school is not None and ResourceKind.TEACHER in kinds:
        teachers = [teacher for book in asked for teacher in book.teachers.values()]
        elsewhere = {other for teacher in teachers for other in teacher.also_at}
        books = books | await transaction.books(elsewhere)
    live = (SessionState.HELD, SessionState.CONFIRMED)
    sessions = await transaction.sessions(within=within, states=live, limit=None)
    proposed = await transaction.held_places([within])
    look = _Look(
        within=within,
        ids=frozenset(ids),
        books=books,
        alliance=await transaction.alliance(),
        sessions=_by_resource(
            each for each in (*sessions, *proposed) if each.is_live(transaction.now)
        ),
    )
    found = [each for kind in _LOOKS if kind in kinds for each in _LOOKS[kind](look, asked)]
    _require_known(ids, found)
    return found


def _check(kinds: Collection[ResourceKind], within: Slot) -> None:
    for kind in kinds:
        if kind not in _LOOKS:
            raise InvalidWishError(
                f"不能查询 {kind} 的空闲情况，只能查询教室、教师、班级和链路池。",
                f"Rooms, teachers, class groups and link pools have an availability, not {kind}.",
                pointer="?kind",
                value=kind.value,
            )
    if within.ends - within.starts > timedelta(days=MAX_DAYS):
        raise InvalidWishError(
            f"一次最多查询 {MAX_DAYS} 天。",
            f"At most {MAX_DAYS} days can be looked at at once.",
            pointer="?ends",
        )


def _require_known(ids: Collection[str], found: Collection[Availability]) -> None:
    """`NotFoundError` for ids of nothing: an empty answer would look as if all were taken."""
    known = {each.resource.id for each in found}
    if unknown := [each for each in ids if each not in known]:
        raise NotFoundError(
            f"所查范围内没有：{'、'.join(unknown)}。",
            f"Nothing of what is asked about has this id: {', '.join(unknown)}.",
        )


def _only(found: Availability, uses: Collection[Use]) -> Availability:
    return Availability(
        resource=found.resource,
        school=found.school,
        name=found.name,
        stretches=tuple(each for each in found.stretches if each.use in uses),
    )


def _by_resource(sessions: Iterator[Session]) -> Mapping[Resource, list[Session]]:
    using: defaultdict[Resource, list[Session]] = defaultdict(list)
    for session in sessions:
        for resource in session.resources():
            using[resource].append(session)
    return using


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What an answer is made from: the schools, and the live sessions by what they take."""

    within: Slot
    ids: frozenset[str]
    books: Books
    alliance: AllianceBook
    sessions: Mapping[Resource, list[Session]]

    def asked(self, records: Iterable[R]) -> Iterator[R]:
        """Those that are asked about: all, where none is named."""
        return (each for each in records if not self.ids or each.id in self.ids)

    def sessions_with(self, resource: Resource) -> Iterator[Mark]:
        """What sessions take of the resource."""
        for session in self.sessions.get(resource, ()):
            use = Use.HELD if session.state is SessionState.HELD else Use.BOOKED
            title = Text(f"“{session.title}”", f"“{session.title}”")
            yield Mark(session.slot, use, session.id, title)

    def divided(
        self, resource: Resource, name: str, book: SchoolBook, marks: Iterator[Mark]
    ) -> Availability:
        """The range as these marks, the sessions and the school's closed hours divide it."""
        everything = [*marks, *self.sessions_with(resource), *closed_hours(book, self.within)]
        return Availability(
            resource=resource,
            school=book.school.id,
            name=name,
            stretches=tuple(
                Stretch(
                    slot=mark.slot,
                    use=mark.use,
                    words=in_bell_words(mark.slot, book),
                    what=mark.what,
                    session=mark.session,
                )
                for mark in divide(self.within, everything)
            ),
        )


def _rooms(look: _Look, asked: Collection[SchoolBook]) -> Iterator[Availability]:
    with_kit: defaultdict[str | None, list[Resource]] = defaultdict(list)
    for book in look.books.values():
        for room in book.rooms.values():
            with_kit[room.kit].append(Resource(ResourceKind.ROOM, room.id))
    for book in asked:
        for room in look.asked(book.rooms.values()):
            resource = Resource(ResourceKind.ROOM, room.id)
            marks = [
                *outages_of(book.outages, room=room.id),
                *busy_marks(book.busy_time.of(resource)),
            ]
            if room.kit is not None:
                others = (each for each in with_kit[room.kit] if each != resource)
                marks += (mark for each in others for mark in look.sessions_with(each))
            yield look.divided(resource, room.name, book, iter(marks))


def _teachers(look: _Look, asked: Collection[SchoolBook]) -> Iterator[Availability]:
    for book in asked:
        for teacher in look.asked(book.teachers.values()):
            resource = Resource(ResourceKind.TEACHER, teacher.id)
            places = [look.books[school] for school in teacher.schools if school in look.books]
            marks = (
                mark
                for place in places
                for source in (
                    lessons_of_teacher(place, teacher.id, look.within),
                    busy_marks(place.busy_time.of(resource)),
                )
                for mark in source
            )
            yield look.divided(resource, teacher.name, book, marks)


def _class_groups(look: _Look, asked: Collection[SchoolBook]) -> Iterator[Availability]:
    for book in asked:
        for group in look.asked(book.class_groups.values()):
            resource = Resource(ResourceKind.CLASS_GROUP, group.id)
            marks = (
                *lessons_of_class(book, group, look.within),
                *busy_marks(book.busy_time.of(resource)),
            )
            yield look.divided(resource, group.name, book, iter(marks))


def _link_pools(look: _Look, _: Collection[SchoolBook]) -> Iterator[Availability]:
    for pool in look.asked(look.alliance.link_pools.values()):
        resource = Resource(ResourceKind.LINK_POOL, pool.id)
        using = look.sessions.get(resource, [])
        outages = tuple(outages_of(look.alliance.outages, link_pool=pool.id))
        slots = [*(each.slot for each in using), *(each.slot for each in outages)]
        edges = {edge for slot in slots for edge in (slot.starts, slot.ends)}
        inside = {edge for edge in edges if look.within.starts < edge < look.within.ends}
        moments = sorted({look.within.starts, look.within.ends} | inside)
        yield Availability(
            resource=resource,
            school=None,
            name=pool.name,
            stretches=tuple(
                _of_pool(pool, Slot(starts, ends), using, outages, look)
                for starts, ends in pairwise(moments)
            ),
        )


def _of_pool(
    pool: LinkPool, slot: Slot, using: Collection[Session], outages: Collection[Mark], look: _Look
) -> Stretch:
    """A stretch in which nothing begins or ends: how many sessions share the pool, of how many."""
    there = [session for session in using if session.slot.overlaps(slot)]
    confirmed = [session for session in there if session.state is SessionState.CONFIRMED]
    out = next((mark for mark in outages if mark.slot.overlaps(slot)), None)
    use = Use.FREE
    if out is not None:
        use = Use.OUT_OF_ORDER
    elif _fills(pool, confirmed):
        use = Use.BOOKED
    elif _fills(pool, there):
        use = Use.HELD
    return Stretch(
        slot=slot,
        use=use,
        words=wall_clock(slot, ZoneInfo(look.alliance.alliance.zone)),
        what=Text("", "") if out is None else out.what,
        used=len(there),
        capacity=pool.sessions,
    )


def _fills(pool: LinkPool, sessions: Collection[Session]) -> bool:
    """Whether no further session of two sites finds a place."""
    ports = sum(len(session.sites) for session in sessions)
    return len(sessions) >= pool.sessions or ports + 2 > pool.ports


_LOOKS: Final[
    dict[ResourceKind, Callable[[_Look, Collection[SchoolBook]], Iterator[Availability]]]
] = {
    ResourceKind.ROOM: _rooms,
    ResourceKind.TEACHER: _teachers,
    ResourceKind.CLASS_GROUP: _class_groups,
    ResourceKind.LINK_POOL: _link_pools,
}
