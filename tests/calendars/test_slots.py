from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.slots import Slot, peak, span_of
from calendars.text import InvalidValueError

EIGHT = datetime(2026, 9, 8, 8, 0, tzinfo=UTC)


def slot(first: int, last: int) -> Slot:
    """Minutes after eight."""
    return Slot(EIGHT + timedelta(minutes=first), EIGHT + timedelta(minutes=last))


@st.composite
def slots(draw: st.DrawFn) -> Slot:
    first = draw(st.integers(0, 60))
    return slot(first, first + draw(st.integers(1, 30)))


def minutes_of(one: Slot) -> set[datetime]:
    return {one.starts + timedelta(minutes=minute) for minute in range(one.minutes)}


def test_a_slot_is_kept_in_utc() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    lesson = Slot(
        datetime(2026, 9, 8, 16, 0, tzinfo=shanghai), datetime(2026, 9, 8, 16, 40, tzinfo=shanghai)
    )
    assert lesson == slot(0, 40)
    assert lesson.starts.tzinfo is UTC


def test_shanghai_had_summer_time_in_1988() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    assert Slot.lasting(datetime(1988, 7, 1, 9, 0, tzinfo=shanghai), 40).starts == datetime(
        1988, 7, 1, 0, 0, tzinfo=UTC
    )


@pytest.mark.parametrize("field", ["starts", "ends"])
def test_a_moment_without_offset_is_refused(field: str) -> None:
    moments = {"starts": EIGHT, "ends": EIGHT + timedelta(hours=1)}
    moments[field] = moments[field].replace(tzinfo=None)
    with pytest.raises(InvalidValueError, match=f"{field} must carry an offset"):
        Slot(**moments)


@pytest.mark.parametrize("minutes", [0, -40])
def test_a_slot_must_end_after_it_starts(minutes: int) -> None:
    with pytest.raises(InvalidValueError, match="must come after"):
        Slot.lasting(EIGHT, minutes)


@pytest.mark.parametrize(
    "moment",
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=8))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-8))),
    ],
)
def test_moments_at_the_ends_of_the_calendar_are_refused(moment: datetime) -> None:
    with pytest.raises(InvalidValueError, match="years 1900 to 2999"):
        Slot(moment, EIGHT)


def test_touching_slots_share_nothing() -> None:
    assert not slot(0, 40).overlaps(slot(40, 80))
    assert slot(0, 40).shared_with(slot(40, 80)) is None


def test_a_slot_contains_itself_and_what_lies_inside() -> None:
    assert slot(0, 40).contains(slot(0, 40))
    assert slot(0, 40).contains(slot(10, 30))
    assert not slot(0, 40).contains(slot(10, 41))


def test_a_moved_slot_keeps_its_length_and_a_padded_one_grows_at_both_ends() -> None:
    assert slot(0, 40).moved(-10) == slot(-10, 30)
    assert slot(0, 40).padded(15) == slot(-15, 55)


def test_the_span_reaches_from_the_first_start_to_the_last_end() -> None:
    assert span_of([slot(50, 60), slot(0, 40), slot(20, 30)]) == slot(0, 60)


@given(slots(), slots())
def test_overlap_is_what_a_minute_by_minute_comparison_says(one: Slot, other: Slot) -> None:
    common = minutes_of(one) & minutes_of(other)
    shared = one.shared_with(other)
    assert one.overlaps(other) == other.overlaps(one) == bool(common)
    assert (minutes_of(shared) if shared else set()) == common
    assert one.contains(other) == (minutes_of(other) <= minutes_of(one))


@given(st.lists(st.tuples(slots(), st.integers(1, 4)), max_size=8))
def test_the_peak_is_the_busiest_minute(uses: list[tuple[Slot, int]]) -> None:
    busiest = max(
        (
            sum(amount for used, amount in uses if minute in minutes_of(used))
            for one, _ in uses
            for minute in minutes_of(one)
        ),
        default=0,
    )
    assert peak(uses) == busiest


def test_uses_that_touch_do_not_add_up() -> None:
    assert peak([(slot(0, 40), 2), (slot(40, 80), 2)]) == 2
