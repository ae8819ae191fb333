"""What a place changes is said in full: time, length, rooms, tactics, swaps and who is left out."""

from dataclasses import replace
from typing import Any

import pytest

from calendars.windows import Tactic
from scheduler.booking.differences import difference
from scheduler.model import Role, Session, SessionId
from scheduler.placing import draft
from tests.builders import NOW, a_situation, at
from tests.scheduler.desk import a_booking, a_wish


def placed(**fields: Any) -> Session:
    return draft(a_booking(**fields), a_situation(), id=SessionId("s1"), now=NOW)


@pytest.mark.parametrize(
    ("js", "clause"),
    [
        ({"tactic": Tactic.TRIM}, "JS只上30分钟（第2节 09:25-09:55）"),
        ({"tactic": Tactic.COVER}, "JS上30分钟（第2节 09:25-09:55），其余由本校教师带"),
        (
            {"tactic": Tactic.SHIFT_BREAK, "shift_minutes": 5},
            "JS调整课间：第2节（推迟5分钟） 09:25-10:00，共35分钟",
        ),
        ({"swap_agreed": True}, "JS须与第2节 09:25-09:55的原课调换"),
        ({"role": Role.OBSERVE}, "JS改为观摩"),
    ],
    ids=["trim", "cover", "shift", "swap", "observe"],
)
def test_every_concession_of_a_school_is_named(js: dict[str, object], clause: str) -> None:
    wanted = a_booking(slot=at("9:25"))
    site = replace(a_wish("JS", Role.LISTEN), **js)  # type: ignore[arg-type]  # any field
    found = placed(slot=at("9:25"), sites=(a_wish(), site))
    said = difference(wanted, found, a_situation())
    assert said.zh == f"时间不变（9月8日（周二）09:25-10:05）；{clause}。"
    assert said.en.startswith("Same time (Tue 8 Sep 09:25-10:05); ")


def test_a_tactic_no_longer_needed_is_named_too() -> None:
    wanted = a_booking(sites=(a_wish(), a_wish("JS", Role.LISTEN, tactic=Tactic.TRIM)))
    said = difference(wanted, placed(), a_situation())
    assert said.en == "Same time (Tue 8 Sep 14:00-14:40); JS fits its bells (period 5 14:00-14:40)."


def test_a_shorter_session_says_how_long_it_is() -> None:
    said = difference(a_booking(), placed(slot=at("14:00", 30)), a_situation())
    assert said.zh == "改到当天 14:00-14:30；缩短为30分钟。"


def test_a_school_left_out_could_have_its_own_run() -> None:
    sites = (a_wish(), a_wish("JS", Role.LISTEN), a_wish("CB", Role.LISTEN))
    said = difference(a_booking(sites=sites), placed(), a_situation())
    assert said.en == (
        "Same time (Tue 8 Sep 14:00-14:40); without CB, which could have a run of its own."
    )
