"""Another weekday or time for a series: every one of its dates can be held, and swaps are named."""

from calendars.series import Weekly
from scheduler.booking.series_alternatives import alternatives_for_series
from scheduler.model import Role, SeriesBooking
from scheduler.placing import agenda_of
from scheduler.schools import Situation
from tests.builders import (
    NOW,
    TUESDAY,
    a_block,
    a_lesson,
    a_session,
    a_site,
    a_situation,
    a_term,
    a_timetable,
    at,
    some_books,
    wall,
)
from tests.scheduler.desk import a_booking, a_wish


def a_series(starts: str = "14:00") -> SeriesBooking:
    return SeriesBooking(
        **agenda_of(a_booking()),
        term="TF1-2026-1",
        weekly=Weekly(weekday=2, starts=wall(starts), minutes=40, weeks="2-4"),
        sites=(a_wish("TF1"), a_wish("JS", Role.LISTEN)),
    )


def said(situation: Situation, limit: int = 5) -> list[str]:
    found = alternatives_for_series(a_series(), a_term(), situation, now=NOW, limit=limit)
    return [alternative.changes.zh for alternative in found]


def test_the_same_weekday_comes_first_then_its_neighbours() -> None:
    assert said(a_situation(a_session())) == [
        "改为每周二16:10-16:50，3次全部可排。",
        "改为每周二14:55-15:35，3次全部可排；JS调整课间：第6节（推迟5分钟） 14:55-15:35。",
        "改为每周一14:00-14:40，3次全部可排。",
        "改为每周一16:10-16:50，3次全部可排。",
        "改为每周三14:00-14:40，3次全部可排。",
    ]


def test_one_date_in_the_way_is_enough_to_drop_a_pattern() -> None:
    other = a_session(slot=at("16:10"))
    assert not any("每周二16:10" in sentence for sentence in said(a_situation(other), limit=20))


def test_a_room_taken_on_one_date_is_left_open_for_all() -> None:
    other = a_session(
        slot=at("16:10"), sites=(a_site("TF1", teacher="TF1-T2", class_groups=("TF1-C2",)),)
    )
    (first, *_) = alternatives_for_series(a_series(), a_term(), a_situation(other), now=NOW)
    assert first.changes.zh == "改为每周二16:10-16:50，3次全部可排；TF1用当日空闲的教室。"
    assert [site.room for site in first.sites] == [None, "JS-R1"]


def test_patterns_that_need_a_swap_come_last_and_say_so() -> None:
    lessons = [a_lesson(no, weekday=weekday) for no in range(1, 7) for weekday in range(1, 6)]
    timetables = {"timetables": (a_timetable("JS", 1, *lessons),)}
    sentences = said(a_situation(books=some_books(JS=timetables)), limit=8)
    assert [("原课" in sentence) for sentence in sentences] == [False] * 5 + [True] * 3


def test_where_nothing_holds_all_term_nothing_is_suggested() -> None:
    blocks = tuple(
        a_block(at("0:00", 60 * 24 * 30, on=TUESDAY.replace(day=1)), "JS", teacher=teacher)
        for teacher in ("JS-T1",)
    )
    assert said(a_situation(books=some_books(JS={"busy": blocks}))) == []
