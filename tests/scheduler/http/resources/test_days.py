"""Day tables over HTTP: what a date is, what is still open, and the first rows of a term."""

from typing import Any

from tests.scheduler.http.conftest import As, Caller

SUNDAY = "2026-09-20"
MAKEUP = {"id": "TF1.0920", "school": "TF1", "date": SUNDAY, "kind": "makeup"}


async def put_day(caller: Caller, **fields: Any) -> None:
    answer = await caller("POST", "/days", json=MAKEUP | fields)
    assert answer.status == 201, await answer.text()


async def matters(caller: Caller, query: str = "") -> list[tuple[str, list[str], str | None]]:
    found = (await caller.get(f"/days/unsettled{query}"))["items"]
    return [(each["kind"], each["schools"], each["date"]) for each in found]


async def test_a_date_is_told_with_its_week_and_what_it_follows(office: Caller) -> None:
    await put_day(office, follows={"week": 4, "weekday": 5}, note="国庆调休")
    answer = await office.get(f"/days/resolved?school=TF1&first_day={SUNDAY}&last_day=2026-09-21")
    makeup, monday = answer["items"]
    first = makeup.pop("periods")[0]
    assert makeup == {
        "school": "TF1",
        "date": SUNDAY,
        "kind": "makeup",
        "term": "TF1-2026-1",
        "week": 3,
        "follows": {"week": 4, "weekday": 5},
        "is_unmapped": False,
        "note": "国庆调休",
    }
    assert first == {
        "kind": "lesson",
        "no": 1,
        "slot": {"starts": "2026-09-20T00:30:00Z", "ends": "2026-09-20T01:10:00Z"},
    }
    assert (monday["kind"], monday["week"], len(monday["periods"])) == ("teaching", 4, 9)


async def test_an_unmapped_make_up_day_rings_no_bell_and_says_so(office: Caller) -> None:
    """E02."""
    await put_day(office)
    (day,) = (await office.get(f"/days/resolved?school=TF1&first_day={SUNDAY}"))["items"]
    assert (day["is_unmapped"], day["follows"], day["periods"]) == (True, None, [])


async def test_rows_for_single_grades_count_when_the_grade_is_asked(office: Caller) -> None:
    await put_day(office, date="2026-11-10", kind="exam", grades=[6])
    days = {}
    for grade in ("", "&grade=6"):
        (day,) = (await office.get(f"/days/resolved?school=TF1&first_day=2026-11-10{grade}"))[
            "items"
        ]
        days[grade] = day["kind"]
    assert days == {"": "teaching", "&grade=6": "exam"}


async def test_without_a_question_today_is_told_of_every_school(office: Caller) -> None:
    days = (await office.get("/days/resolved"))["items"]
    assert [(day["school"], day["date"], day["kind"], day["term"]) for day in days] == [
        (school, "2026-08-20", "break", None) for school in ("CB", "JS", "TF1")
    ]


async def test_what_cannot_be_asked_is_refused_where_it_is_wrong(office: Caller) -> None:
    for query, pointer in (
        ("school=XX", "?school"),
        ("first_day=2026-09-02&last_day=2026-09-01", "?last_day"),
        ("first_day=2020-01-01&last_day=2029-01-01", "?last_day"),
        ("first_day=1200-01-01", "?first_day"),
        ("grade=13", "?grade"),
    ):
        answer = await office("GET", f"/days/resolved?{query}")
        faults = (await answer.json())["errors"]
        assert (answer.status, [each["pointer"] for each in faults]) == (422, [pointer]), query


async def test_days_are_still_read_by_their_ids(office: Caller) -> None:
    await put_day(office)
    assert (await office.get("/days/TF1.0920"))["date"] == SUNDAY
    assert (await office("GET", "/days/resolve")).status == 404
    for taken in ("resolved", "unsettled"):
        answer = await office("POST", "/days", json=MAKEUP | {"id": taken})
        (fault,) = (await answer.json())["errors"]
        assert (answer.status, fault["pointer"], fault["value"]) == (422, "/id", taken)


async def test_schools_are_told_what_to_settle(office: Caller) -> None:
    """E02, E06, E72: each matter once, for all schools that it concerns."""
    await put_day(office)
    assert await matters(office) == [
        ("no_days", ["CB"], None),
        ("no_days", ["JS"], None),
        ("unknown_year", ["CB", "JS", "TF1"], None),
        ("unmapped_makeup", ["TF1"], SUNDAY),
    ]
    assert await matters(office, "?school=TF1") == [
        ("unknown_year", ["TF1"], None),
        ("unmapped_makeup", ["TF1"], SUNDAY),
    ]
    assert await matters(office, "?term=JS-2026-1") == [
        ("no_days", ["JS"], None),
        ("unknown_year", ["JS"], None),
    ]


async def test_schools_out_of_step_are_told_in_their_language(office: Caller) -> None:
    """E01."""
    await put_day(office, follows={"week": 6, "weekday": 2})
    await put_day(office, id="CB.0920", school="CB", follows={"week": 4, "weekday": 5})
    for caller, query, told in (
        (office, "?school=CB", True),
        (office, "?school=JS", False),
        (office, "?term=TF1-2026-1", True),
    ):
        found = await matters(caller, query)
        assert (("followed_apart", ["CB", "TF1"], SUNDAY) in found) == told
    zh = await office.get("/days/unsettled?school=CB", headers={"Accept-Language": "zh-CN"})
    assert zh["items"][-1]["sentence"] == (
        "不同步：2026年9月20日（周日）各校所循课表不同：CB按2026年9月25日（周五），"
        "TF1按2026年10月6日（周二）。请商定统一所循的课表，否则当天不要排跨校活动。"
    )


async def test_a_school_without_a_term_is_told_to_enter_one(office: Caller) -> None:
    """E72."""
    assert (await office("POST", "/schools", json={"id": "QB", "name": "清波"})).status == 201
    assert await matters(office, "?school=QB") == [("no_term", ["QB"], None)]


async def test_terms_that_are_over_leave_nothing_to_settle(office: Caller) -> None:
    old = {"id": "JS-old", "school": "JS", "name": "旧学期", "first_day": "2024-09-02"}
    await office("POST", "/terms", json=old | {"last_day": "2025-01-17"})
    assert await matters(office, "?school=JS") == [
        ("no_days", ["JS"], None),
        ("unknown_year", ["JS"], None),
    ]
    assert await matters(office, "?term=JS-old") == [("no_days", ["JS"], None)]


async def test_only_what_exists_can_be_settled(office: Caller) -> None:
    assert (await office("GET", "/days/unsettled?school=XX")).status == 422
    assert (await office("GET", "/days/unsettled?school=JS&term=TF1-2026-1")).status == 422
    assert (await office("GET", "/days/unsettled?term=XX")).status == 404


async def test_a_coordinator_fills_in_the_days_of_the_own_term_once(as_: As) -> None:
    coordinator = as_("TF1-coordinator")
    await put_day(coordinator, follows={"week": 6, "weekday": 2}, note="本校安排")
    seeded = await (await coordinator("POST", "/terms/TF1-2026-1/seed-days")).json()
    found = {day["date"]: day["kind"] for day in seeded["added"]}
    assert {"2026-09-25", "2026-10-01", "2026-10-10", "2027-01-01"} <= set(found)
    assert (found["2026-10-10"], found["2026-10-01"]) == ("makeup", "holiday")
    assert (SUNDAY in found, seeded["kept"]) == (False, 1)
    assert ["2027" in warning for warning in seeded["warnings"]] == [True]
    assert (await coordinator.get("/days/TF1.0920"))["note"] == "本校安排"
    assert await coordinator.get("/days/TF1.2026-10-10") in seeded["added"]
    again = await (await coordinator("POST", "/terms/TF1-2026-1/seed-days")).json()
    assert (again["added"], again["kept"]) == ([], len(found) + 1)


async def test_a_dry_run_fills_in_nothing(office: Caller) -> None:
    answer = await office("POST", "/terms/JS-2026-1/seed-days?dry_run=true")
    assert (answer.headers["Dry-Run"], len((await answer.json())["added"]) > 5) == ("true", True)
    assert (await office.get("/days?school=JS"))["items"] == []


async def test_a_row_that_has_the_usual_id_of_another_date_is_left_alone(office: Caller) -> None:
    await put_day(office, id="TF1.2026-10-10", date="2026-11-11", kind="activity")
    seeded = await (await office("POST", "/terms/TF1-2026-1/seed-days")).json()
    (row,) = (day for day in seeded["added"] if day["date"] == "2026-10-10")
    assert row["id"] != "TF1.2026-10-10"
    assert (await office.get("/days/TF1.2026-10-10"))["date"] == "2026-11-11"


async def test_a_row_for_some_grades_does_not_stand_for_the_school(office: Caller) -> None:
    await put_day(office, grades=[6])
    seeded = await (await office("POST", "/terms/TF1-2026-1/seed-days")).json()
    assert SUNDAY in {day["date"] for day in seeded["added"]}


async def test_only_the_school_and_the_office_fill_in_days(as_: As) -> None:
    for name, status in (
        ("office", 200),
        ("TF1-coordinator", 200),
        ("JS-coordinator", 403),
        ("it", 403),
        ("teacher", 403),
        ("observer", 403),
    ):
        answer = await as_(name)("POST", "/terms/TF1-2026-1/seed-days")
        assert answer.status == status, name
    assert (await as_("office")("POST", "/terms/XX/seed-days")).status == 404
