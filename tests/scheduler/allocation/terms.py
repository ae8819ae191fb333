"""Small terms to allocate, and what the rulebook says of the plans that come out."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from itertools import product
from random import Random
from typing import Any

from calendars.bells import SchoolId
from calendars.slots import Slot
from scheduler.allocation.alike import Alike
from scheduler.allocation.allocating import allocate
from scheduler.allocation.offers import as_taught
from scheduler.allocation.options import options_of
from scheduler.allocation.problem import Offered, Problem
from scheduler.allocation.result import Allocation
from scheduler.allocation.trials import Option
from scheduler.conflicts import find_conflicts
from scheduler.members import ClassGroupId, LinkPoolId, Offer, OfferId, RoomId, TeacherId
from scheduler.model import (
    Booking,
    Form,
    Kind,
    Request,
    RequestId,
    RequestSite,
    Role,
    Session,
    SessionId,
    SiteWish,
)
from scheduler.placing import agenda_of, draft, near
from scheduler.schools import SchoolBook, Situation
from tests.builders import NOW, SHANGHAI, a_situation, some_books

FIRST_TUESDAY = date(2026, 9, 8)
"""Of week 2, the first of the weeks that the requests here ask for."""


def a_request_site(
    school: str = "TF1", role: Role = Role.LEAD, no: int = 1, **fields: Any
) -> RequestSite:
    return RequestSite(
        **dict[str, Any](
            {
                "school": SchoolId(school),
                "role": role,
                "teacher": TeacherId(f"{school}-T{no}"),
                "class_groups": (ClassGroupId(f"{school}-C{no}"),),
            }
        )
        | fields
    )


def a_request(id: str = "r1", *sites: RequestSite, **fields: Any) -> Request:
    """TF1 teaches JS on one weekday of weeks 2 to 4."""
    asked = sites or (a_request_site("TF1"), a_request_site("JS", Role.LISTEN))
    lead = next((site.school for site in asked if site.role is Role.LEAD), asked[0].school)
    return Request(
        **dict[str, Any](
            {
                "id": RequestId(id),
                "title": f"课 {id}",
                "subject": "音乐",
                "grade": 3,
                "school": lead,
                "term": f"{lead}-2026-1",
                "weeks": "2-4",
                "link_pool": LinkPoolId("bridge"),
                "sites": asked,
            }
        )
        | fields
    )


def a_meeting(id: str = "m1", *schools: str, **fields: Any) -> Request:
    """Research without pupils."""
    sites = tuple(
        a_request_site(school, Role.LISTEN if number else Role.LEAD, class_groups=())
        for number, school in enumerate(schools or ("TF1", "JS"))
    )
    return a_request(
        id, *sites, **dict[str, Any]({"kind": Kind.JOINT_RESEARCH, "form": Form.DEDICATED}) | fields
    )


def a_need(id: str = "n1", school: str = "JS", no: int = 1, **fields: Any) -> Request:
    """A class of JS wants music, whoever teaches it, on one weekday of weeks 2 to 4."""
    site = a_request_site(school, Role.LISTEN, no, agreed=True)
    return a_request(
        id,
        site,
        **dict[str, Any]({"school": SchoolId(school), "term": f"{school}-2026-1"}) | fields,
    )


def an_offer(id: str = "o1", school: str = "TF1", no: int = 1, **fields: Any) -> Offer:
    """TF1 lends a teacher of music once a week to anybody."""
    return Offer(
        **dict[str, Any](
            {
                "id": OfferId(id),
                "school": SchoolId(school),
                "term": f"{school}-2026-1",
                "subject": "音乐",
                "teacher": TeacherId(f"{school}-T{no}"),
            }
        )
        | fields
    )


def a_problem(
    *requests: Request,
    books: Sequence[SchoolBook] | None = None,
    sessions: Iterable[Session] = (),
    offers: Iterable[Offer] = (),
    **situation: Any,
) -> Problem:
    books = some_books() if books is None else books
    return Problem(
        requests=requests,
        situation=a_situation(*sessions, books=books, **situation),
        now=NOW,
        offers=tuple(map(Offered, offers)),
    )


def allocated(problem: Problem, seed: int = 1) -> Allocation:
    return allocate(problem, seconds=30, seed=seed)


def options(request: Request, problem: Problem | None = None) -> list[Option]:
    problem = problem or a_problem(request)
    return options_of(request, problem, Alike(problem)).found


def an_option(request: Request, problem: Problem | None = None, **fields: Any) -> Option:
    """The option of a request at a weekday and time of day, such as `weekday=2, starts="14:00"`."""
    return next(
        option
        for option in options(request, problem)
        if all(
            {
                "weekday": option.weekly.weekday,
                "starts": f"{option.weekly.starts:%H:%M}",
            }[name]
            == value
            for name, value in fields.items()
        )
    )


def sessions_of(problem: Problem, allocation: Allocation) -> list[Session]:
    """Every session that the plan would book, made anew from its placements."""
    requests = {request.id: request for request in problem.requests}
    return [
        made(
            problem.situation,
            as_taught(requests[placement.request]),
            placement.sites,
            slot,
            f"{number}-{on}",
        )
        for number, placement in enumerate(allocation.placements)
        for on in placement.dates
        for slot in (slot_of(on, placement.weekly.starts, placement.weekly.minutes),)
    ]


def slot_of(on: date, starts: time, minutes: int) -> Slot:
    return Slot.lasting(datetime.combine(on, starts, SHANGHAI), minutes)


def made(
    situation: Situation, request: Request, sites: tuple[SiteWish, ...], slot: Slot, id: str
) -> Session:
    booking = Booking(**agenda_of(request), slot=slot, sites=sites)
    return draft(booking, situation, id=SessionId(id), now=NOW)


def faults_of(problem: Problem, allocation: Allocation) -> list[str]:
    """What the rulebook says of the whole plan, each session beside all others and the ledger."""
    planned = sessions_of(problem, allocation)
    situation = replace(problem.situation, sessions=(*problem.situation.sessions, *planned))
    return [
        conflict.sentence.en
        for session in planned
        for conflict in find_conflicts(
            session, near(situation, session.slot.starts.date()), now=NOW, automatic=True
        )
    ]


def is_complete(problem: Problem, allocation: Allocation) -> bool:
    """Whether every request is placed as often as wished, or named unplaced with a reason."""
    placed = [placement.request for placement in allocation.placements]
    unplaced = [each.request for each in allocation.unplaced]
    wanted = [request.id for request in problem.requests]
    times = {request.id: request.per_week for request in problem.requests}
    return (
        sorted({*placed, *unplaced}) == sorted(wanted)
        and not set(placed) & set(unplaced)
        and len(unplaced) == len(set(unplaced))
        and all(placed.count(request) == times[request] for request in set(placed))
        and all(each.reasons for each in allocation.unplaced)
    )


def participations(problem: Problem, allocation: Allocation) -> int:
    """How many schools take part in what is placed."""
    sites = {request.id: len(request.sites) + request.is_need for request in problem.requests}
    return sum(sites[placement.request] for placement in allocation.placements)


def placed_by_hand(problem: Problem) -> int:
    """Participations placed by somebody who takes what the rulebook allows, one after the other."""
    situation, found = problem.situation, 0
    for request in problem.requests:
        for option in options(request, problem):
            booked = _first_rooms(request, option, situation)
            if booked:
                situation = replace(situation, sessions=(*situation.sessions, *booked))
                found += len(request.sites)
                break
    return found


def _first_rooms(request: Request, option: Option, situation: Situation) -> list[Session]:
    for rooms in product(*option.rooms.values()):
        chosen: dict[SchoolId, RoomId] = dict(zip(option.rooms, rooms, strict=True))
        sites = tuple(replace(site, room=chosen.get(site.school)) for site in option.sites)
        sessions = [
            made(situation, request, sites, session.slot, f"{request.id}-{session.series_date}")
            for session in option.sessions
        ]
        if not any(
            find_conflicts(session, near(situation, session.slot.starts.date()), now=NOW)
            for session in sessions
        ):
            return sessions
    return []


def a_crowded_term(seed: int) -> Problem:
    """Many wishes for one morning of few teachers, rooms and links."""
    random = Random(seed)
    requests = []
    for number in range(9):
        lead, *others = random.sample(("TF1", "JS", "CB"), random.choice((2, 2, 3)))
        sites = [
            a_request_site(school, Role.LISTEN if at else Role.LEAD, random.choice((1, 2)))
            for at, school in enumerate((lead, *others))
        ]
        requests.append(
            a_request(
                f"r{number}",
                *sites,
                weekdays=(random.choice((1, 2)),),
                weeks=random.choice(("2-4", "2-4", "2-6双", "3-5单")),
                latest=time(random.choice((10, 11, 12))),
            )
        )
    return a_problem(*requests)
