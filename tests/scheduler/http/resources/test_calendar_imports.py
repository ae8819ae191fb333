"""Imported calendars over HTTP: sent as files or kept as addresses, seen by their owners only."""

from base64 import b64encode
from typing import Any, Final

import pytest

from tests.scheduler.http.conftest import As, Caller

EVENT: Final = (
    "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:看牙\r\nDTSTART:20260908T140000\r\nDURATION:PT40M\r\n"
    "END:VEVENT\r\n"
)
PLAIN: Final = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{EVENT}END:VCALENDAR\r\n"


def a_file(**fields: Any) -> dict[str, Any]:
    return {"teacher": "JS-T1", "name": "我的日历", "content": PLAIN} | fields


async def test_a_file_takes_its_time_at_once_and_tells_nobody_what_it_is(
    as_: As, booking: dict[str, Any]
) -> None:
    coordinator = as_("JS-coordinator")
    made = await coordinator("POST", "/imports/calendars", json=a_file())
    assert made.status == 201
    told = await made.json()
    assert (told["state"], told["report"]["stretches"], told["due_at"]) == ("current", 1, None)
    assert made.headers["Location"] == f"/api/v1/imports/{told['id']}"
    assert made.headers["ETag"] == '"1"'
    refused = await as_("office")("POST", "/sessions", json=booking)
    assert refused.status == 409
    assert "is occupied" in (text := await refused.text())
    assert "看牙" not in text


async def test_a_file_can_be_tried_before(office: Caller, booking: dict[str, Any]) -> None:
    tried = await office("POST", "/imports/calendars?dry_run=true", json=a_file())
    assert tried.status == 200
    assert (await tried.json())["report"]["occurrences"] == 1
    assert (await office.get("/imports"))["items"] == []
    assert (await office("POST", "/sessions", json=booking)).status == 201


async def test_a_file_may_come_in_any_encoding(office: Caller) -> None:
    octets = b64encode(PLAIN.encode("gb18030")).decode()
    made = await office(
        "POST", "/imports/calendars", json=a_file(content=None, content_base64=octets)
    )
    assert (await made.json())["report"]["remarks"] == []


@pytest.mark.parametrize(
    ("fields", "pointer", "said"),
    [
        ({"content": "<html>请登录</html>"}, "/content", "web page"),
        ({"content": PLAIN[:-9]}, "/content", "END:VCALENDAR"),
        ({"content": None, "content_base64": "QQ"}, "/content_base64", "base64"),
        ({"content": None, "content_base64": "PGh0bWw+"}, "/content_base64", "web page"),
        ({"content": None}, "/address", "address"),
        ({"address": "https://example.cn/a.ics"}, "/content", "address"),
        ({"room": "JS-R1"}, "/room", "teacher"),
        (
            {"content": None, "address": "http://127.0.0.1/s3cret"},
            "/address",
            "LIANKE_IMPORT_HOSTS",
        ),
        ({"content": None, "address": "file:///etc/passwd"}, "/address", "https://"),
    ],
)
async def test_what_cannot_be_read_is_told_with_its_place(
    office: Caller, fields: dict[str, Any], pointer: str, said: str
) -> None:
    refused = await office("POST", "/imports/calendars", json=a_file(**fields))
    problem = await refused.json()
    assert refused.status == 422
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert said in problem["errors"][0]["detail"]
    assert "s3cret" not in await refused.text()


async def test_an_address_is_kept_and_only_its_host_is_told(office: Caller) -> None:
    wish = a_file(content=None, address="webcal://calendar.example.cn/s3cret.ics")
    made = await office("POST", "/imports/calendars", json=wish)
    assert made.status == 201
    listed = await office("GET", "/imports")
    assert "s3cret" not in await made.text() + await listed.text()
    (told,) = (await listed.json())["items"]
    assert (told["host"], told["state"]) == ("calendar.example.cn", "waiting")


async def test_an_import_is_seen_by_its_owner_and_the_office_only(as_: As) -> None:
    made = await (await as_("JS-coordinator")("POST", "/imports/calendars", json=a_file())).json()
    address = f"/imports/{made['id']}"
    for name, sees in (
        ("JS-coordinator", True),
        ("office", True),
        ("TF1-coordinator", False),
        ("observer", False),
    ):
        assert bool((await as_(name).get("/imports"))["items"]) is sees
        assert (await as_(name)("GET", address)).status == (200 if sees else 404)
    removed = await as_("TF1-coordinator")("DELETE", address, headers={"If-Match": "*"})
    assert removed.status == 404
    for name in ("TF1-coordinator", "observer"):
        refused = await as_(name)("POST", "/imports/calendars", json=a_file())
        assert refused.status == 403


async def test_an_import_is_changed_by_who_has_read_it(
    office: Caller, booking: dict[str, Any]
) -> None:
    made = await (await office("POST", "/imports/calendars", json=a_file())).json()
    address = f"/imports/{made['id']}"
    assert (await office("PATCH", address, json={"soft": True})).status == 428
    stale = await office("PATCH", address, json={"soft": True}, headers={"If-Match": '"9"'})
    assert stale.status == 412
    headers = {"If-Match": '"1"'}
    softer = await office("PATCH", address, json={"soft": True}, headers=headers)
    assert (softer.status, softer.headers["ETag"], (await softer.json())["soft"]) == (
        200,
        '"2"',
        True,
    )
    assert (await office("POST", "/sessions", json=booking)).status == 201
    nothing = PLAIN.replace(EVENT, "")
    headers = {"If-Match": '"2"'}
    emptied = await office("PATCH", address, json={"content": nothing}, headers=headers)
    assert (await emptied.json())["report"]["remarks"] == [
        "The calendar takes no time any more; when it was read last it took 1 stretches."
    ]


async def test_a_file_has_no_address_to_read_again(office: Caller) -> None:
    made = await (await office("POST", "/imports/calendars", json=a_file())).json()
    refused = await office("POST", f"/imports/{made['id']}/refresh", headers={"If-Match": "*"})
    assert refused.status == 409
    wish = a_file(content=None, address="https://calendar.example.cn/a.ics")
    made = await (await office("POST", "/imports/calendars", json=wish)).json()
    asked = await office("POST", f"/imports/{made['id']}/refresh", headers={"If-Match": '"1"'})
    assert (asked.status, (await asked.json())["revision"]) == (200, 2)


async def test_removing_an_import_frees_its_time(office: Caller, booking: dict[str, Any]) -> None:
    made = await (await office("POST", "/imports/calendars", json=a_file())).json()
    address = f"/imports/{made['id']}"
    # Whoever has judged by the imported time must not go on judging by what it remembers.
    assert (await office("POST", "/sessions", json=booking)).status == 409
    assert (await office("DELETE", address)).status == 428
    removed = await office("DELETE", address, headers={"If-Match": '"1"'})
    assert removed.status == 204
    assert (await office("POST", "/sessions", json=booking)).status == 201
    assert (await office("GET", address)).status == 404


async def test_the_same_key_imports_once(office: Caller) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = await office("POST", "/imports/calendars", json=a_file(), headers=headers)
    second = await office("POST", "/imports/calendars", json=a_file(), headers=headers)
    assert (first.status, await first.json()) == (second.status, await second.json())
    assert len((await office.get("/imports"))["items"]) == 1
    other = await office("POST", "/imports/calendars", json=a_file(soft=True), headers=headers)
    assert other.status == 422


async def test_availability_shows_imported_time_without_its_title(office: Caller) -> None:
    await office("POST", "/imports/calendars", json=a_file(soft=True))
    starts, ends = "2026-09-08T14:00:00%2B08:00", "2026-09-08T15:00:00%2B08:00"
    question = f"/availability?kind=teacher&id=JS-T1&starts={starts}&ends={ends}"
    found = await office.get(question)
    uses = [(each["use"], each["what"]) for each in found["items"][0]["stretches"]]
    assert ("softly_occupied", "occupied, may give way") in uses


async def test_imported_time_leaves_no_window_to_those_whom_it_takes(office: Caller) -> None:
    query = "/windows?schools=TF1,JS&date=2026-09-08&grade=3"
    at_two = "2026-09-08T06:00:00Z"
    await office("POST", "/imports/calendars", json=a_file())
    starts = [each["slot"]["starts"] for each in (await office.get(query))["items"]]
    with_teacher = (await office.get(f"{query}&teachers=JS-T1,JS-T2"))["items"]
    assert at_two in starts
    assert at_two not in [each["slot"]["starts"] for each in with_teacher]
    free = (await office.get(f"{query}&teachers=JS-T2&rooms=JS-R1"))["items"]
    assert [each["slot"]["starts"] for each in free] == starts


async def test_soft_imported_time_is_marked_in_windows(office: Caller) -> None:
    await office("POST", "/imports/calendars", json=a_file(soft=True))
    query = "/windows?schools=TF1,JS&date=2026-09-08&grade=3&teachers=JS-T1"
    marked = {
        each["slot"]["starts"]: [one["resource"]["id"] for one in each["softly_occupied"]]
        for each in (await office.get(query))["items"]
    }
    assert marked.pop("2026-09-08T06:00:00Z") == ["JS-T1"]
    assert not any(marked.values())


async def test_a_weekly_window_tells_on_which_dates_imported_time_is_in_its_way(
    office: Caller,
) -> None:
    room = a_file(teacher=None, room="JS-R1")
    await office("POST", "/imports/calendars", json=room)
    query = "/windows/weekly?schools=TF1,JS&term=TF1-2026-1&weekday=2&weeks=1-4&grade=3&rooms=JS-R1"
    found = (await office.get(query))["items"]
    at_two = next(each for each in found if each["weekly"]["starts"] == "14:00:00")
    (missed,) = at_two["missed"]
    assert (missed["date"], missed["school"]) == ("2026-09-08", "JS")
    assert missed["why"] == "JS 互动教室1 is occupied."


async def test_windows_for_somebody_unknown_are_refused(office: Caller) -> None:
    refused = await office("GET", "/windows?schools=TF1,JS&date=2026-09-08&rooms=JS-R9")
    assert refused.status == 422
    assert (await refused.json())["errors"][0]["pointer"] == "?rooms"
