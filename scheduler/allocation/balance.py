"""The ledger of a plan: what each school gives, takes and bears."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from calendars.bells import SchoolId
from scheduler.allocation.preferences import NOON, awkward_at
from scheduler.allocation.problem import Problem
from scheduler.allocation.trials import Option
from scheduler.model import Balance, Role, Session, Site


@dataclass(frozen=True, slots=True)
class _Part:
    """One school's part in one dated session."""

    option: Option
    session: Session
    site: Site


def balance_of(options: Sequence[Option], problem: Problem) -> tuple[Balance, ...]:
    """One row for each school that takes part, in the order of the schools."""
    parts = defaultdict[SchoolId, list[_Part]](list)
    for option in options:
        for session in option.sessions:
            for site in session.sites:
                parts[site.school].append(_Part(option, session, site))
    awkward = {id(option): awkward_at(option, problem) for option in options}
    return tuple(
        Balance(
            school=school,
            support_priority=book.school.support_priority,
            leads=sum(part.site.role is Role.LEAD for part in own),
            listens=sum(part.site.role is Role.LISTEN for part in own),
            given_minutes=sum(_given(part.session) for part in own if part.site.role is Role.LEAD),
            received_minutes=sum(
                part.site.effective_minutes for part in own if part.site.role is Role.LISTEN
            ),
            awkward=sum(school in awkward[id(part.option)] for part in own),
            afternoons=sum(part.option.weekly.starts >= NOON for part in own),
            shifted=sum(part.site.shift_minutes != 0 for part in own),
        )
        for school, book in problem.books.items()
        if (own := parts.get(school))
    )


def _given(session: Session) -> int:
    return sum(site.effective_minutes for site in session.sites if site.role is Role.LISTEN)
