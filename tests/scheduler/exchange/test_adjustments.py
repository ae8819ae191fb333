"""What was done to agreed sessions, as a file that people open in Excel or WPS."""

import csv
import io
from dataclasses import replace
from typing import Any

from calendars.bells import SchoolId
from scheduler.exchange.adjustments import write_adjustments
from scheduler.members import RoomId, TeacherId
from scheduler.model import (
    ActorRole,
    Adjustment,
    AdjustmentId,
    AdjustmentKind,
    Approval,
    Place,
    SessionId,
    SiteState,
)
from tests.builders import NOW, SHANGHAI, at, some_books
from tests.scheduler.desk import a_wish

BOOKS = {book.school.id: book for book in some_books()}
PLACE = Place(slot=at("14:00"), sites=(a_wish("TF1"), a_wish("JS")))


def an_adjustment(**fields: Any) -> Adjustment:
    """TF1's lesson for JS has moved to 16:10, where another teacher leads it in another room."""
    lead = replace(PLACE.sites[0], room=RoomId("TF1-R2"), teacher=TeacherId("TF1-T2"))
    given: dict[str, Any] = {
        "id": AdjustmentId("a1"),
        "kind": AdjustmentKind.RESCHEDULE,
        "session": SessionId("s1"),
        "title": "三年级音乐",
        "schools": (SchoolId("JS"), SchoolId("TF1")),
        "teachers": (TeacherId("TF1-T1"), TeacherId("TF1-T2")),
        "asked_by": "TF1 教导处",
        "asked_as": ActorRole.SCHOOL_COORDINATOR,
        "reason": "主讲外出",
        "at": NOW,
        "before": PLACE,
        "after": replace(PLACE, slot=at("16:10"), sites=(lead, PLACE.sites[1])),
        "approvals": (Approval(school=SchoolId("JS"), state=SiteState.HELD),),
    }
    return Adjustment(**given | fields)


def rows_of(*adjustments: Adjustment) -> list[dict[str, str]]:
    written = write_adjustments(adjustments, BOOKS, SHANGHAI)
    assert written.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(written.decode("utf-8-sig"))))


def test_a_row_tells_what_was_and_is_in_the_words_of_the_school() -> None:
    assert rows_of(an_adjustment()) == [
        {
            "编号": "a1",
            "类型": "调课",
            "标题": "三年级音乐",
            "学校": "JS;TF1",
            "教师": "TF1 教师1;TF1 教师2",
            "原时间": "2026-09-08 14:00-14:40",
            "原教师": "TF1：TF1 教师1;JS：JS 教师1",
            "原教室": "TF1：TF1 互动教室1;JS：JS 互动教室1",
            "现时间": "2026-09-08 16:10-16:50",
            "现教师": "TF1：TF1 教师2;JS：JS 教师1",
            "现教室": "TF1：TF1 互动教室2;JS：JS 互动教室1",
            "原因": "主讲外出",
            "起因": "",
            "提出人": "TF1 教导处",
            "身份": "教导处",
            "登记时间": "2026-08-20 09:00",
            "各校意见": "JS：待确认",
            "活动": "s1",
            "关联活动": "",
        }
    ]


def test_every_operation_has_a_name_of_its_own() -> None:
    rows = rows_of(*(an_adjustment(kind=kind, after=None) for kind in AdjustmentKind))
    names = [row["类型"] for row in rows]
    assert names == ["调课", "代课", "补课", "停课", "换课", "换教室", "改放录像"]
    assert {row["现时间"] for row in rows} == {""}


def test_e67_no_cell_is_a_formula() -> None:
    (row,) = rows_of(
        an_adjustment(
            title="=cmd|'/c calc'!A1",
            reason="+1",
            cause="-2",
            asked_by="@SUM(A1)",
            teachers=(TeacherId("=X"),),
            schools=(SchoolId("\tY"),),
        )
    )
    cells = [row[name] for name in ("标题", "原因", "起因", "提出人", "教师", "学校")]
    assert cells == ["'=cmd|'/c calc'!A1", "'+1", "'-2", "'@SUM(A1)", "'=X", "'\tY"]


def test_whoever_is_on_record_no_more_keeps_the_id() -> None:
    gone = an_adjustment(teachers=(TeacherId("TF1-T9"),), before=None)
    assert (rows_of(gone)[0]["教师"], rows_of(gone)[0]["原教室"]) == ("TF1-T9", "")
