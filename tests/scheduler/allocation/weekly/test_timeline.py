"""Folding dates loses no collision, and stretches are what they say."""

from hypothesis import given
from hypothesis import strategies as st

from scheduler.allocation.weekly.problem import bits_of
from scheduler.allocation.weekly.timeline import Timeline, fold
from tests.scheduler.allocation.weekly.weeks import (
    EVEN_WEEKS,
    EVERY_WEEK,
    ODD_WEEKS,
    a_place,
    a_week,
)


@given(st.lists(st.integers(min_value=0, max_value=2**20 - 1), min_size=1, max_size=6))
def test_what_meets_on_any_date_meets_on_a_folded_one(masks: list[int]) -> None:
    folded = fold(masks)
    for one in masks:
        assert bool(one) == bool(one & folded)
        for other in masks:
            assert bool(one & other) == bool(one & other & folded)
            for third in masks:
                assert bool(one & other & third) == bool(one & other & third & folded)


def test_odd_and_even_weeks_fold_to_one_date_each() -> None:
    assert len(list(bits_of(fold([EVERY_WEEK, ODD_WEEKS, EVEN_WEEKS])))) == 2
    assert len(list(bits_of(fold([EVERY_WEEK, EVERY_WEEK])))) == 1


def test_ticks_are_as_long_as_all_times_allow() -> None:
    assert Timeline(a_week([a_place(600, 40), a_place(615, 40)])).tick == 5
    assert Timeline(a_week([a_place(600, 40)], buffers=((7,),))).tick == 1
    assert Timeline(a_week()).tick == 1


def test_stretches_meet_only_where_they_overlap_on_a_common_date() -> None:
    timeline = Timeline(a_week([a_place(600), a_place(640, dates=ODD_WEEKS)], buffers=((15,),)))
    first = timeline.bits(EVERY_WEEK, 600, 640)
    assert not first & timeline.bits(ODD_WEEKS, 640, 680)
    assert timeline.bits(EVERY_WEEK, 600, 655) & timeline.bits(ODD_WEEKS, 640, 680)
