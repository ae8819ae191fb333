"""What a role may do. Pure: who asks and what is concerned decide; reading is open to all."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from calendars.bells import SchoolId
from scheduler.errors import ForbiddenError
from scheduler.members import BusyBlock, Outage, Room, School, Teacher
from scheduler.model import Actor, ActorRole, Booking, Request, RequestState, Scope, Session
from scheduler.placing import booking_of
from scheduler.records import Record, school_of

_FOR_IT_SUPPORT: Final = (Room, Outage, BusyBlock)
_ARRANGERS: Final = (ActorRole.ALLIANCE_ADMIN, ActorRole.SCHOOL_COORDINATOR, ActorRole.IT_SUPPORT)
_STAFF: Final = (ActorRole.SCHOOL_COORDINATOR, ActorRole.IT_SUPPORT, ActorRole.TEACHER)


def require_office(actor: Actor) -> None:
    """Only the alliance's office may do this."""
    if actor.role is not ActorRole.ALLIANCE_ADMIN:
        raise ForbiddenError(
            "只有联盟办公室（alliance_admin）可以这样做。",
            "Only the alliance's office (alliance_admin) may do this.",
        )


def require_arranger(actor: Actor) -> None:
    """Only those who would act on the answer may ask what takes the machine long to find."""
    if actor.role not in _ARRANGERS:
        raise ForbiddenError(
            "只有联盟办公室、教导处和电教可以查询调整方案。",
            "Only the alliance's office, coordinators and IT support may ask for this.",
        )


def require_record_write(actor: Actor, record: Record, *, before: Record | None = None) -> None:
    """`record` may take the place of `before` (None: a new one), or be removed (`before` the same).

    The office writes everything, a coordinator what belongs to the own school, IT support its
    rooms, outages and occupied times, a teacher requests of the own school. What belongs to the
    alliance, and whether a school exists at all, is the office's.
    """
    if actor.role is ActorRole.ALLIANCE_ADMIN:
        return
    schools = {school_of(each) for each in (record, before) if each is not None}
    if not _writes(actor, record) or schools != {actor.school} or actor.school is None:
        raise ForbiddenError(
            "您的角色不能写入这条记录：它不属于本校，或不在职责之内。",
            "Your role may not write this record: it is not your school's, or not your duty.",
        )
    if isinstance(record, School) and before is None:
        require_office(actor)
    if isinstance(record, Request):
        _require_own_words(actor, record, before if isinstance(before, Request) else None)


def require_removal(actor: Actor, record: Record) -> None:
    """`record` may be removed. A school is removed by the office only."""
    if isinstance(record, School):
        require_office(actor)
    require_record_write(actor, record, before=record)


def may_arrange(actor: Actor, schools: Iterable[SchoolId]) -> bool:
    """Whether the actor arranges what these schools hold: the office, or one's coordinator."""
    is_coordinator = actor.role is ActorRole.SCHOOL_COORDINATOR and actor.school in set(schools)
    return is_coordinator or actor.role is ActorRole.ALLIANCE_ADMIN


def require_sessions_of(actor: Actor, schools: Iterable[SchoolId]) -> None:
    """The actor books, changes and cancels for these schools, or `ForbiddenError`."""
    if not may_arrange(actor, schools):
        raise ForbiddenError(
            "只有参与学校的教导处（school_coordinator）或联盟办公室可以安排这次活动。",
            "Only the coordinator of a school that takes part, or the alliance's office, may "
            "arrange this.",
        )


def require_change_of(actor: Actor, session: Session, schools: Iterable[SchoolId] = ()) -> None:
    """The actor may change this session, which takes part now or would in `schools`."""
    require_sessions_of(actor, [site.school for site in session.sites])
    if schools:
        require_sessions_of(actor, schools)


def require_remedy(actor: Actor, session: Session, booking: Booking) -> None:
    """The actor may move a session out of the way of an outage, to where `booking` says.

    IT support gives it another room of the own school; time and people are the coordinators' to
    change.
    """
    if actor.role is ActorRole.IT_SUPPORT and actor.school is not None:
        before = booking_of(session)
        if _but_for_rooms(before, actor.school) == _but_for_rooms(booking, actor.school):
            return
    require_change_of(actor, session, [site.school for site in booking.sites])


def _but_for_rooms(booking: Booking, school: SchoolId) -> Booking:
    sites = (
        replace(site, room=None if site.school == school else site.room, period=None)
        for site in booking.sites
    )
    return replace(booking, sites=tuple(sites))


def require_suspension(actor: Actor, schools: Sequence[SchoolId]) -> None:
    """The office closes whom it must, a coordinator the own school alone."""
    if actor.role is ActorRole.ALLIANCE_ADMIN:
        return
    own = actor.role is ActorRole.SCHOOL_COORDINATOR and actor.school is not None
    if not own or tuple(schools) != (actor.school,):
        raise ForbiddenError(
            "教导处只能为本校停课或解除；学区或全体停课由联盟办公室办理。",
            "A coordinator closes and opens the own school; a district, or everyone, is the "
            "alliance's office's to close.",
        )


def require_outcome_of(actor: Actor, school: SchoolId) -> None:
    """Anybody of the school who works there tells how it went, or the alliance's office."""
    is_staff = actor.role in _STAFF and actor.school == school
    if not is_staff and actor.role is not ActorRole.ALLIANCE_ADMIN:
        raise ForbiddenError(
            f"只有学校 {school} 的人员或联盟办公室可以登记它的结果。",
            f"Only the staff of school {school}, or the alliance's office, tell how it went there.",
        )


def require_link_test_of(actor: Actor, school: SchoolId) -> None:
    """Anybody of the school who works there tells how its link test went, or the office."""
    is_staff = actor.role in _STAFF and actor.school == school
    if not is_staff and actor.role is not ActorRole.ALLIANCE_ADMIN:
        raise ForbiddenError(
            f"只有学校 {school} 的人员或联盟办公室可以登记它的联调。",
            f"Only the staff of school {school}, or the alliance's office, tell of its link test.",
        )


def school_to_read_of(actor: Actor, school: SchoolId | None) -> SchoolId | None:
    """Of which school's people the actor may read why they were away (None: of all).

    The office reads of everyone, staff of the own school, others of nobody: a reason may be a
    person's illness.
    """
    if actor.role is ActorRole.ALLIANCE_ADMIN:
        return school
    if actor.role in _STAFF and actor.school is not None and school in {None, actor.school}:
        return actor.school
    raise ForbiddenError(
        "只能查看本校的调课记录。", "Only the adjustments of your own school are yours to read."
    )


def require_subscription(
    actor: Actor, scope: Scope, school: SchoolId | None, people: Sequence[Teacher] = ()
) -> None:
    """Open a calendar of `scope` that belongs to `school`, or to `people` where it is theirs.

    A coordinator opens those of the own school and of studios with a member there; a teacher the
    own one, those of classes and subjects of the own school, and those of the own studios.
    """
    if actor.role is ActorRole.ALLIANCE_ADMIN:
        return
    here = [person for person in people if person.school == actor.school]
    is_own_school = school is not None and school == actor.school
    if actor.role in {ActorRole.SCHOOL_COORDINATOR, ActorRole.IT_SUPPORT}:
        allowed = is_own_school or (scope is Scope.STUDIO and bool(here))
    elif scope in {Scope.CLASS_GROUP, Scope.SUBJECT}:
        allowed = actor.role is ActorRole.TEACHER and is_own_school
    else:
        is_own = any(person.name == actor.name for person in here)
        allowed = actor.role is ActorRole.TEACHER and is_own
    if not allowed:
        raise ForbiddenError(
            "只能订阅本校的日历；教师只能订阅本人、本校班级和学科、本人工作室的日历。",
            "Only calendars of your own school may be opened; as a teacher your own, those of your "
            "school's classes and subjects, and those of your studios.",
        )


def require_channel(actor: Actor, school: SchoolId | None, person: str | None) -> None:
    """See and set up a channel of `school`, of its teacher `person` if it is one person's.

    A coordinator does so for the own school, a teacher for the own person.
    """
    if actor.role is ActorRole.ALLIANCE_ADMIN:
        return
    is_own_school = school is not None and school == actor.school
    if actor.role is ActorRole.SCHOOL_COORDINATOR and is_own_school:
        return
    if actor.role is not ActorRole.TEACHER or not is_own_school or person != actor.name:
        raise ForbiddenError(
            "只能设置本校（教师只能设置本人）的通知渠道。",
            "Only channels of your own school, or as a teacher your own, are yours to set up.",
        )


def require_importer(actor: Actor) -> None:
    """The actor may import some calendar: nobody else makes this service read one."""
    if actor.role in {ActorRole.OBSERVER, ActorRole.DISPLAY}:
        raise ForbiddenError("您的角色不能导入日历。", "Your role may not import calendars.")


def require_import(actor: Actor, school: SchoolId, teacher: Teacher | None) -> None:
    """Import a calendar as the busy time of a teacher, or (None) of a room, of this school.

    Coordinators do so for the own school, IT support for its rooms, a teacher for themselves.
    """
    if actor.role is ActorRole.ALLIANCE_ADMIN:
        return
    may = {ActorRole.SCHOOL_COORDINATOR}
    if teacher is None:
        may.add(ActorRole.IT_SUPPORT)
    elif teacher.name == actor.name:
        may.add(ActorRole.TEACHER)
    if actor.role not in may or actor.school != school:
        raise ForbiddenError(
            "只能导入本校教师和教室的日历；教师只能导入本人的日历。",
            "Only calendars of your own school's teachers and rooms may be imported; as a teacher "
            "only your own.",
        )


def _writes(actor: Actor, record: Record) -> bool:
    match actor.role:
        case ActorRole.SCHOOL_COORDINATOR:
            return True
        case ActorRole.IT_SUPPORT:
            return isinstance(record, _FOR_IT_SUPPORT)
        case ActorRole.TEACHER:
            return isinstance(record, Request)
        case _:
            return False


def _require_own_words(actor: Actor, request: Request, before: Request | None) -> None:
    """Nobody agrees for another school, or says that a request was placed when no plan did.

    What a school has agreed to stands while its part stays as it is.
    """
    stands = set() if before is None else set(before.sites)
    agreed = {site.school for site in request.sites if site.agreed and site not in stands}
    speaks_for = {actor.school} if actor.role is ActorRole.SCHOOL_COORDINATOR else set()
    if not agreed <= speaks_for:
        raise ForbiddenError(
            "同意（agreed）只能由该校教导处或联盟办公室填写；改动某校的参与点，须请该校重新同意。",
            "Only a school's coordinator, or the alliance's office, agrees for that school, and "
            "anew when its part changes.",
        )
    state, placed = (before.state, (before.series, before.offer)) if before else (None, ((), None))
    may_be = {state or RequestState.OPEN, RequestState.OPEN, RequestState.WITHDRAWN}
    if request.state not in may_be or (request.series, request.offer) != placed:
        raise ForbiddenError(
            "申请是否已安排（state, series, offer）由发布的方案决定。",
            "Whether a request is placed (state, series, offer) is decided by a published plan.",
        )
