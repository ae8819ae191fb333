"""What a plan should do well, S1-S15 of the field: one function each, its docstring the preference.

Only `weights` says how much each matters. S2 (same weekday and time all term) holds by itself: an
allocation is a weekly pattern. S6 (who leads) stands in `together`, S12 (units) in `pairs`.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from calendars.bells import SchoolId
from calendars.text import Text
from scheduler.allocation.problem import Problem, monday_of
from scheduler.allocation.trials import Option
from scheduler.allocation.weights import by_notice
from scheduler.members import HalfDay, Preference
from scheduler.model import Cost, Kind, Resource, ResourceKind, Session, Site

Charge = Callable[[Option, Problem], Cost | None]

NOON: Final = time(12)
PHYSICAL_EDUCATION: Final = frozenset({"体育", "体育与健康", "PE"})
RIGHT_AFTER: Final = timedelta(minutes=20)
BELL_STEP: Final = 5


def held_on_a_wished_weekday(option: Option, problem: Problem) -> Cost | None:
    """wish: on one of the weekdays that the request prefers."""
    wished = option.request.preferred_weekdays
    missed = bool(wished) and option.weekly.weekday not in wished
    return _cost(
        problem, Preference.WISH, int(missed), "不在希望的星期。", "Not on a preferred weekday."
    )


def weakest_site_gets_most(option: Option, problem: Problem) -> Cost | None:
    """S1: the site that gets least gets as much as possible."""
    least = min(site.effective_minutes for draft in option.drafts for site in draft.sites)
    lacks = option.request.minutes - least
    return _cost(
        problem,
        Preference.S1,
        lacks,
        f"最弱的参与点每次少{lacks}分钟。",
        f"The weakest site gets {lacks} minutes less than the lesson lasts.",
    )


def lessons_avoid_awkward_periods(option: Option, problem: Problem) -> Cost | None:
    """S3: inside lessons, but not the first (setting up), nor the last one, nor right after PE."""
    awkward = awkward_at(option, problem)
    names = _names(awkward, problem)
    return _cost(
        problem,
        Preference.S3,
        len(awkward),
        f"{names}在首节、末节、课后时段或体育课后上课。",
        f"At {names} it is the first or last lesson, after school, or right after PE.",
    )


def awkward_at(option: Option, problem: Problem) -> tuple[SchoolId, ...]:
    """The schools whose class has it in the first or last lesson, after school, or after PE."""
    return awkward_in(option.first, problem)


def awkward_in(session: Session, problem: Problem) -> tuple[SchoolId, ...]:
    """The same of one dated session."""
    on = session.slot.starts.astimezone(problem.zone).date()
    return tuple(
        site.school
        for site in session.sites
        if site.class_groups and _is_awkward(site, on, session.slot.starts, problem)
    )


def _is_awkward(site: Site, on: date, starts: datetime, problem: Problem) -> bool:
    book = problem.books[site.school]
    numbers = [
        timed.period.no
        for timed in book.periods_of_class(site.class_groups[0], on)
        if timed.period.no is not None
    ]
    return site.period in (None, min(numbers, default=None), max(numbers, default=None)) or any(
        lesson.lesson.subject in PHYSICAL_EDUCATION
        and timedelta() <= starts - lesson.timed.slot.ends <= RIGHT_AFTER
        for group in site.class_groups
        for lesson in book.lessons_of_class(group, on)
    )


def research_half_days_are_kept(option: Option, problem: Problem) -> Cost | None:
    """S4: lessons stay out of a subject's research half-day, joint research goes into it."""
    wants_it = option.request.kind is not Kind.LESSON
    wrong = [
        site.school
        for site in option.sites
        if (inside := _in_research_half_day(option, site.school, problem)) is not None
        and inside is not wants_it
    ]
    names = _names(wrong, problem)
    if wants_it:
        zh, en = f"不在{names}的教研半天。", f"Outside the research half-day of {names}."
    else:
        zh, en = f"占用{names}的教研半天。", f"In the research half-day of {names}."
    return _cost(problem, Preference.S4, len(wrong), zh, en)


def _in_research_half_day(option: Option, school: SchoolId, problem: Problem) -> bool | None:
    """Whether it falls there; None where the school has none for the subject."""
    book = problem.books[school]
    home = book.school.district
    district = None if home is None else problem.situation.alliance.districts.get(home)
    half_days = [
        half_day
        for half_day in (*book.school.research, *(district.research if district else ()))
        if half_day.subject == option.request.subject
    ]
    if not half_days:
        return None
    half = HalfDay.AFTERNOON if option.weekly.starts >= NOON else HalfDay.MORNING
    return any((each.weekday, each.half) == (option.weekly.weekday, half) for each in half_days)


def few_dates_are_lost(option: Option, problem: Problem) -> Cost | None:
    """S7: on a weekday that loses few dates to holidays, exams and whatever else."""
    lost = len(option.lost)
    return _cost(
        problem, Preference.S7, lost, f"有{lost}个日期不能上。", f"{lost} of its dates are lost."
    )


def known_partners_work_together(option: Option, problem: Problem) -> Cost | None:
    """S8: where a site has a teacher who has worked with the lead teacher, it is that one."""
    lead = option.drafts[0].lead.teacher
    partners = problem.booked.partners_of(lead)
    strangers = [
        site.school
        for site in option.sites
        if site.school in option.chosen_teachers
        and site.teacher not in partners
        and any(teacher in problem.books[site.school].teachers for teacher in partners)
    ]
    names = _names(strangers, problem)
    return _cost(
        problem,
        Preference.S8,
        len(strangers),
        f"{names}有与这位主讲教师合作过的教师，这次是别人。",
        f"{names} has a teacher who worked with this lead teacher before; this is another.",
    )


def bells_stay(option: Option, problem: Problem) -> Cost | None:
    """S9: without moving a bell, else by few and small shifts."""
    moved = {site.school: abs(site.shift_minutes) for site in option.sites if site.shift_minutes}
    steps = sum(1 + minutes // BELL_STEP for minutes in moved.values())
    names, most = _names(moved, problem), max(moved.values(), default=0)
    return _cost(
        problem,
        Preference.S9,
        steps,
        f"{names}要移动打铃，最多{most}分钟。",
        f"{names} must shift a bell, by up to {most} minutes.",
    )


def an_earlier_plan_is_kept(option: Option, problem: Problem) -> Cost | None:
    """S13: where the earlier plan has it; each session that moves counts by its notice."""
    before = problem.earlier.get(option.request.id, ())
    if not before or any(option.is_at(each) for each in before):
        return None
    notice = [
        by_notice(starts - problem.now)
        for each in before
        for on in each.dates
        if (starts := datetime.combine(on, each.weekly.starts, problem.zone)) > problem.now
    ]
    moved, units = (-(-number // len(before)) for number in (len(notice), sum(notice)))
    return _cost(
        problem,
        Preference.S13,
        units,
        f"与原方案不同，{moved}次要改期，越近的计得越多。",
        f"Not where the earlier plan has it: {moved} sessions move, soon ones counting more.",
    )


def exam_weeks_stay_free(option: Option, problem: Problem) -> Cost | None:
    """S14: not in weeks in which one of its schools has exams or activities."""
    weeks = frozenset[date]().union(*(problem.weeks_of_exams[each.school] for each in option.sites))
    held = sum(monday_of(on) in weeks for on in option.dates) if weeks else 0
    return _cost(
        problem,
        Preference.S14,
        held,
        f"有{held}次在考试或活动周。",
        f"{held} of its dates fall in weeks of exams or activities.",
    )


def soft_time_is_left_alone(option: Option, problem: Problem) -> Cost | None:
    """soft: not in busy time that its owner would give up, but would rather keep."""
    taking = [
        (resource, busy)
        for resource in _surely_needed(option)
        for busy in problem.softly_taken.get(resource, ())
    ]
    used = sum(
        1
        for slot in option.slots
        for resource, busy in taking
        for _ in busy.softly_taking(resource, slot)
    )
    return _cost(
        problem,
        Preference.SOFT,
        used,
        f"用到{used}段可让出的占用时间。",
        f"Of the time that is occupied but may give way, {used} stretches are used.",
    )


def _surely_needed(option: Option) -> Iterator[Resource]:
    """Its people, classes and only rooms: which of several rooms it is, is decided later."""
    for site in option.sites:
        for teacher in site.required_teachers:
            yield Resource(ResourceKind.TEACHER, teacher)
        for group in site.class_groups:
            yield Resource(ResourceKind.CLASS_GROUP, group)
    for rooms in option.rooms.values():
        if len(rooms) == 1:
            yield Resource(ResourceKind.ROOM, rooms[0])


PREFERENCES: Final[tuple[Charge, ...]] = (
    held_on_a_wished_weekday,
    weakest_site_gets_most,
    lessons_avoid_awkward_periods,
    research_half_days_are_kept,
    few_dates_are_lost,
    known_partners_work_together,
    bells_stay,
    an_earlier_plan_is_kept,
    exam_weeks_stay_free,
    soft_time_is_left_alone,
)
"""Those that one placement decides alone; `together.py` has those that several decide."""


def costs_of(option: Option, problem: Problem) -> tuple[Cost, ...]:
    """What every preference charges for an option by itself."""
    charged = (preference(option, problem) for preference in PREFERENCES)
    return tuple(cost for cost in charged if cost is not None)


def _cost(problem: Problem, preference: Preference, units: int, zh: str, en: str) -> Cost | None:
    points = problem.weights[preference] * units
    if points <= 0:
        return None
    return Cost(preference=preference, points=points, sentence=Text(zh, en))


def _names(schools: Iterable[SchoolId], problem: Problem) -> str:
    return "、".join(problem.books[school].school.name for school in dict.fromkeys(schools))
