"""Why a request has no place, in as few sentences as explain it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from calendars.text import Text
from scheduler.allocation.causes import Cause, Refusal, smallest_set
from scheduler.allocation.chains import LONGEST, Tie, has_ways, members_of_chains
from scheduler.allocation.offers import suffices
from scheduler.allocation.options import Options
from scheduler.allocation.problem import Problem, term_of
from scheduler.allocation.statement import state
from scheduler.allocation.weekly.solve import solve_weekly
from scheduler.model import Request

NO_PLACE_LEFT_UNTRIED: Final = Text(
    "本身还有可行的时间，但求解时间用完时没有排上；延长求解时间可能排上。",
    "There are possible places, but the search ended before it found one: give it more time.",
)
NOT_REACHED: Final = Text(
    "求解在考察这项需求之前就被停止了；重新求解可能排上。",
    "The search was stopped before it looked at this request: plan again to have it looked at.",
)
IN_EACH_OTHERS_WAY: Final = Text(
    "配套的几项各自有时间，但放在一起会互相占用教师、班级、教室或链路。",
    "Each has places, but together they take each other's people, classes, rooms or links.",
)
SECONDS_TOGETHER: Final = 2.0
"""To see whether the requests of one chain have places beside all others."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """Requests without a place, by number, with the options that all others leave them."""

    requests: Sequence[Request]
    options: Mapping[int, Options]
    beside: Problem

    def why(self, number: int) -> tuple[Text, ...]:
        """A smallest set of reasons that together leave the request, or its chain, no place."""
        members, ties = next(
            (
                (members, ties)
                for members, ties in members_of_chains(self.requests, self.beside.companions)
                if number in members
            ),
            ((number,), ()),
        )
        for member in (number, *members):
            request = self.requests[member]
            if not self.options[member].is_stated:
                return (NOT_REACHED,)
            has_term = term_of(request, self.beside.books) is not None
            if has_term and self._has_places(member):
                continue
            if member == number:
                return why_impossible(request, self.options[member], has_term=has_term)
            return (_goes_with(request.title),)
        return self._why_together(members, ties) if ties else (NO_PLACE_LEFT_UNTRIED,)

    def _has_places(self, member: int) -> bool:
        return suffices(self.options[member].found, self.requests[member].per_week)

    def _why_together(self, members: Sequence[int], ties: Sequence[Tie]) -> tuple[Text, ...]:
        """Each has places, but not all of them at once."""
        requests = [self.requests[member] for member in members]
        if len(members) > LONGEST:
            return (_too_many_together(len(members)),)
        often = [request for request in requests if request.per_week != 1]
        if often:
            return tuple(map(_held_too_often, often))
        found = [self.options[member].found for member in members]
        for size in range(1, len(ties) + 1):
            for some in combinations(ties, size):
                if not has_ways(requests, found, some, self.beside):
                    return tuple(self._told(tie) for tie in some)
        statement = state(requests, found, self.beside)
        if solve_weekly(statement.weekly, seconds=SECONDS_TOGETHER, seed=1).unplaced:
            return (IN_EACH_OTHERS_WAY,)
        return (NO_PLACE_LEFT_UNTRIED,)

    def _told(self, tie: Tie) -> Text:
        known = [*self.requests, *(each.request for each in self.beside.companions)]
        titles = {request.id: request.title for request in known}
        absent = [each for each in (tie.earlier, tie.later) if each not in titles]
        if absent:
            return Text(
                f"配套的需求“{absent[0]}”不在这次排课之内，也没有排过。",
                f"The request {absent[0]} that it goes with is neither planned now nor placed.",
            )
        earlier, later = titles[tie.earlier], titles[tie.later]
        return Text(
            f"“{later}”要在“{earlier}”之后{tie.at_least_days}至{tie.at_most_days}天，"
            "各自可行的日期配不起来。",
            f"{later} is wanted {tie.at_least_days} to {tie.at_most_days} days after {earlier}, "
            "and of the dates they could have too few suit each other.",
        )


def _goes_with(title: str) -> Text:
    return Text(
        f"配套的“{title}”排不上，一起的需求也就不排。",
        f"It goes with {title}, which has no place.",
    )


def _too_many_together(many: int) -> Text:
    return Text(
        f"前后相接的需求共有{many}个，一起排的最多{LONGEST}个；"
        "请去掉一些先后要求 (after)，分成几组。",
        f"{many} requests go together, and at most {LONGEST} are placed so: leave out some of what "
        "they come after, to make several groups.",
    )


def _held_too_often(request: Request) -> Text:
    return Text(
        f"“{request.title}”每周{request.per_week}次；与别的需求配套的，每周只能一次。",
        f"{request.title} is wanted {request.per_week} times a week; what goes with others is held "
        "once.",
    )


def _no_offer_suffices(need: Request) -> Text:
    return Text(
        f"没有一个供给每周{need.per_week}次都可行，几个供给合起来才够；同一需求由同一位教师承担。",
        f"No offer alone has a place {need.per_week} times a week, and one teacher serves a need.",
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
    if suffices(options.found, request.per_week):
        return (NO_PLACE_LEFT_UNTRIED,)
    if len(weekdays) >= request.per_week:
        return (_no_offer_suffices(request),)
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
    if len(tried) == 1 or cause.at_all_times:
        return cause.sentence
    return Text(
        f"{zh}（{len(tried)}个时间中的{len(forbidden)}个）",
        f"{en} ({len(forbidden)} of {len(tried)} times)",
    )
