from typing import Any

import pytest

from scheduler.http.faults import FaultyRequestError
from scheduler.http.paging import cursor_after, number_position, position
from tests.scheduler.http.conftest import Caller


async def test_following_the_cursor_reads_every_record_once(office: Caller) -> None:
    whole = (await office.get("/teachers?limit=500"))["items"]
    read: list[Any] = []
    page = await office.get("/teachers?limit=2")
    while True:
        assert 0 < len(page["items"]) <= 2
        read += page["items"]
        if page["next"] is None:
            break
        page = await office.get(f"/teachers?limit=2&cursor={page['next']}")
    assert read == whole
    assert len(read) == 9


async def test_a_list_may_be_that_of_one_school(office: Caller) -> None:
    rooms = await office.get("/rooms?school=JS")
    assert [room["id"] for room in rooms["items"]] == ["JS-R1", "JS-R2"]


async def test_the_audit_is_read_on_by_its_numbers(office: Caller) -> None:
    first = await office.get("/audit?limit=1")
    second = await office.get(f"/audit?limit=1&cursor={first['next']}")
    assert second["items"][0]["no"] == first["items"][0]["no"] + 1


@pytest.mark.parametrize("key", ["TF1", "班级", "a" * 64])
def test_a_cursor_leads_where_it_was_made(key: str) -> None:
    assert position(cursor_after(key)) == key


@pytest.mark.parametrize("cursor", ["A", "AA", "____", "YR", "gA"])
def test_a_cursor_is_of_our_own_making(cursor: str) -> None:
    with pytest.raises(FaultyRequestError):
        position(cursor)


@pytest.mark.parametrize("words", ["x", "1" * 40, "-1", "٣"])
def test_a_numbered_list_takes_a_number(words: str) -> None:
    with pytest.raises(FaultyRequestError):
        number_position(cursor_after(words))


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "?limit"),
        ("limit=501", "?limit"),
        ("limit=many", "?limit"),
        ("limit=1&limit=2", "?limit"),
        ("cursor=%00", "?cursor"),
        ("cursor=gA", "?cursor"),
        ("scholl=TF1", "?scholl"),
        ("school=T%20F", "?school"),
        ("dry_run=true", "?dry_run"),
    ],
)
async def test_a_wrong_parameter_is_named(office: Caller, query: str, pointer: str) -> None:
    answer = await office("GET", f"/rooms?{query}")
    assert answer.status == 422
    assert [fault["pointer"] for fault in (await answer.json())["errors"]] == [pointer]
