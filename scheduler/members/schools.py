"""Schools, their rooms, and the links that carry what is held in them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, NewType

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.fields import IDENTIFIER, Line, Name
from scheduler.members.alliance import DistrictId, ResearchHalfDay

RoomId = NewType("RoomId", str)
LinkPoolId = NewType("LinkPoolId", str)
Count = Annotated[int, Meta(ge=0, le=100_000)]


class Tier(StrEnum):
    """A school's part in the alliance."""

    LEAD = "lead"
    GUIDE = "guide"
    MEMBER = "member"


class RoomTier(StrEnum):
    """What a room's equipment can do: a `watch_only` room neither leads nor speaks."""

    LEAD = "lead"
    INTERACTIVE = "interactive"
    WATCH_ONLY = "watch_only"
    PORTABLE = "portable"


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """One site with its own bells; a campus with other bells is another School."""

    id: Annotated[SchoolId, IDENTIFIER]
    name: Name
    district: DistrictId | None = None
    tier: Tier = Tier.MEMBER
    support_priority: bool = False
    confirmer: Annotated[
        Line, Meta(description="The one person who answers for this school outside its open slots.")
    ] = ""
    research: tuple[ResearchHalfDay, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """An interactive room; rooms with the same portable `kit` cannot be used at once (E38)."""

    id: Annotated[RoomId, IDENTIFIER]
    school: SchoolId
    name: Name
    tier: RoomTier = RoomTier.INTERACTIVE
    seats: Count = 50
    max_remote_sites: Annotated[int, Meta(ge=0, le=100)] = 3
    buffer_minutes: Annotated[int, Meta(ge=0, le=120)] = 10
    kit: Annotated[str, IDENTIFIER] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPool:
    """A shared video bridge: concurrent sessions, and sites (`ports`) over all of them.

    Its licence or meeting numbers may be `valid_until` a date (E34).
    """

    id: Annotated[LinkPoolId, IDENTIFIER]
    name: Name
    sessions: Annotated[int, Meta(ge=1, le=10_000)]
    ports: Annotated[int, Meta(ge=2, le=100_000)] = 100_000
    max_sites: Annotated[int, Meta(ge=2, le=1000, description="Sites of one session.")] = 12
    valid_until: date | None = None

    def ends_before(self, on: date) -> bool:
        """Whether its meeting numbers are no longer valid on that date."""
        return self.valid_until is not None and self.valid_until < on
