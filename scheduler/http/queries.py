"""Query strings in, values out, by the same types and with the same refusals as bodies."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta

from calendars.fields import NOTE
from calendars.text import InvalidValueError, Text
from scheduler.http.bodies import UNREADABLE, build_leaf
from scheduler.http.expectations import refusal, unknown_name
from scheduler.http.faults import Fault, FaultyRequestError, printable, shown
from scheduler.http.shapes import (
    MOST_IN_A_QUERY,
    Leaf,
    Many,
    Maybe,
    Shape,
    Whole,
    shape_of,
)

T = TypeVar("T")

DRY_RUN: Final = "dry_run"
REASON: Final = "reason"
Reason = Annotated[str, Meta(max_length=200, pattern=NOTE.pattern)]
"""Short enough for an address, in which a character may take twelve bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoQuery:
    """An address that takes no parameters."""


def parse_query(request: web.Request, hint: type[T], *, also: tuple[str, ...] = ()) -> T:
    """The parameters as a value of `hint`; those named in `also` are somebody else's to read."""
    shape = shape_of(hint)
    assert isinstance(shape, Whole)  # noqa: S101 - queries are dataclasses, by the registry's types
    known = [member.name for member in shape.members]
    faults = [
        Fault(
            pointer=f"?{printable(name[:100])}",
            value=shown(value),
            detail=unknown_name(printable(name), [*known, *also]),
        )
        for name, value in request.query.items()
        if name not in known and name not in also
    ]
    parts: dict[str, Any] = {}
    for member in shape.members:
        values = request.query.getall(member.name, [])
        if values:
            parts[member.name] = _read(member.shape, values, f"?{member.name}", faults)
        elif member.is_required:
            detail = Text("缺少必填参数。", "This parameter is required.")
            faults.append(Fault(pointer=f"?{member.name}", detail=detail))
    return _made(hint, parts, faults, request)


def _made(cls: type[T], parts: dict[str, Any], faults: list[Fault], request: web.Request) -> T:
    if not faults:
        try:
            return cls(**parts)
        except InvalidValueError as error:
            value = shown(request.query.get(error.field))
            faults.append(Fault(pointer=f"?{error.field}", value=value, detail=error.text))
    raise FaultyRequestError(tuple(faults))


def _read(shape: Shape, values: list[str], pointer: str, faults: list[Fault]) -> object:
    if len(values) > 1:
        detail = Text("参数只能出现一次。", "This parameter may be given once.")
        faults.append(Fault(pointer=pointer, value=shown(values[-1]), detail=detail))
        return UNREADABLE
    match shape:
        case Maybe():
            return _read(shape.inner, values, pointer, faults)
        case Many(element=Leaf() as leaf):
            parts = [part for part in values[0].split(",") if part]
            most = min(shape.most, MOST_IN_A_QUERY)
            if not shape.fewest <= len(parts) <= most:
                detail = Text(
                    f"应为 {shape.fewest} 到 {most} 项，用逗号分隔。",
                    f"Expected {shape.fewest} to {most} values, separated by commas.",
                )
                faults.append(Fault(pointer=pointer, value=shown(values[0]), detail=detail))
            return tuple(_read_leaf(leaf, part, pointer, faults) for part in parts)
        case Leaf():
            return _read_leaf(shape, values[0], pointer, faults)
    raise TypeError(f"{pointer} is of a shape that no query string can hold.")


def _read_leaf(leaf: Leaf, text: str, pointer: str, faults: list[Fault]) -> object:
    if leaf.is_moment:
        text = text.replace(" ", "+")  # a plus sign in an address stands for a space
    if not leaf.is_number_or_truth:
        return build_leaf(leaf, text, pointer, faults)
    try:
        read: object = msgspec.convert(text, leaf.hint, strict=False)
    except msgspec.ValidationError:
        faults.append(Fault(pointer=pointer, value=shown(text), detail=refusal(leaf.hint, text)))
        return UNREADABLE
    return read


def is_dry_run(request: web.Request) -> bool:
    """Whether the caller only wants to know what would be."""
    faults: list[Fault] = []
    values = request.query.getall(DRY_RUN, ["false"])
    answer = _read(Leaf(bool), values, f"?{DRY_RUN}", faults)
    if faults:
        raise FaultyRequestError(tuple(faults))
    return answer is True


def reason_of(request: web.Request) -> str:
    """Why the caller does it, for the audit; empty if nothing is said."""
    faults: list[Fault] = []
    values = request.query.getall(REASON, [""])
    answer = _read(Leaf(Reason), values, f"?{REASON}", faults)
    if faults:
        raise FaultyRequestError(tuple(faults))
    return str(answer)
