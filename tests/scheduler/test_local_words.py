from datetime import date
from typing import Any

import pytest

from calendars.text import Text
from calendars.windows import Tactic
from scheduler.local_words import clock_times, date_words, local_words, wall_clock
from tests.builders import SHANGHAI, a_book, a_site, at, school_time, some_bells


@pytest.mark.parametrize(
    ("slot", "site", "words"),
    [
        (at("10:20"), {}, Text("第3节 10:20-11:00", "period 3 10:20-11:00")),
        (
            at("10:35"),
            {"tactic": Tactic.TRIM},
            Text("第3节 10:35-11:00", "period 3 10:35-11:00"),
        ),
        (
            at("10:25"),
            {"tactic": Tactic.SHIFT_BREAK, "shift_minutes": 5},
            Text("第3节（推迟5分钟） 10:25-11:05", "period 3 (5 minutes later) 10:25-11:05"),
        ),
        (
            at("8:15"),
            {"tactic": Tactic.SHIFT_BREAK, "shift_minutes": -5},
            Text("第1节（提前5分钟） 08:15-08:55", "period 1 (5 minutes earlier) 08:15-08:55"),
        ),
        (
            at("8:20", 90),
            {},
            Text("第1节、第2节 08:20-09:50", "period 1 and period 2 08:20-09:50"),
        ),
        (at("16:30"), {}, Text("课后服务 16:30-17:10", "after-school time 16:30-17:10")),
        (at("18:30"), {}, Text("18:30-19:10", "18:30-19:10")),
    ],
)
def test_a_school_reads_a_session_in_the_words_of_its_bells(
    slot: Any, site: dict[str, Any], words: Text
) -> None:
    assert local_words(a_book("CB"), slot, a_site("CB", **site)) == words


def test_each_class_reads_the_bells_of_its_grade() -> None:
    bells = some_bells("CB"), some_bells("CB", "9:00-10:00 10:20-11:00", id="third", grades=(3,))
    book = a_book("CB", time=school_time("CB", bells=bells))

    with_class = local_words(book, at("10:20"), a_site("CB"))
    without = local_words(book, at("10:20"), a_site("CB", class_groups=()))
    assert with_class.zh == "第2节 10:20-11:00"
    assert without.zh == "第3节 10:20-11:00"


def test_dates_and_times_are_said_on_one_clock() -> None:
    slot = at("14:00", on=date(2027, 1, 3))

    assert clock_times(slot, SHANGHAI) == "14:00-14:40"
    assert date_words(slot.starts, SHANGHAI) == Text("1月3日（周日）", "Sun 3 Jan")
    assert wall_clock(slot, SHANGHAI) == Text("1月3日（周日）14:00-14:40", "Sun 3 Jan 14:00-14:40")
