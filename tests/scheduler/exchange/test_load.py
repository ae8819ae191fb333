from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from calendars.text import Text
from scheduler.exchange import Imported, RefusedFilesError, export_files, import_files
from scheduler.members import OfferId, School
from scheduler.model import Actor, ActorRole, Request, RequestState, SeriesId
from scheduler.store import Store, Transaction
from tests.builders import NOW

OFFICE: Final = Actor(name="office", role=ActorRole.ALLIANCE_ADMIN)
EXAMPLE: Final = {
    path.name: path.read_bytes()
    for path in (Path(__file__).parents[3] / "examples" / "fourth-alliance").glob("*.csv")
}


async def imported(store: Store, files: Mapping[str, bytes]) -> Imported:
    return await store.write(
        lambda transaction: import_files(transaction, files), actor=OFFICE, now=NOW
    )


async def counted(store: Store, files: Mapping[str, bytes]) -> tuple[int, int]:
    """Records read, and changed."""
    found = await imported(store, files)
    return found.records, found.changed


async def test_e65_the_same_files_twice_change_nothing(store: Store) -> None:
    first = await imported(store, EXAMPLE)
    second = await imported(store, EXAMPLE)
    assert first.records == first.changed > 1000
    assert (second.records, second.changed) == (first.records, 0)


async def test_e65_the_same_files_leave_a_placed_request_placed(store: Store) -> None:
    await imported(store, EXAMPLE)

    async def place(transaction: Transaction) -> Request:
        stored = await transaction.get(Request, "lesson-01")
        placed = replace(stored.record, state=RequestState.PLACED, series=(SeriesId("s1"),))
        return (await transaction.put(placed, revision=stored.revision)).record

    placed = await store.write(place, actor=OFFICE, now=NOW)
    assert (await imported(store, EXAMPLE)).changed == 0
    async with store.read(now=NOW) as transaction:
        assert (await transaction.get(Request, "lesson-01")).record == placed


async def test_the_same_file_leaves_a_met_need_with_its_offer(store: Store) -> None:
    files = {
        "schools.csv": "编号,名称\nTF1,天府\nCB,城北\n".encode(),
        "terms.csv": (
            "编号,学校,名称,开学日期,结束日期\n"
            "T-TF1,TF1,秋,2026-09-01,2027-01-22\nT-CB,CB,秋,2026-09-01,2027-01-22\n"
        ).encode(),
        "offers.csv": "编号,学校,学期,学科\nO1,TF1,T-TF1,音乐\n".encode(),
        "requests.csv": (
            "编号,标题,学科,学校,学期,参与点.学校,参与点.角色\nN1,音乐,音乐,CB,T-CB,CB,listen\n"
        ).encode(),
    }
    await imported(store, files)

    async def meet(transaction: Transaction) -> Request:
        stored = await transaction.get(Request, "N1")
        met = replace(
            stored.record,
            state=RequestState.PLACED,
            series=(SeriesId("s1"),),
            offer=OfferId("O1"),
        )
        return (await transaction.put(met, revision=stored.revision)).record

    met = await store.write(meet, actor=OFFICE, now=NOW)
    assert (await imported(store, files)).changed == 0
    async with store.read(now=NOW) as transaction:
        assert (await transaction.get(Request, "N1")).record == met


async def test_what_is_another_schools_is_refused_in_its_cell(store: Store) -> None:
    files = {
        "schools.csv": "编号,名称\nTF1,天府\nCB,城北\n".encode(),
        "rooms.csv": "编号,学校,名称\nR1,TF1,一\n".encode(),
        "outages.csv": (
            b"id,school,room,slot\no1,CB,R1,2026-10-12T08:00:00+08:00/2026-10-14T18:00:00+08:00\n"
        ),
    }
    with pytest.raises(RefusedFilesError) as refused:
        await imported(store, files)
    (error,) = refused.value.errors
    assert (error.file, error.row, error.column, error.value) == ("outages.csv", 2, "room", "R1")
    async with store.read(now=NOW) as transaction:
        assert not await transaction.list(School)


async def test_requests_in_a_circle_are_refused_in_their_cell(store: Store) -> None:
    await imported(store, EXAMPLE)
    rows = ["编号,标题,学校,学期,接在之后,参与点.学校,参与点.角色"]
    rows += [
        f"{request},课,TF1,TF1-2026-1,{after}/0/7,TF1,lead"
        for request, after in (("c1", "c2"), ("c2", "c3"), ("c3", "c2"))
    ]
    with pytest.raises(RefusedFilesError) as refused:
        await imported(store, {"requests.csv": "\n".join(rows).encode()})
    (error,) = refused.value.errors
    assert (error.file, error.row, error.column, error.value) == ("requests.csv", 3, "after", "c3")
    assert "c2 在 c3 之后，c3 在 c2 之后" in error.sentence.zh


async def test_weeks_beyond_a_term_that_is_stored_are_refused_in_their_cell(store: Store) -> None:
    await imported(store, EXAMPLE)
    offers = "编号,学校,学期,学科,周次\no1,TF1,TF1-2026-1,书法,30-40\n".encode()
    with pytest.raises(RefusedFilesError) as refused:
        await imported(store, {"offers.csv": offers})
    (error,) = refused.value.errors
    assert (error.file, error.row, error.column, error.value) == ("offers.csv", 2, "weeks", "30-40")


async def test_another_schools_teacher_is_not_offered_by_a_file(store: Store) -> None:
    await imported(store, EXAMPLE)
    offers = "编号,学校,学期,学科,教师\no1,TF1,TF1-2026-1,书法,JS-SF1\n".encode()
    with pytest.raises(RefusedFilesError) as refused:
        await imported(store, {"offers.csv": offers})
    (error,) = refused.value.errors
    assert (error.file, error.row, error.column, error.value) == (
        "offers.csv",
        2,
        "teacher",
        "JS-SF1",
    )
    assert "属于学校 JS" in error.sentence.zh


async def test_import_then_export_then_import_is_the_identity(store: Store) -> None:
    await imported(store, EXAMPLE)
    async with store.read(now=NOW) as transaction:
        exported = await export_files(transaction)
    assert exported == EXAMPLE


async def test_a_reference_to_nothing_is_named_and_nothing_is_stored(store: Store) -> None:
    files = {
        "schools.csv": "编号,名称\nTF1,天府\n".encode(),
        "rooms.csv": "编号,学校,名称\nR1,TF1,一\nR2,NOWHERE,二\n".encode(),
    }
    with pytest.raises(RefusedFilesError) as refused:
        await imported(store, files)
    (error,) = refused.value.errors
    assert (error.file, error.row, error.column, error.value) == (
        "rooms.csv",
        3,
        "school",
        "NOWHERE",
    )
    assert error.sentence == Text("没有编号为 NOWHERE 的学校。", "No such school: NOWHERE.")
    async with store.read(now=NOW) as transaction:
        assert not await transaction.list(School)


async def test_e39_teachers_of_one_name_are_told_apart_by_their_ids_and_never_guessed(
    store: Store,
) -> None:
    files = {
        "schools.csv": "编号,名称\nTF1,天府\nJS,金沙\n".encode(),
        "teachers.csv": "编号,学校,姓名\nT1,TF1,李娟\nT2,TF1,李娟\nT3,JS,李娟\n".encode(),
    }
    assert await counted(store, files) == (5, 5)
    studio = "编号,名称,主持人,成员\nS,音乐工作室,T1,T2;{}\n"
    assert await counted(store, {"studios.csv": studio.format("T3").encode()}) == (1, 1)
    with pytest.raises(RefusedFilesError) as refused:
        await imported(store, {"studios.csv": studio.format("李娟").encode()})
    (error,) = refused.value.errors
    assert (error.file, error.row, error.column) == ("studios.csv", 2, "members")


async def test_a_record_already_stored_may_be_named(store: Store) -> None:
    await imported(store, {"schools.csv": "编号,名称\nTF1,天府\n".encode()})
    rooms = {"rooms.csv": "编号,学校,名称\nR1,TF1,一\n".encode()}
    assert await counted(store, rooms) == (1, 1)


async def test_e65_weeks_beyond_the_term_are_refused_in_their_cell(store: Store) -> None:
    files = {
        name: EXAMPLE[name]
        for name in (
            "alliances.csv",
            "districts.csv",
            "schools.csv",
            "terms.csv",
            "class-groups.csv",
        )
    } | {
        "timetables.csv": (
            "编号,学校,班级,学期,课.星期,课.节次,课.学科,课.周次\n"
            "T1,TF1,TF1-C3-01,TF1-2026-1,1,1,语文,1-16\n,,,,1,2,数学,1-40\n"
        ).encode()
    }
    with pytest.raises(RefusedFilesError) as refused:
        await imported(store, files)
    assert [(e.file, e.row, e.column, e.value) for e in refused.value.errors] == [
        ("timetables.csv", 3, "lesson.weeks", "1-40")
    ]
