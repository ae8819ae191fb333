"""Records over HTTP, and who may write them."""

from typing import Any

import pytest

from scheduler.records import KINDS
from tests.scheduler.http.conftest import As, Caller

Json = dict[str, Any]
ROOM: Json = {"id": "TF1-R9", "school": "TF1", "name": "新教室"}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_is_listed_and_each_is_read_by_its_id(office: Caller, kind: str) -> None:
    for record in (await office.get(f"/{kind}"))["items"]:
        assert await office.get(f"/{kind}/{record['id']}") == record


async def test_a_record_is_added_read_changed_and_removed(office: Caller) -> None:
    made = await office("POST", "/rooms", json=ROOM)
    assert (made.status, made.headers["Location"]) == (201, "/api/v1/rooms/TF1-R9")
    room = await office.get("/rooms/TF1-R9")
    assert room == await made.json()
    changed = await office(
        "PUT", "/rooms/TF1-R9", json=room | {"seats": 12}, headers={"If-Match": '"1"'}
    )
    assert (changed.status, (await changed.json())["seats"]) == (200, 12)
    gone = await office("DELETE", "/rooms/TF1-R9", headers={"If-Match": '"2"'})
    assert (gone.status, await gone.read()) == (204, b"")
    assert (await office("GET", "/rooms/TF1-R9")).status == 404


async def test_an_id_that_is_left_out_is_chosen(office: Caller) -> None:
    slot = {"starts": "2026-09-08T14:00:00+08:00", "ends": "2026-09-09T14:00:00+08:00"}
    made = await office("POST", "/outages", json={"school": "TF1", "room": "TF1-R1", "slot": slot})
    outage = await made.json()
    assert made.status == 201
    assert await office.get(f"/outages/{outage['id']}") == outage


async def test_an_id_is_taken_once_and_never_changes(office: Caller) -> None:
    assert (await office("POST", "/rooms", json=ROOM)).status == 201
    again = await office("POST", "/rooms", json=ROOM)
    assert (again.status, (await again.json())["type"]) == (409, "/problems/wrong-state")
    renamed = await office(
        "PUT", "/rooms/TF1-R9", json=ROOM | {"id": "TF1-R8"}, headers={"If-Match": "*"}
    )
    assert (await renamed.json())["errors"][0]["pointer"] == "/id"


async def test_there_is_one_alliance(office: Caller) -> None:
    answer = await office("POST", "/alliances", json={"id": "second", "name": "第二联盟"})
    assert answer.status == 409


async def test_a_record_names_only_what_exists(office: Caller) -> None:
    answer = await office("POST", "/rooms", json=ROOM | {"school": "XX"})
    (fault,) = (await answer.json())["errors"]
    assert (answer.status, fault["pointer"], fault["value"]) == (422, "/school", "XX")


async def test_what_is_named_elsewhere_stays(office: Caller) -> None:
    answer = await office("DELETE", "/schools/TF1", headers={"If-Match": "*"})
    assert answer.status == 409
    assert (await office("GET", "/schools/TF1")).status == 200


OFFER = {"id": "o", "school": "TF1", "term": "TF1-2026-1", "subject": "音乐"}


async def test_a_school_offers_only_its_own_teachers(as_: As) -> None:
    coordinator = as_("TF1-coordinator")
    answer = await coordinator("POST", "/offers", json=OFFER | {"teacher": "JS-T1"})
    (fault,) = (await answer.json())["errors"]
    assert (answer.status, fault["pointer"], fault["value"]) == (422, "/teacher", "JS-T1")
    assert "JS-T1 is of school JS, not of school TF1" in fault["detail"]
    answer = await coordinator("POST", "/offers", json=OFFER | {"teacher": "TF1-T1"})
    assert answer.status == 201


@pytest.mark.parametrize("kind", ["offers", "requests"])
async def test_weeks_that_the_term_does_not_have_are_refused(as_: As, kind: str) -> None:
    site = {"school": "TF1", "role": "lead", "teacher": "TF1-T1"}
    wish = OFFER if kind == "offers" else OFFER | {"title": "t", "sites": [site]}
    coordinator = as_("TF1-coordinator")
    answer = await coordinator("POST", f"/{kind}", json=wish | {"weeks": "30-40"})
    (fault,) = (await answer.json())["errors"]
    assert (answer.status, fault["pointer"], fault["value"]) == (422, "/weeks", "30-40")
    assert "the weeks are 1-21" in fault["detail"]
    answer = await coordinator("POST", f"/{kind}", json=wish | {"weeks": "1-21"})
    assert answer.status == 201


async def test_whoever_is_offered_teaches_the_subject(as_: As) -> None:
    wish = OFFER | {"teacher": "TF1-T1", "subject": "书法"}
    answer = await as_("TF1-coordinator")("POST", "/offers", json=wish)
    (fault,) = (await answer.json())["errors"]
    assert (answer.status, fault["pointer"], fault["value"]) == (422, "/teacher", "TF1-T1")
    assert "does not teach 书法 (音乐)" in fault["detail"]


async def test_no_request_comes_after_itself_by_way_of_others(office: Caller) -> None:
    site = {"school": "TF1", "role": "lead", "teacher": "TF1-T1"}
    wish = OFFER | {"title": "t", "sites": [site]}
    for request, after in (("c1", []), ("c2", [{"request": "c1"}]), ("c3", [{"request": "c2"}])):
        answer = await office("POST", "/requests", json=wish | {"id": request, "after": after})
        assert answer.status == 201
    changed = wish | {"id": "c1", "after": [{"request": "c3"}]}
    answer = await office("PUT", "/requests/c1", json=changed, headers={"If-Match": "*"})
    (fault,) = (await answer.json())["errors"]
    assert (answer.status, fault["pointer"], fault["value"]) == (422, "/after/0/request", "c3")
    assert "c1 after c3, c3 after c2, c2 after c1" in fault["detail"]


async def test_who_uses_a_record_is_named_in_words(office: Caller) -> None:
    assert (await office("POST", "/offers", json=OFFER)).status == 201
    need = {"id": "n", "title": "t", "school": "JS", "term": "JS-2026-1", "subject": "音乐"}
    wish = need | {"offer": "o", "sites": [{"school": "JS", "role": "listen"}]}
    assert (await office("POST", "/requests", json=wish)).status == 201
    for language, sentence in (
        ("zh-CN", "供给 o 仍被使用，不能删除：需求 n。"),
        ("en", "The offer o is still used by request n."),
    ):
        headers = {"If-Match": "*", "Accept-Language": language}
        answer = await office("DELETE", "/offers/o", headers=headers)
        assert (answer.status, (await answer.json())["detail"]) == (409, sentence)


async def test_reversed_weeks_are_refused(office: Caller) -> None:
    body = {"id": "o", "school": "TF1", "weekday": 2, "starts": "08:00", "ends": "10:00"}
    answer = await office("POST", "/open-slots", json=body | {"weeks": "16-1"})
    assert answer.status == 422
    assert (await office("POST", "/open-slots", json=body | {"weeks": "1-16"})).status == 201


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("open-slots", {"school": "TF1", "weekday": 8, "starts": "08:00", "ends": "9:00"}),
        ("open-slots", {"school": "TF1", "weekday": 1, "starts": "10:00", "ends": "09:00"}),
        ("terms", {"id": "t", "school": "TF1", "name": "t", "first_day": "2026-09-01",
                   "last_day": "2026-02-30"}),
        ("terms", {"id": "t", "school": "TF1", "name": "t", "first_day": "2026-09-01",
                   "last_day": "2020-01-01"}),
        ("terms", {"id": "t", "school": "TF1", "name": "t", "first_day": "0001-01-01",
                   "last_day": "0001-02-01"}),
        ("days", {"id": "d", "school": "TF1", "date": "2026-09-01", "kind": "party"}),
        ("bells", {"id": "b", "school": "TF1", "name": "b",
                   "periods": [{"no": 1, "starts": "09:00", "ends": "08:00"}]}),
        ("link-pools", {"id": "l", "name": "l", "sessions": 0}),
        ("alliances", {"id": "a", "name": "a", "zone": "../etc/passwd"}),
        ("class-groups", {"id": "c", "school": "TF1", "name": "c", "grade": 3, "pupils": -5}),
        ("busy-blocks", {"id": "b", "school": "TF1"}),
    ],
)  # fmt: skip
async def test_values_that_cannot_be_are_refused(office: Caller, kind: str, body: Json) -> None:
    before = await office.get(f"/{kind}")
    answer = await office("POST", f"/{kind}", json=body)
    assert answer.status == 422
    assert (await answer.json())["errors"]
    assert await office.get(f"/{kind}") == before


@pytest.mark.parametrize(
    ("who", "path", "body", "status"),
    [
        ("TF1-coordinator", "/rooms", ROOM, 201),
        ("JS-coordinator", "/rooms", ROOM, 403),
        ("it", "/rooms", ROOM, 201),
        ("it", "/teachers", {"id": "t", "school": "TF1", "name": "t"}, 403),
        ("teacher", "/rooms", ROOM, 403),
        ("observer", "/rooms", ROOM, 403),
        ("display", "/rooms", ROOM, 403),
        ("TF1-coordinator", "/schools", {"id": "NEW", "name": "n"}, 403),
        ("TF1-coordinator", "/districts", {"id": "d", "name": "d"}, 403),
        ("office", "/districts", {"id": "d", "name": "d"}, 201),
    ],
)
async def test_who_may_add_what(as_: As, who: str, path: str, body: Json, status: int) -> None:
    assert (await as_(who)("POST", path, json=body)).status == status


async def test_a_coordinator_cannot_move_a_room_to_another_school(as_: As) -> None:
    room = await as_("office").get("/rooms/TF1-R1")
    answer = await as_("TF1-coordinator")(
        "PUT", "/rooms/TF1-R1", json=room | {"school": "JS"}, headers={"If-Match": "*"}
    )
    assert answer.status == 403


async def test_everybody_with_a_token_reads(as_: As) -> None:
    for who in ("teacher", "observer", "display", "it"):
        assert (await as_(who).get("/schools"))["items"]


@pytest.mark.parametrize("token", ["wrong", "", "Bearer", "\u00e9", "a b"])
async def test_nobody_reads_or_writes_without_a_token_that_opens(
    as_: As, client: Any, token: str
) -> None:
    for method, path in (("GET", "/schools"), ("POST", "/rooms"), ("DELETE", "/rooms/TF1-R1")):
        answer = await as_(token)(method, path, json=ROOM)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    bare = await client.get("/api/v1/schools")
    basic = await client.get("/api/v1/schools", headers={"Authorization": "Basic b2ZmaWNl"})
    assert (bare.status, basic.status) == (401, 401)
