"""Everything wrong with a body is told at once, with its place; nothing in it is our fault."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from io import BytesIO
from typing import Annotated, Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta

from calendars.bells import BellSchedule
from scheduler.disruptions.suspending import SuspensionWish
from scheduler.http.api import ROUTES
from scheduler.http.bodies import UNREADABLE, _decode, build, build_leaf
from scheduler.http.expectations import expectation
from scheduler.http.faults import Fault, NotJsonError
from scheduler.http.shapes import Leaf, Many, Maybe, Shape, Whole, shape_of
from scheduler.members import Room
from scheduler.model import Booking, Kind, Request, SiteWish
from tests.scheduler.http.conftest import Caller


def read(hint: Any, value: object) -> tuple[object, list[Fault]]:
    faults: list[Fault] = []
    return build(shape_of(hint), value, "", faults), faults


def places(hint: Any, value: object) -> dict[str, str]:
    return {fault.pointer: fault.detail.en for fault in read(hint, value)[1]}


def test_a_sound_body_becomes_a_value(booking: dict[str, Any]) -> None:
    value, faults = read(Booking, booking)
    assert faults == []
    assert isinstance(value, Booking)
    assert value.kind is Kind.LESSON
    assert value.sites[1] == SiteWish(**booking["sites"][1] | {"class_groups": ("JS-C1",)})


def test_every_fault_is_found_and_not_only_the_first(booking: dict[str, Any]) -> None:
    booking |= {"title": "", "grade": 13, "kind": "lession", "colour": "red"}
    booking["slot"] = {"starts": "2026-09-08T14:00:00", "ends": 5}
    booking["sites"][1]["shift_minutes"] = "5"
    del booking["sites"][0]["role"]
    found = places(Booking, booking)
    assert set(found) == {
        "/colour",
        "/title",
        "/kind",
        "/grade",
        "/slot/starts",
        "/slot/ends",
        "/sites/0/role",
        "/sites/1/shift_minutes",
    }
    assert found["/kind"].endswith("Did you mean lesson?")
    assert found["/sites/1/shift_minutes"] == "Expected a whole number from -30 to 30."


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"weeks": "8-3"}, "/weeks"),
        ({"weeks": "1-99"}, "/weeks"),
        ({"earliest": "12:00", "latest": "11:00"}, "/latest"),
        ({"on_decline": "quorum", "quorum": 40}, "/quorum"),
        ({"must_have": ["QB"]}, "/must_have"),
        ({"after": [{"request": "r2"}, {"request": "r2"}]}, "/after"),
        ({"after": [{"request": "r1"}]}, "/after"),
    ],
)
def test_a_field_that_does_not_fit_the_others_is_named(
    booking: dict[str, Any], changed: dict[str, Any], pointer: str
) -> None:
    del booking["slot"]
    request = booking | {"id": "r1", "school": "TF1", "term": "TF1-2026-1"}
    assert read(Request, request)[1] == []
    assert list(places(Request, request | changed)) == [pointer]


def test_an_unknown_field_is_refused_with_the_nearest_known(booking: dict[str, Any]) -> None:
    booking["titel"] = "x"
    assert places(Booking, booking)["/titel"].endswith("Did you mean title?")


def test_a_pointer_escapes_slashes_and_tildes(booking: dict[str, Any]) -> None:
    booking["a/b~c"] = 1
    assert list(places(Booking, booking)) == ["/a~1b~0c"]


def test_a_value_that_cannot_exist_is_told_in_both_languages(booking: dict[str, Any]) -> None:
    slot = booking["slot"]
    slot["starts"], slot["ends"] = slot["ends"], slot["starts"]
    (fault,) = read(Booking, booking)[1]
    assert (fault.pointer, fault.value) == ("/slot/ends", slot["ends"])
    assert "必须晚于" in fault.detail.zh
    assert "must come after" in fault.detail.en


@pytest.mark.parametrize(
    "text",
    [b"", b"  ", b"{", b"{'a': 1}", b'{"a": NaN}', b'{"a": -Infinity}', b"[" * 100_000, b"\xff{}"],
)
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(NotJsonError):
        _decode(text)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert _decode(b"\xef\xbb\xbf{}") == {}


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ('{"id": "R", "id": "S", "school": "TF1", "name": "n"}', "/id"),
        ('{"id": "R", "school": "TF1", "name": "n", "seats": %s}' % ("9" * 5000), "/seats"),
        ('{"id": "R", "school": "TF1", "name": "n", "seats": 1e999}', "/seats"),
        ('{"id": "R", "school": "TF1", "name": "n", "seats": -1}', "/seats"),
        ('{"id": "R", "school": "TF1", "name": "n", "seats": true}', "/seats"),
        ('{"id": "R", "school": "TF1", "name": "\\ud800"}', "/name"),
        ('{"id": "R", "school": "TF1", "name": "a\\u0000b"}', "/name"),
        ('{"id": "R", "school": "TF1", "name": "a\\u001bb"}', "/name"),
        ('{"id": "R", "school": "TF1", "name": "a\\u202eb"}', "/name"),
        ('{"id": "R", "school": "TF1", "name": "a\\u200b"}', "/name"),
        ('{"id": "R\\u0000", "school": "TF1", "name": "n"}', "/id"),
        ('{"id": "R", "school": "T F", "name": "n"}', "/school"),
        ('{"id": "R", "school": "TF1", "name": "n", "\\ud800": 1}', "/\\ud800"),
        ("[]", ""),
        ("null", ""),
        ('"x"', ""),
    ],
)
def test_hostile_json_gets_its_place(text: str, pointer: str) -> None:
    value, faults = read(Room, _decode(text.encode()))
    assert value is UNREADABLE
    assert [fault.pointer for fault in faults] == [pointer]
    json.dumps(faults[0].pointer).encode()


def test_a_sign_that_nobody_sees_is_named() -> None:
    (fault,) = read(Room, {"id": "R", "school": "TF1", "name": "教室\u200b一\u202e"})[1]
    assert fault.value == "教室\\u200b一\\u202e"
    assert fault.detail.zh == "含有看不见的字符（\\u200b\\u202e），请删去。"
    for name in ("👩\u200d🏫 工作室", "3\ufe0f班", "Ó Sé"):
        assert read(Room, {"id": "R", "school": "TF1", "name": name})[1] == []


def test_no_field_is_described_by_a_pattern(booking: dict[str, Any]) -> None:
    found = places(Booking, booking | {"join_url": "http://x"})
    assert found["/join_url"].startswith("Expected a link that begins with https://")
    for route in ROUTES:
        for at, leaf in texts_of(shape_of(route.body), route.path):
            assert "\\" not in expectation(leaf.hint).en, at


@pytest.mark.parametrize("far", ["9999-12-31", "0001-01-01"])
def test_a_date_beyond_all_reckoning_is_told_with_its_place(far: str) -> None:
    closed = {"date": far, "everyone": True, "reason": "台风"}
    (fault,) = read(SuspensionWish, closed)[1]
    assert (fault.pointer, fault.value) == ("/date", far)


def test_thousands_of_unknown_fields_are_told_in_part() -> None:
    body = {f"x{no}": no for no in range(50_000)}
    assert len(read(Room, body)[1]) < 40


def test_a_list_is_bounded(booking: dict[str, Any]) -> None:
    booking["sites"] = []
    assert places(Booking, booking) == {"/sites": "Expected a list of 1 to 40 elements."}


def test_bells_are_written_with_or_without_seconds() -> None:
    periods = [{"no": 1, "starts": "08:30", "ends": "09:10:00"}]
    body = {"id": "b", "school": "TF1", "name": "n", "periods": periods}
    bells, faults = read(BellSchedule, body)
    assert faults == []
    assert isinstance(bells, BellSchedule)
    assert bells.periods[0].starts == time(8, 30)


@dataclass(frozen=True)
class Plain:
    number: int
    words: str = ""


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["number", "words", "other"]), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
@settings(max_examples=200)
def test_any_json_is_either_a_value_or_told_why_not(value: object) -> None:
    built, faults = read(Plain, value)
    assert (built is UNREADABLE) == bool(faults)


async def test_only_json_in_utf_8_is_taken(office: Caller) -> None:
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=gbk",
    ):
        answer = await office("POST", "/rooms", data=b"{}", headers={"Content-Type": kind})
        assert answer.status == 415
    answer = await office(
        "POST", "/rooms", data=b"{}", headers={"Content-Type": "application/merge-patch+json"}
    )
    assert answer.status == 422


async def test_a_body_of_five_megabytes_is_refused(office: Caller) -> None:
    body = BytesIO(b'{"name": "' + b"x" * 5_000_000 + b'"}')
    answer = await office("POST", "/rooms", data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 413
    assert (await answer.json())["type"] == "/problems/too-large"


async def test_a_compressed_body_is_not_taken(office: Caller) -> None:
    for body in (gzip.compress(b"x" * 9_000_000), b"{}"):
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        assert (await office("POST", "/rooms", data=body, headers=headers)).status == 415


async def test_a_body_that_ends_in_the_middle_is_no_json(office: Caller) -> None:
    port = office.client.port
    assert port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /api/v1/rooms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer office\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"
    )
    answer = await reader.readline()
    writer.close()
    assert b" 400 " in answer


async def test_the_detail_tells_places_and_does_not_run_on(office: Caller) -> None:
    answer = await office("POST", "/rooms", json={f"x{no}": no for no in range(9)})
    problem = await answer.json()
    assert len(problem["errors"]) == 11
    assert problem["detail"].startswith("/x0: No such name; known are id, school, name,")
    assert problem["detail"].endswith("There are 6 more faults.")
    chinese = await office(
        "POST", "/rooms", json={"id": "R", "name": 5}, headers={"Accept-Language": "zh-CN"}
    )
    assert (await chinese.json())["detail"] == (
        "/school：缺少必填字段。/name：应为一行文字，不含控制字符，长度 1 到 120。"
    )


def texts_of(shape: Shape, at: str = "") -> Iterator[tuple[str, Leaf]]:
    """Every free text of a body, with where it stands."""
    match shape:
        case Maybe(inner):
            yield from texts_of(inner, at)
        case Many(element):
            yield from texts_of(element, f"{at}[]")
        case Whole(members=members):
            for member in members:
                yield from texts_of(member.shape, f"{at}/{member.name}")
        case Leaf(hint) if (get_args(hint) or [hint])[0] is str:
            yield at, shape


def test_no_body_takes_a_text_that_could_not_be_stored_and_read_again() -> None:
    texts = {
        (route.method, route.path, at): leaf
        for route in ROUTES
        for at, leaf in texts_of(shape_of(route.body))
    }
    assert len(texts) > 100
    for where, leaf in texts.items():
        longest = max((limit.max_length or 0 for limit in get_args(leaf.hint)[1:]), default=0)
        is_opened = where[2].endswith(("/address", "/content", "/signing_key"))  # or sealed
        for hostile in ["a" * max(longest + 1, 1001)] + ["a\0b"] * (not is_opened):
            faults: list[Fault] = []
            build_leaf(leaf, hostile, "", faults)
            assert faults, (where, hostile[:5])


def test_all_limits_of_a_field_hold() -> None:
    """msgspec adds several up, and so must the reading of a body."""
    reason = Annotated[str, Meta(min_length=1), Meta(max_length=3)]
    assert [len(read(reason, value)[1]) for value in ("", "abc", "abcd")] == [1, 0, 1]
