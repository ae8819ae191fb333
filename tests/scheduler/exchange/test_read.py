from datetime import date, time
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import pytest

from calendars.bells import BellSchedule, PeriodKind
from calendars.days import Day, Followed
from calendars.text import Text
from scheduler.exchange import CellError, read_files, write_files
from scheduler.exchange.columns import CHINESE, COLUMNS, HEADINGS, heading
from scheduler.members import (
    Alliance,
    Offer,
    Preference,
    Room,
    RoomTier,
    School,
    Tier,
    Timetable,
    Weight,
)
from scheduler.model import After, Request, RequestId, Role
from scheduler.records import KINDS, Record

R = TypeVar("R", bound=Record)
EXAMPLE: Final = {
    path.name: path.read_bytes()
    for path in (Path(__file__).parents[3] / "examples" / "fourth-alliance").glob("*.csv")
}


def made(kind: type[R], /, **fields: object) -> R:
    return msgspec.convert(fields, kind)


def records(**files: str) -> tuple[Record, ...]:
    placed, errors = read_files(
        {f"{name.replace('_', '-')}.csv": text.encode() for name, text in files.items()}
    )
    assert errors == ()
    return tuple(one.record for one in placed)


def errors(**files: str | bytes) -> list[tuple[str, int, str, str]]:
    _, found = read_files(
        {
            f"{name}.csv": text if isinstance(text, bytes) else text.encode()
            for name, text in files.items()
        }
    )
    assert all(error.sentence.zh and error.sentence.en for error in found)
    return [(error.file, error.row, error.column, error.value) for error in found]


def test_english_and_chinese_headings_mean_the_same() -> None:
    english = records(rooms="id,school,name,seats\nR1,TF1,互动教室1,60\n")
    chinese = records(rooms="编号,学校,名称,座位\nR1,TF1,互动教室1,60\n")
    assert english == chinese == (made(Room, id="R1", school="TF1", name="互动教室1", seats=60),)


def test_empty_cells_and_missing_columns_take_the_default() -> None:
    assert records(rooms="id,school,name,tier\nR1,TF1,一,\nR2,TF1,二,watch_only\n") == (
        made(Room, id="R1", school="TF1", name="一"),
        made(Room, id="R2", school="TF1", name="二", tier=RoomTier.WATCH_ONLY),
    )


def test_a_value_that_does_not_fit_the_others_is_told_of_its_cell() -> None:
    assert errors(terms="id,school,name,first_day,last_day\nT,TF1,一,2026-09-01,2026-08-01\n") == [
        ("terms.csv", 2, "last_day", "2026-08-01")
    ]
    bells = "id,school,name,period.no,period.starts,period.ends\nB,TF1,夏,1,08:30,09:10\n"
    assert errors(bells=f"{bells},,,1,09:20,10:00\n") == [("bells.csv", 3, "period.no", "1")]


def test_an_unknown_column_is_told_with_those_there_are_in_the_readers_words() -> None:
    _, (error,) = read_files({"teachers.csv": "编号,学校,姓名,电话\n".encode()})
    assert error.sentence.zh.startswith("不认识的列 '电话'，可用的列：编号、学校、名称、")
    assert error.sentence.en.startswith("Unknown column '电话'; the columns are id, school, name,")


def test_e64_signs_that_nobody_sees_are_left_out() -> None:
    pasted = "\u200bid,school,name\nR1\ufeff,TF1,\u202a互动教室1\u202c\n"
    assert records(rooms=pasted) == (made(Room, id="R1", school="TF1", name="互动教室1"),)


def test_e64_full_width_digits_spaces_and_chinese_words_are_read() -> None:
    assert records(
        rooms="编号,学校,名称,座位\n　R1 , TF1,一,６０\n",
        schools="id,name,重点支持,tier\nTF1,天府,是,lead\n",
        days="id,school,date,kind,follows\nTF1.2026-09-20,TF1,2026/9/20,makeup,6/2\n",
    ) == (
        made(School, id="TF1", name="天府", support_priority=True, tier=Tier.LEAD),
        made(Room, id="R1", school="TF1", name="一", seats=60),
        made(
            Day,
            id="TF1.2026-09-20",
            school="TF1",
            date=date(2026, 9, 20),
            kind="makeup",
            follows=Followed(week=6, weekday=2),
        ),
    )


def test_a_record_of_several_rows_repeats_its_id_or_leaves_it_empty() -> None:
    text = (
        "id,school,name,period.kind,period.no,period.starts,period.ends\n"
        "B1,TF1,夏令,,1,8:30,9:10\n"
        ",,,long_break,,9:10,9:25\n"
        "B1,,,,2,9:25,10:05\n"
        "B2,TF1,冬令,,1,8:40,9:20\n"
    )
    summer, winter = records(bells=text)
    assert isinstance(summer, BellSchedule)
    assert [(period.kind, period.no, period.starts) for period in summer.periods] == [
        (PeriodKind.LESSON, 1, time(8, 30)),
        (PeriodKind.LONG_BREAK, None, time(9, 10)),
        (PeriodKind.LESSON, 2, time(9, 25)),
    ]
    assert isinstance(winter, BellSchedule)
    assert len(winter.periods) == 1


def test_a_request_has_a_row_for_each_site() -> None:
    (request,) = records(
        requests="id,title,school,term,site.school,site.role,site.class_groups,site.agreed\n"
        "Q1,音乐,TF1,T,TF1,lead,,是\n,,,,CB,listen,C1;C2,否\n"
    )
    assert isinstance(request, Request)
    assert [(site.school, site.role, site.class_groups) for site in request.sites] == [
        ("TF1", Role.LEAD, ()),
        ("CB", Role.LISTEN, ("C1", "C2")),
    ]


def test_what_a_request_comes_after_stands_in_one_cell() -> None:
    (request,) = records(
        requests="编号,标题,学校,学期,接在之后,参与点.学校,参与点.角色\n"
        "Q1,音乐,TF1,T,prep/2/14;Q0,TF1,lead\n"
    )
    assert isinstance(request, Request)
    assert request.after == (
        After(request=RequestId("prep"), at_least_days=2, at_most_days=14),
        After(request=RequestId("Q0")),
    )
    (written,) = write_files((request,)).values()
    assert "prep/2/14;Q0/0/7" in written.decode("utf-8-sig")


def test_offers_and_needs_are_files_like_all_others() -> None:
    offer, need = records(
        offers="编号,学校,学期,学科,适用年级,教师,每周次数,星期,最早,最晚,面向学校\n"
        "O1,TF1,T,音乐,3;4,T1,2,2;4,8:00,12:00,JS;CB\n",
        requests="编号,标题,学科,学校,学期,参与点.学校,参与点.角色,参与点.班级\n"
        "Q1,音乐,音乐,JS,T,JS,listen,C1\n",
    )
    assert isinstance(offer, Offer)
    assert isinstance(need, Request)
    assert (offer.grades, offer.per_week, offer.weekdays) == ((3, 4), 2, (2, 4))
    assert (offer.latest, offer.schools) == (time(12), ("JS", "CB"))
    assert need.is_need
    (again, _), _ = read_files(write_files((offer, need)))
    assert again.record == offer


def test_every_preference_is_weighed_by_its_name_in_one_cell() -> None:
    cell = ";".join(f"{name}/{points}" for points, name in enumerate(Preference))
    (alliance,) = records(alliances=f"编号,名称,权重\nA,示意联盟,{cell}\n")
    assert isinstance(alliance, Alliance)
    assert alliance.weights == tuple(
        Weight(preference=each, points=points) for points, each in enumerate(Preference)
    )
    (written,) = write_files((alliance,)).values()
    assert cell in written.decode("utf-8-sig")


def test_e66_what_chinese_excel_writes_is_read() -> None:
    text = "编号,学校,名称\nR1,TF1,互动教室\n"
    expected = (made(Room, id="R1", school="TF1", name="互动教室"),)
    for content in (text.encode("gb18030"), text.encode("utf-8-sig"), text.encode()):
        placed, wrong = read_files({"rooms.csv": content})
        assert (tuple(one.record for one in placed), wrong) == (expected, ())


def test_every_wrong_cell_is_named_by_file_row_column_and_value() -> None:
    assert errors(
        rooms="id,school,name,tier,seats\n"
        "R1,TF1,一,cinema,60\n"
        "R2,TF1,二,lead,many\n"
        "R3,TF1,三,lead,-1\n"
        "R4,TF1,,lead,1\n"
        "R5,TF1,五,lead,1\n"
        "R5,TF1,五,lead,1\n"
    ) == [
        ("rooms.csv", 2, "tier", "cinema"),
        ("rooms.csv", 3, "seats", "many"),
        ("rooms.csv", 4, "seats", "-1"),
        ("rooms.csv", 5, "name", ""),
        ("rooms.csv", 7, "id", "R5"),
    ]


def test_a_wrong_cell_of_an_inner_row_is_named_by_its_own_row() -> None:
    text = (
        "id,school,class_group,term,lesson.weekday,lesson.period,lesson.subject\n"
        "T1,TF1,C1,S1,1,1,语文\n,,,,8,1,数学\n"
    )
    assert errors(timetables=text) == [("timetables.csv", 3, "lesson.weekday", "8")]


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("pupils", "id\n1\n", ("pupils.csv", 1, "", "")),
        ("rooms", "", ("rooms.csv", 1, "", "")),
        ("rooms", "id,colour\nR1,red\n", ("rooms.csv", 1, "colour", "")),
        ("rooms", "name\n一\n", ("rooms.csv", 1, "id", "")),
        ("rooms", 'id,name\nR1,"open\n', ("rooms.csv", 1, "", "")),
        ("rooms", b"id,name\nR1,\xff\xff\n", ("rooms.csv", 1, "", "")),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_reason(
    file: str, content: str | bytes, expected: tuple[str, int, str, str]
) -> None:
    assert errors(**{file: content}) == [expected]


def test_a_column_given_twice_is_refused() -> None:
    assert errors(rooms="id,school,学校\nR1,TF1,TF1\n") == [
        ("rooms.csv", 1, "school", ""),
        ("rooms.csv", 1, "学校", ""),
    ]


def test_e67_a_formula_does_not_run_in_a_spreadsheet_and_reads_back_as_it_was() -> None:
    room = made(Room, id="R1", school="TF1", name='=HYPERLINK("http://x")')
    quoted = made(Room, id="R2", school="TF1", name="'=1")
    written = write_files([room, quoted])
    assert b"'=HYPERLINK" in written["rooms.csv"]
    placed, wrong = read_files(written)
    assert ([one.record for one in placed], wrong) == ([room, quoted], ())


def test_what_is_written_reads_back_as_the_same_records() -> None:
    placed, wrong = read_files(EXAMPLE)
    assert wrong == ()
    read = [one.record for one in placed]
    again, wrong_again = read_files(write_files(read))
    assert ([one.record for one in again], wrong_again) == (read, ())


def test_the_example_is_what_export_writes() -> None:
    placed, _ = read_files(EXAMPLE)
    assert write_files([one.record for one in placed]) == EXAMPLE


def test_in_the_example_no_teacher_and_no_class_is_in_two_places() -> None:
    placed, _ = read_files(EXAMPLE)
    timetables = [one.record for one in placed if isinstance(one.record, Timetable)]
    given = [
        (lesson.teacher, lesson.weekday, lesson.period)
        for timetable in timetables
        for lesson in timetable.lessons
    ]
    held = [
        (timetable.class_group, lesson.weekday, lesson.period)
        for timetable in timetables
        for lesson in timetable.lessons
    ]
    assert (len(given), len(set(given)), len(set(held))) == (6120, 6120, 6120)


def test_every_column_has_a_chinese_heading_of_its_own() -> None:
    for kind in KINDS.values():
        assert len({heading(column) for column in COLUMNS[kind]}) == len(COLUMNS[kind])
        assert set(HEADINGS[kind].values()) == set(COLUMNS[kind])
    assert set(CHINESE.values())


def test_an_error_is_a_value_that_compares() -> None:
    _, (error,) = read_files({"rooms.csv": b""})
    assert error == CellError(file="rooms.csv", row=1, column="", value="", sentence=error.sentence)


def test_what_is_left_out_is_named_as_in_the_heading() -> None:
    offers = "编号,学校,学期,学科\no1,TF1,TF1-2026-1,\n".encode()
    _, (error,) = read_files({"offers.csv": offers})
    assert (error.row, error.column) == (2, "subject")
    assert error.sentence == Text("缺少必填项 学科 (subject)。", "subject (学科) is required.")
