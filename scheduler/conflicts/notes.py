"""What forbids nothing but should be known.

Schools out of step (E01), observers elsewhere (E45), time that somebody would rather keep.
"""

from collections.abc import Iterator

from calendars.text import Text
from scheduler.busy_time import soft_time_met
from scheduler.conflicts.case import Case
from scheduler.local_words import date_words, weekday_name
from scheduler.members import ClassGroupId, LinkPoolId, RoomId, TeacherId
from scheduler.model import Resource, ResourceKind, Session


def schools_are_in_step(case: Case) -> Iterator[Text]:
    """On a make-up day each school follows a weekday of its own choice."""
    followed = {
        part.school_name: attending.day.follows
        for part in case.parts
        for attending in part.classes
        if attending.day.follows is not None
    }
    if len({follows.weekday for follows in followed.values()}) > 1:
        when = date_words(case.session.slot.starts, case.zone)
        told = [
            (school, follows.week, weekday_name(follows.weekday))
            for school, follows in followed.items()
        ]
        zh = "，".join(f"{school}按第{week}周{day.zh}" for school, week, day in told)
        en = ", ".join(
            f"{school} follows the {day.en} of week {week}" for school, week, day in told
        )
        yield Text(f"不同步：{when.zh}{zh}上课。", f"Out of step on {when.en}: {en}.")


def observers_are_free(case: Case) -> Iterator[Text]:
    """An observer who is needed elsewhere will simply not be there."""
    for part in case.parts:
        for observer in part.site.observers:
            for other in case.overlapping:
                if any(observer in site.required_teachers for site in other.sites):
                    name, when = case.teacher_name(observer), case.when(other.slot)
                    yield Text(
                        f"{name}（观课）{when.zh}要参加“{other.title}”。",
                        f"{name}, who only observes, takes part in “{other.title}”, {when.en}.",
                    )


def teachers_have_few_a_day(case: Case) -> Iterator[Text]:
    """Who has more on that date than the own daily limit is named, with the count (E47)."""
    on = case.session.slot.starts.astimezone(case.zone).date()
    others = [
        other
        for other in case.situation.sessions
        if other.id != case.session.id
        and other.is_live(case.now)
        and other.slot.starts.astimezone(case.zone).date() == on
    ]
    for part in case.parts:
        for named in part.site.required_teachers:
            teacher = case.teacher(named, part)
            many = 1 + sum(_takes_part(named, other) for other in others)
            if teacher is not None and many > teacher.max_sessions_a_day:
                most, when = (
                    teacher.max_sessions_a_day,
                    date_words(case.session.slot.starts, case.zone),
                )
                yield Text(
                    f"{teacher.name}{when.zh}有{many}场，超过每日{most}场。",
                    f"{teacher.name} has {many} sessions on {when.en}, more than {most} a day.",
                )


def _takes_part(teacher: TeacherId, session: Session) -> bool:
    return any(teacher in site.required_teachers for site in session.sites)


def soft_time_is_left_alone(case: Case) -> Iterator[Text]:
    """Busy time that its owner has marked as soft forbids nothing; what it is stays with them."""
    everywhere = [book.busy_time for book in case.situation.schools.values()]
    for resource, block in soft_time_met(case.session, everywhere):
        name, when = _name(case, resource), case.when(block.slot)
        yield Text(
            f"{name}在{when.zh}占用（可让出），建议避开。",
            f"{name} is occupied, {when.en}, but may give way: better to avoid it.",
        )


def link_is_valid_by_then(case: Case) -> Iterator[Text]:
    """Meeting numbers that run out before the session must be renewed (E34)."""
    pool = case.situation.alliance.link_pools.get(case.session.link_pool or LinkPoolId(""))
    if pool is not None and pool.ends_before(case.session.slot.starts.astimezone(case.zone).date()):
        yield Text(
            f"{pool.name}的会议号有效期到{pool.valid_until}为止，须在此之前续期或更换链路。",
            f"The meeting numbers of {pool.name} are valid until {pool.valid_until}: renew them "
            "before, or use another link.",
        )


def _name(case: Case, resource: Resource) -> str:
    match resource.kind:
        case ResourceKind.ROOM:
            return case.room_name(RoomId(resource.id))
        case ResourceKind.TEACHER:
            return case.teacher_name(TeacherId(resource.id))
    return case.class_name(ClassGroupId(resource.id))
