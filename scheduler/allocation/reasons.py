"""Why a request has no place, in as few sentences as explain it."""

from collections.abc import Sequence
from typing import Final

from calendars.text import Text
from scheduler.allocation.causes import Cause, Refusal, smallest_set
from scheduler.allocation.options import Options
from scheduler.model import Request

NO_PLACE_LEFT_UNTRIED: Final = Text(
    "本身还有可行的时间，但求解时间用完时没有排上；延长求解时间可能排上。",
    "There are possible places, but the search ended before it found one: give it more time.",
)


def why_impossible(request: Request, options: Options, *, has_term: bool) -> tuple[Text, ...]:
    """A smallest set of reasons that together leave no place, what forbids most first."""
    if not has_term:
        return (
            Text(
                f"主讲学校没有学期“{request.term}”。",
                f"The lead school has no term {request.term}.",
            ),
        )
    weekdays = frozenset(option.weekly.weekday for option in options.found)
    if len(weekdays) >= request.per_week:
        return (NO_PLACE_LEFT_UNTRIED,)
    if len(request.weekdays) < request.per_week:
        return (
            Text(
                f"每周{request.per_week}次需要{request.per_week}个不同的星期，"
                f"只给了{len(request.weekdays)}个。",
                f"{request.per_week} times a week take as many weekdays, and "
                f"{len(request.weekdays)} are allowed.",
            ),
        )
    refusals = options.refusals
    causes = smallest_set(refusals, times=request.per_week, open_weekdays=weekdays)
    return tuple(_told(cause, refusals) for cause in causes)


def _told(cause: Cause, refusals: Sequence[Refusal]) -> Text:
    tried = {refusal.weekly for refusal in refusals}
    forbidden = {
        refusal.weekly
        for refusal in refusals
        if any(cause in obstacle.causes for obstacle in refusal.obstacles)
    }
    zh, en = cause.sentence.zh, cause.sentence.en
    if len(tried) == 1:
        return cause.sentence
    return Text(
        f"{zh}（{len(tried)}个时间中的{len(forbidden)}个）",
        f"{en} ({len(forbidden)} of {len(tried)} times)",
    )
