"""Why a request has no place: what forbade its times, or who took them."""

from collections import Counter
from typing import Final

from calendars.text import Text
from scheduler.allocation.options import MOST_LOST, Options
from scheduler.allocation.statement import Statement
from scheduler.allocation.timeline import Timeline
from scheduler.allocation.weekly import Place, WeeklyAnswer, WeeklyProblem
from scheduler.model import Request

NAMED_AT_MOST: Final = 3


def why_impossible(request: Request, options: Options, *, has_term: bool) -> tuple[Text, ...]:
    """Why no weekday and time is possible at all, the rule that forbids most first."""
    if not has_term:
        return (
            Text(
                f"主讲学校没有学期“{request.term}”。",
                f"The lead school has no term {request.term}.",
            ),
        )
    if not options.weekdays:
        lost = round(MOST_LOST * 100)
        return (
            Text(
                f"没有哪个星期几能保住足够的日期（最多失去{lost}%）。",
                f"No weekday keeps enough of its dates (at most {lost} % may be lost).",
            ),
        )
    if not options.tried:
        return (
            Text(
                f"在要求的时间里，各校作息没有至少{request.min_minutes}分钟的共同窗口。",
                f"Within the times asked for, the schools' bells share no {request.min_minutes} "
                "minutes.",
            ),
        )
    return tuple(
        Text(
            f"试过的{options.tried}个时间中有{times}个违反{rule}，"
            f"例如：{options.examples[rule].zh}",
            f"{rule} forbids {times} of the {options.tried} times tried, for example: "
            f"{options.examples[rule].en}",
        )
        for rule, times in options.blocked.most_common(NAMED_AT_MOST)
    )


def who_took_the_places(
    number: int, statement: Statement, answer: WeeklyAnswer, timeline: Timeline
) -> tuple[Text, ...]:
    """Which placed requests stand in the way of options that are possible by themselves."""
    weekly = statement.weekly
    activity = weekly.activities[number]
    in_the_way: Counter[str] = Counter()
    for place in activity.places:
        for chosen in answer.chosen:
            if _compete(weekly, timeline, weekly.places[place], weekly.places[chosen.place]):
                in_the_way[statement.options[chosen.place].request.title] += 1
    titles = [title for title, _ in in_the_way.most_common(NAMED_AT_MOST)]
    return (
        Text(
            f"有{len(activity.places)}个可行的时间，都与其他需求相争，主要是："
            f"{'、'.join(titles)}。",
            f"{len(activity.places)} places are possible by themselves, but others want the same "
            f"people, rooms or links; above all {', '.join(titles)}.",
        ),
    )


def _compete(weekly: WeeklyProblem, timeline: Timeline, one: Place, other: Place) -> bool:
    """Whether two places want something of each other at the same time."""
    distance = max(weekly.travel, *(gap for school in weekly.buffers for gap in school), 0)
    near = timeline.bits(one.dates, one.starts, one.ends + distance) & timeline.bits(
        other.dates, other.starts, other.ends + distance
    )
    return bool(near) and (
        not {each.person for each in one.people}.isdisjoint(each.person for each in other.people)
        or any(
            need.school == taken.school and need.rooms & taken.rooms
            for need in one.needs
            for taken in other.needs
        )
        or not {use.link for use in one.links}.isdisjoint(use.link for use in other.links)
    )
