"""Needs met by offers: requests that leave open who leads, taught by teachers whom schools lend.

An offer is consent given in advance: it is matched only with the schools, times and weeks that it
is for, and never more often a week than it says.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from calendars.bells import SchoolId
from calendars.terms import weeks_within
from calendars.text import Text
from scheduler.allocation.causes import Cause
from scheduler.allocation.problem import Offered, term_of
from scheduler.allocation.trials import Option
from scheduler.allocation.weekly.problem import Quota
from scheduler.members import OfferId
from scheduler.model import Form, Placement, Request, RequestSite, Role, WeeklyPlace
from scheduler.placing import fields_of
from scheduler.schools import SchoolBook

Books = Mapping[SchoolId, SchoolBook]


def offers_for(need: Request, offers: Sequence[Offered]) -> list[Offered]:
    """Those of its subject; whether they serve the need is another question."""
    return [each for each in offers if each.offer.subject == need.subject]


def no_offer(need: Request) -> Cause:
    """Nobody lends a teacher of the subject."""
    return Cause(
        "no offer",
        Text(
            f"没有学校提供{need.subject}教师。",
            f"No school offers a teacher of {need.subject}.",
        ),
        at_all_times=True,
    )


def served_by(need: Request, offered: Offered, books: Books) -> Request | Cause:
    """The request as this offer would serve it, or why it does not."""
    for objection in OBJECTIONS:
        if (why := objection(need, offered, books)) is not None:
            name = books[offered.offer.school].school.name
            zh, en = f"{name}的供给{why.zh}", f"The offer of {name} {why.en}"
            return Cause(("offer", offered.offer.id), Text(zh, en), at_all_times=True)
    return _concrete(need, offered)


def _concrete(need: Request, offered: Offered) -> Request:
    offer = offered.offer
    lead = RequestSite(school=offer.school, role=Role.LEAD, teacher=offer.teacher, agreed=True)
    return replace(
        as_taught(need),
        sites=(lead, *need.sites),
        weekdays=tuple(each for each in need.weekdays if each in offer.weekdays),
        earliest=max(need.earliest, offer.earliest),
        latest=min(need.latest, offer.latest),
    )


def as_taught(request: Request) -> Request:
    """A need has no class with its lead teacher, so its lessons are dedicated (or by two)."""
    if not request.is_need or request.form is not Form.SYNCHRONOUS:
        return request
    return replace(request, form=Form.DEDICATED)


def as_placed(request: Request, placement: WeeklyPlace) -> Request:
    """The request with whoever leads it by the plan."""
    if not request.is_need:
        return request
    lead = next(site for site in placement.sites if site.role is Role.LEAD)
    return replace(
        as_taught(request),
        sites=(RequestSite(**fields_of(lead), agreed=True), *request.sites),
    )


def taken_back(
    request: Request, placement: Placement, offers: Collection[Offered], books: Books
) -> Text | None:
    """Why the offer that a plan counts on no longer serves the request so, if it does not."""
    if placement.offer is None:
        return None
    offered = next((each for each in offers if each.offer.id == placement.offer), None)
    if offered is None:
        return Text("原定的供给已撤回。", "The offer it counted on was withdrawn.")
    served = served_by(request, offered, books)
    if isinstance(served, Cause):
        return served.sentence
    weekly, teacher = placement.weekly, offered.offer.teacher
    lead = next(site for site in placement.sites if site.role is Role.LEAD)
    ends = weekly.starts.hour * 60 + weekly.starts.minute + weekly.minutes
    if (
        weekly.weekday in served.weekdays
        and served.earliest <= weekly.starts
        and ends <= served.latest.hour * 60 + served.latest.minute
        and lead.school == offered.offer.school
        and teacher in (None, lead.teacher)
    ):
        return None
    return Text("原定的供给已改变。", "The offer it counted on has changed.")


def _is_of_another_school(need: Request, offered: Offered, books: Books) -> Text | None:
    del books
    if offered.offer.school in {site.school for site in need.sites}:
        return Text("就是本校的，不必申请。", "is its own: nothing to ask for.")
    return None


def _lends_somebody_fit(need: Request, offered: Offered, books: Books) -> Text | None:
    """Whoever was lent may have left or teach something else since the offer was stored."""
    del need
    offer = offered.offer
    if offer.teacher is None:
        return None
    known = (book.teachers.get(offer.teacher) for book in books.values())
    teacher = next((each for each in known if each is not None), None)
    if teacher is None or offer.school not in teacher.schools:
        return Text(
            f"所列教师（{offer.teacher}）已不在该校。",
            f"names a teacher ({offer.teacher}) who is not at the school any more.",
        )
    if offer.subject in teacher.subjects:
        return None
    return Text(
        f"所列教师{teacher.name}不再任教{offer.subject}。",
        f"names {teacher.name}, who does not teach {offer.subject} any more.",
    )


def _is_for_the_grade(need: Request, offered: Offered, books: Books) -> Text | None:
    known = (
        books[site.school].class_groups.get(group)
        for site in need.sites
        for group in site.class_groups
    )
    grades = {need.grade} if need.grade else {group.grade for group in known if group is not None}
    if offered.offer.grades and not grades <= {*offered.offer.grades}:
        zh, en = (mark.join(map(str, offered.offer.grades)) for mark in ("、", ", "))
        return Text(f"只面向{zh}年级。", f"is for grades {en} only.")
    return None


def _is_for_the_schools(need: Request, offered: Offered, books: Books) -> Text | None:
    schools = offered.offer.schools
    for site in need.sites if schools else ():
        if site.school not in schools:
            name = books[site.school].school.name
            return Text(f"不面向{name}。", f"is not for {name}.")
    return None


def _is_of_the_term(need: Request, offered: Offered, books: Books) -> Text | None:
    term = term_of(_led_by(need, offered), books)
    if term is None or term.id != offered.offer.term:
        return Text(f"不是学期“{need.term}”的。", f"is not for the term {need.term}.")
    wanted = weeks_within(need.weeks, term.last_week)
    for week in sorted(wanted - weeks_within(offered.offer.weeks, term.last_week)):
        return Text(f"没有第{week}周。", f"leaves out week {week}.")
    return None


def _is_at_the_times(need: Request, offered: Offered, books: Books) -> Text | None:
    del books
    offer = offered.offer
    starts, ends = max(need.earliest, offer.earliest), min(need.latest, offer.latest)
    minutes = (ends.hour - starts.hour) * 60 + ends.minute - starts.minute
    if not {*need.weekdays} & {*offer.weekdays} or minutes < need.minutes:
        return Text("与所需的星期或时间不重合。", "shares no weekday and time of day with it.")
    return None


def _has_some_left(need: Request, offered: Offered, books: Books) -> Text | None:
    offer = offered.offer
    term = term_of(_led_by(need, offered), books)
    last = 1 if term is None else term.last_week
    for week in sorted(weeks_within(need.weeks, last)):
        serving = [each for each in offered.serving if week in weeks_within(each.weeks, last)]
        if sum(each.per_week for each in serving) + need.per_week > offer.per_week:
            titles = [f"“{each.title}”" for each in serving]
            zh, en = (mark.join(titles) for mark in ("、", ", "))
            return Text(
                f"每周{offer.per_week}次，{f'已用于{zh}' if zh else '少于所需'}。",
                f"is for {offer.per_week} a week"
                f"{f', and serves {en} already' if en else ': less than wanted'}.",
            )
    return None


def _led_by(need: Request, offered: Offered) -> Request:
    lead = RequestSite(school=offered.offer.school, role=Role.LEAD)
    return replace(need, sites=(lead, *need.sites))


_Objection = Callable[[Request, Offered, Books], Text | None]
OBJECTIONS: tuple[_Objection, ...] = (
    _is_of_another_school,
    _lends_somebody_fit,
    _is_for_the_grade,
    _is_for_the_schools,
    _is_of_the_term,
    _is_at_the_times,
    _has_some_left,
)
"""What keeps an offer from serving a need, the first that applies."""


def quotas_of(
    options: Sequence[Option], offers: Sequence[Offered], books: Books
) -> Iterator[Quota]:
    """How often an offer may serve in each of the weeks, beside what it serves already."""
    by_offer: dict[OfferId, list[int]] = defaultdict(list)
    for number, option in enumerate(options):
        if option.offer is not None:
            by_offer[option.offer].append(number)
    for offered in offers:
        numbers = by_offer.get(offered.offer.id, ())
        needs = {options[number].request.id: options[number].request for number in numbers}
        weeks = {need: _weeks(request, books) for need, request in needs.items()}
        serving = [(each.per_week, _weeks(each, books)) for each in offered.serving]
        known = set()
        for week in sorted(frozenset[int]().union(*weeks.values())):
            places = tuple(
                number for number in numbers if week in weeks[options[number].request.id]
            )
            left = offered.offer.per_week - sum(
                per_week for per_week, during in serving if week in during
            )
            if (places, left) not in known:
                known.add((places, left))
                yield Quota(places, max(0, left))


def _weeks(request: Request, books: Books) -> frozenset[int]:
    term = term_of(request, books)
    return frozenset() if term is None else weeks_within(request.weeks, term.last_week)


def suffices(options: Sequence[Option], per_week: int) -> bool:
    """Whether there are enough weekdays, if one offer must serve all of them."""
    return len(best_weekdays(options)) >= per_week


def best_weekdays(options: Sequence[Option]) -> frozenset[int]:
    """The weekdays of the offer that has most (of a request that names its lead: all)."""
    by_offer: dict[OfferId | None, set[int]] = defaultdict(set)
    for option in options:
        by_offer[option.offer].add(option.weekly.weekday)
    most = max(map(len, by_offer.values()), default=0)
    return next((frozenset(each) for each in by_offer.values() if len(each) == most), frozenset())


def serving_too(
    offers: Sequence[Offered], served: Collection[tuple[OfferId | None, Request]]
) -> tuple[Offered, ...]:
    """The offers when they serve these requests as well."""
    return tuple(
        replace(
            each,
            serving=tuple(
                dict.fromkeys(
                    (*each.serving, *(r for offer, r in served if offer == each.offer.id))
                )
            ),
        )
        for each in offers
    )
