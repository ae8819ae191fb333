"""What would do in a field, in a sentence made from the field's own type."""

from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from msgspec import inspect

from calendars.fields import EXPECTED, IDENTIFIER, NAME, NOTE
from calendars.text import Text

_PATTERNS: Final[dict[str | None, Text]] = {
    None: Text("文字", "text"),
    IDENTIFIER.pattern: Text(
        "1 到 64 个字母、数字、点、冒号、短横线或下划线，以字母或数字开头",
        "1 to 64 letters, digits, dots, colons, dashes and underscores, a letter or digit first",
    ),
    NAME.pattern: Text("一行文字，不含控制字符", "one line of text without control characters"),
    NOTE.pattern: Text(
        "文字，除换行外不含控制字符", "text without control characters other than line feeds"
    ),
}
_KINDS: Final[dict[type, Text]] = {
    inspect.BoolType: Text("true 或 false", "true or false"),
    inspect.DateType: Text("日期，例如 2026-09-08", "a date such as 2026-09-08"),
    inspect.DateTimeType: Text(
        "带时区偏移的时间（RFC 3339），例如 2026-09-08T14:00:00+08:00",
        "a moment with its offset (RFC 3339), such as 2026-09-08T14:00:00+08:00",
    ),
    inspect.TimeType: Text(
        "不带时区的钟面时间，例如 08:30", "a wall-clock time without an offset, such as 08:30"
    ),
}


@cache
def expectation(hint: Any) -> Text:  # noqa: ANN401 - a type hint has no type of its own
    """A noun phrase for the values that a leaf type takes."""
    read = inspect.type_info(hint)
    if isinstance(read, inspect.Metadata) and read.extra and EXPECTED in read.extra:
        words: Text = read.extra[EXPECTED]
        return words
    kind = _bare(read)
    match kind:
        case inspect.StrType():
            return _of_text(kind)
        case inspect.IntType():
            return _of_number(kind)
        case inspect.EnumType():
            return _one_of([str(member.value) for member in kind.cls])
        case inspect.LiteralType():
            return _one_of([str(value) for value in kind.values])
    return _KINDS[type(kind)]


@cache
def is_for_people(hint: Any) -> bool:  # noqa: ANN401 - as above
    """Whether people read the text, so that signs which nobody sees have no place in it."""
    kind = _bare(inspect.type_info(hint))
    return isinstance(kind, inspect.StrType) and kind.pattern in {NAME.pattern, NOTE.pattern}


def refusal(hint: Any, value: object) -> Text:  # noqa: ANN401 - as above
    """Why a value does not do where `hint` is expected, and what would."""
    wanted = expectation(hint)
    space = " " if wanted.zh[0].isascii() else ""
    text = Text(f"应为{space}{wanted.zh}。", f"Expected {wanted.en}.")
    kind = _bare(inspect.type_info(hint))
    if isinstance(kind, inspect.EnumType) and isinstance(value, str):
        return _with_nearest(text, value, [str(member.value) for member in kind.cls])
    return text


def unknown_name(name: str, known: list[str]) -> Text:
    """That a field or parameter is not known, and the nearest one that is."""
    if not known:
        return Text("这里不接受任何参数。", "Nothing is taken here.")
    text = Text(
        f"没有这个名称；可用的有 {', '.join(known)}。",
        f"No such name; known are {', '.join(known)}.",
    )
    return _with_nearest(text, name, known)


def _with_nearest(text: Text, given: str, known: list[str]) -> Text:
    nearest = get_close_matches(given[:100], known, n=1)
    if not nearest:
        return text
    return Text(f"{text.zh}是否想写 {nearest[0]}？", f"{text.en} Did you mean {nearest[0]}?")


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _one_of(values: list[str]) -> Text:
    return Text(f"以下之一：{', '.join(values)}", f"one of {', '.join(values)}")


def _of_text(kind: inspect.StrType) -> Text:
    words = _PATTERNS[kind.pattern]
    if kind.max_length is None:
        return words
    if kind.min_length:
        return Text(
            f"{words.zh}，长度 {kind.min_length} 到 {kind.max_length}",
            f"{words.en}, {kind.min_length} to {kind.max_length} characters long",
        )
    return Text(
        f"{words.zh}，最长 {kind.max_length}", f"{words.en}, at most {kind.max_length} characters"
    )


def _of_number(kind: inspect.IntType) -> Text:
    if kind.ge is not None and kind.le is not None:
        return Text(f"{kind.ge} 到 {kind.le} 的整数", f"a whole number from {kind.ge} to {kind.le}")
    if kind.ge is not None:
        return Text(f"不小于 {kind.ge} 的整数", f"a whole number of at least {kind.ge}")
    return Text("整数", "a whole number")
