from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated

import msgspec
import pytest

from calendars.slots import Slot
from calendars.text import Text
from scheduler.explain import explain, pointer_of
from scheduler.members import Name, RoomTier


@dataclass(frozen=True)
class Inner:
    no: Annotated[int, msgspec.Meta(ge=1, le=9)]


@dataclass(frozen=True)
class Wish:
    name: Name = "x"
    tier: RoomTier = RoomTier.LEAD
    inner: tuple[Inner, ...] = ()
    slot: Slot | None = None
    on: date | None = None
    at: time | None = None
    since: datetime | None = None


@pytest.mark.parametrize(
    ("body", "pointer", "text"),
    [
        (
            b'{"inner":[{"no":1},{"no":0}]}',
            "/inner/1/no",
            Text("不能小于 1。", "Must be at least 1."),
        ),
        (b'{"inner":[{"no":10}]}', "/inner/0/no", Text("不能大于 9。", "Must be at most 9.")),
        (b'{"inner":[{}]}', "/inner/0/no", Text("缺少必填项 no。", "no is required.")),
        (
            b'{"tier":"cinema"}',
            "/tier",
            Text("'cinema' 不是允许的取值。", "'cinema' is not one of the allowed values."),
        ),
        (
            b'{"name":""}',
            "/name",
            Text("至少需要 1 个字符或元素。", "Needs a length of at least 1."),
        ),
        (
            b'{"name":7}',
            "/name",
            Text("应为文本，而不是整数。", "Expected `str`, got `int`."),
        ),
        (
            b'{"on":"tomorrow"}',
            "/on",
            Text("不是日期，例如 2026-09-08。", "Not a date, such as 2026-09-08."),
        ),
        (
            b'{"slot":{"starts":"2026-09-08T09:00:00Z","ends":"2026-09-08T08:00:00Z"}}',
            "/slot/ends",
            Text(
                "结束时间 2026-09-08T08:00:00+00:00 必须晚于开始时间 2026-09-08T09:00:00+00:00。",
                "The end 2026-09-08T08:00:00+00:00 must come after the start "
                "2026-09-08T09:00:00+00:00.",
            ),
        ),
    ],
)
def test_a_complaint_says_where_and_what_would_do(body: bytes, pointer: str, text: Text) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.json.decode(body, type=Wish)
    assert (pointer_of(refused.value), explain(refused.value)) == (pointer, text)
