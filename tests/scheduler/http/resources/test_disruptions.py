"""Outages, suspensions, substitutions, make-ups and outcomes over HTTP."""

from typing import Any

import pytest

from tests.scheduler.http.conftest import As, Caller, Clock

Json = dict[str, Any]
BROKEN = {
    "id": "o1",
    "school": "JS",
    "room": "JS-R1",
    "slot": {"starts": "2026-09-08T13:00:00+08:00", "ends": "2026-09-08T15:00:00+08:00"},
    "reason": "话筒无声",
}
TYPHOON = {"date": "2026-09-08", "schools": ["JS"], "reason": "台风"}
ANY = {"If-Match": "*"}


@pytest.fixture
async def agreed(office: Caller, as_: As, booking: Json) -> Json:
    """A lesson to which both schools have agreed."""
    session: Json = await (await office("POST", "/sessions", json=booking)).json()
    for school in ("TF1", "JS"):
        answer = await as_(f"{school}-coordinator")(
            "POST",
            f"/sessions/{session['id']}/answers",
            json={"school": school, "says": "yes"},
            headers=ANY,
        )
        session = await answer.json()
    assert session["state"] == "confirmed"
    return session


async def done(caller: Caller, path: str, wish: Json | None = None, **sent: Any) -> Json:
    answer = await caller("POST", path, json=wish, **sent)
    assert answer.status in {200, 201}, await answer.text()
    found: Json = await answer.json()
    return found


async def test_an_outage_is_marked_looked_at_remedied_and_taken_back(
    office: Caller, as_: As, agreed: Json
) -> None:
    await done(as_("JS-coordinator"), "/outages", BROKEN)
    (hit,) = (await office.get("/outages/o1/affected-sessions"))["items"]
    assert hit["session"]["id"] == agreed["id"]
    assert [each["way"] for each in hit["replacements"]] == ["room", "time", "postpone"]
    assert "JS 互动教室2" in hit["replacements"][0]["changes"]
    replacement = {key: hit["replacements"][0][key] for key in ("slot", "sites", "link_pool")}
    wish = {"remedies": [{"session": agreed["id"], "revision": agreed["revision"], **replacement}]}
    (tried,) = (await done(office, "/outages/o1/remedies?dry_run=true", wish))["items"]
    assert tried["session"]["sites"][1]["room"] == "JS-R2"
    (answer,) = (await done(office, "/outages/o1/remedies", wish))["items"]
    assert answer["session"]["state"] == "confirmed"
    (stale,) = (await done(office, "/outages/o1/remedies", wish))["items"]
    assert (stale["session"], "revision" in stale["refusal"]) == (None, True)
    gone = await as_("JS-coordinator")("DELETE", "/outages/o1", headers={"If-Match": '"1"'})
    assert gone.status == 204
    (moved,) = (await office.get("/outages/o1/moved-sessions"))["items"]
    assert [each["way"] for each in moved["replacements"]] == ["back"]
    history = await office.get("/adjustments?cause=o1")
    assert [each["kind"] for each in history["items"]] == ["relocate"]


async def test_a_dry_run_of_an_outage_shows_whom_it_would_hit_and_where_they_could_go(
    office: Caller, as_: As, agreed: Json
) -> None:
    as_js = as_("JS-coordinator")
    would = await done(as_js, "/outages?dry_run=true", BROKEN)
    assert would["affected"] == [agreed["id"]]
    (hit,) = would["proposed"]
    assert [each["rule"] for each in hit["conflicts"]] == ["H9"]
    assert [each["way"] for each in hit["replacements"]] == ["room", "time", "postpone"]
    assert (await office.get("/outages"))["items"] == []
    made = await done(as_js, "/outages", BROKEN)
    (listed,) = (await office.get("/outages/o1/affected-sessions"))["items"]
    assert listed == hit
    over = BROKEN["slot"] | {"ends": "2026-09-08T13:30:00+08:00"}  # type: ignore[operator] # a slot
    path, shorter = "/outages/o1?dry_run=true", BROKEN | {"slot": over}
    answer = await as_js("PUT", path, json=shorter, headers={"If-Match": '"1"'})
    told = await answer.json()
    assert (answer.status, told["affected"], told["proposed"]) == (200, [], [])
    assert await office.get("/outages/o1") == made


async def test_whom_an_outage_in_an_imported_file_hits_is_warned(
    office: Caller, agreed: Json
) -> None:
    slot = "2026-09-08T13:00+08:00/2026-09-08T15:00+08:00"
    sheet = f"编号,学校,教室,时段,原因\no1,JS,JS-R1,{slot},话筒无声\n"
    wish = {"files": [{"name": "outages.csv", "content": sheet}]}
    imported = await done(office, "/imports", wish)
    assert (imported["records"], imported["changed"]) == (1, 1)
    told = [each["sentence"] for each in (await office.get("/notices"))["items"]]
    assert any("话筒无声" in each and agreed["title"] in each for each in told)


async def test_a_lesson_becomes_a_recording(as_: As, agreed: Json) -> None:
    path = f"/sessions/{agreed['id']}/recording"
    wish = {"reason": "主讲病假", "supervisor": "TF1-T3"}
    office = as_("office")
    assert (await office("POST", path, json=wish)).status == 428
    assert (await as_("CB-coordinator")("POST", path, json=wish, headers=ANY)).status == 403
    shown = await done(as_("TF1-coordinator"), path, wish, headers=ANY)
    assert (shown["form"], shown["state"]) == ("recorded", "confirmed")
    history = await office.get("/adjustments")
    assert [each["kind"] for each in history["items"]] == ["recording"]


async def test_parts_of_the_list_follow_each_other(office: Caller, agreed: Json) -> None:
    other = {
        "title": "教研",
        "kind": "joint_research",
        "slot": {"starts": "2026-09-08T13:10:00+08:00", "ends": "2026-09-08T13:50:00+08:00"},
        "sites": [{"school": "JS", "role": "lead", "room": "JS-R1", "teacher": "JS-T2"}],
    }
    early = await done(office, "/sessions", other)
    await done(office, "/outages", BROKEN)
    first = await office.get("/outages/o1/affected-sessions?limit=1")
    assert [each["session"]["id"] for each in first["items"]] == [early["id"]]
    rest = await office.get(f"/outages/o1/affected-sessions?cursor={first['next']}")
    assert [each["session"]["id"] for each in rest["items"]] == [agreed["id"]]
    assert rest["next"] is None


async def test_a_suspension_shows_everything_before_it_happens(
    office: Caller, as_: As, agreed: Json
) -> None:
    would = await office("POST", "/suspensions?dry_run=true", json=TYPHOON)
    assert would.headers["Dry-Run"] == "true"
    (session,) = (await would.json())["sessions"]
    assert (session["session"], session["effect"]) == (agreed["id"], "cancelled")
    assert (await office.get(f"/sessions/{agreed['id']}"))["state"] == "confirmed"
    made = await office("POST", "/suspensions", json=TYPHOON)
    suspension = await made.json()
    assert (made.status, made.headers["Location"]) == (
        201,
        f"/api/v1/suspensions/{suspension['id']}",
    )
    assert (await office.get(f"/sessions/{agreed['id']}"))["state"] == "cancelled"
    path = f"/suspensions/{suspension['id']}"
    (hit,) = (await office.get(f"{path}/sessions"))["items"]
    assert [each["way"] for each in hit["replacements"]] == ["postpone"]
    lifted = await office("POST", f"{path}/lifting", headers={"If-Match": made.headers["ETag"]})
    assert (lifted.status, lifted.headers["ETag"]) == (200, '"2"')
    wish = {"sessions": [agreed["id"]]}
    (back,) = (await done(as_("TF1-coordinator"), f"{path}/returns", wish))["items"]
    assert back["session"]["slot"] == agreed["slot"]


async def test_who_may_close_schools(as_: As) -> None:
    for name, wish, status in (
        ("JS-coordinator", TYPHOON, 200),
        ("TF1-coordinator", TYPHOON, 403),
        ("JS-coordinator", {"date": "2026-09-08", "everyone": True, "reason": "台风"}, 403),
        ("it", TYPHOON, 403),
        ("teacher", TYPHOON, 403),
    ):
        answer = await as_(name)("POST", "/suspensions?dry_run=true", json=wish)
        assert answer.status == status, name


async def test_a_suspension_names_what_is_wrong_with_it(office: Caller) -> None:
    for wish, pointer in (
        ({**TYPHOON, "schools": ["XX"]}, "/schools/0"),
        ({**TYPHOON, "date": "2026-08-01"}, "/date"),
        ({**TYPHOON, "everyone": True}, "/everyone"),
    ):
        answer = await office("POST", "/suspensions", json=wish)
        assert answer.status == 422
        assert [each["pointer"] for each in (await answer.json())["errors"]] == [pointer]


async def test_a_substitute_is_found_and_takes_over(as_: As, agreed: Json) -> None:
    path = f"/sessions/{agreed['id']}"
    coordinator = as_("TF1-coordinator")
    found = await coordinator.get(f"{path}/substitutes?school=TF1")
    assert [each["id"] for each in found["items"]] == ["TF1-T2", "TF1-T3"]
    wish = {"school": "TF1", "teacher": "TF1-T2", "reason": "病假"}
    without_tag = await coordinator("POST", f"{path}/substitution", json=wish)
    assert without_tag.status == 428
    after = await done(coordinator, f"{path}/substitution", wish, headers=ANY)
    assert after["sites"][0]["teacher"] == "TF1-T2"
    assert (
        await as_("CB-coordinator")("POST", f"{path}/substitution", json=wish, headers=ANY)
    ).status == 403


async def test_a_lesson_that_failed_is_told_and_made_up(
    office: Caller, as_: As, agreed: Json, clock: Clock
) -> None:
    clock.pass_by(days=19, hours=8)
    school = as_("JS-coordinator")
    wish = {"session": agreed["id"], "school": "JS", "outcome": "failed", "reason": "断网"}
    made = await school("POST", "/outcomes", json=wish)
    outcome = await made.json()
    assert (made.status, outcome["minutes"]) == (201, 0)
    path = made.headers["Location"]
    partial = {"outcome": "partial", "minutes": 28, "reason": "断网12分钟"}
    assert (await school("PUT", path, json=partial)).status == 428
    after = await school("PUT", path, json=partial, headers={"If-Match": '"1"'})
    assert (await after.json())["minutes"] == 28
    places = await office.get(f"/sessions/{agreed['id']}/make-up-places")
    first = places["items"][0]
    again = await done(
        office,
        f"/sessions/{agreed['id']}/make-up",
        {"slot": first["slot"], "sites": first["sites"], "reason": "补断网的课"},
    )
    assert again["slot"] == first["slot"]
    (report,) = (await office.get("/outcomes/report?term=JS-2026-1&school=JS"))["items"]
    assert (report["planned_minutes"], report["delivered_minutes"]) == (40, 28)
    assert (await office.get("/outcomes/untold?school=JS"))["items"] == []
    assert [each["id"] for each in (await office.get("/outcomes/untold?school=TF1"))["items"]] == [
        agreed["id"]
    ]
    closed = await school("POST", f"{path}/closing", headers={"If-Match": '"2"'})
    assert closed.status == 200
    assert (await school("PUT", path, json=partial, headers=ANY)).status == 409
