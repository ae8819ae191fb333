"""Records are stored whole, by revision, and never name what does not exist."""

from dataclasses import replace
from datetime import timedelta
from time import perf_counter

import pytest

from calendars.bells import SchoolId
from calendars.terms import Term
from scheduler.errors import InvalidWishError, NotFoundError, StaleError, StateError
from scheduler.members import (
    BusyBlock,
    Lesson,
    Outage,
    OutageId,
    Room,
    School,
    Teacher,
    TeacherId,
    Timetable,
)
from scheduler.model import Request, RequestId, RequestSite, Resource, ResourceKind, Role
from scheduler.records import KINDS, Record
from scheduler.store import Store, Stored, Transaction
from tests.builders import (
    NOW,
    a_class,
    a_lesson,
    a_pool,
    a_room,
    a_session,
    a_teacher,
    a_term,
    a_timetable,
    an_alliance,
    at,
)
from tests.scheduler.allocation.terms import an_offer
from tests.scheduler.store.desk import Desk, alliance_records, records_of


async def test_an_empty_store_has_no_schools_and_no_alliance(store: Store) -> None:
    async with store.read(now=NOW) as transaction:
        assert await transaction.list(School) == ()
        with pytest.raises(NotFoundError):
            await transaction.alliance()
        with pytest.raises(NotFoundError):
            await transaction.books()


async def test_every_record_comes_back_as_it_went_in(desk: Desk) -> None:
    async with desk.read() as transaction:
        for record in alliance_records():
            assert await transaction.get(type(record), record.id) == Stored(record, 1)


async def test_records_are_listed_by_id_from_a_cursor_and_by_school(desk: Desk) -> None:
    async with desk.read() as transaction:
        first = await transaction.list(Teacher, limit=2)
        rest = await transaction.list(Teacher, after="CB-T2")
        of_js = await transaction.list(Teacher, school=SchoolId("JS"))
    assert [each.record.id for each in first] == ["CB-T1", "CB-T2"]
    assert [each.record.id for each in rest] == ["JS-T1", "JS-T2", "TF1-T1", "TF1-T2"]
    assert [each.record.id for each in of_js] == ["JS-T1", "JS-T2"]


async def test_a_record_changes_one_revision_at_a_time(desk: Desk) -> None:
    room = a_room(seats=60)
    stored = await desk.write(lambda transaction: transaction.put(room, revision=1))
    assert stored == Stored(room, 2)
    with pytest.raises(StaleError):
        await desk.write(lambda transaction: transaction.put(room, revision=1))
    with pytest.raises(StateError):
        await desk.write(lambda transaction: transaction.put(room, revision=None))
    with pytest.raises(NotFoundError):
        await desk.write(lambda transaction: transaction.put(a_room(no=9), revision=1))
    async with desk.read() as transaction:
        assert await transaction.get(Room, room.id) == stored


async def test_a_record_must_name_what_exists_and_the_error_points_at_it(desk: Desk) -> None:
    timetable = a_timetable("JS", 1, a_lesson(1), a_lesson(2, teacher=TeacherId("T9")))
    with pytest.raises(InvalidWishError) as refused:
        await desk.write(lambda transaction: transaction.put(timetable, revision=None))
    assert (refused.value.pointer, refused.value.value) == ("/lessons/1/teacher", "T9")
    with pytest.raises(InvalidWishError) as refused:
        await desk.put(a_term("TF1", id="t"), a_room("QB"))
    assert (refused.value.pointer, refused.value.value) == ("/1/school", "QB")
    async with desk.read() as transaction:
        with pytest.raises(NotFoundError):
            await transaction.get(Term, "t")


async def test_require_asks_for_everything_that_a_wish_names(desk: Desk) -> None:
    async with desk.read() as transaction:
        await transaction.require(a_session())
        wish = a_session(sites=(replace(a_session().sites[0], teacher=TeacherId("T9")),))
        with pytest.raises(InvalidWishError) as refused:
            await transaction.require(wish)
    assert refused.value.pointer == "/sites/0/teacher"


async def test_records_of_one_batch_may_come_in_any_order(desk: Desk) -> None:
    assert await desk.put(*reversed(records_of("QB"))) == len(records_of("QB"))


async def test_a_batch_stores_only_what_is_new_or_has_changed(desk: Desk) -> None:
    assert await desk.put(*alliance_records()) == 0
    changed = [
        a_room(seats=61) if record.id == a_room().id else record for record in alliance_records()
    ]
    assert await desk.put(*changed) == 1
    async with desk.read() as transaction:
        assert (await transaction.get(Room, a_room().id)).revision == 2
        assert (await transaction.get(Room, a_room(no=2).id)).revision == 1


async def test_a_batch_names_each_record_once(desk: Desk) -> None:
    with pytest.raises(InvalidWishError) as refused:
        await desk.put(a_room(), a_room("JS"), a_room(seats=61))
    assert refused.value.pointer == "/2/id"


async def test_what_is_named_cannot_be_deleted_and_what_is_not_can(desk: Desk) -> None:
    async def delete(transaction: Transaction) -> None:
        await transaction.delete(Room, "TF1-R1", revision=1)

    await desk.add(a_session())
    with pytest.raises(StateError, match="session s1"):
        await desk.write(delete)
    with pytest.raises(StateError, match="class group TF1-C1"):
        await desk.write(lambda transaction: transaction.delete(School, "TF1", revision=1))
    with pytest.raises(StaleError):
        await desk.write(lambda transaction: transaction.delete(Room, "TF1-R2", revision=2))
    await desk.write(lambda transaction: transaction.delete(Room, "TF1-R2", revision=1))
    with pytest.raises(NotFoundError):
        await desk.write(lambda transaction: transaction.delete(Room, "TF1-R2", revision=1))
    await desk.put(a_room(no=2))


async def test_what_a_changed_record_no_longer_names_can_be_deleted(desk: Desk) -> None:
    lesson = a_lesson(1, teacher=TeacherId("JS-T2"))
    await desk.put(a_timetable("JS", 1, lesson))
    with pytest.raises(StateError, match="timetable JS-C1-2026-1"):
        await desk.write(lambda transaction: transaction.delete(Teacher, "JS-T2", revision=1))
    await desk.put(a_timetable("JS", 1, replace(lesson, teacher=None)))
    await desk.write(lambda transaction: transaction.delete(Teacher, "JS-T2", revision=1))


def a_request() -> Request:
    return Request(
        id=RequestId("q1"),
        title="三年级音乐",
        school=SchoolId("TF1"),
        term=a_term().id,
        sites=(RequestSite(school=SchoolId("TF1"), role=Role.LEAD),),
    )


async def test_a_request_is_a_record_that_opens_no_book_again(desk: Desk) -> None:
    async with desk.read() as transaction:
        before = await transaction.books()
    await desk.put(a_request())
    async with desk.read() as transaction:
        after = await transaction.books()
    assert all(after[school] is before[school] for school in before)


async def test_two_thousand_records_are_stored_within_seconds(desk: Desk) -> None:
    teachers = [a_teacher("TF1", no) for no in range(100, 500)]
    classes = [a_class("TF1", no) for no in range(100, 300)]
    timetables = [
        Timetable(
            id=f"table-{group.id}",
            school=group.school,
            class_group=group.id,
            term=a_term().id,
            lessons=tuple(
                Lesson(weekday=1 + no % 5, period=1 + no // 5, subject="数学", teacher=teacher.id)
                for no, teacher in enumerate(teachers[place : place + 30])
            ),
        )
        for place, group in enumerate(classes)
    ]
    rooms = [a_room("TF1", no) for no in range(100, 1300)]
    records: list[Record] = [*teachers, *classes, *timetables, *rooms]
    started = perf_counter()
    assert await desk.put(*records) == 2000
    assert await desk.put(*records) == 0
    assert perf_counter() - started < 20


async def test_every_kind_of_record_has_its_place(desk: Desk) -> None:
    async with desk.read() as transaction:
        for kind in KINDS.values():
            await transaction.list(kind)


async def test_an_alliance_that_moves_to_another_zone_moves_the_bells_of_its_schools(
    desk: Desk,
) -> None:
    async with desk.read() as transaction:
        assert str((await transaction.books())[SchoolId("JS")].time.zone) == "Asia/Shanghai"
    await desk.put(replace(an_alliance().alliance, zone="Asia/Urumqi"))
    async with desk.read() as transaction:
        assert str((await transaction.books())[SchoolId("JS")].time.zone) == "Asia/Urumqi"


async def test_books_are_served_from_memory_until_their_school_changes(desk: Desk) -> None:
    async with desk.read() as transaction:
        first = await transaction.books()
        assert first[SchoolId("JS")].teachers.keys() == {"JS-T1", "JS-T2"}
        assert set(await transaction.books([SchoolId("JS"), SchoolId("unknown")])) == {"JS"}
    await desk.put(a_room("JS", seats=61))
    async with desk.read() as transaction:
        second = await transaction.books()
    assert second[SchoolId("TF1")] is first[SchoolId("TF1")]
    assert second[SchoolId("JS")].rooms[a_room("JS").id].seats == 61


async def test_a_book_tells_when_its_records_got_another_name(desk: Desk) -> None:
    later = NOW + timedelta(hours=1)
    await desk.put(a_room("JS", seats=12), a_room("CB", 2), a_teacher("CB", name="CB 王老师"))
    named: list[Record] = [a_room("JS", seats=12, name="新录播室"), a_pool(name="新桥")]
    await desk.write(lambda transaction: transaction.put_many(named), now=later)
    async with desk.read() as transaction:
        books = await transaction.books()
    assert {school: book.renamed for school, book in books.items()} == {
        "TF1": {},
        "JS": {Resource(ResourceKind.ROOM, "JS-R1"): later},
        "CB": {Resource(ResourceKind.TEACHER, "CB-T1"): NOW},
    }


async def test_a_book_changed_and_rolled_back_is_never_served_again(desk: Desk) -> None:
    async def see(transaction: Transaction) -> int:
        await transaction.put_many([a_room("JS", seats=61)])
        return (await transaction.books())[SchoolId("JS")].rooms[a_room("JS").id].seats

    assert await desk.write(see, dry_run=True) == 61
    await desk.put(a_room("JS", seats=62))
    async with desk.read() as transaction:
        book = (await transaction.books())[SchoolId("JS")]
    assert book.rooms[a_room("JS").id].seats == 62


async def test_a_write_is_refused_to_a_reader(desk: Desk) -> None:
    async with desk.read() as transaction:
        with pytest.raises(Exception, match="read"):
            await transaction.put(a_room(no=9), revision=None)
    async with desk.read() as transaction:
        with pytest.raises(NotFoundError):
            await transaction.get(Room, "TF1-R9")


async def test_a_school_speaks_only_of_its_own_rooms_people_and_terms(desk: Desk) -> None:
    slot = at("14:00")
    foreign: list[tuple[Record, str]] = [
        (Outage(id=OutageId("x"), school=SchoolId("CB"), room=a_room().id, slot=slot), "/room"),
        (BusyBlock(id="x", school=SchoolId("CB"), teacher=a_teacher().id, slot=slot), "/teacher"),
        (BusyBlock(id="x", school=SchoolId("CB"), class_group=a_class().id, slot=slot), "/class"),
        (a_timetable("JS", 1, a_lesson(1, teacher=a_teacher("CB").id)), "/lessons/0/teacher"),
        (an_offer(school="CB", teacher=a_teacher("JS").id), "/teacher"),
        (an_offer(school="CB", term="TF1-2026-1"), "/term"),
    ]
    for record, pointer in foreign:
        with pytest.raises(InvalidWishError) as refused:
            await desk.put(record)
        assert refused.value.pointer.startswith(f"/0{pointer}")


async def test_a_teacher_of_two_schools_stands_in_the_timetables_of_both(desk: Desk) -> None:
    both = replace(a_teacher("CB"), also_at=(SchoolId("JS"),))
    lesson = a_lesson(1, teacher=both.id)
    assert await desk.put(both, a_timetable("JS", 1, lesson)) == 2
    block = BusyBlock(id="b", school=SchoolId("JS"), teacher=both.id, slot=at("14:00"))
    assert await desk.put(block) == 1
