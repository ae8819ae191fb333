"""The office reads who did what, and how things were."""

from typing import Any

from tests.scheduler.http.conftest import As, Caller, Clock


async def test_the_audit_is_read_by_kind_person_and_while(
    as_: As, office: Caller, clock: Clock
) -> None:
    await office("POST", "/districts", json={"id": "D1", "name": "D1"})
    clock.pass_by(hours=1)
    coordinator = as_("JS-coordinator")
    room = {"id": "JS-R9", "school": "JS", "name": "新教室"}
    await coordinator("POST", "/rooms", json=room)
    for query, subjects in (
        ("subject_kind=districts", ["D1"]),
        ("actor=锦水教导处", ["JS-R9"]),
        ("subject_kind=rooms&since=2026-08-20T02:00:00Z", ["JS-R9"]),
        ("subject_kind=rooms&subject_id=JS-R9&until=2026-08-20T02:00:00Z", []),
    ):
        items = (await office.get(f"/audit?{query}"))["items"]
        assert [entry["subject_id"] for entry in items] == subjects, query


async def test_how_a_session_was_is_told_for_a_moment(
    office: Caller, clock: Clock, booking: dict[str, Any]
) -> None:
    made = await (await office("POST", "/sessions", json=booking)).json()
    clock.pass_by(hours=1)
    cancelled = await office(
        "POST",
        f"/sessions/{made['id']}/cancellation",
        json={"reason": "停电"},
        headers={"If-Match": '"1"'},
    )
    assert cancelled.status == 200, await cancelled.text()
    states = f"/audit/states?kind=sessions&id={made['id']}&at="
    (then,) = (await office.get(f"{states}2026-08-20T01:30:00Z"))["items"]
    (now,) = (await office.get(f"{states}2026-08-20T10:00:00%2B08:00"))["items"]
    assert (then["state"]["state"], now["state"]["state"]) == (made["state"], "cancelled")
    assert (now["action"], now["actor"]) == ("cancel", "联盟办公室")
    assert (await office.get(f"{states}2026-08-20T00:30:00Z"))["items"] == []


async def test_only_the_office_looks_back(as_: As) -> None:
    for path in ("/audit", "/audit/states?kind=rooms&at=2026-08-20T01:30:00Z"):
        assert (await as_("JS-coordinator")("GET", path)).status == 403
