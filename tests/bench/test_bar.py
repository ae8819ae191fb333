"""The table and the curves of the bar, and the instance drawn for it."""

from xml.etree import ElementTree as ET

from bench import jcs
from bench.bar import LAST, PROGRESS, Measured, line_of
from bench.plot import Curve, svg_of
from bench.thirteen import SESSIONS, instance_of

FALLING = Curve("a term", ((0.0, 30), (2.5, 20)), ((1.0, 10), (2.0, 18)))


def test_the_lines_of_a_run_are_read() -> None:
    step = PROGRESS.search("   2.50 s  unplaced 0  incumbent 20  bound none")
    last = LAST.search("unplaced 0  cost 20  bound 18  gap 10.0%  3.00 s, 2.50 s of CPU, 99 MB")
    assert step is not None
    assert step.groups() == ("2.50", "0", "20", "none")
    assert last is not None
    assert last.groups() == ("18", "3.00", "2.50", "99")


def test_a_row_names_violations_only_if_there_are_any() -> None:
    sound = Measured(FALLING, 1234, "18", 0, 0, 3.0, 4.0, 2.5, 99, "")
    broken = Measured(FALLING, 1234, "18", 2, 0, 3.0, 4.0, 2.5, 99, "")
    row = "| S | 3 s | 1,234 | 18 | 0 | 3.0 s | 4.0 s | 2.5 s | 99 MB |"
    assert line_of("S", "3 s", sound) == row
    assert line_of("S", "3 s", broken) == f"{row} 2 VIOLATIONS"


def test_a_curve_is_drawn_for_cost_and_bound_from_its_highest_cost_down() -> None:
    drawn = ET.fromstring(svg_of([FALLING]))  # noqa: S314 - our own text
    paths = [each.get("d") for each in drawn if each.get("stroke-width") == "2"]
    assert paths == ["M60.0 40.0H700.0V223.3H700", "M572.0 260.0H700"]


def test_the_same_seed_draws_the_same_thirteen_schools_where_every_session_has_places() -> None:
    drawn = instance_of(seed=2)
    assert drawn == instance_of(seed=2)
    activities = jcs.state(drawn).activities
    assert len(activities) == SESSIONS
    assert all(activity.places for activity in activities)
