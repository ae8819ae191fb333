"""Lists in parts: an opaque cursor says where the next part begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from msgspec import Meta

from calendars.fields import EXPECTED
from calendars.text import Text
from scheduler.http.answers import Page
from scheduler.http.faults import Fault, FaultyRequestError, shown

T = TypeVar("T")

Cursor = Annotated[
    str,
    Meta(
        max_length=200,
        pattern=r"^[A-Za-z0-9_-]*(?![\s\S])",
        description="`next` of the part before; empty for the first.",
        extra={EXPECTED: Text("上一页给出的 next", "`next` of the part before")},
    ),
]
Limit = Annotated[int, Meta(ge=1, le=500, description="How many at most.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOfList:
    """Which part of a list."""

    cursor: Cursor = ""
    limit: Limit = 100


def page_of(
    found: Sequence[T], limit: int, *, key: Callable[[Any], object] = lambda each: each.id
) -> Page[T]:
    """The first `limit` of `found`, in which one more says that the list goes on."""
    items = tuple(found[:limit])
    more = len(found) > limit
    return Page(items=items, next=cursor_after(str(key(items[-1]))) if more else None)


def cursor_after(position: str) -> str:
    """The cursor of what comes after `position`."""
    return urlsafe_b64encode(position.encode()).decode().rstrip("=")


def position(cursor: str) -> str:
    """Where a cursor points, or a fault if it is none of ours."""
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        found = urlsafe_b64decode(padded).decode()
    except ValueError:
        found = "\0"
    if cursor and (not found.isprintable() or cursor_after(found) != cursor):
        detail = Text("请使用上一页给出的 next。", "Use the `next` of the part before.")
        raise FaultyRequestError((Fault(pointer="?cursor", value=shown(cursor), detail=detail),))
    return found


def number_position(cursor: str) -> int:
    """Where a cursor of a numbered list points."""
    found = position(cursor)
    if found and not (found.isascii() and found.isdigit() and len(found) <= 18):  # noqa: PLR2004 - fits 64 bits
        detail = Text("请使用上一页给出的 next。", "Use the `next` of the part before.")
        raise FaultyRequestError((Fault(pointer="?cursor", value=shown(cursor), detail=detail),))
    return int(found or 0)
