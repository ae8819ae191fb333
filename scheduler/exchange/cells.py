"""One cell of a spreadsheet <-> one value of a record, by the type of its field.

Lists are separated by `;`, the parts of a small value by `/`: `1;2;3`, `语文/2/afternoon`,
`2026-10-05T08:00+08:00/2026-10-05T18:00+08:00`.
"""

import re
import unicodedata
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Final, NewType, Union, get_args, get_origin, get_type_hints

MANY: Final = ";"
PARTS: Final = "/"
TRUE: Final = frozenset({"是", "true", "yes", "√"})
FALSE: Final = frozenset({"否", "false", "no", "×"})
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")


def plain(hint: Any) -> Any:  # noqa: ANN401 - a type hint has no type of its own
    """The type behind `Annotated`, `NewType` and `| None`."""
    while True:
        if get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif isinstance(hint, NewType):
            hint = hint.__supertype__
        elif get_origin(hint) in (Union, UnionType):
            hint = next(part for part in get_args(hint) if part is not type(None))
        else:
            return hint


def hints_of(kind: type) -> dict[str, Any]:
    """The plain type of every field."""
    return {name: plain(hint) for name, hint in get_type_hints(kind, include_extras=True).items()}


def read_cell(text: str, hint: Any) -> Any:  # noqa: ANN401 - what a decoder takes
    """What a decoder makes the value of: texts and lists of them. `text` is not empty."""
    hint = plain(hint)
    if get_origin(hint) is tuple:
        element = get_args(hint)[0]
        return [read_cell(part.strip(), element) for part in text.split(MANY) if part.strip()]
    if isinstance(hint, type) and is_dataclass(hint):
        parts = (part.strip() for part in text.split(PARTS))
        return {
            field.name: read_cell(part, hints_of(hint)[field.name])
            for field, part in zip(fields(hint), parts, strict=False)
            if part
        }
    return _read_plain(text, hint)


def _read_plain(text: str, hint: type) -> str | bool:
    if hint is str:
        return text[1:] if _FORMULA.match(text) and text.startswith("'") else text
    text = unicodedata.normalize("NFKC", text)
    if hint is bool:
        lowered = text.lower()
        return True if lowered in TRUE else False if lowered in FALSE else text
    if hint is time and (clock := re.fullmatch(r"(\d{1,2}):(\d{2})(:\d{2})?", text)):
        return f"{int(clock[1]):02}:{clock[2]}{clock[3] or ':00'}"
    if hint is date and (day := re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", text)):
        return f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}"
    if hint is datetime and (moment := re.fullmatch(r"(.+T\d{2}:\d{2})(Z|[+-]\d{2}:\d{2})", text)):
        return f"{moment[1]}:00{moment[2]}"
    return text


def write_cell(value: object) -> str:
    """The cell that `read_cell` reads as `value`; an apostrophe stops a formula (E67)."""
    if isinstance(value, tuple):
        return MANY.join(write_cell(element) for element in value)
    if is_dataclass(value):
        return PARTS.join(write_cell(getattr(value, field.name)) for field in fields(value))
    return _write_plain(value)


def _write_plain(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case time() | date():
            return (
                f"{value:%H:%M}"
                if isinstance(value, time) and not value.second
                else value.isoformat()
            )
        case str() if not isinstance(value, StrEnum) and _FORMULA.match(value):
            return f"'{value}"
    return str(value)
