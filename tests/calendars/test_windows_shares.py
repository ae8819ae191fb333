"""The figures of the eight illustrative schools, and the bell shift that unlocks most."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import pytest

from calendars.bells import PeriodKind, SchoolId, TimedPeriod
from calendars.text import Text
from calendars.windows import (
    Schools,
    Share,
    Unlock,
    attend,
    find_unlocks,
    find_windows,
    shift_is_allowed,
    together_share,
    window_share,
)
from tests.builders import BELLS, TUESDAY, school_time, some_bells

TF1, JS, CB = SchoolId("TF1"), SchoolId("JS"), SchoolId("CB")


def day(bells: Mapping[str, str]) -> dict[SchoolId, tuple[TimedPeriod, ...]]:
    return {
        SchoolId(school): school_time(school, bells=(some_bells(school, text),)).periods(TUESDAY)
        for school, text in bells.items()
    }


EIGHT = day(BELLS)


@pytest.mark.parametrize(
    ("listeners", "percent"),
    [
        (1, (14, 45, 66, 72, 76)),
        (2, (1, 21, 45, 55, 62)),
        (3, (0, 10, 31, 43, 52)),
        (7, (0, 0, 8, 25, 33)),
    ],
)
def test_the_shares_of_full_windows_are_those_of_the_field_study(
    listeners: int, percent: tuple[int, ...]
) -> None:
    """Shifts of 0, 5, 10, 15 and 20 minutes: every figure comes out of our code.

    The reading: each of 8 schools leads each of its 6 lessons before each set of listeners; a
    listener moves one period, any of its own, at most so far, and keeps 5 minutes on the side it
    moves to; the lead moves nothing. 1+2 without shifts is 15 of 1008, 1.49 %.
    """
    assert percent == tuple(
        round(100 * window_share(EIGHT, listeners, max_shift_minutes=shift).ratio)
        for shift in (0, 5, 10, 15, 20)
    )


def test_lunch_and_nap_do_not_change_the_shares_of_the_eight_schools() -> None:
    rested = {SchoolId(school): school_time(school).periods(TUESDAY) for school in BELLS}
    assert any(timed.period.kind is PeriodKind.NAP for timed in rested[TF1]), (
        "these bells have what the plain ones lack"
    )
    for listeners, shift in ((1, 0), (1, 10), (2, 15), (3, 20)):
        assert window_share(rested, listeners, max_shift_minutes=shift) == window_share(
            EIGHT, listeners, max_shift_minutes=shift
        )


@pytest.mark.parametrize(
    ("listeners", "together", "each"),
    [(1, 74, 74), (2, 49, 57), (3, 29, 46)],
)
def test_thirty_minutes_together_are_rarer_than_thirty_minutes_each(
    listeners: int, together: int, each: int
) -> None:
    """The study's 74 / 49 / 29 % are stretches that all sites spend in a period at the same time.

    Thirty effective minutes for every site, which is what H13 asks, come out higher: one listener
    may miss the first ten minutes and another the last.
    """
    assert round(100 * together_share(EIGHT, listeners).ratio) == together
    assert round(100 * window_share(EIGHT, listeners, min_minutes=30).ratio) == each


def test_a_listener_without_any_overlap_shares_nothing() -> None:
    assert together_share(day({"TF1": "8:30-9:10", "JS": "12:00-12:40"}), 1) == Share(0, 2)


def test_a_lead_whose_lesson_is_short_has_no_full_window() -> None:
    assert window_share(day({"TF1": "8:30-9:05", "JS": "8:20-9:20"}), 1) == Share(0, 2)


def test_a_school_alone_has_no_share() -> None:
    assert window_share(day({"TF1": BELLS["TF1"]}), 1).ratio == 0


def test_the_shift_that_unlocks_most_comes_first_in_words() -> None:
    bells = {"TF1": "8:30-9:10 9:25-10:05", "CB": "8:20-9:00 9:10-9:50"}
    assert (
        find_unlocks([day(bells)], 1, names={CB: "简城城北小学"})
        == (
            Unlock(
                school=CB,
                period=2,
                shift_minutes=15,
                more_windows=2,
                sentence=Text(
                    "若简城城北小学第2节推迟15分钟，可多出2个完整窗口（1+1）。",
                    "If 简城城北小学 moved period 2 15 minutes later, "
                    "there would be 2 more full windows (1+1).",
                ),
            ),
            Unlock(
                school=TF1,
                period=1,
                shift_minutes=-10,
                more_windows=2,
                sentence=Text(
                    "若TF1第1节提前10分钟，可多出2个完整窗口（1+1）。",
                    "If TF1 moved period 1 10 minutes earlier, "
                    "there would be 2 more full windows (1+1).",
                ),
            ),
        )[::-1]
    )


def test_with_a_lead_only_its_lessons_count() -> None:
    bells = {"TF1": "8:30-9:10 9:25-10:05", "CB": "8:20-9:00 9:10-9:50"}
    found = find_unlocks([day(bells)], 1, lead=TF1)
    assert [(unlock.school, unlock.shift_minutes, unlock.more_windows) for unlock in found] == [
        (TF1, -10, 1),
        (CB, 15, 1),
    ]
    assert found[0].sentence.en.endswith("1 more full window (1+1).")


def test_a_week_counts_every_day_and_moves_the_lesson_on_all_of_them() -> None:
    bells = {"TF1": "8:30-9:10 9:25-10:05", "CB": "8:20-9:00 9:10-9:50"}
    week = [day(bells)] * 4 + [day({"TF1": "8:30-9:10", "CB": "8:20-9:00"})]
    assert [
        (unlock.school, unlock.period, unlock.more_windows) for unlock in find_unlocks(week, 1)
    ] == [(TF1, 1, 10), (CB, 2, 8)]


def test_a_shift_that_one_day_forbids_is_not_proposed() -> None:
    long = day({"TF1": "8:30-9:10", "CB": "8:20-9:00"})
    short = day({"TF1": "8:30-9:10", "CB": "8:20-9:00 9:05-9:45"})
    assert [unlock.school for unlock in find_unlocks([long], 1)] == [CB, TF1]
    assert [unlock.school for unlock in find_unlocks([long, short], 1)] == [TF1]


def test_a_school_that_is_closed_on_a_day_is_left_out_of_it() -> None:
    bells = day({"TF1": "8:30-9:10", "CB": "8:20-9:00"})
    assert find_unlocks([bells, {TF1: bells[TF1]}], 1) == find_unlocks([bells], 1)


def brute_windows(schools: Schools) -> tuple[int, ...]:
    """Windows before one, two and three listeners, counted set by set."""
    counted = [0, 0, 0]
    for lead, lessons in schools.items():
        for lesson in lessons:
            able = {school: gets_all(periods, lesson) for school, periods in schools.items()}
            others = [school for school in schools if school != lead]
            for listeners in range(3):
                counted[listeners] += sum(
                    able[lead] and all(able[school] for school in chosen)
                    for chosen in combinations(others, listeners + 1)
                )
    return tuple(counted)


def gets_all(periods: Sequence[TimedPeriod], lesson: TimedPeriod) -> bool:
    attendance = attend(periods, lesson.slot)
    return attendance is not None and attendance.effective_minutes == 40


def test_every_unlock_brings_as_many_windows_as_counting_them_again() -> None:
    """Of four schools, every shift that their breaks allow."""
    four = {school: EIGHT[school] for school in (TF1, JS, CB, SchoolId("GD"))}
    before = brute_windows(four)
    assert before == tuple(window_share(four, listeners).windows for listeners in (1, 2, 3))
    wanted: list[dict[tuple[SchoolId, int | None, int], int]] = [{}, {}, {}]
    for school, periods in four.items():
        for index, timed in enumerate(periods):
            for shift in (-15, -10, -5, 5, 10, 15):
                moved = TimedPeriod(timed.slot.moved(shift), timed.period)
                if not shift_is_allowed(periods, moved.slot, shift):
                    continue
                changed = four | {school: (*periods[:index], moved, *periods[index + 1 :])}
                for count, old, new in zip(wanted, before, brute_windows(changed), strict=True):
                    if new > old:
                        count[school, timed.period.no, shift] = new - old
    for listeners, count in enumerate(wanted, start=1):
        found = find_unlocks([four], listeners)
        assert {
            (unlock.school, unlock.period, unlock.shift_minutes): unlock.more_windows
            for unlock in found
        } == count
        assert list(found) == sorted(
            found, key=lambda unlock: (-unlock.more_windows, abs(unlock.shift_minutes))
        )


def test_the_best_shift_of_the_eight_schools() -> None:
    for listeners, more in ((1, 6), (2, 18), (3, 16)):
        best = find_unlocks([EIGHT], listeners)[0]
        assert (best.school, best.period, best.shift_minutes, best.more_windows) == (
            "GD",
            5,
            -10,
            more,
        )


def test_windows_of_schools_without_bells_are_none() -> None:
    assert find_windows({TF1: (), JS: EIGHT[JS]}) == ()
    assert find_windows({}) == ()
