"""Link tests over HTTP: told by each school, red when one is missing, told once (E59)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from scheduler.jobs import warn_in_time
from scheduler.members import Alliance
from scheduler.model import Actor, ActorRole
from scheduler.store import Store, Transaction
from tests.builders import NOW, an_alliance, at
from tests.scheduler.http.conftest import As, Clock

Json = dict[str, Any]
Tell = Callable[..., Awaitable[int]]


@pytest.fixture
async def lesson(as_: As, booking: Json) -> Json:
    """TF1 teaches JS at 14:00; both have agreed."""
    made = await (await as_("TF1-coordinator")("POST", "/sessions", json=booking)).json()
    says = {"school": "JS", "says": "yes"}
    path, tag = f"/sessions/{made['id']}/answers", {"If-Match": f'"{made["revision"]}"'}
    answer = await as_("JS-coordinator")("POST", path, json=says, headers=tag)
    confirmed = dict(await answer.json())
    assert confirmed["state"] == "confirmed"
    return confirmed


@pytest.fixture
def tell(as_: As, lesson: Json) -> Tell:
    async def told(school: str, *, passed: bool, by: str = "office", note: str = "") -> int:
        test = {"school": school, "passed": passed, "note": note}
        answer = await as_(by)("POST", f"/sessions/{lesson['id']}/link-tests", json=test)
        return answer.status

    return told


@pytest.fixture
async def ten_minutes_before(store: Store) -> None:
    """The alliance wishes to be told so long before."""
    office = Actor(name="office", role=ActorRole.ALLIANCE_ADMIN)

    async def wish(transaction: Transaction) -> None:
        stored = await transaction.get(Alliance, an_alliance().alliance.id)
        record = replace(stored.record, link_test_minutes=10)
        await transaction.put(record, revision=stored.revision)

    await store.write(wish, actor=office, now=NOW)


async def test_each_school_tests_its_own_link(as_: As, lesson: Json, tell: Tell) -> None:
    path = f"/sessions/{lesson['id']}/link-tests"
    before = await as_("teacher").get(path)
    assert (before["state"], before["fallback"]) == ("amber", [])
    assert [(each["school"], each["test"]) for each in before["schools"]] == [
        ("TF1", None),
        ("JS", None),
    ]
    assert await tell("JS", passed=True, by="it") == 403
    assert await tell("TF1", passed=True, by="it") == 200
    assert await tell("JS", passed=True, by="JS-coordinator") == 200
    after = await as_("teacher").get(path)
    assert after["state"] == "green"
    assert {each["test"]["tested_by"] for each in after["schools"]} == {"电教", "锦水教导处"}
    assert await tell("CB", passed=True) == 404


async def test_what_failed_is_red_at_once_with_a_fallback(
    as_: As, lesson: Json, tell: Tell
) -> None:
    assert await tell("JS", passed=False, note="话筒无声") == 200
    status = await as_("teacher").get(f"/sessions/{lesson['id']}/link-tests")
    assert status["state"] == "red"
    assert any("At JS JS 教师1 teaches the class." in each for each in status["fallback"])
    assert any(each.startswith("Another room") for each in status["fallback"])
    for school in ("TF1", "JS"):
        told = (await as_("office").get(f"/notices?school={school}"))["items"]
        red = [each for each in told if each["sentence"].startswith("Red: JS")]
        assert red
        assert all("话筒无声" in each["sentence"] for each in red)


@pytest.mark.usefixtures("ten_minutes_before")
async def test_e59_who_has_not_tested_ten_minutes_before_is_told_once(
    as_: As,
    lesson: Json,
    tell: Tell,
    store: Store,
    clock: Clock,
) -> None:
    async def told() -> set[tuple[str, str | None]]:
        found = (await as_("office").get("/notices?limit=200"))["items"]
        return {
            (each["school"], each["teacher"])
            for each in found
            if each["sentence"].startswith("Red:")
        }

    assert await tell("TF1", passed=True) == 200
    clock.now = at("13:49").starts
    await warn_in_time(store, clock)
    assert await told() == set()
    clock.now = at("13:50").starts
    for _ in range(2):
        await warn_in_time(store, clock)
    # JS has not tested: its IT (the school) and its teacher are told, and the teacher who leads.
    assert await told() == {("JS", None), ("JS", "JS-T1"), ("TF1", "TF1-T1")}
    status = await as_("teacher").get(f"/sessions/{lesson['id']}/link-tests")
    assert (status["state"], status["fallback"] != []) == ("red", True)
    everything = (await as_("office").get("/notices?limit=200"))["items"]
    assert len([each for each in everything if each["sentence"].startswith("Red:")]) == 3


async def test_nobody_is_told_where_all_have_passed_or_nobody_wishes_it(
    as_: As, tell: Tell, store: Store, clock: Clock
) -> None:
    clock.now = at("13:55").starts
    await warn_in_time(store, clock)
    assert await tell("TF1", passed=True) == await tell("JS", passed=True) == 200
    found = (await as_("office").get("/notices?limit=200"))["items"]
    assert not any(each["sentence"].startswith("Red:") for each in found)


async def test_a_test_is_no_change_for_calendars_and_is_lost_when_the_room_changes(
    as_: As, lesson: Json, tell: Tell
) -> None:
    assert await tell("JS", passed=True) == 200
    assert await tell("TF1", passed=True) == 200
    tested = await as_("office").get(f"/sessions/{lesson['id']}")
    assert tested["sequence"] == lesson["sequence"]
    sites = [
        {name: site[name] for name in ("school", "role", "teacher", "class_groups")}
        | {"room": "JS-R2" if site["school"] == "JS" else site["room"]}
        for site in tested["sites"]
    ]
    tag = {"If-Match": f'"{tested["revision"]}"'}
    moved = await as_("office")(
        "PATCH", f"/sessions/{lesson['id']}", json={"sites": sites}, headers=tag
    )
    assert moved.status == 200, await moved.text()
    tests = {each["school"]: each["link_test"] for each in (await moved.json())["sites"]}
    assert (tests["JS"], tests["TF1"] is not None) == (None, True)
