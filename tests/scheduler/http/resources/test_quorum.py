"""A lesson for three schools that goes on while enough of them are left, over HTTP (E50, E61)."""

from typing import Any

import pytest

from tests.scheduler.http.conftest import As, Caller, Clock

Json = dict[str, Any]


@pytest.fixture
def for_three(booking: Json) -> Json:
    """TF1 teaches JS and CB; it goes on with two schools, JS among them."""
    third = booking["sites"][1] | {"school": "CB"}
    third = {
        name: value.replace("JS", "CB") if isinstance(value, str) else value
        for name, value in third.items()
    } | {"class_groups": ["CB-C1"]}
    return booking | {
        "slot": {"starts": "2026-09-08T16:10:00+08:00", "ends": "2026-09-08T16:50:00+08:00"},
        "sites": [*booking["sites"], third],
        "on_decline": "quorum",
        "quorum": 2,
        "must_have": ["JS"],
    }


@pytest.fixture
async def held(as_: As, for_three: Json) -> Json:
    answer = await as_("TF1-coordinator")("POST", "/sessions", json=for_three)
    assert answer.status == 201, await answer.text()
    session = dict(await answer.json())
    assert session["state"] == "held"
    return session


async def says(caller: Caller, session: Json, school: str, word: str) -> Json:
    said = {"school": school, "says": word}
    answer = await caller(
        "POST",
        f"/sessions/{session['id']}/answers",
        json=said | {"reason": "期中考试"} if word == "no" else said,
        headers={"If-Match": f'"{session["revision"]}"'},
    )
    assert answer.status == 200, await answer.text()
    return dict(await answer.json())


async def test_it_goes_on_without_a_school_that_declines_and_frees_what_that_gave(
    as_: As, held: Json
) -> None:
    left = await says(as_("CB-coordinator"), held, "CB", "no")
    assert (left["state"], left["declined"]) == ("held", ["CB"])
    assert [site["school"] for site in left["sites"]] == ["TF1", "JS"]
    confirmed = await says(as_("JS-coordinator"), left, "JS", "yes")
    assert confirmed["state"] == "confirmed"
    within = "starts=2026-09-08T08:10:00Z&ends=2026-09-08T08:50:00Z"
    teachers = await as_("office").get(f"/availability?kind=teacher&school=CB&{within}")
    uses = {part["use"] for each in teachers["items"] for part in each["stretches"]}
    assert uses.isdisjoint({"held", "booked"})
    notices = (await as_("office").get("/notices?school=TF1"))["items"]
    assert any("CB declined: 期中考试" in each["sentence"] for each in notices)


async def test_it_falls_without_a_school_that_it_must_have(as_: As, held: Json) -> None:
    fallen = await says(as_("JS-coordinator"), held, "JS", "no")
    assert (fallen["state"], fallen["reason"]) == ("cancelled", "期中考试")
    stored = await as_("office").get(f"/sessions/{held['id']}")
    assert stored["state"] == "cancelled"


async def test_it_falls_when_too_few_are_left(as_: As, for_three: Json) -> None:
    wish = for_three | {"quorum": 3, "must_have": []}
    answer = await as_("TF1-coordinator")("POST", "/sessions", json=wish)
    held = dict(await answer.json())
    assert (await says(as_("CB-coordinator"), held, "CB", "no"))["state"] == "cancelled"


async def test_a_school_may_leave_after_all_have_confirmed(as_: As, held: Json) -> None:
    one = await says(as_("JS-coordinator"), held, "JS", "yes")
    all_in = await says(as_("CB-coordinator"), one, "CB", "yes")
    assert all_in["state"] == "confirmed"
    left = await says(as_("CB-coordinator"), all_in, "CB", "no")
    assert (left["state"], len(left["sites"])) == ("confirmed", 2)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"quorum": 4}, "/quorum"),
        ({"must_have": ["ELSEWHERE"]}, "/must_have/0"),
        ({"quorum": 0}, "/quorum"),
    ],
)
async def test_a_rule_that_nobody_can_keep_is_refused_where_it_stands(
    office: Caller, for_three: Json, wrong: Json, pointer: str
) -> None:
    answer = await office("POST", "/sessions", json=for_three | wrong)
    assert answer.status == 422
    places = {each["pointer"] for each in (await answer.json())["errors"]}
    assert len(places) == 1
    assert pointer.startswith(places.pop())


async def test_each_school_tells_how_it_went_and_nobody_loses_for_another(
    as_: As, clock: Clock, held: Json
) -> None:
    one = await says(as_("JS-coordinator"), held, "JS", "yes")
    await says(as_("CB-coordinator"), one, "CB", "yes")
    clock.pass_by(days=30)
    tells: dict[str, Json] = {
        "TF1": {"outcome": "delivered"},
        "JS": {"outcome": "partial", "minutes": 28, "reason": "断线 12 分钟"},
        "CB": {"outcome": "no_show", "reason": "无人到场"},
    }
    for school, told in tells.items():
        wish = told | {"session": held["id"], "school": school}
        answer = await as_("office")("POST", "/outcomes", json=wish)
        assert answer.status == 201, await answer.text()
    listed = (await as_("office").get(f"/outcomes?session={held['id']}"))["items"]
    assert {each["school"]: (each["outcome"], each["minutes"]) for each in listed} == {
        "TF1": ("delivered", 40),
        "JS": ("partial", 28),
        "CB": ("no_show", 0),
    }
    reports = (await as_("office").get("/outcomes/report"))["items"]
    counted = {
        each["school"]: (each["delivered"], each["partial"], each["no_show"]) for each in reports
    }
    assert counted == {"TF1": (1, 0, 0), "JS": (0, 1, 0), "CB": (0, 0, 1)}
    told = (await as_("office").get("/notices?school=CB"))["items"]
    assert any("had nobody there at CB" in each["sentence"] for each in told)


async def test_a_no_show_is_told_from_the_start_on_with_a_reason_and_by_the_school(
    as_: As, clock: Clock, held: Json
) -> None:
    one = await says(as_("JS-coordinator"), held, "JS", "yes")
    await says(as_("CB-coordinator"), one, "CB", "yes")
    wish = {"session": held["id"], "school": "CB", "outcome": "no_show", "reason": "无人到场"}
    early = await as_("CB-coordinator")("POST", "/outcomes", json=wish)
    assert early.status == 409
    assert "not begun" in (await early.json())["detail"]
    clock.now = clock.now.replace(year=2026, month=9, day=8, hour=8, minute=15)
    assert (await as_("JS-coordinator")("POST", "/outcomes", json=wish)).status == 403
    silent = await as_("CB-coordinator")("POST", "/outcomes", json=wish | {"reason": ""})
    (fault,) = (await silent.json())["errors"]
    assert (silent.status, fault["pointer"]) == (422, "/reason")
    told = await as_("CB-coordinator")("POST", "/outcomes", json=wish)
    assert told.status == 201
    made_up = await as_("office").get(f"/sessions/{held['id']}/make-up-places")
    assert made_up["items"] != []
