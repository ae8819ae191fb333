"""Who may do what: every role against every duty."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from calendars.bells import SchoolId
from scheduler.access import (
    require_change_of,
    require_office,
    require_record_write,
    require_removal,
    require_sessions_of,
    require_subscription,
)
from scheduler.errors import ForbiddenError
from scheduler.members import (
    BusyBlock,
    LinkPoolId,
    Outage,
    OutageId,
    School,
    Studio,
    StudioId,
    Teacher,
    TeacherId,
)
from scheduler.model import (
    Actor,
    ActorRole,
    Request,
    RequestId,
    RequestSite,
    RequestState,
    Role,
    Scope,
    SeriesId,
)
from scheduler.records import Record
from tests.builders import a_class, a_room, a_session, a_teacher, at

OWN, OTHER = SchoolId("TF1"), SchoolId("CB")
AT_SCHOOL = {"alliance_admin", "school_coordinator", "it_support"}
SELF, NAMESAKE = (a_teacher(school, name="某人") for school in ("TF1", "CB"))


def actor(role: ActorRole, school: SchoolId | None = OWN) -> Actor:
    return Actor(name="某人", role=role, school=school)


def may(role: ActorRole, act: Callable[[Actor], None]) -> bool:
    try:
        act(actor(role, None if role is ActorRole.ALLIANCE_ADMIN else OWN))
    except ForbiddenError:
        return False
    return True


def roles_that_may(act: Callable[[Actor], None]) -> set[str]:
    return {role.value for role in ActorRole if may(role, act)}


def an_outage(school: SchoolId | None = OWN) -> Outage:
    if school is None:
        return Outage(id=OutageId("o"), link_pool=LinkPoolId("bridge"), slot=at("14:00"))
    return Outage(id=OutageId("o"), school=school, room=a_room().id, slot=at("14:00"))


def a_request(*, agreed: tuple[str, ...] = (), school: SchoolId = OWN, **fields: object) -> Request:
    return Request(
        **{  # type: ignore[arg-type] # builders take any field
            "id": RequestId("r"),
            "school": school,
            "title": "音乐",
            "term": "TF1-2026-1",
            "sites": tuple(
                RequestSite(school=SchoolId(name), role=role, agreed=name in agreed)
                for name, role in (("TF1", Role.LEAD), ("CB", Role.LISTEN))
            ),
        }
        | fields
    )


@pytest.mark.parametrize(
    ("record", "roles"),
    [
        (a_room("TF1"), {"alliance_admin", "school_coordinator", "it_support"}),
        (a_room("CB"), {"alliance_admin"}),
        (a_teacher("TF1"), {"alliance_admin", "school_coordinator"}),
        (an_outage(), {"alliance_admin", "school_coordinator", "it_support"}),
        (an_outage(None), {"alliance_admin"}),
        (
            BusyBlock(id="b", school=OWN, room=a_room().id, slot=at("14:00")),
            {"alliance_admin", "school_coordinator", "it_support"},
        ),
        (a_request(), {"alliance_admin", "school_coordinator", "teacher"}),
        (a_request(school=OTHER), {"alliance_admin"}),
        (School(id=OWN, name="新校"), {"alliance_admin"}),
        (Studio(id=StudioId("s"), name="s", head=TeacherId("t"), members=()), {"alliance_admin"}),
    ],
)
def test_who_may_add_a_record(record: Record, roles: set[str]) -> None:
    assert roles_that_may(lambda who: require_record_write(who, record)) == roles


def test_a_coordinator_changes_the_own_school_but_never_removes_it() -> None:
    school = School(id=OWN, name="天府一小")
    assert roles_that_may(lambda who: require_record_write(who, school, before=school)) == {
        "alliance_admin",
        "school_coordinator",
    }
    assert roles_that_may(lambda who: require_removal(who, school)) == {"alliance_admin"}
    assert "school_coordinator" in roles_that_may(lambda who: require_removal(who, a_room()))


def test_nobody_takes_a_record_from_another_school_or_gives_it_away() -> None:
    for record, before in ((a_room("TF1"), a_room("CB")), (a_room("CB"), a_room("TF1"))):
        allowed = roles_that_may(
            lambda who, record=record, before=before: require_record_write(  # type: ignore[misc] # bound now
                who, record, before=before
            )
        )
        assert allowed == {"alliance_admin"}


def test_a_school_is_agreed_for_by_its_own_coordinator_only() -> None:
    for agreed, roles in (
        (("TF1",), {"alliance_admin", "school_coordinator"}),
        (("CB",), {"alliance_admin"}),
    ):
        request = a_request(agreed=agreed)
        allowed = roles_that_may(lambda who, wish=request: require_record_write(who, wish))  # type: ignore[misc] # bound now
        assert allowed == roles


def test_an_agreement_that_stands_may_be_kept_by_who_changes_the_rest() -> None:
    before = a_request(agreed=("CB",))
    after = a_request(agreed=("CB",), title="美术")
    require_record_write(actor(ActorRole.TEACHER), after, before=before)


def test_an_agreement_falls_with_what_was_agreed_to() -> None:
    before = a_request(agreed=("CB",))
    lead, listens = before.sites
    other_class = replace(listens, class_groups=(a_class("CB").id,))
    for role in (ActorRole.TEACHER, ActorRole.SCHOOL_COORDINATOR):
        changed = replace(before, sites=(lead, other_class))
        with pytest.raises(ForbiddenError):
            require_record_write(actor(role), changed, before=before)
        asked_anew = replace(before, sites=(lead, replace(other_class, agreed=False)))
        require_record_write(actor(role), asked_anew, before=before)


def test_only_a_plan_says_that_a_request_is_placed() -> None:
    placed = a_request(state=RequestState.PLACED)
    woven = a_request(series=(SeriesId("s"),))
    withdrawn = a_request(state=RequestState.WITHDRAWN)
    teacher = actor(ActorRole.TEACHER)
    for request in (placed, woven):
        with pytest.raises(ForbiddenError):
            require_record_write(teacher, request, before=a_request())
    require_record_write(teacher, withdrawn, before=placed)
    require_record_write(teacher, placed, before=placed)


def test_sessions_are_arranged_by_who_takes_part() -> None:
    ours = roles_that_may(lambda who: require_sessions_of(who, [OWN, OTHER]))
    theirs = roles_that_may(lambda who: require_sessions_of(who, [OTHER]))
    assert ours == {"alliance_admin", "school_coordinator"}
    assert theirs == {"alliance_admin"}


def test_a_session_is_not_moved_out_of_the_own_hands() -> None:
    session, coordinator = a_session(), actor(ActorRole.SCHOOL_COORDINATOR)
    require_change_of(coordinator, session)
    require_change_of(coordinator, session, [OWN])
    with pytest.raises(ForbiddenError):
        require_change_of(coordinator, session, [OTHER])
    with pytest.raises(ForbiddenError):
        require_change_of(actor(ActorRole.SCHOOL_COORDINATOR, OTHER), session)


@pytest.mark.parametrize(
    ("scope", "school", "people", "roles"),
    [
        (Scope.ALLIANCE, None, (), {"alliance_admin"}),
        (Scope.SCHOOL, OWN, (), AT_SCHOOL),
        (Scope.ROOM, OWN, (), AT_SCHOOL),
        (Scope.ROOM, OTHER, (), {"alliance_admin"}),
        (Scope.TEACHER, OWN, (SELF,), {*AT_SCHOOL, "teacher"}),
        (Scope.TEACHER, OWN, (a_teacher("TF1"),), AT_SCHOOL),
        (Scope.TEACHER, OTHER, (NAMESAKE,), {"alliance_admin"}),
        (Scope.CLASS_GROUP, OWN, (), {*AT_SCHOOL, "teacher"}),
        (Scope.CLASS_GROUP, OTHER, (), {"alliance_admin"}),
        (Scope.SUBJECT, OWN, (), {*AT_SCHOOL, "teacher"}),
        (Scope.SUBJECT, OTHER, (), {"alliance_admin"}),
        (Scope.STUDIO, None, (NAMESAKE, SELF), {*AT_SCHOOL, "teacher"}),
        (Scope.STUDIO, None, (NAMESAKE, a_teacher("TF1")), AT_SCHOOL),
        (Scope.STUDIO, None, (NAMESAKE,), {"alliance_admin"}),
    ],
)
def test_who_may_open_a_calendar(
    scope: Scope, school: SchoolId | None, people: tuple[Teacher, ...], roles: set[str]
) -> None:
    allowed = roles_that_may(lambda who: require_subscription(who, scope, school, people))
    assert allowed == roles


def test_only_the_office_is_the_office() -> None:
    assert roles_that_may(require_office) == {"alliance_admin"}


def test_somebody_without_a_school_writes_nothing_that_has_none() -> None:
    with pytest.raises(ForbiddenError):
        require_record_write(actor(ActorRole.SCHOOL_COORDINATOR, None), an_outage(None))
