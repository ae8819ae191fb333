"""Who and what belongs to an alliance: schools, rooms, links, people and groups, as told by them.

Frozen values that are also the wire format. Knows nothing of sessions, storage or HTTP.
"""

from calendars.fields import IDENTIFIER, NAME, NOTE, Grade, Line, Name, Note, Weekday
from scheduler.members.alliance import (
    WORKDAY,
    Alliance,
    AllianceId,
    District,
    DistrictId,
    HalfDay,
    Preference,
    ResearchHalfDay,
    Weight,
)
from scheduler.members.consent import Offer, OfferId, OpenSlot
from scheduler.members.people import (
    ClassGroup,
    ClassGroupId,
    Lesson,
    Studio,
    StudioId,
    Teacher,
    TeacherId,
    TextbookEdition,
    Timetable,
)
from scheduler.members.schools import (
    Count,
    LinkPool,
    LinkPoolId,
    Room,
    RoomId,
    RoomTier,
    School,
    Tier,
)
from scheduler.members.taken import BusyBlock, Outage, OutageId

__all__ = [
    "IDENTIFIER",
    "NAME",
    "NOTE",
    "WORKDAY",
    "Alliance",
    "AllianceId",
    "BusyBlock",
    "ClassGroup",
    "ClassGroupId",
    "Count",
    "District",
    "DistrictId",
    "Grade",
    "HalfDay",
    "Lesson",
    "Line",
    "LinkPool",
    "LinkPoolId",
    "Name",
    "Note",
    "Offer",
    "OfferId",
    "OpenSlot",
    "Outage",
    "OutageId",
    "Preference",
    "ResearchHalfDay",
    "Room",
    "RoomId",
    "RoomTier",
    "School",
    "Studio",
    "StudioId",
    "Teacher",
    "TeacherId",
    "TextbookEdition",
    "Tier",
    "Timetable",
    "Weekday",
    "Weight",
]
