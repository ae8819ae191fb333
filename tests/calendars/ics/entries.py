"""Builders of calendar entries that name only what a test is about."""

from datetime import UTC, datetime
from typing import Any

from calendars.ics import Entry
from calendars.slots import Slot

STAMP = datetime(2026, 8, 20, 1, 0, tzinfo=UTC)
LESSON = Slot.lasting(datetime(2026, 9, 8, 6, 0, tzinfo=UTC), 40)


def an_entry(name: str = "first", **fields: Any) -> Entry:
    """A lesson on Tuesday at 14:00 in Shanghai."""
    usual: dict[str, Any] = {
        "uid": f"{name}@demo",
        "slot": LESSON,
        "summary": "同步课",
        "created_at": STAMP,
        "changed_at": STAMP,
    }
    return Entry(**usual | fields)
