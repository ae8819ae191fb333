"""Absolute time: half-open stretches in UTC. Knows nothing of bells, schools or clocks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from calendars.fields import check_year
from calendars.text import InvalidValueError


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """The moments from `starts` up to, but not including, `ends`; both aware, kept in UTC."""

    starts: datetime
    ends: datetime

    def __post_init__(self) -> None:
        for name in ("starts", "ends"):
            moment: datetime = getattr(self, name)
            if moment.tzinfo is None:
                raise InvalidValueError(
                    f"{name} 必须带时区偏移，例如 {moment.isoformat()}+08:00。",
                    f"{name} must carry an offset, such as {moment.isoformat()}+08:00.",
                    field=name,
                )
            check_year(moment, field=name)
            if moment.tzinfo is not UTC:
                object.__setattr__(self, name, moment.astimezone(UTC))
        if self.starts >= self.ends:
            raise InvalidValueError(
                f"结束时间 {self.ends.isoformat()} 必须晚于开始时间 {self.starts.isoformat()}。",
                f"The end {self.ends.isoformat()} must come after the start "
                f"{self.starts.isoformat()}.",
                field="ends",
            )

    @classmethod
    def lasting(cls, starts: datetime, minutes: int) -> Self:
        """The slot of `minutes` from `starts`."""
        return cls(starts, starts + timedelta(minutes=minutes))

    @property
    def minutes(self) -> int:
        """Whole minutes between start and end."""
        return int((self.ends - self.starts).total_seconds() // 60)

    def overlaps(self, other: "Slot") -> bool:
        """Whether the two share a moment; touching ends do not."""
        return self.starts < other.ends and other.starts < self.ends

    def contains(self, other: "Slot") -> bool:
        """Whether every moment of `other` lies in this slot."""
        return self.starts <= other.starts and other.ends <= self.ends

    def shared_with(self, other: "Slot") -> "Slot | None":
        """The stretch that both have in common, if any."""
        starts, ends = max(self.starts, other.starts), min(self.ends, other.ends)
        return Slot(starts, ends) if starts < ends else None

    def moved(self, minutes: int) -> "Slot":
        """The same length, `minutes` later (earlier if negative)."""
        by = timedelta(minutes=minutes)
        return Slot(self.starts + by, self.ends + by)

    def padded(self, minutes: int) -> "Slot":
        """Longer by `minutes` at both ends."""
        by = timedelta(minutes=minutes)
        return Slot(self.starts - by, self.ends + by)


def span_of(slots: Iterable[Slot]) -> Slot:
    """The shortest slot that contains all of `slots`, which must not be empty."""
    slots = tuple(slots)
    return Slot(min(slot.starts for slot in slots), max(slot.ends for slot in slots))


def peak(uses: Iterable[tuple[Slot, int]]) -> int:
    """The largest total of amounts in use at one moment: touching slots do not add up."""
    changes = [
        change for slot, amount in uses for change in ((slot.starts, amount), (slot.ends, -amount))
    ]
    in_use = most = 0
    for _, change in sorted(changes):
        in_use += change
        most = max(most, in_use)
    return most
