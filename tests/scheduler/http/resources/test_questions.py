"""Windows, availability, subscriptions, notices, imports and plans over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from calendars.bells import SchoolId
from scheduler.model import Actor, ActorRole
from scheduler.planning import solve_next
from scheduler.store import Store
from scheduler.tokens import hash_of
from tests.builders import NOW
from tests.scheduler.http.conftest import ADDRESS, As, Caller, Clock

Json = dict[str, Any]


async def test_the_windows_of_a_date_are_best_first_and_say_why(office: Caller) -> None:
    found = (await office.get("/windows?schools=TF1,JS,CB&date=2026-09-08&grade=3"))["items"]
    weakest = [min(fit["effective_minutes"] for fit in window["fits"]) for window in found]
    assert weakest == sorted(weakest, reverse=True)
    assert all(fit["why"] for window in found for fit in window["fits"])
    assert found[0]["slot"]["starts"].endswith("Z")


async def test_the_windows_of_a_weekday_tell_their_dates(office: Caller) -> None:
    query = "schools=JS,TF1&term=TF1-2026-1&weekday=2&weeks=1-4&keep_lead=true&grade=3"
    best = (await office.get(f"/windows/weekly?{query}"))["items"][0]
    dates = [date for row in best["held"] for date in row["dates"]]
    assert dates == ["2026-09-01", "2026-09-08", "2026-09-15", "2026-09-22"]
    assert best["held"][0]["fits"][0]["school"] == "TF1"


async def test_a_studio_learns_when_enough_of_it_is_free(office: Caller) -> None:
    studio: Json = {"id": "studio", "name": "音乐工作室", "head": "TF1-T1"}
    studio |= {"members": ["TF1-T2", "JS-T1", "JS-T2", "CB-T1"]}
    assert (await office("POST", "/studios", json=studio)).status == 201
    taken: Json = {"id": "away", "school": "JS", "teacher": "JS-T1", "slot": {}}
    taken["slot"] = {"starts": "2026-09-08T00:00:00Z", "ends": "2026-09-08T10:00:00Z"}
    assert (await office("POST", "/busy-blocks", json=taken)).status == 201
    found = (await office.get("/windows/studio?studio=studio&date=2026-09-08"))["items"]
    assert (found[0]["slot"]["starts"], found[0]["free"]) == ("2026-09-08T00:00:00Z", 4)
    assert [each["teacher"] for each in found[0]["absent"]] == ["JS-T1"]
    everybody = await office.get("/windows/studio?studio=studio&date=2026-09-08&share=100")
    assert everybody["items"][0]["slot"]["starts"] == "2026-09-09T00:00:00Z"
    assert (await office("GET", "/windows/studio?studio=none&date=2026-09-08")).status == 404


async def test_sessions_that_a_changed_day_hits_are_listed_page_by_page(office: Caller) -> None:
    for starts in ("2026-09-08T06:00:00Z", "2026-09-15T06:00:00Z"):
        booking = {
            "title": "音乐教研",
            "kind": "joint_research",
            "slot": {"starts": starts, "ends": starts.replace("06:00", "06:40")},
            "sites": [{"school": "TF1", "role": "lead", "teacher": "TF1-T1"}],
        }
        assert (await office("POST", "/sessions", json=booking)).status == 201
    assert await office.get("/affected-sessions") == {"items": [], "next": None}
    holiday = {"id": "TF1.2026-09-15", "school": "TF1", "date": "2026-09-15", "kind": "holiday"}
    assert (await office("POST", "/days", json=holiday)).status == 201
    found: list[Json] = []
    page = await office.get("/affected-sessions?school=TF1&limit=1")
    found += page["items"]
    found += (await office.get(f"/affected-sessions?limit=1&cursor={page['next']}"))["items"]
    (hit,) = found
    assert hit["session"]["slot"]["starts"] == "2026-09-15T06:00:00Z"
    assert "H8" in {conflict["rule"] for conflict in hit["conflicts"]}


async def test_the_shifts_that_unlock_most_come_first(office: Caller) -> None:
    found = (await office.get("/windows/shifts?schools=TF1,JS,CB&date=2026-09-09&lead=TF1"))[
        "items"
    ]
    more = [shift["more_windows"] for shift in found]
    assert more == sorted(more, reverse=True)
    assert more[0] > 0


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/windows?schools=TF1", "?date"),
        ("/windows?date=2026-09-08", "?schools"),
        ("/windows?schools=&date=2026-09-08", "?schools"),
        ("/windows?schools=TF1,XX&date=2026-09-08", "?schools"),
        ("/windows?schools=TF1&date=2026-09-08&lead=JS", "?schools"),
        ("/windows?schools=TF1&date=9999-12-31", "?date"),
        ("/windows?schools=TF1&date=08.09.2026", "?date"),
        ("/windows?schools=TF1&date=2026-09-08&minutes=-40", "?minutes"),
        ("/windows/shifts?schools=TF1,JS&date=2026-09-08&listeners=0", "?listeners"),
        ("/windows/shifts?schools=TF1,JS&date=9999-12-31", "?date"),
        ("/windows/weekly?schools=JS&term=TF1-2026-1&weekday=2", "?schools"),
        ("/windows/weekly?schools=TF1&term=TF1-2026-1&weekday=8", "?weekday"),
        ("/windows/weekly?schools=TF1&term=TF1-2026-1&weekday=2&keep_lead=maybe", "?keep_lead"),
        ("/windows/weekly?schools=TF1&term=TF1-2026-1&weekday=2&weeks=8-3", "?weeks"),
        ("/availability?at=yesterday", "?at"),
        ("/availability?at=now&starts=2026-09-08T00:00:00Z&ends=2026-09-09T00:00:00Z", "?at"),
        ("/availability?starts=2026-09-08T00:00:00Z", "?ends"),
        ("/availability?starts=2026-09-08T00:00:00Z&ends=2026-09-07T00:00:00Z", "?ends"),
        ("/availability?starts=2026-09-08T00:00:00Z&ends=2027-09-07T00:00:00Z", "?ends"),
        ("/availability?kind=school", "?kind"),
        ("/availability?id=" + ",".join(["x"] * 60), "?id"),
    ],
)
async def test_a_question_that_cannot_be_meant_names_its_parameter(
    office: Caller, path: str, pointer: str
) -> None:
    answer = await office("GET", path)
    assert answer.status == 422
    assert pointer in [fault["pointer"] for fault in (await answer.json())["errors"]]


async def test_an_unknown_term_is_not_found(office: Caller) -> None:
    answer = await office("GET", "/windows/weekly?schools=TF1&term=none&weekday=2")
    assert answer.status == 404


async def test_which_rooms_are_free_is_one_request(
    office: Caller, booking: Json, clock: Clock
) -> None:
    held = (await office("POST", "/sessions", json=booking)).headers["Location"]
    for school in ("TF1", "JS"):
        yes = {"school": school, "says": "yes"}
        await office("POST", f"{held}/answers", json=yes, headers={"If-Match": "*"})
    clock.now = NOW.replace(month=9, day=8, hour=6, minute=10)
    free = (await office.get("/availability?kind=room&state=free&at=now"))["items"]
    rooms = {each["resource"]["id"] for each in free}
    assert rooms.isdisjoint({"TF1-R1", "JS-R1"})
    assert {"TF1-R2", "JS-R2"} <= rooms
    spans = {
        "today": ("2026-09-07T16:00:00Z", "2026-09-08T16:00:00Z"),
        "week": ("2026-09-06T16:00:00Z", "2026-09-13T16:00:00Z"),
    }
    for at, span in spans.items():
        booked = await office.get(f"/availability?state=booked&at={at}&school=TF1")
        assert [each["resource"]["id"] for each in booked["items"]] == ["TF1-R1"]
        whole = (await office.get(f"/availability?id=TF1-R1&at={at}"))["items"][0]["stretches"]
        assert (whole[0]["slot"]["starts"], whole[-1]["slot"]["ends"]) == span


async def test_what_is_not_known_is_not_told_as_taken(office: Caller) -> None:
    for query in ("school=none", "id=none", "id=TF1-R1,none", "kind=teacher&id=TF1-R1"):
        answer = await office("GET", f"/availability?{query}")
        assert answer.status == 404


async def test_an_offset_may_be_written_as_people_copy_it(office: Caller) -> None:
    span = "starts=2026-09-08T08:00:00+08:00&ends=2026-09-08T09:00:00%2B08:00"
    found = await office.get(f"/availability?id=TF1-R1&{span}")
    told = [stretch["slot"] for stretch in found["items"][0]["stretches"]]
    assert told[0]["starts"] == "2026-09-08T00:00:00Z"
    assert told[-1]["ends"] == "2026-09-08T01:00:00Z"


async def test_availability_is_read_in_parts(office: Caller) -> None:
    query = "/availability?kind=room,teacher&limit=4"
    page = await office.get(query)
    names = [each["name"] for each in page["items"]]
    while page["next"]:
        page = await office.get(f"{query}&cursor={page['next']}")
        names += [each["name"] for each in page["items"]]
    assert len(names) == len(set(names)) == 15


async def test_a_calendar_is_opened_read_and_closed(as_: As) -> None:
    teacher = as_("teacher")
    made = await teacher(
        "POST", "/subscriptions", json={"scope": "teacher", "subject_id": "TF1-T1"}
    )
    assert made.status == 201
    told = await made.json()
    path = f"/feeds/{told['token']}.ics"
    assert told["url"] == f"{ADDRESS}{path}"
    assert told["webcal"] == f"webcal://lianke.example{path}"
    assert (await teacher.client.get(path)).status == 200
    (mine,) = (await teacher.get("/subscriptions"))["items"]
    assert made.headers["Location"].endswith(mine["id"])
    assert "token" not in await teacher.get(f"/subscriptions/{mine['id']}")
    assert (await teacher("DELETE", f"/subscriptions/{mine['id']}")).status == 204
    assert (await teacher("DELETE", f"/subscriptions/{mine['id']}")).status == 409
    assert (await teacher.client.get(path)).status == 404


async def test_subscriptions_are_their_owners_to_see(as_: As) -> None:
    made = await as_("teacher")(
        "POST", "/subscriptions", json={"scope": "teacher", "subject_id": "TF1-T1"}
    )
    address = made.headers["Location"]
    other = as_("JS-coordinator")
    assert (await other.get("/subscriptions"))["items"] == []
    assert (await other("GET", address)).status == 404
    assert (await other("DELETE", address)).status == 404
    assert len((await as_("office").get("/subscriptions"))["items"]) == 1


async def test_a_namesake_at_another_school_sees_no_subscription(as_: As, store: Store) -> None:
    namesake = Actor(
        name="天府一小教导处", role=ActorRole.SCHOOL_COORDINATOR, school=SchoolId("CB")
    )
    await store.write(
        lambda transaction: transaction.add_token(hash_of("namesake"), namesake, expires_at=None),
        actor=namesake,
        now=NOW,
    )
    made = await as_("TF1-coordinator")(
        "POST", "/subscriptions", json={"scope": "school", "subject_id": "TF1"}
    )
    address = made.headers["Location"]
    assert (await as_("namesake")("DELETE", address)).status == 404
    assert (await as_("namesake").get("/subscriptions"))["items"] == []
    assert len((await as_("TF1-coordinator").get("/subscriptions"))["items"]) == 1


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"scope": "teacher", "subject_id": "TF1-T2"}, 403),
        ({"scope": "school", "subject_id": "TF1"}, 403),
        ({"scope": "alliance"}, 403),
        ({"scope": "teacher", "subject_id": "nobody"}, 422),
        ({"scope": "teacher"}, 422),
        ({"scope": "galaxy"}, 422),
    ],
)
async def test_a_teacher_opens_the_own_calendar_only(as_: As, sent: Json, status: int) -> None:
    teacher = as_("teacher")
    assert (await teacher("POST", "/subscriptions", json=sent)).status == status
    assert (await as_("office").get("/subscriptions"))["items"] == []


async def test_notices_are_those_of_the_own_school(as_: As, booking: Json) -> None:
    await as_("office")("POST", "/sessions", json=booking)
    own = (await as_("JS-coordinator").get("/notices"))["items"]
    assert {notice["school"] for notice in own} == {"JS"}
    assert (await as_("JS-coordinator")("GET", "/notices?school=TF1")).status == 403
    everything = (await as_("office").get("/notices"))["items"]
    assert {notice["school"] for notice in everything} == {"TF1", "JS"}


async def test_the_audit_is_the_offices_to_read(as_: As, booking: Json) -> None:
    made = await as_("TF1-coordinator")("POST", "/sessions", json=booking)
    session = (await made.json())["id"]
    (entry,) = (await as_("office").get(f"/audit?subject_id={session}"))["items"]
    assert entry["actor"] == "天府一小教导处"
    assert entry["origin"] == "127.0.0.1"
    assert (await as_("TF1-coordinator")("GET", "/audit")).status == 403


async def test_i_am_told_who_i_am(as_: As) -> None:
    me = await as_("it").get("/me")
    assert (me["name"], me["role"], me["school"]) == ("电教", "it_support", "TF1")


async def test_files_are_imported_whole_or_not_at_all(as_: As) -> None:
    office = as_("office")
    good = "id,school,name,seats\nTF1-R7,TF1,新教室,40\n"
    bad = good + "TF1-R8,TF1,另一间,many\n"
    refused = await office(
        "POST", "/imports", json={"files": [{"name": "rooms.csv", "content": bad}]}
    )
    assert refused.status == 422
    (fault,) = (await refused.json())["errors"]
    assert (fault["pointer"], fault["value"]) == ("rooms.csv:3:seats", "many")
    assert (await office("GET", "/rooms/TF1-R7")).status == 404
    sent = {"files": [{"name": "rooms.csv", "content": good}]}
    first = await (await office("POST", "/imports", json=sent)).json()
    assert first["changed"] == 1
    assert (await (await office("POST", "/imports", json=sent)).json())["changed"] == 0
    assert (await as_("TF1-coordinator")("POST", "/imports", json=sent)).status == 403


async def test_e56_an_import_of_today_is_undone(as_: As, clock: Clock) -> None:
    office = as_("office")
    room = "id,school,name,seats\nTF1-R1,TF1,写错了,1\nTF1-R7,TF1,多出来的,1\n"
    sent = {"files": [{"name": "rooms.csv", "content": room}]}
    before = await office.get("/rooms/TF1-R1")
    clock.pass_by(minutes=1)
    imported = await (await office("POST", "/imports", json=sent)).json()
    path = f"/imports/files/{imported['id']}/undo"
    clock.pass_by(hours=2)
    assert (await as_("TF1-coordinator")("POST", path)).status == 403
    undone = await office("POST", path)
    assert await undone.json() == {"restored": 1, "removed": 1}
    assert await office.get("/rooms/TF1-R1") == before
    assert (await office("GET", "/rooms/TF1-R7")).status == 404
    assert (await office("POST", path)).status == 409
    assert (await office("POST", "/imports/files/none/undo")).status == 404


async def test_a_plan_is_asked_for_solved_compared_and_published(
    as_: As, booking: Json, store: Store, clock: Clock
) -> None:
    office = as_("office")
    del booking["slot"]
    wish = booking | {"id": "r1", "school": "TF1", "term": "TF1-2026-1", "weeks": "2-4"}
    assert (await office("POST", "/requests", json=wish)).status == 201
    made = await office("POST", "/plans", json={"seconds": 5})
    assert made.status == 202
    address = made.headers["Location"]
    early = await office("GET", f"{address}/changes")
    assert (early.status, (await early.json())["type"]) == (409, "/problems/wrong-state")
    await solve_next(store, clock=clock)
    plan = await office("GET", address)
    assert (await plan.json())["state"] == "ready"
    (change,) = (await office.get(f"{address}/changes"))["items"]
    assert len(change["dates"]) == 3
    why = await office.get(f"{address}/explanation?request=r1")
    assert why["points"] == (await plan.json())["cost"] <= why["free"][0]["points"]
    assert (await office("GET", f"{address}/explanation?request=r2")).status == 404
    headers = {"If-Match": plan.headers["ETag"]}
    denied = await as_("TF1-coordinator")("POST", f"{address}/publication", headers=headers)
    assert denied.status == 403
    for query, sessions in (("?dry_run=true", 0), ("", 3)):
        published = await office("POST", f"{address}/publication{query}", headers=headers)
        assert published.status == 200
        assert len((await published.json())["booked"]) == 1
        assert len((await office.get("/sessions"))["items"]) == sessions
    for tag, status in ((headers["If-Match"], 412), ("*", 409)):
        again = await office("POST", f"{address}/publication", headers={"If-Match": tag})
        assert again.status == status
    assert [each["state"] for each in (await office.get("/plans"))["items"]] == ["published"]


async def test_a_search_is_followed_and_stopped_over_http(
    as_: As, store: Store, clock: Clock
) -> None:
    office = as_("office")
    made = await office("POST", "/plans", json={"seconds": 5})
    address = made.headers["Location"]
    assert (await office("GET", f"{address}/progress")).status == 404
    headers = {"If-Match": made.headers["ETag"]}
    assert (await office("POST", f"{address}/stop")).status == 428
    denied = await as_("TF1-coordinator")("POST", f"{address}/stop", headers=headers)
    assert denied.status == 403
    stopped = await office("POST", f"{address}/stop", headers=headers)
    assert (await stopped.json())["state"] == "withdrawn"
    again = await office("POST", f"{address}/stop", headers={"If-Match": "*"})
    assert (again.status, (await again.json())["type"]) == (409, "/problems/wrong-state")
    solved = (await office("POST", "/plans", json={"seconds": 5})).headers["Location"]
    await solve_next(store, clock=clock)
    progress = await office.get(f"{solved}/progress")
    assert (progress["placed"], progress["unplaced"], progress["gap"]) == (0, 0, 0)


async def test_what_if_there_were_another_room(as_: As, store: Store, clock: Clock) -> None:
    office = as_("office")
    room = {"id": "TF1-R9", "school": "TF1", "name": "新教室"}
    made = await office("POST", "/plans", json={"seconds": 5, "supposing": {"rooms": [room]}})
    assert made.status == 202
    base = (await office("POST", "/plans", json={"seconds": 5})).headers["Location"]
    for _ in range(2):
        await solve_next(store, clock=clock)
    found = await office.get(f"{made.headers['Location']}/comparison?other={base[-32:]}")
    assert (found["gained"], found["lost"], found["moved"]) == ([], [], [])
    assert (await office("GET", "/rooms/TF1-R9")).status == 404
    wrong = {"seconds": 5, "supposing": {"rooms": [room | {"seats": -1}]}}
    refused = await office("POST", "/plans", json=wrong)
    (fault,) = (await refused.json())["errors"]
    assert (refused.status, fault["pointer"]) == (422, "/supposing/rooms/0/seats")


async def test_what_a_failed_room_hits_is_repaired_over_http(as_: As, booking: Json) -> None:
    office = as_("office")
    await office("POST", "/sessions", json=booking)
    whole_day = {"starts": "2026-09-08T00:00:00+08:00", "ends": "2026-09-08T23:00:00+08:00"}
    outage = {"id": "o1", "school": "TF1", "room": "TF1-R1", "slot": whole_day}
    assert (await office("POST", "/outages", json=outage)).status == 201
    found = await office.get("/repairs")
    (move,) = found["moves"]
    assert (found["points"], found["stuck"]) == (found["bound"], [])
    accepted = {name: move[name] for name in ("session", "revision")} | move["after"]
    body = {"moves": [accepted], "reason": "话筒无声"}
    assert (await as_("TF1-coordinator")("POST", "/repairs", json=body)).status == 403
    assert (await office("POST", "/repairs?dry_run=true", json=body)).status == 200
    (moved,) = (await (await office("POST", "/repairs", json=body)).json())["items"]
    assert moved["sites"][0]["room"] == "TF1-R2"
    assert (await office("POST", "/repairs", json=body)).status == 412
    assert (await office.get("/repairs"))["moves"] == []


async def test_a_plan_of_an_unknown_term_is_refused(as_: As) -> None:
    answer = await as_("office")("POST", "/plans", json={"term": "none"})
    assert (answer.status, (await answer.json())["errors"][0]["pointer"]) == (422, "/term")
    assert (await as_("teacher")("POST", "/plans", json={})).status == 403


async def test_a_hold_that_ran_out_frees_its_room_at_once(
    office: Caller, booking: Json, clock: Clock
) -> None:
    held = await (await office("POST", "/sessions", json=booking)).json()
    assert (await office("POST", "/sessions", json=booking)).status == 409
    clock.now = clock.now.fromisoformat(held["hold_expires_at"]) + timedelta(seconds=1)
    assert (await office("POST", "/sessions", json=booking)).status == 201
