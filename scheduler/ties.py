"""What goes together as it is booked: a preparation, its lesson, the review of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from scheduler.model import SeriesId, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A live session of one of two that go together, and its date."""

    series: SeriesId
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Tied:
    """`later` is held so many days after `earlier`: their series, titles and live sessions.

    `moving` are new dates of sessions that move together with the one that is judged.
    """

    earlier: frozenset[SeriesId]
    later: frozenset[SeriesId]
    earlier_title: str
    later_title: str
    at_least_days: int
    at_most_days: int
    held: Mapping[SessionId, Held]
    moving: Mapping[SessionId, date] = field(default_factory=dict)

    def concerns(self, series: SeriesId | None) -> bool:
        """Whether the series is one of those that go together."""
        return series in self.earlier or series in self.later

    def suits(self, series: SeriesId, on: date, other: date) -> bool:
        """Whether a session of the series suits one of the other side on that date."""
        days = (on - other if series in self.later else other - on).days
        return self.at_least_days <= days <= self.at_most_days

    def partners_of(self, series: SeriesId) -> Mapping[SessionId, date]:
        """The sessions of the other side, where they are held today."""
        other = self.earlier if series in self.later else self.later
        return {each: held.on for each, held in self.held.items() if held.series in other}

    def beside(self, session: SessionId, series: SeriesId) -> list[date]:
        """When the others of the same side will be held."""
        own = self.later if series in self.later else self.earlier
        return [
            self.will_be(each)
            for each, held in self.held.items()
            if held.series in own and each != session
        ]

    def will_be(self, session: SessionId) -> date:
        """When one of them is held once all have moved."""
        return self.moving.get(session, self.held[session].on)

    def lonely(self, series: SeriesId, on: date) -> list[SessionId]:
        """Those of the other side that suited one of the series on that date, and now none."""
        own = self.later if series in self.later else self.earlier
        left = [held.on for held in self.held.values() if held.series in own]
        return [
            each
            for each, there in self.partners_of(series).items()
            if self.suits(series, on, there)
            and not any(self.suits(series, other, there) for other in left)
        ]

    def with_new(self, new: Mapping[SessionId, Held]) -> "Tied":
        """The same where these sessions are held as well."""
        own = {each: held for each, held in new.items() if self.concerns(held.series)}
        return replace(self, held={**self.held, **own})

    def with_moves(self, moving: Mapping[SessionId, date]) -> "Tied":
        """The same where these sessions move to these dates."""
        return replace(self, moving=moving)
