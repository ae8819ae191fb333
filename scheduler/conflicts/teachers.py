"""Teachers: in one place at a time over all schools (H2), and beside every listening class (H4)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from calendars.slots import Slot
from calendars.windows.wording import name_of
from scheduler.conflicts.case import Case, Part, broken
from scheduler.local_words import clock_times
from scheduler.members import Teacher, TeacherId
from scheduler.model import Conflict, Resource, ResourceKind, Role, Session, Site
from scheduler.schools import SchoolBook, TimedLesson

_NONE: Final = timedelta()


def teachers_are_in_one_place(case: Case) -> Iterator[Conflict]:
    """H2: whoever must be there is nowhere else, at any school.

    In no other session, lesson or occupied time, and with time to travel between two schools (E40).
    Observers need not be free (E45).
    """
    places: dict[TeacherId, list[Part]] = defaultdict(list)
    for part in case.parts:
        for teacher_id in part.site.required_teachers:
            places[teacher_id].append(part)
    yield from _at_two_sites(case, places)
    yield from _in_other_sessions(case, places)
    for teacher_id, parts in places.items():
        teacher = case.teacher(teacher_id, parts[0])
        if teacher is None:
            yield broken(
                "H2",
                f"没有教师“{teacher_id}”。",
                f"There is no teacher {teacher_id}.",
                _as_teacher(teacher_id),
            )
            continue
        for part in parts:
            yield from _in_own_lessons(case, teacher, part)
            yield from _elsewhere(case, teacher, part)


def listening_classes_have_a_teacher(case: Case) -> Iterator[Conflict]:
    """H4: every site with pupils that does not lead has a teacher of that school in the room."""
    for part in case.parts:
        if not part.has_pupils or part.site.role is Role.LEAD:
            continue
        assisting = part.site.teacher
        if assisting is None:
            yield broken(
                "H4",
                f"{part.school_name}有学生听课，必须安排一名本校助教。",
                f"{part.school_name} listens with pupils and needs an assisting teacher.",
                part.school,
            )
        elif (teacher := case.teacher(assisting, part)) and part.site.school not in teacher.schools:
            yield broken(
                "H4",
                f"{teacher.name} 不是{part.school_name}的教师，不能在那里担任助教。",
                f"{teacher.name} does not belong to {part.school_name} and cannot assist there.",
                _as_teacher(assisting),
                part.school,
            )


def _as_teacher(teacher: TeacherId) -> Resource:
    return Resource(ResourceKind.TEACHER, teacher)


def _within(one: Slot, other: Slot, apart: timedelta) -> bool:
    """Whether less than `apart` lies between the two (none at all if they overlap)."""
    return one.starts < other.ends + apart and other.starts < one.ends + apart


def _travel(case: Case) -> timedelta:
    return timedelta(minutes=case.situation.alliance.alliance.travel_minutes)


def _at_two_sites(case: Case, places: dict[TeacherId, list[Part]]) -> Iterator[Conflict]:
    for teacher_id, parts in places.items():
        if len(parts) > 1:
            name = case.teacher_name(teacher_id)
            schools = [part.school_name for part in parts]
            yield broken(
                "H2",
                f"{name} 被同时安排在{'、'.join(schools)}。",
                f"{name} cannot be at {' and '.join(schools)} at once.",
                _as_teacher(teacher_id),
                *(part.school for part in parts),
            )


def _in_other_sessions(case: Case, places: dict[TeacherId, list[Part]]) -> Iterator[Conflict]:
    slot, travel = case.session.slot, _travel(case)
    for other in case.near:
        for site in other.sites:
            for teacher in site.required_teachers:
                for part in places.get(teacher, ()):
                    apart = _NONE if part.site.school == site.school else travel
                    if _within(slot, other.slot, apart):
                        yield _is_needed_elsewhere(case, teacher, part, other, site)


def _is_needed_elsewhere(
    case: Case, teacher: TeacherId, part: Part, other: Session, site: Site
) -> Conflict:
    name, when = case.teacher_name(teacher), case.when(other.slot)
    school = case.school_name(site.school)
    zh, en = ("", "") if part.site.school == site.school else _with_travel(case)
    return broken(
        "H2",
        f"{name} {when.zh}在{school}参加“{other.title}”{zh}。",
        f"{name} takes part in “{other.title}” at {school}, {when.en}{en}.",
        _as_teacher(teacher),
        sessions=(other,),
    )


def _with_travel(case: Case) -> tuple[str, str]:
    minutes = case.situation.alliance.alliance.travel_minutes
    return f"，两校之间需要{minutes}分钟路程", f", and the way between takes {minutes} minutes"


def _in_own_lessons(case: Case, teacher: Teacher, part: Part) -> Iterator[Conflict]:
    """Lessons of the timetable, here and at the teacher's other schools (E40)."""
    for school in dict.fromkeys((part.site.school, *teacher.schools)):
        book = case.situation.schools.get(school)
        if book is None:
            continue
        same_school = school == part.site.school
        apart = _NONE if same_school else _travel(case)
        for lesson in book.lessons_of_teacher(teacher.id, part.on):
            given_up = same_school and lesson.class_group in part.site.class_groups
            if (
                not given_up
                and _within(part.stretch, lesson.timed.slot, apart)
                and not _class_is_away(book, lesson)
            ):
                yield _teaches(case, teacher, lesson, same_school=same_school)


def _teaches(case: Case, teacher: Teacher, lesson: TimedLesson, *, same_school: bool) -> Conflict:
    zh, en = ("", "") if same_school else _with_travel(case)
    times, words = clock_times(lesson.timed.slot, case.zone), name_of(lesson.timed.period)
    group, subject = case.class_name(lesson.class_group), lesson.lesson.subject
    return broken(
        "H2",
        f"{teacher.name} {words.zh}（{times}）要给{group}上{subject}{zh}。",
        f"{teacher.name} teaches {subject} to {group} in {words.en} ({times}){en}.",
        _as_teacher(teacher.id),
        Resource(ResourceKind.CLASS_GROUP, lesson.class_group),
    )


def _class_is_away(book: SchoolBook, lesson: TimedLesson) -> bool:
    """A class that is away for the whole lesson leaves its teacher free (E12)."""
    return any(
        block.slot.contains(lesson.timed.slot)
        for block in book.busy_time.taking(
            Resource(ResourceKind.CLASS_GROUP, lesson.class_group), lesson.timed.slot
        )
    )


def _elsewhere(case: Case, teacher: Teacher, part: Part) -> Iterator[Conflict]:
    """Time taken by something outside the alliance; what it is stays with the school (E35)."""
    named, slot = _as_teacher(teacher.id), case.session.slot
    for book in case.situation.taking(teacher.id):
        apart = _NONE if book.school.id == part.site.school else _travel(case)
        kept = Slot(slot.starts - apart, slot.ends + apart)
        for block in book.busy_time.taking(named, kept):
            when = case.when(block.slot)
            yield broken(
                "H2",
                f"{teacher.name} 在{when.zh}占用。",
                f"{teacher.name} is occupied, {when.en}.",
                named,
            )
