"""What became of an agreed session: moved, substituted, made up, cancelled, swapped - on record."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, NewType

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.members import IDENTIFIER, Line, LinkPoolId, Name, Note, TeacherId
from scheduler.model.agenda import Resource, SessionId, SiteState, SiteWish
from scheduler.model.readers import ActorRole

AdjustmentId = NewType("AdjustmentId", str)


class AdjustmentKind(StrEnum):
    """What schools tell apart: 调课, 代课, 补课, 停课, 换课; a mere change of room or link.

    `recording` (改放录像): a recording is shown instead.
    """

    RESCHEDULE = "reschedule"
    SUBSTITUTE = "substitute"
    MAKE_UP = "make_up"
    CANCEL = "cancel"
    SWAP = "swap"
    RELOCATE = "relocate"
    RECORDING = "recording"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """When, where and with whom a session is held, as it could be wished for again."""

    slot: Slot
    sites: tuple[SiteWish, ...]
    link_pool: LinkPoolId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What a school has said to an adjustment of its session, and who said it."""

    school: SchoolId
    state: SiteState
    by: Line = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """One operation on an agreed session. `before` and `after` never change once it is written.

    `linked` is the other session of a swap, or the missed one of a make-up. `cause` is the outage
    or suspension that led to it. `schools` and `teachers` took part before or take part now; where
    only some schools drop out, a cancellation names those alone. `after` is none when the whole
    session is cancelled, `before` when it is made up for another.
    """

    id: Annotated[AdjustmentId, IDENTIFIER]
    kind: AdjustmentKind
    session: SessionId
    linked: tuple[SessionId, ...] = ()
    title: Name
    schools: tuple[SchoolId, ...]
    teachers: tuple[TeacherId, ...]
    asked_by: Name
    asked_as: ActorRole
    reason: Note = ""
    cause: str = ""
    at: datetime
    before: Place | None
    after: Place | None
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many operations of one kind a school or teacher had."""

    resource: Resource
    kind: AdjustmentKind
    count: int
