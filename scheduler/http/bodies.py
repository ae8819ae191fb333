"""JSON in, values out: everything wrong with a body is found at once and told with its place."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from itertools import islice
from typing import Any, Final, NoReturn, TypeVar

import msgspec
from aiohttp import web

from calendars.fields import UNSEEN, check_year
from calendars.text import InvalidValueError, Text
from scheduler.http.expectations import is_for_people, refusal, unknown_name
from scheduler.http.faults import (
    Fault,
    FaultyRequestError,
    NotJsonError,
    WrongMediaTypeError,
    printable,
    shown,
    value_at,
)
from scheduler.http.shapes import Leaf, Many, Maybe, Shape, Whole, shape_of

T = TypeVar("T")

LONGEST_BODY: Final = 1024 * 1024
MOST_STRANGERS: Final = 20
_LONGEST_NUMBER: Final = 18
_REQUIRED: Final = Text("缺少必填字段。", "This field is required.")


class _Ambiguous(dict[str, Any]):
    """A JSON object in which names come twice."""

    repeated: tuple[str, ...] = ()


class _Unreadable:
    """What stands for a value that could not be read, until all faults are told."""


UNREADABLE: Final = _Unreadable()


async def parse(
    request: web.Request, hint: type[T], given: Mapping[str, object] | None = None
) -> T:
    """The body as a value of `hint`; `given` fills fields that the body may leave out.

    `WrongMediaTypeError`, `NotJsonError`, or `FaultyRequestError` with every fault.
    """
    _require_json(request)
    value = _decode(await body_of(request))
    if given and isinstance(value, dict):
        value = {**given, **value} if not isinstance(value, _Ambiguous) else value
    faults: list[Fault] = []
    built = build(shape_of(hint), value, "", faults)
    if faults:
        raise FaultyRequestError(tuple(faults))
    result: T = built
    return result


async def body_of(request: web.Request) -> bytes:
    """The bytes sent; compressed ones are not taken (`WrongMediaTypeError`)."""
    coding = request.headers.get("Content-Encoding", "identity")
    if coding.lower() != "identity":
        raise WrongMediaTypeError(
            f"不接受压缩的请求正文（Content-Encoding: {printable(coding[:20])}）。",
            f"A compressed body is not taken (Content-Encoding: {printable(coding[:20])}).",
        )
    try:
        return await request.read()
    except web.RequestPayloadError:
        raise NotJsonError("请求正文没有完整到达。", "The body did not arrive whole.") from None


def build(shape: Shape, value: Any, pointer: str, faults: list[Fault]) -> Any:  # noqa: ANN401 - any JSON
    """The value that JSON describes, or UNREADABLE with the reasons added to `faults`."""
    match shape:
        case Maybe():
            return None if value is None else build(shape.inner, value, pointer, faults)
        case Many():
            return _build_many(shape, value, pointer, faults)
        case Whole():
            return _build_whole(shape, value, pointer, faults)
        case Leaf():
            return build_leaf(shape, value, pointer, faults)


def build_leaf(leaf: Leaf, value: object, pointer: str, faults: list[Fault]) -> object:
    """One value, read strictly: no number from text, no text from a number."""
    try:
        if isinstance(value, str):
            value.encode()  # a lone surrogate is no character
        if leaf.hint == _WALL_CLOCK and isinstance(value, str) and len(value) == len("08:30"):
            value += ":00"
        built: object = msgspec.convert(value, leaf.hint)
        if isinstance(built, date):
            check_year(built)
        if isinstance(built, str) and is_for_people(leaf.hint):
            _check_visible(built)
    except (msgspec.ValidationError, UnicodeEncodeError):
        faults.append(Fault(pointer=pointer, value=shown(value), detail=refusal(leaf.hint, value)))
        return UNREADABLE
    except InvalidValueError as error:
        faults.append(Fault(pointer=pointer, value=shown(value), detail=error.text))
        return UNREADABLE
    return built


def _check_visible(text: str) -> None:
    """Refuse marks that turn the direction of writing, or that nobody sees: names would deceive."""
    if unseen := "".join(sorted(set(UNSEEN.findall(text)))):
        raise InvalidValueError(
            f"含有看不见的字符（{printable(unseen)}），请删去。",
            f"It holds signs that nobody sees ({printable(unseen)}): leave them out.",
        )


_WALL_CLOCK: Final = shape_of(time).hint  # type: ignore[union-attr] # a time is a leaf


def _build_many(shape: Many, value: object, pointer: str, faults: list[Fault]) -> object:
    if not isinstance(value, list) or not shape.fewest <= len(value) <= shape.most:
        detail = Text(
            f"应为含 {shape.fewest} 到 {shape.most} 项的列表。",
            f"Expected a list of {shape.fewest} to {shape.most} elements.",
        )
        faults.append(Fault(pointer=pointer, value=shown(value), detail=detail))
        return UNREADABLE
    return tuple(
        build(shape.element, element, f"{pointer}/{no}", faults) for no, element in enumerate(value)
    )


def _build_whole(shape: Whole, value: object, pointer: str, faults: list[Fault]) -> object:
    if not isinstance(value, dict):
        detail = Text("应为一个 JSON 对象。", "Expected a JSON object.")
        faults.append(Fault(pointer=pointer, value=shown(value), detail=detail))
        return UNREADABLE
    before = len(faults)
    faults.extend(_strangers(shape, value, pointer))
    parts = {}
    for member in shape.members:
        place = f"{pointer}/{member.name}"
        if member.name in value:
            parts[member.name] = build(member.shape, value[member.name], place, faults)
        elif member.is_required:
            faults.append(Fault(pointer=place, detail=_REQUIRED))
    if len(faults) > before:
        return UNREADABLE
    return _made(shape.cls, parts, value, pointer, faults)


def _strangers(shape: Whole, value: dict[str, Any], pointer: str) -> list[Fault]:
    known = [member.name for member in shape.members]
    unknown = islice((name for name in value if name not in known), MOST_STRANGERS)
    strangers = [
        Fault(
            pointer=_below(pointer, name),
            value=shown(value[name]),
            detail=unknown_name(printable(name), known),
        )
        for name in unknown
    ]
    if isinstance(value, _Ambiguous):
        twice = Text("同一字段出现了两次。", "This field is given twice.")
        strangers += [
            Fault(pointer=_below(pointer, name), detail=twice)
            for name in value.repeated[:MOST_STRANGERS]
        ]
    return strangers


def _made(
    cls: Callable[..., object],
    parts: dict[str, object],
    sent: dict[str, Any],
    pointer: str,
    faults: list[Fault],
) -> object:
    try:
        return cls(**parts)
    except InvalidValueError as error:
        faults.append(fault_in(sent, error, pointer))
        return UNREADABLE


def fault_in(sent: object, error: InvalidValueError, pointer: str = "") -> Fault:
    """What cannot be meant in a part of the JSON that was sent, which stands at `pointer`."""
    place = f"{pointer}/{error.field}".rstrip("/")
    return Fault(pointer=place, value=value_at(error.field, sent), detail=error.text)


async def sent_in(request: web.Request) -> Any:  # noqa: ANN401 - any JSON
    """The JSON that was sent and has been parsed before; None where the address takes no body."""
    body = await request.read()
    return _decode(body) if body else None


def _below(pointer: str, name: str) -> str:
    return f"{pointer}/{printable(name[:100]).replace('~', '~0').replace('/', '~1')}"


def _require_json(request: web.Request) -> None:
    kind = request.content_type
    is_json = kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )
    if not is_json or (request.charset or "utf-8").lower().replace("_", "-") != "utf-8":
        sent = printable(request.headers.get("Content-Type", "")[:100]) or "-"
        raise WrongMediaTypeError(
            f"请求正文须为 UTF-8 的 JSON（Content-Type: application/json），而不是 {sent}。",
            f"The body must be JSON in UTF-8 (Content-Type: application/json), not {sent}.",
        )


def _decode(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    if not body.strip():
        raise NotJsonError("请求正文是空的，应为 JSON。", "The body is empty; JSON is expected.")
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_whole_number,
        )
    except json.JSONDecodeError as error:
        raise NotJsonError(
            f"请求正文不是有效的 JSON：第 {error.lineno} 行第 {error.colno} 列有误。",
            f"The body is not JSON: line {error.lineno}, column {error.colno}: {error.msg}.",
        ) from None
    except UnicodeDecodeError as error:
        raise NotJsonError(
            f"请求正文不是 UTF-8: 第 {error.start} 个字节有误。",
            f"The body is not UTF-8: see byte {error.start}.",
        ) from None
    except RecursionError:
        raise NotJsonError("JSON 嵌套过深。", "The JSON is nested too deeply.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) == len(pairs):
        return plain
    ambiguous = _Ambiguous(plain)
    ambiguous.repeated = tuple(
        name for name, times in Counter(name for name, _ in pairs).items() if times > 1
    )
    return ambiguous


def _refuse_constant(name: str) -> NoReturn:
    raise NotJsonError(f"JSON 中没有 {name}。", f"JSON knows no {name}.")


def _whole_number(digits: str) -> int | Decimal:
    # Python refuses to read very long integers; no field takes one, so the field's refusal answers.
    return int(digits) if len(digits) <= _LONGEST_NUMBER else Decimal(digits)
