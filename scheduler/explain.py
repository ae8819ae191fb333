"""What a decoder's complaint means to the person who wrote the value, in both languages."""

import re
from typing import Final

import msgspec

from calendars.text import InvalidValueError, Text

_PATH: Final = re.compile(
    r"^(?P<complaint>.*?)(?: - at `(?P<path>(?:key in )?\$[^`]*)`)?$", re.DOTALL
)
_MISSING: Final = re.compile(r"Object missing required field `(.+?)`")
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_TYPES: Final = {
    "int": "整数",
    "str": "文本",
    "bool": "true 或 false",
    "array": "列表",
    "object": "对象",
    "float": "数字",
    "null": "空值",
    "datetime": "带时区的时间",
    "date": "日期",
    "time": "时刻",
}
_COMPLAINTS: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = tuple(
    (re.compile(pattern), zh, en)
    for pattern, zh, en in (
        (r"Object missing required field `(.+)`", "缺少必填项 {0}。", "{0} is required."),
        (
            r"Object contains unknown field `(.+)`",
            "没有名为 {0} 的字段。",
            "There is no field {0}.",
        ),
        (
            r"Expected `(.+)` matching regex .*",
            "格式不对：不能含控制字符，编号只能用字母、数字和 . : _ -。",
            "Not in the form asked for: no control characters; ids use letters, digits, . : _ -.",
        ),
        (
            r"Expected `(.+)` of length >= (\d+)",
            "至少需要 {1} 个字符或元素。",
            "Needs a length of at least {1}.",
        ),
        (
            r"Expected `(.+)` of length <= (\d+)",
            "最多允许 {1} 个字符或元素。",
            "Allows a length of at most {1}.",
        ),
        (r"Expected `(.+)` >= (-?[\d.]+)", "不能小于 {1}。", "Must be at least {1}."),
        (r"Expected `(.+)` <= (-?[\d.]+)", "不能大于 {1}。", "Must be at most {1}."),
        (
            r"Invalid enum value (.+)",
            "{0} 不是允许的取值。",
            "{0} is not one of the allowed values.",
        ),
        (
            r"Invalid RFC3339 encoded datetime",
            "不是带时区偏移的时间，例如 2026-09-08T08:30:00+08:00。",
            "Not a time with offset, such as 2026-09-08T08:30:00+08:00.",
        ),
        (
            r"Invalid RFC3339 encoded date",
            "不是日期，例如 2026-09-08。",
            "Not a date, such as 2026-09-08.",
        ),
        (
            r"Invalid RFC3339 encoded time",
            "不是时刻，例如 08:30:00。",
            "Not a time of day, such as 08:30:00.",
        ),
    )
)
_EXPECTED: Final = re.compile(r"Expected `(.+)`, got `(.+)`")


def pointer_of(error: msgspec.ValidationError) -> str:
    """Where the value stands, as an RFC 6901 pointer: `/sites/0/room`."""
    found = _PATH.match(str(error))
    path = (found and found["path"]) or "$"
    pointer = "".join(f"/{name or index}" for name, index in _STEP.findall(path))
    cause, missing = error.__cause__, _MISSING.match(str(error))
    if isinstance(cause, InvalidValueError) and cause.field:
        return f"{pointer}/{cause.field}"
    return f"{pointer}/{missing[1]}" if missing else pointer


def is_missing(error: msgspec.ValidationError) -> bool:
    """Whether what stands at its pointer was left out."""
    return _MISSING.match(str(error)) is not None


def explain(error: msgspec.ValidationError) -> Text:
    """What is wrong with the value and what would do."""
    if isinstance(error.__cause__, InvalidValueError):
        return error.__cause__.text
    found = _PATH.match(str(error))
    complaint = found["complaint"] if found else str(error)
    for pattern, zh, en in _COMPLAINTS:
        if matched := pattern.fullmatch(complaint):
            return Text(zh.format(*matched.groups()), en.format(*matched.groups()))
    if matched := _EXPECTED.fullmatch(complaint):
        wanted, got = (
            " | ".join(_TYPES.get(t, t) for t in group.split(" | ")) for group in matched.groups()
        )
        return Text(f"应为{wanted}，而不是{got}。", f"{complaint}.")
    return Text(f"取值无效: {complaint}。", f"{complaint}.")
