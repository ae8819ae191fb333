"""JSON Schemas of the wire's types, read from the same shapes that parse the requests."""

import inspect
from dataclasses import MISSING, replace
from datetime import datetime, time
from enum import StrEnum
from typing import Any, Final

import msgspec

from calendars.text import Text
from scheduler.http.shapes import (
    MOST_IN_A_QUERY,
    Leaf,
    Many,
    Maybe,
    Member,
    Shape,
    Whole,
    shape_of,
)

Schema = dict[str, Any]
COMPONENTS: Final = "#/components/schemas/"
_WALL_CLOCK: Final[Schema] = {
    "type": "string",
    "description": "A wall-clock time without an offset.",
    "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$",
    "examples": ["08:30"],
}
# Numbers are bounded where they are read; what is answered may count further.
_SCHEMAS: Final[dict[Any, Schema]] = {
    shape_of(time): _WALL_CLOCK,
    shape_of(datetime): {"type": "string", "format": "date-time"},
    shape_of(int): {"type": "integer"},
    shape_of(Text): {"type": "string", "description": "A sentence in the reader's language."},
    shape_of(object): {"description": "Any JSON."},
}


class Schemas:
    """The schemas of one document: named types are described once and referred to.

    Two types of one name are a fault of ours: one would be documented as the other.
    """

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._named_after: dict[str, type] = {}

    def of(self, hint: Any) -> Schema:  # noqa: ANN401 - a type hint has no type of its own
        """The schema of a type, its named parts put among the components."""
        return self._of_shape(shape_of(hint))

    def without_id(self, hint: Any) -> Schema:  # noqa: ANN401 - as above
        """The schema of a new thing whose `id` the service chooses if it is left out."""
        name = self.of(hint)["$ref"].removeprefix(COMPONENTS)
        whole = self.components[name]
        required = [field for field in whole["required"] if field != "id"]
        self.components[f"New{name}"] = {**whole, "title": f"New{name}", "required": required}
        return {"$ref": f"{COMPONENTS}New{name}"}

    def of_parameter(self, member: Member) -> Schema:
        """The schema of a query parameter: left out instead of null."""
        shape = member.shape.inner if isinstance(member.shape, Maybe) else member.shape
        if isinstance(shape, Many):
            shape = replace(shape, most=min(shape.most, MOST_IN_A_QUERY))
        default = {} if member.default in {MISSING, None} else {"default": _plain(member.default)}
        return {**self._of_shape(shape), **default}

    def _of_shape(self, shape: Shape) -> Schema:
        match shape:
            case Maybe():
                return {"anyOf": [self._of_shape(shape.inner), {"type": "null"}]}
            case Many():
                schema = {"type": "array", "items": self._of_shape(shape.element)}
                least = {"minItems": shape.fewest} if shape.fewest else {}
                return {**schema, **least, "maxItems": shape.most}
            case Whole():
                return self._of_whole(shape)
            case Leaf():
                return _SCHEMAS.get(shape) or self._of_leaf(shape.hint)

    def _of_leaf(self, hint: Any) -> Schema:  # noqa: ANN401 - as above
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            self._require_own_name(hint.__name__, hint)
            return self._named(
                hint.__name__, {"type": "string", "enum": [str(value) for value in hint]}, hint
            )
        return msgspec.json.schema(hint)

    def _of_whole(self, whole: Whole) -> Schema:
        self._require_own_name(whole.name, whole.cls)
        if whole.name not in self.components:
            self.components[whole.name] = {}  # a type that names itself refers to this
            schema: Schema = {
                "type": "object",
                "properties": {each.name: self._of_member(each) for each in whole.members},
                "required": [each.name for each in whole.members if each.is_required],
                "additionalProperties": False,
            }
            self._named(whole.name, schema, whole.cls)
        return {"$ref": COMPONENTS + whole.name}

    def _of_member(self, member: Member) -> Schema:
        schema = self._of_shape(member.shape)
        if member.default is MISSING:
            return schema
        return {**schema, "default": _plain(member.default)}

    def _require_own_name(self, name: str, cls: type) -> None:
        other = self._named_after.setdefault(name, cls)
        if other is not cls:
            message = f"{cls.__module__} and {other.__module__} both name a type {name}"
            raise ValueError(message)

    def _named(self, name: str, schema: Schema, cls: type) -> Schema:
        described = {"title": name, "description": inspect.getdoc(cls) or "", **schema}
        self.components[name] = described
        return {"$ref": COMPONENTS + name}


def _plain(default: object) -> object:
    return default.zh if isinstance(default, Text) else msgspec.to_builtins(default)
