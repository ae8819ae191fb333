"""What the types of the wire look like: one reading for parsing and for the OpenAPI document."""

import types
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime, time
from functools import cache
from typing import (
    Annotated,
    Any,
    Final,
    Generic,
    NewType,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from msgspec import Meta, inspect

from calendars.fields import IDENTIFIER, NOTE

LARGEST_WHOLE_NUMBER: Final = 1_000_000
MOST_ELEMENTS: Final = 2_000
MOST_IN_A_QUERY: Final = 50
"""An address has room for no more."""

# What a type of the core leaves open is bounded here: no value may overflow a clock or a column.
_TIGHTENED: Final[dict[object, object]] = {
    str: Annotated[str, NOTE],
    int: Annotated[int, Meta(ge=-LARGEST_WHOLE_NUMBER, le=LARGEST_WHOLE_NUMBER)],
    datetime: Annotated[datetime, Meta(tz=True)],
    time: Annotated[time, Meta(tz=False)],
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A single value; msgspec knows how to read it."""

    hint: Any

    @property
    def is_number_or_truth(self) -> bool:
        """Whether JSON does not write it as text."""
        return isinstance(self._kind, inspect.IntType | inspect.BoolType)

    @property
    def is_moment(self) -> bool:
        """Whether it is a date with a time and an offset."""
        return isinstance(self._kind, inspect.DateTimeType)

    @property
    def _kind(self) -> inspect.Type:
        kind = inspect.type_info(self.hint)
        return kind.type if isinstance(kind, inspect.Metadata) else kind


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value or null."""

    inner: "Shape"


@dataclass(frozen=True, slots=True)
class Many:
    """A list."""

    element: "Shape"
    fewest: int = 0
    most: int = MOST_ELEMENTS


@dataclass(frozen=True, slots=True)
class Member:
    """One field of an object; `default` is MISSING where a value must be given."""

    name: str
    shape: "Shape"
    default: Any

    @property
    def is_required(self) -> bool:
        return self.default is MISSING


@dataclass(frozen=True, slots=True)
class Whole:
    """An object: a frozen dataclass."""

    cls: type
    name: str
    members: tuple[Member, ...]


Shape = Leaf | Maybe | Many | Whole


def shape_of(hint: Any) -> Shape:  # noqa: ANN401 - a type hint has no type of its own
    """How a value of this type looks on the wire."""
    return _shape_of(hint)


@cache
def _shape_of(hint: Any) -> Shape:  # noqa: ANN401 - as above
    hint, limits = _without_limits(hint)
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        (inner,) = (part for part in get_args(hint) if part is not types.NoneType)
        return Maybe(shape_of(inner))
    if origin is tuple:
        element, _ = get_args(hint)
        return Many(
            shape_of(element),
            max((limit.min_length or 0 for limit in limits), default=0),
            min((limit.max_length or MOST_ELEMENTS for limit in limits), default=MOST_ELEMENTS),
        )
    cls = origin or hint
    if is_dataclass(cls):
        return _whole(cls, hint)
    if limits:
        return Leaf(Annotated[hint, *limits])
    if isinstance(hint, NewType):
        return Leaf(Annotated[str, IDENTIFIER])
    return Leaf(_TIGHTENED.get(hint, hint))


def _without_limits(hint: Any) -> tuple[Any, tuple[Meta, ...]]:  # noqa: ANN401 - as above
    if get_origin(hint) is not Annotated:
        return hint, ()
    inner, *limits = get_args(hint)
    return inner, tuple(limits)


def _whole(cls: Any, hint: Any) -> Whole:  # noqa: ANN401 - as above
    hints = get_type_hints(cls, include_extras=True)
    bound = dict(zip(_parameters(cls), get_args(hint), strict=True))
    name = cls.__name__ + "".join(f"Of{part.__name__}" for part in get_args(hint))
    return Whole(
        cls,
        name,
        tuple(
            Member(field.name, shape_of(_bind(hints[field.name], bound)), field.default)
            for field in fields(cls)
        ),
    )


def _parameters(cls: Any) -> tuple[TypeVar, ...]:  # noqa: ANN401 - as above
    return getattr(cls, "__parameters__", ()) if issubclass(cls, Generic) else ()


def _bind(hint: Any, bound: dict[TypeVar, Any]) -> Any:  # noqa: ANN401 - as above
    parameters = getattr(hint, "__parameters__", ())
    if isinstance(hint, TypeVar):
        return bound[hint]
    return hint[tuple(bound[parameter] for parameter in parameters)] if parameters else hint
