"""A stop is heard while the options of the requests are sought one after the other."""

from datetime import time
from threading import Event
from typing import Any

import pytest

from scheduler.allocation import allocating
from scheduler.allocation.allocating import allocate
from scheduler.allocation.reasons import NO_PLACE_LEFT_UNTRIED, NOT_REACHED
from scheduler.allocation.seeking import Stated
from tests.scheduler.allocation.terms import a_problem, a_request, allocated

PROBLEM = a_problem(
    *(a_request(f"r{no}", weekdays=(no,), earliest=time(13), latest=time(15)) for no in range(1, 4))
)


def test_every_request_is_told_of() -> None:
    told: list[Stated] = []
    allocate(PROBLEM, seconds=1, seed=1, on_stated=told.append)
    assert told == [Stated(no, 3) for no in range(4)]


def test_after_a_stop_the_plan_has_the_requests_stated_so_far() -> None:
    stop = Event()

    def hear(stated: Stated) -> None:
        if stated.requests == 1:
            stop.set()

    found = allocate(PROBLEM, seconds=60, seed=1, stop=stop, on_stated=hear)
    assert [each.request for each in found.placements] == ["r1"]
    assert {each.request: each.reasons for each in found.unplaced} == {
        "r2": (NOT_REACHED,),
        "r3": (NOT_REACHED,),
    }


def test_after_a_stop_an_earlier_answer_is_kept_all_the_same() -> None:
    earlier = allocated(PROBLEM).placements
    stop = Event()
    stop.set()
    found = allocate(PROBLEM, seconds=60, seed=1, start=earlier[:2], stop=stop)
    assert [(each.request, each.weekly, each.sites) for each in found.placements] == [
        (each.request, each.weekly, each.sites) for each in earlier[:2]
    ]
    assert [(each.request, each.reasons) for each in found.unplaced] == [("r3", (NOT_REACHED,))]


def test_after_a_stop_reasons_are_looked_for_for_some_seconds_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(allocating, "REASONS_SECONDS", -1)
    at_one_time: dict[str, Any] = {"weekdays": (2,), "earliest": time(14), "latest": time(14, 40)}
    crowded = a_problem(a_request("r1", **at_one_time), a_request("r2", **at_one_time))
    stop = Event()
    stopped = allocate(crowded, seconds=5, seed=1, stop=stop, on_progress=lambda *_: stop.set())
    (unplaced,) = stopped.unplaced
    assert unplaced.reasons == (NO_PLACE_LEFT_UNTRIED,)
    (explained,) = allocate(crowded, seconds=5, seed=1, stop=Event()).unplaced
    assert explained.reasons != unplaced.reasons
