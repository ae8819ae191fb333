"""Which operation a change of a session amounts to (调课, 代课, 补课, 停课, 换课). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

from calendars.bells import SchoolId
from scheduler.members import TeacherId
from scheduler.model import (
    Actor,
    Adjustment,
    AdjustmentId,
    AdjustmentKind,
    Approval,
    Form,
    Place,
    Session,
    SessionState,
)
from scheduler.placing import wish_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a change cannot tell by itself: that sessions swap, which outage caused it, who asked.

    Whoever writes it has asked for it, unless it was `asked_by` somebody else.
    """

    kind: AdjustmentKind | None = None
    cause: str = ""
    asked_by: Actor | None = None


ORDINARY: Final = Occasion()


def kind_of(before: Session, after: Session) -> AdjustmentKind | None:
    """The operation that the difference amounts to; none if only words or answers differ.

    A session that moves and is given another teacher as well is rescheduled.
    """
    if after.state in (SessionState.CANCELLED, SessionState.EXPIRED):
        return AdjustmentKind.CANCEL
    if before.slot != after.slot:
        return AdjustmentKind.RESCHEDULE
    if _schools(before) - _schools(after):
        return AdjustmentKind.CANCEL
    if after.form is Form.RECORDED and before.form is not Form.RECORDED:
        return AdjustmentKind.RECORDING
    return _of_people_and_places(before, after)


def _of_people_and_places(before: Session, after: Session) -> AdjustmentKind | None:
    stays = _schools(before) & _schools(after)
    if any(_teacher_at(before, school) != _teacher_at(after, school) for school in stays):
        return AdjustmentKind.SUBSTITUTE
    rooms_differ = any(_room_at(before, school) != _room_at(after, school) for school in stays)
    if rooms_differ or before.link_pool != after.link_pool:
        return AdjustmentKind.RELOCATE
    return None


def adjustment_of(
    kind: AdjustmentKind,
    before: Session | None,
    after: Session,
    *,
    actor: Actor,
    now: datetime,
    cause: str = "",
    linked: Sequence[Session] = (),
) -> Adjustment:
    """The record of an operation that led from `before` (None: nothing yet) to `after`.

    The people and schools of `linked` sessions are concerned as well.
    """
    is_over = after.state in (SessionState.CANCELLED, SessionState.EXPIRED)
    versions = [each for each in (before, after, *linked) if each is not None]
    schools = {site.school for each in versions for site in each.sites}
    if kind is AdjustmentKind.CANCEL and before is not None and not is_over:
        schools = _schools(before) - _schools(after)
    return Adjustment(
        id=_timely_id(after, now),
        kind=kind,
        session=after.id,
        linked=tuple(each.id for each in linked),
        title=after.title,
        schools=tuple(sorted(schools)),
        teachers=_teachers(versions, schools),
        asked_by=actor.name,
        asked_as=actor.role,
        reason=after.reason,
        cause=cause,
        at=now,
        before=None if before is None else place_of(before),
        after=None if is_over else place_of(after),
        approvals=() if is_over else approvals_of(after),
    )


def place_of(session: Session) -> Place:
    """When, where and with whom the session is held."""
    return Place(
        slot=session.slot,
        sites=tuple(wish_of(site) for site in session.sites),
        link_pool=session.link_pool,
    )


def approvals_of(session: Session) -> tuple[Approval, ...]:
    """What each school has said to the session as it is now."""
    return tuple(
        Approval(school=site.school, state=site.state, by=site.answered_by)
        for site in session.sites
    )


def _timely_id(session: Session, now: datetime) -> AdjustmentId:
    # Ids grow with time, and with the session's revision within a moment: a list by id is one by
    # time and goes on where it ended.
    milliseconds = int(now.timestamp() * 1000)
    return AdjustmentId(f"{milliseconds:012x}-{session.revision:06x}-{uuid4().hex[:16]}")


def _schools(session: Session) -> set[SchoolId]:
    return {site.school for site in session.sites}


def _teacher_at(session: Session, school: SchoolId) -> TeacherId | None:
    site = session.site_of(school)
    return None if site is None else site.teacher


def _room_at(session: Session, school: SchoolId) -> str | None:
    site = session.site_of(school)
    return None if site is None else site.room


def _teachers(versions: Iterable[Session], schools: set[SchoolId]) -> tuple[TeacherId, ...]:
    return tuple(
        sorted(
            {
                teacher
                for each in versions
                for site in each.sites
                if site.school in schools
                for teacher in site.required_teachers
            }
        )
    )
