"""Meeting numbers that run out: said when a series is booked or a plan looked at, and in time."""

from typing import Any

import pytest

from scheduler.jobs import warn_in_time
from scheduler.store import Store
from tests.builders import at
from tests.scheduler.http.conftest import As, Caller, Clock

Json = dict[str, Any]


@pytest.fixture
async def until_mid_september(office: Caller) -> None:
    """The bridge's meeting numbers are valid until 15 September."""
    answer = await office("GET", "/link-pools/bridge")
    pool, tag = await answer.json(), {"If-Match": answer.headers["ETag"]}
    changed = await office(
        "PUT", "/link-pools/bridge", json=pool | {"valid_until": "2026-09-15"}, headers=tag
    )
    assert changed.status == 200, await changed.text()


def a_series(booking: Json) -> Json:
    agenda = {name: booking[name] for name in booking if name != "slot"}
    pattern = {"weekday": 2, "starts": "14:00", "minutes": 40, "weeks": "2-5"}
    return agenda | {"term": "TF1-2026-1", "weekly": pattern}


@pytest.mark.usefixtures("until_mid_september")
async def test_e34_a_series_that_outlives_its_link_says_so(office: Caller, booking: Json) -> None:
    made = await (await office("POST", "/series", json=a_series(booking))).json()
    (note,) = made["notes"]
    assert note == (
        "The meeting numbers of 视频桥 are valid until 2026-09-15; 2 sessions from Tue 22 Sep on "
        "still need them: renew them, or use another link."
    )
    last, first = made["booked"][-1], made["booked"][0]
    assert (await office.get(f"/sessions/{first['id']}/notes"))["notes"] == []
    (note,) = (await office.get(f"/sessions/{last['id']}/notes"))["notes"]
    assert "valid until 2026-09-15" in note


async def test_without_an_end_nothing_is_said(office: Caller, booking: Json) -> None:
    made = await (await office("POST", "/series", json=a_series(booking))).json()
    assert made["notes"] == []


@pytest.mark.usefixtures("until_mid_september")
async def test_e34_the_school_that_leads_is_told_three_days_before_once(
    as_: As, booking: Json, store: Store, clock: Clock
) -> None:
    office = as_("office")
    made = await (await office("POST", "/series", json=a_series(booking))).json()
    for school in ("TF1", "JS"):
        says = {"school": school, "says": "yes"}
        path = f"/series/{made['series']['id']}/answers"
        assert (await office("POST", path, json=says)).status == 200

    async def told() -> list[str]:
        found = (await office.get("/notices?limit=200"))["items"]
        return [each["school"] for each in found if "valid until" in each["sentence"]]

    for day, expected in ((11, []), (12, ["TF1"]), (13, ["TF1"]), (15, ["TF1"])):
        clock.now = at("9:00").starts.replace(day=day)
        await warn_in_time(store, clock)
        assert await told() == expected
