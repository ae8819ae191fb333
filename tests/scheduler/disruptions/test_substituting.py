"""代课: who could stand in, who may not, and what is on record."""

import pytest

from calendars.bells import SchoolId
from scheduler.booking.consent import confirm
from scheduler.disruptions.substituting import Substitution, substitute, substitutes
from scheduler.errors import ClashError, InvalidWishError, NotFoundError
from scheduler.members import TeacherId
from scheduler.model import AdjustmentKind, Role, Session, SiteState
from scheduler.store import Transaction
from tests.builders import a_block, a_teacher, at, some_books
from tests.scheduler.conftest import Open
from tests.scheduler.desk import Desk, a_booking, a_wish, coordinator_of

TF1, JS = SchoolId("TF1"), SchoolId("JS")


def stands_in(teacher: str, school: SchoolId = TF1, **fields: object) -> Substitution:
    wish = {"school": school, "teacher": TeacherId(teacher), "reason": "病假"}
    return Substitution(**wish | fields)  # type: ignore[arg-type]  # any field may be named


async def could(desk: Desk, session: Session, school: SchoolId = TF1) -> list[str]:
    found = await desk.read(substitutes, session.id, school)
    return [each.id for each in found()]


async def agreed(desk: Desk) -> Session:
    held = await desk.book(by=coordinator_of("TF1"))
    return await desk.do(confirm, held.id, JS, 1, by=coordinator_of("JS"))


async def test_a_colleague_of_the_subject_takes_the_lesson_over(each_desk: Desk) -> None:
    session = await agreed(each_desk)
    assert await could(each_desk, session) == ["TF1-T2", "TF1-T3"]
    after = await each_desk.do(
        substitute, session.id, stands_in("TF1-T2"), session.revision, by=coordinator_of("TF1")
    )
    assert after.lead.teacher == "TF1-T2"
    assert {site.state for site in after.sites} == {SiteState.CONFIRMED}
    (record,) = await each_desk.read(Transaction.adjustments)
    assert (record.kind, record.reason) == (AdjustmentKind.SUBSTITUTE, "病假")
    assert {"TF1-T1", "TF1-T2"} <= set(record.teachers)


async def test_e41_nobody_leads_a_subject_that_is_not_theirs(open_desk: Open) -> None:
    sports = a_teacher("TF1", 2, subjects=("体育",))
    staff = {each.id: each for each in (a_teacher("TF1", 1), sports, a_teacher("TF1", 3))}
    desk = await open_desk(*some_books(TF1={"teachers": staff}))
    session = await agreed(desk)
    assert await could(desk, session) == ["TF1-T3"]
    with pytest.raises(InvalidWishError, match="does not teach 音乐") as refused:
        await desk.do(substitute, session.id, stands_in("TF1-T2"), session.revision)
    assert refused.value.pointer == "/teacher"


async def test_anybody_of_the_school_may_assist(open_desk: Open) -> None:
    staff = {each.id: each for each in (a_teacher("JS", no, subjects=("体育",)) for no in (1, 2))}
    desk = await open_desk(*some_books(JS={"teachers": staff}))
    session = await agreed(desk)
    assert await could(desk, session, JS) == ["JS-T2"]
    after = await desk.do(
        substitute, session.id, stands_in("JS-T2", JS), 2, by=coordinator_of("JS")
    )
    assert [site.teacher for site in after.sites] == ["TF1-T1", "JS-T2"]


async def test_who_is_busy_is_neither_proposed_nor_taken(open_desk: Open) -> None:
    block = a_block(at("14:10"), "TF1", teacher=TeacherId("TF1-T2"))
    desk = await open_desk(*some_books(TF1={"busy": (block,)}))
    session = await agreed(desk)
    assert await could(desk, session) == ["TF1-T3"]
    with pytest.raises(ClashError, match="is occupied"):
        await desk.do(substitute, session.id, stands_in("TF1-T2"), session.revision)


async def test_whoever_has_stood_in_least_comes_first(desk: Desk) -> None:
    first = await agreed(desk)
    await desk.do(substitute, first.id, stands_in("TF1-T2"), 2, by=coordinator_of("TF1"))
    second = await desk.book(a_booking(slot=at("16:10")), by=coordinator_of("TF1"))
    found = (await desk.read(substitutes, second.id, TF1))()
    assert [(each.id, each.stood_in, each.sessions_that_day) for each in found] == [
        ("TF1-T3", 0, 0),
        ("TF1-T2", 1, 1),
    ]


async def test_a_participant_is_replaced_by_name(desk: Desk) -> None:
    meeting = (
        a_wish("TF1", class_groups=(), participants=("TF1-T2",)),
        a_wish("JS", Role.LISTEN, class_groups=()),
    )
    held = await desk.book(
        a_booking(sites=meeting, kind="joint_research"), by=coordinator_of("TF1")
    )
    session = await desk.do(confirm, held.id, JS, 1, by=coordinator_of("JS"))
    wish = stands_in("TF1-T3", instead_of=TeacherId("TF1-T2"))
    after = await desk.do(substitute, session.id, wish, 2, by=coordinator_of("TF1"))
    assert (after.lead.teacher, after.lead.participants) == ("TF1-T1", ("TF1-T3",))
    (record,) = await desk.read(Transaction.adjustments)
    assert record.kind is AdjustmentKind.SUBSTITUTE


@pytest.mark.parametrize(
    ("wish", "error", "pointer"),
    [
        (stands_in("TF1-T1"), InvalidWishError, "/teacher"),
        (stands_in("TF1-T2", instead_of="TF1-T3"), InvalidWishError, "/instead_of"),
        (stands_in("TF1-T2", reason=" "), InvalidWishError, "/reason"),
        (stands_in("TF1-T9"), InvalidWishError, "/teacher"),
        (stands_in("CB-T1", SchoolId("CB")), NotFoundError, ""),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    desk: Desk, wish: Substitution, error: type[Exception], pointer: str
) -> None:
    session = await agreed(desk)
    with pytest.raises(error) as refused:
        await desk.do(substitute, session.id, wish, session.revision)
    assert getattr(refused.value, "pointer", "") == pointer
