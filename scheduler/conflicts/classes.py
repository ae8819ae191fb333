"""Classes: in one place at a time, giving up only what they agreed to (H3), of one grade (H16)."""

from collections.abc import Iterator

from calendars.windows.wording import name_of
from scheduler.conflicts.case import Attending, Case, Part, broken
from scheduler.local_words import shift_of
from scheduler.members import ClassGroup
from scheduler.model import Conflict, Form, Kind, Resource, ResourceKind, Role


def classes_are_in_one_place(case: Case) -> Iterator[Conflict]:
    """H3: a class is in one place at a time and gives up only what it agreed to.

    It is in no other session and not away, and the lesson that this session replaces is of the same
    subject or exchanged on purpose. A synchronous lesson has a class with its lead teacher.
    """
    yield from _known_at_their_school(case)
    yield from _in_other_sessions(case)
    for part in case.parts:
        yield from _away(case, part)
        for attending in part.classes:
            yield from _gives_up_another_subject(case, part, attending)
        if _lacks_its_lead_class(case, part):
            yield broken(
                "H3",
                f"同步课堂需要{part.school_name}的班级在主讲现场；没有班级请选“专门开课”。",
                f"A synchronous lesson needs a class of {part.school_name} with its lead teacher; "
                "without one it is a dedicated lesson.",
                part.school,
            )


def lessons_are_for_one_grade(case: Case) -> Iterator[Conflict]:
    """H16: the classes of a synchronous lesson share a grade and compatible textbooks.

    Unless somebody has said why not. An edition that nobody told us is compatible.
    """
    session = case.session
    if (
        session.kind is not Kind.LESSON
        or session.form is not Form.SYNCHRONOUS
        or session.override_reason
    ):
        return
    groups = [attending.group for part in case.parts for attending in part.classes]
    grade = session.grade or next((group.grade for group in groups), None)
    if any(group.grade != grade for group in groups):
        told = [(case.class_name(group.id), group.grade) for group in groups]
        yield broken(
            "H16",
            f"同步课应是同一年级（{grade}年级）："
            f"{'、'.join(f'{name}是{other}年级' for name, other in told)}。",
            f"A synchronous lesson is for one grade ({grade}): "
            f"{', '.join(f'{name} is grade {other}' for name, other in told)}.",
            *map(_as_class, groups),
        )
    editions = {group: edition for group in groups if (edition := _edition(group, session.subject))}
    if len(set(editions.values())) > 1:
        names = [(case.class_name(group.id), edition) for group, edition in editions.items()]
        yield broken(
            "H16",
            f"教材版本不一致：{'、'.join(f'{name}用{edition}' for name, edition in names)}。",
            "The textbooks differ: "
            f"{', '.join(f'{name} uses {edition}' for name, edition in names)}.",
            *map(_as_class, editions),
        )


def _as_class(group: ClassGroup) -> Resource:
    return Resource(ResourceKind.CLASS_GROUP, group.id)


def _edition(group: ClassGroup, subject: str | None) -> str | None:
    return next((each.edition for each in group.editions if each.subject == subject), None)


def _lacks_its_lead_class(case: Case, part: Part) -> bool:
    return (
        part.site.role is Role.LEAD
        and not part.has_pupils
        and case.session.kind is Kind.LESSON
        and case.session.form is Form.SYNCHRONOUS
    )


def _known_at_their_school(case: Case) -> Iterator[Conflict]:
    for part in case.parts:
        if len(part.classes) == len(part.site.class_groups):
            continue
        for group in part.site.class_groups:
            if group not in part.book.class_groups:
                yield broken(
                    "H3",
                    f"{part.school_name}没有班级“{case.class_name(group)}”。",
                    f"{part.school_name} has no class {case.class_name(group)}.",
                    Resource(ResourceKind.CLASS_GROUP, group),
                    part.school,
                )


def _in_other_sessions(case: Case) -> Iterator[Conflict]:
    if not case.overlapping:
        return
    ours = {group for site in case.session.sites for group in site.class_groups}
    for other in case.overlapping:
        theirs = [group for site in other.sites for group in site.class_groups]
        for group in theirs:
            if group in ours:
                name, when = case.class_name(group), case.when(other.slot)
                yield broken(
                    "H3",
                    f"{name}在{when.zh}要参加“{other.title}”。",
                    f"{name} takes part in “{other.title}”, {when.en}.",
                    Resource(ResourceKind.CLASS_GROUP, group),
                    sessions=(other,),
                )


def _away(case: Case, part: Part) -> Iterator[Conflict]:
    for attending in part.classes:
        taken = part.book.busy_time.taking(_as_class(attending.group), case.session.slot)
        for block in taken:
            name, when = case.class_name(attending.group.id), case.when(block.slot)
            yield broken(
                "H3",
                f"{name}在{when.zh}占用。",
                f"{name} is occupied, {when.en}.",
                _as_class(attending.group),
            )


def _gives_up_another_subject(case: Case, part: Part, attending: Attending) -> Iterator[Conflict]:
    if part.site.swap_agreed or attending.attendance is None:
        return
    # Lessons are compared where the bells put them; the class attends where its shift moves them.
    shift = shift_of(part.site)
    stretch = attending.attendance.stretch
    attended = stretch.moved(-shift) if shift else stretch
    for lesson in part.book.lessons_of_class(attending.group.id, part.on):
        if lesson.lesson.subject == case.session.subject:
            continue
        if lesson.timed.slot.overlaps(attended):
            name, words = case.class_name(attending.group.id), name_of(lesson.timed.period)
            subject, instead = lesson.lesson.subject, case.session.subject
            yield broken(
                "H3",
                f"{name}{words.zh}是{subject}，不是{instead or '本次内容'}；换课须注明已商定。",
                f"{name} has {subject} in {words.en}, not {instead or 'this'}; an exchange of "
                "lessons must be agreed.",
                _as_class(attending.group),
            )
