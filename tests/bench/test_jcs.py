"""The adapter to the jcs-1 format, judged as the format's own checker words its rules."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench import jcs
from tests.scheduler.allocation.weekly.weeks import best_by_brute_force

WEEKS = [1, 2, 3, 4]
ROOMS = [{"id": "r0", "cap": 40, "host": True}, {"id": "r1", "cap": 20, "host": False}]


def a_session(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "dur": 40,
        "weeks": WEEKS,
        "start_rule": "bell",
        "pref_days": [],
        "avoid_after": None,
        "parts": [a_part("s0", "lead", number), a_part("s1", "join", number)],
    } | fields


def a_part(school: str, role: str, number: int, **fields: Any) -> dict[str, Any]:
    who = {"school": school, "teacher": f"t{number}", "class": f"c{number}", "role": role}
    return who | {"size": 30, "release": []} | fields


def an_instance(*sessions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "weeks": 4,
        "days": 2,
        "day_window": [480, 720],
        "start_step": 5,
        "bridge": 2,
        "schools": [
            {"id": "s0", "bells": [[480, 520], [530, 570]], "rooms": ROOMS},
            {"id": "s1", "bells": [[485, 525], [535, 575]], "rooms": ROOMS},
        ],
        "teachers": {},
        "classes": {},
        "sessions": list(sessions),
    } | fields


def places(instance: dict[str, Any]) -> list[tuple[int, int, int]]:
    return [(place.day, place.starts, place.cost) for place in jcs.state(instance).places]


def test_a_session_may_start_at_a_bell_of_any_of_its_schools_and_pays_for_others_bells() -> None:
    one_day = an_instance(a_session(0), days=1)
    assert places(one_day) == [(0, 480, 0), (0, 485, 3), (0, 530, 0), (0, 535, 3)]


def test_any_start_within_the_day_is_possible_where_the_session_allows_it() -> None:
    any_start = an_instance(a_session(0, start_rule="any"), days=1)
    assert [starts for _, starts, _ in places(any_start)] == list(range(480, 685, 5))


def test_own_lessons_forbid_a_time_in_their_weeks_unless_released() -> None:
    lesson = {"s0/c0": [["L1", 0, 480, 520, "O"]]}
    busy = an_instance(a_session(0), days=1, classes=lesson)
    even = an_instance(a_session(0, weeks=[2, 4]), days=1, classes=lesson)
    released = [a_part("s0", "lead", 0, release=["L1"]), a_part("s1", "join", 0)]
    free = an_instance(a_session(0, parts=released), days=1, classes=lesson)
    assert [starts for _, starts, _ in places(busy)] == [530, 535]
    assert len(places(even)) == len(places(free)) == 4


def test_a_late_start_and_another_day_cost() -> None:
    wished = an_instance(a_session(0, pref_days=[1], avoid_after=530))
    assert [(day, cost) for day, starts, cost in places(wished) if starts in (480, 530)] == [
        (0, 2),
        (0, 5),
        (1, 0),
        (1, 3),
    ]


def test_a_room_must_be_large_enough_and_open_and_equipped_to_lead() -> None:
    crowd = [a_part("s0", "lead", 0), a_part("s1", "join", 0, size=41)]
    assert places(an_instance(a_session(0, parts=crowd))) == []
    small = [a_part("s0", "lead", 0), a_part("s1", "join", 0, size=15)]
    problem = jcs.state(an_instance(a_session(0, parts=small)))
    assert [need.rooms for need in problem.places[0].needs] == [0b01, 0b11]


@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_solution_is_written_for_the_checker(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: str
) -> None:
    instance, out = tmp_path / "instance.json", tmp_path / "solution.json"
    instance.write_text(json.dumps(an_instance(a_session(0), a_session(1))))
    jcs.main([str(instance), "--seconds", "20", "--out", str(out), "--seed", seed])
    assigned = json.loads(out.read_text())["assign"]
    assert {each["start"] for each in assigned.values()} <= {480, 530}
    assert all(each["rooms"] == ["r0", "r0"] for each in assigned.values())
    assert len({(each["day"], each["start"]) for each in assigned.values()}) == 2
    told = capsys.readouterr().out
    assert "bound 0  gap 0.0%" in told


def test_what_is_published_stays_but_for_whom_it_has_become_impossible(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published = {
        "assign": {
            "0": {"day": 0, "start": 485, "rooms": ["r0", "r0"]},
            "1": {"day": 0, "start": 535, "rooms": ["r0", "r0"]},
        }
    }
    lesson = {"s0/c1": [["L1", 0, 530, 570, "A"]]}
    instance, out = tmp_path / "instance.json", tmp_path / "solution.json"
    instance.write_text(
        json.dumps(an_instance(a_session(0), a_session(1), published=published, classes=lesson))
    )
    jcs.main([str(instance), "--seconds", "20", "--out", str(out), "--published"])
    assigned = json.loads(out.read_text())["assign"]
    assert assigned["0"] == published["assign"]["0"]
    assert assigned["1"]["day"] == 1
    assert assigned["1"]["start"] in (480, 530)
    assert "moved 1  proven necessary 1" in capsys.readouterr().out


def test_a_room_that_is_gone_is_replaced_without_a_move(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published = {"assign": {"0": {"day": 0, "start": 480, "rooms": ["gone", "r0"]}}}
    instance, out = tmp_path / "instance.json", tmp_path / "solution.json"
    instance.write_text(json.dumps(an_instance(a_session(0), published=published)))
    jcs.main([str(instance), "--seconds", "20", "--out", str(out), "--published"])
    assert "moved 0  proven necessary 0" in capsys.readouterr().out
    assert json.loads(out.read_text())["assign"]["0"]["rooms"] == ["r0", "r0"]


def test_to_change_what_is_published_something_must_be(tmp_path: Path) -> None:
    instance = tmp_path / "instance.json"
    instance.write_text(json.dumps(an_instance(a_session(0))))
    with pytest.raises(SystemExit):
        jcs.main([str(instance), "--seconds", "1", "--out", "unused", "--published"])


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"days": 5}'])
def test_what_is_no_instance_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    instance = tmp_path / "instance.json"
    instance.write_text(text)
    with pytest.raises(SystemExit):
        jcs.main([str(instance), "--seconds", "1", "--out", "unused"])
    assert f"{instance} is no instance of jcs-1" in capsys.readouterr().err


def test_what_cannot_all_be_held_is_written_as_null(tmp_path: Path) -> None:
    alike = [a_session(0), a_session(1), a_session(2)]
    bells = [{"id": f"s{no}", "bells": [[480, 520]], "rooms": ROOMS} for no in (0, 1)]
    instance, out = tmp_path / "instance.json", tmp_path / "solution.json"
    instance.write_text(json.dumps(an_instance(*alike, days=2, schools=bells)))
    jcs.main([str(instance), "--seconds", "20", "--out", str(out)])
    assigned = json.loads(out.read_text())["assign"]
    assert sorted(each["day"] for each in assigned.values() if each is not None) == [0, 1]
    assert list(assigned.values()).count(None) == 1


@pytest.mark.parametrize("seed", range(5))
def test_a_tiny_instance_is_answered_as_well_as_by_brute_force(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    sessions = [
        a_session(
            number,
            weeks=random.choice((WEEKS, [1, 3], [2, 4])),
            pref_days=[random.randrange(2)],
            avoid_after=random.choice((None, 500)),
            parts=[
                a_part("s0", "lead", random.randrange(2)),
                a_part("s1", "join", random.randrange(2), size=random.choice((15, 30))),
            ],
        )
        for number in range(4)
    ]
    raw = an_instance(*sessions)
    instance, out = tmp_path / "instance.json", tmp_path / "solution.json"
    instance.write_text(json.dumps(raw))
    jcs.main([str(instance), "--seconds", "20", "--out", str(out)])
    problem = jcs.state(raw)
    cost, left_out = 0, 0
    for number, held in enumerate(json.loads(out.read_text())["assign"].values()):
        places = (problem.places[place] for place in problem.activities[number].places)
        where = [
            place
            for place in places
            if held and (place.day, place.starts) == (held["day"], held["start"])
        ]
        cost += sum(place.cost for place in where)
        left_out += 0 if where else problem.activities[number].weight
    assert (left_out, cost) == best_by_brute_force(problem)
