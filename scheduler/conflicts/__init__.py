"""The rulebook: H1-H17, and what goes together, stated once.

Pure; booking, confirming, allocation and screens ask it.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from calendars.text import Text
from scheduler.conflicts.case import Case
from scheduler.conflicts.chains import chains_stay_whole, partners_are_held
from scheduler.conflicts.classes import classes_are_in_one_place, lessons_are_for_one_grade
from scheduler.conflicts.hours import (
    long_enough_everywhere,
    on_school_days,
    told_in_the_schools_own_words,
    within_every_term,
    within_permitted_hours,
)
from scheduler.conflicts.links import links_are_free, sites_are_within_reach
from scheduler.conflicts.notes import (
    link_is_valid_by_then,
    observers_are_free,
    schools_are_in_step,
    soft_time_is_left_alone,
    teachers_have_few_a_day,
)
from scheduler.conflicts.rooms import (
    rooms_are_free,
    rooms_can_do_their_part,
    rooms_have_time_to_set_up,
)
from scheduler.conflicts.states import (
    confirmed_by_every_school,
    freed_sessions_stay_free,
    pinned_sessions_stay,
)
from scheduler.conflicts.teachers import (
    listening_classes_have_a_teacher,
    teachers_are_in_one_place,
)
from scheduler.model import Conflict, Session, SessionState
from scheduler.schools import Situation

Rule = Callable[[Case], Iterator[Conflict]]

RULES: Final[tuple[Rule, ...]] = (
    rooms_are_free,  # H1
    teachers_are_in_one_place,  # H2
    classes_are_in_one_place,  # H3
    listening_classes_have_a_teacher,  # H4
    sites_are_within_reach,  # H5
    links_are_free,  # H6
    within_permitted_hours,  # H7
    on_school_days,  # H8
    rooms_can_do_their_part,  # H9
    confirmed_by_every_school,  # H10
    pinned_sessions_stay,  # H11
    rooms_have_time_to_set_up,  # H12
    long_enough_everywhere,  # H13
    freed_sessions_stay_free,  # H14
    within_every_term,  # H15
    lessons_are_for_one_grade,  # H16
    told_in_the_schools_own_words,  # H17
    chains_stay_whole,
)

ABOUT_ROOMS: Final[tuple[Rule, ...]] = (
    rooms_are_free,
    sites_are_within_reach,
    rooms_can_do_their_part,
    rooms_have_time_to_set_up,
)
"""Those that look at rooms: with other rooms all others say the same."""
ABOUT_TEACHERS: Final[tuple[Rule, ...]] = (
    teachers_are_in_one_place,
    listening_classes_have_a_teacher,
)
"""Those that look at who leads and who assists: with other teachers all others say the same."""
TOLD_OF_TEACHERS: Final = frozenset({"H2", "H4"})
"""What these report."""


def find_conflicts(
    session: Session,
    situation: Situation,
    *,
    now: datetime,
    published: Session | None = None,
    instead_of: Session | None = None,
    anew: bool = False,
    automatic: bool = False,
    rules: tuple[Rule, ...] = RULES,
) -> tuple[Conflict, ...]:
    """Every broken rule, not the first, in the order of the rulebook.

    `published` is the session as it stands in the ledger, when this is a change of it; `instead_of`
    the missed one that this makes up for; a date that comes `anew` to its series needs whatever
    that goes with; `automatic` says that a machine and no person asks (H11). Sessions of the
    situation that are no longer live at `now`, and the session itself, are in nobody's way (H14); a
    session that is cancelled or expired takes nothing and breaks nothing.
    """
    if session.state in (SessionState.CANCELLED, SessionState.EXPIRED):
        return ()
    case = Case(
        session=session,
        situation=situation,
        now=now,
        published=published,
        instead_of=instead_of,
        anew=anew,
        automatic=automatic,
    )
    return tuple(conflict for rule in rules for conflict in rule(case))


def find_notes(session: Session, situation: Situation, *, now: datetime) -> tuple[Text, ...]:
    """What forbids nothing and should be known.

    Schools out of step (E01), observers elsewhere (E45), time somebody would rather keep, what it
    goes with and is not held, meeting numbers that run out before (E34), too much for a day (E47).
    """
    case = Case(session=session, situation=situation, now=now)
    rules = (
        schools_are_in_step,
        observers_are_free,
        soft_time_is_left_alone,
        teachers_have_few_a_day,
        partners_are_held,
        link_is_valid_by_then,
    )
    return tuple(note for rule in rules for note in rule(case))
