"""调课, 停课 and the rest over HTTP: listed for a school, counted for the bureau."""

from typing import Any

import pytest

from tests.scheduler.http.conftest import As, Caller

Json = dict[str, Any]


@pytest.fixture
async def cancelled(office: Caller, as_: As, booking: Json) -> str:
    """The id of a lesson both schools had agreed to."""
    made = await (await office("POST", "/sessions", json=booking)).json()
    path, held = f"/sessions/{made['id']}", made
    for school in ("TF1", "JS"):
        answer = await as_(f"{school}-coordinator")(
            "POST",
            f"{path}/answers",
            json={"school": school, "says": "yes"},
            headers={"If-Match": f'"{held["revision"]}"'},
        )
        held = await answer.json()
    answer = await as_("TF1-coordinator")(
        "POST", f"{path}/cancellation", json={"reason": "停电"}, headers={"If-Match": "*"}
    )
    assert answer.status == 200
    session_id: str = made["id"]
    return session_id


async def test_operations_are_listed_by_school_teacher_kind_and_term(
    office: Caller, cancelled: str
) -> None:
    async def sessions(query: str) -> list[str]:
        found = await office.get(f"/adjustments?{query}")
        return [each["session"] for each in found["items"]]

    for query in ("", "school=JS", "teacher=TF1-T1&kind=cancel", "term=2026-27%20T1"):
        assert await sessions(query) == [cancelled]
    for query in ("school=CB", "kind=swap", "teacher=JS-T2", "cause=o1"):
        assert await sessions(query) == []


async def test_operations_are_exported_for_a_spreadsheet(as_: As, cancelled: str) -> None:
    answer = await as_("JS-coordinator")("GET", "/adjustments/export?kind=cancel")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "adjustments-export.csv" in answer.headers["Content-Disposition"]
    heading, row = (await answer.read()).decode("utf-8-sig").splitlines()
    assert heading.startswith("编号,类型,标题,学校,教师,原时间")
    assert (",停课,三年级音乐,JS;TF1," in row, cancelled in row) == (True, True)
    foreign = await as_("JS-coordinator")("GET", "/adjustments/export?school=TF1")
    assert foreign.status == 403
    nothing = await as_("office")("GET", "/adjustments/export?kind=swap")
    assert len((await nothing.read()).decode("utf-8-sig").splitlines()) == 1


async def test_counts_are_told_for_each_school(office: Caller, cancelled: str) -> None:
    found = await office.get("/adjustments/counts?of=school&term=TF1-2026-1")
    assert [(each["resource"]["id"], each["kind"], each["count"]) for each in found["items"]] == [
        ("JS", "cancel", 1),
        ("TF1", "cancel", 1),
    ]
    assert cancelled
    one = await office.get("/adjustments/counts?of=teacher&school=JS")
    assert [each["resource"]["id"] for each in one["items"]] == ["JS-T1", "TF1-T1"]
    none = await office.get("/adjustments/counts?of=teacher&school=CB")
    assert none["items"] == []


async def test_everybody_reads_of_the_own_school_only(as_: As, cancelled: str) -> None:
    for name, found in (
        ("JS-coordinator", [cancelled]),
        ("teacher", [cancelled]),
        ("CB-coordinator", []),
    ):
        own = await as_(name).get("/adjustments")
        assert [each["session"] for each in own["items"]] == found
    own = await as_("JS-coordinator").get("/adjustments/counts")
    assert [each["resource"]["id"] for each in own["items"]] == ["JS"]
    for name, path in (
        ("JS-coordinator", "/adjustments?school=TF1"),
        ("CB-coordinator", "/adjustments/counts?school=TF1"),
        ("observer", "/adjustments"),
        ("display", "/adjustments"),
    ):
        assert (await as_(name)("GET", path)).status == 403, name


async def test_an_unknown_term_is_named(office: Caller) -> None:
    answer = await office("GET", "/adjustments?term=2031")
    assert answer.status == 422
    (error,) = (await answer.json())["errors"]
    assert (error["pointer"], error["value"]) == ("?term", "2031")


@pytest.mark.parametrize(
    "path",
    [
        "/adjustments?school=NOPE",
        "/adjustments/export?school=NOPE",
        "/adjustments/counts?school=NOPE",
        "/outcomes/report?school=NOPE",
        "/outcomes/report?term=TF1-2026-1&school=NOPE",
    ],
)
async def test_a_school_that_nobody_knows_is_named(office: Caller, path: str) -> None:
    answer = await office("GET", path, headers={"Accept-Language": "en"})
    (error,) = (await answer.json())["errors"]
    assert (answer.status, error["pointer"], error["detail"]) == (
        422,
        "?school",
        "No school has the id NOPE.",
    )
