"""The lessons and meetings of the example's term, and which stand in the timetables already."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import time
from typing import Final

from calendars.bells import SchoolId
from examples.staff import GRADE_NAMES, class_id, class_index, initials, teacher_of
from scheduler.members import ClassGroupId, LinkPoolId, TeacherId
from scheduler.model import Form, Kind, Mode, Request, RequestId, RequestSite, Role

BRIDGE: Final = LinkPoolId("bridge")
SYNCHRONOUS: Final = {2: (1, 3), 4: (2, 2), 6: (3, 3), 8: (4, 2), 11: (5, 3), 15: (2, 1)}
"""The lessons given to the lead teacher's own class as well, by number, and the weekday and period
where their schools have laid that subject in their own timetables."""


def aligned(requests: Sequence[Request]) -> Iterator[tuple[ClassGroupId, str, tuple[int, int]]]:
    """The lessons that stand in the classes' timetables before the rest is solved."""
    for no, request in enumerate(requests, start=1):
        if no in SYNCHRONOUS and request.subject is not None:
            for site in request.sites:
                for group in site.class_groups:
                    yield group, request.subject, SYNCHRONOUS[no]


PAIRS: Final = (
    ("TF1", ("CB",), "音乐"), ("JS", ("JYS",), "美术"), ("TF1", ("JYS",), "音乐"),
    ("QB", ("HM",), "英语"), ("JS", ("CB",), "科学"), ("TF1", ("WA",), "美术"),
    ("QB", ("GD",), "英语"), ("JS", ("HM",), "音乐"), ("TF1", ("GD",), "科学"),
    ("QB", ("JYS",), "科学"), ("JS", ("WA",), "英语"), ("TF1", ("HM",), "美术"),
    ("QB", ("CB",), "音乐"), ("JS", ("GD",), "美术"),
)  # fmt: skip
TRIPLES: Final = (
    ("TF1", ("CB", "JYS"), "音乐"), ("JS", ("HM", "GD"), "英语"), ("QB", ("WA", "CB"), "美术"),
    ("TF1", ("WA", "JYS"), "科学"), ("JS", ("GD", "CB"), "音乐"), ("QB", ("HM", "JYS"), "美术"),
)  # fmt: skip
MEETINGS: Final = (
    ("TF1", ("JS", "CB"), "语文", 2), ("JS", ("QB", "JYS"), "数学", 3),
    ("QB", ("TF1", "GD"), "英语", 4), ("TF1", ("WA", "HM"), "音乐", 5),
)  # fmt: skip


def term_requests() -> Iterator[Request]:
    """14 lessons for one listening school, 6 for two, 4 joint research meetings."""
    taken: Counter[tuple[str, int]] = Counter()
    for no, (lead, listeners, subject) in enumerate((*PAIRS, *TRIPLES), start=1):
        yield lesson_request(no, lead, listeners, subject, taken)
    for no, (lead, others, subject, weekday) in enumerate(MEETINGS, start=1):
        yield meeting_request(no, (lead, *others), subject, weekday)


def meeting_request(no: int, schools: Sequence[str], subject: str, weekday: int) -> Request:
    """A research meeting every second week, without pupils and rooms of its own choice."""
    return Request(
        id=RequestId(f"research-{no}"),
        title=f"{subject}联合教研",
        kind=Kind.JOINT_RESEARCH,
        mode=Mode.MASTER,
        subject=subject,
        school=SchoolId(schools[0]),
        term=f"{schools[0]}-2026-1",
        minutes=60,
        min_minutes=60,
        weeks="2-16双",
        preferred_weekdays=(weekday,),
        earliest=time(14, 0),
        link_pool=BRIDGE,
        sites=tuple(
            RequestSite(
                school=SchoolId(school),
                role=Role.LISTEN if index else Role.LEAD,
                teacher=TeacherId(f"{school}-{initials(subject)}1"),
                agreed=True,
            )
            for index, school in enumerate(schools)
        ),
    )


def lesson_request(
    no: int, lead: str, listeners: Sequence[str], subject: str, taken: Counter[tuple[str, int]]
) -> Request:
    """A weekly lesson, to the lead teacher's own class as well if it is synchronous."""
    grade = 3 + (no + no // 4) % 4
    synchronous = no in SYNCHRONOUS
    groups = {}
    for school in (lead, *listeners):
        taken[school, grade] += 1
        groups[school] = class_id(school, grade, taken[school, grade])
    teacher = (
        teacher_of(SchoolId(lead), subject, class_index(lead, grade, taken[lead, grade]))
        if synchronous
        else TeacherId(f"{lead}-{initials(subject)}1")
    )
    lead_site = RequestSite(
        school=SchoolId(lead),
        role=Role.LEAD,
        teacher=teacher,
        class_groups=(groups[lead],) if synchronous else (),
        agreed=True,
    )
    return Request(
        id=RequestId(f"lesson-{no:02}"),
        title=f"{GRADE_NAMES[grade]}{subject}",
        subject=subject,
        form=Form.SYNCHRONOUS if synchronous else Form.DEDICATED,
        grade=grade,
        school=SchoolId(lead),
        term=f"{lead}-2026-1",
        weeks="2-18",
        link_pool=BRIDGE,
        sites=(
            lead_site,
            *(
                RequestSite(
                    school=SchoolId(school),
                    role=Role.LISTEN,
                    class_groups=(groups[school],),
                    swap_agreed=not synchronous,
                    agreed=True,
                )
                for school in listeners
            ),
        ),
    )
