"""Imported calendars over time: what they take, what stays when they fail, and who reads them."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from sqlalchemy import select

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.access import require_import
from scheduler.booking.single import book, cancel
from scheduler.conflicts import find_notes
from scheduler.errors import ClashError, ForbiddenError, NotFoundError, StaleError, StateError
from scheduler.imports import (
    ImportChange,
    ImportWish,
    change_import,
    import_calendar,
    read_again,
    refresh_due,
    remove_import,
)
from scheduler.imports.addresses import read_address
from scheduler.imports.keeping import MOST_OF_ONE, SHORTEST_PAUSE
from scheduler.imports.refreshing import EVERY, FIRST_PAUSE, LONGEST_PAUSE, STALE_DAYS
from scheduler.members import RoomId, Teacher, TeacherId
from scheduler.model import (
    Actor,
    ActorRole,
    AuditFilter,
    Import,
    ImportState,
    Resource,
    ResourceKind,
)
from scheduler.store import Store, Transaction, tables
from tests.builders import NOW, a_teacher
from tests.scheduler.desk import Desk, a_booking, coordinator_of
from tests.scheduler.imports.servers import HOST, PLAIN, SECRET, CalendarServer

TEACHER: Final = TeacherId("JS-T1")
EMPTY: Final = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"


def a_wish(calendars: CalendarServer, **fields: Any) -> ImportWish:
    """JS-T1's own calendar."""
    address = read_address(calendars.address, calendars.allowed)
    given: dict[str, Any] = {"teacher": TEACHER, "name": "我的日历", "address": address}
    return ImportWish(**given | fields)


async def refresh(desk: Desk, calendars: CalendarServer, now: datetime | None = NOW) -> bool:
    assert now is not None
    async with calendars.fetcher() as fetcher:
        return await refresh_due(desk.store, fetcher, calendars.reader, lambda: now)


async def imported(desk: Desk, calendars: CalendarServer, **fields: Any) -> Import:
    """The import of a calendar that has been read."""
    made = await desk.do(import_calendar, a_wish(calendars, **fields))
    assert await refresh(desk, calendars)
    return await desk.read(Transaction.import_, made.id)


async def rules_broken(desk: Desk) -> list[str]:
    try:
        await desk.do(book, a_booking())
    except ClashError as clash:
        return [f"{each.rule} {each.sentence.zh}" for each in clash.conflicts]
    return []


async def test_a_calendar_is_read_soon_and_takes_its_teachers_time(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    made = await each_desk.do(import_calendar, a_wish(calendars))
    assert (made.state, made.due_at, made.host) == (ImportState.WAITING, NOW, HOST)
    assert await refresh(each_desk, calendars)
    now = await each_desk.read(Transaction.import_, made.id)
    assert (now.state, now.read_at, now.due_at) == (ImportState.CURRENT, NOW, NOW + EVERY)
    assert now.report is not None
    assert (now.report.events, now.report.stretches, now.report.remarks) == (1, 1, ())
    assert await rules_broken(each_desk) == ["H2 JS 教师1 在9月8日（周二）14:00-14:40占用。"]


async def test_a_room_is_taken_by_its_calendar(each_desk: Desk, calendars: CalendarServer) -> None:
    await imported(each_desk, calendars, teacher=None, room=RoomId("JS-R1"))
    assert await rules_broken(each_desk) == [
        "H1 JS的“JS 互动教室1”在9月8日（周二）14:00-14:40占用。"
    ]


async def test_a_soft_calendar_forbids_nothing_and_is_noted(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    await imported(each_desk, calendars, soft=True)
    session = await each_desk.book()
    situation = await each_desk.read(Transaction.situation, [session])
    assert [note.zh for note in find_notes(session, situation, now=NOW)] == [
        "JS 教师1在9月8日（周二）14:00-14:40占用（可让出），建议避开。"
    ]


async def test_its_owner_makes_it_soft_and_hard_again(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    made = await imported(each_desk, calendars)
    soft = await each_desk.do(change_import, made.id, ImportChange(soft=True), made.revision)
    session = await each_desk.do(book, a_booking(), now=NOW)
    await each_desk.do(cancel, session.id, session.revision, reason="只是试试")
    await each_desk.do(change_import, made.id, ImportChange(soft=False, name="忙"), soft.revision)
    assert "H2" in str(await rules_broken(each_desk))
    with pytest.raises(StaleError):
        await each_desk.do(change_import, made.id, ImportChange(soft=True), made.revision)


async def test_nothing_but_time_is_kept_and_the_address_is_sealed(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    made = await imported(each_desk, calendars)
    await each_desk.do(remove_import, made.id, made.revision)
    await imported(each_desk, calendars)
    async with each_desk.store.read(now=NOW) as transaction:
        rows = [
            *await transaction.all(select(tables.imports)),
            *await transaction.all(select(tables.audit)),
        ]
    told = repr([tuple(row) for row in rows])
    assert HOST in told
    assert SECRET not in told
    assert "看牙" not in told


async def test_what_was_read_stays_while_the_calendar_cannot_be_read(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    made = await imported(each_desk, calendars)
    failed, now, pauses = made, NOW, []
    for octets, status in ((PLAIN, 500), (b"<html>login</html>", 200), (PLAIN[:-9], 200)) * 4:
        now = (await each_desk.read(Transaction.import_, made.id)).due_at or now
        calendars.octets, calendars.status = octets, status
        assert await refresh(each_desk, calendars, now)
        failed = await each_desk.read(Transaction.import_, made.id)
        assert (failed.state, failed.read_at) == (ImportState.FAILING, NOW)
        assert failed.due_at is not None
        pauses.append(failed.due_at - now)
    assert pauses[:4] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4, FIRST_PAUSE * 8]
    assert pauses[-1] == LONGEST_PAUSE
    assert (failed.failures, failed.problem) == (
        12,
        Text(
            "日历不完整：没有以 END:VCALENDAR 结束。",
            "The calendar is cut off: it does not end with END:VCALENDAR.",
        ),
    )
    assert "H2" in str(await rules_broken(each_desk))
    calendars.octets = PLAIN
    await refresh(each_desk, calendars, failed.due_at)
    again = await each_desk.read(Transaction.import_, made.id)
    assert (again.state, again.failures, again.problem) == (ImportState.CURRENT, 0, None)


async def test_failing_again_and_again_leaves_one_line_in_the_audit(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    made = await imported(each_desk, calendars)
    calendars.status = 500
    for _ in range(3):
        due = (await each_desk.read(Transaction.import_, made.id)).due_at
        await refresh(each_desk, calendars, due)
    told = await each_desk.read(Transaction.audit, AuditFilter(subject_id=made.id))
    assert [entry.action for entry in told] == ["create", "change", "change"]


async def test_a_calendar_that_is_empty_by_now_frees_the_time_and_says_so(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    made = await imported(each_desk, calendars)
    calendars.octets = EMPTY
    await refresh(each_desk, calendars, NOW + EVERY)
    now = await each_desk.read(Transaction.import_, made.id)
    assert now.report is not None
    assert [each.zh for each in now.report.remarks] == [
        "日历现在不占用任何时间；上次读入时有 1 段。"
    ]
    assert await rules_broken(each_desk) == []


async def test_an_unchanged_calendar_is_asked_for_by_its_tag_and_not_read(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    calendars.headers = {"ETag": '"1"'}
    made = await imported(each_desk, calendars)
    await refresh(each_desk, calendars, NOW + EVERY)
    now = await each_desk.read(Transaction.import_, made.id)
    assert calendars.asked[-1]["If-None-Match"] == '"1"'
    assert (now.read_at, now.report) == (NOW + EVERY, made.report)
    assert "H2" in str(await rules_broken(each_desk))


async def test_an_unchanged_calendar_is_read_anew_before_its_time_runs_out(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    calendars.headers = {"ETag": '"1"'}
    made = await imported(each_desk, calendars)
    later = NOW + timedelta(days=STALE_DAYS + 1)
    await refresh(each_desk, calendars, later)
    now = await each_desk.read(Transaction.import_, made.id)
    assert "If-None-Match" not in calendars.asked[-1]
    assert now.report is not None
    assert made.report is not None
    assert now.report.until > made.report.until


async def test_removing_an_import_frees_its_time(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    made = await imported(each_desk, calendars)
    await each_desk.do(remove_import, made.id, made.revision)
    assert await rules_broken(each_desk) == []
    with pytest.raises(NotFoundError):
        await each_desk.read(Transaction.import_, made.id)
    assert not await refresh(each_desk, calendars, NOW + EVERY)


async def test_several_processes_read_a_calendar_once(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    for no in range(3):
        await each_desk.do(import_calendar, a_wish(calendars, name=f"日历{no}"))
    read = await asyncio.gather(*(refresh(each_desk, calendars) for _ in range(6)))
    assert sorted(read) == [False, False, False, True, True, True]
    assert len(calendars.asked) == 3


async def test_a_process_that_died_while_reading_is_followed_by_another(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    made = await each_desk.do(import_calendar, a_wish(calendars))
    assert await each_desk.do(Transaction.claim_import) is not None
    assert not await refresh(each_desk, calendars, NOW + timedelta(seconds=100))
    assert await refresh(each_desk, calendars, NOW + timedelta(seconds=121))
    now = await each_desk.read(Transaction.import_, made.id)
    assert now.state is ImportState.CURRENT


async def test_what_was_changed_while_it_was_read_is_not_overwritten(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    made = await each_desk.do(import_calendar, a_wish(calendars))
    due = await each_desk.do(Transaction.claim_import)
    assert due is not None
    await each_desk.do(change_import, made.id, ImportChange(soft=True), made.revision)
    assert await each_desk.do(Transaction.leased_import, due) is None
    assert await refresh(each_desk, calendars)
    now = await each_desk.read(Transaction.import_, made.id)
    assert (now.soft, now.state) == (True, ImportState.CURRENT)


@pytest.mark.parametrize("migrated", ["postgresql"], indirect=True)
async def test_an_owner_and_the_reading_do_not_wait_for_each_other(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    """Teachers and rooms are locked before imports: opposite orders would be a deadlock."""
    made = await each_desk.do(import_calendar, a_wish(calendars))
    due = await each_desk.do(Transaction.claim_import)
    assert due is not None
    has_read, has_locked, begun = asyncio.Event(), asyncio.Event(), list[str]()

    async def settle(transaction: Transaction) -> None:
        begun.append("reading")
        before = await transaction.leased_import(due)
        has_read.set()
        await has_locked.wait()
        assert before is not None
        await transaction.replace_import(before, replace(before, tried_at=NOW))

    async def rename(transaction: Transaction) -> None:
        begun.append("owner")
        await has_read.wait()
        await transaction.lock([Resource(ResourceKind.TEACHER, TEACHER)])
        has_locked.set()
        await asyncio.sleep(0.1)
        before = await transaction.import_(made.id)
        await transaction.replace_import(before, replace(before, name="日程"))

    ended = await asyncio.gather(each_desk.do(settle), each_desk.do(rename), return_exceptions=True)
    assert sorted(begun) == ["owner", "reading"]
    assert [type(each) for each in ended] == [StaleError, type(None)]
    now = await each_desk.read(Transaction.import_, made.id)
    assert now.name == "日程"


async def test_another_address_is_read_at_once_and_the_time_stays_until_then(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    made = await imported(each_desk, calendars)
    other = read_address(calendars.url("other.ics"), calendars.allowed)
    moved = await each_desk.do(change_import, made.id, ImportChange(address=other), made.revision)
    assert (moved.state, moved.due_at) == (ImportState.WAITING, NOW)
    assert "H2" in str(await rules_broken(each_desk))
    calendars.octets = EMPTY
    await refresh(each_desk, calendars)
    assert await rules_broken(each_desk) == []


async def test_reading_again_on_demand_keeps_a_minutes_distance(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    made = await imported(each_desk, calendars)
    asked = await each_desk.do(read_again, made.id, made.revision)
    assert asked.due_at == NOW + SHORTEST_PAUSE
    later = NOW + timedelta(minutes=5)
    again = await each_desk.do(read_again, made.id, asked.revision, now=later)
    assert again.due_at == later


async def test_a_teacher_with_a_calendar_stays_and_takes_it_to_another_school(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    made = await imported(each_desk, calendars)
    stored = await each_desk.read(Transaction.get, Teacher, TEACHER)
    with pytest.raises(StateError):
        await each_desk.do(Transaction.delete, Teacher, TEACHER, revision=stored.revision)
    moved = replace(a_teacher("JS", 1), school=SchoolId("CB"), also_at=(SchoolId("JS"),))
    await each_desk.do(Transaction.put, moved, revision=stored.revision)
    await refresh(each_desk, calendars, NOW + EVERY)
    assert (await each_desk.read(Transaction.import_, made.id)).school == "CB"
    assert "H2" in str(await rules_broken(each_desk))


async def test_without_a_key_no_address_is_kept(
    database_url: str, calendars: CalendarServer, each_desk: Desk
) -> None:
    made = await imported(each_desk, calendars)
    keyless = await Store.open(database_url)
    try:
        desk = Desk(keyless)
        with pytest.raises(StateError) as refused:
            await desk.do(import_calendar, a_wish(calendars))
        assert "LIANKE_SECRET_KEY" in refused.value.text.zh
        await refresh(desk, calendars, NOW + EVERY)
        failed = await desk.read(Transaction.import_, made.id)
        assert (failed.state, failed.failures) == (ImportState.FAILING, 1)
    finally:
        await keyless.close()


async def test_one_teacher_has_at_most_so_many_calendars(
    each_desk: Desk, calendars: CalendarServer
) -> None:
    for _ in range(MOST_OF_ONE):
        await each_desk.do(import_calendar, a_wish(calendars))
    with pytest.raises(StateError):
        await each_desk.do(import_calendar, a_wish(calendars))
    await each_desk.do(import_calendar, a_wish(calendars, teacher=TeacherId("JS-T2")))


def test_who_may_import_whose_calendar() -> None:
    teacher, school = a_teacher("JS", 1), SchoolId("JS")
    own = Actor(name=teacher.name, role=ActorRole.TEACHER, school=school)
    helper = Actor(name="电教员", role=ActorRole.IT_SUPPORT, school=school)
    for actor in (own, coordinator_of("JS"), Actor(name="办", role=ActorRole.ALLIANCE_ADMIN)):
        require_import(actor, school, teacher)
    for actor in (helper, coordinator_of("JS")):
        require_import(actor, school, None)
    for actor, whose in (
        (helper, teacher),
        (own, a_teacher("JS", 2)),
        (own, None),
        (coordinator_of("CB"), teacher),
        (Actor(name=teacher.name, role=ActorRole.TEACHER, school=SchoolId("CB")), teacher),
        (Actor(name=teacher.name, role=ActorRole.OBSERVER, school=school), teacher),
    ):
        with pytest.raises(ForbiddenError):
            require_import(actor, school, whose)
