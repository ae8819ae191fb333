"""What one school's class gets of a slot: cases E15-E17 and E21-E24."""

import pytest

from calendars.bells import Period, PeriodKind, SchoolId, TimedPeriod
from calendars.slots import Slot
from calendars.text import Text
from calendars.windows import (
    Attendance,
    Edit,
    Fit,
    Tactic,
    attend,
    compare_bells,
    fit,
    shift_is_allowed,
    why_not,
)
from tests.builders import TUESDAY, at, school_time, some_bells, wall

CB = SchoolId("CB")


def rings(text: str, *others: tuple[PeriodKind, str]) -> tuple[TimedPeriod, ...]:
    """One day of numbered lessons, with other periods such as (NAP, "13:00-13:50")."""
    bells = some_bells("CB", text)
    named = [
        Period(kind=kind, starts=wall(clock.split("-")[0]), ends=wall(clock.split("-")[1]))
        for kind, clock in others
    ]
    bells = some_bells("CB", text, periods=(*bells.periods, *named))
    return school_time("CB", bells=(bells,)).periods(TUESDAY)


THIRD = rings("8:20-9:00 9:10-9:50 10:20-11:00")
NOON = rings("10:30-11:10", (PeriodKind.LUNCH, "11:20-12:00"))


def test_a_class_attends_the_stretch_inside_its_period() -> None:
    assert attend(THIRD, at("10:35")) == Attendance(
        period=3, periods=THIRD[2:], stretch=at("10:35", 25), effective_minutes=25
    )


def test_a_class_whose_period_moved_attends_the_moved_stretch() -> None:
    assert attend(THIRD, at("10:35"), shift_minutes=10) == Attendance(
        period=3, periods=THIRD[2:], stretch=at("10:35", 35), effective_minutes=35
    )


@pytest.mark.parametrize("clock", ["7:00", "9:50", "11:00"])
def test_a_slot_outside_all_periods_is_not_attended(clock: str) -> None:
    assert attend(THIRD, at(clock, 20)) is None


def test_seconds_count_but_only_whole_minutes_are_effective() -> None:
    slot = Slot(at("10:30").starts.replace(second=30), at("12:00").ends)
    attendance = attend(rings("10:00-11:00"), slot)
    assert attendance is not None
    assert attendance.stretch.starts == slot.starts
    assert attendance.effective_minutes == 29


def test_lunch_and_long_breaks_are_not_attended() -> None:
    assert attend(NOON, at("11:20")) is None
    assert attend(rings("8:20-9:00", (PeriodKind.LONG_BREAK, "9:00-9:30")), at("9:00", 30)) is None


def test_e15_the_same_period_number_at_different_times_is_refused_with_the_best_shift() -> None:
    slot = at("10:35")
    assert fit(CB, THIRD, slot, min_minutes=40) is None
    assert why_not(THIRD, slot, min_minutes=40) == Text(
        "第3节 10:20-11:00 与本次只重叠25分钟，少于要求的40分钟。"
        "若第3节推迟10分钟（改为 10:30-11:10），也只有35分钟。",
        "It shares only 25 minutes with period 3, 10:20-11:00, less than the required 40. "
        "Moving period 3 10 minutes later (10:30-11:10) would still give only 35 minutes.",
    )
    assert why_not(THIRD, slot, min_minutes=40, max_shift_minutes=15) == Text(
        "第3节 10:20-11:00 与本次只重叠25分钟，少于要求的40分钟。"
        "若第3节推迟15分钟（改为 10:35-11:15），可达40分钟。",
        "It shares only 25 minutes with period 3, 10:20-11:00, less than the required 40. "
        "Moving period 3 15 minutes later (10:35-11:15) would give 40 minutes.",
    )


def test_a_refusal_says_so_if_no_shift_helps() -> None:
    assert why_not(THIRD, at("10:35"), max_shift_minutes=0) == Text(
        "第3节 10:20-11:00 与本次只重叠25分钟，少于要求的30分钟。"
        "在允许的范围内挪动节次也不能增加重叠。",
        "It shares only 25 minutes with period 3, 10:20-11:00, less than the required 30. "
        "No allowed shift makes it more.",
    )


def test_a_refusal_of_what_only_a_shift_could_reach_names_that_shift() -> None:
    assert why_not(THIRD, at("11:00"), max_shift_minutes=10) == Text(
        "若第3节推迟10分钟（改为 10:30-11:10），也只有10分钟。",
        "Moving period 3 10 minutes later (10:30-11:10) would still give only 10 minutes.",
    )


def test_a_refusal_of_a_slot_far_from_all_periods_says_that_nothing_overlaps() -> None:
    assert why_not(THIRD, at("12:00")) == Text(
        "当天没有任何节次能与本次重叠。", "No period of that day can overlap it."
    )


def test_e16_a_longer_local_period_keeps_its_other_minutes() -> None:
    assert fit(CB, rings("8:20-9:05"), at("8:25")) == Fit(
        school=CB,
        period=1,
        tactic=Tactic.NONE,
        shift_minutes=0,
        effective_minutes=40,
        why=Text(
            "第1节 08:20-09:05 完整容纳本次活动，另有5分钟由本校自行安排。",
            "All of it lies inside period 1, 08:20-09:05; 5 minutes stay local.",
        ),
    )


def test_a_slot_that_is_the_period_fits_without_a_tactic() -> None:
    found = fit(CB, THIRD, at("8:20"))
    assert found is not None
    assert (found.tactic, found.why) == (
        Tactic.NONE,
        Text(
            "第1节 08:20-09:00 完整容纳本次活动。", "All of it lies inside period 1, 08:20-09:00."
        ),
    )


def test_what_sticks_out_is_trimmed_or_covered() -> None:
    assert fit(CB, THIRD, at("10:30"), max_shift_minutes=0) == Fit(
        school=CB,
        period=3,
        tactic=Tactic.TRIM,
        shift_minutes=0,
        effective_minutes=30,
        why=Text(
            "第3节 10:20-11:00 与本次重叠30分钟，需缩短（trim），"
            "或由助教在本校补足其余10分钟（cover）。",
            "It shares 30 minutes with period 3, 10:20-11:00: trim it, "
            "or let the assisting teacher cover the other 10.",
        ),
    )


def test_a_slot_longer_than_the_period_is_trimmed_without_cover() -> None:
    found = fit(CB, THIRD, at("10:15", 50))
    assert found is not None
    assert (found.tactic, found.why) == (
        Tactic.TRIM,
        Text(
            "第3节 10:20-11:00 与本次重叠40分钟，需缩短（trim）。",
            "It shares 40 minutes with period 3, 10:20-11:00: trim it.",
        ),
    )


def test_the_smallest_shift_that_gives_most_minutes_is_proposed() -> None:
    assert fit(CB, THIRD, at("10:30")) == Fit(
        school=CB,
        period=3,
        tactic=Tactic.SHIFT_BREAK,
        shift_minutes=10,
        effective_minutes=40,
        why=Text(
            "第3节 10:20-11:00 推迟10分钟（改为 10:30-11:10），与本次重叠40分钟（shift_break）。",
            "Period 3, 10:20-11:00, moved 10 minutes later to 10:30-11:10, "
            "shares 40 minutes with it (shift_break).",
        ),
    )


def test_a_period_can_also_move_earlier() -> None:
    found = fit(CB, THIRD, at("10:15"))
    assert found is not None
    assert (found.shift_minutes, found.why.zh) == (
        -5,
        "第3节 10:20-11:00 提前5分钟（改为 10:15-10:55），与本次重叠40分钟（shift_break）。",
    )


def test_of_two_equal_shifts_the_later_is_proposed() -> None:
    found = fit(CB, THIRD, at("8:45"), min_minutes=20)
    assert found is not None
    assert (found.period, found.shift_minutes, found.effective_minutes) == (1, 5, 20)


def test_a_slot_without_any_period_does_not_fit() -> None:
    assert fit(CB, THIRD, at("12:00")) is None


def test_e17_a_slot_over_two_periods_never_claims_both() -> None:
    over_both = at("8:40")
    attendance = attend(THIRD, over_both)
    assert attendance is not None
    assert (attendance.period, attendance.periods, attendance.effective_minutes) == (
        1,
        THIRD[:1],
        20,
    )
    later = attend(THIRD, at("8:50"))
    assert later is not None
    assert (later.period, later.effective_minutes) == (2, 20)


def test_of_two_equal_overlaps_the_earlier_is_attended() -> None:
    attendance = attend(THIRD, at("8:45"))
    assert attendance is not None
    assert (attendance.period, attendance.effective_minutes) == (1, 15)


def test_a_double_lesson_takes_consecutive_periods_without_the_break_between() -> None:
    attendance = attend(THIRD, at("8:25", 80))
    assert attendance == Attendance(
        period=1, periods=THIRD[:2], stretch=at("8:25", 80), effective_minutes=70
    )
    found = fit(CB, THIRD, at("8:20", 90))
    assert found is not None
    assert (found.tactic, found.effective_minutes, found.why.zh) == (
        Tactic.NONE,
        80,
        "第1节、第2节 08:20-09:50 完整容纳本次活动。",
    )


def test_a_double_lesson_begins_in_the_earlier_period_though_the_later_has_more_of_it() -> None:
    attendance = attend(THIRD, at("8:30", 80))
    assert attendance is not None
    assert (attendance.period, attendance.effective_minutes) == (1, 70)


def test_a_slot_a_little_longer_than_a_period_is_no_double_lesson() -> None:
    attendance = attend(THIRD, at("8:25", 50))
    assert attendance is not None
    assert (attendance.periods, attendance.effective_minutes) == (THIRD[:1], 35)


def test_no_double_lesson_reaches_over_lunch() -> None:
    day = rings("10:30-11:10 13:00-13:40", (PeriodKind.LUNCH, "11:20-12:00"))
    attendance = attend(day, at("10:30", 190))
    assert attendance is not None
    assert (attendance.periods, attendance.effective_minutes) == (day[:1], 40)
    afternoon = attend(day, at("10:45", 175))
    assert afternoon is not None
    assert (afternoon.period, afternoon.effective_minutes) == (2, 40)


def test_the_two_periods_of_a_double_lesson_move_together() -> None:
    slot = at("8:25", 90)
    assert shift_is_allowed(THIRD, slot, 5)
    attendance = attend(THIRD, slot, shift_minutes=5)
    assert attendance is not None
    assert (attendance.stretch, attendance.effective_minutes) == (slot, 80)
    assert fit(CB, THIRD, slot) == Fit(
        school=CB,
        period=1,
        tactic=Tactic.SHIFT_BREAK,
        shift_minutes=5,
        effective_minutes=80,
        why=Text(
            "第1节、第2节 08:20-09:50 推迟5分钟（改为 08:25-09:55），"
            "与本次重叠80分钟（shift_break）。",
            "Period 1 and period 2, 08:20-09:50, moved 5 minutes later to 08:25-09:55, "
            "shares 80 minutes with it (shift_break).",
        ),
    )


def test_e22_a_shift_that_would_leave_a_break_of_4_minutes_is_refused() -> None:
    slot = at("8:30")
    assert shift_is_allowed(THIRD, slot, 5)
    assert not shift_is_allowed(THIRD, slot, 6)
    assert shift_is_allowed(THIRD, slot, 6, min_break=4)
    assert not shift_is_allowed(THIRD, at("9:00"), -6)
    found = fit(CB, THIRD, slot)
    assert found is not None
    assert (found.tactic, found.shift_minutes, found.effective_minutes) == (
        Tactic.SHIFT_BREAK,
        5,
        35,
    )


def test_a_shift_leaves_five_minutes_before_lunch() -> None:
    assert shift_is_allowed(NOON, at("10:40"), 5)
    assert not shift_is_allowed(NOON, at("10:40"), 6)


def test_a_long_break_can_be_used_by_a_shift() -> None:
    day = rings("8:20-9:00 9:30-10:10", (PeriodKind.LONG_BREAK, "9:00-9:30"))
    assert shift_is_allowed(day, at("8:30"), 25)
    assert not shift_is_allowed(day, at("8:30"), 26)


def test_a_break_that_is_short_already_may_grow() -> None:
    day = rings("8:20-9:00", (PeriodKind.LUNCH, "9:02-9:30"))
    assert shift_is_allowed(day, at("8:15"), -5)
    assert not shift_is_allowed(day, at("8:25"), 1)


def test_only_lessons_move() -> None:
    day = rings("15:20-16:00", (PeriodKind.AFTER_SCHOOL, "16:10-17:40"))
    assert not shift_is_allowed(day, at("16:00", 60), -5)
    assert not shift_is_allowed(day, at("15:15", 120), -5)
    assert shift_is_allowed(day, at("16:00", 60), 0)


def test_a_shift_of_nothing_is_no_shift() -> None:
    assert not shift_is_allowed(THIRD, at("12:00"), 0)


def test_e21_an_edited_bell_is_told_in_minutes_before_and_after() -> None:
    later = rings("8:20-9:00 9:10-9:50 10:30-11:10")
    assert compare_bells(THIRD, later, at("10:35")) == Edit(
        minutes_before=25,
        minutes_after=35,
        sentence=Text(
            "作息改动后，本次由第3节（10:20-11:00）变为第3节（10:30-11:10），"
            "有效时长由25分钟变为35分钟。",
            "The edited bells put it in period 3 (10:30-11:10) instead of period 3 (10:20-11:00): "
            "35 effective minutes instead of 25.",
        ),
    )


def test_e21_an_edited_bell_can_take_the_period_away() -> None:
    edit = compare_bells(THIRD, THIRD[:2], at("10:20"))
    assert edit == Edit(
        minutes_before=40,
        minutes_after=0,
        sentence=Text(
            "作息改动后，本次由第3节（10:20-11:00）变为无对应节次，有效时长由40分钟变为0分钟。",
            "The edited bells put it in no period instead of period 3 (10:20-11:00): "
            "0 effective minutes instead of 40.",
        ),
    )


def test_e21_an_edit_of_other_bells_changes_nothing() -> None:
    assert compare_bells(THIRD, THIRD[1:], at("10:20")) is None


def test_e23_a_slot_that_touches_a_period_shares_nothing_until_a_buffer_is_wanted() -> None:
    ends_910, starts_910 = at("8:30"), at("9:10")
    assert not ends_910.overlaps(starts_910)
    assert ends_910.padded(10).overlaps(starts_910)
    assert attend(rings("9:10-9:50"), ends_910) is None


def test_e24_after_school_time_has_no_period_number() -> None:
    day = rings("15:20-16:00", (PeriodKind.AFTER_SCHOOL, "16:10-17:40"))
    found = fit(CB, day, at("16:30", 60))
    assert found is not None
    assert (found.period, found.tactic, found.effective_minutes, found.why) == (
        None,
        Tactic.NONE,
        60,
        Text(
            "课后服务 16:10-17:40 完整容纳本次活动，另有30分钟由本校自行安排。",
            "All of it lies inside after-school time, 16:10-17:40; 30 minutes stay local.",
        ),
    )
