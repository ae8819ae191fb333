"""What a reader sees of a session: the own side first, in the own language, and no secrets."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from calendars.ics import Entry, Status
from calendars.windows import Tactic
from scheduler.feeds.entries import entry_of, grade_words, reader_name
from scheduler.feeds.ledger import Books
from scheduler.feeds.reader import Reader
from scheduler.members import AllianceId, RoomId, Studio, StudioId, TeacherId
from scheduler.model import Form, Kind, Role, Scope, Session, SessionState, SiteState
from tests.builders import NOW, a_book, a_room, a_session, a_site, an_alliance, at

BOOKS: Books = {book.school.id: book for book in map(a_book, ("TF1", "JS", "CB"))}
ALLIANCE = Reader(Scope.ALLIANCE, None, "zh-CN")
WHERE = "(TF1 互动教室1→JS 互动教室1, CB 互动教室1)"


def teacher(id: str, language: Any = "zh-CN") -> Reader:
    return Reader(Scope.TEACHER, id, language)


def lesson(**fields: Any) -> Session:
    """TF1 leads, JS listens for 35 minutes of its third lesson, CB looks on."""
    sites = (
        a_site("TF1", period=5),
        a_site("JS", Role.LISTEN, period=3, effective_minutes=35),
        a_site("CB", Role.OBSERVE, teacher=None, class_groups=(), observers=(TeacherId("CB-T2"),)),
    )
    return a_session(**{"sites": sites} | fields)


def seen(session: Session, reader: Reader = ALLIANCE, books: Books = BOOKS, **at: Any) -> Entry:
    return entry_of(session, reader, books, alliance=AllianceId("demo"), **{"now": NOW} | at)


@pytest.mark.parametrize("hours", [-1, 1])
def test_another_name_dates_an_event_anew_and_sends_nobody_anywhere(hours: int) -> None:
    before, renamed = seen(lesson()), NOW + timedelta(hours=hours)
    after = seen(lesson(), renamed=renamed)
    assert after == replace(before, changed_at=max(NOW, renamed))


@pytest.mark.parametrize(
    ("reader", "title"),
    [
        (teacher("TF1-T1"), f"同步课·音乐·三年级·主讲·第5节·有效40分钟 {WHERE}"),
        (teacher("JS-T1"), f"同步课·音乐·三年级·听讲·第3节·有效35分钟 {WHERE}"),
        (teacher("CB-T2"), f"同步课·音乐·三年级·观摩 {WHERE}"),
        (
            Reader(Scope.SCHOOL, "JS", "zh-CN"),
            f"同步课·音乐·三年级·听讲·第3节·有效35分钟 {WHERE}",
        ),
        (
            Reader(Scope.SUBJECT, "JS", "zh-CN", "音乐"),
            f"同步课·音乐·三年级·听讲·第3节·有效35分钟 {WHERE}",
        ),
        (
            Reader(Scope.CLASS_GROUP, "JS-C1", "zh-CN"),
            f"同步课·音乐·三年级·听讲·第3节·有效35分钟 {WHERE}",
        ),
        (Reader(Scope.STUDIO, "S1", "zh-CN"), f"同步课·音乐·三年级 {WHERE}"),
        (
            Reader(Scope.ROOM, "TF1-R1", "zh-CN"),
            f"同步课·音乐·三年级·主讲·第5节·有效40分钟 {WHERE}",
        ),
        (ALLIANCE, f"同步课·音乐·三年级 {WHERE}"),
        (
            teacher("JS-T1", "en"),
            (
                "Joint lesson · 音乐 · grade 3 · listening · lesson 3 · 35 effective minutes"
                f" {WHERE}"
            ),
        ),
    ],
)
def test_the_title_says_what_it_is_for_this_reader(reader: Reader, title: str) -> None:
    assert seen(lesson(), reader).summary == title


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        (
            {"kind": Kind.JOINT_RESEARCH},
            f"联合教研·音乐·三年级·主会场·第5节·有效40分钟 {WHERE.replace('→', ', ')}",
        ),
        (
            {"form": Form.DUAL_TEACHER, "grade": None},
            f"双师课·音乐·主讲·第5节·有效40分钟 {WHERE}",
        ),
        ({"subject": None, "grade": None}, f"同步课·三年级音乐·主讲·第5节·有效40分钟 {WHERE}"),
        ({"subject": None, "grade": 10}, f"同步课·高一·主讲·第5节·有效40分钟 {WHERE}"),
        ({"sites": (a_site("TF1", room=None),)}, "同步课·音乐·三年级·主讲·有效40分钟 (TF1)"),
    ],
)
def test_the_title_names_kind_form_and_subject(fields: dict[str, Any], title: str) -> None:
    assert seen(lesson(**fields), teacher("TF1-T1")).summary == title


@pytest.mark.parametrize(
    ("shift", "zh", "en"),
    [
        (5, "第3节推迟5分钟", "lesson 3, 5 min later"),
        (-10, "第3节提前10分钟", "lesson 3, 10 min earlier"),
    ],
)
def test_a_school_that_moves_its_bell_reads_how_far(shift: int, zh: str, en: str) -> None:
    moved = replace(lesson().sites[1], tactic=Tactic.SHIFT_BREAK, shift_minutes=shift)
    session = lesson(sites=(a_site("TF1"), moved))
    assert zh in seen(session, teacher("JS-T1")).summary
    assert en in seen(session, teacher("JS-T1", "en")).description


def test_rooms_and_sites_begin_with_the_readers_own() -> None:
    entry = seen(lesson(), teacher("JS-T1"))
    assert entry.location == "JS 互动教室1; TF1 互动教室1; CB 互动教室1"
    assert entry.description.split("\n") == [
        "三年级音乐",
        "专递课堂",
        "听讲: JS·第3节·有效 35 分钟·JS 互动教室1·三年级1班·JS 教师1",
        "主讲: TF1·第5节·有效 40 分钟·TF1 互动教室1·三年级1班·TF1 教师1",
        "观摩: CB·有效 40 分钟·CB 互动教室1",
    ]


def test_a_meeting_has_no_mode_of_classroom() -> None:
    assert "专递课堂" not in seen(lesson(kind=Kind.VISIT)).description


def test_a_room_is_named_with_its_school() -> None:
    room = a_room("JS", name="录播室")
    books = {**BOOKS, room.school: a_book("JS", rooms={room.id: room})}
    assert "JS 录播室" in seen(lesson(), books=books).location


def test_what_has_been_deleted_is_told_by_its_id() -> None:
    site = a_site("TF1", room=RoomId("R9"), teacher=TeacherId("T9"), class_groups=("C9",), period=1)
    entry = seen(lesson(sites=(site,)))
    assert "主讲: TF1·第1节·有效 40 分钟·TF1 R9·C9·T9" in entry.description
    assert seen(lesson(sites=(replace(site, room=None),))).location == ""


def test_the_link_stands_in_every_place_where_clients_look_and_without_its_password() -> None:
    entry = seen(lesson(join_url="https://meeting.example.cn/j/1?pwd=geheim"))
    told = "https://meeting.example.cn/j/1"
    assert entry.url == entry.join == told
    assert entry.location.endswith(f"; {told}")
    assert f"进入课堂: {told}" in entry.description.split("\n")
    assert "geheim" not in repr(entry)


def test_no_telephone_number_or_password_is_told() -> None:
    session = lesson(
        title="音乐 13800138000",
        subject=None,
        grade=None,
        note="密码 abc123",
        reason="电话 028-87654321",
        state=SessionState.CANCELLED,
    )
    for secret in ("13800138000", "abc123", "87654321"):
        assert secret not in repr(seen(session))


@pytest.mark.parametrize(
    ("state", "status", "mark", "takes_time"),
    [
        (SessionState.CONFIRMED, Status.CONFIRMED, "", True),
        (SessionState.HELD, Status.TENTATIVE, "[待确认] ", True),
        (SessionState.CANCELLED, Status.CANCELLED, "[已取消] ", False),
        (SessionState.EXPIRED, Status.CANCELLED, "[已取消] ", False),
    ],
)
def test_the_status_is_marked_in_the_title_too(
    state: SessionState, status: Status, mark: str, *, takes_time: bool
) -> None:
    entry = seen(lesson(state=state, sequence=4))
    assert (entry.status, entry.sequence, not entry.transparent) == (status, 4, takes_time)
    assert entry.summary.startswith(f"{mark}同步课")


def test_a_cancelled_session_says_why() -> None:
    session = lesson(state=SessionState.CANCELLED, reason="停电")
    assert seen(session).description.endswith("取消原因: 停电")


def test_a_hold_that_ran_out_shows_what_the_ledger_is_about_to_say() -> None:
    expiry = NOW + timedelta(hours=2)
    hold = lesson(state=SessionState.HELD, hold_expires_at=expiry, sequence=1)
    assert seen(hold).status is Status.TENTATIVE
    after = seen(hold, now=expiry)
    assert (after.status, after.sequence, after.changed_at) == (Status.CANCELLED, 2, expiry)


@pytest.mark.parametrize(
    "change",
    [
        {"pinned": True},
        {"hold_expires_at": NOW + timedelta(hours=9)},
        {"link_pool": None},
        {"override_reason": "版本不同"},
        {"reason": "改一下"},
        {"revision": 7},
        {"sites": tuple(replace(each, state=SiteState.HELD) for each in lesson().sites)},
        {"sites": tuple(replace(each, answered_by="周主任") for each in lesson().sites)},
    ],
)
def test_what_moves_no_sequence_is_not_shown(change: dict[str, Any]) -> None:
    held = lesson(state=SessionState.HELD)
    assert seen(replace(held, **change)) == seen(held)


def test_the_uid_follows_the_session_wherever_it_moves() -> None:
    session = lesson()
    moved = replace(session, slot=at("9:00"), sites=session.sites[:2], sequence=1)
    assert seen(session).uid == seen(moved, teacher("JS-T1", "en")).uid == "s1@demo.lianke"


@pytest.mark.parametrize(
    ("grade", "zh", "en"),
    [(None, "", ""), (1, "一年级", "grade 1"), (9, "九年级", "grade 9"), (12, "高三", "grade 12")],
)
def test_grades_are_said_as_schools_say_them(grade: int | None, zh: str, en: str) -> None:
    assert (grade_words(grade, "zh-CN"), grade_words(grade, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("scope", "id", "name"),
    [
        (Scope.TEACHER, "JS-T2", "JS 教师2"),
        (Scope.TEACHER, "gone", "gone"),
        (Scope.SCHOOL, "CB", "CB"),
        (Scope.SCHOOL, "gone", "gone"),
        (Scope.ROOM, "CB-R2", "CB 互动教室2"),
        (Scope.ROOM, "gone", "gone"),
        (Scope.CLASS_GROUP, "CB-C1", "CB 三年级1班"),
        (Scope.CLASS_GROUP, "gone", "gone"),
        (Scope.STUDIO, "S1", "音乐工作室"),
        (Scope.STUDIO, "gone", "gone"),
        (Scope.ALLIANCE, None, "示意联盟"),
    ],
)
def test_a_feed_is_named_after_whom_it_is_for(scope: Scope, id: str | None, name: str) -> None:
    studio = Studio(
        id=StudioId("S1"), name="音乐工作室", head=TeacherId("JS-T1"), members=(TeacherId("JS-T1"),)
    )
    alliance = an_alliance(studios={studio.id: studio})
    assert reader_name(Reader(scope, id, "zh-CN"), alliance, BOOKS) == name


def test_a_feed_of_one_subject_is_named_after_school_and_subject() -> None:
    reader = Reader(Scope.SUBJECT, "JS", "zh-CN", "音乐")
    assert reader_name(reader, an_alliance(), BOOKS) == "JS 音乐"
