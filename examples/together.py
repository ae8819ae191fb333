"""What the example holds besides weekly lessons: a research chain, a need and who could meet it."""

from collections.abc import Iterator
from datetime import time
from typing import Final

from calendars.bells import SchoolId
from examples.requests import BRIDGE
from examples.staff import class_id
from scheduler.members import ClassGroupId, Offer, OfferId, TeacherId
from scheduler.model import After, Form, Kind, Mode, Request, RequestId, RequestSite, Role

TERM: Final = "JS-2026-1"
WEEKS: Final = "4-14双"
MORNING: Final = (time(8, 0), time(12, 0))


def research_chain() -> Iterator[Request]:
    """Science at JS and HM: prepared together, taught every second week, then talked over."""
    prepared, taught, talked = map(RequestId, ("chain-1-prep", "chain-1-lesson", "chain-1-review"))
    yield _part(prepared, "科学集体备课", Kind.LESSON_PREP)
    group = class_id("HM", 5, 4)
    soon = After(request=prepared, at_least_days=2, at_most_days=7)
    yield _part(taught, "科学研究课", Kind.LESSON, group, after=(soon,))
    yield _part(
        talked, "科学评课议课", Kind.LESSON_REVIEW, after=(After(request=taught, at_most_days=3),)
    )


def _part(
    id: RequestId,
    title: str,
    kind: Kind,
    group: ClassGroupId | None = None,
    *,
    after: tuple[After, ...] = (),
) -> Request:
    """One part of the chain; people who meet without pupils do so in the afternoon."""
    is_lesson = group is not None
    return Request(
        id=id,
        title=title,
        kind=kind,
        mode=Mode.DELIVERY if is_lesson else Mode.MASTER,
        form=Form.DEDICATED,
        subject="科学",
        grade=5 if is_lesson else None,
        school=SchoolId("JS"),
        term=TERM,
        weeks=WEEKS,
        earliest=time(8, 0) if is_lesson else time(14, 0),
        link_pool=BRIDGE,
        sites=(
            RequestSite(
                school=SchoolId("JS"), role=Role.LEAD, teacher=TeacherId("JS-KX3"), agreed=True
            ),
            RequestSite(
                school=SchoolId("HM"),
                role=Role.LISTEN,
                teacher=TeacherId("HM-KX1"),
                class_groups=(group,) if group else (),
                swap_agreed=is_lesson,
                agreed=True,
            ),
        ),
        after=after,
    )


def music_offers() -> Iterator[Offer]:
    """JS lends music to schools that have too few teachers, TF1 one teacher on a single morning."""
    for school, teacher, per_week, weekdays in (
        ("JS", None, 2, (2, 4)),
        ("TF1", TeacherId("TF1-YY3"), 1, (3,)),
    ):
        yield Offer(
            id=OfferId(f"{school}-music"),
            school=SchoolId(school),
            term=f"{school}-2026-1",
            subject="音乐",
            grades=(3, 4),
            teacher=teacher,
            per_week=per_week,
            weeks="2-18",
            weekdays=weekdays,
            earliest=MORNING[0],
            latest=MORNING[1],
            schools=(SchoolId("CB"), SchoolId("JYS")),
        )


def music_need() -> Request:
    """JYS asks for two lessons of music a week, on Tuesday and Thursday mornings, whoever leads."""
    return Request(
        id=RequestId("need-1"),
        title="三年级音乐 (待匹配)",
        subject="音乐",
        grade=3,
        form=Form.DEDICATED,
        school=SchoolId("JYS"),
        term="JYS-2026-1",
        per_week=2,
        weeks="2-18",
        weekdays=(2, 4),
        earliest=MORNING[0],
        latest=MORNING[1],
        link_pool=BRIDGE,
        sites=(
            RequestSite(
                school=SchoolId("JYS"),
                role=Role.LISTEN,
                class_groups=(class_id("JYS", 3, 3),),
                swap_agreed=True,
                agreed=True,
            ),
        ),
    )
