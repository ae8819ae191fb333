"""Weekly series over HTTP."""

from typing import Any

import pytest

from tests.scheduler.http.conftest import As, Caller

Json = dict[str, Any]


@pytest.fixture
def wish(booking: Json) -> Json:
    """The lesson of `booking` on three Tuesdays."""
    del booking["slot"]
    weekly = {"weekday": 2, "starts": "14:00", "minutes": 40, "weeks": "2-4"}
    return booking | {"term": "TF1-2026-1", "weekly": weekly}


async def test_a_series_answers_exactly_what_was_booked(office: Caller, wish: Json) -> None:
    answer = await office("POST", "/series", json=wish)
    assert answer.status == 201
    told = await answer.json()
    dates = [each["series_date"] for each in told["booked"]]
    assert dates == ["2026-09-08", "2026-09-15", "2026-09-22"]
    assert answer.headers["Location"] == f"/api/v1/series/{told['series']['id']}"
    assert await office.get(answer.headers["Location"]) == told["series"]
    listed = await office.get(f"/sessions?series={told['series']['id']}")
    assert len(listed["items"]) == 3


async def test_a_series_in_the_way_of_another_is_refused_with_alternatives(
    office: Caller, wish: Json
) -> None:
    await office("POST", "/series", json=wish)
    answer = await office("POST", "/series", json=wish)
    problem = await answer.json()
    assert answer.status == 409
    assert len(problem["conflicts"]) >= 3
    assert problem["alternatives"]
    assert problem["alternatives"][0]["weekly"] is not None


async def test_reversed_weeks_are_told_in_words(office: Caller, wish: Json) -> None:
    wish["weekly"]["weeks"] = "4-2"
    answer = await office("POST", "/series", json=wish)
    (fault,) = (await answer.json())["errors"]
    assert (answer.status, fault["pointer"]) == (422, "/weekly/weeks")
    assert "2-4" in fault["detail"]


async def test_e29_a_lesson_over_midnight_is_refused(office: Caller, wish: Json) -> None:
    wish["weekly"] |= {"starts": "23:40", "minutes": 40}
    answer = await office("POST", "/series", json=wish)
    assert (answer.status, (await answer.json())["errors"][0]["pointer"]) == (
        422,
        "/weekly/minutes",
    )


async def test_a_school_declines_all_dates_of_a_series_at_once(as_: As, wish: Json) -> None:
    made = await as_("office")("POST", "/series", json=wish)
    address = f"/series/{(await made.json())['series']['id']}/answers"
    no = {"school": "JS", "says": "no"}
    unfounded = await as_("JS-coordinator")("POST", address, json=no)
    assert (unfounded.status, (await unfounded.json())["errors"][0]["pointer"]) == (422, "/reason")
    declined = await as_("JS-coordinator")("POST", address, json=no | {"reason": "考试"})
    assert [each["state"] for each in (await declined.json())["items"]] == ["cancelled"] * 3


async def test_a_series_is_confirmed_changed_and_cancelled_from_a_date_on(
    as_: As, wish: Json
) -> None:
    office = as_("office")
    series = (await (await office("POST", "/series", json=wish)).json())["series"]
    address = f"/series/{series['id']}"
    says = {"school": "JS", "says": "yes"}
    yes = await as_("JS-coordinator")("POST", f"{address}/answers", json=says)
    assert len((await yes.json())["items"]) == 3
    renamed = await office(
        "PATCH",
        address,
        json={"from_date": "2026-09-15", "title": "合唱"},
        headers={"If-Match": '"1"'},
    )
    assert renamed.status == 200
    rest = (await renamed.json())["series"]
    assert rest["title"] == "合唱"
    gone = await office(
        "POST",
        f"/series/{rest['id']}/cancellation",
        json={"from_date": "2026-09-22", "reason": "考试"},
        headers={"If-Match": "*"},
    )
    assert [each["series_date"] for each in (await gone.json())["items"]] == ["2026-09-22"]


async def test_series_belong_to_those_who_take_part(as_: As, wish: Json) -> None:
    stranger = as_("CB-coordinator")
    assert (await stranger("POST", "/series", json=wish)).status == 403
    made = await as_("TF1-coordinator")("POST", "/series", json=wish)
    address, headers = made.headers["Location"], {"If-Match": "*"}
    change = {"from_date": "2026-09-15", "title": "x"}
    assert (await stranger("PATCH", address, json=change, headers=headers)).status == 403
    taken_over = change | {"sites": [{"school": "CB", "role": "lead"}]}
    own = as_("TF1-coordinator")
    assert (await own("PATCH", address, json=taken_over, headers=headers)).status == 403
    cancel = {"from_date": "2026-09-15", "reason": "x"}
    answer = await stranger("POST", f"{address}/cancellation", json=cancel, headers=headers)
    assert answer.status == 403
    assert len((await own.get("/series"))["items"]) == 1
