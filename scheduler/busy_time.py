"""Busy time from outside, found by what it takes and when. Pure.

Imported calendars hold years of it: no judgement may have to look through them all.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from calendars.slots import Slot
from scheduler.members import BusyBlock
from scheduler.model import Resource, ResourceKind, Session

_LONG_DAYS: Final = 31
"""Blocks of more days are few, and looked at every time."""


class BusyTime:
    """The busy blocks of one school."""

    def __init__(self, blocks: Iterable[BusyBlock]) -> None:
        self._on = defaultdict[tuple[Resource, date], list[BusyBlock]](list)
        self._long = defaultdict[Resource, list[BusyBlock]](list)
        self._all = defaultdict[Resource, list[BusyBlock]](list)
        for block in blocks:
            resource = taken_by(block)
            self._all[resource].append(block)
            days = _days(block.slot)
            if len(days) > _LONG_DAYS:
                self._long[resource].append(block)
            else:
                for day in days:
                    self._on[resource, date.fromordinal(day)].append(block)

    @property
    def softly_taken(self) -> Iterator[Resource]:
        """Whatever some block would rather have left alone."""
        return (
            resource
            for resource, blocks in self._all.items()
            if any(block.soft for block in blocks)
        )

    def of(self, resource: Resource) -> Sequence[BusyBlock]:
        """Everything that takes the resource, soft or not."""
        return self._all.get(resource, ())

    def taking(self, resource: Resource, within: Slot) -> Iterator[BusyBlock]:
        """The blocks that forbid the resource to sessions some time within the slot."""
        return (block for block in self._meeting(resource, within) if not block.soft)

    def softly_taking(self, resource: Resource, within: Slot) -> Iterator[BusyBlock]:
        """The blocks that would rather have the resource left alone then."""
        return (block for block in self._meeting(resource, within) if block.soft)

    def _meeting(self, resource: Resource, within: Slot) -> Iterator[BusyBlock]:
        if resource not in self._all:
            return
        seen = set()
        for day in _days(within):
            for block in self._on.get((resource, date.fromordinal(day)), ()):
                if block.slot.overlaps(within) and block.id not in seen:
                    seen.add(block.id)
                    yield block
        for block in self._long.get(resource, ()):
            if block.slot.overlaps(within):
                yield block


def taken_by(block: BusyBlock) -> Resource:
    """The one thing that a block takes."""
    if block.room is not None:
        return Resource(ResourceKind.ROOM, block.room)
    if block.teacher is not None:
        return Resource(ResourceKind.TEACHER, block.teacher)
    return Resource(ResourceKind.CLASS_GROUP, str(block.class_group))


def soft_time_met(
    session: Session, everywhere: Iterable[BusyTime]
) -> Iterator[tuple[Resource, BusyBlock]]:
    """What soft busy time a session would use, of its rooms, people and classes."""
    needed = [
        each
        for each in session.resources()
        if each.kind in {ResourceKind.ROOM, ResourceKind.TEACHER, ResourceKind.CLASS_GROUP}
    ]
    for busy in everywhere:
        for resource in needed:
            for block in busy.softly_taking(resource, session.slot):
                yield resource, block


def _days(slot: Slot) -> range:
    """The UTC dates that a slot touches, as ordinals; its end may touch one too many."""
    return range(slot.starts.toordinal(), slot.ends.toordinal() + 1)
